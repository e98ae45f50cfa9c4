"""Budgeted multi-agent synergy (arXiv 2601.17311): its sweeps and its claims, one topic a pair of modules."""

from experiments.synergy import depth, depth_claims, predictors, predictors_claims

EXPERIMENTS = (
    *depth.EXPERIMENTS,
    *predictors.EXPERIMENTS,
)
CLAIMS = (
    *depth_claims.CLAIMS,
    *predictors_claims.CLAIMS,
)
