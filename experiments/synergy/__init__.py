"""Budgeted multi-agent synergy (arXiv 2601.17311): its sweeps and its claims, one topic a pair of modules."""

from experiments.synergy import correlation_laws, correlation_laws_claims, monte_carlo, monte_carlo_claims

EXPERIMENTS = (
    *monte_carlo.EXPERIMENTS,
    *correlation_laws.EXPERIMENTS,
)
CLAIMS = (
    *monte_carlo_claims.CLAIMS,
    *correlation_laws_claims.CLAIMS,
)
