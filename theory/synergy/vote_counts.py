"""How many of a node's b received votes are right, and how well such counts tell the correlation rho.

Two laws of equal bias and equal pairwise correlation are told apart by the counts alone: copies put all their
excess on the unanimous nodes, a random accuracy spreads it. Standard deviations are those of independent nodes
under the copy mixture.
"""

from functools import partial
from math import comb
from typing import SupportsIndex

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import floats, positive, signed, unit, whole


def copied(fan_in: int, correlation: Array, bias: Array) -> Array:
    """The counts' law under copies, without checks; the counts run along a new first axis."""
    right, wrong = (1 + bias) / 2, (1 - bias) / 2
    alone = jnp.stack([comb(fan_in, j) * right**j * wrong ** (fan_in - j) for j in range(fan_in + 1)])
    none = jnp.zeros((fan_in - 1, *jnp.shape(right)), alone.dtype)
    together = jnp.concatenate([wrong[None], none, right[None]])
    return (1 - correlation) * alone + correlation * together


def urn(fan_in: int, correlation: Array, bias: Array) -> Array:
    """The counts' law of Polya's urn, without checks; factors scaled by rho so that 0 and 1 are ordinary points."""
    apart = 1 - correlation
    right, wrong = apart * (1 + bias) / 2, apart * (1 - bias) / 2

    def rising(start: Array, low: int, high: int) -> Array:
        factors = [start + i * correlation for i in range(low, high)]
        return jnp.prod(jnp.stack(factors), axis=0) if factors else jnp.ones_like(apart)

    # The first vote drawn has probability (1 +- u)/2 whatever rho; only later ones remember.
    later = rising(apart, 1, fan_in)
    none = (1 - bias) / 2 * rising(wrong, 1, fan_in)
    some = [
        comb(fan_in, j) * (1 + bias) / 2 * rising(right, 1, j) * rising(wrong, 0, fan_in - j)
        for j in range(1, fan_in + 1)
    ]
    return jnp.stack([none, *some]) / later


def _checked_counts(fan_in: SupportsIndex, correlation, bias) -> tuple[int, Array, Array]:
    unit("correlation", correlation)
    signed("bias", bias)
    return whole("fan_in", fan_in, 2), *floats(correlation, bias)


def copied_vote_counts(
    fan_in: SupportsIndex, correlation: Real[ArrayLike, "..."], bias: Real[ArrayLike, "..."]
) -> Float[Array, "counts ..."]:
    """P(j of b votes are right), j = 0..b: (1 - rho) Bin(j) + rho (p [j = b] + (1 - p) [j = 0]), p = (1 + u)/2.

    fan_in >= 2, correlation in [0, 1], bias u of the received votes in [-1, 1]; ValueError otherwise.
    (arXiv 2601.17311, Def. 2)
    """
    return copied(*_checked_counts(fan_in, correlation, bias))


def beta_binomial_vote_counts(
    fan_in: SupportsIndex, correlation: Real[ArrayLike, "..."], bias: Real[ArrayLike, "..."]
) -> Float[Array, "counts ..."]:
    """P(j of b votes are right), j = 0..b, for votes of a random accuracy P ~ Beta(M (1 + u)/2, M (1 - u)/2).

    M = 1/rho - 1, so that bias u and pairwise correlation rho are those of `copied_vote_counts`.
    fan_in >= 2, correlation in [0, 1], bias in [-1, 1]; ValueError otherwise.  (derived here)
    """
    return urn(*_checked_counts(fan_in, correlation, bias))


