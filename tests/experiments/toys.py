"""Small experiments for tests of the machinery; at module level, so that worker processes can import them."""

from __future__ import annotations

import os
from pathlib import Path

import jax.numpy as jnp
import jax.random as jr
import numpy as np

from experiments import codes
from experiments.experiment import Experiment, Quantity
from experiments.space import Space, grid, listing, replicates

X = Quantity("x", "a number")
NOISE = Quantity(r"\xi_0", "a draw")


def noisy_power(key, *, x, degree):
    """x^degree and a draw: `degree` is static, so each value compiles once."""
    return {"power": x**degree, "noise": jr.normal(key), "path": x ** jnp.arange(1, 4)}


def growth(key, *, rate):
    """A flow that blows up for positive rates: says so by its code; its square root is NaN below -1."""
    del key
    return {
        "level": jnp.where(rate > 0, 0.0, jnp.sqrt(rate + 1.0)),
        "code": jnp.where(rate > 0, codes.BLOW_UP, codes.OK),
    }


def moody(key, *, x):
    """Raises while its trouble file exists, as a worker does that runs out of memory."""
    del key
    if Path(os.environ["MOODY"]).exists():
        raise MemoryError("no room for this shard")
    return {"power": x}


def tally(key, *, x, kept):
    """Counts its visits in the folder that it shares with the other sweeps of its row."""
    del key, x
    kept.mkdir(parents=True, exist_ok=True)
    with open(kept / "visits", "a") as file:
        file.write("x")
    return {"visits": np.float64((kept / "visits").stat().st_size)}


POWERS = Experiment(
    name="toys/powers",
    title="Powers with noise",
    cell=noisy_power,
    parameters={"x": X, "degree": Quantity("d", "degree"), "replicate": Quantity("r", "replicate")},
    outputs={
        "power": Quantity("x^d", "power"),
        "noise": NOISE,
        "path": Quantity("p", "powers", dims=("level",)),
    },
    scales={"quick": Space((grid("x", 0.0, 1.0, 7), listing("degree", (1, 2, 3)), replicates(2)))},
    static=("degree",),
    shard_cells=5,
    coordinates={"level": (1.0, 2.0, 3.0)},
)
GROWTH = Experiment(
    name="toys/growth",
    title="Growth",
    cell=growth,
    parameters={"rate": Quantity("r", "rate")},
    outputs={"level": Quantity("y", "level")},
    scales={"quick": Space((listing("rate", (-2.0, -0.5, 0.0, 1.0)),))},
)
MOODY = Experiment(
    name="toys/moody",
    title="Moody",
    cell=moody,
    parameters={"x": X},
    outputs={"power": X},
    scales={"quick": Space((grid("x", 0.0, 1.0, 6),))},
    shard_cells=2,
    compiled=False,
)
TALLY = Experiment(
    name="toys/tally",
    title="Visits",
    cell=tally,
    parameters={"x": X},
    outputs={"visits": Quantity("n", "visits so far")},
    scales={"quick": Space((listing("x", (0.0,)),)), "paper": Space((listing("x", (1.0,)),))},
    compiled=False,
    keeps=True,
)
