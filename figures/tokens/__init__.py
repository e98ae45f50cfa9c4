"""Figures of token dynamics (arXiv 2410.03292)."""

# Each topic adds its own `*topic.FIGURES`, a line each.
FIGURES = ()
