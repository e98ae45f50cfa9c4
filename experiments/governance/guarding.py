"""When the sentinel guards: over its baseline and threshold, and over dimension and how long an environment lasts."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import jax.random as jr

from dynamics import governance as gov
from experiments.experiment import Experiment, Quantity
from experiments.governance.common import BODY, DIMENSION, body_of
from experiments.governance.company import CROWD, NUMBER, body_cut, body_of_size, familiar, xi
from experiments.governance.reactive import stacked
from experiments.space import Space, listing

BASELINES = (0.2, 0.35, 0.5, 0.65, 0.8, 0.95)
THRESHOLDS = tuple(round(0.03 * i, 2) for i in range(21))
GUARDED = ("noise", "defection")
ROUNDS, LATE, WARM, CALM = 600, 200, 100, 200
PERIODS = (2, 4, 8, 12, 16, 20, 24, 32, 64, 128)
SWITCHED, WATCHED = 1024, 512
SWITCHERS = ("sentinel", "alpha=0.85", "alpha=0")


def vigilance(key, *, body):
    """Sentinels of many baselines and thresholds in one body, against noise (eps = 0.1) and against defection."""
    grown = body_cut(30, body)
    d = len(grown.body.bias)
    play_key, calm_key, opponent_key = jr.split(key, 3)
    usual, noise = familiar(grown, xi(calm_key, CALM, d)), xi(play_key, WARM + ROUNDS, d)
    noisy = gov.noisy(jr.uniform(opponent_key, (ROUNDS,)), 0.1)
    schedules = jnp.stack([noisy, jnp.zeros(ROUNDS)])
    baselines, thresholds = (jnp.asarray(values, float) for values in (BASELINES, THRESHOLDS))

    def one(schedule, baseline, threshold):
        agent = gov.sentinel(share=baseline, threshold=threshold)._replace(trusting=1.0)
        agent = gov.Agent(*(jnp.asarray(value, float) for value in agent))
        decisions = gov.play(grown.body, grown.readout, agent, schedule, noise, usual).decisions
        late = jax.tree.map(lambda leaf: leaf[-LATE:], decisions)
        return {
            "share": late.share.mean(),
            "action": late.action.mean(),
            "payoff": gov.payoff(late.action, schedule[-LATE:]).mean(),
            "discomfort": late.discomfort.mean(),
        }

    over = jax.vmap(jax.vmap(jax.vmap(one, (None, None, 0)), (None, 0, None)), (0, None, None))
    return over(schedules, baselines, thresholds) | body_of(grown)


def switching(key, *, dimension, body):
    """A sentinel, a static body and Tit-for-Tat while an opponent cooperates and defects by turns of several rounds."""
    grown = body_of_size(dimension, body)
    width = max(CROWD)
    alive = (jnp.arange(width) < dimension).astype(float)
    play_key, calm_key = jr.split(key)
    noise = alive * xi(play_key, WARM + SWITCHED, width)
    usual = familiar(grown, alive * xi(calm_key, CALM, width))
    time = jnp.arange(SWITCHED)
    turns = time // jnp.array(PERIODS)[:, None]
    schedules = 1.0 - (turns % 2)
    agents = [agent._replace(trusting=1.0) for agent in (gov.sentinel(), gov.static(0.85), gov.static(0.0))]

    def one(agent, schedule):
        decisions = gov.play(grown.body, grown.readout, agent, schedule, noise, usual, dimension).decisions
        return decisions.action, decisions.share

    action, share = jax.vmap(jax.vmap(one, (None, 0)), (0, None))(stacked(agents), schedules)
    watched = time >= SWITCHED - WATCHED
    turned = jnp.concatenate([schedules[:, 1:], 1 - schedules[:, -1:]], axis=1) != schedules

    paid = gov.payoff(action, schedules)

    def over(values, where):
        where = where & watched
        return jnp.sum(jnp.where(where, values, 0.0), -1) / where.sum(-1)

    return {
        # Both kinds of turn weigh alike, whatever part of one the last rounds hold.
        "payoff": (over(paid, schedules == 1) + over(paid, schedules == 0)) / 2,
        "trusting": over(action, schedules == 1),
        "wary": over(action, schedules == 0),
        "share_trusting": over(share[0], turned & (schedules == 1)),
        "share_wary": over(share[0], turned & (schedules == 0)),
        **body_of(grown),
    }


_PLANE = ("guarded", "baseline", "threshold")
_TURN = ("agent", "period")

VIGILANCE = Experiment(
    name="governance/vigilance",
    title="The sentinel's share over its baseline and its threshold",
    cell=vigilance,
    parameters={"body": NUMBER},
    outputs={
        "share": Quantity(r"\bar\alpha", "mean share of the last 200 rounds", dims=_PLANE),
        "action": Quantity(r"\bar a", "mean action", dims=_PLANE),
        "payoff": Quantity(r"\bar u", "mean payoff of a round", dims=_PLANE),
        "discomfort": Quantity(r"\bar D", "mean discomfort", dims=_PLANE),
        **BODY,
    },
    scales={
        name: Space((listing("body", range(bodies)),)) for name, bodies in (("smoke", 2), ("quick", 6), ("paper", 20))
    },
    shard_cells=6,
    precision="float32",
    coordinates={"guarded": GUARDED, "baseline": BASELINES, "threshold": THRESHOLDS},
    lightly=True,
)

SWITCHING = Experiment(
    name="governance/switching",
    title="Environments that last 2 to 128 rounds, for bodies of 5 to 50 neurons",
    cell=switching,
    parameters={"dimension": DIMENSION, "body": NUMBER},
    outputs={
        "payoff": Quantity(r"\bar u", "mean payoff of a round", dims=_TURN),
        "trusting": Quantity(r"\bar a_C", "mean action while the opponent cooperates", dims=_TURN),
        "wary": Quantity(r"\bar a_D", "mean action while it defects", dims=_TURN),
        "share_trusting": Quantity(r"\alpha_C", "share at the end of cooperative turns", dims=("period",)),
        "share_wary": Quantity(r"\alpha_D", "share at the end of turns of defection", dims=("period",)),
        **BODY,
    },
    scales={
        name: Space((listing("dimension", tuple(CROWD)), listing("body", range(bodies))))
        for name, bodies in (("smoke", 1), ("quick", 4), ("paper", 8))
    },
    shard_cells=20,
    precision="float32",
    coordinates={"period": PERIODS, "agent": SWITCHERS},
    lightly=True,
)

EXPERIMENTS = (VIGILANCE, SWITCHING)
