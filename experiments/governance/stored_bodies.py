"""Bodies that a sweep has stored, as the theory knows them, and what it says of their states without Monte Carlo."""

from __future__ import annotations

from functools import lru_cache

import jax
import numpy as np
import xarray as xr

from theory import governance as theory

SHARES = (0.0, 0.7, 0.9, 1.0)
# Draws of the mixture's own integral, in pairs whose scatter tells its error.
PAIRS = 64


def bodies_of(ds: xr.Dataset) -> theory.Body:
    """The bodies of a sweep over replicates, one row each."""
    inputs = np.asarray(ds.inputs.transpose("replicate", "neuron", "player").values, float)
    recurrent = np.asarray(ds.recurrent.transpose("replicate", "neuron", "origin").values, float)
    rows = (np.asarray(ds[name].values, float) for name in ("bias", "weights", "intercept"))
    return theory.Body(recurrent, inputs[..., 0], inputs[..., 1], *rows, np.full(len(recurrent), 0.15))


def exact_divergences(ds: xr.Dataset) -> xr.DataArray:
    """Divergence of the history mixture from the habituated Gaussian (replicate, share, pair), at SHARES.

    A body has the same draws at all shares, and its own: differences between shares are much better known than values.
    """
    bodies = bodies_of(ds)
    values = _computed(tuple(part.tobytes() for part in bodies), bodies.bias.shape)
    return xr.DataArray(values, dims=("replicate", "share", "pair"), coords={"share": list(SHARES)})


@lru_cache(maxsize=2)
def _computed(parts: tuple[bytes, ...], shape: tuple[int, int]) -> np.ndarray:
    count, size = shape
    shapes = ((count, size, size), *[(count, size)] * 4, (count,), (count,))
    bodies = theory.Body(*(np.frombuffer(part).reshape(its) for part, its in zip(parts, shapes, strict=True)))
    pairs = np.random.default_rng(2602).normal(size=(count, PAIRS, 2, size))
    return np.asarray(_divergences(bodies, pairs, np.array(SHARES)))


@jax.jit
def _divergences(bodies, pairs, shares):
    def of_body(given):
        body, pairs = given
        quiet = theory.quiet_moments(body)

        def at(share):
            mixture = theory.history_mixture(body, share, 0.9)
            return jax.vmap(lambda draws: theory.mixture_divergence(mixture, quiet, draws).value)(pairs)

        return jax.lax.map(at, shares)

    return jax.lax.map(of_body, (bodies, pairs))


def stored_at(ds: xr.Dataset, name: str, wanted) -> xr.DataArray:
    """A stored quantity (replicate, share) at the shares wanted."""
    given = ds.share.isel(replicate=0).values if "replicate" in ds.share.dims else ds.share.values
    columns = [int(np.argmin(abs(given - share))) for share in wanted]
    values = ds[name].transpose("replicate", ...).values[:, columns]
    return xr.DataArray(np.asarray(values, float), dims=("replicate", "share"), coords={"share": list(wanted)})
