"""The history mixture of the paper's bodies beside experiment 2: its variances, and what k-NN divergences miss."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from experiments.claim import Agreement, Bound, Claim, Decoy, Sharp, Source
from experiments.estimates import mean_of
from theory import governance as theory

LANDSCAPE = "governance/kl-landscape"
# Both ends and the middle: each prediction costs 64 histories a body.
SHARES = (0, 0.5, 1)
DRAWS = 32


def _bodies(ds):
    inputs = np.asarray(ds.inputs.transpose("replicate", "neuron", "player").values, float)
    recurrent = np.asarray(ds.recurrent.transpose("replicate", "neuron", "origin").values, float)
    rows = (np.asarray(ds[name].values, float) for name in ("bias", "weights", "intercept"))
    return theory.Body(recurrent, inputs[..., 0], inputs[..., 1], *rows, np.full(len(recurrent), 0.15))


@jax.jit
def _divergences(bodies, normals):
    """Exact divergence of every body's states at every share of SHARES."""

    def at(body, share):
        mixture = theory.history_mixture(body, share, 0.9)
        return theory.mixture_divergence(mixture, theory.quiet_moments(body), normals).value

    over = jax.vmap(at, (None, 0))
    return jax.lax.map(lambda body: over(body, jnp.array(SHARES, float)), bodies)


@jax.jit
@jax.vmap
def _alone(body):
    """Variance of the body alone: by histories, and by linear response."""
    return theory.action_law(body, 1.0, 0.9).variance, theory.linear_response(body, 1.0, 0.9).action_variance


def _at(values, wanted):
    """The columns of `values` at the shares wanted."""
    shares = values.share.isel(replicate=0).values if "replicate" in values.share.dims else values.share.values
    return [int(np.argmin(abs(shares - share))) for share in wanted]


def _seen(ds, name, wanted):
    columns = ds[name].transpose("replicate", ...).values[:, _at(ds, wanted)]
    return xr.DataArray(np.asarray(columns, float), dims=("replicate", "end"), coords={"end": list(wanted)})


def _share_found(ds):
    """k-NN estimate over exact divergence."""
    normals = np.random.default_rng(2602).normal(size=(DRAWS, ds.sizes["neuron"]))
    estimated = _seen(ds, "neighbour_kl", SHARES)
    return mean_of(estimated / np.asarray(_divergences(_bodies(ds), normals)), "replicate")


def _constant(value):
    return lambda ds: xr.DataArray(np.full(len(SHARES), value), dims="end", coords={"end": list(SHARES)})


def _log_ratio(ds):
    variance, _ = _alone(_bodies(ds))
    return mean_of(np.log(_seen(ds, "variance", (1,)).isel(end=0, drop=True) / np.asarray(variance)), "replicate")


def _log_linear(ds):
    variance, linear = map(np.asarray, _alone(_bodies(ds)))
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
