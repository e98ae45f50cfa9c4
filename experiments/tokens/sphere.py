"""Normalised tokens: pairs, frames, and networks whose layers are drawn afresh."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import jax.random as jr

from dynamics.tokens import (
    effective_rank,
    gram_shares,
    layer_of_matrix,
    selective_scan,
    sphere_flow,
)
from dynamics.tokens import unit as normalised
from experiments.experiment import Experiment, Quantity
from experiments.space import Space, cases, listing, replicates

PAIR_TIMES = (0.5, 2.0, 5.0)
FRAME_TIMES = (1.0, 10.0, 100.0, 400.0)
WIDTH, STATES, TOKENS, DEPTH = 64, 16, 30, 200
# tied: S_C = S_B with diag(|d|) and the signs below; silu: on B and C; positive: share of positive signs.
KERNELS = {
    "independent, SiLU": (0, 1, 0.0),
    "independent": (0, 0, 0.0),
    "positive": (1, 0, 1.0),
    "negative": (1, 0, 0.0),
    "mixed": (1, 0, 0.5),
}


def pair(key):
    """Two tokens on the sphere in three dimensions, any M, shared step size."""
    matrix_key, step_key, token_key, decay_key = jr.split(key, 4)
    matrix, step_map = jr.normal(matrix_key, (3, 3), float), jr.normal(step_key, (3,), float)
    tokens, decay = normalised(jr.normal(token_key, (2, 3), float)), jr.uniform(decay_key, (), float, 0.1, 1.5)
    flow = sphere_flow(tokens, layer_of_matrix(matrix, step_map, decay), jnp.array(PAIR_TIMES))
    return {
        "second": flow.tokens[:, 1],
        "start": tokens,
        "matrix": matrix,
        "step_map": step_map,
        "decay": decay,
        "status": flow.status,
    }


def sphere_frame(key, *, rate, channels, tokens):
    """Tokens on the sphere under M = rate I: cosines and effective rank at growing times."""
    step_key, token_key = jr.split(key)
    start = normalised(jr.normal(token_key, (tokens, channels), float))
    layer = layer_of_matrix(rate * jnp.eye(channels), 0.05 * jr.normal(step_key, (channels,), float), 0.4)
    flow = sphere_flow(start, layer, jnp.array(FRAME_TIMES), tolerance=1e-9)
    return {
        "cosine": flow.tokens @ jnp.swapaxes(flow.tokens, 1, 2),
        "rank": effective_rank(flow.tokens),
        "rank_start": effective_rank(start),
        "status": flow.status,
    }


def random_layers(key, *, tied, silu, positive):
    """z <- normalise(z + S6(z)) through 200 random layers: leading Gram share and participation ratio."""
    start_key, layers_key = jr.split(key)
    start = normalised(jr.normal(start_key, (TOKENS, WIDTH), float))

    def layer(z, key):
        keys = jr.split(key, 7)
        free, other = (jr.normal(k, (STATES, WIDTH), float) for k in keys[:2])
        signs = jnp.where(jr.uniform(keys[2], (STATES,)) < positive, 1.0, -1.0)
        scales = signs * abs(jr.normal(keys[3], (STATES,), float))
        b = jnp.where(tied, scales, 1.0) * (z @ free.T)
        c = z @ jnp.where(tied, free, other).T
        b, c = (jnp.where(silu, jax.nn.silu(u), u) for u in (b, c))
        decay = jr.uniform(keys[4], (WIDTH,), float, 1, 16)
        least, most = jnp.log(1e-3), jnp.log(0.1)
        rest = jnp.exp(jr.uniform(keys[5], (WIDTH,), float, least, most))
        step_map = 0.01 * WIDTH**0.5 * jr.normal(keys[6], (WIDTH, WIDTH), float)
        # softplus(b) = rest
        delta = jax.nn.softplus(z @ step_map.T + jnp.log(jnp.expm1(rest)))
        z = normalised(z + selective_scan(z, delta, decay[:, None], b, c, how="chunked", chunk=TOKENS))
        shares = gram_shares(z)
        return z, (shares[0], 1 / jnp.sum(shares**2))

    _, (share, ratio) = jax.lax.scan(layer, start, jr.split(layers_key, DEPTH))
    return {"share": share, "ratio": ratio}


PAIR = Experiment(
    name="tokens/sphere-pair",
    title="Two tokens on the sphere",
    cell=pair,
    parameters={"replicate": Quantity("r", "random system")},
    outputs={
        "second": Quantity("x_2(t)", "second token", dims=("time", "channel")),
        "start": Quantity("x_l(0)", "tokens at the start", dims=("token", "channel")),
        "matrix": Quantity("M", "input-output matrix", dims=("row", "channel")),
        "step_map": Quantity(r"S_\Delta", "step-size map", dims=("channel",)),
        "decay": Quantity("a", "decay"),
        "status": Quantity("", "how the solve ended"),
    },
    scales={name: Space((replicates(count),)) for name, count in (("quick", 40), ("paper", 400))},
    coordinates={"time": PAIR_TIMES},
)

SPHERE_FRAME = Experiment(
    name="tokens/sphere-frame",
    title="Frames of tokens on the sphere",
    cell=sphere_frame,
    parameters={
        "rate": Quantity("c", "M = c I"),
        "channels": Quantity("D", "channels"),
        "tokens": Quantity("L", "tokens"),
        "replicate": Quantity("r", "random tokens"),
    },
    outputs={
        "cosine": Quantity(r"\cos", "cosines of all pairs", dims=("time", "token", "other")),
        "rank": Quantity(r"\mathrm{erank}", "effective rank", dims=("time",)),
        "rank_start": Quantity(r"\mathrm{erank}_0", "effective rank at the start"),
        "status": Quantity("", "how the solve ended"),
    },
    scales={
        name: Space((listing("rate", (1.0, -1.0)), replicates(count)), {"channels": 4, "tokens": 7})
        for name, count in (("quick", 4), ("paper", 16))
    },
    static=("channels", "tokens"),
    coordinates={"time": FRAME_TIMES},
)

RANDOM_LAYERS = Experiment(
    name="tokens/random-layers",
    title="Normalised tokens through 200 random layers",
    cell=random_layers,
    parameters={
        "tied": Quantity("", "whether S_C = S_B up to scales (1)"),
        "silu": Quantity("", "whether B and C pass SiLU (1)"),
        "positive": Quantity("p_+", "share of positive eigenvalues where tied"),
        "replicate": Quantity("r", "draw of all layers"),
    },
    outputs={
        "share": Quantity(r"\lambda_1", "leading Gram share", dims=("depth",)),
        "ratio": Quantity("r", "participation ratio", dims=("depth",)),
    },
    scales={
        name: Space(
            (
                cases(
                    "kernel",
                    **dict(
                        zip(("tied", "silu", "positive"), map(list, zip(*KERNELS.values(), strict=True)), strict=True)
                    ),
                ),
                replicates(count),
            )
        )
        for name, count in (("quick", 20), ("paper", 50))
    },
    coordinates={"depth": tuple(range(1, DEPTH + 1))},
)

EXPERIMENTS = (PAIR, SPHERE_FRAME, RANDOM_LAYERS)
