"""What a finite tree shows of the transition: critical decay, the scaling function around it,
small-signal bands.

Near threshold 1/mu^2 obeys the logistic law d(1/mu^2)/dL = -2 (alpha - 1)/mu^2 + 2 kappa3, whose solution
    1/mu_L^2 = e^{-2z}/mu_0^2 + kappa3 L (1 - e^{-2z})/z,    z = (alpha - 1) L,
holds on both sides: it decays like L^{-1/2} at alpha = 1,
saturates at (alpha - 1)/kappa3 above and dies below.
"""

import math
from typing import Any, NamedTuple, SupportsIndex

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import floats, odd, positive, signed, within
from .majority import slope_number
from .recursion import checked, cubic, gain

# Below this |z| the removable singularities are replaced by their Taylor polynomials (error z^5 < eps).
_SMALL = 1e-3


def _relaxation(exponent: Array) -> Array:
    """(1 - e^{-2z})/(2z), smooth through z = 0."""
    small = jnp.abs(exponent) < _SMALL
    safe = jnp.where(small, 1, exponent)
    series = 1 - exponent * (1 - exponent * (2 / 3) * (1 - exponent / 2 * (1 - exponent * (2 / 5))))
    return jnp.where(small, series, -jnp.expm1(-2 * safe) / (2 * safe))


def _checked_depth(
    fan_in: Any, correlation: Any, fidelity: Any, initial_bias: Any, depth: Any
) -> tuple[int, list[Array]]:
    signed("initial_bias", initial_bias)
    positive("depth", depth, "[)")
    return checked(fan_in, correlation, fidelity, initial_bias, depth)


