"""Simulators: pure-functional JAX with explicit keys, written without looking at `theory`."""
