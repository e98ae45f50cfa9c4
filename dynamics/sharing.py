"""What the devices of a mesh share: a batch, of which each takes an equal part; weights are the same on all of them."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import jax.random as jr
from flax import nnx
from jax.sharding import AxisType, Mesh, PartitionSpec

from dynamics import _check


def with_auto_axes(mesh: Mesh) -> Mesh:
    """The same devices, whose axes do not enter the types of arrays: those of `jax.make_mesh` would."""
    return Mesh(mesh.devices, mesh.axis_names, axis_types=(AxisType.Auto,) * mesh.devices.ndim)


def shared_among(mesh: Mesh | None, loss: Callable, batch: int) -> Callable:
    """`loss(model, key, *arrays)`, a mean over their leading axis, of which every device of the mesh takes a share.

    Devices draw by keys of their own: a loss that draws nothing agrees with that of one device to rounding.
    ValueError if the batch does not divide among the devices. None: the loss itself.
    """
    if mesh is None:
        return loss
    _check.divides("batch", batch, mesh.size)
    mesh = with_auto_axes(mesh)
    whole, share = PartitionSpec(), PartitionSpec(mesh.axis_names)

    def mean(model, key, *arrays):
        structure, state = nnx.split(model)

        def own(state, key, *arrays):
            own_key = jr.fold_in(key, jax.lax.axis_index(mesh.axis_names))
            return loss(nnx.merge(structure, state), own_key, *arrays)[None]

        specs = (whole, whole, *[share] * len(arrays))
        # Untracked: modules are merged inside, whose loops do not say what varies between devices.
        return jnp.mean(
            jax.shard_map(own, mesh=mesh, in_specs=specs, out_specs=share, check_vma=False)(state, key, *arrays)
        )

    return mean
