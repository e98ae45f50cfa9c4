"""Design: message lengths, the chart of designs, what gradient and rounding lose (arXiv 2601.17311, sec. 6)."""

from __future__ import annotations

from functools import cache

import jax
import numpy as np
import xarray as xr

from experiments.claim import Agreement, Bound, Claim, Decoy, Ordering, Sharp, Source
from experiments.estimates import rounding
from experiments.evidence import Exact
from experiments.laws import points
from experiments.synergy.design import CHANNEL_SCALE, FAN_INS
from experiments.synergy.orbits import EPS, level_rounding
from theory import synergy as theory

DERIVED = Source("derived here")
LENGTHS, CHART, GRADIENT = "synergy/message-lengths", "synergy/design-chart", "synergy/gradient-design"
CHANNEL = theory.ExponentialChannel(CHANNEL_SCALE)
COUNTED = "whole numbers, all tried"


@cache
def _lines(fan_in: int, longest: int, correlation: float, leaf_exponent: float, leaf_scale: float):
    return theory.message_length_lines(CHANNEL, fan_in, correlation, leaf_exponent, leaf_scale, longest)


def lines_of(ds: xr.Dataset):
    """The lines of eq. 44 of a dataset's one system."""
    return _lines(int(ds.fan_in), int(ds.longest), float(ds.correlation), float(ds.leaf_exponent), float(ds.leaf_scale))


def on_steps(pieces, budgets: np.ndarray) -> np.ndarray:
    """The message length of a step function at each budget; NaN before its first step."""
    at = np.searchsorted(pieces.start, budgets, "right") - 1
    return np.where(at >= 0, pieces.message_length[np.maximum(at, 0)], np.nan)


def _budgets(ds: xr.Dataset) -> np.ndarray:
    return 10.0**ds.log_budget.values


def _envelope(ds: xr.Dataset) -> xr.DataArray:
    return ds.growth_length.copy(data=on_steps(theory.message_length_envelope(lines_of(ds)), _budgets(ds)))


def _envelope_at_double_cost(ds: xr.Dataset) -> xr.DataArray:
    return ds.growth_length.copy(data=on_steps(theory.message_length_envelope(lines_of(ds)), _budgets(ds) / 2))


def _line_of(ds: xr.Dataset, length: np.ndarray):
    lines = lines_of(ds)
    place = length.astype(int) - 1
    return np.asarray(lines.slope)[place], np.asarray(theory.communication_overhead(int(ds.fan_in), length))


def _agents(ds: xr.Dataset) -> xr.DataArray:
    exponent, overhead = _line_of(ds, _envelope(ds).values)
    return ds.agents.copy(
        data=np.asarray(theory.optimal_agents(exponent, float(ds.leaf_exponent), overhead, _budgets(ds)))
    )


def _observed_agents(ds: xr.Dataset) -> Exact:
    exponent, _ = _line_of(ds, ds.growth_length.values)
    # Rounding of the slope beta - s x/(x + c0) over how fast it falls in log x.
    error = 64 * EPS / (1 - float(ds.leaf_exponent) / exponent)
    return Exact(ds.agents, ds.agents * error, "halving to neighbouring floats; rounding of the slope")


def _steps(lengths: xr.DataArray) -> Exact:
    """What each next budget adds to the message length, named after the smaller budget."""
    rise = (lengths.shift(log_budget=-1) - lengths).isel(log_budget=slice(None, -1))
    return Exact(rise, 0.0, COUNTED)


def _constant(ds: xr.Dataset, value: float) -> xr.DataArray:
    return xr.full_like(ds.growth_length.isel(log_budget=slice(None, -1)), value)


@cache
def _whole_depth(fan_in: int, longest: int, deepest: int, correlation: float, leaf_exponent: float, budgets: tuple):
    """Argmax over m and L of k x^beta alpha^L, x from the exact budget."""
    lengths = np.arange(1, longest + 1.0)[:, None]
    gain = np.asarray(theory.effective_gain(fan_in, correlation, CHANNEL.fidelity(lengths)))
    values = []
    for depth in range(1, deepest + 1):
        compute = np.asarray(theory.tree_leaf_compute(fan_in, depth, lengths, np.array(budgets)))
        paid = compute > 0
        values.append(
            np.where(paid, leaf_exponent * np.log(np.where(paid, compute, 1)) + depth * np.log(gain), -np.inf)
        )
    return 1.0 + np.argmax(np.max(values, axis=0), axis=0)


