"""Figures of token dynamics (arXiv 2410.03292)."""

from figures.tokens import blow_up, blur, convergence, euler, networks, plane, slow, sphere

# Each topic adds its own `*topic.FIGURES`, a line each.
FIGURES = (
    *convergence.FIGURES,
    *slow.FIGURES,
    *blow_up.FIGURES,
    *euler.FIGURES,
    *blur.FIGURES,
    *networks.FIGURES,
    *plane.FIGURES,
    *sphere.FIGURES,
)
