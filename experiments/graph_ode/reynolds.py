"""F5: forecasts of wakes at Reynolds numbers that were trained on, between these, and beyond them.

Every contender is fitted to cylinders at a few Reynolds numbers (`fields_data.REYNOLDS`) and forecasts new wakes at all
of them and at others. Which numbers were published, and the scores, were not published to us.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from dynamics.graph_ode import metrics, predictor_training
from experiments.experiment import Experiment, Quantity
from experiments.graph_ode.choices import Validation
from experiments.graph_ode.contenders import Workshop
from experiments.graph_ode.fields_data import REYNOLDS, DataRecipe, data_recipe, trajectories
from experiments.graph_ode.forecasts import PROTOCOL, SEED
from experiments.graph_ode.protocol import PACKAGES, protocol_space, scaled
from experiments.graph_ode.sizes import FIXED, Grids, Sizes
from experiments.keys import root_key

TRAINED, NEW = REYNOLDS[0], REYNOLDS[2]
ALL = tuple(sorted((*TRAINED, *NEW)))


@dataclass(frozen=True)
class Wakes:
    """Which wakes to train, to choose settings and to test with, frames forecast, and sizes of the parts."""

    data: DataRecipe
    horizon: int
    sizes: Sizes


def _wakes(scale: str, each: tuple[int, int, int], horizon: int, sizes: Sizes, **changed) -> Wakes:
    data = data_recipe("cylinder", scale, frames=sizes.history + horizon, **changed)
    values = (TRAINED, REYNOLDS[1], ALL)
    counts = tuple(n * len(numbers) for n, numbers in zip(each, values, strict=True))
    return Wakes(replace(data, counts=counts, values=values), horizon, sizes)


_TINY = {"points": (12, 16), "extent": (12.0, 16.0), "diameter": 3.0, "spacing": 5.0, "substeps": 5, "skipped": 4}
_QUICK = Sizes(
    codes=16,
    histories=8000,
    width=24,
    predictor=predictor_training.Schedule(windows=200, steps=400),
    steps=120,
    batch=4,
    unroll=2,
    grids=FIXED,
)
# A cylinder of six sites sheds every 320 steps or so.
_COARSE = {"points": (32, 48), "extent": (32.0, 48.0), "diameter": 6.0, "spacing": 30.0, "substeps": 30, "skipped": 60}
WAKES = {
    "smoke": lambda: _wakes("quick", (1, 1, 1), 3, replace(_QUICK, histories=200), **_TINY),
    "quick": lambda: _wakes("quick", (1, 1, 3), 30, _QUICK, **_COARSE),
    "small": lambda: _wakes("small", (3, 4, 3), 80, Sizes(grids=Grids())),
}


@lru_cache(maxsize=2)
def prepared(protocol: str, seed: int) -> tuple[Workshop, jax.Array, jax.Array]:
    """What fits contenders, the windows of all test wakes, and the frames that came."""
    wakes = WAKES[protocol]()
    data = replace(wakes.data, seed=wakes.data.seed + seed)
    films = scaled(*(np.concatenate(list(trajectories(data, split))) for split in range(3)))
    history = wakes.sizes.history
    seen = [(jnp.asarray(part[:, :history]), jnp.asarray(part[:, history:])) for part in films[1:]]
    workshop = Workshop(jr.fold_in(root_key(seed), 3), jnp.asarray(films.training), wakes.sizes, Validation(*seen[0]))
    return workshop, *seen[1]


def reynolds(key, *, protocol, seed, model):
    """Scores of one contender on all test wakes."""
    del key  # the seed draws data and weights, so that contenders of one seed are paired
    workshop, windows, truth = prepared(protocol, seed)
    predicted = workshop.contender(model).run(windows, truth.shape[1])
    scores = jax.jit(lambda p, u: (metrics.squared_error(p, u), metrics.ssim(p, u)))(predicted, truth)
    square, likeness = map(np.asarray, scores)
    # Wakes take the Reynolds numbers in turn.
    found = {
        name: np.moveaxis(part.reshape(-1, len(ALL), truth.shape[1]), 0, 1)
        for name, part in (("square", square), ("ssim", likeness))
    }
    return found | {"trained": np.isin(ALL, TRAINED).astype(np.float32)}


QUICK = ("persistence", "ar", "cnn", "wiener-every")
MODELS = ("persistence", "ar", "dmd", "cnn", "fno", "wiener-never", "wiener-every", "increment-every")


_DIMS = ("number", "wake", "frame")
REYNOLDS_SCORES = Experiment(
    name="graph_ode/reynolds",
    title="Forecasts of wakes at Reynolds numbers trained on and at others",
    cell=reynolds,
    parameters={"protocol": PROTOCOL, "seed": SEED, "model": Quantity("model", "contender")},
    outputs={
        "square": Quantity("\\epsilon^2", "mean square error of a frame", dims=_DIMS),
        "ssim": Quantity("SSIM", "structural similarity of a frame", dims=_DIMS),
        "trained": Quantity("1", "1 at numbers that were trained on, else 0", dims=("number",)),
    },
    scales={
        "smoke": protocol_space("smoke", 1, model=("ar",)),
        "quick": protocol_space("quick", 1, model=QUICK),
        # `small` is the protocol of section 12, of which wakes are no part.
        "paper": protocol_space("small", 3, model=MODELS),
    },
    static=("protocol", "seed", "model"),
    precision="float32",
    compiled=False,
    shard_cells=1,
    packages=PACKAGES,
    coordinates={"number": ALL},
)

EXPERIMENTS = (REYNOLDS_SCORES,)
