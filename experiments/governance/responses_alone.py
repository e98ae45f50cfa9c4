"""Parts of the agent by themselves: the sentinel under constant discomfort, echoing filters, echo states."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import jax.random as jr

from dynamics.governance import (
    Baseline,
    Body,
    Readout,
    at_first,
    decide,
    drive,
    noisy,
    sentinel,
    smoothed_tit_for_tat,
    spectral_radius,
)
from experiments.experiment import Experiment, Quantity
from experiments.space import Space, listing
from theory import governance as theory

ROUNDS, ALARMED = 900, 800
# A body of one neuron that acts always alike.
_BODY_ACTION = 0.99
# A discomfort inside the band in which the share answers it.
UNEASE, FEEDBACK_ROUNDS = 0.14, 20


def sentinel_response(key, *, discomfort):
    """Shares of a sentinel through 800 rounds of one discomfort and 100 of none: only disagreement weighs."""
    del key
    agent = jax.tree.map(jnp.asarray, sentinel(weights=(0.0, 0.0, 1.0)))
    readout = Readout(jnp.zeros(1), jnp.log(_BODY_ACTION / (1 - _BODY_ACTION)))
    calm = jnp.asarray(_BODY_ACTION)
    mind = at_first(agent, Baseline(jnp.zeros(1), calm))

    def one(mind, seen):
        mind, decision = decide(agent, mind, readout, jnp.zeros(1), seen)
        return mind, (decision.share, decision.discomfort)

    seen = jnp.where(jnp.arange(ROUNDS) < ALARMED, calm - discomfort, calm)
    shares, felt = jax.lax.scan(one, mind, seen)[1]
    return {"shares": shares, "felt": felt}


def sentinel_feedback(key, *, slope):
    """How a small distance from an equilibrium grows in 20 updates if discomfort answers the share by so much."""
    del key
    agent = jax.tree.map(jnp.asarray, sentinel(weights=(0.0, 0.0, 1.0)))
    readout = Readout(jnp.zeros(1), jnp.log(_BODY_ACTION / (1 - _BODY_ACTION)))
    calm = jnp.asarray(_BODY_ACTION)
    rest, nudge = theory.sentinel_equilibrium(UNEASE), 1e-6
    mind = at_first(agent, Baseline(jnp.zeros(1), calm))._replace(share=rest + nudge)

    def one(mind, _):
        felt = UNEASE + slope * (mind.share - rest)
        mind, _ = decide(agent, mind, readout, jnp.zeros(1), calm - felt)
        return mind, None

    last, _ = jax.lax.scan(one, mind, length=FEEDBACK_ROUNDS)
    return {"growth": jnp.abs(last.share - rest) / nudge}


def echo_filters(key, *, memory, copies, rounds, block):
    """Actions of a smoothed tit-for-tat: variances against noisy opponents, and its path through one block."""
    agent = jax.tree.map(jnp.asarray, smoothed_tit_for_tat(memory))
    readout, calm = Readout(jnp.zeros(1), jnp.zeros(())), Baseline(jnp.zeros(1), jnp.zeros(()))

    def actions(schedule):
        def one(carry, other):
            mind, seen = carry
            mind, decision = decide(agent, mind, readout, jnp.zeros(1), seen)
            return (mind, other), decision.action

        return jax.lax.scan(one, (at_first(agent, calm), jnp.ones(())), schedule)[1]

    schedules = noisy(jr.uniform(key, (copies * rounds,)), 0.1).reshape(copies, rounds)
    after = 600
    blocked = actions(jnp.concatenate([jnp.ones(50), jnp.zeros(block), jnp.ones(after)]))
    return {
        "variance": jax.vmap(actions)(schedules).var(1),
        "depth": blocked[50 : 50 + block].min(),
        "recovery": jnp.argmax(blocked[50 + block :] >= 0.95),
    }


def echo_states(key, *, scale):
    """How far two states of one drive are apart after 400 rounds, under a multiple of the counterexample's matrix."""
    del key
    matrix, push, starts = (jnp.asarray(part) for part in theory.echo_state_counterexample())
    body = Body(scale * matrix, jnp.zeros((3, 2)), push)
    ends = jnp.stack([drive(body, start, 0.0, 0.0, jnp.zeros((400, 3)))[-1] for start in starts])
    return {
        "ends": ends,
        "apart": jnp.max(jnp.abs(ends[0] - ends[1])),
        "radius": spectral_radius(body.recurrent),
        "norm": jnp.linalg.norm(body.recurrent, 2),
    }


