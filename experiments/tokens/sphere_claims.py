"""Normalised tokens: positive definite M is what collapses them (derived here).

Random layers end above a leading share of 0.9 if their kernels are positive definite, below 0.3 if negative definite.
The second is claimed as it stands, the first through the difference of both, 0.6: a share above 0.9 is so near to its
limit 1 that no wrong prediction lies far enough beyond it for 20 draws to reject.
"""

from __future__ import annotations

import jax
import numpy as np
import xarray as xr

from experiments.claim import Agreement, Claim, Decoy, Ordering, Source
from experiments.estimates import mean_of, paired_difference
from experiments.evidence import Exact
from experiments.tokens.sphere import KERNELS
from theory import tokens as theory

PAIR, FRAME, LAYERS = "tokens/sphere-pair", "tokens/sphere-frame", "tokens/random-layers"
DERIVED = Source("derived here")

_second = jax.jit(jax.vmap(jax.vmap(theory.sphere_second_token, (0, *[None] * 5)), (None, 0, 0, 0, 0, 0)))


def _pairs(turned=False):
    def predict(ds):
        matrix = ds.matrix.transpose("replicate", "row", "channel").values
        matrix = matrix.transpose(0, 2, 1) if turned else matrix
        start = ds.start.transpose("token", "replicate", "channel").values
        found = _second(ds.time.values, *start, matrix, ds.step_map.values, ds.decay.values)
        return ds.second.transpose("replicate", "time", "channel").copy(data=np.asarray(found))

    return predict


def _of_rate(ds, rate):
    return ds.sel(rate=rate, drop=True)


def _settled(quantity):
    last, before = quantity.sel(time=400.0, drop=True), quantity.sel(time=100.0, drop=True)
    return Exact(last, abs(last - before) + 1e-7, "change from t = 100 to 400, and the solver")


def _frame_rank(tokens, channels):
    """Effective rank of a frame of so many tokens that repeats with so many directions."""
    counts = np.bincount(np.arange(tokens) % channels, minlength=channels)
    shares = np.sqrt(counts) / np.sqrt(counts).sum()
    return float(np.exp(-np.sum(shares * np.log(shares))))


def _last_share(ds, kernel):
    """At the last layer; the kernel's own parameters are dropped, so that two kernels can be subtracted."""
    return ds.share.isel(kernel=list(KERNELS).index(kernel), depth=-1, drop=True).reset_coords(drop=True)


CLAIMS = (
    Claim(
        id="tokens/C20",
        kind="equality",
        statement="two tokens on a sphere, any M: cot phi + beta_e/beta_1 = (cot phi_0 + beta_e/beta_1) exp(beta_1 W)",
        source=DERIVED,
        experiment=PAIR,
        predict=_pairs(),
        observe=lambda ds: Exact(ds.second.transpose("replicate", "time", "channel"), 1e-8, "the solver's tolerance"),
        comparison=Agreement(),
        decoy=Decoy("M transposed", _pairs(turned=True)),
    ),
    Claim(
        id="tokens/C20-collapse",
        kind="equality",
        statement="on the sphere M = +I collapses all tokens onto +-x_1: effective rank 1",
        source=DERIVED,
        experiment=FRAME,
        predict=lambda ds: 1.0,
        observe=lambda ds: _settled(_of_rate(ds, 1.0)["rank"]),
        comparison=Agreement(),
        decoy=Decoy("nearly: effective rank 1.01", lambda ds: 1.01),
    ),
    Claim(
        id="tokens/C20-frame",
        kind="equality",
        statement="on the sphere M = -I keeps tokens apart: they become orthogonal and repeat with period D",
        source=DERIVED,
        experiment=FRAME,
        predict=lambda ds: (
            xr.zeros_like(abs(_of_rate(ds, -1.0).cosine).isel(time=-1, drop=True))
            + xr.DataArray(np.asarray(theory.frame_gram(7, 4)), dims=("token", "other"))
        ),
        observe=lambda ds: _settled(abs(_of_rate(ds, -1.0).cosine)),
        comparison=Agreement(),
        decoy=Decoy(
            "with period D - 1",
            lambda ds: (
                xr.zeros_like(abs(_of_rate(ds, -1.0).cosine).isel(time=-1, drop=True))
                + xr.DataArray(np.asarray(theory.frame_gram(7, 3)), dims=("token", "other"))
            ),
        ),
    ),
    Claim(
        id="tokens/C20-rank",
        kind="equality",
        statement="on the sphere M = -I leaves the effective rank of the repeated frame, 3.96 of 4 for 7 tokens",
        source=DERIVED,
        experiment=FRAME,
        predict=lambda ds: _frame_rank(7, 4),
        observe=lambda ds: _settled(_of_rate(ds, -1.0)["rank"]),
        comparison=Agreement(),
        decoy=Decoy("all four directions equally", lambda ds: 4.0),
    ),
    Claim(
        id="tokens/C20-layers",
        kind="ordering",
        statement="200 random layers: positive definite kernels collapse tokens, negative definite ones do not; the "
        "leading Gram shares differ by more than 0.9 - 0.3",
        source=DERIVED,
        experiment=LAYERS,
        predict=lambda ds: 0.6,
        observe=lambda ds: paired_difference(_last_share(ds, "positive"), _last_share(ds, "negative"), "replicate"),
        comparison=Ordering(),
        decoy=Decoy("they differ by all of it, 1", lambda ds: 1.0),
    ),
    Claim(
        id="tokens/C20-negative",
        kind="ordering",
        statement="200 random layers with negative definite kernels: the leading Gram share stays below 0.3",
        source=DERIVED,
        experiment=LAYERS,
        predict=lambda ds: 0.0,
        observe=lambda ds: mean_of(0.3 - _last_share(ds, "negative"), "replicate"),
        comparison=Ordering(),
        decoy=Decoy("it falls to that of 30 orthogonal tokens", lambda ds: 0.3 - 1 / 30),
    ),
)