def critical_decay(
    fan_in: SupportsIndex,
    correlation: Real[ArrayLike, "..."],
    fidelity: Real[ArrayLike, "..."],
    initial_bias: Real[ArrayLike, "..."],
    depth: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """Root bias at alpha = 1, (mu_0^{-2} + 2 kappa3 L)^{-1/2}; meaningful on the critical line only.

    fan_in odd >= 3, correlation and fidelity in [0, 1], initial_bias in [-1, 1], depth >= 0;
    ValueError otherwise.
    (derived here)
    """
    fan_in, (correlation, fidelity, bias, depth) = _checked_depth(fan_in, correlation, fidelity, initial_bias, depth)
    return bias / jnp.sqrt(1 + 2 * cubic(fan_in, correlation, fidelity) * depth * bias * bias)


def critical_amplitude(
    fan_in: SupportsIndex, correlation: Real[ArrayLike, "..."], fidelity: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """Limit 1/sqrt(2 kappa3) of sqrt(L) mu_L on the critical line; inf where kappa3 = 0.

    fan_in odd >= 3, correlation and fidelity in [0, 1]; ValueError otherwise.  (derived here)
    """
    fan_in, (correlation, fidelity) = checked(fan_in, correlation, fidelity)
    return 1 / jnp.sqrt(2 * cubic(fan_in, correlation, fidelity))


def near_critical_bias(
    fan_in: SupportsIndex,
    correlation: Real[ArrayLike, "..."],
    fidelity: Real[ArrayLike, "..."],
    initial_bias: Real[ArrayLike, "..."],
    depth: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """Root bias near threshold including the start: 1/mu_L^2 = e^{-2z}/mu_0^2 + kappa3 L (1 - e^{-2z})/z.

    z = (alpha - 1) L. Errors vanish as alpha -> 1 at fixed z; equals `critical_decay` at alpha = 1.
    fan_in odd >= 3, correlation and fidelity in [0, 1], initial_bias in [-1, 1], depth >= 0;
    ValueError otherwise.
    (derived here)
    """
    fan_in, (correlation, fidelity, bias, depth) = _checked_depth(fan_in, correlation, fidelity, initial_bias, depth)
    exponent = (gain(fan_in, correlation, fidelity) - 1) * depth
    growth = 2 * cubic(fan_in, correlation, fidelity) * depth * _relaxation(exponent)
    return bias / jnp.sqrt(jnp.exp(-2 * exponent) + growth * bias * bias)


def finite_depth_scaling(exponent: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """Scaling function sqrt(z/(1 - e^{-2z})), the limit of mu_L sqrt(kappa3 L) at fixed z = (alpha - 1) L.

    sqrt(1/2) at z = 0, sqrt(z) for z >> 1 (saturation), sqrt(|z|) e^{z} for z << -1.  (derived here)
    """
    within("exponent", exponent, -math.inf, math.inf)
    (exponent,) = floats(exponent)
    # Far below threshold e^{-2z} overflows: factor it out there.
    far = exponent < -1
    below = jnp.where(far, exponent, -1)
    alive = 1 / jnp.sqrt(2 * _relaxation(jnp.where(far, 0, exponent)))
    return jnp.where(far, jnp.exp(below) / jnp.sqrt(2 * _relaxation(-below)), alive)


def log_slope_at_threshold(
    fan_in: SupportsIndex, fidelity: Real[ArrayLike, "..."], depth: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """Leading d log mu_L/d rho at rho_c, -gamma (A - 1) L/2: the transition sharpens linearly in depth.

    The remainder grows like log L: gamma (A - 1) (3 kappa3^2 - 2 kappa5)/(8 kappa3^2) is its coefficient, with
    kappa5 that of u^5 in T. (The suite's notes say O(1), which fits up to L = 320.)
    fan_in odd >= 3, fidelity in (0, 1], depth >= 0; else ValueError.  (derived here)
    """
    fan_in = odd("fan_in", fan_in)
    within("fidelity", fidelity, 0.0, 1.0, "(]")
    positive("depth", depth, "[)")
    fidelity, depth = floats(fidelity, depth)
    return -fidelity * depth * ((slope_number(fan_in) - 1) / 2)


def small_signal_upper_bound(
    fan_in: SupportsIndex,
    correlation: Real[ArrayLike, "..."],
    fidelity: Real[ArrayLike, "..."],
    initial_bias: Real[ArrayLike, "..."],
    depth: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """mu_0 alpha^L, never below the root bias (for initial_bias >= 0).

    fan_in odd >= 3, correlation and fidelity in [0, 1], initial_bias in [-1, 1], depth >= 0;
    ValueError otherwise.
    (arXiv 2601.17311, eq. 24)
    """
    fan_in, (correlation, fidelity, bias, depth) = _checked_depth(fan_in, correlation, fidelity, initial_bias, depth)
    return bias * jnp.power(gain(fan_in, correlation, fidelity), depth)


def small_signal_lower_bound(
    fan_in: SupportsIndex,
    correlation: Real[ArrayLike, "..."],
    fidelity: Real[ArrayLike, "..."],
    initial_bias: Real[ArrayLike, "..."],
    depth: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """mu_0 alpha^L [1 - (kappa3/alpha) mu_0^2 sum_{l<L} alpha^{2l}], never above the root bias (initial_bias
    >= 0).

    Negative, hence empty, once the signal is no longer small. fidelity must be positive; ranges else as in
    `small_signal_upper_bound`.  (derived here)
    """
    within("fidelity", fidelity, 0.0, 1.0, "(]")
    fan_in, (correlation, fidelity, bias, depth) = _checked_depth(fan_in, correlation, fidelity, initial_bias, depth)
    alpha = gain(fan_in, correlation, fidelity)
    rate = jnp.log(alpha)
    # sum_{l<L} alpha^{2l}, written so that alpha = 1 gives L.
    levels = depth * _relaxation(-rate * depth) / _relaxation(-rate)
    loss = cubic(fan_in, correlation, fidelity) / alpha * bias * bias * levels
    return bias * jnp.exp(rate * depth) * (1 - loss)


def small_signal_reach(
    fan_in: SupportsIndex,
    correlation: Real[ArrayLike, "..."],
    fidelity: Real[ArrayLike, "..."],
    loss: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """delta(eta) = sqrt(eta alpha/kappa3): below this bias a level loses at most a
    fraction eta of its linear gain.

    loss: eta in [0, 1]. fan_in odd >= 3, correlation and fidelity in [0, 1]; ValueError otherwise; inf if
    kappa3 = 0.
    (makes arXiv 2601.17311, Thm 5 explicit; derived here)
    """
    within("loss", loss, 0.0, 1.0)
    fan_in, (correlation, fidelity, loss) = checked(fan_in, correlation, fidelity, loss)
    # alpha/kappa3 with the common factor gamma divided out, so that zero fidelity is infinite and not 0/0.
    slope = slope_number(fan_in)
    bend = fidelity**2 * (1 - correlation) * (slope * (fan_in - 1) / 6)
    reach = jnp.sqrt(loss * (correlation + (1 - correlation) * slope) / jnp.where(bend == 0, 1, bend))
    return jnp.where(bend == 0, jnp.inf, reach)


class SmallSignalBand(NamedTuple):
    """Band around the root bias, and whether its condition (alpha > 1, mu_0 alpha^L <= delta) holds."""

    lower: Float[Array, "..."]
    upper: Float[Array, "..."]
    valid: Array


def small_signal_band(
    fan_in: SupportsIndex,
    correlation: Real[ArrayLike, "..."],
    fidelity: Real[ArrayLike, "..."],
    initial_bias: Real[ArrayLike, "..."],
    depth: Real[ArrayLike, "..."],
    loss: Real[ArrayLike, "..."],
) -> SmallSignalBand:
    """(1 - eta)^L mu_0 alpha^L <= mu_L <= mu_0 alpha^L while mu_0 alpha^L <= delta(eta); loss: eta in [0, 1].

    Other ranges as in `small_signal_upper_bound`, ValueError outside.
    (arXiv 2601.17311, Thm 5, eqs. 25-26; explicit delta derived here)
    """
    upper = small_signal_upper_bound(fan_in, correlation, fidelity, initial_bias, depth)
    reach = small_signal_reach(fan_in, correlation, fidelity, loss)
    fan_in, (correlation, fidelity) = checked(fan_in, correlation, fidelity)
    upper, reach, depth, loss, correlation, fidelity = floats(upper, reach, depth, loss, correlation, fidelity)
    valid = (upper <= reach) & (gain(fan_in, correlation, fidelity) > 1)
    return SmallSignalBand(upper * jnp.power(1 - loss, depth), upper, valid)
