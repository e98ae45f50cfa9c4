"""Closed forms, thresholds, rates and bounds: pure functions of arrays, no simulation, no input or output."""
