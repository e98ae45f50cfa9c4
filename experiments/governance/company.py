"""Bodies that meet opponents who react: grown once a process and shared by the sweeps, at the end of habituation.

Growing a body takes the compiler longer than anything that these sweeps do with it. Habituation is the endless one
(its fixed point), which the official 200 epochs reach but for a memory of near-critical neurons.
"""

from __future__ import annotations

from functools import lru_cache, partial

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from dynamics import governance as gov
from dynamics.governance.draws import NOISE
from experiments.experiment import Quantity

ROOT = 260220846
NUMBER = Quantity("s", "number of the body: the seed it is grown from")
# How many bodies there are of each dimension, padded to the largest.
CROWD = {5: 8, 10: 8, 20: 8, 30: 56, 50: 8}
RIDGE = 0.001


@partial(jax.jit, static_argnames="width")
def _grown(numbers, dimensions, width: int) -> gov.Grown:
    def one(number, dimension):
        key = jr.fold_in(jr.fold_in(jr.key(ROOT), dimension), number)
        alive = (jnp.arange(width) < dimension).astype(float)
        return gov.grown(gov.Keyed(key, alive=alive), width, strength=RIDGE * dimension / 30, settled=True)

    return jax.vmap(one)(numbers, dimensions)


@lru_cache
def _crowd() -> gov.Grown:
    """All bodies, in single precision, which later sweeps may take them out of."""
    dimensions, numbers = np.array([(d, i) for d, count in CROWD.items() for i in range(count)], np.int32).T
    with jax.ensure_compile_time_eval(), jax.enable_x64(False):
        return jax.tree.map(np.asarray, _grown(numbers, dimensions, max(CROWD)))


def _before(dimension: int) -> int:
    """Bodies that stand before the first of this dimension."""
    names = list(CROWD)
    return sum(CROWD[d] for d in names[: names.index(dimension)])


def body_of_size(dimension, number) -> gov.Grown:
    """A body of the crowd, padded with dead neurons to the largest dimension there; both may be traced."""
    sizes, starts = np.array(list(CROWD)), np.array([_before(d) for d in CROWD])
    return one_of(_crowd(), jnp.asarray(starts)[jnp.argmax(jnp.asarray(sizes) == dimension)] + number)


def body_cut(dimension: int, number) -> gov.Grown:
    """A body of the crowd without its padding."""
    d, first = dimension, _before(dimension)
    rows = jax.tree.map(lambda leaf: leaf[first : first + CROWD[d]], _crowd())

    def cut(body):
        return gov.Body(body.recurrent[:, :d, :d], body.inputs[:, :d], body.bias[:, :d])

    readout = rows.readout._replace(weights=rows.readout.weights[:, :d])
    return one_of(gov.Grown(cut(rows.fresh), cut(rows.body), readout), number)


def one_of(bodies, number):
    """The lane of this number."""
    return jax.tree.map(lambda leaf: jnp.asarray(leaf, float)[number], bodies)


def agent_of(agent: gov.Agent) -> gov.Agent:
    """An agent whose parameters are arrays, who takes the unseen action before the first for cooperation."""
    return gov.Agent(*(jnp.asarray(value, float) for value in agent._replace(trusting=1.0)))


def static_player(body: gov.Body, readout: gov.Readout, share) -> gov.Player:
    """A body with constant authority, as a player."""
    return gov.Player(body, readout, agent_of(gov.static(share)), gov.unfamiliar(body))


def xi(key, rounds: int, neurons: int):
    """Noise of so many rounds."""
    return NOISE * jr.normal(key, (rounds * neurons,)).reshape(rounds, neurons)


def familiar(grown: gov.Grown, noise) -> gov.Baseline:
    """What a sentinel in this body is used to, after open-loop cooperation with this noise."""
    return gov.acclimatised(grown.body, grown.readout, noise)
