"""What is true of trees whose levels differ (derived here; the paper treats equal levels)."""

from __future__ import annotations

import numpy as np
import xarray as xr

from experiments.claim import Agreement, Bound, Claim, Decoy, Source
from experiments.estimates import rounding
from experiments.evidence import Bracket
from experiments.laws import points
from experiments.synergy.orbits import EPS, level_rounding
from theory import synergy as theory

DERIVED = Source("derived here")
ORDERS, ALTERNATING = "synergy/level-orders", "synergy/alternating-levels"
_PLACES = ("first", "second", "third", "fourth")


def _fidelities(ds: xr.Dataset) -> np.ndarray:
    return np.stack([ds[name].values for name in _PLACES], axis=-1)


def _on_orders(ds: xr.Dataset, law, fidelities: np.ndarray) -> xr.DataArray:
    rows = []
    for fan_in in ds.fan_in.values:
        correlations = np.broadcast_to(ds.correlation.values[:, None], fidelities.shape)
        rows.append(np.asarray(law(int(fan_in), correlations, fidelities, ds.initial_bias.values)))
    return ds.given.copy(data=np.stack(rows))


def _biases(ds: xr.Dataset, name: str):
    return rounding(ds[name].rename("given"), 4 * (level_rounding(9) + 4))


def _geometric_mean(ds: xr.Dataset) -> np.ndarray:
    gammas = _fidelities(ds)
    return np.broadcast_to(np.exp(np.log(gammas).mean(axis=-1, keepdims=True)), gammas.shape)


def _alive(ds: xr.Dataset) -> xr.DataArray:
    """Pairs far enough above threshold to have settled."""
    return ds.pair_gain > 1.05


def _settled(ds: xr.Dataset) -> Bracket:
    low = xr.concat([ds.before_low, ds.between_low], xr.IndexVariable("place", ["before first", "before second"]))
    high = xr.concat([ds.before_high, ds.between_high], low.place)
    # Two levels a pair; a fixed point moves by a level's rounding over 1 - slope, at least (gain - 1) of it.
    margin = 4 * level_rounding(ds.fan_in) * EPS * high * np.maximum(1 / np.maximum(ds.pair_gain - 1, 0.05), 1)
    where = _alive(ds)
    return Bracket(
        points(low - margin, where), points(high + margin, where), "monotone orbits from both ends; rounding added"
    )


def _cycle(ds: xr.Dataset, averaged: bool = False) -> xr.DataArray:
    where = _alive(ds)
    rho = np.stack([ds.first_correlation.values, ds.second_correlation.values], axis=-1)
    gamma = np.stack([ds.first.values, ds.second.values], axis=-1)
    if averaged:
        rho, gamma = (np.broadcast_to(part.mean(axis=-1, keepdims=True), part.shape) for part in (rho, gamma))
    found = [theory.two_cycle(int(fan_in), rho, gamma) for fan_in in ds.fan_in.values]
    both = [
        ds.before_low.copy(data=np.stack([np.asarray(part) for part in parts])) for parts in zip(*found, strict=True)
    ]
    return points(xr.concat(both, xr.IndexVariable("place", ["before first", "before second"])), where)


CLAIMS = (
    Claim(
        id="synergy/levels",
        kind="equality",
        statement="unequal levels compose: mu_L = T_L(...T_1(mu_0)), each with its own correlation and fidelity",
        source=DERIVED,
        experiment=ORDERS,
        predict=lambda ds: _on_orders(ds, theory.schedule_bias, _fidelities(ds)),
        observe=lambda ds: _biases(ds, "given"),
        comparison=Agreement(),
        decoy=Decoy(
            "only their mean gain counts", lambda ds: _on_orders(ds, theory.schedule_bias, _geometric_mean(ds))
        ),
    ),
    Claim(
        id="synergy/levels-bound",
        kind="bound",
        statement="mu_L <= mu_0 prod alpha_l, whatever the order of the levels",
        source=DERIVED,
        experiment=ORDERS,
        predict=lambda ds: _on_orders(ds, theory.schedule_upper_bound, _fidelities(ds)),
        observe=lambda ds: _biases(ds, "rising"),
        comparison=Bound(side="upper"),
        decoy=Decoy(
            "three percent less", lambda ds: 0.97 * _on_orders(ds, theory.schedule_upper_bound, _fidelities(ds))
        ),
    ),
    Claim(
        id="synergy/levels-order",
        kind="bound",
        statement="at one correlation no order of the levels beats fidelities that rise from the leaves to the root",
        source=DERIVED,
        experiment=ORDERS,
        predict=lambda ds: _on_orders(ds, theory.schedule_bias, _fidelities(ds)),
        observe=lambda ds: _biases(ds, "rising"),
        comparison=Bound(side="lower"),
        decoy=Decoy(
            "they are a thousandth better still",
            lambda ds: 1.001 * _on_orders(ds, theory.schedule_bias, np.sort(_fidelities(ds), axis=-1)),
        ),
    ),
    Claim(
        id="synergy/levels-cycle",
        kind="equality",
        statement="levels that alternate settle in the 2-cycle u = T_2(T_1(u)) where alpha_1 alpha_2 > 1",
        source=DERIVED,
        experiment=ALTERNATING,
        predict=_cycle,
        observe=_settled,
        comparison=Agreement(),
        decoy=Decoy("in the fixed point of their mean level", lambda ds: _cycle(ds, averaged=True)),
    ),
)
