"""What the paper says of the phase transition: who survives, where the boundary runs, and how mu* leaves it."""

from __future__ import annotations

import numpy as np
import xarray as xr
from scipy.special import gammaln

from experiments.claim import Agreement, Bound, Claim, Decoy, Ordering, Source
from experiments.evidence import Bracket, Crossing, Exact
from experiments.synergy.orbits import EPS, level_rounding, limit, limit_rounding, slope_at_limit
from experiments.synergy.prediction import by_fan_in, elementwise
from theory import synergy as theory

PAPER, HERE = "2601.17311", Source("derived here")
PLACE = ("correlation", "fidelity")
# A level that keeps more of the distance to the limit than this has not brought the orbit there.
UNSETTLED = 0.999


def _fixed_point(ds: xr.Dataset) -> xr.DataArray:
    return by_fan_in(ds, theory.fixed_point, *PLACE)


def _fixed_point_of_sent_votes(ds: xr.Dataset) -> xr.DataArray:
    return by_fan_in(ds, lambda b, rho, gamma: theory.fixed_point(b, gamma**2 * rho, gamma), *PLACE)


def _steps(ds: xr.Dataset) -> Exact:
    """Every step of every orbit, counted positive towards where the orbit went in the end."""
    towards = np.sign(ds.bias.isel(level=-1) - ds.bias.isel(level=0))
    step = ds.bias.shift(level=-1) - ds.bias
    values = (step * towards).isel(level=slice(0, -1))
    return Exact(values, 2 * level_rounding(ds.fan_in) * EPS * ds.bias.max(), "rounding of two levels")


def _tenth_of_the_way(ds: xr.Dataset) -> xr.DataArray:
    return 0.1 * abs(_fixed_point(ds) - ds.bias).isel(level=slice(0, -1))


def _threshold(ds: xr.Dataset) -> Bracket:
    margin = (level_rounding(ds.fan_in) + 1) * EPS / ds.steepness
    low, high = ds.threshold_low - margin, ds.threshold_high + margin
    return Bracket(low, high, "bisection on the sign of one level's growth, rounding added")


def _critical_correlation(ds: xr.Dataset) -> xr.DataArray:
    # Below 0 no correlation is supercritical, and the bisection ends at 0.
    return np.maximum(by_fan_in(ds, theory.critical_correlation, "fidelity"), 0.0)


def _loose_critical_correlation(ds: xr.Dataset) -> xr.DataArray:
    # A - 1 in the denominator left out to leading order: rho_c = 1 - 1/(gamma A)
    return np.maximum(1 - 1 / (ds.fidelity * by_fan_in(ds, theory.majority_slope)), 0.0)


def _critical_fidelity(ds: xr.Dataset) -> xr.DataArray:
    return by_fan_in(ds, theory.critical_fidelity, "correlation")


def _interpolated_fidelity(ds: xr.Dataset) -> xr.DataArray:
    # the line between gamma_c = 1/A without and 1 with full correlation
    return ds.correlation + (1 - ds.correlation) / by_fan_in(ds, theory.majority_slope)


def _message_threshold(ds: xr.Dataset) -> Crossing:
    margin = Exact(ds.gain - 1, (level_rounding(ds.fan_in) + 1) * EPS * ds.gain, "rounding of one level")
    return Crossing(margin, "message_length")


def _critical_message_length(ds: xr.Dataset, channel: type[theory.Channel]) -> xr.DataArray:
    scale = float(ds.channel_scale)
    return by_fan_in(ds, lambda b, rho: theory.critical_message_length(channel(scale), b, rho), "correlation")


def _closed_forms(ds: xr.Dataset) -> xr.Dataset:
    return ds.sel(fan_in=[3, 5])


def _closed_form(ds: xr.Dataset) -> xr.DataArray:
    forms = {3: theory.fixed_point_three, 5: theory.fixed_point_five}
    return by_fan_in(_closed_forms(ds), lambda b, rho, gamma: forms[b](rho, gamma), *PLACE)


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


def _excess_ratio(ds: xr.Dataset) -> Bracket:
    """mu*/sqrt((alpha-1)/kappa3) - 1, with gain and cubic coefficient measured on the simulator's level map."""
    seen, distance = limit(ds), ds.gain - 1
    scale = np.sqrt(ds.cubic / distance)
    # Gain and cubic err by a level's rounding each, and half of it goes into the root.
    relative = level_rounding(ds.fan_in) * EPS * (1 / distance + 2)
    because = f"{seen.because}; rounding of the measured gain"
    return Bracket(seen.low * scale * (1 - relative) - 1, seen.high * scale * (1 + relative) - 1, because)


