"""Figures of budgeted multi-agent synergy (arXiv 2601.17311)."""

FIGURES = ()