SENTINEL_RESPONSE = Experiment(
    name="governance/sentinel-response",
    title="The sentinel under constant discomfort",
    cell=sentinel_response,
    parameters={"discomfort": Quantity("D", "discomfort")},
    outputs={
        "shares": Quantity(r"\alpha", "share of the body after each update", dims=("update",)),
        "felt": Quantity("D", "discomfort at each update", dims=("update",)),
    },
    scales={
        "quick": Space((listing("discomfort", (0.05, 0.12, 0.15, 0.17, 0.3, 0.4, 0.42, 0.44, 0.46, 0.5)),)),
        "paper": Space(
            (listing("discomfort", (*(round(0.02 + 0.01 * i, 2) for i in range(16)), *(0.3, 0.4, 0.42, 0.46, 0.5))),)
        ),
    },
    lightly=True,
)

SENTINEL_FEEDBACK = Experiment(
    name="governance/sentinel-feedback",
    title="The sentinel where discomfort answers its share",
    cell=sentinel_feedback,
    parameters={"slope": Quantity(r"dD/d\alpha", "how discomfort answers the share")},
    outputs={"growth": Quantity(r"|\delta_{20}/\delta_0|", "distance from the equilibrium after 20 updates")},
    scales={
        "quick": Space((listing("slope", (-0.5, -0.2, -0.05, 0.5, 1.5, 2.5, 3.5, 4.5)),)),
        "paper": Space(
            (listing("slope", (*(round(-0.75 + 0.1 * i, 2) for i in range(15)), 1.0, 1.9, 2.1, 3.0, 3.8, 4.0, 4.5)),)
        ),
    },
    lightly=True,
)

ECHO_FILTERS = Experiment(
    name="governance/echo-filters",
    title="Smoothed tit-for-tat against noise, and through a block of defection",
    cell=echo_filters,
    parameters={
        "memory": Quantity("g", "memory of the filter"),
        "copies": Quantity("n", "copies"),
        "rounds": Quantity("T", "rounds"),
        "block": Quantity("L", "rounds of the block"),
    },
    outputs={
        "variance": Quantity(r"\mathrm{Var}[a]", "population variance of a copy's actions", dims=("copy",)),
        "depth": Quantity(r"a_{min}", "lowest action in the block"),
        "recovery": Quantity(r"\tau", "rounds after the block until the action is back at 0.95"),
    },
    scales={
        name: Space((listing("memory", (0.0, 0.5, 0.9, 0.95, 0.99)),), {"copies": copies, "rounds": 2000, "block": 100})
        for name, copies in (("quick", 400), ("paper", 4000))
    },
    static=("copies", "rounds", "block"),
    lightly=True,
)

ECHO_STATES = Experiment(
    name="governance/echo-states",
    title="Two states of one drive",
    cell=echo_states,
    parameters={"scale": Quantity("c", "multiple of the counterexample's matrix")},
    outputs={
        "ends": Quantity("x", "states after 400 rounds", dims=("start", "neuron")),
        "apart": Quantity(r"\Delta", "their distance"),
        "radius": Quantity(r"\rho(W)", "spectral radius"),
        "norm": Quantity(r"\sigma_{max}(W)", "largest singular value"),
    },
    scales={
        "quick": Space((listing("scale", (0.1, 0.2, 0.25, 1.0)),)),
        "paper": Space((listing("scale", (0.05, 0.1, 0.15, 0.2, 0.22, 0.25, 1.0)),)),
    },
    lightly=True,
)

EXPERIMENTS = (SENTINEL_RESPONSE, SENTINEL_FEEDBACK, ECHO_FILTERS, ECHO_STATES)
