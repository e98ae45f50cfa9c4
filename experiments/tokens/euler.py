"""Depth as Euler steps of the flow: the order of the error, and the step at which tokens change sign."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from dynamics.tokens import line_flow, line_layer, make_line
from experiments.experiment import Experiment, Quantity
from experiments.space import Space, grid, listing
from experiments.tokens.line_quantities import COUPLING, DECAY, SLOPE

START = (1.0, -0.8, 1.6, 0.4)
HORIZON = 2.0
LAYERS = (10, 20, 40, 80, 160, 320, 640, 1280)


def euler(key, *, coupling, slope, decay):
    """Largest error at t = 2 of stacks of 10, 20, ... equal layers, against the flow."""
    del key
    line = make_line(coupling, slope, decay)
    start = jnp.asarray(START, float)
    exact = line_flow(start, line, jnp.log(jnp.asarray([HORIZON]))).tokens[0]

    def stacked(layers):
        step = HORIZON / layers
        return jax.lax.fori_loop(0, layers, lambda _, x: x + step * line_layer(x, line), start)

    return {"error": jnp.stack([jnp.max(jnp.abs(stacked(layers) - exact)) for layers in LAYERS])}


def one_layer(key, *, token, step, coupling, slope, decay):
    """What one layer makes of one token, over the token."""
    del key
    x = token[None]
    return {"kept": (x + step * line_layer(x, make_line(coupling, slope, decay)))[0] / token}


EULER = Experiment(
    name="tokens/euler",
    title="Depth as Euler steps",
    cell=euler,
    parameters={"coupling": COUPLING, "slope": SLOPE, "decay": DECAY},
    outputs={"error": Quantity("e_h", "largest error of a token at t = 2", dims=("layers",))},
    scales={
        name: Space((listing("coupling", couplings),), {"slope": 0.5, "decay": 0.6})
        for name, couplings in (("quick", (-0.7, -0.3)), ("paper", (-1.0, -0.7, -0.5, -0.3, -0.1)))
    },
    coordinates={"layers": tuple(map(float, LAYERS))},
)
ONE_LAYER = Experiment(
    name="tokens/one-layer",
    title="The step at which a layer turns a token round",
    cell=one_layer,
    parameters={
        "token": Quantity("x", "token"),
        "step": Quantity("h", "step of a layer"),
        "coupling": COUPLING,
        "slope": SLOPE,
        "decay": DECAY,
    },
    outputs={"kept": Quantity("x'/x", "token after the layer over the token before")},
    scales={
        name: Space(
            (listing("token", (1.0, 2.0, 3.0, -3.0)), grid("step", 0.01, 1.6, count, log=True)),
            {"coupling": -0.7, "slope": 0.5, "decay": 0.6},
        )
        for name, count in (("quick", 300), ("paper", 3000))
    },
)

EXPERIMENTS = (EULER, ONE_LAYER)
