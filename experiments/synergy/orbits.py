"""What long orbits of the recursion prove about their limit, as cells compute it and as claims read it.

One level is an increasing map that is concave on [0, 1] and fixes 0. So orbits are monotone; every orbit from a start
in [FAINT, 1] stays between those from the two ends; and an orbit that rises has its limit above it, one that falls
below it. `long_run` stores the enclosure of the limit that follows, however many levels were run.

Rounding. One evaluated level errs by at most `level_rounding` eps of its value: y = (1-v)(1+v) carries 1.5 eps, so
Horner's rule with positive coefficients (b + 0.5) eps / 2 + 0.75 (b-1) eps, the mixture 3 more roundings. A concave
map with T(0) = 0 does not magnify relative errors, which gives L levels at most L of them; and an orbit of T + delta
stays on its side of the fixed point of T + delta, which lies within delta/(1 - T') of that of T. Both bounds hold, the
smaller one is used.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Float

from dynamics import synergy as dynamics
from experiments.evidence import Bracket
from experiments.laws import by_number
from experiments.synergy import quantities as q

EPS = float(np.finfo(float).eps)
FAINT = 1e-3
# Parameters of a sweep that the limit does not depend on, and that would only clutter a verdict's place.
ASIDE = ("initial_bias", "depth", "horizon")
ENCLOSURE = {
    "limit_low": q.LIMIT_LOW,
    "limit_high": q.LIMIT_HIGH,
    "slope_low": q.SLOPE_LOW,
    "slope_high": q.SLOPE_HIGH,
    "gain": q.GAIN,
}


def level_rounding(fan_in):
    """Relative error of one evaluated level, in eps."""
    return 1.25 * fan_in + 3


def slope_at(
    fan_in: int, correlation: Float[Array, ""], fidelity: Float[Array, ""], bias: Float[Array, ""] | float
) -> Float[Array, ""]:
    """Slope of the simulator's own level map at a bias, by forward differentiation."""
    step = partial(dynamics.level_map, fan_in, correlation, fidelity)
    bias = jnp.asarray(bias, jnp.result_type(float, correlation, fidelity))
    return jax.jvp(step, (bias,), (jnp.ones_like(bias),))[1]


def long_run(
    fan_in: int, correlation: Float[Array, ""], fidelity: Float[Array, ""], horizon: int
) -> dict[str, Float[Array, ""]]:
    """The outputs of `ENCLOSURE`, after `horizon` levels from a faint and from a perfect start."""
    starts = jnp.asarray([FAINT, 1.0], jnp.result_type(float, correlation, fidelity))
    low, high = dynamics.final_bias(fan_in, correlation, fidelity, starts, horizon)
    first = dynamics.level_map(fan_in, correlation, fidelity, starts[0])
    rises = first > starts[0] * (1 + level_rounding(fan_in) * jnp.finfo(starts.dtype).eps)
    low = jnp.where(rises, low, 0.0)
    slope = partial(slope_at, fan_in, correlation, fidelity)
    return {
        "limit_low": low,
        "limit_high": high,
        "slope_low": slope(low),
        "slope_high": slope(high),
        "gain": slope(0.0),
    }


def limit_rounding(ds: xr.Dataset) -> xr.DataArray:
    """How far rounding may have moved the enclosure of the limit."""
    level = level_rounding(ds.fan_in) * EPS * ds.limit_high
    room = 1 - ds.slope_low
    return np.minimum(ds.horizon * level, xr.where(room > 0, level / np.maximum(room, EPS), np.inf))


def limit(ds: xr.Dataset) -> Bracket:
    """The common limit of all orbits started in [FAINT, 1], as `long_run` encloses it."""
    margin = limit_rounding(ds)
    because = "monotone orbits from both ends enclose it; rounding of every level added"
    low, high = (end.drop_vars(ASIDE, errors="ignore") for end in (ds.limit_low - margin, ds.limit_high + margin))
    return Bracket(low, high, because)


def slope_rounding(ds: xr.Dataset) -> xr.DataArray:
    """How far rounding may have moved a slope: of its sum, whose terms add up to 2 alpha, and by the place it is at."""
    # |T''| <= alpha (b - 1) on [0, 1].
    return ds.gain * (2 * level_rounding(ds.fan_in) * EPS + (ds.fan_in - 1) * limit_rounding(ds))


def slope_at_limit(ds: xr.Dataset) -> Bracket:
    """T' at the common limit: it falls with the bias, so its values at the two ends enclose it."""
    margin = slope_rounding(ds)
    because = "T' falls between the two ends of the limit's enclosure; rounding added"
    return Bracket(ds.slope_high - margin, ds.slope_low + margin, because)


def at_system(law: Callable, ds: xr.Dataset) -> xr.DataArray:
    """`law(fan_in, correlation, fidelity)` at every point of a dataset."""
    return by_number(law, ds.fan_in, ds.correlation, ds.fidelity)
