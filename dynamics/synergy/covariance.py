"""Continuous messages without sampling: the covariance matrix of what a node hears, carried up level by level."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float, Real

from dynamics import _check
from dynamics.synergy.sharing import SENT_COPIED, Sharing

Scalar = Real[ArrayLike, ""]


def equicorrelated(agents: int, correlation: Scalar, variance: Scalar) -> Float[Array, "{agents} {agents}"]:
    """Covariance of `agents` errors of equal variance, any two correlated by `correlation`."""
    correlation, variance = jnp.asarray(correlation, float), jnp.asarray(variance, float)
    return variance * jnp.where(jnp.eye(agents, dtype=bool), 1, correlation)


def star_risk(agents: int, correlation: Scalar, noise_variance: Scalar, leaf_variance: Scalar) -> Float[Array, ""]:
    """Risk of the mean of equicorrelated estimates, each read through a channel of its own.

    agents: N >= 1.  correlation: rho in [0, 1].  Variances >= 0.  (arXiv 2601.17311, sec. 3)
    """
    agents = _check.whole("agents", agents, 1)
    _check.parameters(correlation=correlation)
    received = equicorrelated(agents, correlation, leaf_variance) + noise_variance * jnp.eye(agents)
    return received.mean()


def level_risks(
    fan_in: int,
    correlation: Scalar,
    noise_variance: Scalar,
    leaf_variance: Scalar,
    depth: int,
    sharing: Sharing = SENT_COPIED,
) -> Float[Array, " levels"]:
    """Error variance of a node at levels 0 (leaves) to depth (root): (depth + 1,).

    Each level averages fan_in messages, whose covariance is that of copies of the sent estimates (each with noise of
    its own), of copies of received ones, or for a global cause the block of the covariance of all fan_in**depth
    leaves, which is held whole. Ranges as in `gaussian_tree`; ValueError out of range and for copies among leaves only.
    """
    fan_in, depth = _check.whole("fan_in", fan_in, 1), _check.whole("depth", depth, 0)
    _check.parameters(correlation=correlation)
    _check.within(0.0, float("inf"), noise_variance=noise_variance, leaf_variance=leaf_variance)
    if sharing.reach == "leaves":
        raise ValueError(f"Argument `sharing` must act on every level or on the whole tree, but is {sharing}.")
    noise = jnp.asarray(noise_variance, float)
    if sharing.reach == "tree":
        covariance = equicorrelated(fan_in**depth, correlation, leaf_variance)
        risks = [covariance[0, 0]]
        for _ in range(depth):
            heard = covariance + noise * jnp.eye(covariance.shape[0])
            nodes = heard.shape[0] // fan_in
            covariance = heard.reshape(nodes, fan_in, nodes, fan_in).mean(axis=(1, 3))
            risks.append(covariance[0, 0])
        return jnp.stack(risks)

    def level(variance, _):
        if sharing.copied == "sent":
            heard = equicorrelated(fan_in, correlation, variance) + noise * jnp.eye(fan_in)
        else:
            heard = equicorrelated(fan_in, correlation, variance + noise)
        return heard.mean(), heard.mean()

    start = jnp.asarray(leaf_variance, float)
    _, above = jax.lax.scan(level, start, None, length=depth)
    return jnp.concatenate([start[None], above])
