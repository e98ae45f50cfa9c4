"""The history mixture of the paper's bodies beside experiment 2: its variances, and what k-NN divergences miss."""

from __future__ import annotations

import jax
import numpy as np
import xarray as xr

from experiments.claim import Agreement, Bound, Claim, Decoy, Sharp, Source
from experiments.estimates import mean_of
from experiments.governance.stored_bodies import bodies_of, exact_divergences, stored_at
from theory import governance as theory

LANDSCAPE = "governance/kl-landscape"
SHARES = (0.0, 1.0)


@jax.jit
@jax.vmap
def _alone(body):
    """Variance of the body alone: by histories, and by linear response."""
    return theory.action_law(body, 1.0, 0.9).variance, theory.linear_response(body, 1.0, 0.9).action_variance


def _share_found(ds):
    """k-NN estimate over exact divergence."""
    exact = exact_divergences(ds).mean("pair").sel(share=list(SHARES))
    return mean_of(stored_at(ds, "neighbour_kl", SHARES) / exact, "replicate")


def _constant(value):
    return lambda ds: xr.DataArray(np.full(len(SHARES), value), dims="share", coords={"share": list(SHARES)})


def _log_ratio(ds):
    variance, _ = _alone(bodies_of(ds))
    return mean_of(np.log(stored_at(ds, "variance", (1,)).isel(share=0, drop=True) / np.asarray(variance)), "replicate")


def _log_linear(ds):
    variance, linear = map(np.asarray, _alone(bodies_of(ds)))
    return xr.DataArray(np.mean(np.log(linear / variance)))


CLAIMS = (
    Claim(
        id="governance/neighbour-bias",
        kind="equality",
        statement="k-nearest-neighbour estimates from 2000 states find the divergence of the states from the "
        "habituated ones",
        source=Source("2602.20846", "Sec. state-space KL"),
        experiment=LANDSCAPE,
        predict=_constant(1.0),
        observe=_share_found,
        comparison=Agreement(resolution=0.5),
        decoy=Decoy("nine tenths of it", _constant(0.9)),
        sharp=Sharp(
            "at d = 30 they find less than three quarters of the divergence of the history mixture",
            _constant(0.75),
            Bound(side="upper", tight=20.0, resolution=0.5),
        ),
    ),
    Claim(
        id="governance/history-alone",
        kind="equality",
        statement="in the paper's bodies the variance of the body alone is that of the history mixture, in the "
        "geometric mean",
        source=Source("derived here"),
        experiment=LANDSCAPE,
        predict=lambda ds: xr.DataArray(0.0),
        observe=_log_ratio,
        comparison=Agreement(resolution=0.5),
        decoy=Decoy("linear response", _log_linear),
    ),
)
