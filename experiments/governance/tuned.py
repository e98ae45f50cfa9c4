"""The sentinel that pays best among a mixed population, by gradient through the rounds themselves.

A population is ten opponents: Tit-for-Tat, its generous kin, win-stay lose-shift, the two unconditional ones, a coin,
three whose memory-one rules are drawn at random, and the paper's sentinel in a body of its own. Training populations
and held-out ones share neither bodies nor rules nor noise.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
from jax.scipy.special import logit

from dynamics import governance as gov
from experiments.experiment import Experiment, Quantity
from experiments.governance.company import ROOT, agent_of, body_cut, familiar, xi
from experiments.governance.reactive import stacked
from experiments.space import Space, cases

MEMBERS = ("TfT", "GTFT", "WSLS", "AllC", "AllD", "coin", "random 1", "random 2", "random 3", "governed")
_NAMED = (
    *(gov.copycat(), gov.generous(), gov.win_stay_lose_shift()),
    *map(gov.unmoved, (1.0, 0.0, 0.5)),
)
CANDIDATES = ("trained", "published", "TfT", "static 0.85", "body", "a=0", "a=0.25", "a=0.5", "a=0.75", "a=1")
_OTHERS = (
    gov.sentinel(),
    gov.static(0.0),
    gov.static(0.85),
    gov.static(1.0),
    *map(gov.constant, (0.0, 0.25, 0.5, 0.75, 1.0)),
)
PARAMETERS = ("share", "floor", "recovery", "intervention", "threshold", "state", "output", "disagreement", "drift")
# Starting points: the paper's, one that trusts its body little, one that never stirs, one that flares up.
STARTS = ("published", "timid", "deaf", "fierce")
_STARTS = {
    "share": (0.85, 0.3, 0.85, 0.6),
    "recovery": (0.05, 0.2, 0.05, 0.5),
    "intervention": (0.5, 0.2, 0.1, 2.0),
    "threshold": (0.1, 0.2, 0.5, 0.05),
}
WARM, TRAINED_ROUNDS, HELD_ROUNDS, RATE = 30, 100, 150, 0.1
# Bodies of the crowd: the first train, held-out ones begin here, and the opponents' stand further on.
HELD, AWAY = 4, 28


class Member(NamedTuple):
    """A memory-one rule or a governed body: one kind of record, so that a population is one batch of lanes."""

    governed: jax.Array
    rule: gov.MemoryOne
    player: gov.Player

    def begin(self, noise, opening=1.0):
        """Both kinds' beginnings."""
        return self.rule.begin(noise, opening), self.player.begin(noise, opening)

    def act(self, memory, foe, known):
        """The action of the kind that it is."""
        ruled, (inner, governed) = memory[0], self.player.act(memory[1], foe, known)
        return (ruled, inner), jnp.where(self.governed, governed, ruled)

    def learn(self, memory, own, other, noise):
        """Both kinds learn what was played."""
        return self.rule.learn(memory[0], own, other, noise), self.player.learn(memory[1], own, other, noise)


def _paid(agent, number, rounds, key):
    """Mean payoff of a round from each member of one population, for an agent in the body of this number."""
    rules_key, own_key, other_key, calm_key, other_calm_key = jr.split(key, 5)
    grown, other = body_cut(30, number), body_cut(30, number + AWAY)
    d = len(grown.body.bias)
    noise, other_noise = xi(own_key, WARM + rounds, d), xi(other_key, WARM + rounds, d)
    usual, other_usual = familiar(grown, xi(calm_key, 200, d)), familiar(other, xi(other_calm_key, 200, d))
    player = gov.Player(grown.body, grown.readout, agent, usual)
    governed = gov.Player(other.body, other.readout, agent_of(gov.sentinel()), other_usual)
    drawn = [gov.MemoryOne(*row) for row in jr.uniform(rules_key, (3, 5))]
    rules = stacked([*_NAMED, *drawn, _NAMED[0]])

    def met(is_body, rule):
        meeting = gov.meet(player, Member(is_body, rule, governed), rounds, noise, other_noise)
        return gov.payoff(meeting.decisions.action, meeting.others).mean()

    return jax.vmap(met)(jnp.arange(len(MEMBERS)) == len(MEMBERS) - 1, rules)


