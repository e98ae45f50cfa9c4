"""A governed body on the host, one round at a time, for opponents that must be asked between two rounds.

`play` runs a schedule inside one compiled scan. An opponent that lives elsewhere (another library's player, a person)
answers only when asked, and to dispatch a compiled program for every round costs more than the round itself: these
are the same rounds in NumPy, over plain arrays that any process can be handed.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from dynamics.governance.agent import Agent, Baseline
from dynamics.governance.body import Body, Readout
from dynamics.governance.meeting import Player


class Moment(NamedTuple):
    """All that goes on to the next round: x, alpha, the cognitive filter's value, and the baselines xbar and abar."""

    state: Float[np.ndarray, " d"]
    share: float
    filtered: float
    usual_state: Float[np.ndarray, " d"]
    usual_action: float


def hosted(body: Body, readout: Readout, agent: Agent, baseline: Baseline) -> Player:
    """One body with its agent, taken out of JAX: NumPy arrays in float64, and floats."""

    def arrays(record):
        return type(record)(*(np.asarray(field, np.float64) for field in record))

    return Player(arrays(body), arrays(readout), Agent(*map(float, agent)), arrays(baseline))


def warmed(player: Player, noise: Float[np.ndarray, "rounds d"]) -> Moment:
    """The moment before the first round: after so many rounds of open-loop cooperation, from rest."""
    body, agent = player.body, player.agent
    state, heard = np.zeros_like(body.bias), body.inputs.sum(1) + body.bias
    for xi in noise:
        state = np.tanh(body.recurrent @ state + heard) + xi
    return Moment(state, agent.share, agent.expected, player.baseline.state, float(player.baseline.action))


def consider(player: Player, moment: Moment, seen: float) -> tuple[Moment, float]:
    """A round's action a in [0, 1] upon the opponent's last action `seen`, before the opponent's next is known.

    The order of operations is that of `decide`: discomfort against the old baselines, the new alpha at once.
    """
    agent, state = player.agent, moment.state
    body = _sigmoid(float(state @ player.readout.weights) + float(player.readout.intercept))
    cognitive = agent.memory * moment.filtered + (1 - agent.memory) * seen
    strange, changed = state - moment.usual_state, body - moment.usual_action
    discomfort = (
        agent.state_weight * math.sqrt(float(strange @ strange) / len(strange))
        + agent.output_weight * abs(changed)
        + agent.disagreement_weight * abs(body - cognitive)
    )
    share = moment.share + agent.recovery * (agent.share - moment.share)
    share = min(max(share - agent.intervention * max(discomfort - agent.threshold, 0.0), agent.floor), 1.0)
    usual_state = moment.usual_state + agent.drift * strange
    usual_action = moment.usual_action + agent.drift * changed
    return Moment(state, share, cognitive, usual_state, usual_action), share * body + (1 - share) * cognitive


def move(player: Player, moment: Moment, own: float, other: float, noise: Float[np.ndarray, " d"]) -> Moment:
    """The body after a round in which these two actions were played."""
    body = player.body
    heard = own * body.inputs[:, 0] + other * body.inputs[:, 1] + body.bias
    return moment._replace(state=np.tanh(body.recurrent @ moment.state + heard) + noise)


def _sigmoid(z: float) -> float:
    # Of -|z|, whose exponential cannot overflow.
    small = math.exp(-abs(z))
    return 1 / (1 + small) if z >= 0 else small / (1 + small)