def design_effect(fan_in: SupportsIndex, correlation: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """1 + (b - 1) rho: b correlated votes tell as much of the mean as b/design effect independent ones.

    fan_in >= 2, correlation in [0, 1]; ValueError otherwise.  (derived here)
    """
    unit("correlation", correlation)
    fan_in = whole("fan_in", fan_in, 2)
    (correlation,) = floats(correlation)
    return 1 + (fan_in - 1) * correlation


def mean_vote_deviation(
    fan_in: SupportsIndex,
    correlation: Real[ArrayLike, "..."],
    bias: Real[ArrayLike, "..."],
    groups: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """Standard deviation of the mean vote of n groups, sqrt((1 - u^2)(rho + (1 - rho)/b)/n), under any joint law.

    fan_in >= 2, correlation in [0, 1], bias in [-1, 1], groups > 0; ValueError otherwise.  (derived here)
    """
    positive("groups", groups)
    fan_in, correlation, bias = _checked_counts(fan_in, correlation, bias)
    correlation, bias, groups = floats(correlation, bias, groups)
    return jnp.sqrt((1 - bias) * (1 + bias) * (correlation + (1 - correlation) / fan_in) / groups)


def correlation_deviation(
    fan_in: SupportsIndex,
    correlation: Real[ArrayLike, "..."],
    bias: Real[ArrayLike, "..."],
    groups: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """First-order standard deviation of the moment estimate of rho from n groups.

    That of (C_g - 2 u (1 - rho) M_g)/(1 - u^2) over sqrt(n), C_g = (G^2 - b)/(b (b - 1)), M_g = G/b, G the sum of a
    group's votes. fan_in >= 2, correlation in [0, 1], bias in (-1, 1), groups > 0; ValueError otherwise.
    (derived here)
    """
    positive("groups", groups)
    fan_in, correlation, bias = _checked_counts(fan_in, correlation, bias)
    correlation, bias, groups = floats(correlation, bias, groups)
    law = copied(fan_in, correlation, bias)
    votes = jnp.reshape(2.0 * jnp.arange(fan_in + 1) - fan_in, (-1, *[1] * jnp.ndim(bias))).astype(law.dtype)
    pairs, means = (votes**2 - fan_in) / (fan_in * (fan_in - 1)), votes / fan_in
    influence = (pairs - 2 * bias * (1 - correlation) * means) / ((1 - bias) * (1 + bias))
    centred = influence - jnp.sum(law * influence, axis=0)
    return jnp.sqrt(jnp.sum(law * centred**2, axis=0) / groups)


@partial(jax.jit, static_argnums=0)
def _information(fan_in: int, correlation: Array, bias: Array) -> tuple[Array, Array, Array]:
    """Entries (rho rho, rho u, u u) of the Fisher matrix of one group's count."""
    law = partial(copied, fan_in)
    ones, none = jnp.ones_like(correlation), jnp.zeros_like(correlation)
    cells, by_correlation = jax.jvp(law, (correlation, bias), (ones, none))
    _, by_bias = jax.jvp(law, (correlation, bias), (none, ones))
    return tuple(
        jnp.sum(a * b / cells, axis=0)
        for a, b in ((by_correlation, by_correlation), (by_correlation, by_bias), (by_bias, by_bias))
    )


def correlation_deviation_bound(
    fan_in: SupportsIndex,
    correlation: Real[ArrayLike, "..."],
    bias: Real[ArrayLike, "..."],
    groups: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """Cramer and Rao's bound on the standard deviation of any unbiased estimate of rho, bias unknown.

    Reached by maximum likelihood; fan-in 2 has three counts and the moment estimate reaches it too.
    fan_in >= 2, correlation in [0, 1), bias in (-1, 1), groups > 0; ValueError otherwise.  (derived here)
    """
    positive("groups", groups)
    fan_in, correlation, bias = _checked_counts(fan_in, correlation, bias)
    correlation, bias, groups = floats(correlation, bias, groups)
    first, mixed, second = _information(fan_in, correlation, bias)
    return 1 / jnp.sqrt(groups * (first - mixed**2 / second))


def inflated_correlation(
    correlation: Real[ArrayLike, "..."], mean_bias: Real[ArrayLike, "..."], bias_variance: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """What rho is measured as when tasks differ: (rho (1 - E u_t^2) + Var u_t)/(1 - (E u_t)^2), u_t the task's bias.

    correlation in [0, 1] within each task, mean_bias in (-1, 1), bias_variance >= 0; ValueError otherwise.
    (derived here)
    """
    unit("correlation", correlation)
    signed("mean_bias", mean_bias)
    positive("bias_variance", bias_variance, "[)")
    correlation, mean, variance = floats(correlation, mean_bias, bias_variance)
    room = (1 - mean) * (1 + mean)
    return (correlation * (room - variance) + variance) / room
