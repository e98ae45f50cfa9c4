"""Experiments 6 and 7: the sentinel through five phases, and its parameters one at a time."""

from __future__ import annotations

import jax.numpy as jnp

from dynamics import governance as gov
from experiments.experiment import Experiment, Quantity
from experiments.governance.common import REPLICATE, outcome, repeated, scaled
from experiments.space import Space, replicates

AGENTS = ("sentinel", "alpha=1", "alpha=0.85", "alpha=0.7", "alpha=0")
NOISY = 200
ROUNDS = 2000
# Experiment 7 moves one parameter at a time: its name, its values, its official offset and factor.
SETTINGS = {
    "share": ((0.6, 0.7, 0.8, 0.85, 0.9, 0.95), 10_000, 100),
    "recovery": ((0.01, 0.02, 0.05, 0.1, 0.2), 20_000, 1000),
    "intervention": ((0.1, 0.3, 0.5, 0.8, 1.0), 30_000, 100),
    "threshold": ((0.0, 0.05, 0.1, 0.2, 0.3), 40_000, 1000),
}
MOVED = tuple(name for name, (values, _, _) in SETTINGS.items() for _ in values)
VALUES = tuple(value for values, _, _ in SETTINGS.values() for value in values)


def phases_of(draws: gov.Keyed | gov.Published) -> dict:
    """Experiment 6: five agents through the five phases."""
    grown = gov.grown(draws)
    schedule = gov.phases(draws.uniforms(4000, NOISY))
    static = (1.0, 0.85, 0.7, 0.0)
    agents = gov.stacked(gov.sentinel(), *map(gov.static, static))
    offsets = [5000, *scaled(6000, static, 1000)]
    baseline = repeated(gov.baselines(draws, grown.body, grown.readout, [5500]), len(AGENTS))
    decisions = gov.runs(draws, grown.body, grown.readout, agents, schedule, offsets, baseline).decisions
    return {
        "opponent": schedule,
        "action": decisions.action,
        "payoff": gov.payoff(decisions.action, schedule),
        "body_action": decisions.body[0],
        "share": decisions.share[0],
        "state_discomfort": decisions.state_discomfort[0],
        "output_discomfort": decisions.output_discomfort[0],
        "disagreement": decisions.disagreement[0],
        "discomfort": decisions.discomfort[0],
    }


def sensitivity_of(draws: gov.Keyed | gov.Published) -> dict:
    """Experiment 7: a noisy opponent, the same for all settings."""
    grown = gov.grown(draws)
    agents = gov.stacked(*(gov.sentinel(**{name: value}) for name, value in zip(MOVED, VALUES, strict=True)))
    offsets = [o for values, offset, factor in SETTINGS.values() for o in scaled(offset, values, factor)]
    baseline = gov.baselines(draws, grown.body, grown.readout, [offset + 100 for offset in offsets])
    schedule = gov.noisy(draws.uniforms(8000, ROUNDS))
    run = gov.runs(draws, grown.body, grown.readout, agents, schedule, offsets, baseline)
    found = outcome(run, schedule)
    return {
        "share": run.decisions.share.mean(-1),
        "last_share": run.decisions.share[:, -1],
        "discomfort": run.decisions.discomfort.mean(-1),
        "alarm": jnp.maximum(run.decisions.discomfort - agents.threshold[:, None], 0).mean(-1),
        "opponent": schedule.mean(),
        **found,
    }


def five_phases(key):
    """One body of experiment 6."""
    return phases_of(gov.Keyed(key))


def sensitivity(key):
    """One body of experiment 7."""
    return sensitivity_of(gov.Keyed(key))


_TIME = ("round",)
_SETTING = ("setting",)

FIVE_PHASES = Experiment(
    name="governance/sentinel",
    title="The sentinel through five phases (experiment 6)",
    cell=five_phases,
    parameters={"replicate": REPLICATE},
    outputs={
        "opponent": Quantity("o(t)", "opponent's action", dims=_TIME),
        "action": Quantity("a(t)", "action", dims=("agent", "round")),
        "payoff": Quantity("u(t)", "payoff", dims=("agent", "round")),
        "body_action": Quantity("a_{body}(t)", "action of the sentinel's body", dims=_TIME),
        "share": Quantity(r"\alpha(t)", "the sentinel's share", dims=_TIME),
        "state_discomfort": Quantity("D_{state}(t)", "distance of the state from its baseline", dims=_TIME),
        "output_discomfort": Quantity("D_{out}(t)", "distance of the body's action from its baseline", dims=_TIME),
        "disagreement": Quantity("D_{dis}(t)", "distance of the body's action from the filter's", dims=_TIME),
        "discomfort": Quantity("D(t)", "discomfort", dims=_TIME),
    },
    scales={"quick": Space((replicates(8),)), "paper": Space((replicates(20),))},
    coordinates={"agent": AGENTS},
    precision="float32",
    lightly=True,
)

SENSITIVITY = Experiment(
    name="governance/sensitivity",
    title="The sentinel's parameters one at a time (experiment 7)",
    cell=sensitivity,
    parameters={"replicate": REPLICATE},
    outputs={
        "share": Quantity(r"\bar\alpha", "mean share", dims=_SETTING),
        "last_share": Quantity(r"\alpha(T)", "share in the last round", dims=_SETTING),
        "discomfort": Quantity(r"\bar D", "mean discomfort", dims=_SETTING),
        "alarm": Quantity(r"(D - \theta)_+", "mean discomfort above the threshold", dims=_SETTING),
        "opponent": Quantity(r"\bar o", "mean action of the opponent"),
        "body": Quantity(r"\bar a_{body}", "mean action of the body", dims=_SETTING),
        "action": Quantity(r"\bar a", "mean action", dims=_SETTING),
        "payoff": Quantity(r"\bar u", "mean payoff of a round", dims=_SETTING),
        "variance": Quantity("Var[a]", "variance of the action over the rounds", dims=_SETTING),
    },
    scales={"quick": Space((replicates(16),)), "paper": Space((replicates(20),))},
    precision="float32",
    lightly=True,
)

EXPERIMENTS = (FIVE_PHASES, SENSITIVITY)
