"""Forecasts of test trajectories by every contender: errors frame by frame, and what each one cost.

A cell is one contender under one seed, of data and of training. It is no compiled cell: it times what it fits, and
contenders of one seed share their parts (see `contenders.Workshop`).
"""

from __future__ import annotations

import jax
import numpy as np

from dynamics.graph_ode import metrics
from experiments.experiment import Experiment, Quantity
from experiments.graph_ode.contenders import PIPELINES
from experiments.graph_ode.faithful import priced
from experiments.graph_ode.protocol import PACKAGES, PROTOCOLS, protocol_space, windows_of, workshop_of
from experiments.graph_ode.rivals import BASELINES

MEASURED = "CPU s"
"""The unit of what is measured while a cell runs: such numbers differ from run to run, all others do not."""


def scores(predicted, truth) -> dict[str, jax.Array]:
    """What is stored of forecasts, (trajectories, frames) each."""
    return {
        "square": metrics.squared_error(predicted, truth),
        "ssim": metrics.ssim(predicted, truth),
        "correlation": metrics.correlation(predicted, truth),
        "power": metrics.power(truth, "square"),
        "variance": metrics.power(truth, "variance"),
    }


def forecasts(key, *, protocol, seed, model, kept):
    """Scores of one contender on all test trajectories, its size and its costs."""
    del key  # the seed draws data and weights, so that contenders of one seed are paired
    contender = workshop_of(protocol, seed, kept).contender(model)
    windows, truth = windows_of(protocol, seed)
    predicted = contender.run(windows, PROTOCOLS[protocol].horizon)
    found = jax.tree.map(np.asarray, jax.jit(scores)(predicted, truth))
    costs = {
        "training": contender.seconds,
        "choosing": contender.choosing,
        "parameters": contender.parameters,
        "rate": contender.rate.value,
        "setting": contender.setting.value,
        "rates_tried": contender.rate.tried,
        "settings_tried": contender.setting.tried,
        "validation": contender.setting.error or contender.rate.error,
    }
    return found | {name: np.float32(value) for name, value in costs.items()}


_SHAPE = ("trajectory", "frame")
SCORES = {
    "square": Quantity("\\epsilon^2", "mean square error of a frame", dims=_SHAPE),
    "ssim": Quantity("SSIM", "structural similarity of a frame", dims=_SHAPE),
    "correlation": Quantity("c", "correlation with the truth over space", dims=_SHAPE),
    "power": Quantity("u^2", "mean square of the true frame", dims=_SHAPE),
    "variance": Quantity("Var u", "variance of the true frame over space", dims=_SHAPE),
}
PROTOCOL = Quantity("protocol", "data, sizes and training of everything compared")
SEED = Quantity("i", "seed of data and of training")
QUICK = ("persistence", "ar", "dmd", "pointwise", "cnn", *(name for name in PIPELINES if "unet" not in name))
ALL = (*BASELINES, *PIPELINES)


FORECASTS = Experiment(
    name="graph_ode/forecasts",
    title="Forecasts of Swift-Hohenberg fields by the pipeline and by its baselines",
    cell=forecasts,
    parameters={"protocol": PROTOCOL, "seed": SEED, "model": Quantity("model", "contender")},
    outputs={
        **SCORES,
        "training": Quantity("t_{fit}", "processor time of fitting", MEASURED),
        "choosing": Quantity("t_{try}", "processor time of all that was tried on validation trajectories", MEASURED),
        "parameters": Quantity("n", "numbers trained or fitted"),
        "rate": Quantity("\\eta", "Adam's rate, chosen on validation trajectories; 0: nothing is trained in steps"),
        "setting": Quantity("s", "ridge, delays, q or start level, chosen there; 0: there is none"),
        "rates_tried": Quantity("n_\\eta", "rates tried; 0: it was given"),
        "settings_tried": Quantity("n_s", "settings tried; 0: it was given"),
        "validation": Quantity("\\epsilon_v", "validation RMSE of the choice when it was made; 0: none was"),
    },
    scales={
        "smoke": protocol_space("smoke", 1, model=("wiener-every", "persistence")),
        "quick": protocol_space("quick", 1, model=QUICK),
        "small": protocol_space("small", 3, model=ALL),
        "paper": protocol_space("small", 3, model=ALL),
        "faithful": protocol_space("faithful", 1, model=ALL),
    },
    static=("protocol", "seed", "model"),
    precision="float32",
    compiled=False,
    shard_cells=1,
    packages=PACKAGES,
    keeps=True,
    # Two ways of running it.
    price=priced(lambda chosen: 2 * chosen.test * chosen.horizon),
)

EXPERIMENTS = (FORECASTS,)
