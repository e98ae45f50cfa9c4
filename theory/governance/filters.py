"""Filters that echo the opponent: tit-for-tat (memory 0) and its exponential moving averages.

e(t) = g e(t - 1) + (1 - g) o(t - 1) from e(-1) = o(-1) = 1, against an opponent who cooperates independently with
chance q, or who defects in one block.
"""

from typing import SupportsIndex

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int, Real

from .._arguments import floats, unit, whole, within


def _memory(value) -> None:
    within("memory", value, 0.0, 1.0, "[)")


def echo_variance(cooperation: Real[ArrayLike, "..."], memory: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """Stationary variance q (1 - q)(1 - g)/(1 + g) of an echoing action; q (1 - q) for tit-for-tat, g = 0.

    cooperation q in [0, 1], memory g in [0, 1); ValueError otherwise.  (arXiv 2602.20846, Thm smoothing (a); g: here)
    """
    unit("cooperation", cooperation)
    _memory(memory)
    cooperation, memory = floats(cooperation, memory)
    return cooperation * (1 - cooperation) * (1 - memory) / (1 + memory)


def echo_mean_at(
    time: Real[ArrayLike, "..."], cooperation: Real[ArrayLike, "..."], memory: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """E e(t) = q + (1 - q) g^t.

    time t >= 0, cooperation q in [0, 1], memory g in [0, 1); ValueError otherwise.  (derived here)
    """
    within("time", time, 0.0, jnp.inf, "[)")
    unit("cooperation", cooperation)
    _memory(memory)
    time, cooperation, memory = floats(time, cooperation, memory)
    return cooperation + (1 - cooperation) * memory**time


def echo_variance_at(
    time: Real[ArrayLike, "..."], cooperation: Real[ArrayLike, "..."], memory: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """Var e(t) = q (1 - q)(1 - g)(1 - g^(2t))/(1 + g) over opponents.

    time t >= 0, cooperation q in [0, 1], memory g in [0, 1); ValueError otherwise.  (derived here)
    """
    within("time", time, 0.0, jnp.inf, "[)")
    limit = echo_variance(cooperation, memory)
    limit, time, memory = floats(limit, time, memory)
    return limit * (1 - memory ** (2 * time))


def echo_sample_variance(
    cooperation: Real[ArrayLike, "..."], memory: Real[ArrayLike, "..."], rounds: SupportsIndex
) -> Float[Array, "..."]:
    """Expectation of the population variance (divisor T) of the actions of T rounds, start-up included.

    The mean of Var e(t) + (E e(t) - its mean)^2, less the variance of the mean of e; Cov(e(s), e(t)) = Var e(s)
    g^(t - s) for s <= t.
    cooperation q in [0, 1], memory g in [0, 1), rounds T >= 1; ValueError otherwise.  (derived here)
    """
    rounds = whole("rounds", rounds, 1)
    unit("cooperation", cooperation)
    _memory(memory)
    cooperation, memory = floats(cooperation, memory)
    q, g = cooperation[..., None], memory[..., None]
    time = jnp.arange(rounds, dtype=q.dtype)
    mean, variance = echo_mean_at(time, q, g), echo_variance_at(time, q, g)
    reach = 1 + 2 * g * (1 - g ** (rounds - 1 - time)) / (1 - g)
    mean_variance = jnp.mean(variance * reach, axis=-1) / rounds
    drift = mean - jnp.mean(mean, axis=-1, keepdims=True)
    return jnp.mean(variance + drift**2, axis=-1) - mean_variance


def echo_block_depth(memory: Real[ArrayLike, "..."], block: SupportsIndex) -> Float[Array, "..."]:
    """Lowest action g^(L - 1) inside a block of L defections that meets a fully cooperative echo: one round of lag.

    memory g in [0, 1), block L >= 1; ValueError otherwise.  (derived here)
    """
    block = whole("block", block, 1)
    _memory(memory)
    (memory,) = floats(memory)
    return memory ** (block - 1)


def echo_recovery_rounds(
    memory: Real[ArrayLike, "..."], block: SupportsIndex, fraction: Real[ArrayLike, "..."]
) -> Int[Array, "..."]:
    """Rounds after a block of L defections until the action is back at a fraction c of 1.

    The smallest n with 1 - (1 - g^L) g^n >= c: ceil(ln((1 - c)/(1 - g^L))/ln g), and 1 for tit-for-tat.
    memory g in [0, 1), block L >= 1, fraction c in (0, 1); ValueError otherwise.  (derived here)
    """
    block = whole("block", block, 1)
    _memory(memory)
    within("fraction", fraction, 0.0, 1.0, "()")
    memory, fraction = floats(memory, fraction)
    safe = jnp.where(memory > 0, memory, 0.5)
    rounds = jnp.ceil(jnp.log((1 - fraction) / (1 - safe**block)) / jnp.log(safe))
    return jnp.where(memory > 0, jnp.maximum(rounds, 0), 1).astype(int)
