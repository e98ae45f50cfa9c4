"""Closed formulas for the root bias of a supercritical tree: growth clipped at saturation,
and a smooth lower law.
"""

import math
from typing import SupportsIndex

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import odd, positive, unit
from .fixed_point import settled
from .majority import slope_number
from .recursion import checked, cubic, gain, level

# Factors of the excess bound taken one by one before its tail is bounded.
_FACTORS = 64


def clipped_predictor(
    fan_in: SupportsIndex,
    correlation: Real[ArrayLike, "..."],
    fidelity: Real[ArrayLike, "..."],
    initial_bias: Real[ArrayLike, "..."],
    depth: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """min(mu*, mu_0 alpha^L): an upper bound on the root bias if mu_0 <= mu*,
    a lower bound (mu*) if mu_0 > mu*.

    So it is 0 wherever alpha <= 1. The paper calls it conservative; that is so only in capping the growth
    law. fan_in odd >= 3; correlation, fidelity, initial_bias in [0, 1]; depth >= 0; ValueError otherwise.
    (arXiv 2601.17311, eq. 27)
    """
    unit("initial_bias", initial_bias)
    positive("depth", depth, "[)")
    fan_in, (correlation, fidelity, bias, depth) = checked(fan_in, correlation, fidelity, initial_bias, depth)
    grown = bias * jnp.power(gain(fan_in, correlation, fidelity), depth)
    return jnp.minimum(settled(fan_in, correlation, fidelity), grown)


def quadrature_predictor(
    fan_in: SupportsIndex,
    correlation: Real[ArrayLike, "..."],
    fidelity: Real[ArrayLike, "..."],
    initial_bias: Real[ArrayLike, "..."],
    depth: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """(alpha^{-2L}/mu_0^2 + (1 - alpha^{-2L})/mu*^2)^{-1/2}: growth and saturation added in quadrature.

    A lower bound on the root bias for mu_0 <= mu* and correlation <= `quadrature_validity_limit(fan_in)`, and
    then within a factor sqrt 2 of `clipped_predictor`. 0 where alpha <= 1.
    fan_in odd >= 3; correlation, fidelity, initial_bias in [0, 1]; depth >= 0; ValueError otherwise.
    (derived here)
    """
    unit("initial_bias", initial_bias)
    positive("depth", depth, "[)")
    fan_in, (correlation, fidelity, bias, depth) = checked(fan_in, correlation, fidelity, initial_bias, depth)
    limit = settled(fan_in, correlation, fidelity)
    alive = ~(limit == 0) & ~(bias == 0)
    safe_limit, safe_bias = jnp.where(alive, limit, 1), jnp.where(alive, bias, 1)
    memory = -2 * depth * jnp.log(jnp.where(alive, gain(fan_in, correlation, fidelity), 2))
    spread = jnp.exp(memory) * safe_limit**2 - jnp.expm1(memory) * safe_bias**2
    return jnp.where(alive, safe_bias * safe_limit / jnp.sqrt(spread), 0)


def clipped_excess_bound(
    fan_in: SupportsIndex, correlation: Real[ArrayLike, "..."], fidelity: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """Factor by which `clipped_predictor` can exceed the root bias, for every initial bias <= mu* and every depth.

    prod_{j >= 1} alpha u_j/T(u_j) with u_j = mu* alpha^{-j}. The excess grows while mu_0 alpha^L < mu* and shrinks
    afterwards; in the j-th level before that crossing the bias is below u_j, and T(u)/u decreases. sqrt(e) just above
    threshold, where the excess itself reaches sqrt 2; 1 where alpha <= 1.
    fan_in odd >= 3; correlation, fidelity in [0, 1]; ValueError otherwise.  (derived here)
    """
    fan_in, (correlation, fidelity) = checked(fan_in, correlation, fidelity)
    limit = settled(fan_in, correlation, fidelity)
    alive = ~(limit == 0)
    limit, alpha = jnp.where(alive, limit, 1), jnp.where(alive, gain(fan_in, correlation, fidelity), 2)

    def lengthen(log_factor, j):
        bias = limit * alpha**-j
        return log_factor + jnp.log(alpha * bias / level(fan_in, correlation, fidelity, bias)), None

    factors, _ = jax.lax.scan(lengthen, jnp.zeros_like(limit), jnp.arange(1, _FACTORS + 1, dtype=limit.dtype))
    # The rest of the product by alpha u/T(u) <= 1/(1 - (kappa3/alpha) u^2), summed as a geometric series.
    loss = cubic(fan_in, correlation, fidelity) / alpha * (limit * alpha ** -(_FACTORS + 1.0)) ** 2
    rest = loss / (1 - loss) / -jnp.expm1(-2 * jnp.log(alpha))
    return jnp.where(alive, jnp.exp(factors + rest), 1)


def quadrature_validity_limit(fan_in: SupportsIndex) -> Float[Array, ""]:
    """Largest correlation up to which `quadrature_predictor` is a lower bound at every fidelity.

    With a = A - 1: rho_H = 1 - (a - 2 + sqrt(a^2 + 4a))/(2a), the root of rho (rho + (1 - rho) A)^2 = 1 below
    1, where the slopes of T and of the predictor's flow agree at the fixed point of a perfect channel, the
    first place to fail. 1 for fan-in 3; .46266 for 5.  fan_in odd >= 3; ValueError otherwise.  (derived here;
    the grid scan of the suite's notes reads .0002 higher because T crosses the flow by less than its
    resolution)
    """
    extra = slope_number(odd("fan_in", fan_in)) - 1
    return jnp.asarray(1 - (extra - 2 + math.sqrt(extra * extra + 4 * extra)) / (2 * extra), float)
