"""One level of the tree: shared votes, the level map, its derivatives, its gain,
and the recursion over levels.

With probability rho all votes a node receives are copies of one received vote, else they are independent
(sharing after the channel, the paper's convention; the alternatives are in `correlation_laws`). One level is
then
    T(mu) = rho gamma mu + (1 - rho) f_b(gamma mu),   T'(0) = alpha = gamma (rho + (1 - rho) A(b)).
"""

import math
from functools import partial
from typing import Any, SupportsIndex

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import floats, odd, signed, unit, whole, within
from .majority import derivative, majority, slope_number
from .majority_real import majority_at_real, slope


def gain(fan_in: int, correlation: Array, fidelity: Array) -> Array:
    """The gain alpha without checks."""
    return fidelity * (correlation + (1 - correlation) * slope_number(fan_in))


def cubic(fan_in: int, correlation: Array, fidelity: Array) -> Array:
    """The cubic coefficient kappa3 without checks."""
    return fidelity**3 * (1 - correlation) * (slope_number(fan_in) * (fan_in - 1) / 6)


def level(fan_in: int, correlation: Array, fidelity: Array, bias: Array) -> Array:
    """The level map T without checks."""
    signal = fidelity * bias
    return correlation * signal + (1 - correlation) * majority(fan_in, signal)


def slope_of_level(fan_in: int, correlation: Array, fidelity: Array, bias: Array) -> Array:
    """T' without checks."""
    return fidelity * (correlation + (1 - correlation) * derivative(fan_in, fidelity * bias))


