"""The bias at which a supercritical tree settles, mu* = T(mu*), without iterating T.

With w = (gamma mu*)^2 the fixed-point equation T(u)/u = 1 becomes
    D(w) = A(b) - S(1 - w) = h,    h = (A(b) - 1) - (1 - gamma)/(gamma (1 - rho)) = (alpha - 1)/(gamma (1 -
rho)), where f_b(u) = u S(1 - u^2): one increasing concave function of one variable for all correlations and
fidelities. D is evaluated as w times a positive polynomial, so nothing cancels as alpha -> 1, and concavity
brackets the root within h/D'(0) (the cubic approximation) <= w <= h/(A - 1). The derivative is implicit:
dw/dh = 1/D'(w).
"""

import math
from functools import cache, partial
from typing import NamedTuple, SupportsIndex

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import floats, within
from .majority import central_terms, majority, slope_number
from .recursion import checked, slope_of_level

# The bracket's relative width is below 2b: 30 halvings leave Newton a relative error of 2e-6 at b = 1001.
_HALVINGS = 30
_NEWTON_STEPS = 3


@cache
def _tail_sums(fan_in: int) -> tuple[float, ...]:
    """sum_{j > i} C(2j, j)/4^j, the coefficients of D(w)/w in powers of 1 - w."""
    terms = central_terms(fan_in)
    return tuple(math.fsum(terms[i + 1 :]) for i in range(len(terms) - 1))


def _polynomial(coefficients: tuple[float, ...], variable: Array) -> Array:
    return jnp.polyval(jnp.asarray(coefficients[::-1], variable.dtype), variable, unroll=16)


def _rise(fan_in: int, power: Array) -> Array:
    """D'(w) = sum_j j C(2j, j)/4^j (1 - w)^(j-1)."""
    return _polynomial(tuple(j * term for j, term in enumerate(central_terms(fan_in)))[1:], 1 - power)


@partial(jax.custom_jvp, nondiff_argnums=(0,))
@partial(jax.jit, static_argnums=0)
def _received_power(fan_in: int, excess: Array) -> Array:
    """The root w of D(w) = h for 0 < h <= A - 1."""
    tails = _tail_sums(fan_in)
    low = excess / math.fsum(j * term for j, term in enumerate(central_terms(fan_in)))
    high = jnp.minimum(excess / (slope_number(fan_in) - 1), 1)

    def halve(_, bracket):
        low, high = bracket
        middle = (low + high) / 2
        short = middle * _polynomial(tails, 1 - middle) < excess
        return jnp.where(short, middle, low), jnp.where(short, high, middle)

    def newton(_, power):
        miss = excess - power * _polynomial(tails, 1 - power)
        return jnp.clip(power + miss / _rise(fan_in, power), low, high)

    left, right = jax.lax.fori_loop(0, _HALVINGS, halve, (low, high))
    return jax.lax.fori_loop(0, _NEWTON_STEPS, newton, (left + right) / 2)


@_received_power.defjvp
def _received_power_jvp(fan_in, primals, tangents):
    (excess,), (tangent,) = primals, tangents
    power = _received_power(fan_in, excess)
    return power, tangent / _rise(fan_in, power)


def _excess(fan_in: int, correlation: Array, fidelity: Array) -> Array:
    """h, positive iff supercritical; -1 stands for the degenerate fidelity 0 or correlation 1."""
    scale = fidelity * (1 - correlation)
    degenerate = scale == 0
    loss = (1 - fidelity) / jnp.where(degenerate, 1, scale)
    return jnp.where(degenerate, -1, (slope_number(fan_in) - 1) - loss)


def settled(fan_in: int, correlation: Array, fidelity: Array) -> Array:
    """mu* without checks."""
    excess = _excess(fan_in, correlation, fidelity)
    # A NaN excess counts as supercritical, so that it comes out as NaN and not as 0.
    supercritical = ~(excess <= 0)
    power = _received_power(fan_in, jnp.where(supercritical, excess, 0.1))
    root = jnp.sqrt(power) / jnp.where(supercritical, fidelity, 1)
    # Rounding may leave the root a few eps above 1; taking them off must not touch the derivative.
    root = root - jax.lax.stop_gradient(jnp.maximum(root - 1, 0))
    return jnp.where(supercritical, root, 0)


