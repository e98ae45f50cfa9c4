"""Budgeted multi-agent synergy (arXiv 2601.17311): its sweeps and its claims, one topic a pair of modules."""

<<<<<<< HEAD
from experiments.synergy import majority, majority_claims, transition, transition_claims

EXPERIMENTS = (
    *majority.EXPERIMENTS,
    *transition.EXPERIMENTS,
)
CLAIMS = (
    *majority_claims.CLAIMS,
    *transition_claims.CLAIMS,
=======
from experiments.synergy import (
    baselines,
    baselines_claims,
    continuous,
    continuous_claims,
    unequal_agents,
    unequal_agents_claims,
)

EXPERIMENTS = (
    *continuous.EXPERIMENTS,
    *baselines.EXPERIMENTS,
    *unequal_agents.EXPERIMENTS,
)
CLAIMS = (
    *continuous_claims.CLAIMS,
    *baselines_claims.CLAIMS,
    *unequal_agents_claims.CLAIMS,
>>>>>>> row-continuous
)
