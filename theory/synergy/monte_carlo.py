"""What a simulation of the recursion should show: errors of a resampled pool of votes,
and the size of lazy trees.

A pool of n votes resampled level by level does not err by the binomial sqrt((1 - mu^2)/n): each level adds
fresh noise and T' carries the old noise along, which near and above threshold means growth.
"""

from functools import partial
from typing import NamedTuple, SupportsIndex

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import floats, positive, signed, whole, within
from .recursion import checked, curvature_of_level, level, slope_of_level


class PoolError(NamedTuple):
    """Error of the pool's mean vote at the root: variance, and bias (of the estimator, not of the votes)."""

    variance: Float[Array, "..."]
    bias: Float[Array, "..."]


def pool_error(
    fan_in: SupportsIndex,
    correlation: Real[ArrayLike, "..."],
    fidelity: Real[ArrayLike, "..."],
    initial_bias: Real[ArrayLike, "..."],
    depth: SupportsIndex,
    pool_size: Real[ArrayLike, "..."],
) -> PoolError:
    """Variance and bias of the mean of a pool of `pool_size` votes after `depth` resampled levels.

    V_0 = (1 - mu_0^2)/n, V_{l+1} = T'(mu_l)^2 V_l + (1 - mu_{l+1}^2)/n;  d_0 = 0, d_{l+1} = T' d_l + T''
    V_l/2. Valid while sqrt(V) << mu: beyond, pools flip to the wrong attractor.
    fan_in odd >= 3, depth >= 0; correlation, fidelity in [0, 1], initial_bias in [-1, 1], pool_size > 0; else
    ValueError.  (derived here)
    """
    signed("initial_bias", initial_bias)
    positive("pool_size", pool_size)
    depth = whole("depth", depth, 0)
    fan_in, (correlation, fidelity, bias, size) = checked(fan_in, correlation, fidelity, initial_bias, pool_size)
    return _pool_error(fan_in, depth, correlation, fidelity, bias, size)


@partial(jax.jit, static_argnums=(0, 1))
def _pool_error(fan_in: int, depth: int, correlation: Array, fidelity: Array, bias: Array, size: Array) -> PoolError:
    def ascend(state: tuple[Array, Array, Array], _: None) -> tuple[tuple[Array, Array, Array], None]:
        bias, variance, drift = state
        slope = slope_of_level(fan_in, correlation, fidelity, bias)
        bend = curvature_of_level(fan_in, correlation, fidelity, bias)
        raised = level(fan_in, correlation, fidelity, bias)
        fresh = (1 - raised) * (1 + raised) / size
        return (raised, slope * slope * variance + fresh, slope * drift + bend * variance / 2), None

    start = (bias, (1 - bias) * (1 + bias) / size, jnp.zeros_like(bias))
    (_, variance, drift), _ = jax.lax.scan(ascend, start, length=depth)
    return PoolError(variance, drift)


def binomial_standard_error(bias: Real[ArrayLike, "..."], samples: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """sqrt((1 - mu^2)/n), the error of a mean of n independent votes: right for independent trees,
    not for pools.

    bias in [-1, 1], samples > 0; ValueError otherwise.  (derived here)
    """
    signed("bias", bias)
    positive("samples", samples)
    bias, samples = floats(bias, samples)
    return jnp.sqrt((1 - bias) * (1 + bias) / samples)


def lazy_tree_leaves(
    fan_in: SupportsIndex, correlation: Real[ArrayLike, "..."], depth: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """Expected leaves drawn per root when copied subtrees are drawn once: (rho + (1 - rho) b)^L.

    fan_in odd >= 3, correlation in [0, 1], depth >= 0; ValueError otherwise.  (derived here)
    """
    positive("depth", depth, "[)")
    fan_in, (correlation, _, depth) = checked(fan_in, correlation, 1.0, depth)
    return jnp.power(correlation + (1 - correlation) * fan_in, depth)


def hoeffding_half_width(
    samples: Real[ArrayLike, "..."], miss_probability: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """sqrt(2 log(2/delta)/n): a mean of n independent votes errs by more with probability at most delta.

    samples > 0, miss_probability in (0, 1]; ValueError otherwise.  (Hoeffding's inequality)
    """
    positive("samples", samples)
    within("miss_probability", miss_probability, 0.0, 1.0, "(]")
    samples, miss = floats(samples, miss_probability)
    return jnp.sqrt(2 * jnp.log(2 / miss) / samples)