def fixed_point(
    fan_in: SupportsIndex, correlation: Real[ArrayLike, "..."], fidelity: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """Attracting bias mu* = T(mu*) in (0, 1] if alpha > 1, and 0 if alpha <= 1; 1 iff the channel is perfect.

    fan_in odd >= 3, correlation and fidelity in [0, 1]; ValueError otherwise. Differentiable to any order
    where alpha != 1, with derivative 0 below threshold.  (arXiv 2601.17311, Thm 4; method derived here)
    """
    fan_in, (correlation, fidelity) = checked(fan_in, correlation, fidelity)
    return settled(fan_in, correlation, fidelity)


def fixed_point_three(correlation: Real[ArrayLike, "..."], fidelity: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """mu* of fan-in 3 in closed form, sqrt(2 (alpha - 1)/(gamma^3 (1 - rho))); 0 if alpha <= 1.

    correlation and fidelity in [0, 1]; ValueError otherwise.  (derived here)
    """
    fan_in, (correlation, fidelity) = checked(3, correlation, fidelity)
    excess = _excess(fan_in, correlation, fidelity)
    supercritical = ~(excess <= 0)
    root = jnp.sqrt(2 * jnp.where(supercritical, excess, 1)) / jnp.where(supercritical, fidelity, 1)
    return jnp.where(supercritical, root, 0)


def fixed_point_five(correlation: Real[ArrayLike, "..."], fidelity: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """mu* of fan-in 5 in closed form, sqrt(w)/gamma with w = (5 - sqrt(24 (1/gamma - rho)/(1 - rho) - 20))/3.

    Evaluated as w = 8 h/(5 + sqrt(25 - 24 h)), which does not cancel near threshold; 0 if alpha <= 1.
    correlation and fidelity in [0, 1]; ValueError otherwise.  (derived here)
    """
    fan_in, (correlation, fidelity) = checked(5, correlation, fidelity)
    excess = _excess(fan_in, correlation, fidelity)
    supercritical = ~(excess <= 0)
    excess = jnp.where(supercritical, excess, 0.5)
    root = jnp.sqrt(8 * excess / (5 + jnp.sqrt(25 - 24 * excess))) / jnp.where(supercritical, fidelity, 1)
    return jnp.where(supercritical, root, 0)


def fixed_point_limit(correlation: Real[ArrayLike, "..."], fidelity: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """mu* as fan-in grows without bound, (1 - rho)/(1 - gamma rho), for fidelity > 0; slope there gamma rho.

    correlation in [0, 1), fidelity in (0, 1]; ValueError otherwise.  (derived here)
    """
    within("correlation", correlation, 0.0, 1.0, "[)")
    within("fidelity", fidelity, 0.0, 1.0, "(]")
    correlation, fidelity = floats(correlation, fidelity)
    return (1 - correlation) / (1 - fidelity * correlation)


def slope_at_fixed_point(
    fan_in: SupportsIndex, correlation: Real[ArrayLike, "..."], fidelity: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """T'(mu*), the factor by which each level shrinks the distance to mu*; alpha itself where mu* = 0.

    In [0, 1) above threshold; rho at perfect fidelity; 1 - 2 (alpha - 1) just above threshold.
    fan_in odd >= 3, correlation and fidelity in [0, 1]; ValueError otherwise.  (derived here)
    """
    fan_in, (correlation, fidelity) = checked(fan_in, correlation, fidelity)
    return slope_of_level(fan_in, correlation, fidelity, settled(fan_in, correlation, fidelity))


class FixedPointSensitivity(NamedTuple):
    """Partial derivatives of mu*: with respect to fidelity (>= 0) and to correlation (<= 0)."""

    fidelity: Float[Array, "..."]
    correlation: Float[Array, "..."]


def fixed_point_sensitivity(
    fan_in: SupportsIndex, correlation: Real[ArrayLike, "..."], fidelity: Real[ArrayLike, "..."]
) -> FixedPointSensitivity:
    """Closed-form derivatives of mu*: d/d gamma = mu* T'/(gamma (1 - T')),
    d/d rho = (gamma mu* - f_b)/(1 - T').

    Both 0 at and below threshold, where mu* = 0.
    fan_in odd >= 3, correlation and fidelity in [0, 1]; ValueError otherwise.  (derived here)
    """
    fan_in, (correlation, fidelity) = checked(fan_in, correlation, fidelity)
    bias = settled(fan_in, correlation, fidelity)
    slope = slope_of_level(fan_in, correlation, fidelity, bias)
    alive = ~(bias == 0)
    distance = jnp.where(alive, 1 - slope, 1)
    signal = fidelity * bias
    by_fidelity = jnp.where(alive, bias * slope / (jnp.where(alive, fidelity, 1) * distance), 0)
    by_correlation = jnp.where(alive, (signal - majority(fan_in, signal)) / distance, 0)
    return FixedPointSensitivity(by_fidelity, by_correlation)


def near_threshold_fixed_point(
    fan_in: SupportsIndex, correlation: Real[ArrayLike, "..."], fidelity: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """Leading law sqrt((alpha - 1)/kappa3) of mu* just above threshold, relative error O(alpha - 1); 0 below.

    Never above mu*: the cubic alpha u - kappa3 u^3 lies below T.
    fan_in odd >= 3, correlation and fidelity in [0, 1]; ValueError otherwise.  (derived here)
    """
    fan_in, (correlation, fidelity) = checked(fan_in, correlation, fidelity)
    excess = _excess(fan_in, correlation, fidelity)
    supercritical = ~(excess <= 0)
    power = jnp.where(supercritical, excess, 1) * (6 / (slope_number(fan_in) * (fan_in - 1)))
    return jnp.where(supercritical, jnp.sqrt(power) / jnp.where(supercritical, fidelity, 1), 0)
