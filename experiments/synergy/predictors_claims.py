"""Which closed formulas bound the bias, on which side and how closely: the claims."""

from __future__ import annotations

import math

import numpy as np
import xarray as xr

from experiments.claim import Bound, Claim, Decoy, Sharp, Source
from experiments.evidence import Exact
from experiments.laws import by_number, points
from experiments.synergy.cubic_law import EPS
from theory import synergy as theory

PREDICTOR = Source("2601.17311", "eq. 27")


def _climbing(ds: xr.Dataset) -> xr.DataArray:
    return ds.root_bias.sel(depth=slice(1, None))


def _everywhere(ds: xr.Dataset) -> xr.DataArray:
    return xr.ones_like(_climbing(ds), bool)


def _valid(ds: xr.Dataset) -> xr.DataArray:
    """Where the quadrature predictor is a lower bound: correlations up to rho_H(b)."""
    limits = [float(theory.quadrature_validity_limit(int(b))) for b in ds.fan_in.values]
    valid = ds.correlation <= ds.fan_in.copy(data=limits)
    return valid.broadcast_like(_climbing(ds)).transpose(*_climbing(ds).dims)


def _biases(ds: xr.Dataset, where=_everywhere) -> Exact:
    value = points(_climbing(ds), where(ds))
    # One relative error for all points, so that a refutation is told at the point of the largest ratio.
    errors = (float(ds.fan_in.max()) + 8) * (value.depth.max() + 2 / float((ds.gain - 1).min()))
    because = "rounding errors of float64, b + 8 a level, and 1/(alpha - 1) times as many in mu*"
    return Exact(value, float(errors) * EPS * value, because)


def _on_points(ds: xr.Dataset, values: xr.DataArray, where=_everywhere) -> xr.DataArray:
    """Predicted values on the observed points, under their coordinates."""
    observed = _climbing(ds)
    values = values.broadcast_like(observed.reset_coords(drop=True)).transpose(*observed.dims)
    return points(observed.copy(data=values.values), where(ds))


def _law(ds: xr.Dataset, law) -> xr.DataArray:
    depth = _climbing(ds).depth
    return by_number(law, ds.fan_in, ds.correlation, ds.fidelity, ds.initial_bias, depth)


def _of_system(ds: xr.Dataset, law) -> xr.DataArray:
    return by_number(law, ds.fan_in, ds.correlation, ds.fidelity)


def _clipped(ds: xr.Dataset) -> xr.DataArray:
    return _law(ds, theory.clipped_predictor)


def _clipped_at_leading_order(ds: xr.Dataset) -> xr.DataArray:
    """The clipped predictor with mu* by its leading law near threshold."""
    return np.minimum(_of_system(ds, theory.near_threshold_fixed_point), _law(ds, theory.small_signal_upper_bound))


def _added_in_fourth_powers(ds: xr.Dataset) -> xr.DataArray:
    """The quadrature predictor with fourth powers in place of squares."""
    grown = _law(ds, theory.small_signal_upper_bound)
    rest, start = (array.reset_coords(drop=True) for array in (ds.resting_bias, ds.initial_bias))
    return (1 + (rest / grown) ** 4 - (start / grown) ** 4) ** -0.25 * rest


CLAIMS = (
    Claim(
        id="synergy/C22",
        kind="bound",
        statement="from mu_0 <= mu* the clipped predictor min(mu*, mu_0 alpha^L) is never below the bias",
        source=PREDICTOR,
        experiment="synergy/predictor-scan",
        predict=lambda ds: _on_points(ds, _clipped(ds)),
        observe=_biases,
        comparison=Bound("upper"),
        decoy=Decoy("mu* by its leading law near threshold", lambda ds: _on_points(ds, _clipped_at_leading_order(ds))),
    ),
    Claim(
        id="synergy/C22-lower",
        kind="bound",
        statement="for rho <= rho_H(b) the quadrature predictor "
        "(alpha^(-2L)/mu_0^2 + (1 - alpha^(-2L))/mu*^2)^(-1/2) is never above the bias",
        source=Source("derived here"),
        experiment="synergy/predictor-scan",
        predict=lambda ds: _on_points(ds, _law(ds, theory.quadrature_predictor), _valid),
        observe=lambda ds: _biases(ds, _valid),
        comparison=Bound("lower"),
        decoy=Decoy(
            "fourth powers in place of squares", lambda ds: _on_points(ds, _added_in_fourth_powers(ds), _valid)
        ),
    ),
    Claim(
        id="synergy/C22-ratio",
        kind="bound",
        statement="for rho <= rho_H(b) the clipped predictor is within a factor sqrt 2 of the bias",
        source=Source("derived here"),
        experiment="synergy/predictor-scan",
        predict=lambda ds: _on_points(ds, _clipped(ds) / math.sqrt(2), _valid),
        observe=lambda ds: _biases(ds, _valid),
        comparison=Bound("lower"),
        decoy=Decoy("a factor 4/3", lambda ds: _on_points(ds, _clipped(ds) * 0.75, _valid)),
    ),
    Claim(
        id="synergy/C23",
        kind="bound",
        statement="the clipped predictor stays accurate from growth to saturation: nowhere off by more than the factor "
        "sqrt 2 that it loses near threshold",
        source=Source("2601.17311", "abstract and eq. 27"),
        experiment="synergy/predictor-scan",
        predict=lambda ds: _on_points(ds, _clipped(ds) / math.sqrt(2)),
        observe=_biases,
        comparison=Bound("lower"),
        decoy=Decoy("a factor 4/3", lambda ds: _on_points(ds, _clipped(ds) * 0.75)),
        sharp=Sharp(
            "it is above the bias by up to prod_j alpha u_j/T(u_j), u_j = mu* alpha^(-j): sqrt(e) near threshold, more "
            "without bound as fan-in and correlation grow",
            lambda ds: _on_points(ds, _clipped(ds) / _of_system(ds, theory.clipped_excess_bound)),
        ),
    ),
)
