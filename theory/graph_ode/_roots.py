"""Square roots that end somewhere, and the rates of a system of two species."""

import jax.numpy as jnp
from jaxtyping import Array, Float


def real_root(square: Float[Array, "..."]) -> Float[Array, "..."]:
    """Its root; NaN below zero. The derivative at zero is 0 rather than infinite, so that batches stay finite."""
    positive = square > 0
    root = jnp.sqrt(jnp.where(positive, square, 1.0))
    return jnp.where(positive, root, jnp.where(square == 0, 0.0, jnp.nan))


def leading_rate(trace: Float[Array, "..."], determinant: Float[Array, "..."]) -> Float[Array, "..."]:
    """Largest real part of the eigenvalues of a real 2 x 2 matrix, by its trace and determinant."""
    return trace / 2 + real_root(jnp.maximum(trace**2 / 4 - determinant, 0.0))
