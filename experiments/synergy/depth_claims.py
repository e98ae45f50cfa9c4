"""What finite depth shows of the transition (3.7, 3.8): the claims."""

from __future__ import annotations

import numpy as np
import xarray as xr

from experiments.claim import Agreement, Claim, Decoy, Ordering, Sharp, Source
from experiments.estimates import rounding
from experiments.evidence import Exact
from experiments.laws import by_number, points
from experiments.synergy.cubic_law import EPS, discreteness, law_of_w, slope_weights
from theory import synergy as theory

DERIVED = Source("derived here")
# Places in the pairs and triples that the theory returns.
LOWER, UPPER, VALID = 0, 1, 2


def _far_slope(fan_in: xr.DataArray) -> xr.DataArray:
    """The rival slope constant of many voters, sqrt(2b/pi), some percent below A(b)."""
    return np.sqrt(2 * fan_in / np.pi)


def _tuned(ds: xr.Dataset) -> xr.DataArray:
    """Where the tuned correlation is one: a small tree cannot have every gain."""
    return (ds.correlation >= 0) & (ds.correlation <= 1)


def _threshold_amplitude(ds: xr.Dataset) -> Exact:
    """sqrt(L) mu_L at fixed z without the parts of its start and of the discreteness of levels, which are known."""
    gain = 1 + ds.scaled_distance / ds.depth
    _, rest, strayed = law_of_w(ds.root_bias, ds.fan_in, ds.fidelity, gain, "level")
    rest, strayed = (array.sel(level=ds.depth.astype(float), drop=True) for array in (rest, strayed))
    per_level = discreteness(gain, ds.depth) * rest / ds.depth
    value = per_level**-0.5
    error = value * ((1 - strayed / rest) ** -0.5 - 1)
    because = "bound on all terms beyond the cubic one, from the trajectory; rounding"
    return Exact(points(value, _tuned(ds)), points(error, _tuned(ds)), because)


def _at_critical(ds: xr.Dataset) -> xr.Dataset:
    return ds.sel(scaled_distance=0.0, depth=ds.depth[ds.depth >= 300])


def _off_critical(ds: xr.Dataset) -> xr.Dataset:
    """From depth 300 on, where the terms beyond the cubic one weigh a few percent at most."""
    return ds.sel(scaled_distance=ds.scaled_distance[ds.scaled_distance != 0], depth=ds.depth[ds.depth >= 300])


def _critical_amplitude(ds: xr.Dataset) -> xr.DataArray:
    law = by_number(theory.critical_amplitude, ds.fan_in, ds.correlation, ds.fidelity)
    return points(ds.correlation.copy(data=law.transpose(*ds.correlation.dims).values), _tuned(ds))


def _collapse(ds: xr.Dataset, scaling) -> xr.DataArray:
    cubic = by_number(theory.cubic_coefficient, ds.fan_in, ds.correlation, ds.fidelity)
    z = ds.scaled_distance
    curve = z.copy(data=np.asarray(scaling(z.values)))
    law = (curve / np.sqrt(cubic)).transpose(*ds.correlation.dims)
    return points(ds.correlation.copy(data=law.values), _tuned(ds))


def _half_rate(z):
    """sqrt(z/(1 - e^{-z})): relaxation at the rate of mu where that of mu^2 is twice as fast."""
    return np.sqrt(2) * theory.finite_depth_scaling(z / 2)


def _deviation(ds: xr.Dataset) -> xr.DataArray:
    """|mu_L sqrt(kappa3 L)/scaling - 1| of the bare trajectories."""
    cubic = by_number(theory.cubic_coefficient, ds.fan_in, ds.correlation, ds.fidelity)
    biases = ds.root_bias.sel(level=ds.depth.astype(float), drop=True)
    curve = ds.scaled_distance.copy(data=np.asarray(theory.finite_depth_scaling(ds.scaled_distance.values)))
    return abs(biases * np.sqrt(cubic * ds.depth) / curve - 1)


def _deep(ds: xr.Dataset) -> xr.Dataset:
    """The depths at which every tuned correlation exists, and the z where the two signs of deviation do not meet."""
    kept = ds.scaled_distance[abs(ds.scaled_distance) >= 1]
    return ds.sel(depth=ds.depth[ds.depth >= 100], scaled_distance=kept[kept != 2])


def _gained(ds: xr.Dataset) -> xr.DataArray:
    deviation = _deviation(_deep(ds))
    # Each is named after the shallower of its two depths.
    return deviation.isel(depth=slice(None, -1)) - deviation.shift(depth=-1).isel(depth=slice(None, -1))


def _overstated_gain(ds: xr.Dataset) -> xr.DataArray:
    deviation = _deviation(_deep(ds))
    ratio = deviation.depth / deviation.depth.shift(depth=-1)
    return (deviation * (1 - ratio**2)).isel(depth=slice(None, -1))


def _log_slope(ds: xr.Dataset) -> Exact:
    """d log mu_L/d rho over twice its proven weight: what each level adds in the limit."""
    ds = _at_critical(ds).isel(depth=-1)
    low, high = slope_weights(ds.root_bias, ds.fan_in, ds.fidelity, "level")
    ends = [ds.log_slope / (2 * weight.where(weight.level > 0, 1.0)) for weight in (low, high)]
    ends = [end.sel(level=[1000.0, 3000.0]) for end in ends]
    value = sum(ends) / 2
    # Both the slope and the weights are sums of positive terms over the levels.
    error = abs(ends[0] - ends[1]) / 2 + 4 * (ds.fan_in + 8) * value.level * EPS * abs(value)
    return Exact(value, error, "bound on all terms beyond the cubic one, from the trajectory; rounding")


