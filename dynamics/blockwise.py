"""Sums over many points, value and gradient block by block, so that on a CPU a block's activations stay in its cache.

Of a whole batch they would travel to memory and back at every layer, which takes longer than the products between.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

# 512 columns of 32 float32 are 64 kB, of which a core's second cache holds a dozen. Half or twice as many are slower.
BLOCK = 512

# (weights, constants, points) -> a sum over the points, and whatever else is summed over them.
Part = Callable[[Any, Any, Float[Array, "... points"]], tuple[Float[Array, ""], Any]]


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def summed(part: Part, weights: PyTree, constants: PyTree, points: Float[Array, "... points"]) -> tuple[Any, Any]:
    """`part(weights, constants, points)`, a sum over points and other sums beside it, added up over blocks of points.

    The first is differentiable, and by the weights alone: everything else counts as data, whose gradient is zero.
    """
    return _over_blocks(partial(part, weights, constants), points)


def _forward(part, weights, constants, points):
    def sloped(block):
        return jax.value_and_grad(part, has_aux=True)(weights, constants, block)

    return _over_blocks(sloped, points)


def _backward(part, slope, change):
    del part
    return jax.tree.map(lambda leaf: change[0] * leaf, slope), None, None


summed.defvjp(_forward, _backward)


def _over_blocks(function: Callable, points: Float[Array, "... points"]) -> Any:
    count = points.shape[-1]
    # Accelerators are the faster the more points they are given at once.
    block = BLOCK if jax.default_backend() == "cpu" else count
    whole, rest = divmod(count, block)
    parts = []
    if whole > 1:
        blocks = jnp.moveaxis(points[..., : count - rest].reshape(*points.shape[:-1], whole, block), -2, 0)
        parts = [jax.tree.map(lambda leaf: jnp.sum(leaf, axis=0), jax.lax.map(function, blocks))]
    elif whole == 1:
        parts = [function(points[..., :block])]
    if rest:
        parts.append(function(points[..., count - rest :]))
    return parts[0] if len(parts) == 1 else jax.tree.map(jnp.add, *parts)
