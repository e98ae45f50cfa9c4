"""What the paper says of a single majority: its map, its slope, its gain on weak signals, and even committees."""

from __future__ import annotations

import math

import numpy as np
import xarray as xr
from scipy.special import erf, gammaln

from experiments.claim import Agreement, Bound, Claim, Decoy, Ordering, Source
from experiments.evidence import Exact
from experiments.laws import by_number
from experiments.synergy.orbits import EPS, level_rounding
from theory import synergy as theory

PAPER, HERE = "2601.17311", Source("derived here")
LIMIT = math.sqrt(2 / math.pi)


def _series(ds: xr.Dataset, *_) -> xr.DataArray:
    return by_number(theory.majority_map, ds.fan_in, ds.bias)


def _routes(ds: xr.Dataset, interpolated: xr.Dataset) -> Exact:
    """Every route but the series that predicts; the series' own rounding is added to each."""
    b, size, both = ds.fan_in, abs(ds.recursion), xr.merge([ds, interpolated[["incomplete_beta", "quadrature"]]])
    errors = {
        "recursion": level_rounding(b) * size,
        # 2b roundings of each count, b more of their sum.
        "ballots": 4 * b,
        # 3 eps times the exponents, which sum to at most 2 b ln 2 + ln b in the mean over ballots.
        "binomial": 5 * b + 20,
        # b+1 halves of log1p(-x), x <= 1/2, which XLA's CPU code gets wrong by up to 128 eps of its at most ln 2;
        # then log B, a difference of log-gammas.
        "incomplete_beta": 45 * (b + 1) + 4 * gammaln(b + 1.0) + 16,
        # the quadrature's own relative error of 1e-14
        "quadrature": 64 * size,
    }
    route = xr.DataArray(list(errors), dims="route", name="route")
    values = xr.concat([both[name] for name in errors], route)
    roundings = xr.concat([(error + level_rounding(b) * size).broadcast_like(size) for error in errors.values()], route)
    return Exact(
        values.assign_coords(route=route), roundings.assign_coords(route=route) * EPS, "rounding, term by term"
    )


def _central_limit(ds: xr.Dataset, *_) -> xr.DataArray:
    return erf(ds.bias * np.sqrt(ds.fan_in / 2))


def _slope(ds: xr.Dataset) -> Exact:
    # The sum's terms are below f_b'(0) (1 + (b-1)/2): the polynomial and its derivative at 1.
    size = ds.slope.max("bias") * (ds.fan_in + 1) / 2
    return Exact(ds.slope, 2 * level_rounding(ds.fan_in) * EPS * size, "rounding of the differentiated sum")


def _noiseless(ds: xr.Dataset) -> xr.DataArray:
    return ds.gain.sel(correlation=0.0, fidelity=1.0, drop=True)


def _slope_at_zero(ds: xr.Dataset) -> Exact:
    gain = _noiseless(ds)
    return Exact(gain, level_rounding(ds.fan_in) * EPS * gain, "rounding of one level")


def _shape(ds: xr.Dataset) -> Exact:
    """What is never negative, at interior biases and for every fan-in but the largest, from counted ballots."""
    f = ds.ballots
    mirrored = f.assign_coords(bias=-f.bias).sortby("bias").assign_coords(bias=f.bias)
    later = f.shift(bias=-1)
    larger = f.shift(fan_in=-1)
    properties = {
        "odd": -abs(f + mirrored),
        "increasing": later - f,
        "concave": 2 * f - later - f.shift(bias=1),
        "never below one voter": f - f.bias,
        "more voters never worse": larger - f,
    }
    name = xr.DataArray(list(properties), dims="property", name="property")
    inside = (f.bias.values > 0) & (f.bias.values < 1)
    values = xr.concat(list(properties.values()), name).isel(bias=inside, fan_in=slice(0, -1))
    worst = 4 * 4 * int(ds.fan_in.max()) * EPS
    return Exact(values.assign_coords(property=name), worst, "rounding of at most four counts of ballots")


def _overstated_shape(ds: xr.Dataset) -> xr.DataArray:
    seen = _shape(ds).value
    line = 0.52 * seen.bias * (1 - seen.bias**2)
    return xr.where(seen.property == "never below one voter", line, 0.0).broadcast_like(seen)


def _exponent(ds: xr.Dataset) -> Exact:
    error = (level_rounding(ds.fan_in) + 1) * EPS / np.log(ds.fan_in)
    return Exact(np.log(ds.gain) / np.log(ds.fan_in), error, "rounding of one level")


def _ratio(ds: xr.Dataset) -> Exact:
    ratio = _noiseless(ds) / np.sqrt(ds.fan_in)
    return Exact(ratio, (level_rounding(ds.fan_in) + 2) * EPS * ratio, "rounding of one level")


def _fall(ds: xr.Dataset) -> Exact:
    """How much A/sqrt(b) falls from one fan-in to the next."""
    ratio = _ratio(ds)
    fall = (ratio.value - ratio.value.shift(fan_in=-1)).isel(fan_in=slice(0, -1))
    return Exact(fall, 2 * float(ratio.error.max()), "rounding of two levels")


