"""Figures of budgeted multi-agent synergy (arXiv 2601.17311)."""

from figures.synergy import depth, predictors

FIGURES = (
    *depth.FIGURES,
    *predictors.FIGURES,
)
