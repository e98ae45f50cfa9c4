"""Many bodies at the two ends of alpha, and many readouts: what the paper's tables say with twenty, with more."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from dynamics import governance as gov
from experiments.experiment import Experiment, Quantity
from experiments.governance.common import DIMENSION, REPLICATE, WIDTH, outcomes
from experiments.governance.dimension import DIMENSIONS, REGIMES, RIDGE
from experiments.governance.landscape import costs_of, noisy_runs_of
from experiments.space import Space, cases, replicates

ENDS = (0.0, 1.0)
_END = ("share",)


def both_ends(key):
    """Experiment 2 at alpha = 0 and 1, and how Gaussian its states are."""
    draws = gov.Keyed(key)
    grown = gov.grown(draws)
    reference, schedule, run = noisy_runs_of(draws, grown.body, grown.readout, ENDS)
    found = costs_of(reference, schedule, run, ENDS)
    parts = jax.vmap(gov.gaussian_parts, (0, None))(run.states, reference)
    return {
        **{name: value for name, value in found.items() if name != "share"},
        **{f"{name}_part": value for name, value in parts._asdict().items()},
        "skewness": _skewness(run.states),
        "quiet_skewness": _skewness(reference),
    }


def _skewness(states):
    """The largest |skewness| of a neuron's states."""
    centred = states - states.mean(-2, keepdims=True)
    return jnp.abs((centred**3).mean(-2) / (centred**2).mean(-2) ** 1.5).max(-1)


def readouts(key, *, dimension, width):
    """Squared norm of one fresh body's readout in experiment 8's two regimes."""
    draws = gov.Keyed(key, alive=(jnp.arange(width) < dimension).astype(float))
    found = gov.developed(draws, gov.new_body(draws, width), (RIDGE * dimension / 30, RIDGE))
    return {"weights_squared": jnp.sum(found.weights**2, axis=-1)}


BOTH_ENDS = Experiment(
    name="governance/both-ends",
    title="Many bodies at alpha = 0 and alpha = 1",
    cell=both_ends,
    parameters={"replicate": REPLICATE},
    outputs={
        "neighbour_kl": Quantity(r"\hat{KL}_{kNN}", "k-NN divergence from the habituated states", dims=_END),
        "gaussian_kl": Quantity(r"\hat{KL}_G", "divergence of Gaussians with the states' moments", dims=_END),
        "opponent": Quantity(r"\bar o", "mean action of the opponent"),
        "trace_part": Quantity(r"(tr S_q^{-1}S_p - d)/2", "trace term of the Gaussian divergence", dims=_END),
        "mean_part": Quantity(r"m^T S_q^{-1}m/2", "mean term of the Gaussian divergence", dims=_END),
        "volume_part": Quantity(r"\ln(|S_q|/|S_p|)/2", "log-determinant term of the Gaussian divergence", dims=_END),
        "skewness": Quantity(r"\max_i|\gamma_i|", "largest skewness of a neuron against the noisy opponent", dims=_END),
        "quiet_skewness": Quantity(r"\max_i|\gamma_i|", "largest skewness of a neuron in the habituated states"),
        **outcomes(_END),
    },
    scales={"quick": Space((replicates(64),)), "paper": Space((replicates(256),))},
    shard_cells=8,
    precision="float32",
    coordinates={"share": ENDS},
)

READOUTS = Experiment(
    name="governance/readouts",
    title="Readouts of 5 to 100 neurons under two ridges",
    cell=readouts,
    parameters={"dimension": DIMENSION, "width": WIDTH, "replicate": REPLICATE},
    outputs={"weights_squared": Quantity(r"\|w\|^2", "squared norm of the readout", dims=("regime",))},
    scales={
        name: Space(
            (
                cases("dimension", dimension=DIMENSIONS, width=[30 if d <= 30 else 100 for d in DIMENSIONS]),
                replicates(count),
            )
        )
        for name, count in (("quick", 24), ("paper", 96))
    },
    static=("width",),
    shard_cells=24,
    precision="float32",
    coordinates={"regime": REGIMES},
    lightly=True,
)

EXPERIMENTS = (BOTH_ENDS, READOUTS)
