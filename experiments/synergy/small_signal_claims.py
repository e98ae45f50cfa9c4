"""Growth of small signals and its explicit bounds (4.1): the claims."""

from __future__ import annotations

import numpy as np
import xarray as xr

from experiments.claim import Bound, Claim, Decoy, Source
from experiments.evidence import Exact
from experiments.laws import by_number, points
from experiments.synergy.cubic_law import EPS
from theory import synergy as theory

DERIVED = Source("derived here")
# Places in the pairs and triples that the theory returns.
LOWER, UPPER, VALID = 0, 1, 2


def _far_slope(fan_in: xr.DataArray) -> xr.DataArray:
    """The rival slope constant of many voters, sqrt(2b/pi), some percent below A(b)."""
    return np.sqrt(2 * fan_in / np.pi)


def _climbing(ds: xr.Dataset) -> xr.DataArray:
    return ds.root_bias.sel(depth=slice(1, None))


def _rounded(value: xr.DataArray, fan_in: xr.DataArray) -> Exact:
    """Errors of a level add up at most, because u T'(u)/T(u) <= 1; Horner's rule costs b + 8 of them."""
    error = (fan_in + 8) * (value.depth + 1) * EPS * abs(value)
    return Exact(value, error, "b + 8 rounding errors of float64 a level")


def _law(ds: xr.Dataset, law) -> xr.DataArray:
    found = by_number(law, ds.fan_in, ds.correlation, ds.fidelity, ds.initial_bias, _climbing(ds).depth)
    return _climbing(ds).copy(data=found.transpose(*ds.root_bias.dims).values)


def _whole_growth(ds: xr.Dataset) -> xr.DataArray:
    return _law(ds, theory.small_signal_upper_bound)


def _weak_growth(ds: xr.Dataset) -> xr.DataArray:
    gain = ds.fidelity * (ds.correlation + (1 - ds.correlation) * _far_slope(ds.fan_in))
    return (ds.initial_bias * gain ** _climbing(ds).depth).transpose(*ds.root_bias.dims)


def _product(ds: xr.Dataset) -> xr.DataArray:
    return _law(ds, theory.small_signal_lower_bound)


def _last_loss(fan_in, correlation, fidelity, initial_bias, depth):
    """The lower bound with the losses of all levels but the last dropped."""
    gain = theory.effective_gain(fan_in, correlation, fidelity)
    before = initial_bias * gain ** (depth - 1)
    return gain * before * (1 - theory.cubic_coefficient(fan_in, correlation, fidelity) / gain * before**2)


def _spread(array: xr.DataArray, ds: xr.Dataset) -> xr.DataArray:
    return xr.broadcast(array, _climbing(ds))[0].transpose(*ds.root_bias.dims)


def _saying_something(ds: xr.Dataset) -> xr.DataArray:
    return _product(ds) > 0


LOSSES = xr.DataArray([0.05, 0.2, 0.5], coords={"loss": [0.05, 0.2, 0.5]}, dims="loss")


def _band(ds: xr.Dataset, part: int) -> xr.DataArray:
    depth = _climbing(ds).depth
    arguments = (ds.correlation, ds.fidelity, ds.initial_bias, depth, LOSSES)
    return by_number(theory.small_signal_band, ds.fan_in, *arguments)[part]


def _in_band(ds: xr.Dataset, values: xr.DataArray) -> xr.DataArray:
    shape = xr.broadcast(_climbing(ds), LOSSES)[0]
    valid = _band(ds, VALID).transpose(*shape.dims).values > 0
    values = xr.broadcast(values.reset_coords(drop=True), shape.reset_coords(drop=True))[0].transpose(*shape.dims)
    return points(shape.copy(data=values.values), shape.copy(data=valid))


CLAIMS = (
    Claim(
        id="synergy/C18",
        kind="bound",
        statement="the bias never outgrows its linear gain, mu_L <= mu_0 alpha^L",
        source=Source("2601.17311", "eq. 24"),
        experiment="synergy/small-signal",
        predict=_whole_growth,
        observe=lambda ds: _rounded(_climbing(ds), ds.fan_in),
        comparison=Bound("upper"),
        decoy=Decoy("the gain with the slope constant of many voters, sqrt(2b/pi)", _weak_growth),
    ),
    Claim(
        id="synergy/C18-lower",
        kind="bound",
        statement="mu_L >= mu_0 alpha^L [1 - (kappa3/alpha) mu_0^2 (alpha^(2L) - 1)/(alpha^2 - 1)] where "
        "that is positive",
        source=DERIVED,
        experiment="synergy/small-signal",
        predict=lambda ds: points(_product(ds), _saying_something(ds)),
        observe=lambda ds: _rounded(
            points(_climbing(ds), _saying_something(ds)), points(_spread(ds.fan_in, ds), _saying_something(ds))
        ),
        comparison=Bound("lower"),
        decoy=Decoy("the loss of the last level alone", lambda ds: points(_law(ds, _last_loss), _saying_something(ds))),
    ),
    Claim(
        id="synergy/C18-band",
        kind="bound",
        statement="while mu_0 alpha^L <= sqrt(eta alpha/kappa3), mu_L >= (1 - eta)^L mu_0 alpha^L",
        source=Source("2601.17311", "Thm 5, eqs. 25-26; its delta(eta) made explicit"),
        experiment="synergy/small-signal",
        predict=lambda ds: _in_band(ds, _band(ds, LOWER)),
        observe=lambda ds: _rounded(_in_band(ds, _climbing(ds)), _in_band(ds, ds.fan_in)),
        comparison=Bound("lower"),
        decoy=Decoy(
            "the loss counted once and not at every level",
            lambda ds: _in_band(ds, _band(ds, UPPER) * (1 - LOSSES)),
        ),
    ),
)
