"""Where the transition's boundary runs, and how mu* and its slope leave it: the claims at and next to alpha = 1."""

from __future__ import annotations

import numpy as np
import xarray as xr

from experiments.claim import Agreement, Bound, Claim, Decoy, Source
from experiments.evidence import Bracket, Crossing, Exact
from experiments.laws import by_number
from experiments.synergy.orbits import EPS, at_system, level_rounding, limit, slope_at_limit
from theory import synergy as theory

PAPER, HERE = "2601.17311", Source("derived here")


def _threshold(ds: xr.Dataset) -> Bracket:
    margin = (level_rounding(ds.fan_in) + 1) * EPS / ds.steepness
    low, high = ds.threshold_low - margin, ds.threshold_high + margin
    return Bracket(low, high, "bisection on the sign of one level's growth, rounding added")


def _critical_correlation(ds: xr.Dataset) -> xr.DataArray:
    # Below 0 no correlation is supercritical, and the bisection ends at 0.
    return np.maximum(by_number(theory.critical_correlation, ds.fan_in, ds.fidelity), 0.0)


def _loose_critical_correlation(ds: xr.Dataset) -> xr.DataArray:
    # A - 1 in the denominator left out to leading order: rho_c = 1 - 1/(gamma A)
    return np.maximum(1 - 1 / (ds.fidelity * by_number(theory.majority_slope, ds.fan_in)), 0.0)


def _critical_fidelity(ds: xr.Dataset) -> xr.DataArray:
    return by_number(theory.critical_fidelity, ds.fan_in, ds.correlation)


def _interpolated_fidelity(ds: xr.Dataset) -> xr.DataArray:
    # the line between gamma_c = 1/A without and 1 with full correlation
    return ds.correlation + (1 - ds.correlation) / by_number(theory.majority_slope, ds.fan_in)


def _message_threshold(ds: xr.Dataset) -> Crossing:
    margin = Exact(ds.gain - 1, (level_rounding(ds.fan_in) + 1) * EPS * ds.gain, "rounding of one level")
    return Crossing(margin, "message_length")


def _critical_message_length(ds: xr.Dataset, channel: type[theory.Channel]) -> xr.DataArray:
    scale = float(ds.channel_scale)
    return by_number(lambda b, rho: theory.critical_message_length(channel(scale), b, rho), ds.fan_in, ds.correlation)


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
    return at_system(theory.near_threshold_correction, ds)


def _slope_coefficient(ds: xr.Dataset) -> xr.DataArray:
    return 4 * _correction(ds) / (at_system(theory.effective_gain, ds) - 1)


CLAIMS = (
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
        id="synergy/C13",
        kind="bound",
        statement="mu*/sqrt((alpha-1)/kappa3) - 1 is at least kappa5 (alpha-1)/(2 kappa3^2), and tends to it",
        source=HERE,
        experiment="synergy/above-threshold",
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
        experiment="synergy/above-threshold",
        predict=_slope_coefficient,
        observe=_second_order_slope,
        comparison=Bound("lower", tight=1.001),
        decoy=Decoy("a hundredth more", lambda ds: 1.01 * _slope_coefficient(ds)),
    ),
)
