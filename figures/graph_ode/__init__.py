"""Figures of sparse encoders and graph ODEs (arXiv 2505.17459)."""

# Each topic adds its own `*topic.FIGURES`, a line each.
FIGURES = ()
