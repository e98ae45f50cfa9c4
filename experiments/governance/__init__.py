"""Body-reservoir governance (arXiv 2602.20846): its sweeps and its claims, one topic a pair of modules."""

from experiments.governance import (
    closed_forms,
    closed_forms_claims,
    dimension,
    dimension_claims,
    ends,
    habituating,
    habituation_claims,
    history_claims,
    landscape,
    memory,
    official,
    responses,
    responses_alone,
    responses_alone_claims,
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
    *closed_forms.EXPERIMENTS,
    *responses_alone.EXPERIMENTS,
)
CLAIMS = (
    *stored_claims.CLAIMS,
    *habituation_claims.CLAIMS,
    *sentinel_claims.CLAIMS,
    *dimension_claims.CLAIMS,
    *closed_forms_claims.CLAIMS,
    *responses_alone_claims.CLAIMS,
    *history_claims.CLAIMS,
)