def _whole_lengths(ds: xr.Dataset) -> xr.DataArray:
    found = _whole_depth(
        int(ds.fan_in),
        int(ds.longest),
        int(ds.deepest),
        float(ds.correlation),
        float(ds.leaf_exponent),
        tuple(_budgets(ds).tolist()),
    )
    return ds.whole_length.copy(data=found)


def _affordable(ds: xr.Dataset) -> xr.Dataset:
    """Budgets from 200 tokens on, at which some message of one level is paid."""
    return ds.sel(log_budget=ds.log_budget[ds.log_budget > 2.3])


def _real(ds: xr.Dataset) -> xr.Dataset:
    """Budgets from a thousand tokens on, where the growth optimum has more agents than the fan-in."""
    return ds.sel(log_budget=ds.log_budget[ds.log_budget >= 3])


def _real_length(ds: xr.Dataset) -> Exact:
    ds = _real(ds)
    value = np.exp((ds.log_length_low + ds.log_length_high) / 2)
    # The slope in log m is a difference of terms of about log B, over its own slope, the bend.
    error = (ds.log_length_high - ds.log_length_low) + 512 * EPS * np.log(10) * ds.log_budget / abs(ds.bend)
    return Exact(value, value * error, "halving to neighbouring floats; rounding of the slope over the curvature")


def _elastic(ds: xr.Dataset, factor: float = 1.0) -> xr.DataArray:
    ds = _real(ds)
    found = jax.jit(theory.optimal_message_length, static_argnums=1)(
        CHANNEL, int(ds.fan_in), float(ds.correlation), float(ds.leaf_exponent), factor * _budgets(ds)
    )
    return ds.agents.copy(data=np.asarray(found))


# ---- The chart.


@cache
def _best(window: int, correlation: float, leaf_exponent: float, leaf_scale: float, budgets: tuple, star: bool):
    return theory.best_design(
        CHANNEL, correlation, leaf_exponent, leaf_scale, np.array(budgets), window, FAN_INS, star=star
    )


SHOWN = 128


def _shown(ds: xr.Dataset) -> xr.Dataset:
    return ds.sel(window=SHOWN, drop=True)


def _chart(ds: xr.Dataset, field: str, star: bool = False) -> np.ndarray:
    budgets = tuple((2.0**ds.log2_budget.values).tolist())
    rows = [
        _best(SHOWN, float(rho), float(ds.leaf_exponent), float(ds.leaf_scale), budgets, star)
        for rho in ds.correlation.values
    ]
    return np.stack([np.asarray(getattr(row, field), float) for row in rows])


def _biases(ds: xr.Dataset) -> xr.DataArray:
    shown = _shown(ds)
    both = [shown.bias.copy(data=_chart(shown, "bias")), shown.star_bias.copy(data=_chart(shown, "bias", True))]
    return xr.concat(both, xr.IndexVariable("organisation", ["best", "star"]))


def _observed_biases(ds: xr.Dataset) -> Exact:
    shown = _shown(ds)
    both = [shown.bias, shown.star_bias.rename("bias")]
    return rounding(xr.concat(both, xr.IndexVariable("organisation", ["best", "star"])), 14 * (level_rounding(15) + 4))


def _integers(ds: xr.Dataset) -> xr.DataArray:
    shown, names = _shown(ds), {"fan_in": "fan_in", "message_length": "length", "depth": "levels"}
    return xr.concat(
        [shown[name].copy(data=_chart(shown, field)).rename("design") for field, name in names.items()],
        xr.IndexVariable("part", list(names)),
    )


def _observed_integers(ds: xr.Dataset) -> Exact:
    shown = _shown(ds)
    return Exact(
        xr.concat(
            [shown[name].rename("design") for name in ("fan_in", "length", "levels")],
            xr.IndexVariable("part", ["fan_in", "message_length", "depth"]),
        ),
        0.0,
        COUNTED,
    )


def _of_trees(ds: xr.Dataset, values: xr.DataArray) -> xr.DataArray:
    """The values at budgets from 2^9 on at which a tree is best."""
    shown = _shown(ds)
    return points(values.rename("design"), (shown.levels > 0) & (shown.log2_budget >= 9))


def _saturated(ds: xr.Dataset) -> xr.Dataset:
    """The chart of the specification: W = 128, rho = .1, from 2^9 on."""
    shown = _shown(ds).sel(correlation=0.1, drop=True)
    return shown.sel(log2_budget=shown.log2_budget[shown.log2_budget >= 9])