def curvature_of_level(fan_in: int, correlation: Array, fidelity: Array, bias: Array) -> Array:
    """T'' without checks."""
    signal = fidelity * bias
    bend = jax.lax.integer_pow((1 - signal) * (1 + signal), (fan_in - 3) // 2)
    return -(fidelity**2) * signal * (1 - correlation) * (slope_number(fan_in) * (fan_in - 1)) * bend


def checked(fan_in: Any, correlation: Any, fidelity: Any, *biases: Any) -> tuple[int, list[Array]]:
    """The common argument checks of a level: (fan-in, [correlation, fidelity,
    biases...] as broadcast arrays).
    """
    fan_in = odd("fan_in", fan_in)
    unit("correlation", correlation)
    unit("fidelity", fidelity)
    return fan_in, floats(correlation, fidelity, *biases)


def shared_map(
    fan_in: SupportsIndex, correlation: Real[ArrayLike, "..."], bias: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """Majority of votes that are all copies of one with probability `correlation`: rho u + (1 - rho) f_b(u).

    `correlation` is then exactly the pairwise correlation of the votes.
    fan_in odd >= 3, correlation in [0, 1], bias in [-1, 1]; ValueError otherwise.  (arXiv 2601.17311, eq. 19)
    """
    signed("bias", bias)
    fan_in, (correlation, _, bias) = checked(fan_in, correlation, 1.0, bias)
    return correlation * bias + (1 - correlation) * majority(fan_in, bias)


def level_map(
    fan_in: SupportsIndex,
    correlation: Real[ArrayLike, "..."],
    fidelity: Real[ArrayLike, "..."],
    bias: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """One level, channel then shared majority: T(mu) = rho gamma mu + (1 - rho) f_b(gamma mu).

    fan_in odd >= 3, correlation and fidelity in [0, 1], bias in [-1, 1]; ValueError otherwise.
    (arXiv 2601.17311, eq. 21)
    """
    signed("bias", bias)
    fan_in, (correlation, fidelity, bias) = checked(fan_in, correlation, fidelity, bias)
    return level(fan_in, correlation, fidelity, bias)


def level_slope(
    fan_in: SupportsIndex,
    correlation: Real[ArrayLike, "..."],
    fidelity: Real[ArrayLike, "..."],
    bias: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """T'(mu) = gamma (rho + (1 - rho) A(b) (1 - gamma^2 mu^2)^((b-1)/2)); ranges as in `level_map`.

    (arXiv 2601.17311, eqs. 20 and 50)
    """
    signed("bias", bias)
    fan_in, (correlation, fidelity, bias) = checked(fan_in, correlation, fidelity, bias)
    return slope_of_level(fan_in, correlation, fidelity, bias)


def level_curvature(
    fan_in: SupportsIndex,
    correlation: Real[ArrayLike, "..."],
    fidelity: Real[ArrayLike, "..."],
    bias: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """T''(mu) = -gamma^3 mu (1 - rho) A(b) (b - 1) (1 - gamma^2 mu^2)^((b-3)/2); ranges as in `level_map`.

    (derived here)
    """
    signed("bias", bias)
    fan_in, (correlation, fidelity, bias) = checked(fan_in, correlation, fidelity, bias)
    return curvature_of_level(fan_in, correlation, fidelity, bias)


def effective_gain(
    fan_in: SupportsIndex, correlation: Real[ArrayLike, "..."], fidelity: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """Slope of a level at zero bias, alpha = gamma (rho + (1 - rho) A(b)): weak signals grow iff alpha > 1.

    fan_in odd >= 3, correlation and fidelity in [0, 1]; ValueError otherwise.  (arXiv 2601.17311, eq. 22)
    """
    fan_in, (correlation, fidelity) = checked(fan_in, correlation, fidelity)
    return gain(fan_in, correlation, fidelity)


def organisation_exponent(
    fan_in: SupportsIndex, correlation: Real[ArrayLike, "..."], fidelity: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """s = log_b alpha: a tree of N leaves multiplies a weak bias by N^s; at most 1/2, -inf at zero fidelity.

    fan_in odd >= 3, correlation and fidelity in [0, 1]; ValueError otherwise.  (arXiv 2601.17311, after Thm
    5)
    """
    fan_in, (correlation, fidelity) = checked(fan_in, correlation, fidelity)
    return jnp.log(gain(fan_in, correlation, fidelity)) / math.log(fan_in)


def fair_tie_exponent(
    fan_in: SupportsIndex, correlation: Real[ArrayLike, "..."], fidelity: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """`organisation_exponent` at any fan-in with fair ties: an even fan-in pays for b votes and uses b - 1.

    log(gamma (rho + (1 - rho) A(b - 1)))/log b at even b, so never positive at b = 2.
    fan_in >= 2, correlation and fidelity in [0, 1]; ValueError otherwise.  (derived here)
    """
    fan_in = whole("fan_in", fan_in, 2)
    unit("correlation", correlation)
    unit("fidelity", fidelity)
    correlation, fidelity = floats(correlation, fidelity)
    return jnp.log(gain(fan_in - 1 + fan_in % 2, correlation, fidelity)) / math.log(fan_in)


def cubic_coefficient(
    fan_in: SupportsIndex, correlation: Real[ArrayLike, "..."], fidelity: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """kappa3 = gamma^3 (1 - rho) A(b) (b - 1)/6 in T(u) = alpha u - kappa3 u^3 + ...; T(u) >= alpha u -
    kappa3 u^3.

    fan_in odd >= 3, correlation and fidelity in [0, 1]; ValueError otherwise.  (derived here)
    """
    fan_in, (correlation, fidelity) = checked(fan_in, correlation, fidelity)
    return cubic(fan_in, correlation, fidelity)


# Loops are compiled here, once per fan-in and depth: calls outside jit would compile them anew each time.
@partial(jax.jit, static_argnums=(0, 1))
def climbed(fan_in: int, depth: int, correlation: Array, fidelity: Array, bias: Array) -> Array:
    """The `depth`-th iterate of the level map without checks; arguments broadcast already."""

    def ascend(bias: Array, _: None) -> tuple[Array, None]:
        return level(fan_in, correlation, fidelity, bias), None

    return jax.lax.scan(ascend, bias, length=depth)[0]


@partial(jax.jit, static_argnums=(0, 1))
def _orbit(fan_in: int, depth: int, correlation: Array, fidelity: Array, bias: Array) -> Array:
    def ascend(bias: Array, _: None) -> tuple[Array, Array]:
        raised = level(fan_in, correlation, fidelity, bias)
        return raised, raised

    _, later = jax.lax.scan(ascend, bias, length=depth)
    return jnp.concatenate([bias[None], later])


def root_bias(
    fan_in: SupportsIndex,
    correlation: Real[ArrayLike, "..."],
    fidelity: Real[ArrayLike, "..."],
    initial_bias: Real[ArrayLike, "..."],
    depth: SupportsIndex,
) -> Float[Array, "..."]:
    """Bias at the root of a tree of `depth` levels with leaves of bias `initial_bias`:
    mu_L = T^L(mu_0), exact.

    fan_in odd >= 3 and depth >= 0 static; correlation, fidelity in [0, 1], initial_bias in [-1, 1];
    else ValueError.
    (arXiv 2601.17311, eq. 21)
    """
    signed("initial_bias", initial_bias)
    fan_in, (correlation, fidelity, bias) = checked(fan_in, correlation, fidelity, initial_bias)
    depth = whole("depth", depth, 0)
    return climbed(fan_in, depth, correlation, fidelity, bias)


def bias_trajectory(
    fan_in: SupportsIndex,
    correlation: Real[ArrayLike, "..."],
    fidelity: Real[ArrayLike, "..."],
    initial_bias: Real[ArrayLike, "..."],
    depth: SupportsIndex,
) -> Float[Array, "levels ..."]:
    """Bias at every level, leaves first: (mu_0, ..., mu_L), shape (depth + 1, ...);
    arguments as in `root_bias`.

    (arXiv 2601.17311, eq. 21)
    """
    signed("initial_bias", initial_bias)
    fan_in, (correlation, fidelity, bias) = checked(fan_in, correlation, fidelity, initial_bias)
    depth = whole("depth", depth, 0)
    return _orbit(fan_in, depth, correlation, fidelity, bias)


def _checked_real(fan_in: Any, correlation: Any, fidelity: Any, *biases: Any) -> list[Array]:
    within("fan_in", fan_in, 1.0, float("inf"), "[)")
    unit("correlation", correlation)
    unit("fidelity", fidelity)
    return floats(fan_in, correlation, fidelity, *biases)


def level_map_real(
    fan_in: Real[ArrayLike, "..."],
    correlation: Real[ArrayLike, "..."],
    fidelity: Real[ArrayLike, "..."],
    bias: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """`level_map` at real, possibly traced fan-in >= 1, differentiable in every argument.  (derived here)"""
    signed("bias", bias)
    fan_in, correlation, fidelity, bias = _checked_real(fan_in, correlation, fidelity, bias)
    signal = fidelity * bias
    return correlation * signal + (1 - correlation) * majority_at_real(fan_in, signal)


def effective_gain_real(
    fan_in: Real[ArrayLike, "..."], correlation: Real[ArrayLike, "..."], fidelity: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """`effective_gain` at real, possibly traced fan-in >= 1.  (derived here)"""
    fan_in, correlation, fidelity = _checked_real(fan_in, correlation, fidelity)
    return fidelity * (correlation + (1 - correlation) * slope(fan_in))


def organisation_exponent_real(
    fan_in: Real[ArrayLike, "..."], correlation: Real[ArrayLike, "..."], fidelity: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """`organisation_exponent` at real, possibly traced fan-in > 1; increasing in fan-in wherever positive.

    (derived here)
    """
    within("fan_in", fan_in, 1.0, float("inf"), "()")
    fan_in, correlation, fidelity = _checked_real(fan_in, correlation, fidelity)
    return jnp.log(fidelity * (correlation + (1 - correlation) * slope(fan_in))) / jnp.log(fan_in)
