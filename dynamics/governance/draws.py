"""Where the random numbers of one seed come from: a JAX key, or the official code's generators.

The official code adds an offset to a base seed for every use; the offsets serve as names in both modes. `Keyed` draws
are traced and batched, measure spectral radii exactly, and move twenty copies side by side where only pooled moments
matter (so that a step is a matrix product). `Published` draws are those of the official code, on the host, in float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Float, Integer, Key, Shaped, UInt32

from dynamics.governance import xoshiro
from dynamics.governance.habituation import given
from dynamics.governance.spectrum import power_iteration, spectral_radius

NOISE = 0.15
# Names of the two streams that are the base seed's own in the official code.
_FRESH, _EPOCHS = 0, 1
# The official clamp owns a generator of this seed, begun anew at every call.
_CLAMP_SEED = 42


Offsets = Sequence[int] | Integer[Array, " lanes"]


class Fresh(NamedTuple):
    """Standard normals behind a new body: W row by row, a power iteration's start, W_in, b."""

    recurrent: Float[Array, "d d"]
    start: Float[Array, " d"]
    inputs: Float[Array, "d 2"]
    bias: Float[Array, " d"]


class Epochs(NamedTuple):
    """Noise of all habituation epochs: what one epoch is drawn from, and how."""

    sources: Shaped[Array, "epochs ..."]
    draw: Callable[..., Float[Array, "rounds *copies d"]]


def _epoch(shape, alive, key):
    # Drawn flat: XLA takes many times longer to compile the same draw in several dimensions.
    return alive * NOISE * jr.normal(key, (math.prod(shape),), alive.dtype).reshape(shape)


class Keyed(NamedTuple):
    """Draws of a JAX key: reference mode.

    alive: 1 for the neurons that are there and 0 for those that only pad a smaller body to a common shape.
    """

    key: Key[Array, ""] | UInt32[Array, " 2"]
    copies: int = 20
    alive: Float[Array, " width"] | None = None

    def fresh(self, dimension: int) -> Fresh:
        """What a new body of this dimension is made from; nothing where no neuron is alive."""
        d, alive = dimension, self._alive(dimension)
        drawn = jr.normal(jr.fold_in(self.key, _FRESH), (d * d + 4 * d,))
        fresh = _shared_out(drawn, d)
        both = alive[:, None] * alive
        return Fresh(fresh.recurrent * both, fresh.start * alive, fresh.inputs * alive[:, None], fresh.bias * alive)

    def neurons(self, dimension: int) -> Float[Array, ""] | int:
        """How many neurons are there, of a body with so many places."""
        return dimension if self.alive is None else self.alive.sum()

    def radius(self, matrix: Float[Array, "d d"], start: Float[Array, " d"]) -> Float[Array, ""]:
        """The spectral radius by which a new W is scaled: exact, whatever the start."""
        del start
        return spectral_radius(matrix)

    def clamp_starts(self, dimension: int) -> None:
        """None: the clamp is exact."""
        del dimension

    def apart(
        self, offsets: Offsets, burn_in: int, recorded: int, dimension: int
    ) -> Float[Array, "lanes rounds copies d"]:
        """Noises of open-loop runs: a fifth of the burn-in, then the recorded states shared among the copies."""
        return self._noises(offsets, (burn_in // 5 + recorded // self.copies, self.copies, dimension))

    def kept(self, states: Float[Array, "rounds copies d"], recorded: int) -> Float[Array, "recorded d"]:
        """The recorded states of such a run."""
        return states[-(recorded // self.copies) :].reshape(-1, states.shape[-1])

    def epochs(self, epochs: int, batch: int, dimension: int) -> Epochs:
        """Noise of habituation: every epoch's batch is shared among the copies."""
        shape = (batch // self.copies, self.copies, dimension)
        keys = jr.split(jr.fold_in(self.key, _EPOCHS), epochs)
        return Epochs(keys, partial(_epoch, shape, self._alive(dimension)))

    def noises(self, offsets: Offsets, rounds: int, dimension: int) -> Float[Array, "lanes rounds d"]:
        """Noise of one run for each offset."""
        return self._noises(offsets, (rounds, dimension))

    def uniforms(self, offset: int, count: int) -> Float[Array, " count"]:
        """Uniform numbers, for an opponent."""
        return jr.uniform(jr.fold_in(self.key, offset), (count,))

    def _alive(self, dimension):
        return jnp.ones(dimension) if self.alive is None else self.alive

    def _noises(self, offsets, shape):
        keys = jax.vmap(jr.fold_in, (None, 0))(self.key, jnp.asarray(offsets))
        return jax.vmap(partial(_epoch, shape, self._alive(shape[-1])))(keys)


class Published(NamedTuple):
    """Draws of the official code from a base seed: official mode."""

    seed: int

    def fresh(self, dimension: int) -> Fresh:
        """What a new body of this dimension is made from: the first d d + d + 2 d + d normals of the base seed."""
        return _shared_out(jnp.asarray(xoshiro.normals(self.seed, _body_draws(dimension))), dimension)

    def neurons(self, dimension: int) -> int:
        """How many neurons are there: all."""
        return dimension

    def radius(self, matrix: Float[Array, "d d"], start: Float[Array, " d"]) -> Float[Array, ""]:
        """The estimate by which a new W is scaled: a power iteration."""
        return power_iteration(matrix, start)

    def clamp_starts(self, dimension: int) -> Float[Array, "2 d"]:
        """Start vectors of the clamp's two power iterations."""
        return jnp.asarray(xoshiro.normals(_CLAMP_SEED, 2 * dimension).reshape(2, dimension))

    def apart(self, offsets: Offsets, burn_in: int, recorded: int, dimension: int) -> Float[Array, "lanes rounds d"]:
        """Noises of open-loop runs of one copy."""
        return self.noises(offsets, burn_in + recorded, dimension)

    def kept(self, states: Float[Array, "rounds d"], recorded: int) -> Float[Array, "recorded d"]:
        """The recorded states of such a run."""
        return states[-recorded:]

    def epochs(self, epochs: int, batch: int, dimension: int) -> Epochs:
        """Noise of habituation, which the base seed's generator goes on to give after the body."""
        before, count = _body_draws(dimension), epochs * batch * dimension
        drawn = xoshiro.normals(self.seed, before + count)[before:]
        return Epochs(jnp.asarray(NOISE * drawn.reshape(epochs, batch, dimension)), given)

    def noises(self, offsets: Offsets, rounds: int, dimension: int) -> Float[Array, "lanes rounds d"]:
        """Noise of one run for each offset."""
        shape = (rounds, dimension)
        lanes = [xoshiro.normals(self.seed + int(offset), rounds * dimension).reshape(shape) for offset in offsets]
        return jnp.asarray(NOISE * np.stack(lanes))

    def uniforms(self, offset: int, count: int) -> Float[Array, " count"]:
        """Uniform numbers, for an opponent."""
        return jnp.asarray(xoshiro.uniforms(self.seed + offset, count))


Draws = Keyed | Published


def _shared_out(normals, d):
    recurrent, start, inputs, bias = jnp.split(normals, [d * d, d * d + d, d * d + 3 * d])
    return Fresh(recurrent.reshape(d, d), start, inputs.reshape(d, 2), bias)


def _body_draws(d: int) -> int:
    return d * d + d + 2 * d + d
