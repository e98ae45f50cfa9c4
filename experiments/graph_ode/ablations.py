"""One thing of the pipeline changed at a time: probes, edge weights, ODE step, representative, decoder."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from dynamics.graph_ode import metrics
from experiments.experiment import Experiment, Quantity
from experiments.graph_ode.contenders import Way
from experiments.graph_ode.faithful import priced
from experiments.graph_ode.forecasts import PROTOCOL, SEED
from experiments.graph_ode.protocol import PACKAGES, PROTOCOLS, protocol_space, windows_of, workshop_of

BASE = Way("copy", "wiener", "every:1")
VARIANTS: dict[str, tuple[Way, dict[str, Any]]] = {
    "base": (BASE, {}),
    "probes-uniform": (BASE, {"kind": "uniform"}),
    "probes-random": (BASE, {"kind": "random"}),
    "no-weights": (BASE, {"weighted": False}),
    "ode-none": (BASE, {"mode": "none"}),
    "ode-expm": (BASE, {"mode": "expm"}),
    "random-member": (BASE, {"how": "random"}),
    "lifting-only": (BASE._replace(decoder="lifted"), {}),
    "diffusion": (BASE._replace(decoder="unet"), {}),
}
"""How each variant is run and fitted; "base" is k-means probes, RK4 step, means, Wiener decoder, every block."""
QUICK = ("base", "probes-uniform", "no-weights", "ode-none", "random-member", "lifting-only")


def ablations(key, *, protocol, seed, variant, kept):
    """Errors of one variant on all test trajectories."""
    del key
    way, how = VARIANTS[variant]
    contender = workshop_of(protocol, seed, kept).piped(way, **how)
    windows, truth = windows_of(protocol, seed)
    predicted = contender.run(windows, PROTOCOLS[protocol].horizon)
    return {"square": np.asarray(jax.jit(metrics.squared_error)(predicted, truth))}


ABLATIONS = Experiment(
    name="graph_ode/ablations",
    title="The pipeline with one part changed at a time",
    cell=ablations,
    parameters={"protocol": PROTOCOL, "seed": SEED, "variant": Quantity("variant", "what is changed")},
    outputs={"square": Quantity("\\epsilon^2", "mean square error of a frame", dims=("trajectory", "frame"))},
    scales={
        "smoke": protocol_space("smoke", 1, variant=("base",)),
        "quick": protocol_space("half", 1, variant=QUICK),
        "small": protocol_space("small", 3, variant=tuple(VARIANTS)),
        "paper": protocol_space("small", 3, variant=tuple(VARIANTS)),
        "faithful": protocol_space("faithful", 1, variant=tuple(VARIANTS)),
    },
    static=("protocol", "seed", "variant"),
    precision="float32",
    compiled=False,
    shard_cells=1,
    packages=PACKAGES,
    keeps=True,
    price=priced(lambda chosen: chosen.test * chosen.horizon),
)

EXPERIMENTS = (ABLATIONS,)