def _slope_per_level(ds: xr.Dataset) -> xr.DataArray:
    return by_number(theory.log_slope_at_threshold, ds.fan_in, ds.fidelity, 1.0)


def _fig_11(ds: xr.Dataset) -> xr.Dataset:
    """Where the finite-depth law is claimed: around the threshold, from the leaf of v1 Fig. 11."""
    near = ds.correlation[(ds.correlation >= 0.15) & (ds.correlation <= 0.35)]
    return ds.sel(initial_bias=0.05, correlation=near)


def _at_thirty(ds: xr.Dataset) -> Exact:
    ds, depth = _fig_11(ds), 30.0
    _, rest, strayed = law_of_w(ds.root_bias, ds.fan_in, ds.fidelity, ds.gain, "depth")
    rest, strayed = (array.sel(depth=depth) for array in (rest, strayed))
    start = ds.initial_bias**-2.0 * np.exp(-2 * (ds.gain - 1) * depth)
    factor = discreteness(ds.gain, xr.DataArray(depth))
    value = ds.root_bias.sel(depth=depth)
    ends = [(start + (rest + sign * strayed) * factor) ** -0.5 for sign in (-1, 1)]
    error = np.maximum(abs(ends[0] - value), abs(ends[1] - value))
    return Exact(value, error, "bound on the terms that the finite-depth law drops, from the trajectory; rounding")


def _sharp_transition(ds: xr.Dataset) -> xr.DataArray:
    ds = _fig_11(ds)
    return by_number(theory.fixed_point, ds.fan_in, ds.correlation, ds.fidelity)


def _crossover(ds: xr.Dataset, depth: float) -> xr.DataArray:
    ds = _fig_11(ds)
    return by_number(theory.near_critical_bias, ds.fan_in, ds.correlation, ds.fidelity, ds.initial_bias, depth)


CLAIMS = (
    Claim(
        id="synergy/C15",
        kind="rate",
        statement="on the critical line alpha = 1 the bias decays as L^(-1/2), sqrt(L) mu_L -> 1/sqrt(2 kappa3)",
        source=DERIVED,
        experiment="synergy/near-threshold",
        predict=lambda ds: _critical_amplitude(_at_critical(ds)),
        observe=lambda ds: _threshold_amplitude(_at_critical(ds)),
        comparison=Agreement(resolution=0.05, relative=True),
        decoy=Decoy(
            "kappa3 without its factor 1 - rho",
            lambda ds: (
                _critical_amplitude(_at_critical(ds))
                * np.sqrt(1 - points(_at_critical(ds).correlation, _tuned(_at_critical(ds))))
            ),
        ),
    ),
    Claim(
        id="synergy/C16",
        kind="equality",
        statement="at fixed z = (alpha - 1) L, mu_L sqrt(kappa3 L) -> sqrt(z/(1 - e^(-2z))) on both sides of threshold",
        source=DERIVED,
        experiment="synergy/near-threshold",
        predict=lambda ds: _collapse(_off_critical(ds), theory.finite_depth_scaling),
        observe=lambda ds: _threshold_amplitude(_off_critical(ds)),
        comparison=Agreement(resolution=0.1, relative=True),
        decoy=Decoy("relaxation of mu^2 at rate z in place of 2z", lambda ds: _collapse(_off_critical(ds), _half_rate)),
    ),
    Claim(
        id="synergy/C16-approach",
        kind="ordering",
        statement="the bare mu_L sqrt(kappa3 L) comes closer to its scaling function with every further depth",
        source=DERIVED,
        experiment="synergy/near-threshold",
        predict=lambda ds: 0.0,
        observe=lambda ds: rounding(_gained(ds), 8 * 3000, scale=1.0),
        comparison=Ordering(),
        decoy=Decoy("a deviation that falls as 1/L^2", _overstated_gain),
    ),
    Claim(
        id="synergy/C17",
        kind="rate",
        statement="at rho_c the transition sharpens linearly: (1/L) d log mu_L/d rho -> -gamma (A - 1)/2, the rest "
        "growing only as log L",
        source=DERIVED,
        experiment="synergy/near-threshold",
        predict=_slope_per_level,
        observe=_log_slope,
        comparison=Agreement(resolution=0.05, relative=True),
        decoy=Decoy(
            "the slope constant of many voters, sqrt(2b/pi)",
            lambda ds: -ds.fidelity * (_far_slope(ds.fan_in) - 1) / 2,
        ),
    ),
    Claim(
        id="synergy/D11",
        kind="equality",
        statement="at depth 30 the transition is sharp: the bias is at mu* for rho < rho_c and at 0 above",
        source=Source("2601.17311v1", "Fig. 11 read with Thm 4"),
        experiment="synergy/finite-size",
        predict=_sharp_transition,
        observe=_at_thirty,
        comparison=Agreement(),
        decoy=Decoy("relaxation at half the rate", lambda ds: _crossover(ds, 15.0)),
        sharp=Sharp(
            "depth 30 is a smooth crossover, 1/mu_L^2 = e^(-2z)/mu_0^2 + kappa3 L (1 - e^(-2z))/z, z = (alpha - 1) L",
            lambda ds: _crossover(ds, 30.0),
        ),
    ),
)
