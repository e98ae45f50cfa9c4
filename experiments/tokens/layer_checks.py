"""The layer itself: its forms, its symmetries, its range in float32, and its flow beside self-attention's."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import jax.random as jr

from dynamics.tokens import (
    SelfAttention,
    layer_of_matrix,
    leading_share,
    make_layer,
    selective_layer,
    token_fate,
    token_flow,
)
from experiments.experiment import Experiment, Quantity
from experiments.space import Space, cases, listing, replicates

WAYS = ("chunked", "associative", "sequential")
CHANNELS, STATES = 4, 3


def _random_layer(key):
    keys = jr.split(key, 4)
    maps = [jr.normal(k, (STATES, CHANNELS), float) for k in keys[:2]]
    step_map = jr.normal(keys[2], (CHANNELS, CHANNELS), float)
    return (*maps, step_map, jr.uniform(keys[3], (CHANNELS, STATES), float, 0.1, 1.5))


def forms(key, *, length):
    """Output of the layer by each scan, by the hidden attention, and with a decay one percent too large."""
    layer_key, token_key = jr.split(key)
    x = jr.normal(token_key, (length, CHANNELS), float)
    *maps, decay = _random_layer(layer_key)
    layer = make_layer(*maps, decay, -0.5)
    pick = (length - 1, CHANNELS - 1)
    found = {how: selective_layer(x, layer, how)[pick] for how in (*WAYS, "attention")}
    weights = jnp.abs(
        selective_layer(jnp.abs(x), make_layer(*map(jnp.abs, maps[:2]), maps[2], decay, -0.5), "sequential")
    )
    found["scale"] = weights.max()
    found["faster"] = selective_layer(x, make_layer(*maps, 1.01 * decay, -0.5), "attention")[pick]
    return found


def exponent_range(key, *, length):
    """Where factors e^(S_j) first overflow in float32, S_j the sum of a Delta: e^(-S_l) sum_j e^(S_j) ... is no way."""
    delta = jr.uniform(key, (length,), jnp.float32, 0.2, 1.5)
    total = jnp.cumsum(delta)
    return {
        "first_bad": jnp.argmax(~jnp.isfinite(jnp.exp(total))),
        "total": total,
        "scanned_finite": jnp.all(jnp.isfinite(_accumulated(delta))),
    }


def _accumulated(delta):
    def step(state, d):
        state = jnp.exp(-d) * state + d
        return state, state

    return jax.lax.scan(step, jnp.zeros((), delta.dtype), delta)[1]


def symmetries(key):
    """The layer on tokens, on scaled and on turned tokens with its parameters changed to match, and its Jacobian."""
    layer_key, token_key, turn_key, scale_key = jr.split(key, 4)
    x = jr.normal(token_key, (6, CHANNELS), float)
    into, out, step_map, _ = _random_layer(layer_key)
    shared, decay = step_map[0], 0.5
    turn = jnp.linalg.qr(jr.normal(turn_key, (CHANNELS, CHANNELS), float))[0]
    scale = jr.uniform(scale_key, (), float, 0.5, 2)
    layer = make_layer(into, out, shared, decay)
    scaled = make_layer(into / scale, out / scale, shared / scale, decay)
    turned = make_layer(into @ turn.T, out @ turn.T, turn @ shared, decay)
    jacobian = jax.jacobian(selective_layer)(x, layer)
    later = jnp.triu(jnp.ones((6, 6), bool), 1)
    return {
        "output": layer(x),
        "from_scaled": scaled(scale * x) / scale,
        "from_turned": turned(x @ turn.T) @ turn,
        "unturned_steps": make_layer(into @ turn.T, out @ turn.T, shared, decay)(x @ turn.T) @ turn,
        "size": jnp.max(jnp.abs(layer(x))) + 1,
        "later_influence": jnp.max(jnp.where(later[:, None, :, None], jnp.abs(jacobian), 0.0)),
        "earlier_influence": jnp.max(jnp.where(later.T[:, None, :, None], jnp.abs(jacobian), 0.0)),
    }


POINTS = 60


def two_flows(key, *, attention, rate):
    """Eight tokens under the selective layer with M = rate I, or under causal self-attention with V = rate I."""
    del key
    x = jr.normal(jr.key(5), (8, 3), float)
    # One draw for both flows, whatever the cell: they are compared on the same tokens.
    log_times = jnp.linspace(-3.0, 6.0, POINTS)
    identity = jnp.eye(3)
    ssm = layer_of_matrix(rate * identity, jnp.array([0.3, -0.2, 0.1]), 0.4)
    end = jnp.minimum(token_fate(x, ssm, 7.0, tolerance=1e-8).time, jnp.exp(6.0))
    ssm_times = jnp.where(rate > 0, jnp.log(-jnp.expm1(-jnp.linspace(0.02, 12.0, POINTS))) + jnp.log(end), log_times)
    ours = token_flow(x, ssm, ssm_times, tolerance=1e-8)
    softmax = SelfAttention(identity, identity, rate * identity)
    soft_times = jnp.log(jnp.linspace(0.05, 12.0, POINTS))
    theirs = token_flow(x, softmax, soft_times, tolerance=1e-8)
    log_length = jnp.where(attention, theirs.log_length, ours.log_length)
    reached = jnp.isfinite(log_length).all(axis=1)
    direction = jnp.where(attention, theirs.direction, ours.direction)
    return {
        "time": jnp.exp(jnp.where(attention, soft_times, ssm_times)),
        "log_length": jnp.where(jnp.isfinite(log_length), log_length, 0.0),
        "reached": reached,
        "share": leading_share(jnp.where(reached[:, None, None], direction, x)),
        "log_start": jnp.log(jnp.linalg.norm(x, axis=1)),
    }


_OUTPUT = Quantity("y_{ld}", "last channel of the last token's output")

FORMS = Experiment(
    name="tokens/layer-forms",
    title="The layer by scans and by pairs",
    cell=forms,
    parameters={"length": Quantity("L", "tokens"), "replicate": Quantity("r", "random layer")},
    outputs={
        **{how: Quantity("y_{ld}", f"output by the {how} scan") for how in WAYS},
        "attention": Quantity("y_{ld}", "output by the hidden attention, O(L^2)"),
        "scale": Quantity("", "size of the terms of that sum"),
        "faster": Quantity("y_{ld}", "by the hidden attention with a decay 1 % too large"),
    },
    scales={
        name: Space((listing("length", lengths), replicates(4)))
        for name, lengths in (("quick", (8, 100)), ("paper", (8, 100, 1000)))
    },
    static=("length",),
)

RANGE = Experiment(
    name="tokens/exponent-range",
    title="Sums of exponents in float32",
    cell=exponent_range,
    parameters={"length": Quantity("L", "tokens"), "replicate": Quantity("r", "random step sizes")},
    outputs={
        "first_bad": Quantity("l", "first token (from 0) whose factor is not finite"),
        "total": Quantity("S_l", "sum of the exponents", dims=("token",)),
        "scanned_finite": Quantity("", "whether the recurrence stays finite"),
    },
    scales={name: Space((replicates(count),), {"length": 512}) for name, count in (("quick", 20), ("paper", 200))},
    static=("length",),
    precision="float32",
)

SYMMETRIES = Experiment(
    name="tokens/symmetries",
    title="Equivariances and causality of the layer",
    cell=symmetries,
    parameters={"replicate": Quantity("r", "random layer")},
    outputs={
        "output": Quantity("y", "output", dims=("token", "channel")),
        "from_scaled": Quantity("y", "output from scaled tokens, scaled back", dims=("token", "channel")),
        "from_turned": Quantity("y", "output from turned tokens, turned back", dims=("token", "channel")),
        "unturned_steps": Quantity("y", "the same with a step-size map that was not turned", dims=("token", "channel")),
        "size": Quantity("", "size of the output"),
        "later_influence": Quantity(r"\partial y_l/\partial x_j", "largest derivative by a later token"),
        "earlier_influence": Quantity(r"\partial y_l/\partial x_j", "largest derivative by an earlier token"),
    },
    scales={name: Space((replicates(count),)) for name, count in (("quick", 50), ("paper", 1000))},
)

TWO_FLOWS = Experiment(
    name="tokens/two-flows",
    title="The same tokens under a selective layer and under self-attention",
    cell=two_flows,
    parameters={
        "attention": Quantity("", "selective layer (0) or causal self-attention (1)"),
        "rate": Quantity("c", "M = c I, or V = c I"),
    },
    outputs={
        "time": Quantity("t", "time", dims=("point",)),
        "log_length": Quantity(r"\ln|x_l|", "logarithm of the lengths", dims=("point", "token")),
        "reached": Quantity("", "whether the flow reached this time", dims=("point",)),
        "share": Quantity(r"\lambda_1", "leading Gram share", dims=("point",)),
        "log_start": Quantity(r"\ln|x_l(0)|", "logarithm of the lengths at the start", dims=("token",)),
    },
    scales={
        name: Space((cases("flow", attention=(0, 0, 1, 1), rate=(1.0, -1.0, 1.0, -1.0)),))
        for name in ("quick", "paper")
    },
)

EXPERIMENTS = (FORMS, RANGE, SYMMETRIES, TWO_FLOWS)
