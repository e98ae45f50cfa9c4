"""What the sweeps of the governance row share: quantities under their symbols, summaries of runs, official seeds."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from dynamics import governance as gov
from experiments.experiment import Quantity

NEURON = ("neuron",)
REPLICATE = Quantity("i", "seed")
DIMENSION = Quantity("d", "reservoir dimension")
WIDTH = Quantity("d_{max}", "neurons a body is padded to")
EPOCHS = Quantity("H", "habituation epochs", unit="epochs")
LENGTH = Quantity("L", "length of the block of defection", unit="rounds")
GRID = Quantity("n_\\alpha", "values of alpha between 0 and 1")

# What a claim of theory needs to know of a habituated body.
BODY = {
    "recurrent": Quantity("W", "recurrent weights after habituation", dims=("neuron", "origin")),
    "inputs": Quantity("W_{in}", "input weights of own and opponent's action", dims=("neuron", "player")),
    "bias": Quantity("b", "bias", dims=NEURON),
    "weights": Quantity("w", "readout weights", dims=NEURON),
    "intercept": Quantity("b_o", "readout intercept"),
}


def body_of(grown: gov.Grown) -> dict:
    """A grown body as outputs of a cell."""
    return {**grown.body._asdict(), **grown.readout._asdict()}


def outcomes(dims: tuple[str, ...]) -> dict[str, Quantity]:
    """The quantities of `outcome`."""
    return {
        "body": Quantity(r"\bar a_{body}", "mean action of the body", dims=dims),
        "action": Quantity(r"\bar a", "mean action", dims=dims),
        "payoff": Quantity(r"\bar u", "mean payoff of a round", dims=dims),
        "variance": Quantity("Var[a]", "variance of the action over the rounds", dims=dims),
    }


def outcome(run: gov.Run, schedule) -> dict:
    """Means over the rounds of runs, and the population variance of the action."""
    action = run.decisions.action
    return {
        "body": run.decisions.body.mean(-1),
        "action": action.mean(-1),
        "payoff": gov.payoff(action, schedule).mean(-1),
        "variance": action.var(-1),
    }


def divergences(states, reference, dimension=None):
    """k-NN divergence of each run's states from the reference: one reference for all, or one for each."""
    over = (0, 0 if reference.ndim == states.ndim else None)
    return jax.vmap(lambda p, q: gov.neighbour_divergence(p, q, dimension=dimension), over)(states, reference)


def gaussian_divergences(states, reference):
    """The same with Gaussians of the samples' moments."""
    over = (0, 0 if reference.ndim == states.ndim else None)
    return jax.vmap(gov.gaussian_divergence, over)(states, reference)


def shares(count: int) -> np.ndarray:
    """alpha = 0, .., 1."""
    return np.linspace(0.0, 1.0, count)


def statics(values) -> gov.Agent:
    """Static agents, one for each share."""
    return gov.stacked(*map(gov.static, values))


def scaled(offset: int, values, factor: int) -> list[int]:
    """The official offsets offset + floor(factor * value)."""
    return [offset + round(factor * float(value)) for value in values]


def repeated(baseline: gov.Baseline, lanes: int) -> gov.Baseline:
    """One sentinel's baselines for every lane; agents whose sentinel never stirs do not mind."""
    return jax.tree.map(lambda leaf: jnp.broadcast_to(leaf[0], (lanes, *leaf.shape[1:])), baseline)
