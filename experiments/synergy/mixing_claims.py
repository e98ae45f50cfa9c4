"""How deep a tree must be to come near its fixed point (4.3): the claims."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from experiments import codes
from experiments.claim import Agreement, Bound, Claim, Decoy, Source
from experiments.evidence import Bracket
from experiments.laws import by_number, points
from experiments.synergy.cubic_law import EPS
from theory import synergy as theory

DERIVED = Source("derived here")
# Places in the pairs and triples that the theory returns.
LOWER, UPPER, VALID = 0, 1, 2


def _far_slope(fan_in: xr.DataArray) -> xr.DataArray:
    """The rival slope constant of many voters, sqrt(2b/pi), some percent below A(b)."""
    return np.sqrt(2 * fan_in / np.pi)


def _climbed(ds: xr.Dataset) -> xr.DataArray:
    return (ds.code == codes.OK) & (ds.resting_bias > 0) & (ds.fewest_levels > 0)


def _mixing_depth(ds: xr.Dataset) -> Bracket:
    ends = (points(ds[name].astype(float), _climbed(ds)) for name in ("fewest_levels", "most_levels"))
    return Bracket(*ends, "rounding of trajectory and target, inside a band of 1e-9 around the target")


def _system(ds: xr.Dataset, law) -> xr.DataArray:
    """A law of fan-in, correlation and fidelity on the whole design."""
    return by_number(law, ds.fan_in, ds.correlation, ds.fidelity).transpose(*ds.resting_bias.dims)


def _mixing_bound(ds: xr.Dataset, side: int) -> xr.DataArray:
    start, shortfall = ds.initial_bias_used.reset_coords(drop=True), 10.0**ds.log_shortfall
    bounds = by_number(theory.mixing_depth_bounds, ds.fan_in, ds.correlation, ds.fidelity, start, shortfall)
    found = bounds[side].transpose(*ds.resting_bias.dims)
    return points(ds.resting_bias.copy(data=found.values), _climbed(ds))


def _from_gains(ds: xr.Dataset, depth) -> xr.DataArray:
    """A rival depth from mu*, alpha, r1, mu_0 and eps."""
    gain, half_way = (
        ds.resting_bias.copy(data=_system(ds, law).values) for law in (theory.effective_gain, theory.half_way_gain)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        found = depth(ds.resting_bias, gain, half_way, ds.initial_bias_used, 10.0**ds.log_shortfall)
    return points(found.transpose(*ds.resting_bias.dims), _climbed(ds))


def _fast_start(rest, gain, half_way, initial_bias, shortfall):
    """The upper bound with the full gain alpha in place of r1 up to half of mu*."""
    rise = np.ceil(np.maximum(np.log(rest / (2 * initial_bias)), 0) / np.log(gain))
    return rise + np.ceil(np.maximum(-np.log(2 * shortfall), 0) / -np.log(2 - half_way))


def _slow_growth(rest, gain, half_way, initial_bias, shortfall):
    """The lower bound with r1 in place of alpha."""
    del gain
    return np.ceil(np.log((1 - shortfall) * rest / initial_bias) / np.log(half_way))


def _scaled_mixing_depth(ds: xr.Dataset) -> Bracket:
    """(alpha - 1) L_mix, from both sides of its limit.

    T(u)/u is convex in v = (u/mu*)^2 and runs from alpha to 1 with end slope -m, 2 m = 1 - T'(mu*), so
    1 + m (1 - v) <= T(u)/u <= 1 + delta (1 - v). Each level then adds between 2 m (1 - m/2) and
    2 delta (1 + delta/2)/(1 - 2 delta - delta^2) to logit v. Needs delta < 0.4.
    """
    ds = _just_above(ds)
    excess, half = ds.gain_excess, (1 - ds.contraction) / 2
    low = (ds.fewest_levels - 1) * half * (1 - half / 2)
    high = ds.most_levels * excess * (1 + excess / 2) / (1 - 2 * excess - excess**2)
    # The contraction inherits the relative error of the resting bias.
    slack = 1e-9
    return Bracket(low * (1 - slack), high * (1 + slack), "convexity of T(u)/u in u^2, with the measured end slopes")


def _just_above(ds):
    return ds.sel(gain_excess=ds.gain_excess[ds.gain_excess <= 0.01])


def _scaled_law(ds: xr.Dataset, law) -> xr.DataArray:
    rest = ds.resting_bias.copy(data=_system(ds, theory.fixed_point).values)
    shortfall = ds.shortfall.broadcast_like(rest).transpose(*rest.dims)
    return _just_above(rest.copy(data=np.asarray(jax.jit(law)(float(ds.initial_bias) / rest.values, shortfall.values))))


def _loose_target(share, shortfall):
    """The law with the shortfall counted in mu^2 where it is one of mu."""
    return theory.mixing_depth_scaling(share, 1 - jnp.sqrt(1 - shortfall))


def _near_rest(ds: xr.Dataset) -> xr.DataArray:
    """Within 1e-5 of the resting bias, and not so close that its own rounding shows."""
    distance = 1 - ds.bias_there / ds.resting_bias
    return _climbed(ds) & (distance < 1e-5) & (distance > 1e-9)


def _contraction(ds: xr.Dataset) -> Bracket:
    """The ratio of two distances to mu* is T' somewhere between, so T'(mu*) is below by at most max |T''| distance."""
    left, right = ds.resting_bias - ds.bias_there, ds.resting_bias - ds.bias_after
    ratio, b = right / left, ds.fan_in
    bend = ds.fidelity**3 * np.sqrt(b) * (b - 1) * ds.resting_bias
    bend = bend * (1 - (ds.fidelity * ds.bias_there) ** 2) ** ((b - 3) / 2)
    slack = 4 * (b + 8) * EPS * ds.resting_bias / left
    low, high = (
        points(end.transpose(*ds.resting_bias.dims), _near_rest(ds))
        for end in (ratio - bend * left - slack, ratio + slack)
    )
    return Bracket(low, high, "the second derivative over the last distance; rounding of the two distances")


def _contraction_law(ds: xr.Dataset, law: xr.DataArray) -> xr.DataArray:
    return points(ds.resting_bias.copy(data=law.values), _near_rest(ds))


CLAIMS = (
    Claim(
        id="synergy/C19",
        kind="bound",
        statement="the mixing depth is at most ceil(log(mu*/(2 mu_0))_+/log r1) + "
        "ceil(log(1/(2 eps))_+/log(1/(2 - r1))), with r1 the growth of a level from mu*/2",
        source=Source("2601.17311", "Thm 6, its two phases made explicit"),
        experiment="synergy/mixing",
        predict=lambda ds: _mixing_bound(ds, UPPER),
        observe=_mixing_depth,
        comparison=Bound("upper"),
        decoy=Decoy("the full gain up to half of mu*", lambda ds: _from_gains(ds, _fast_start)),
    ),
    Claim(
        id="synergy/C19-lower",
        kind="bound",
        statement="the mixing depth is at least ceil(log((1 - eps) mu*/mu_0)/log alpha)",
        source=DERIVED,
        experiment="synergy/mixing",
        predict=lambda ds: _mixing_bound(ds, LOWER),
        observe=_mixing_depth,
        comparison=Bound("lower"),
        decoy=Decoy("the half-way gain r1 in place of alpha", lambda ds: _from_gains(ds, _slow_growth)),
    ),
    Claim(
        id="synergy/C20",
        kind="rate",
        statement="just above threshold the mixing depth grows as 1/(alpha - 1): (alpha - 1) L_mix -> "
        "[logit (1 - eps)^2 - logit (mu_0/mu*)^2]/2",
        source=DERIVED,
        experiment="synergy/mixing-near-threshold",
        predict=lambda ds: _scaled_law(ds, theory.mixing_depth_scaling),
        observe=_scaled_mixing_depth,
        comparison=Agreement(resolution=0.05, relative=True),
        decoy=Decoy("the shortfall counted in mu^2", lambda ds: _scaled_law(ds, _loose_target)),
    ),
    Claim(
        id="synergy/C21",
        kind="rate",
        statement="close to the fixed point every level shrinks the distance by T'(mu*)",
        source=DERIVED,
        experiment="synergy/mixing",
        predict=lambda ds: _contraction_law(ds, _system(ds, theory.slope_at_fixed_point)),
        observe=_contraction,
        comparison=Agreement(),
        decoy=Decoy(
            "2 - r1, the factor of the explicit bound",
            lambda ds: _contraction_law(ds, 2 - _system(ds, theory.half_way_gain)),
        ),
    ),
)
