"""The majority map at real, possibly traced fan-in, by Gauss-Legendre quadrature.

    f_b(u) = A(b) int_0^{arcsin u} cos^b(theta) d theta
interpolates the odd fan-ins (it is the incomplete beta function; at even fan-ins it is NOT the fair tie
break). Two changes make 32 nodes enough everywhere. For non-integer b < 4 the integrand is not smooth at u =
1 and plain quadrature errs by up to 7e-11, so the integral is taken at b + 4 and stepped back down with the
exact difference f_{b+2} - f_b = A(b)/(b+1) u (1-u^2)^{(b+1)/2}. For large b the integrand is a narrow peak,
so the range stops nine widths out, where nothing is left.
"""

import math
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import floats, signed, within

# A(b) sqrt(pi / (2 w)) in powers of 1/w^2, w = b + 1/2: odd powers vanish.
_SLOPE_SERIES = (1.0, 1 / 16, -19 / 512, 631 / 8192, -43579 / 131072, 20491783 / 8388608)
_SLOPE_STEPS = 12
_LIFT = 2
_REACH = 9.0


@cache
def _nodes() -> tuple[np.ndarray, np.ndarray]:
    nodes, weights = np.polynomial.legendre.leggauss(32)
    return (nodes + 1) / 2, weights / 2


def slope(fan_in: Array) -> Array:
    """A(b) without checks: the asymptotic series at b + 24, stepped down by A(b+2)/A(b) = (b+2)/(b+1)."""
    centre = fan_in + 2 * _SLOPE_STEPS + 0.5
    value = jnp.sqrt(2 * centre / math.pi) * jnp.polyval(
        jnp.asarray(_SLOPE_SERIES[::-1], fan_in.dtype), 1 / (centre * centre)
    )
    for step in range(_SLOPE_STEPS):
        value = value * ((fan_in + 2 * step + 1) / (fan_in + 2 * step + 2))
    return value


def _quadrature(fan_in: Array, bias: Array) -> Array:
    unanimity = jnp.maximum((1 - bias) * (1 + bias), 0)
    order, gain, correction = fan_in, slope(fan_in), 0.0
    for _ in range(_LIFT):
        correction = correction + gain / (order + 1) * jnp.power(unanimity, (order + 1) / 2)
        gain, order = gain * (order + 2) / (order + 1), order + 2
    nodes, weights = (jnp.asarray(part, bias.dtype) for part in _nodes())
    reach = _REACH / jnp.sqrt(order)
    end = jnp.clip(jnp.arcsin(bias), -reach, reach)
    sine = jnp.sin(end[..., None] * nodes)
    # cos^b through log1p: raising a rounded cosine to the power b would cost b eps.
    density = jnp.exp(order[..., None] / 2 * jnp.log1p(-sine * sine))
    return gain * end * (density @ weights) - correction * bias


@jax.custom_jvp
def majority_at_real(fan_in: Array, bias: Array) -> Array:
    """f_b without checks, for the laws built on it."""
    return _quadrature(fan_in, bias)


# arcsin has an infinite slope at |u| = 1 although f_b does not: the bias direction takes the exact slope.
@majority_at_real.defjvp
def _majority_at_real_jvp(primals, tangents):
    (fan_in, bias), (fan_in_tangent, bias_tangent) = primals, tangents
    value, from_fan_in = jax.jvp(lambda order: _quadrature(order, bias), (fan_in,), (fan_in_tangent,))
    unanimity = jnp.maximum((1 - bias) * (1 + bias), 0)
    from_bias = slope(fan_in) * jnp.power(unanimity, (fan_in - 1) / 2) * bias_tangent
    return value, from_fan_in + from_bias


def majority_map_real(fan_in: Real[ArrayLike, "..."], bias: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """The majority map at real fan-in, differentiable in fan-in and bias;
    equals `majority_map` at odd fan-ins.

    fan_in: >= 1, may be traced.  bias: in [-1, 1].  Relative error about 1e-14 in float64 for fan-ins up to
    10^4. Raises ValueError for concrete values out of range.  (derived here)
    """
    within("fan_in", fan_in, 1.0, float("inf"), "[)")
    signed("bias", bias)
    return majority_at_real(*floats(fan_in, bias))


def majority_slope_real(fan_in: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """A(b) at real fan-in >= 1, to a few eps in either precision, differentiable;
    ValueError below 1 when concrete.

    (derived here)
    """
    within("fan_in", fan_in, 1.0, float("inf"), "[)")
    (fan_in,) = floats(fan_in)
    return slope(fan_in)
