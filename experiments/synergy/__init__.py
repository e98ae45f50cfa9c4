"""Budgeted multi-agent synergy (arXiv 2601.17311): its sweeps and its claims, one topic a pair of modules."""

from experiments.synergy import (
    baselines,
    baselines_claims,
    continuous,
    continuous_claims,
    correlation_laws,
    correlation_laws_claims,
    depth,
    depth_claims,
    majority,
    majority_claims,
    monte_carlo,
    monte_carlo_claims,
    predictors,
    predictors_claims,
    threshold_claims,
    transition,
    transition_claims,
    unequal_agents,
    unequal_agents_claims,
)

EXPERIMENTS = (
    *majority.EXPERIMENTS,
    *transition.EXPERIMENTS,
    *depth.EXPERIMENTS,
    *predictors.EXPERIMENTS,
    *monte_carlo.EXPERIMENTS,
    *correlation_laws.EXPERIMENTS,
    *continuous.EXPERIMENTS,
    *baselines.EXPERIMENTS,
    *unequal_agents.EXPERIMENTS,
)
CLAIMS = (
    *majority_claims.CLAIMS,
    *transition_claims.CLAIMS,
    *threshold_claims.CLAIMS,
    *depth_claims.CLAIMS,
    *predictors_claims.CLAIMS,
    *monte_carlo_claims.CLAIMS,
    *correlation_laws_claims.CLAIMS,
    *continuous_claims.CLAIMS,
    *baselines_claims.CLAIMS,
    *unequal_agents_claims.CLAIMS,
)
