"""Figures of budgeted multi-agent synergy (arXiv 2601.17311)."""

from figures.synergy import baselines, continuous

FIGURES = (
    *continuous.FIGURES,
    *baselines.FIGURES,
)
