"""Sums over many points, value and gradient block by block, so that on a CPU a block's activations stay in its cache.

Of a whole batch they would travel to memory and back at every layer, which takes longer than the products between.
Given a mesh, its devices share the points: a CPU runs a loop over blocks on one core a device.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jax.sharding import Mesh, PartitionSpec
from jaxtyping import Array, Float, PyTree

from dynamics import _check
from dynamics.sharing import with_auto_axes

# 512 columns of 32 float32 are 64 kB, of which a core's second cache holds a dozen. Half or twice as many are slower.
BLOCK = 512

# (weights, constants, points) -> a sum over the points, and whatever else is summed over them.
Part = Callable[[Any, Any, Float[Array, "... points"]], tuple[Float[Array, ""], Any]]


@partial(jax.custom_vjp, nondiff_argnums=(0, 4))
def summed(
    part: Part, weights: PyTree, constants: PyTree, points: Float[Array, "... points"], mesh: Mesh | None = None
) -> tuple[Any, Any]:
    """`part(weights, constants, points)`, a sum over points and other sums beside it, added up over blocks of points.

    The first is differentiable, and by the weights alone: everything else counts as data, whose gradient is zero.
    mesh: whose devices take equal shares of the points; ValueError if these do not divide by their number.
    """
    return _over_devices(part, weights, constants, points, mesh)


def _forward(part, weights, constants, points, mesh):
    return _over_devices(jax.value_and_grad(part, has_aux=True), weights, constants, points, mesh)


def _backward(part, mesh, slope, change):
    del part, mesh
    return jax.tree.map(lambda leaf: change[0] * leaf, slope), None, None


summed.defvjp(_forward, _backward)


def _over_devices(function: Callable, weights, constants, points: Float[Array, "... points"], mesh: Mesh | None):
    if mesh is None:
        return _over_blocks(partial(function, weights, constants), points)
    _check.divides("points", points.shape[-1], mesh.size)
    mesh = with_auto_axes(mesh)

    def own(weights, constants, points):
        # One sum of everything: each between devices costs their meeting.
        sums, restore = ravel_pytree(_over_blocks(partial(function, weights, constants), points))
        return restore(jax.lax.psum(sums, mesh.axis_names))

    whole, shared = PartitionSpec(), PartitionSpec(*[None] * (points.ndim - 1), mesh.axis_names)
    # Untracked, because a loop over blocks starts from sums that are zero on every device.
    laid = jax.shard_map(own, mesh=mesh, in_specs=(whole, whole, shared), out_specs=whole, check_vma=False)
    return laid(weights, constants, points)


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
