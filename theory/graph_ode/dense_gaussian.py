"""The exact denoiser of Gaussian data of any covariance (P34): what `gaussian_diffusion` has mode by mode."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from .._arguments import unit


def gaussian_score(
    x: Float[Array, " dims"],
    mean: Float[Array, " dims"],
    covariance: Float[Array, "dims dims"],
    signal: Float[Array, ""] | float,
) -> Float[Array, " dims"]:
    """grad log p_n(x) = -M^-1 (x - sqrt(a) mu), M = a Sigma + (1 - a) I (P34); -eps*/sqrt(1 - a) is the same.

    signal a in [0, 1], ValueError otherwise; below 1 where Sigma is singular.
    """
    unit("signal", signal)
    size = x.shape[0]
    noised = signal * covariance + (1 - signal) * jnp.eye(size, dtype=covariance.dtype)
    return -jnp.linalg.solve(noised, x - jnp.sqrt(signal) * mean)


def gaussian_clean(
    x: Float[Array, " dims"],
    mean: Float[Array, " dims"],
    covariance: Float[Array, "dims dims"],
    signal: Float[Array, ""] | float,
) -> Float[Array, " dims"]:
    """E[x_0 | x_n = x] = mu + sqrt(a) Sigma M^-1 (x - sqrt(a) mu), M = a Sigma + (1 - a) I (P34)."""
    return mean - jnp.sqrt(signal) * covariance @ gaussian_score(x, mean, covariance, signal)
