"""Where published bodies come to rest, from many states, before and after habituation; and what radius they began with.

These are the official code's bodies of experiment 2, drawn again number by number: whether a body has two states at
rest depends on the body, and one of the twenty has.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from dynamics import governance as gov
from experiments.experiment import Experiment, Quantity
from experiments.governance.common import BODY, NEURON, body_of
from experiments.space import Space, listing

BASE, STRIDE, BODIES = 200, 1000, 20
# The published body with two states against a defector, and one like the others.
QUICK = (0, 12)
STARTS, ROUNDS = 20, 300
OPPONENTS = (0.0, 1.0)


@jax.jit
def rests(body, readout, starts):
    """States of a body alone and without noise, after many rounds from every start, against o = 0 and o = 1."""
    still = jnp.zeros_like(body.bias)

    def rest(opponent, start):
        def round_(_, state):
            return gov.step(body, state, gov.body_action(readout, state), opponent, still)

        return jax.lax.fori_loop(0, ROUNDS, round_, start)

    over = jax.vmap(jax.vmap(rest, (None, 0)), (0, None))
    return over(jnp.asarray(OPPONENTS, starts.dtype), starts)


def attractors(key, *, seed):
    """One published body: where it ends from random states, and where it ended before it was habituated."""
    grown = gov.grown(gov.Published(BASE + STRIDE * int(seed)))
    starts = jr.uniform(key, (STARTS, len(grown.body.bias)), grown.body.bias.dtype, -1.0, 1.0)
    states = rests(grown.body, grown.readout, starts)
    fresh = rests(grown.fresh, grown.readout, starts)
    found = {
        "start": starts,
        "action": gov.body_action(grown.readout, states),
        "largest": jnp.abs(states).max((-1, -2)),
        "fresh_action": gov.body_action(grown.readout, fresh),
        **body_of(grown),
    }
    return {name: np.asarray(value) for name, value in found.items()}


def first_radius(key, *, seed):
    """True spectral radius of a published body's first W, which a power iteration took for 0.9."""
    del key
    fresh = gov.new_body(gov.Published(BASE + STRIDE * int(seed)))
    return {"radius": np.abs(np.linalg.eigvals(np.asarray(fresh.recurrent))).max()}


_SEED = Quantity("i", "seed index")
_ENDS = ("opponent", "start_index")

ATTRACTORS = Experiment(
    name="governance/attractors",
    title="Where published bodies come to rest",
    cell=attractors,
    parameters={"seed": _SEED},
    outputs={
        "start": Quantity("x(0)", "where the body starts", dims=("start_index", *NEURON)),
        "action": Quantity("a^*", "action of the habituated body at rest", dims=_ENDS),
        "largest": Quantity(r"\|x^*\|_\infty", "largest activity of a neuron at rest", dims=("opponent",)),
        "fresh_action": Quantity("a^*_0", "action at rest before habituation", dims=_ENDS),
        **BODY,
    },
    scales={
        name: Space((listing("seed", seeds),)) for name, seeds in (("quick", QUICK), ("paper", tuple(range(BODIES))))
    },
    compiled=False,
    coordinates={"opponent": OPPONENTS},
)

FIRST_RADIUS = Experiment(
    name="governance/first-radius",
    title="Spectral radius that published bodies begin with",
    cell=first_radius,
    parameters={"seed": _SEED},
    outputs={"radius": Quantity(r"\rho(W)", "spectral radius before habituation")},
    scales={name: Space((listing("seed", range(BODIES)),)) for name in ("quick", "paper")},
    compiled=False,
)

EXPERIMENTS = (ATTRACTORS, FIRST_RADIUS)
