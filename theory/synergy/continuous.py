"""The continuous warm-up: averaging estimates of error variance v under additive message noise.

"Correlation rho" can mean three things, and they give three different risks:
  - siblings' errors correlate afresh at every level, before the channel (the paper): `tree_variance`;
  - siblings' messages are copies of one received message: `tree_variance_post_channel`;
  - all leaves of the tree correlate with one another: `tree_variance_global`.
Only the last uses the star's rho. Comparing the first with a star of the same rho flatters the tree, whose
correlation floor is averaged away level by level.
"""

import math
from typing import Any

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import floats, positive, unit, within


def _checked(fan_in: Any, correlation: Any, *others: Any) -> list[Array]:
    within("fan_in", fan_in, 1.0, math.inf, "()")
    unit("correlation", correlation)
    return floats(fan_in, correlation, *others)


def _checked_tree(fan_in: Any, correlation: Any, noise: Any, leaf: Any, depth: Any) -> list[Array]:
    positive("noise_variance", noise, "[)")
    positive("leaf_variance", leaf, "[)")
    positive("depth", depth, "[)")
    return _checked(fan_in, correlation, noise, leaf, depth)


def _loss(fan_in: Array, correlation: Array) -> Array:
    """1 - a = (1 - rho)(1 - 1/b), free of cancellation."""
    return (1 - correlation) * (1 - 1 / fan_in)


def _decay(loss: Array, depth: Array) -> tuple[Array, Array]:
    """(a^L, (1 - a^L)/(1 - a)) for a = 1 - loss; the second is L at loss 0."""
    moving = ~(loss == 0)
    safe = jnp.where(moving, loss, 0.5)
    log_kept = depth * jnp.log1p(-safe)
    kept = jnp.where(moving, jnp.exp(log_kept), 1)
    return kept, jnp.where(moving, -jnp.expm1(log_kept) / safe, depth)


