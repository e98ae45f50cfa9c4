"""Budgeted multi-agent synergy (arXiv 2601.17311): its sweeps and its claims, one topic a pair of modules."""

from experiments.synergy import majority, majority_claims, transition, transition_claims

EXPERIMENTS = (
    *majority.EXPERIMENTS,
    *transition.EXPERIMENTS,
)
CLAIMS = (
    *majority_claims.CLAIMS,
    *transition_claims.CLAIMS,
)
