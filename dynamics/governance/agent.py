"""The agent: a cognitive filter, a body, and a sentinel that moves authority between them.

Every baseline is a corner of one record, so that agents are lanes of one `vmap`: Tit-for-Tat gives the body no share,
a constant action never forgets what it expected at first, a static mixture has a sentinel that never stirs.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Real

from dynamics import _check
from dynamics.governance.body import Readout, body_action

Number = Float[Array, "..."] | float


class Agent(NamedTuple):
    """Parameters of one agent (all of them scalars, or arrays of one length for a batch of agents).

    share: the body's authority alpha_0 at rest.  floor: alpha_min.  recovery, intervention: eta_up, eta_dn.
    threshold: theta.  state_weight, output_weight, disagreement_weight: w_x, w_a, w_e.  drift: gamma_ema, by which
    the baselines follow.  memory: g of the cognitive filter e <- g e + (1 - g) o, 0 for Tit-for-Tat.  expected: the
    filter's value before the first round.  trusting: 1 if the agent takes the unseen action before the first round
    for cooperation, 0 for the opponent's first action.
    """

    share: Number
    floor: Number
    recovery: Number
    intervention: Number
    threshold: Number
    state_weight: Number
    output_weight: Number
    disagreement_weight: Number
    drift: Number
    memory: Number
    expected: Number
    trusting: Number


def sentinel(
    share: Number = 0.85,
    recovery: Number = 0.05,
    intervention: Number = 0.5,
    threshold: Number = 0.1,
    floor: Number = 0.05,
    weights: tuple[Number, Number, Number] = (0.3, 0.3, 0.4),
    drift: Number = 0.02,
) -> Agent:
    """A body that the sentinel governs, with the paper's defaults. (arXiv 2602.20846, Sec. "Dynamic sentinel")"""
    _check.within(0.0, 1.0, share=share, floor=floor, recovery=recovery, drift=drift)
    _check.within(0.0, float("inf"), intervention=intervention, threshold=threshold)
    return Agent(share, floor, recovery, intervention, threshold, *weights, drift, 0.0, 0.0, 0.0)


def static(share: Number, memory: Number = 0.0, expected: Number = 0.0, trusting: Number = 0.0) -> Agent:
    """A constant mixture a = alpha a_body + (1 - alpha) a_cog."""
    _check.within(0.0, 1.0, share=share, memory=memory, expected=expected, trusting=trusting)
    nothing = 0.0 * jnp.asarray(share)
    still = sentinel(share, recovery=nothing, intervention=nothing, threshold=nothing, floor=nothing)
    return still._replace(memory=memory, expected=expected, trusting=trusting)


def tit_for_tat() -> Agent:
    """What the opponent did last; the body runs along unheard."""
    return static(0.0)


def smoothed_tit_for_tat(memory: Number) -> Agent:
    """EMA-TfT, e <- g e + (1 - g) o from e = o = 1. (arXiv 2602.20846, Exp. 10)"""
    return static(0.0, memory, 1.0, 1.0)


def constant(action: Number) -> Agent:
    """AllC (1), AllD (0), or any other action for ever."""
    return static(0.0, 1.0, action, 0.0)


def stacked(*agents: Agent) -> Agent:
    """Agents as the lanes of a batch."""
    return Agent(*(jnp.stack([jnp.asarray(value, float) for value in field]) for field in zip(*agents, strict=True)))


class Baseline(NamedTuple):
    """What the sentinel is used to: the mean state xbar and the mean action abar of the body."""

    state: Float[Array, "*many d"]
    action: Float[Array, "*many"]


class Mind(NamedTuple):
    """What an agent carries from round to round beside its body's state."""

    share: Float[Array, ""]
    filtered: Float[Array, ""]
    baseline: Baseline


class Decision(NamedTuple):
    """One round: a, a_body, a_cog, alpha, and the discomfort D with its three components."""

    action: Float[Array, "*rounds"]
    body: Float[Array, "*rounds"]
    cognitive: Float[Array, "*rounds"]
    share: Float[Array, "*rounds"]
    state_discomfort: Float[Array, "*rounds"]
    output_discomfort: Float[Array, "*rounds"]
    disagreement: Float[Array, "*rounds"]
    discomfort: Float[Array, "*rounds"]


def at_first(agent: Agent, baseline: Baseline) -> Mind:
    """The mind before the first round."""
    like = baseline.action.dtype
    return Mind(jnp.asarray(agent.share, like), jnp.asarray(agent.expected, like), baseline)


def decide(
    agent: Agent,
    mind: Mind,
    readout: Readout,
    state: Float[Array, " d"],
    seen: Real[Array, ""] | float,
    neurons: Real[Array, ""] | int | None = None,
) -> tuple[Mind, Decision]:
    """One round's action from the body's state and the opponent's last action `seen`, and what it leaves in mind.

    The sentinel measures discomfort against its old baselines and its new alpha serves at once, as in the official
    code; the paper writes the mixture with the alpha of the round before. neurons: how many there are, of a state
    that is padded with zeros.
    """
    neurons = jnp.asarray(state.shape[-1] if neurons is None else neurons, state.dtype)
    body = body_action(readout, state)
    cognitive = agent.memory * mind.filtered + (1 - agent.memory) * seen
    strange = jnp.linalg.norm(state - mind.baseline.state) / jnp.sqrt(neurons)
    changed = jnp.abs(body - mind.baseline.action)
    torn = jnp.abs(body - cognitive)
    discomfort = agent.state_weight * strange + agent.output_weight * changed + agent.disagreement_weight * torn
    baseline = Baseline(
        (1 - agent.drift) * mind.baseline.state + agent.drift * state,
        (1 - agent.drift) * mind.baseline.action + agent.drift * body,
    )
    alarm = jnp.maximum(discomfort - agent.threshold, 0)
    share = mind.share + agent.recovery * (agent.share - mind.share) - agent.intervention * alarm
    share = jnp.clip(share, agent.floor, 1.0)
    action = share * body + (1 - share) * cognitive
    return Mind(share, cognitive, baseline), Decision(
        action, body, cognitive, share, strange, changed, torn, discomfort
    )