def _widest(ds: xr.Dataset) -> xr.DataArray:
    """The published rule for a window: the growth optimum's fan-in, the largest exponent that b m <= W admits."""
    shown = _saturated(ds)
    best = theory.widest_exponent(CHANNEL, 0.1, SHOWN, FAN_INS[-1])
    return xr.full_like(shown.fan_in, float(best.fan_in))


def _exhausted_fan_in(ds: xr.Dataset) -> xr.DataArray:
    shown = _shown(ds)
    found = shown.fan_in.copy(data=_chart(shown, "fan_in")).sel(correlation=0.1, drop=True)
    return found.sel(log2_budget=found.log2_budget[found.log2_budget >= 9])


def _loss(relaxed: xr.Dataset, chart: xr.Dataset, found: str = "bias", objective: str = "growth") -> Exact:
    chart = chart.sel(window=relaxed.window, correlation=relaxed.correlation)
    loss = 1 - relaxed[found].sel(objective=objective, drop=True) / chart.bias
    return Exact(loss, 14 * (level_rounding(15) + 4) * EPS * 4, "rounding of every level")


def _level(relaxed: xr.Dataset, chart: xr.Dataset, value: float) -> xr.DataArray:
    return xr.full_like(relaxed.bias.isel(objective=0, drop=True), value)