def _second_order_slope(ds: xr.Dataset) -> Bracket:
    """(T'(mu*) - 1 + 2 (alpha-1))/(alpha-1)^2."""
    seen, distance = slope_at_limit(ds), ds.gain - 1
    error = 2 * level_rounding(ds.fan_in) * EPS
    low, high = (end - 1 + 2 * distance for end in (seen.low, seen.high))
    because = f"{seen.because}; rounding of the measured gain"
    return Bracket((low - error) / distance**2, (high + error) / distance**2, because)


def _correction(ds: xr.Dataset) -> xr.DataArray:
    return by_fan_in(ds, theory.near_threshold_correction, *PLACE)


def _slope_coefficient(ds: xr.Dataset) -> xr.DataArray:
    return 4 * _correction(ds) / (by_fan_in(ds, theory.effective_gain, *PLACE) - 1)


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

    rates = by_fan_in(ds, both, *PLACE).rename(part="parameter").assign_coords(parameter=list(PLACE))
    return _settled_points(ds, rates)


def _without_feedback(ds: xr.Dataset) -> xr.DataArray:
    feedback = by_fan_in(ds, theory.slope_at_fixed_point, *PLACE)
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
        id="synergy/C9",
        kind="threshold",
        statement="weak signals grow iff rho < rho_c = (A - 1/gamma)/(A - 1)",
        source=Source(PAPER, "Thm 4"),
        experiment="synergy/critical-correlation",
        predict=_critical_correlation,
        observe=_threshold,
        comparison=Agreement(),
        decoy=Decoy("rho_c = 1 - 1/(gamma A), as if copies carried nothing", _loose_critical_correlation),
    ),
    Claim(
        id="synergy/C9b",
        kind="threshold",
        statement="weak signals grow iff gamma > gamma_c = 1/(rho + (1-rho) A)",
        source=Source(PAPER, "Thm 4"),
        experiment="synergy/critical-fidelity",
        predict=_critical_fidelity,
        observe=_threshold,
        comparison=Agreement(),
        decoy=Decoy("gamma_c = rho + (1-rho)/A, the mean of thresholds, not of gains", _interpolated_fidelity),
    ),
    Claim(
        id="synergy/C9c",
        kind="threshold",
        statement="weak signals grow iff messages are longer than m_c = -m0 log(1 - gamma_c)",
        source=HERE,
        experiment="synergy/message-phase-diagram",
        predict=lambda ds: _critical_message_length(ds, theory.ExponentialChannel),
        observe=_message_threshold,
        comparison=Agreement(),
        decoy=Decoy(
            "the hyperbolic channel of the same scale",
            lambda ds: _critical_message_length(ds, theory.HyperbolicChannel),
        ),
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
            lambda ds: by_fan_in(_closed_forms(ds), theory.near_threshold_fixed_point, *PLACE),
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
            lambda ds: _one_and(3 - 2 * by_fan_in(ds.sel(fidelity=1.0), theory.effective_gain, *PLACE), ds),
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
        id="synergy/C13",
        kind="bound",
        statement="mu*/sqrt((alpha-1)/kappa3) - 1 is at least kappa5 (alpha-1)/(2 kappa3^2), and tends to it",
        source=HERE,
        experiment="synergy/near-threshold",
        predict=_correction,
        observe=_excess_ratio,
        comparison=Bound("lower", tight=1.001),
        decoy=Decoy("a hundredth more", lambda ds: 1.01 * _correction(ds)),
    ),
    Claim(
        id="synergy/C14",
        kind="bound",
        statement="T'(mu*) = 1 - 2 (alpha-1) + c (alpha-1)^2 with c above 2 kappa5/kappa3^2 and tending to it "
        "(1.05 at b=5, gamma=.6)",
        source=HERE,
        experiment="synergy/near-threshold",
        predict=_slope_coefficient,
        observe=_second_order_slope,
        comparison=Bound("lower", tight=1.001),
        decoy=Decoy("a hundredth more", lambda ds: 1.01 * _slope_coefficient(ds)),
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
