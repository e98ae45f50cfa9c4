"""Body-reservoir governance (arXiv 2602.20846): its sweeps and its claims, one topic a pair of modules."""

from experiments.governance import (
    dimension,
    dimension_claims,
    ends,
    habituating,
    habituation_claims,
    landscape,
    memory,
    official,
    responses,
    sentinel,
    sentinel_claims,
    stored_claims,
)

EXPERIMENTS = (
    *responses.EXPERIMENTS,
    *landscape.EXPERIMENTS,
    *habituating.EXPERIMENTS,
    *sentinel.EXPERIMENTS,
    *dimension.EXPERIMENTS,
    *memory.EXPERIMENTS,
    *ends.EXPERIMENTS,
    *official.EXPERIMENTS,
)
CLAIMS = (
    *stored_claims.CLAIMS,
    *habituation_claims.CLAIMS,
    *sentinel_claims.CLAIMS,
    *dimension_claims.CLAIMS,
)
