"""From nothing to a habituated body with a readout, and the runs that every experiment makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Real

from dynamics import _check
from dynamics.governance.agent import Agent, Baseline, stacked, static
from dynamics.governance.body import Body, Readout
from dynamics.governance.draws import NOISE, Draws, Offsets
from dynamics.governance.habituation import BATCH, EPOCHS, Habituated, habituate
from dynamics.governance.play import ACCLIMATISED, WARM_UP, Run, acclimatised, play, unfamiliar
from dynamics.governance.readout import RIDGE, driven_apart, ridge
from dynamics.governance.settled import settled_weights

DIMENSION, RADIUS = 30, 0.9
INPUT_SPREAD, BIAS_SPREAD = 0.5, 0.3
BURN_IN, RECORDED = 500, 2000
# The official code's offsets of the two development runs, one under (1, 1) and one under (0, 0).
COOPERATION, DEFECTION = 2000, 3000

Strength = Real[Array, ""] | float


class Grown(NamedTuple):
    """A body before and after habituation, and the readout it was given in between."""

    fresh: Body
    body: Body
    readout: Readout


def new_body(draws: Draws, dimension: int = DIMENSION) -> Body:
    """W of radius 0.9 (in official mode: what a power iteration takes for it), inputs N(0, 0.25), biases N(0, 0.09)."""
    normals = draws.fresh(_check.whole("dimension", dimension, 1))
    recurrent = normals.recurrent / jnp.sqrt(draws.neurons(dimension))
    recurrent = recurrent * (RADIUS / draws.radius(recurrent, normals.start))
    return Body(recurrent, INPUT_SPREAD * normals.inputs, BIAS_SPREAD * normals.bias)


def developed(
    draws: Draws, body: Body, strengths: Sequence[Strength] = (RIDGE,), burn_in: int = BURN_IN, recorded: int = RECORDED
) -> Readout:
    """Readouts of a fresh body, one for each ridge strength, from `recorded` states under either action."""
    d = len(body.bias)
    apart = driven_apart(body, draws.apart((COOPERATION, DEFECTION), burn_in, recorded, d))
    states = (draws.kept(each, recorded) for each in apart)
    return jax.vmap(ridge, (None, None, 0))(*states, jnp.asarray(strengths, float))


def habituation_of(
    draws: Draws, body: Body, epochs: int, every: int | None = None, *, centred: bool = False, **closed
) -> Habituated:
    """The body's recurrent weights through `epochs` of habituation; closed: `readout` and `share` of a closed loop."""
    noise = draws.epochs(_check.whole("epochs", epochs, 1), BATCH, len(body.bias))
    starts = draws.clamp_starts(len(body.bias))
    every = epochs if every is None else every
    return habituate(body, noise.sources, draw=noise.draw, every=every, starts=starts, centred=centred, **closed)


def grown(
    draws: Draws,
    dimension: int = DIMENSION,
    epochs: int = EPOCHS,
    strength: Strength = RIDGE,
    *,
    centred: bool = False,
    settled: bool = False,
) -> Grown:
    """The pipeline of all experiments but one: a new body, its readout, then open-loop habituation.

    centred: Oja's rule with covariances.  settled: the end of endless habituation, without running any.
    """
    fresh = new_body(draws, dimension)
    readout = jax.tree.map(lambda leaf: leaf[0], developed(draws, fresh, (strength,)))
    if settled:
        alive = getattr(draws, "alive", None)
        noise = NOISE if alive is None else NOISE * alive
        return Grown(fresh, fresh._replace(recurrent=settled_weights(fresh, noise)), readout)
    if not epochs:
        return Grown(fresh, fresh, readout)
    weights = habituation_of(draws, fresh, epochs, centred=centred).recurrent[-1]
    return Grown(fresh, fresh._replace(recurrent=weights), readout)


def baselines(draws: Draws, body: Body, readout: Readout, offsets: Offsets) -> Baseline:
    """First baselines of a sentinel in this body (or in bodies stacked one for each offset), one for each offset."""
    noises = draws.noises(offsets, ACCLIMATISED, body.bias.shape[-1])
    return jax.vmap(acclimatised, (_stacked(body), None, 0))(body, readout, noises)


def runs(
    draws: Draws,
    body: Body,
    readout: Readout,
    agents: Agent,
    schedule: Float[Array, "*lanes rounds"],
    offsets: Offsets,
    baseline: Baseline | None = None,
) -> Run:
    """Runs of several agents, each with the noise of its offset, side by side.

    agents: stacked, one for each offset.  body, schedule: one for all, or stacked likewise.  baseline: one for each
    agent; nothing where no sentinel is among them.
    """
    noises = draws.noises(offsets, WARM_UP + schedule.shape[-1], body.bias.shape[-1])
    familiar = baseline
    if familiar is None:
        familiar = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (len(noises), *leaf.shape)), _nothing(body))
    over = (_stacked(body), None, 0, 0 if schedule.ndim == 2 else None, 0, 0, None)
    neurons = draws.neurons(body.bias.shape[-1])
    return jax.vmap(play, over)(body, readout, agents, schedule, noises, familiar, neurons)


def alone(share: float = 1.0, lanes: int = 1) -> Agent:
    """The body alone (or another static share), as a stack of equal agents."""
    return stacked(*[static(share)] * lanes)


def _stacked(body):
    return 0 if body.bias.ndim == 2 else None


def _nothing(body):
    return unfamiliar(body._replace(bias=body.bias.reshape(-1, body.bias.shape[-1])[0]))


def reference_states(
    draws: Draws, body: Body, readout: Readout, rounds: int = RECORDED, offset: int = 4000
) -> Float[Array, "rounds d"]:
    """States of the habituated baseline p_hab: the body alone with a cooperator, after a warm-up."""
    return runs(draws, body, readout, alone(), jnp.ones(rounds), [offset]).states[0]