CLAIMS = (
    Claim(
        id="synergy/C37",
        kind="equality",
        statement="the best message length of the growth law is read off the upper envelope of the lines s log B + q",
        source=Source("2601.17311", "eqs. 44-46, Algorithm 1"),
        experiment=LENGTHS,
        predict=_envelope,
        observe=lambda ds: Exact(ds.growth_length, 0.0, COUNTED),
        comparison=Agreement(),
        decoy=Decoy("the envelope at half the budget", _envelope_at_double_cost),
    ),
    Claim(
        id="synergy/C37-monotone",
        kind="ordering",
        statement="in the growth law, agents a real number, a larger budget never shortens the best message",
        source=Source("2601.17311", "Thm 13"),
        experiment=LENGTHS,
        predict=lambda ds: _constant(ds, -0.5),
        observe=lambda ds: _steps(ds.growth_length),
        comparison=Ordering(),
        decoy=Decoy("every larger budget lengthens it", lambda ds: _constant(ds, 0.5)),
    ),
    Claim(
        id="synergy/C38",
        kind="ordering",
        statement="a larger budget never shortens the best message of a tree",
        source=Source("2601.17311", "Thm 13 read for trees"),
        experiment=LENGTHS,
        predict=lambda ds: _constant(_affordable(ds), -0.5),
        observe=lambda ds: _steps(_affordable(ds).whole_length),
        comparison=Ordering(),
        decoy=Decoy("every larger budget lengthens it", lambda ds: _constant(_affordable(ds), 0.5)),
        sharp=Sharp(
            "it shortens with each further level, a sawtooth: the argmax of k x^beta alpha^L over m and whole L",
            lambda ds: _steps(_whole_lengths(_affordable(ds))).value,
            Agreement(),
        ),
    ),
    Claim(
        id="synergy/C39",
        kind="equality",
        statement="at real length the growth optimum obeys (m gamma'(m)/gamma(m)) log_b N* = s - beta",
        source=DERIVED,
        experiment=LENGTHS,
        predict=_elastic,
        observe=_real_length,
        comparison=Agreement(),
        decoy=Decoy("messages paid for once", lambda ds: _elastic(ds, 2.0)),
    ),
    Claim(
        id="synergy/C40",
        kind="bound",
        statement="Algorithm 1 returns designs that can be built: every piece of its envelope has an agent or more",
        source=Source("2601.17311", "Algorithm 1"),
        experiment=LENGTHS,
        predict=lambda ds: xr.ones_like(ds.agents),
        observe=_observed_agents,
        comparison=Bound(side="lower"),
        decoy=Decoy("half an agent or more", lambda ds: xr.full_like(ds.agents, 0.5)),
        sharp=Sharp("a piece has N* = B (s - beta)/(c0 s) agents, less than one on the leftmost", _agents, Agreement()),
    ),
    Claim(
        id="synergy/C41",
        kind="equality",
        statement="largest bias of all designs with b m <= W = 128, and of all stars",
        source=DERIVED,
        experiment=CHART,
        predict=_biases,
        observe=_observed_biases,
        comparison=Agreement(),
        decoy=Decoy(
            "of all stars, in place of all designs",
            lambda ds: _biases(ds).sel(organisation="star", drop=True).broadcast_like(_biases(ds)),
        ),
    ),
    Claim(
        id="synergy/C41-designs",
        kind="equality",
        statement="the fan-in, message length and depth that reach it",
        source=DERIVED,
        experiment=CHART,
        predict=_integers,
        observe=_observed_integers,
        comparison=Agreement(),
        decoy=Decoy("one level more", lambda ds: _integers(ds) + (_integers(ds).part == "depth")),
    ),
    Claim(
        id="synergy/C41-window",
        kind="ordering",
        statement="from 2^9 tokens on the best tree fills a window of W = 128: no further message fits, b m > W - b",
        source=DERIVED,
        experiment=CHART,
        predict=lambda ds: SHOWN - _of_trees(ds, _shown(ds).fan_in),
        observe=lambda ds: Exact(_of_trees(ds, _shown(ds).fan_in * _shown(ds).length), 0.0, COUNTED),
        comparison=Ordering(),
        decoy=Decoy("to the last token, b m = W", lambda ds: xr.full_like(_of_trees(ds, _shown(ds).fan_in), SHOWN)),
        sharp=Sharp(
            "it leaves room where shorter messages pay for a further level: b = 5, m = 22 at rho = 0, B = 2^11",
            lambda ds: _of_trees(
                ds, _shown(ds).fan_in.copy(data=_chart(_shown(ds), "fan_in") * _chart(_shown(ds), "message_length"))
            ),
            Agreement(),
        ),
    ),
    Claim(
        id="synergy/C41-fan-in",
        kind="equality",
        statement="the best fan-in is the one of the largest exponent that the window admits, at every budget",
        source=Source("2601.17311", "Prop 12 as a design rule"),
        experiment=CHART,
        predict=_widest,
        observe=lambda ds: Exact(_saturated(ds).fan_in, 0.0, COUNTED),
        comparison=Agreement(),
        decoy=Decoy("the widest fan-in tried", lambda ds: xr.full_like(_saturated(ds).fan_in, FAN_INS[-1])),
        sharp=Sharp(
            "it moves between 7, 5 and 3 with whole depth and saturation, as exhaustion finds it",
            _exhausted_fan_in,
        ),
    ),
    Claim(
        id="synergy/C54",
        kind="bound",
        statement="ascent of the growth law, rounded to a neighbouring odd fan-in and evaluated exactly, loses at most "
        "3 percent of the best design",
        source=DERIVED,
        experiment=(GRADIENT, CHART),
        predict=lambda relaxed, chart: _level(relaxed, chart, 0.03),
        observe=_loss,
        comparison=Bound(side="upper", scale=0.03),
        decoy=Decoy("it loses nothing", lambda relaxed, chart: _level(relaxed, chart, 1e-9)),
        sharp=Sharp(
            "it loses less than a fifth: most where a wide fan-in misses a further level that a narrower one has",
            lambda relaxed, chart: _level(relaxed, chart, 0.2),
            Bound(side="upper", scale=0.2),
        ),
    ),
    Claim(
        id="synergy/C54-near",
        kind="bound",
        statement="with three odd fan-ins tried on either side of the relaxed one it loses at most 3 percent",
        source=DERIVED,
        experiment=(GRADIENT, CHART),
        predict=lambda relaxed, chart: _level(relaxed, chart, 0.03),
        observe=lambda relaxed, chart: _loss(relaxed, chart, "near_bias"),
        comparison=Bound(side="upper", scale=0.03),
        decoy=Decoy("it loses nothing", lambda relaxed, chart: _level(relaxed, chart, 1e-9)),
    ),
    Claim(
        id="synergy/C54-saturating",
        kind="bound",
        statement="so does ascent of the growth law bent into saturation, 1/mu^2 = 1/mu_grow^2 + "
        "(1 - alpha^(-2L))/mu*^2",
        source=DERIVED,
        experiment=(GRADIENT, CHART),
        predict=lambda relaxed, chart: _level(relaxed, chart, 0.03),
        observe=lambda relaxed, chart: _loss(relaxed, chart, "near_bias", "saturating"),
        comparison=Bound(side="upper", scale=0.03),
        decoy=Decoy("it loses nothing", lambda relaxed, chart: _level(relaxed, chart, 1e-9)),
    ),
)
