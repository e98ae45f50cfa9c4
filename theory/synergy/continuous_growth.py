"""Budgets in the continuous warm-up, floor ignored: v ~ c x^{-beta} N^{-t} with N = B/(x + c0) agents of
compute x.

Trees pay iff t > beta. The same algebra holds for majority trees with s in place of t
and 1/bias in place of v.
"""

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import floats, positive, within
from .continuous import variance_exponent


def continuous_synergy_correlation(
    fan_in: Real[ArrayLike, "..."], leaf_exponent: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """Correlation below which t > beta, (b^{1 - beta} - 1)/(b - 1);
    negative when no correlation is low enough.

    fan_in > 1, leaf_exponent beta > 0; ValueError otherwise.  (derived here)
    """
    within("fan_in", fan_in, 1.0, float("inf"), "()")
    positive("leaf_exponent", leaf_exponent)
    fan_in, leaf_exponent = floats(fan_in, leaf_exponent)
    return jnp.expm1((1 - leaf_exponent) * jnp.log(fan_in)) / (fan_in - 1)


def _growth(fan_in, correlation, message_length, leaf_exponent) -> list[Array]:
    """(t, beta, c0) as arrays, after the common checks."""
    positive("message_length", message_length)
    positive("leaf_exponent", leaf_exponent)
    exponent = variance_exponent(fan_in, correlation)
    exponent, beta, length, fan_in = floats(exponent, leaf_exponent, message_length, fan_in)
    return [exponent, beta, 2 * length * fan_in / (fan_in - 1)]


def continuous_optimal_compute(
    fan_in: Real[ArrayLike, "..."],
    correlation: Real[ArrayLike, "..."],
    message_length: Real[ArrayLike, "..."],
    leaf_exponent: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """Compute per leaf that minimises x^{-beta} (x + c0)^t: beta c0/(t - beta);
    inf (one big agent) if t <= beta.

    fan_in > 1, correlation in [0, 1], message_length m > 0 with c0 = 2 m b/(b - 1), leaf_exponent > 0; else
    ValueError.  (arXiv 2601.17311, eqs. 14-16)
    """
    exponent, beta, overhead = _growth(fan_in, correlation, message_length, leaf_exponent)
    pays = ~(exponent <= beta)
    return jnp.where(pays, beta * overhead / jnp.where(pays, exponent - beta, 1), jnp.inf)


def continuous_critical_budget(
    fan_in: Real[ArrayLike, "..."],
    correlation: Real[ArrayLike, "..."],
    message_length: Real[ArrayLike, "..."],
    leaf_exponent: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """Budget at which the optimal tree of this law equals one agent,
    c0 t/(t - beta) (t/beta)^{beta/(t - beta)}.

    It is attained with a real number of agents below e, so by no tree: see `continuous_one_level_budget`. inf
    if t <= beta. Arguments as in `continuous_optimal_compute`.  (arXiv 2601.17311, Cor 10 with t for s;
    derived here)
    """
    exponent, beta, overhead = _growth(fan_in, correlation, message_length, leaf_exponent)
    pays = ~(exponent <= beta)
    edge = jnp.where(pays, exponent - beta, 1)
    budget = overhead * exponent / edge * jnp.exp(beta / edge * jnp.log(jnp.where(pays, exponent / beta, 1)))
    return jnp.where(pays, budget, jnp.inf)


def continuous_critical_agents(
    fan_in: Real[ArrayLike, "..."],
    correlation: Real[ArrayLike, "..."],
    leaf_exponent: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """Agents at the critical budget, (t/beta)^{beta/(t - beta)}, between 1 and e; NaN-free, inf if t <= beta.

    Arguments as in `continuous_optimal_compute`.  (derived here)
    """
    exponent, beta, _ = _growth(fan_in, correlation, 1.0, leaf_exponent)
    pays = ~(exponent <= beta)
    edge = jnp.where(pays, exponent - beta, 1)
    return jnp.where(pays, jnp.exp(beta / edge * jnp.log(jnp.where(pays, exponent / beta, 1))), jnp.inf)


def continuous_one_level_budget(
    fan_in: Real[ArrayLike, "..."],
    correlation: Real[ArrayLike, "..."],
    message_length: Real[ArrayLike, "..."],
    leaf_exponent: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """Budget from which a tree of one level and exact edge cost beats one agent, 2 m b/(1 - b^{1 - t/beta}).

    inf if t <= beta. Arguments as in `continuous_optimal_compute`.  (derived here)
    """
    exponent, beta, overhead = _growth(fan_in, correlation, message_length, leaf_exponent)
    exponent, beta, overhead, fan_in = floats(exponent, beta, overhead, fan_in)
    pays = ~(exponent <= beta)
    shrink = -jnp.expm1((1 - jnp.where(pays, exponent / beta, 2)) * jnp.log(fan_in))
    return jnp.where(pays, overhead * (fan_in - 1) / shrink, jnp.inf)
