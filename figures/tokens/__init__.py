"""Figures of token dynamics (arXiv 2410.03292)."""

from figures.tokens import networks, plane, sphere

# Each topic adds its own `*topic.FIGURES`, a line each.
FIGURES = (
    *networks.FIGURES,
    *plane.FIGURES,
    *sphere.FIGURES,
)
