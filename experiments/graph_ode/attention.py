"""Attention as a flow: random stochastic matrices, one step on directed cycles, the pinned diagonal, the inert step."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from flax import nnx

from dynamics import graph_ode as dynamics
from experiments.experiment import Experiment, Quantity
from experiments.graph_ode.graph_flow import ORDERS, REPLICATE, TIME
from experiments.space import Space, grid, listing, replicates

NODES, LONGEST = 8, 4.0
READ_CYCLE, MODE_CYCLE = 7, 24
# Of the released step: probes, width of their features, heads, frames of history.
PROBES, WIDTH, HEADS, HISTORY = 6, 8, 2, 10
# The grid [1.0] of the released code, the grid [0, 1], and no grid.
MODES = {"released": "none", "one_step": "rk4_1", "exact": "expm"}


def attention_flow(key, *, spread, time):
    """The flow of a random attention whose logits are uniform on [-spread, spread], and what it makes of a state."""
    logit_key, state_key = jr.split(key)
    logits = spread * jr.uniform(logit_key, (NODES, NODES), minval=-1.0, maxval=1.0)
    attention = jax.nn.softmax(logits, axis=-1)
    start = jr.normal(state_key, (NODES,))
    columns = jnp.concatenate([jnp.eye(NODES), start[:, None]], axis=1)
    flown = dynamics.stochastic_flow(attention, columns, time, longest=LONGEST)
    return {"attention": attention, "kernel": flown[:, :-1], "start": start, "state": flown[:, -1]}


def one_step(key, *, step):
    """What one step gives a node of those 0, 1, ... places ahead of it on a directed cycle: the powers' weights."""
    del key
    cycle = dynamics.attention_field(dynamics.directed_cycle(READ_CYCLE))
    made = [dynamics.explicit_step(method, cycle, jnp.eye(READ_CYCLE), step)[0] for method in ORDERS]
    return {"weights": jnp.stack(made)}


def cycle_mode(key, *, step, turns):
    """One step's complex factor on the mode of so many turns round a directed cycle of 24 nodes."""
    del key
    angle = 2 * np.pi * turns / MODE_CYCLE
    phase = angle * jnp.arange(MODE_CYCLE)
    wave = jnp.stack([jnp.cos(phase), jnp.sin(phase)], axis=1)
    cycle = dynamics.attention_field(dynamics.directed_cycle(MODE_CYCLE))
    after = jnp.stack([dynamics.explicit_step(method, cycle, wave, step) for method in ORDERS])
    # (a + ib) times the conjugate wave, averaged over the nodes.
    real = jnp.mean(after[..., 0] * wave[:, 0] + after[..., 1] * wave[:, 1], axis=1)
    imag = jnp.mean(after[..., 1] * wave[:, 0] - after[..., 0] * wave[:, 1], axis=1)
    return {"real_part": real, "imaginary_part": imag, "rate": jnp.log(jnp.hypot(real, imag))}


def pinned_diagonal(key, *, nodes, score):
    """Self-weight of a layer whose edge bias gives every other node the same score."""
    layer = dynamics.Attention(WIDTH, HEADS, key, dtype=float)
    for part in (layer.source, layer.target):
        part.kernel[...] = jnp.zeros_like(part.kernel[...])
        part.bias[...] = jnp.zeros_like(part.bias[...])
    layer.edge.kernel[...] = jnp.zeros_like(layer.edge.kernel[...])
    layer.edge.bias[...] = jnp.reshape(score * math.sqrt(WIDTH), (1,))
    attention = layer(jnp.zeros((nodes, WIDTH)), jnp.zeros((nodes, nodes, 3)))
    return {"self_weight": attention[0, 0]}


def released_step(key):
    """One predictor under two time grids: the released [1.0], and [0, 1], on the same weights, window and graph.

    gradient: largest entry, over the attention's weights, of the gradient of the mean squared prediction.
    """
    model_key, window_key, place_key, weight_key = jr.split(key, 4)
    window = jr.uniform(window_key, (PROBES, HISTORY))
    places, weights = jr.uniform(place_key, (PROBES, 2)), jr.uniform(weight_key, (PROBES, PROBES))
    edges = dynamics.edge_attributes(places, weights)
    model = dynamics.Predictor(model_key, history=HISTORY, width=WIDTH, heads=HEADS, dtype=float)
    structure, attention, rest = nnx.split(model, nnx.PathContains("attention"), ...)
    start = model.start(window)

    def ran(attention, mode):
        model = nnx.merge(structure, attention, rest)
        model.mode = mode
        value = model(window, edges)
        return jnp.mean(value**2), (value, model.flow(start, edges))

    found = {"attention": model.attention(start, edges), "start": start}
    _, (found["value_exact"], found["state_exact"]) = ran(attention, MODES["exact"])
    for name in ("released", "one_step"):
        slopes, (found[f"value_{name}"], found[f"state_{name}"]) = jax.grad(ran, has_aux=True)(attention, MODES[name])
        found[f"gradient_{name}"] = jnp.max(jnp.stack([jnp.max(jnp.abs(leaf)) for leaf in jax.tree.leaves(slopes)]))
    return found


