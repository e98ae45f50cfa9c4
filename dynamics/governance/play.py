"""Rounds of the game: one scan per run, written for one agent in one body and batched by `vmap`."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Real

from dynamics.governance.agent import Agent, Baseline, Decision, at_first, decide
from dynamics.governance.body import Body, Readout, body_action, drive, step

# A warm-up of cooperation before the first round, and the rounds over which a sentinel gets used to it.
WARM_UP, ACCLIMATISED = 500, 200


class Run(NamedTuple):
    """The decision of every round, and the state that it led to."""

    decisions: Decision
    states: Float[Array, "*many rounds d"]


@jax.jit
def acclimatised(body: Body, readout: Readout, noise: Float[Array, "rounds d"]) -> Baseline:
    """A sentinel's first baselines: means over an open-loop run of cooperation from rest, transient included."""
    states = drive(body, jnp.zeros_like(noise[0]), 1.0, 1.0, noise)
    return Baseline(states.mean(0), body_action(readout, states).mean(0))


def unfamiliar(body: Body) -> Baseline:
    """Baselines of nothing, for agents whose sentinel never stirs."""
    return Baseline(jnp.zeros_like(body.bias), jnp.zeros_like(body.bias[..., 0]))


@jax.jit
def play(
    body: Body,
    readout: Readout,
    agent: Agent,
    schedule: Float[Array, " rounds"],
    noise: Float[Array, "all d"],
    baseline: Baseline,
    neurons: Real[Array, ""] | int | None = None,
) -> Run:
    """Rounds against a schedule, after a warm-up of open-loop cooperation from rest.

    noise: xi(t) of the warm-up and then of the rounds; what it has more than the schedule is warm-up. In a round the
    body acts on its state before it hears the opponent; then it moves by both actions. (order of the official code)
    neurons: how many there are, of a body padded to a larger shape.
    """
    warm = noise.shape[0] - schedule.shape[0]
    if warm < 0:
        raise ValueError(f"Argument `noise` must cover the {len(schedule)} rounds, but has {len(noise)} rows.")
    rest = jnp.zeros_like(noise[0])
    state = drive(body, rest, 1.0, 1.0, noise[:warm])[-1] if warm else rest
    first = jnp.where(agent.trusting > 0, 1.0, schedule[0]).astype(noise.dtype)

    def round_(carry, given):
        state, mind, seen = carry
        other, xi = given
        mind, decision = decide(agent, mind, readout, state, seen, neurons)
        state = step(body, state, decision.action, other, xi)
        return (state, mind, other), (decision, state)

    start = (state, at_first(agent, baseline), first)
    decisions, states = jax.lax.scan(round_, start, (schedule.astype(noise.dtype), noise[warm:]))[1]
    return Run(decisions, states)
