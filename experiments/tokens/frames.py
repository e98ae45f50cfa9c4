"""Long flows in several dimensions: frames that repeat, null spaces that lag, and a form that never falls."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import jax.random as jr

from dynamics.tokens import layer_of_matrix, token_flow
from experiments.experiment import Experiment, Quantity
from experiments.space import Space, cases, replicates

DECAY = 0.6
# Pairs of late times: what still moves between them measures what is left to converge. Much later the part that M
# sees is lost in the rounding of the part that it does not see.
# Cosines of the second period settle later still, so the last three are for the M of full rank.
LOG_TIMES = (-3.0, -1.0, 1.0, 4.0, 10.0, 20.0, 40.0, 41.0, 60.0, 61.0, 100.0, 120.0, 151.0)
CHANNELS = 4


def frame(key, *, rank, channels, tokens):
    """A random negative semidefinite M of a rank, followed to ln t = 151: shares, cosines and null-space parts."""
    factor_key, step_key, token_key = jr.split(key, 3)
    # Coordinates in which M does not touch the null space: elsewhere rounding would, and late it is all there is.
    factor = jnp.pad(jr.normal(factor_key, (rank, rank), float) / rank**0.5, ((0, 0), (0, channels - rank)))
    matrix = -factor.T @ factor
    start = jr.normal(token_key, (tokens, channels), float)
    layer = layer_of_matrix(matrix, 0.3 * jr.normal(step_key, (channels,), float), DECAY)
    flow = token_flow(start, layer, jnp.array(LOG_TIMES), absolute=1e-18)
    reach = flow.direction @ factor.T
    log_share = jnp.log(2 * jnp.log(2.0)) + jnp.array(LOG_TIMES)[:, None] + 2 * flow.log_length
    angles = reach / jnp.linalg.norm(reach, axis=-1, keepdims=True)
    unseen = jnp.sum(flow.direction[..., rank:] ** 2, -1)
    silent = flow.log_length + 0.5 * jnp.log(jnp.maximum(unseen, 1e-300))
    step_map = layer.step_map
    energy_start = -jnp.sum((start @ factor.T) ** 2, -1)
    # |x|_M never grows, so S_Delta . x >= -|S_Delta| in the dual norm times its first value (M of full rank).
    least = jax.nn.softplus(-jnp.sqrt(-energy_start * (step_map @ jnp.linalg.pinv(-matrix) @ step_map)))
    return {
        "share": jnp.sum(reach**2, -1) * jnp.exp(log_share),
        "cosine": jnp.abs(angles @ jnp.swapaxes(angles, -1, -2)),
        "silent": silent,
        "energy_start": energy_start,
        "least_step": least,
        "status": flow.status,
    }


def energy(key, *, decay):
    """A random state of symmetric M and shared step size: dV_l/dt of V_l = x_l . M x_l, from the layer's own output."""
    matrix_key, step_key, token_key = jr.split(key, 3)
    matrix = jr.normal(matrix_key, (CHANNELS, CHANNELS), float)
    matrix = (matrix + matrix.T) / 2
    step_map = jr.normal(step_key, (CHANNELS,), float)
    x = jr.normal(token_key, (6, CHANNELS), float)
    y = layer_of_matrix(matrix, step_map, decay)(x)
    return {
        "growth": 2 * jnp.einsum("ld,de,le->l", x, matrix, y),
        "scale": 2 * jnp.einsum("ld,de,le->l", abs(x), abs(matrix), abs(y)) + 1,
        "tokens": x,
        "matrix": matrix,
        "step_map": step_map,
    }


FRAME = Experiment(
    name="tokens/frame",
    title="Frames of tokens under a negative semidefinite M",
    cell=frame,
    parameters={
        "rank": Quantity("N", "rank of M"),
        "channels": Quantity("D", "channels"),
        "tokens": Quantity("L", "tokens"),
        "replicate": Quantity("r", "random system"),
    },
    outputs={
        "share": Quantity("z_l", "2 ln 2 t |x_l . M x_l|", dims=("log_time", "token")),
        "cosine": Quantity(r"|\cos|", "cosines of all pairs, norm of |M|", dims=("log_time", "token", "other")),
        "silent": Quantity(r"\ln|x_l^0|", "logarithm of the part in the null space of M", dims=("log_time", "token")),
        "energy_start": Quantity("V_l(0)", "form at the start", dims=("token",)),
        "least_step": Quantity(r"\Delta_{\min}", "lower bound of the step size, M of full rank", dims=("token",)),
        "status": Quantity("", "how the solve ended"),
    },
    scales={
        name: Space((cases("case", rank=(3, 2), channels=(3, 4), tokens=(6, 6)), replicates(count)))
        for name, count in (("quick", 3), ("paper", 12))
    },
    static=("rank", "channels", "tokens"),
    coordinates={"log_time": LOG_TIMES},
)

ENERGY = Experiment(
    name="tokens/energy",
    title="Growth of the form x . M x at random states",
    cell=energy,
    parameters={"decay": Quantity("a", "decay"), "replicate": Quantity("r", "random state")},
    outputs={
        "growth": Quantity("dV_l/dt", "growth of the form", dims=("token",)),
        "scale": Quantity("", "size of the terms of that sum", dims=("token",)),
        "tokens": Quantity("x_l", "tokens", dims=("token", "channel")),
        "matrix": Quantity("M", "input-output matrix", dims=("row", "channel")),
        "step_map": Quantity(r"S_\Delta", "step-size map", dims=("channel",)),
    },
    scales={name: Space((replicates(count),), {"decay": 0.5}) for name, count in (("quick", 300), ("paper", 3000))},
)

EXPERIMENTS = (FRAME, ENERGY)
