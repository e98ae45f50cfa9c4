"""Experiment 10: the body against Tit-for-Tat with a memory of its own."""

from __future__ import annotations

import jax.numpy as jnp

from dynamics import governance as gov
from experiments.experiment import Experiment, Quantity
from experiments.governance.common import BODY, REPLICATE, body_of, divergences, outcome, outcomes
from experiments.space import Space, replicates

MEMORIES = (0.0, 0.5, 0.9, 0.95, 0.99)
AGENTS = ("body", *(f"g={memory:g}" for memory in MEMORIES))
ROUNDS, BLOCK, REGAINED = 2000, (200, 100, 200), 0.95


def memory_of(draws: gov.Keyed | gov.Published) -> dict:
    """Experiment 10: noise for 2000 rounds, then a block of defection."""
    grown = gov.grown(draws)
    body, readout = grown.body, grown.readout
    agents = gov.stacked(gov.static(1.0), *map(gov.smoothed_tit_for_tat, MEMORIES))
    schedule = gov.noisy(draws.uniforms(8000, ROUNDS))
    # Only the first agent hears its body, so the noise of the others does not matter.
    noisy = gov.runs(draws, body, readout, agents, schedule, [5000] * len(AGENTS))
    action = gov.runs(draws, body, readout, agents, gov.blocks(BLOCK), [6000] * len(AGENTS)).decisions.action
    start, end = BLOCK[0], BLOCK[0] + BLOCK[1]
    regained = action[:, end:] >= REGAINED * action[:, :start].mean(-1, keepdims=True)
    return {
        **outcome(noisy, schedule),
        "opponent": schedule.mean(),
        "neighbour_kl": divergences(noisy.states[:1], gov.reference_states(draws, body, readout))[0],
        "depth": action[:, start:end].min(-1),
        "recovery": jnp.where(regained.any(-1), jnp.argmax(regained, axis=-1), BLOCK[2]).astype(float),
        **body_of(grown),
    }


def memory(key):
    """One body of experiment 10."""
    return memory_of(gov.Keyed(key))


_AGENT = ("agent",)

MEMORY = Experiment(
    name="governance/memory",
    title="The body against smoothed Tit-for-Tat (experiment 10)",
    cell=memory,
    parameters={"replicate": REPLICATE},
    outputs={
        **outcomes(_AGENT),
        "opponent": Quantity(r"\bar o", "mean action of the opponent"),
        "neighbour_kl": Quantity(r"\hat{KL}_{kNN}", "k-NN divergence of the body's states from the habituated ones"),
        "depth": Quantity(r"\min a", "least action during the block", dims=_AGENT),
        "recovery": Quantity(
            r"\tau_{rec}", "rounds after the block to 95% of the level before", unit="rounds", dims=_AGENT
        ),
        **BODY,
    },
    scales={"quick": Space((replicates(8),)), "paper": Space((replicates(20),))},
    coordinates={"agent": AGENTS},
    precision="float32",
    lightly=True,
)

EXPERIMENTS = (MEMORY,)
