"""What scores come out as where the data's second moments are known (arXiv 2505.17459; derived here)."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float, Real

Number = Real[ArrayLike, "..."]


def persistence_rmse(variance: Number, covariance: Number) -> Float[Array, ...]:
    """P38: RMSE of "as now" at a lag, sqrt(2 (S_0 - C)), for stationary data of variance S_0 and covariance C at it."""
    return jnp.sqrt(2 * jnp.maximum(jnp.asarray(variance) - covariance, 0))


def mean_field_nmse(mean: Number, variance: Number) -> Float[Array, ...]:
    """P38: NMSE against the mean square of a forecast of nothing but the mean, var / (mean^2 + var).

    Min-max data have a mean near 0.45, so that knowing nothing scores well below 1.
    """
    return jnp.asarray(variance) / (jnp.square(mean) + variance)
