"""What is common to the sweeps of two species: a kick to each mode, the rates at which it grows, halved steps."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

from dynamics.graph_ode.fields import advanced

# Far above rounding (1e-16 of one), far below where products of it matter (its square).
KICK = 1e-7


def eigenvalues(matrix):
    """Both eigenvalues of complex 2 x 2 matrices (..., 2, 2), the larger in modulus first."""
    half = (matrix[..., 0, 0] + matrix[..., 1, 1]) / 2
    product = matrix[..., 0, 0] * matrix[..., 1, 1] - matrix[..., 0, 1] * matrix[..., 1, 0]
    root = jnp.sqrt(half**2 - product + 0j)
    pair = jnp.stack([half + root, half - root])
    first = jnp.abs(pair[0]) >= jnp.abs(pair[1])
    return jnp.where(first, pair[0], pair[1]), jnp.where(first, pair[1], pair[0])


def rates(matrix, time):
    """Leading growth rate, its frequency, and the other growth rate, of a response over `time`."""
    leading, other = eigenvalues(matrix)
    return jnp.log(jnp.abs(leading)) / time, jnp.abs(jnp.angle(leading)) / time, jnp.log(jnp.abs(other)) / time


def response(step: Callable, rest, modes, count: int):
    """What a unit kick to species 0, then 1, has become after `count` steps, in the modes: (mode, species, kicked).

    rest: spectra (2, ..., half).  modes: how many entries of the last axis are kicked, in the first row of the others.
    """
    places = (0,) * (rest.ndim - 2)
    size = KICK * jnp.sqrt(jnp.asarray(float(jnp.size(rest))))

    def kicked(species):
        return rest.at[(species, *places, slice(0, modes))].add(size)

    states = jnp.stack([rest, kicked(0), kicked(1)])
    ends = jax.vmap(lambda state: advanced(step, state, count))(states)[(..., *places, slice(0, modes))]
    return jnp.transpose((ends[1:] - ends[0]) / size, (2, 1, 0))