def sentinel_of(raw):
    """A sentinel of nine unbounded numbers: shares and rates by their logits, the rest by their logarithms."""
    share, floor, recovery, drift = jax.nn.sigmoid(raw[jnp.array([0, 1, 2, 8])])
    intervention, threshold, *weights = jnp.exp(raw[3:8])
    agent = gov.sentinel(share, recovery, intervention, threshold, floor, tuple(weights), drift)
    return agent_of(agent)


def _raw(share, recovery, intervention, threshold):
    logits, positive = logit(np.array([share, 0.05, recovery])), np.log([intervention, threshold, 0.3, 0.3, 0.4])
    return jnp.asarray(np.concatenate([logits, positive, logit(np.array([0.02]))]), float)


def _spelled(raw):
    return jnp.concatenate([jax.nn.sigmoid(raw[:3]), jnp.exp(raw[3:8]), jax.nn.sigmoid(raw[8:])])


@partial(jax.jit, static_argnames="populations")
def _improved(raw, state, key, populations):
    """One step of Adam uphill, and the payoff before it."""

    def worth(raw):
        keys, agent = jr.split(key, populations), sentinel_of(raw)
        return jax.vmap(lambda n, k: _paid(agent, n, TRAINED_ROUNDS, k))(jnp.arange(populations), keys).mean()

    value, slope = jax.value_and_grad(worth)(raw)
    change, state = optax.adam(RATE).update(-slope, state)
    return raw + change, state, value


@partial(jax.jit, static_argnames="held")
def _held_out(agent, held):
    """Mean payoffs from the members of the held-out populations: the same for every candidate."""
    keys = jr.split(jr.fold_in(jr.key(ROOT), HELD), held)
    return jax.vmap(lambda n, k: _paid(agent, n, HELD_ROUNDS, k))(HELD + jnp.arange(held), keys)


@lru_cache
def _others_held_out(held):
    return [_held_out(agent_of(agent), held) for agent in _OTHERS]


def tuned(key, *, share, recovery, intervention, threshold, steps, populations, held):
    """Adam from one starting point on fresh noise and rules every step; then all candidates on held-out populations."""
    raw = _raw(share, recovery, intervention, threshold)
    state, path = optax.adam(RATE).init(raw), []
    for step_key in jr.split(key, steps):
        raw, state, value = _improved(raw, state, step_key, populations)
        path.append(value)
    paid = [_held_out(sentinel_of(raw), held), *_others_held_out(held)]
    return {"path": jnp.stack(path), "parameter_value": _spelled(raw), "held_payoff": jnp.stack(paid)}


TUNED = Experiment(
    name="governance/tuned",
    title="The sentinel that pays best among a mixed population, by gradient",
    cell=tuned,
    parameters={
        "share": Quantity(r"\alpha_0", "baseline share at the start"),
        "recovery": Quantity(r"\eta_\uparrow", "recovery at the start"),
        "intervention": Quantity(r"\eta_\downarrow", "intervention at the start"),
        "threshold": Quantity(r"\theta", "threshold at the start"),
        "steps": Quantity("n", "steps of the optimiser"),
        "populations": Quantity("N", "training populations a step"),
        "held": Quantity("N_h", "held-out populations"),
    },
    outputs={
        "path": Quantity(r"\bar u", "mean training payoff before each step", dims=("step",)),
        "parameter_value": Quantity("p", "parameters of the trained sentinel", dims=("parameter",)),
        "held_payoff": Quantity(
            r"\bar u", "mean payoff of a round on held-out populations", dims=("candidate", "population", "member")
        ),
    },
    scales={
        name: Space((cases("start", **_STARTS),), {"steps": steps, "populations": populations, "held": held})
        for name, steps, populations, held in (("smoke", 2, 1, 2), ("quick", 30, 3, 24), ("paper", 150, 4, 24))
    },
    compiled=False,
    precision="float32",
    packages=("optax",),
    coordinates={"parameter": PARAMETERS, "candidate": CANDIDATES, "member": MEMBERS},
)

EXPERIMENTS = (TUNED,)
