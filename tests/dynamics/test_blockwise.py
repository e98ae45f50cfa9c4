"""Sums block by block are the sums of all points at once, and so are their gradients."""

from functools import partial

import jax
import jax.numpy as jnp
import jax.random as jr
import pytest
from numpy.testing import assert_allclose

from dynamics.blockwise import BLOCK, summed


def part(weights, offset, points):
    """A sum that is no linear function of the weights, and other sums beside it."""
    within = jnp.tanh(weights["kernel"] @ points + offset)
    return jnp.sum(weights["gain"] * jnp.sum(within**2, axis=0)), jnp.sum(within, axis=1)


@pytest.fixture(scope="module")
def weights():
    return {"kernel": jr.normal(jr.key(0), (4, 3)), "gain": jnp.asarray(0.7)}


@pytest.mark.parametrize("count", [BLOCK, 2 * BLOCK + 7])
def test_blocks_add_up(weights, count):
    """In one block, and in two and a rest; value, gradient and the sums beside them."""
    points, offset = jr.normal(jr.key(1), (3, count)), jnp.asarray(0.2)
    ways = (
        jax.jit(jax.value_and_grad(way, has_aux=True))(weights, offset, points) for way in (part, partial(summed, part))
    )
    jax.tree.map(partial(assert_allclose, rtol=1e-10, atol=1e-10), *ways)


def test_seeds_side_by_side(weights):
    points, offsets = jr.normal(jr.key(1), (3, 2 * BLOCK)), jnp.asarray([0.2, -0.1])
    ways = (
        jax.vmap(jax.grad(way, has_aux=True), (None, 0, None))(weights, offsets, points)
        for way in (part, partial(summed, part))
    )
    jax.tree.map(partial(assert_allclose, rtol=1e-10, atol=1e-10), *ways)


def test_devices_share_the_points(weights):
    """Each takes two blocks and a rest; all of them hold the sums."""
    points, offset = jr.normal(jr.key(1), (3, 4 * (2 * BLOCK + 7))), jnp.asarray(0.2)
    mesh = jax.make_mesh((4,), ("batch",), devices=jax.local_devices()[:4])
    alone, shared = (
        jax.jit(jax.value_and_grad(partial(summed, part), has_aux=True), static_argnums=3)(*given)
        for given in ((weights, offset, points, None), (weights, offset, points, mesh))
    )
    jax.tree.map(partial(assert_allclose, rtol=1e-10, atol=1e-10), alone, shared)
    assert all(leaf.devices() == set(mesh.devices.flat) for leaf in jax.tree.leaves(shared))
    with pytest.raises(ValueError, match="`points` must divide among 4 devices, but is 6"):
        summed(part, weights, offset, points[:, :6], mesh)
