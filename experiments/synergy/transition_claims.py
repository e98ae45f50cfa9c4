"""What the paper says of the phase transition: who survives, where orbits settle, and what moves that place."""

from __future__ import annotations

import numpy as np
import xarray as xr
from scipy.special import gammaln

from experiments.claim import Agreement, Claim, Decoy, Ordering, Source
from experiments.evidence import Bracket, Exact
from experiments.laws import elementwise
from experiments.synergy.orbits import EPS, at_system, level_rounding, limit, limit_rounding, slope_at_limit
from theory import synergy as theory

PAPER, HERE = "2601.17311", Source("derived here")
PLACE = ("correlation", "fidelity")
# A level that keeps more of the distance to the limit than this has not brought the orbit there.
UNSETTLED = 0.999


def _fixed_point(ds: xr.Dataset) -> xr.DataArray:
    return at_system(theory.fixed_point, ds)


def _fixed_point_of_sent_votes(ds: xr.Dataset) -> xr.DataArray:
    return at_system(lambda b, rho, gamma: theory.fixed_point(b, gamma**2 * rho, gamma), ds)


def _steps(ds: xr.Dataset) -> Exact:
    """Every step of every orbit, counted positive towards where the orbit went in the end."""
    towards = np.sign(ds.bias.isel(level=-1) - ds.bias.isel(level=0))
    step = ds.bias.shift(level=-1) - ds.bias
    values = (step * towards).isel(level=slice(0, -1))
    return Exact(values, 2 * level_rounding(ds.fan_in) * EPS * ds.bias.max(), "rounding of two levels")


def _tenth_of_the_way(ds: xr.Dataset) -> xr.DataArray:
    return 0.1 * abs(_fixed_point(ds) - ds.bias).isel(level=slice(0, -1))


def _closed_forms(ds: xr.Dataset) -> xr.Dataset:
    return ds.sel(fan_in=[3, 5])


def _closed_form(ds: xr.Dataset) -> xr.DataArray:
    forms = {3: theory.fixed_point_three, 5: theory.fixed_point_five}
    return at_system(lambda b, rho, gamma: forms[b](rho, gamma), _closed_forms(ds))


def _perfect(ds: xr.Dataset) -> Bracket:
    """Limit and slope where messages are perfect."""
    ends = limit(perfect := ds.sel(fidelity=1.0)), slope_at_limit(perfect)
    quantity = xr.DataArray(["limit", "slope"], dims="quantity", name="quantity")
    low, high = (xr.concat([getattr(end, side) for end in ends], quantity) for side in ("low", "high"))
    return Bracket(low, high, ends[0].because)


def _one_and(slope: xr.DataArray, ds: xr.Dataset) -> xr.DataArray:
    quantity = xr.DataArray(["limit", "slope"], dims="quantity", name="quantity")
    slope = slope.broadcast_like(ds.limit_low.sel(fidelity=1.0))
    return xr.concat([xr.ones_like(slope), slope], quantity)


def _shortfall(ds: xr.Dataset) -> Bracket:
    """1 - mu* wherever messages are imperfect."""
    seen = limit(ds.isel(fidelity=ds.fidelity.values < 1))
    return Bracket(1 - seen.high, 1 - seen.low, seen.because)


def _overstated_shortfall(ds: xr.Dataset) -> xr.DataArray:
    imperfect = ds.isel(fidelity=ds.fidelity.values < 1)
    least = 1 - elementwise(theory.fixed_point_limit, imperfect.correlation, imperfect.fidelity)
    return (1.05 * least).broadcast_like(imperfect.limit_low)


def _unanimity(ds: xr.Dataset) -> Bracket:
    """The limit of mu* at infinite fan-in: a finite one lacks (1-rho) (1 - f_b(gamma mu*))/(1 - gamma rho) of it."""
    b, seen = ds.fan_in, limit(ds)
    right = (1 + ds.fidelity * ds.limit_low) / 2
    k = (b - 1) / 2
    ways = gammaln(b + 1.0) - gammaln(k + 1) - gammaln(b - k + 1)
    closest = np.exp(ways + k * np.log(right) + (b - k) * np.log(1 - right))
    # The terms below the closest defeat fall at least geometrically; 1e-9 covers the rounding of the logarithms.
    defeat = closest / (1 - (1 - right) / right) * (1 + 1e-9)
    lack = 2 * defeat * (1 - ds.correlation) / (1 - ds.fidelity * ds.correlation)
    return Bracket(seen.low, seen.high + lack, "the binomial tail is below its geometric majorant; monotone orbits")


def _settled_points(ds: xr.Dataset, values: xr.DataArray) -> xr.DataArray:
    ended = (ds.slope_low < UNSETTLED).stack(point=ds.slope_low.dims)
    return values.stack(point=ds.slope_low.dims).isel(point=np.flatnonzero(ended.values))


