"""Figures of budgeted multi-agent synergy (arXiv 2601.17311)."""

from figures.synergy import correlation_laws, monte_carlo

FIGURES = (
    *monte_carlo.FIGURES,
    *correlation_laws.FIGURES,
)
