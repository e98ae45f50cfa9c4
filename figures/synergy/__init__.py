"""Figures of budgeted multi-agent synergy (arXiv 2601.17311)."""

from figures.synergy import majority, transition

FIGURES = (
    *majority.FIGURES,
    *transition.FIGURES,
)
