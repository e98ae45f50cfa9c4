"""Frames, null spaces and the form x . M x in several dimensions (derived here)."""

from __future__ import annotations

import jax
import numpy as np
import xarray as xr

from experiments.claim import Agreement, Bound, Claim, Decoy, Sharp, Source
from experiments.estimates import rounding
from experiments.evidence import Exact
from experiments.tokens.frames import DECAY
from theory import tokens as theory

FRAME, ENERGY = "tokens/frame", "tokens/energy"
DERIVED = Source("derived here")
FULL, DEFICIENT = 0, 1
# In the second period what is left falls as a power of t, here at least t^(-0.1): the last unit of ln t shows a tenth
# of it, and twenty times that unit is safe. Later periods carry logarithms of t and are left out.
SPAN, REMAINS, SOLVER = "change over the last unit of ln t, twenty times, and 1e-7 of the solver", 20.0, 1e-7

_growth = jax.jit(jax.vmap(theory.energy_growth, (0, 0, 0, None)))


def _case(ds, case):
    return ds.isel(case=case)


def _two_periods(ds, case):
    chosen = _case(ds, case)
    return chosen.share.isel(token=slice(0, 2 * int(chosen["rank"])))


def _settled(quantity):
    """A converging quantity at the last time, with what may be left."""
    last, before = (quantity.sel(log_time=log_time, drop=True) for log_time in (61.0, 60.0))
    return Exact(last, REMAINS * abs(last - before) + SOLVER, SPAN)


def _settled_cosines(ds):
    """Cosines change sign on their way: what they moved by since two much earlier times is safe where a slope is not.

    It is an upper bound of what is left when that falls at least like t^(-0.014), a half in 51 units of ln t.
    """
    cosine = _case(ds, FULL).cosine
    last = cosine.sel(log_time=151.0, drop=True)
    moved = abs(last - cosine.sel(log_time=[100.0, 120.0])).max("log_time")
    return Exact(last, moved + SOLVER, "change since ln t = 100 and 120, and 1e-7 of the solver")


def _shares(case, rank_of=lambda rank: rank):
    def predict(ds):
        like = _two_periods(ds, case).sel(log_time=61.0, drop=True)
        rank = int(_case(ds, case)["rank"])
        limits = [float(theory.frame_share(position, rank, DECAY)) for position in range(1, like.sizes["token"] + 1)]
        if rank_of(rank) != rank:
            late = float(theory.frame_share(rank + 1, rank_of(rank), DECAY))
            limits = [late if position > rank else limit for position, limit in enumerate(limits, 1)]
        return xr.zeros_like(like) + xr.DataArray(limits, dims="token")

    return predict


def _gram(shift):
    def predict(ds):
        like = _case(ds, FULL).cosine.sel(log_time=61.0, drop=True)
        rank = int(_case(ds, FULL)["rank"]) + shift
        return xr.zeros_like(like) + xr.DataArray(
            np.asarray(theory.frame_gram(like.sizes["token"], rank)), dims=("token", "other")
        )

    return predict


def _exponent(ds):
    """Of the first token behind the frame, in the null space of M."""
    chosen = _case(ds, DEFICIENT)
    silent = chosen.silent.isel(token=int(chosen["rank"]))
    late = silent.sel(log_time=61.0, drop=True) - silent.sel(log_time=60.0, drop=True)
    early = silent.sel(log_time=41.0, drop=True) - silent.sel(log_time=40.0, drop=True)
    return Exact(late, abs(late - early) + 10 * SOLVER, "change of the slope from ln t = 40 to 60, and the solver")


def _energies(ds):
    chosen = _case(ds, FULL)
    return chosen.share / (2 * np.log(2.0) * np.exp(chosen.log_time))


def _energy_bound(step):
    def predict(ds):
        chosen = _case(ds, FULL)
        arrays = xr.broadcast(np.exp(chosen.log_time), chosen.energy_start, step(chosen))
        like = _energies(ds)
        time, energy, least = (array.transpose(*like.dims).values for array in arrays)
        return like.copy(data=np.asarray(theory.energy_bound(time, energy, least)))

    return predict


def _growths(decay):
    def predict(ds):
        arrays = (ds.tokens.values, ds.matrix.values, ds.step_map.values)
        return ds.growth.copy(data=np.asarray(_growth(*arrays, decay)))

    return predict


CLAIMS = (
    Claim(
        id="tokens/C15",
        kind="identity",
        statement="symmetric M, shared step size: V_l = x_l . M x_l never falls, "
        "dV_l/dt = 2 sum_(j<=l) w_lj (x_l . M x_j)^2",
        source=DERIVED,
        experiment=ENERGY,
        predict=_growths(0.5),
        observe=lambda ds: rounding(ds.growth, 400, scale=ds.scale),
        comparison=Agreement(),
        decoy=Decoy("a decay one percent larger", _growths(0.505)),
    ),
    Claim(
        id="tokens/C15-bound",
        kind="bound",
        statement="M negative definite: |V_l(t)| <= 1/(1/|V_l(0)| + 2 Delta_min t), O(1/sqrt t) in any dimension",
        source=DERIVED,
        experiment=FRAME,
        predict=_energy_bound(lambda ds: ds.least_step),
        observe=lambda ds: Exact(_energies(ds), 1e-7 * _energies(ds), "solver tolerance 1e-11, a hundred steps"),
        comparison=Bound(side="upper"),
        decoy=Decoy("step size 1 in place of Delta_min", _energy_bound(lambda ds: xr.ones_like(ds.least_step))),
    ),
    Claim(
        id="tokens/C19",
        kind="equality",
        statement="M negative definite: 2 ln 2 t |V_l| -> 1 for l <= D and 1 - q^D after, q = 2^(-a)",
        source=DERIVED,
        experiment=FRAME,
        predict=_shares(FULL),
        observe=lambda ds: _settled(_two_periods(ds, FULL)),
        comparison=Agreement(),
        decoy=Decoy("1 - q after the first D, as in one dimension", _shares(FULL, lambda rank: 1)),
    ),
    Claim(
        id="tokens/C19-frame",
        kind="equality",
        statement="M negative definite: tokens become M-orthogonal and repeat, up to sign, with period D",
        source=DERIVED,
        experiment=FRAME,
        predict=_gram(0),
        observe=_settled_cosines,
        comparison=Agreement(),
        decoy=Decoy("with period D + 1", _gram(1)),
    ),
    Claim(
        id="tokens/C19-rank",
        kind="equality",
        statement="M negative semidefinite of rank N < D: 2 ln 2 t |V_l| -> 1 for l <= N and 1 - q^N after",
        source=DERIVED,
        experiment=FRAME,
        predict=_shares(DEFICIENT),
        observe=lambda ds: _settled(_two_periods(ds, DEFICIENT)),
        comparison=Agreement(),
        decoy=Decoy("1 - q^D", _shares(DEFICIENT, lambda rank: 4)),
    ),
    Claim(
        id="tokens/C19-null",
        kind="rate",
        statement="tokens tend to 0 as t^(-1/2) in every dimension (rank N < D)",
        source=Source("2410.03292", "convergence at rate O(1/sqrt t), carried over to D > 1"),
        experiment=FRAME,
        predict=lambda ds: -0.5,
        observe=_exponent,
        comparison=Agreement(),
        decoy=Decoy("not at all", lambda ds: 0.0),
        sharp=Sharp(
            "what M does not see of token N + 1 falls only as t^(-(1 - q^N)/2)",
            lambda ds: float(theory.null_space_exponent(int(_case(ds, DEFICIENT)["rank"]), DECAY)),
        ),
    ),
)