def _rates(ds: xr.Dataset) -> Exact:
    """Derivatives of the orbit's end, with the distance to those of the fixed point.

    The latter solve d = T_theta + T' d. So (1 - T') |d - d_L| is at most the change |d_{L+1} - d_L| of one more level
    and what the unsettled end adds to T_theta and T': their own slopes are below b alpha/gamma + sqrt(b).
    """
    parameter = xr.DataArray(list(PLACE), dims="parameter", name="parameter")
    rate = xr.concat([ds[f"by_{name}"] for name in PLACE], parameter)
    later = xr.concat([ds[f"by_{name}_next"] for name in PLACE], parameter)
    bend = ds.fan_in * ds.gain / ds.fidelity + np.sqrt(ds.fan_in)
    unsettled = ds.limit_high - ds.limit_low + 2 * limit_rounding(ds) + 2 * level_rounding(ds.fan_in) * EPS
    error = (abs(later - rate) + bend * (1 + abs(rate)) * unsettled) / np.maximum(1 - ds.slope_low, EPS)
    because = "contraction of the derivative's own recursion; rounding of one level"
    return Exact(_settled_points(ds, rate), _settled_points(ds, error), because)


def _sensitivities(ds: xr.Dataset) -> xr.DataArray:
    def both(fan_in, correlation, fidelity):
        rates = theory.fixed_point_sensitivity(fan_in, correlation, fidelity)
        return rates.correlation, rates.fidelity

    rates = xr.concat(at_system(both, ds), xr.DataArray(list(PLACE), dims="parameter", name="parameter"))
    return _settled_points(ds, rates)


def _without_feedback(ds: xr.Dataset) -> xr.DataArray:
    feedback = at_system(theory.slope_at_fixed_point, ds)
    return _sensitivities(ds) * (1 - _settled_points(ds, feedback))


CLAIMS = (
    Claim(
        id="synergy/C8",
        kind="equality",
        statement="alpha <= 1: every orbit dies out; alpha > 1: every orbit from a positive bias ends at mu*",
        source=Source(PAPER, "Thm 4"),
        experiment="synergy/phase-diagram",
        predict=_fixed_point,
        observe=limit,
        comparison=Agreement(),
        decoy=Decoy("the correlation of sent votes, gamma^2 rho, for received ones", _fixed_point_of_sent_votes),
    ),
    Claim(
        id="synergy/C8b",
        kind="ordering",
        statement="orbits are strictly monotone, level by level, on both sides of the transition",
        source=Source(PAPER, "Thm 4"),
        experiment="synergy/trajectories",
        predict=lambda ds: 0.0,
        observe=_steps,
        comparison=Ordering(),
        decoy=Decoy("every level goes a tenth of the way to mu*", _tenth_of_the_way),
    ),
    Claim(
        id="synergy/C10",
        kind="equality",
        statement="mu* in closed form at fan-in 3 and 5",
        source=HERE,
        experiment="synergy/phase-diagram",
        predict=_closed_form,
        observe=lambda ds: limit(_closed_forms(ds)),
        comparison=Agreement(),
        decoy=Decoy(
            "the cubic approximation sqrt((alpha-1)/kappa3), exact at fan-in 3 only",
            lambda ds: at_system(theory.near_threshold_fixed_point, _closed_forms(ds)),
        ),
    ),
    Claim(
        id="synergy/C11",
        kind="equality",
        statement="with perfect messages mu* = 1 and T'(1) = rho",
        source=Source(PAPER, "Thm 4"),
        experiment="synergy/phase-diagram",
        predict=lambda ds: _one_and(ds.correlation, ds),
        observe=_perfect,
        comparison=Agreement(),
        decoy=Decoy(
            "the slope near threshold, 1 - 2 (alpha-1), exact at fan-in 3 only",
            lambda ds: _one_and(3 - 2 * at_system(theory.effective_gain, ds.sel(fidelity=1.0)), ds),
        ),
    ),
    Claim(
        id="synergy/C11b",
        kind="ordering",
        statement="with imperfect messages mu* < 1",
        source=Source(PAPER, "Thm 4"),
        experiment="synergy/phase-diagram",
        predict=lambda ds: 0.0,
        observe=_shortfall,
        comparison=Ordering(),
        decoy=Decoy("a twentieth more than what infinite fan-in lacks", _overstated_shortfall),
    ),
    Claim(
        id="synergy/C12",
        kind="equality",
        statement="mu* -> (1-rho)/(1-gamma rho) as the fan-in grows; by 51 less than 1e-9 is missing at (.3, .8)",
        source=HERE,
        experiment="synergy/large-fan-in",
        predict=lambda ds: elementwise(theory.fixed_point_limit, *xr.broadcast(ds.correlation, ds.fidelity)),
        observe=_unanimity,
        comparison=Agreement(),
        decoy=Decoy(
            "1 - rho (1-gamma), its first order in rho",
            lambda ds: 1 - ds.correlation * (1 - ds.fidelity),
        ),
    ),
    Claim(
        id="synergy/C53",
        kind="equality",
        statement="the derivatives of mu* by fidelity and correlation are T_theta/(1 - T'(mu*))",
        source=HERE,
        experiment="synergy/fixed-point-sensitivity",
        predict=_sensitivities,
        observe=_rates,
        comparison=Agreement(),
        decoy=Decoy("T_theta alone, without the feedback of later levels", _without_feedback),
    ),
)
