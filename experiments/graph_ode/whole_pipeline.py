"""The topics that run the pipeline as a whole: forecasts, re-encoding, ablations, and what must hold of any rollout."""

from experiments.graph_ode import (
    ablations,
    forecasts,
    forecasts_claims,
    panel,
    reconstruction,
    reynolds,
    reynolds_claims,
    rollout_checks,
    rollout_checks_claims,
    trade_off,
)

EXPERIMENTS = (
    *forecasts.EXPERIMENTS,
    *trade_off.EXPERIMENTS,
    *reconstruction.EXPERIMENTS,
    *ablations.EXPERIMENTS,
    *panel.EXPERIMENTS,
    *reynolds.EXPERIMENTS,
    *rollout_checks.EXPERIMENTS,
)
CLAIMS = (*forecasts_claims.CLAIMS, *reynolds_claims.CLAIMS, *rollout_checks_claims.CLAIMS)
