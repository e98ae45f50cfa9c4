"""Experiments 1 and 3: a body among cooperators, and what a block of defection does to five agents."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from dynamics import governance as gov
from experiments.experiment import Experiment, Quantity
from experiments.governance.common import BODY, REPLICATE, body_of, repeated
from experiments.space import Space, replicates

CONVERGENCE_AGENTS = ("alpha=0", "alpha=0.5", "alpha=1", "AllC")
PERTURBED_AGENTS = ("alpha=1", "sentinel", "alpha=0.5", "alpha=0", "AllC")
ROUNDS, QUIET_ROUNDS = 500, 40
BLOCK = (200, 100, 200)


def convergence_of(draws: gov.Keyed | gov.Published) -> dict:
    """Experiment 1, and what the paper says it shows: a noise-free body on its way from rest to its fixed point."""
    grown = gov.grown(draws)
    agents = gov.stacked(*map(gov.static, (0.0, 0.5, 1.0)), gov.constant(1.0))
    schedule = gov.cooperative(ROUNDS)
    run = gov.runs(draws, grown.body, grown.readout, agents, schedule, [5000, 5050, 5100, 6000])
    silent = jnp.zeros((QUIET_ROUNDS, grown.body.bias.shape[0]), grown.body.bias.dtype)
    body_alone = jax.tree.map(lambda leaf: leaf[0], gov.alone())
    nothing = gov.unfamiliar(grown.body)
    quiet = gov.play(grown.body, grown.readout, body_alone, jnp.ones(QUIET_ROUNDS), silent, nothing)
    return {
        "body_action": run.decisions.body,
        "norm": jnp.linalg.norm(run.states, axis=-1).mean(-1),
        "distance": jnp.linalg.norm(quiet.states - quiet.states[-1], axis=-1),
        **body_of(grown),
    }


def perturbation_of(draws: gov.Keyed | gov.Published) -> dict:
    """Experiment 3: cooperation, a block of defection, cooperation."""
    grown = gov.grown(draws)
    static = [gov.static(share) for share in (1.0, 0.5, 0.0)]
    agents = gov.stacked(static[0], gov.sentinel(), *static[1:], gov.constant(1.0))
    baseline = repeated(gov.baselines(draws, grown.body, grown.readout, [9500]), len(PERTURBED_AGENTS))
    offsets = [5000, 9000, 7000, 6000, 8000]
    run = gov.runs(draws, grown.body, grown.readout, agents, gov.blocks(BLOCK), offsets, baseline)
    return {"body_action": run.decisions.body, "action": run.decisions.action, **body_of(grown)}


def convergence(key):
    """One body of experiment 1."""
    return convergence_of(gov.Keyed(key))


def perturbation(key):
    """One body of experiment 3."""
    return perturbation_of(gov.Keyed(key))


_BODY_ACTION = Quantity("a_{body}(t)", "action of the body alone", dims=("agent", "round"))

CONVERGENCE = Experiment(
    name="governance/convergence",
    title="Bodies among cooperators (experiment 1)",
    cell=convergence,
    parameters={"replicate": REPLICATE},
    outputs={
        "body_action": _BODY_ACTION,
        "norm": Quantity("|x|", "mean norm of the state", dims=("agent",)),
        "distance": Quantity("|x - x^*|", "distance of a noise-free body, from rest, to where it ends", dims=("step",)),
        **BODY,
    },
    # The paper has ten bodies, one of which may cooperate so little as to decide their mean.
    scales={"quick": Space((replicates(16),)), "paper": Space((replicates(40),))},
    coordinates={"agent": CONVERGENCE_AGENTS, "step": tuple(range(1, QUIET_ROUNDS + 1))},
    precision="float32",
    lightly=True,
)

PERTURBATION = Experiment(
    name="governance/perturbation",
    title="A block of defection (experiment 3)",
    cell=perturbation,
    parameters={"replicate": REPLICATE},
    outputs={
        "body_action": _BODY_ACTION,
        "action": Quantity("a(t)", "action", dims=("agent", "round")),
        **BODY,
    },
    scales={"quick": Space((replicates(16),)), "paper": Space((replicates(20),))},
    coordinates={"agent": PERTURBED_AGENTS},
    precision="float32",
    lightly=True,
)

EXPERIMENTS = (CONVERGENCE, PERTURBATION)
