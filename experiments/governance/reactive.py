"""Agents before opponents that react, with constant actions as controls."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import jax.random as jr

from dynamics import governance as gov
from experiments.experiment import Experiment, Quantity
from experiments.governance.common import BODY, body_of
from experiments.governance.company import NUMBER, agent_of, body_cut, familiar, xi
from experiments.space import Space, listing

CONSTANTS = (0.0, 0.25, 0.5, 0.75, 1.0)
SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.85, 1.0)
AGENTS = ("sentinel", *(f"alpha={share:g}" for share in SHARES), *(f"a={action:g}" for action in CONSTANTS))
RULES = {"TfT": gov.copycat(), "GTFT": gov.generous(), "WSLS": gov.win_stay_lose_shift()}
OPPONENTS = (*RULES, "governed", "best responder")
WARM, ROUNDS, LATE = 100, 400, 200
HORIZON, DISCOUNT = 4, 0.95
# The opponent's body is another one of the crowd.
AWAY = 20


def stacked(items):
    """Records of numbers as lanes."""
    return jax.tree.map(lambda *values: jnp.stack([jnp.asarray(value, float) for value in values]), *items)


def told(meeting: gov.Meeting) -> dict:
    """Means over the last rounds of meetings: both payoffs and actions, their product, and the share."""
    own, other = meeting.decisions.action[..., -LATE:], meeting.others[..., -LATE:]
    return {
        "payoff": gov.payoff(own, other).mean(-1),
        "other_payoff": gov.payoff(other, own).mean(-1),
        "action": own.mean(-1),
        "other_action": other.mean(-1),
        "together": (own * other).mean(-1),
        "share": meeting.decisions.share[..., -LATE:].mean(-1),
    }


def reactive(key, *, body):
    """All agents in one body, each against all opponents, in the same noise."""
    grown, other = body_cut(30, body), body_cut(30, body + AWAY)
    own_key, other_key, *quiet = jr.split(key, 4)
    d = len(grown.body.bias)
    noise, other_noise = xi(own_key, WARM + ROUNDS, d), xi(other_key, WARM + ROUNDS, d)
    usual, other_usual = (familiar(g, xi(k, 200, d)) for g, k in zip((grown, other), quiet, strict=True))
    agents = [gov.sentinel(), *map(gov.static, SHARES), *map(gov.constant, CONSTANTS)]
    agents = stacked([agent._replace(trusting=1.0) for agent in agents])

    def against(opponent, *more):
        def one(agent):
            player = gov.Player(grown.body, grown.readout, agent, usual)
            return told(gov.meet(player, opponent, ROUNDS, noise, *more))

        return jax.vmap(one)(agents)

    governed = gov.Player(other.body, other.readout, agent_of(gov.sentinel()), other_usual)
    parts = [jax.vmap(against)(stacked(RULES.values()))]
    for opponent, more in ((governed, (other_noise,)), (gov.best_responder(HORIZON, DISCOUNT), ())):
        parts.append(jax.tree.map(lambda leaf: leaf[None], against(opponent, *more)))
    return jax.tree.map(lambda *each: jnp.concatenate(each), *parts) | body_of(grown)


_MEETING = ("opponent", "agent")

REACTIVE = Experiment(
    name="governance/reactive",
    title="Agents, and constant actions, before opponents that react",
    cell=reactive,
    parameters={"body": NUMBER},
    outputs={
        "payoff": Quantity(r"\bar u", "mean payoff of a round, of the last 200", dims=_MEETING),
        "other_payoff": Quantity(r"\bar u_o", "the opponent's", dims=_MEETING),
        "action": Quantity(r"\bar a", "mean action", dims=_MEETING),
        "other_action": Quantity(r"\bar o", "the opponent's", dims=_MEETING),
        "together": Quantity(r"\overline{ao}", "mean product of both actions", dims=_MEETING),
        "share": Quantity(r"\bar\alpha", "mean share of the body", dims=_MEETING),
        **BODY,
    },
    scales={
        name: Space((listing("body", range(bodies)),))
        for name, bodies in (("smoke", 2), ("quick", 14), ("paper", AWAY))
    },
    shard_cells=7,
    precision="float32",
    coordinates={"opponent": OPPONENTS, "agent": AGENTS},
    lightly=True,
)

EXPERIMENTS = (REACTIVE,)
