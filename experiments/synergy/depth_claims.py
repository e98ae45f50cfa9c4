"""What finite depth shows of the transition, small signals, and how deep a tree must be: the claims."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from experiments import codes
from experiments.claim import Agreement, Bound, Claim, Decoy, Ordering, Sharp, Source
from experiments.estimates import rounding
from experiments.evidence import Bracket, Exact
from experiments.synergy.cubic_law import EPS, discreteness, law_of_w, slope_weights
from experiments.synergy.elementwise import by_fan_in, points
from theory import synergy as theory

DERIVED = Source("derived here")
# Places in the pairs and triples that the theory returns.
LOWER, UPPER, VALID = 0, 1, 2


def _far_slope(fan_in: xr.DataArray) -> xr.DataArray:
    """The rival slope constant of many voters, sqrt(2b/pi), some percent below A(b)."""
    return np.sqrt(2 * fan_in / np.pi)


# ---- near threshold


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
    law = by_fan_in(theory.critical_amplitude, ds.fan_in, ds.correlation, ds.fidelity)
    return points(ds.correlation.copy(data=law.transpose(*ds.correlation.dims).values), _tuned(ds))


def _collapse(ds: xr.Dataset, scaling) -> xr.DataArray:
    cubic = by_fan_in(theory.cubic_coefficient, ds.fan_in, ds.correlation, ds.fidelity)
    z = ds.scaled_distance
    curve = z.copy(data=np.asarray(scaling(z.values)))
    law = (curve / np.sqrt(cubic)).transpose(*ds.correlation.dims)
    return points(ds.correlation.copy(data=law.values), _tuned(ds))


def _half_rate(z):
    """sqrt(z/(1 - e^{-z})): relaxation at the rate of mu where that of mu^2 is twice as fast."""
    return np.sqrt(2) * theory.finite_depth_scaling(z / 2)


def _deviation(ds: xr.Dataset) -> xr.DataArray:
    """|mu_L sqrt(kappa3 L)/scaling - 1| of the bare trajectories."""
    cubic = by_fan_in(theory.cubic_coefficient, ds.fan_in, ds.correlation, ds.fidelity)
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
    return by_fan_in(theory.log_slope_at_threshold, ds.fan_in, ds.fidelity, 1.0)


# ---- depth 30


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
    return by_fan_in(theory.fixed_point, ds.fan_in, ds.correlation, ds.fidelity)


def _crossover(ds: xr.Dataset, depth: float) -> xr.DataArray:
    ds = _fig_11(ds)
    return by_fan_in(theory.near_critical_bias, ds.fan_in, ds.correlation, ds.fidelity, ds.initial_bias, depth)


# ---- small signals


def _climbing(ds: xr.Dataset) -> xr.DataArray:
    return ds.root_bias.sel(depth=slice(1, None))


def _rounded(value: xr.DataArray, fan_in: xr.DataArray) -> Exact:
    """Errors of a level add up at most, because u T'(u)/T(u) <= 1; Horner's rule costs b + 8 of them."""
    error = (fan_in + 8) * (value.depth + 1) * EPS * abs(value)
    return Exact(value, error, "b + 8 rounding errors of float64 a level")


def _law(ds: xr.Dataset, law) -> xr.DataArray:
    found = by_fan_in(law, ds.fan_in, ds.correlation, ds.fidelity, ds.initial_bias, _climbing(ds).depth)
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
    return by_fan_in(theory.small_signal_band, ds.fan_in, *arguments)[part]


def _in_band(ds: xr.Dataset, values: xr.DataArray) -> xr.DataArray:
    shape = xr.broadcast(_climbing(ds), LOSSES)[0]
    valid = _band(ds, VALID).transpose(*shape.dims).values > 0
    values = xr.broadcast(values.reset_coords(drop=True), shape.reset_coords(drop=True))[0].transpose(*shape.dims)
    return points(shape.copy(data=values.values), shape.copy(data=valid))


# ---- mixing


def _climbed(ds: xr.Dataset) -> xr.DataArray:
    return (ds.code == codes.OK) & (ds.resting_bias > 0) & (ds.fewest_levels > 0)


def _mixing_depth(ds: xr.Dataset) -> Bracket:
    ends = (points(ds[name].astype(float), _climbed(ds)) for name in ("fewest_levels", "most_levels"))
    return Bracket(*ends, "rounding of trajectory and target, inside a band of 1e-9 around the target")


def _system(ds: xr.Dataset, law) -> xr.DataArray:
    """A law of fan-in, correlation and fidelity on the whole design."""
    return by_fan_in(law, ds.fan_in, ds.correlation, ds.fidelity).transpose(*ds.resting_bias.dims)


def _mixing_bound(ds: xr.Dataset, side: int) -> xr.DataArray:
    start, shortfall = ds.initial_bias_used.reset_coords(drop=True), 10.0**ds.log_shortfall
    bounds = by_fan_in(theory.mixing_depth_bounds, ds.fan_in, ds.correlation, ds.fidelity, start, shortfall)
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
