"""Experiment 4: what habituation does to divergence, variance and the spectral radius, mode by mode."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from dynamics import governance as gov
from experiments.experiment import Experiment, Quantity
from experiments.governance.common import REPLICATE, divergences
from experiments.space import Space, replicates

MODES = ("alpha=1", "sentinel", "alpha=0.5", "alpha=0")
# The sentinel's body habituates under its share at rest.
MODE_SHARES = (1.0, 0.85, 0.5, 0.0)
LAST, ROUNDS, BURN_IN = 300, 1500, 300


def habituation_modes_of(draws: gov.Keyed | gov.Published, every: int) -> dict:
    """Experiment 4, measured every so many epochs."""
    fresh = gov.new_body(draws)
    readout = jax.tree.map(lambda leaf: leaf[0], gov.developed(draws, fresh, burn_in=BURN_IN, recorded=ROUNDS))

    def habituated(share):
        return gov.habituation_of(draws, fresh, LAST, every, readout=readout, share=share)

    found = jax.vmap(habituated)(jnp.asarray(MODE_SHARES, float))
    epochs = list(range(0, LAST + 1, every))
    first = jnp.broadcast_to(fresh.recurrent, (len(MODES), 1, *fresh.recurrent.shape))
    # Lanes: the modes at the first epoch, the modes at the second, and so on.
    recurrent = jnp.moveaxis(jnp.concatenate([first, found.recurrent], axis=1), 1, 0)
    lanes = len(epochs) * len(MODES)
    bodies = gov.Body(
        recurrent.reshape(lanes, *recurrent.shape[2:]),
        jnp.broadcast_to(fresh.inputs, (lanes, *fresh.inputs.shape)),
        jnp.broadcast_to(fresh.bias, (lanes, *fresh.bias.shape)),
    )

    def offsets(start):
        return [start + epoch for epoch in epochs for _ in MODES]

    mode_agents = gov.stacked(gov.static(1.0), gov.sentinel(), gov.static(0.5), gov.static(0.0))
    agents = jax.tree.map(lambda value: jnp.tile(value, len(epochs)), mode_agents)
    schedule = gov.noisy(draws.uniforms(8000, ROUNDS))
    baseline = gov.baselines(draws, bodies, readout, offsets(5500))
    run = gov.runs(draws, bodies, readout, agents, schedule, offsets(5000), baseline)
    quiet = gov.cooperative(ROUNDS)
    reference = gov.runs(draws, bodies, readout, gov.alone(lanes=lanes), quiet, offsets(4000))

    def by_mode(values):
        return values.reshape(len(epochs), len(MODES), *values.shape[1:]).swapaxes(0, 1)

    sizes = jnp.linalg.svd(bodies.recurrent, compute_uv=False)
    return {
        "neighbour_kl": by_mode(divergences(run.states, reference.states)),
        "body": by_mode(gov.body_action(readout, run.states).mean(-1)),
        "variance": by_mode(run.decisions.action.var(-1)),
        "radius": by_mode(jax.vmap(gov.spectral_radius)(bodies.recurrent)),
        "second": by_mode(sizes[:, 1] / sizes[:, 0]),
        "unclamped": found.unclamped,
    }


def habituation(key, *, every):
    """One body of experiment 4, through all four modes."""
    return habituation_modes_of(gov.Keyed(key), every)


def centred_habituation(key, *, every):
    """The same open-loop habituation with covariances in place of second moments."""
    draws = gov.Keyed(key)
    fresh = gov.new_body(draws)
    found = gov.habituation_of(draws, fresh, LAST, every, centred=True)
    sizes = jnp.linalg.svd(found.recurrent, compute_uv=False)
    return {"radius": jax.vmap(gov.spectral_radius)(found.recurrent), "second": sizes[:, 1] / sizes[:, 0]}


EVERY = Quantity(r"\Delta H", "epochs between measurements", unit="epochs")
_BOTH = ("mode", "record")

HABITUATION = Experiment(
    name="governance/habituation",
    title="Habituation in four modes (experiment 4)",
    cell=habituation,
    parameters={"every": EVERY, "replicate": REPLICATE},
    outputs={
        "neighbour_kl": Quantity(
            r"\hat{KL}_{kNN}", "k-NN divergence of the states from the habituated ones", dims=_BOTH
        ),
        "body": Quantity(r"\bar a_{body}", "mean action of the body", dims=_BOTH),
        "variance": Quantity("Var[a]", "variance of the action over the rounds", dims=_BOTH),
        "radius": Quantity(r"\rho(W)", "spectral radius", dims=_BOTH),
        "second": Quantity("s_2/s_1", "second singular value of W in units of the first", dims=_BOTH),
        "unclamped": Quantity(r"\rho^+", "spectral radius after Oja's step, before the clamp", dims=("mode", "later")),
    },
    scales={"quick": Space((replicates(4),), {"every": 30}), "paper": Space((replicates(20),), {"every": 15})},
    static=("every",),
    shard_cells=5,
    precision="float32",
    coordinates={"mode": MODES},
)

CENTRED = Experiment(
    name="governance/centred-habituation",
    title="Habituation with centred moments",
    cell=centred_habituation,
    parameters={"every": EVERY, "replicate": REPLICATE},
    outputs={
        "radius": Quantity(r"\rho(W)", "spectral radius", dims=("record",)),
        "second": Quantity("s_2/s_1", "second singular value of W in units of the first", dims=("record",)),
    },
    scales={"quick": Space((replicates(8),), {"every": 30}), "paper": Space((replicates(20),), {"every": 15})},
    static=("every",),
    precision="float32",
    lightly=True,
)

EXPERIMENTS = (HABITUATION, CENTRED)