_SQUARE = ("node", "other")
_STATE = ("node", "feature")
_METHOD = {"method": tuple(ORDERS)}

ATTENTION_FLOW = Experiment(
    name="graph_ode/attention-flow",
    title="Flows of random attention",
    cell=attention_flow,
    parameters={"spread": Quantity("B", "bound of the logits"), "time": TIME, "replicate": REPLICATE},
    outputs={
        "attention": Quantity("A", "attention", dims=_SQUARE),
        "kernel": Quantity("e^{t(A-I)}", "what the flow does", dims=_SQUARE),
        "start": Quantity("x_0", "a random state", dims=("node",)),
        "state": Quantity("x", "the state at the time", dims=("node",)),
    },
    scales={
        name: Space(
            (
                listing("spread", (0.0, 0.1, 0.5, 1.0, 2.0, 3.0)),
                listing("time", (0.25, 0.5, 1.0, 2.0, 3.0, 4.0)),
                replicates(count),
            )
        )
        for name, count in (("quick", 12), ("paper", 400))
    },
)

ONE_STEP = Experiment(
    name="graph_ode/one-step",
    title="One explicit step as weights of the powers of A",
    cell=one_step,
    parameters={"step": Quantity("h", "step")},
    outputs={"weights": Quantity("c_k", "weight of the k-th power", dims=("method", "power"))},
    scales={
        "quick": Space((grid("step", 0.5, 1.5, 41),)),
        "paper": Space((grid("step", 0.5, 1.5, 1001),)),
    },
    coordinates=_METHOD,
)

CYCLE_MODE = Experiment(
    name="graph_ode/cycle-modes",
    title="One explicit step on the modes of a directed cycle",
    cell=cycle_mode,
    parameters={"step": Quantity("h", "step"), "turns": Quantity("j", "turns of the mode round the cycle")},
    outputs={
        "real_part": Quantity(r"\Re R", "real part of the factor", dims=("method",)),
        "imaginary_part": Quantity(r"\Im R", "imaginary part of the factor", dims=("method",)),
        "rate": Quantity(r"\ln|R|", "growth rate a step", dims=("method",)),
    },
    scales={
        name: Space((grid("step", 0.5, 1.5, count), listing("turns", tuple(range(1, 13)))))
        for name, count in (("quick", 41), ("paper", 1001))
    },
    coordinates=_METHOD,
)

PINNED = Experiment(
    name="graph_ode/pinned-diagonal",
    title="Self-weight under a pinned diagonal",
    cell=pinned_diagonal,
    parameters={"nodes": Quantity("K", "nodes"), "score": Quantity("b", "score of every other node")},
    outputs={"self_weight": Quantity("A_{ii}", "weight of a node on itself")},
    scales={
        name: Space((listing("nodes", (2, 6, 30)), grid("score", -5.0, 5.0, count)))
        for name, count in (("quick", 21), ("paper", 2001))
    },
    static=("nodes",),
)

RELEASED_STEP = Experiment(
    name="graph_ode/released-step",
    title="The released prediction step and the one it describes",
    cell=released_step,
    parameters={"replicate": REPLICATE},
    outputs={
        "attention": Quantity("A", "attention at the start", dims=_SQUARE),
        "start": Quantity("h_0", "embedded windows", dims=_STATE),
        **{
            name: Quantity(symbol, meaning, dims=dims)
            for key, grid_name in (
                ("released", "the grid [1]"),
                ("one_step", "the grid [0, 1]"),
                ("exact", "e^(A - I)"),
            )
            for name, symbol, meaning, dims in (
                (f"state_{key}", "h_1", f"state under {grid_name}", _STATE),
                (f"value_{key}", "v_1", f"prediction under {grid_name}", ("node",)),
                (f"gradient_{key}", "g", f"largest gradient in the attention's weights under {grid_name}", ()),
            )
            if name != "gradient_exact"
        },
    },
    scales={"quick": Space((replicates(16),)), "paper": Space((replicates(400),))},
    packages=("flax",),
)

EXPERIMENTS = (ATTENTION_FLOW, ONE_STEP, CYCLE_MODE, PINNED, RELEASED_STEP)
