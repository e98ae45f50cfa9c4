"""Experiments 2 and 5: divergence, payoff and free energy over the body's share alpha."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from dynamics import governance as gov
from experiments.experiment import Experiment, Quantity
from experiments.governance.common import (
    BODY,
    EPOCHS,
    GRID,
    REPLICATE,
    body_of,
    divergences,
    gaussian_divergences,
    outcome,
    outcomes,
    scaled,
    shares,
    statics,
)
from experiments.space import Space, cases, listing, replicates

ROUNDS = 2000
HABITUATED = (0, 10, 25, 50, 100, 200)
# Every epoch count of the paper is a multiple of this many.
STRIDE = 5
SHARE = ("share",)


def landscape_of(draws: gov.Keyed | gov.Published, values) -> dict:
    """Experiment 2: static mixtures against a noisy opponent and against a cooperator."""
    grown = gov.grown(draws)
    body, readout, agents = grown.body, grown.readout, statics(values)
    reference = gov.reference_states(draws, body, readout)
    schedule = gov.noisy(draws.uniforms(8000, ROUNDS))
    noisy = gov.runs(draws, body, readout, agents, schedule, scaled(7000, values, 1000))
    pure = gov.runs(draws, body, readout, agents, gov.cooperative(ROUNDS), scaled(9000, values, 1000))
    return {
        "share": jnp.asarray(values, float),
        "neighbour_kl": divergences(noisy.states, reference),
        "pure_kl": divergences(pure.states, reference),
        "gaussian_kl": gaussian_divergences(noisy.states, reference),
        "opponent": schedule.mean(),
        **outcome(noisy, schedule),
        **body_of(grown),
    }


def noisy_runs_of(draws: gov.Keyed | gov.Published, body: gov.Body, readout: gov.Readout, values):
    """Reference states, and runs of static mixtures against the same noisy opponent."""
    reference = gov.reference_states(draws, body, readout)
    schedule = gov.noisy(draws.uniforms(8000, ROUNDS))
    run = gov.runs(draws, body, readout, statics(values), schedule, scaled(7000, values, 1000))
    return reference, schedule, run


def free_energy_of(draws: gov.Keyed | gov.Published, body: gov.Body, readout: gov.Readout, values) -> dict:
    """Experiment 5: what the free energy is made of, for one body."""
    return costs_of(*noisy_runs_of(draws, body, readout, values), values)


def costs_of(reference, schedule, run: gov.Run, values) -> dict:
    """Divergences and payoffs of such runs."""
    return {
        "share": jnp.asarray(values, float),
        "neighbour_kl": divergences(run.states, reference),
        "gaussian_kl": gaussian_divergences(run.states, reference),
        "opponent": schedule.mean(),
        **outcome(run, schedule),
    }


def kl_landscape(key, *, points):
    """One body of experiment 2."""
    return landscape_of(gov.Keyed(key), shares(points))


def free_energy(key, *, epochs, points):
    """One body of experiment 5, after as many epochs as asked for."""
    draws = gov.Keyed(key)
    fresh = gov.new_body(draws)
    readout = jax.tree.map(lambda leaf: leaf[0], gov.developed(draws, fresh))
    habituated = gov.habituation_of(draws, fresh, max(HABITUATED), STRIDE).recurrent
    weights = jnp.concatenate([fresh.recurrent[None], habituated])[epochs // STRIDE]
    return free_energy_of(draws, fresh._replace(recurrent=weights), readout, shares(points))


# Experiment 2's stored rows: seed index, alpha. (specification, Sec. 8.2)
STORED_ROWS = ((0, 0.0), (0, 1.0), (7, 0.5), (17, 1.0), (19, 1.0))


def official_rows(key, *, seed, alpha):
    """One row of experiment 2 in official mode: the published generator, seeds and power iterations."""
    del key
    found = landscape_row(seed, alpha)
    return {name: np.asarray(found[name])[0] for name in ("neighbour_kl", "body", "action", "payoff", "variance")}


def landscape_row(seed: int, alpha: float) -> dict:
    """The noisy half of `landscape_of` at one alpha, in official mode."""
    draws = gov.Published(200 + 1000 * int(seed))
    grown = gov.grown(draws)
    return free_energy_of(draws, grown.body, grown.readout, [alpha])


_KL = {
    "share": Quantity(r"\alpha", "body's share", dims=SHARE),
    "neighbour_kl": Quantity(r"\hat{KL}_{kNN}", "k-NN divergence of the states from the habituated ones", dims=SHARE),
    "gaussian_kl": Quantity(r"\hat{KL}_G", "divergence of Gaussians with the states' moments", dims=SHARE),
    "opponent": Quantity(r"\bar o", "mean action of the opponent"),
    **outcomes(SHARE),
}

KL_LANDSCAPE = Experiment(
    name="governance/kl-landscape",
    title="Divergence, variance and payoff against alpha (experiment 2)",
    cell=kl_landscape,
    parameters={"points": GRID, "replicate": REPLICATE},
    outputs={
        **_KL,
        "pure_kl": Quantity(r"\hat{KL}_{kNN}", "the same with a cooperative opponent", dims=SHARE),
        **BODY,
    },
    scales={"quick": Space((replicates(8),), {"points": 11}), "paper": Space((replicates(20),), {"points": 21})},
    static=("points",),
    shard_cells=8,
    precision="float32",
)

FREE_ENERGY = Experiment(
    name="governance/free-energy",
    title="What the free energy is made of, after H epochs (experiment 5)",
    cell=free_energy,
    parameters={"epochs": EPOCHS, "points": GRID, "replicate": REPLICATE},
    outputs=_KL,
    scales={
        name: Space((listing("epochs", HABITUATED), replicates(count)), {"points": points})
        for name, count, points in (("quick", 4, 6), ("paper", 20, 11))
    },
    static=("points",),
    shard_cells=8,
    precision="float32",
)

_ROW = outcomes(())

OFFICIAL_ROWS = Experiment(
    name="governance/official-rows",
    title="Stored rows of experiment 2, in the official code's own random numbers",
    cell=official_rows,
    parameters={"seed": Quantity("i", "seed index"), "alpha": Quantity(r"\alpha", "body's share")},
    outputs={"neighbour_kl": Quantity(r"\hat{KL}_{kNN}", "k-NN divergence"), **_ROW},
    scales={
        name: Space((cases("row", seed=[i for i, _ in STORED_ROWS], alpha=[a for _, a in STORED_ROWS]),))
        for name in ("quick", "paper")
    },
    compiled=False,
)

EXPERIMENTS = (KL_LANDSCAPE, FREE_ENERGY, OFFICIAL_ROWS)
