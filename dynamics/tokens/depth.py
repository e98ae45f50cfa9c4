"""Depth as Euler steps: x <- x + h layer(x), plain or followed by a normalisation of each token."""

from collections.abc import Callable

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Real

from dynamics._check import whole


def residual_stack(
    layer: Callable,
    x0: Float[Array, "tokens *channels"],
    step: Real[Array, ""] | float,
    depth: int,
    *,
    normalised: bool = False,
) -> Float[Array, "depth tokens *channels"]:
    """Tokens after each of `depth` equal layers x <- x + step * layer(x), a row a layer.

    normalised: every token is brought back to length one after each layer.
    """
    depth = whole("depth", depth, 1)

    def one(x, _):
        x = x + step * layer(x)
        x = unit(x) if normalised else x
        return x, x

    return lax.scan(one, jnp.asarray(x0), None, length=depth)[1]


def unit(x: Float[Array, "*batch channels"]) -> Float[Array, "*batch channels"]:
    """Each token divided by its length."""
    return x / jnp.linalg.norm(x, axis=-1, keepdims=True)