def _overstated_fall(ds: xr.Dataset) -> xr.DataArray:
    # sqrt(2/pi) (1 + 1/(4b)) falls by sqrt(2/pi)/4 (1/b - 1/b'), and a twentieth more is too much.
    step = (1 / ds.fan_in - 1 / ds.fan_in.shift(fan_in=-1)).isel(fan_in=slice(0, -1))
    return 1.05 * LIMIT / 4 * step


def _ties(ds: xr.Dataset) -> Exact:
    error = (4 * ds.fan_in + level_rounding(ds.fan_in)) * EPS
    return Exact(ds.ballots, error.broadcast_like(ds.ballots), "rounding of the count and of the series")


CLAIMS = (
    Claim(
        id="synergy/C1",
        kind="identity",
        statement="f_b(u): level recursion, counted ballots, binomial sum, incomplete beta and quadrature agree with "
        "u sum_j C(2j,j) ((1-u^2)/4)^j",
        source=Source(PAPER, "eq. 17"),
        experiment=("synergy/majority-map", "synergy/interpolated-majority"),
        predict=_series,
        observe=_routes,
        comparison=Agreement(),
        decoy=Decoy("the central limit erf(u sqrt(b/2)) in place of the binomial law", _central_limit),
    ),
    Claim(
        id="synergy/C2",
        kind="equality",
        statement="f_b'(u) = A(b) (1-u^2)^((b-1)/2)",
        source=Source(PAPER, "eq. 50"),
        experiment="synergy/majority-map",
        predict=lambda ds: by_number(theory.majority_derivative, ds.fan_in, ds.bias),
        observe=_slope,
        comparison=Agreement(),
        decoy=Decoy(
            "the power b/2 in place of (b-1)/2",
            lambda ds: by_number(theory.majority_derivative, ds.fan_in, ds.bias) * np.sqrt(1 - ds.bias**2),
        ),
    ),
    Claim(
        id="synergy/C3",
        kind="equality",
        statement="A(b) = f_b'(0) = b C(b-1,(b-1)/2)/2^(b-1)",
        source=Source(PAPER, "eq. 18"),
        experiment="synergy/weak-signal-gain",
        predict=lambda ds: by_number(theory.majority_slope, ds.fan_in),
        observe=_slope_at_zero,
        comparison=Agreement(),
        decoy=Decoy(
            "sqrt(2b/pi) with four terms of its asymptotic series",
            lambda ds: by_number(theory.majority_slope_asymptotic, ds.fan_in),
        ),
    ),
    Claim(
        id="synergy/C4",
        kind="bound",
        statement="f_b is odd, increasing and concave on [0,1]; f_b(u) >= u; f_{b+2} >= f_b",
        source=Source(PAPER, "Lemma 1"),
        experiment="synergy/majority-map",
        predict=lambda ds: 0.0,
        observe=_shape,
        comparison=Bound("lower", scale=1.0),
        decoy=Decoy("f_b(u) >= u + 0.52 u (1-u^2), where 1/2 is the best constant", _overstated_shape),
    ),
    Claim(
        id="synergy/C5",
        kind="bound",
        statement="s = log_b alpha <= 1/2 for every fan-in, correlation and fidelity",
        source=Source(PAPER, "Thm 11, eqs. 38-39"),
        experiment="synergy/weak-signal-gain",
        predict=lambda ds: 0.5,
        observe=_exponent,
        comparison=Bound("upper", tight=1.25, scale=0.5),
        decoy=Decoy(
            "the limiting constant at every fan-in, A(b) <= sqrt(2b/pi)",
            lambda ds: (0.5 + np.log(LIMIT) / np.log(ds.fan_in)).broadcast_like(ds.gain),
        ),
    ),
    Claim(
        id="synergy/C5b",
        kind="ordering",
        statement="A(b)/sqrt(b) decreases with the fan-in",
        source=HERE,
        experiment="synergy/weak-signal-gain",
        predict=lambda ds: 0.0,
        observe=_fall,
        comparison=Ordering(),
        decoy=Decoy("a twentieth more than its first-order fall sqrt(2/pi)/(4b)", _overstated_fall),
    ),
    Claim(
        id="synergy/C5c",
        kind="bound",
        statement="A(b)/sqrt(b) stays above sqrt(2/pi) and comes within 0.2 percent of it",
        source=HERE,
        experiment="synergy/weak-signal-gain",
        predict=lambda ds: LIMIT,
        observe=_ratio,
        comparison=Bound("lower", tight=1.002),
        decoy=Decoy("0.8 in place of sqrt(2/pi) = 0.79788", lambda ds: 0.8),
    ),
    Claim(
        id="synergy/C6",
        kind="identity",
        statement="with fair ties f_{2j} = f_{2j-1}: an even committee gets one vote less than it pays for",
        source=HERE,
        experiment="synergy/tied-majority",
        predict=lambda ds: by_number(theory.fair_tie_majority_map, ds.fan_in, ds.bias),
        observe=_ties,
        comparison=Agreement(),
        decoy=Decoy(
            "the incomplete beta function read at even fan-in",
            lambda ds: by_number(lambda b, u: theory.majority_map_real(float(b), u), ds.fan_in, ds.bias),
        ),
    ),
)