def star_variance(
    agents: Real[ArrayLike, "..."],
    correlation: Real[ArrayLike, "..."],
    noise_variance: Real[ArrayLike, "..."],
    leaf_variance: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """Risk of averaging N agents at once, v_0 (1 + (N - 1) rho)/N + sigma^2/N, down to the floor rho v_0.

    agents >= 1, correlation in [0, 1], variances >= 0; ValueError otherwise.  (arXiv 2601.17311, eq. 7)
    """
    within("agents", agents, 1.0, math.inf, "[)")
    unit("correlation", correlation)
    positive("noise_variance", noise_variance, "[)")
    positive("leaf_variance", leaf_variance, "[)")
    agents, correlation, noise, leaf = floats(agents, correlation, noise_variance, leaf_variance)
    return (leaf * (1 + (agents - 1) * correlation) + noise) / agents


def chain_variance(
    noise_variance: Real[ArrayLike, "..."],
    leaf_variance: Real[ArrayLike, "..."],
    depth: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """Risk of relaying one estimate over `depth` edges, v_0 + L sigma^2.

    All arguments >= 0; ValueError otherwise.  (arXiv 2601.17311, eq. 8)
    """
    positive("noise_variance", noise_variance, "[)")
    positive("leaf_variance", leaf_variance, "[)")
    positive("depth", depth, "[)")
    noise, leaf, depth = floats(noise_variance, leaf_variance, depth)
    return leaf + depth * noise


def contraction(fan_in: Real[ArrayLike, "..."], correlation: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """Factor by which a level shrinks the risk, a = rho + (1 - rho)/b.

    fan_in > 1, may be real; correlation in [0, 1]; ValueError otherwise.  (arXiv 2601.17311, eq. 9)
    """
    fan_in, correlation = _checked(fan_in, correlation)
    return correlation + (1 - correlation) / fan_in


def variance_exponent(fan_in: Real[ArrayLike, "..."], correlation: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """t = log_b(1/a): above its floor the risk of a tree of N leaves falls as N^{-t}; 1 at rho = 0, 0 at rho
    = 1.

    fan_in > 1, correlation in [0, 1]; ValueError otherwise.  (arXiv 2601.17311, after eq. 14)
    """
    fan_in, correlation = _checked(fan_in, correlation)
    return -jnp.log1p(-_loss(fan_in, correlation)) / jnp.log(fan_in)


def tree_level(
    fan_in: Real[ArrayLike, "..."],
    correlation: Real[ArrayLike, "..."],
    noise_variance: Real[ArrayLike, "..."],
    variance: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """One level of the tree, a v + sigma^2/b.

    fan_in > 1, correlation in [0, 1], variances >= 0; ValueError otherwise.  (arXiv 2601.17311, eq. 9)
    """
    positive("noise_variance", noise_variance, "[)")
    positive("variance", variance, "[)")
    fan_in, correlation, noise, variance = _checked(fan_in, correlation, noise_variance, variance)
    return (correlation + (1 - correlation) / fan_in) * variance + noise / fan_in


def tree_variance(
    fan_in: Real[ArrayLike, "..."],
    correlation: Real[ArrayLike, "..."],
    noise_variance: Real[ArrayLike, "..."],
    leaf_variance: Real[ArrayLike, "..."],
    depth: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """Risk at the root, a^L v_0 + (sigma^2/b)(1 - a^L)/(1 - a): siblings correlated before the channel.

    fan_in > 1, correlation in [0, 1], variances and depth >= 0; ValueError otherwise.  (arXiv 2601.17311, eq.
    10)
    """
    fan_in, correlation, noise, leaf, depth = _checked_tree(fan_in, correlation, noise_variance, leaf_variance, depth)
    kept, levels = _decay(_loss(fan_in, correlation), depth)
    return kept * leaf + noise / fan_in * levels


def tree_variance_post_channel(
    fan_in: Real[ArrayLike, "..."],
    correlation: Real[ArrayLike, "..."],
    noise_variance: Real[ArrayLike, "..."],
    leaf_variance: Real[ArrayLike, "..."],
    depth: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """Risk at the root when siblings' messages are copies with the channel's noise on them:
    v -> a (v + sigma^2).

    Arguments as in `tree_variance`.  (derived here)
    """
    fan_in, correlation, noise, leaf, depth = _checked_tree(fan_in, correlation, noise_variance, leaf_variance, depth)
    loss = _loss(fan_in, correlation)
    kept, levels = _decay(loss, depth)
    return kept * leaf + noise * (1 - loss) * levels


def tree_variance_global(
    fan_in: Real[ArrayLike, "..."],
    correlation: Real[ArrayLike, "..."],
    noise_variance: Real[ArrayLike, "..."],
    leaf_variance: Real[ArrayLike, "..."],
    depth: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """Risk at the root when all N = b^L leaves share one correlation, as in a star.

    v_0 (rho + (1 - rho)/N) + sigma^2 (1 - 1/N)/(b - 1). Arguments as in `tree_variance`.  (derived here)
    """
    fan_in, correlation, noise, leaf, depth = _checked_tree(fan_in, correlation, noise_variance, leaf_variance, depth)
    share = jnp.exp(-depth * jnp.log(fan_in))
    lost = -jnp.expm1(-depth * jnp.log(fan_in))
    return leaf * (correlation + (1 - correlation) * share) + noise * lost / (fan_in - 1)


def communication_floor(
    fan_in: Real[ArrayLike, "..."],
    correlation: Real[ArrayLike, "..."],
    noise_variance: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """Risk of an infinitely deep tree, sigma^2/((b - 1)(1 - rho)), whatever its leaves;
    deeper is worse from below.

    fan_in > 1, correlation in [0, 1), noise_variance >= 0; ValueError otherwise.  (arXiv 2601.17311, eq. 11)
    """
    within("correlation", correlation, 0.0, 1.0, "[)")
    positive("noise_variance", noise_variance, "[)")
    fan_in, correlation, noise = _checked(fan_in, correlation, noise_variance)
    return noise / ((fan_in - 1) * (1 - correlation))


def communication_floor_post_channel(
    fan_in: Real[ArrayLike, "..."],
    correlation: Real[ArrayLike, "..."],
    noise_variance: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """Floor of `tree_variance_post_channel`, sigma^2 (1 + (b - 1) rho)/((b - 1)(1 - rho));
    arguments as above.

    (derived here)
    """
    floor = communication_floor(fan_in, correlation, noise_variance)
    fan_in, correlation, floor = floats(fan_in, correlation, floor)
    return floor * (1 + (fan_in - 1) * correlation)


def communication_floor_global(
    fan_in: Real[ArrayLike, "..."],
    correlation: Real[ArrayLike, "..."],
    noise_variance: Real[ArrayLike, "..."],
    leaf_variance: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """Floor of `tree_variance_global`, rho v_0 + sigma^2/(b - 1): the star's floor plus the channel's.

    fan_in > 1, correlation in [0, 1], variances >= 0; ValueError otherwise.  (derived here)
    """
    positive("noise_variance", noise_variance, "[)")
    positive("leaf_variance", leaf_variance, "[)")
    fan_in, correlation, noise, leaf = _checked(fan_in, correlation, noise_variance, leaf_variance)
    return correlation * leaf + noise / (fan_in - 1)


def depth_to_floor(
    fan_in: Real[ArrayLike, "..."],
    correlation: Real[ArrayLike, "..."],
    noise_variance: Real[ArrayLike, "..."],
    leaf_variance: Real[ArrayLike, "..."],
    excess: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """Real depth at which the risk has come down to (1 + eps) v*: log((v_0 - v*)/(eps v*))/log(1/a);
    round it up.

    0 where it starts there. excess: eps > 0. noise_variance > 0, else there is no floor to reach;
    leaf_variance >= 0, fan_in > 1, correlation in [0, 1); ValueError otherwise.  (arXiv 2601.17311, eq. 13)
    """
    positive("noise_variance", noise_variance)
    positive("leaf_variance", leaf_variance, "[)")
    positive("excess", excess)
    floor = communication_floor(fan_in, correlation, noise_variance)
    fan_in, correlation, leaf, floor, excess = floats(fan_in, correlation, leaf_variance, floor, excess)
    surplus = jnp.maximum((leaf - floor) / (excess * floor), 1)
    return jnp.log(surplus) / -jnp.log1p(-_loss(fan_in, correlation))
