"""Figures of budgeted multi-agent synergy (arXiv 2601.17311)."""

from figures.synergy import baselines, continuous, depth, majority, predictors, transition

FIGURES = (
    *majority.FIGURES,
    *transition.FIGURES,
    *depth.FIGURES,
    *predictors.FIGURES,
    *continuous.FIGURES,
    *baselines.FIGURES,
)
