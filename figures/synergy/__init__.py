"""Figures of budgeted multi-agent synergy (arXiv 2601.17311)."""

from figures.synergy import (
    baselines,
    budgets,
    calibration_study,
    continuous,
    correlation_laws,
    depth,
    design,
    digits,
    majority,
    monte_carlo,
    predictors,
    transition,
)

FIGURES = (
    *majority.FIGURES,
    *transition.FIGURES,
    *depth.FIGURES,
    *predictors.FIGURES,
    *monte_carlo.FIGURES,
    *correlation_laws.FIGURES,
    *continuous.FIGURES,
    *baselines.FIGURES,
    *digits.FIGURES,
    *calibration_study.FIGURES,
    *budgets.FIGURES,
    *design.FIGURES,
)
