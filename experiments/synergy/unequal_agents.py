"""Committees of unequal members: votes drawn one by one, and every world of their votes listed."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from dynamics.synergy import decided_bias, log_odds, unequal_votes, weighted_decision, weighted_sign
from experiments.experiment import Experiment, Quantity
from experiments.space import Axis, Space, cases, listing, random_design, replicates
from experiments.synergy.quantities import AGENTS, CORRELATION, REPLICATE

# Members' biases, and the fidelities of the channels through which they are heard; a committee is known by its place.
TEAMS: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...] = (
    ((0.1, 0.3, 0.5), (1.0, 1.0, 1.0)),
    ((0.2, 0.2, 0.8), (1.0, 1.0, 1.0)),
    ((0.05, 0.1, 0.2, 0.3, 0.6), (1.0, 1.0, 1.0, 1.0, 1.0)),
    ((0.3, 0.3, 0.3, 0.3, 0.6), (1.0, 1.0, 1.0, 1.0, 1.0)),
    ((0.9, 0.9, 0.9, 0.9, 0.9), (0.1, 0.3, 0.5, 0.7, 1.0)),
)
_SEATS = max(len(biases) for biases, _ in TEAMS)
_TABLE = np.array([[row + (0.0,) * (_SEATS - len(row)) for row in team] for team in TEAMS])


def unequal_agents(key, *, members, team, nodes, correlation):
    """How many of `nodes` committees are right by plain majority, by log-odds weights, and by their best member."""
    biases, fidelities = jnp.asarray(_TABLE, float)[team, :, :members]
    signals = biases * fidelities
    votes_key, tie_key = jr.split(key)
    votes = unequal_votes(votes_key, correlation, fidelities, biases, nodes)
    decided = {
        "plain": weighted_decision(tie_key, votes, np.ones(members)),
        "log_odds": weighted_decision(tie_key, votes, log_odds(signals)),
        "best": votes[jnp.argmax(signals)],
    }
    return {name: jnp.sum(votes > 0) for name, votes in decided.items()}


def unequal_rules(key, *, first, second, third, fourth, fifth):
    """Exact biases of a committee of five by listing its 32 worlds, and its plain majority's slope at zero signal."""
    del key
    biases = jnp.stack([first, second, third, fourth, fifth])

    def plain(biases):
        return decided_bias(lambda votes: weighted_sign(votes, np.ones(5)), biases)

    _, slope = jax.jvp(plain, (jnp.zeros_like(biases),), (biases,))
    return {
        "slope": slope,
        "plain": plain(biases),
        "log_odds": decided_bias(lambda votes: weighted_sign(votes, log_odds(biases)), biases),
    }


def _count(meaning: str) -> Quantity:
    return Quantity("n_+", meaning)


def _committees() -> Axis:
    return cases("committee", team=range(len(TEAMS)), members=[len(biases) for biases, _ in TEAMS])


UNEQUAL_AGENTS = Experiment(
    name="synergy/unequal-agents",
    title="Committees of unequal members",
    cell=unequal_agents,
    parameters={
        "members": AGENTS,
        "team": Quantity("u", "committee"),
        "nodes": Quantity("n", "committees in one replicate"),
        "correlation": CORRELATION,
        "replicate": REPLICATE,
    },
    outputs={
        "plain": _count("committees right by plain majority"),
        "log_odds": _count("committees right by log-odds weights"),
        "best": _count("committees whose best member is right"),
    },
    scales={
        name: Space((_committees(), listing("correlation", (0.0, 0.3)), replicates(count)), {"nodes": 50_000})
        for name, count in (("quick", 24), ("paper", 192))
    },
    static=("members", "nodes"),
    precision="float32",
    side_by_side=False,
)

_MEMBERS = ("first", "second", "third", "fourth", "fifth")

UNEQUAL_RULES = Experiment(
    name="synergy/unequal-rules",
    title="Rules of five unequal members, all worlds listed",
    cell=unequal_rules,
    parameters={name: Quantity(f"u_{i}", f"bias of the {name} member") for i, name in enumerate(_MEMBERS, 1)},
    outputs={
        "slope": Quantity("df", "first-order bias of the plain majority"),
        "plain": Quantity("f", "bias of the plain majority"),
        "log_odds": Quantity("f_w", "bias of the majority with log-odds weights"),
    },
    scales={
        name: Space(
            (random_design("committee", count, 7, **dict.fromkeys(_MEMBERS[:4], (-0.2, 0.95)), fifth=(0.05, 0.95)),)
        )
        for name, count in (("quick", 400), ("paper", 20_000))
    },
)

EXPERIMENTS = (UNEQUAL_AGENTS, UNEQUAL_RULES)
