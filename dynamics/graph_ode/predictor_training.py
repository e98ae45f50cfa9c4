"""Training a predictor of probes: graphs of random windows, and the error of a few frames fed back to it.

Targets are read through the partition of the input window, with the same members or means: through a new partition the
predictor would be asked to predict how pixels are clustered again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
from flax import nnx
from jaxtyping import Array, ArrayLike, Bool, Float, Int

from dynamics import training
from dynamics.graph_ode.codebook import Coder, assign
from dynamics.graph_ode.probes import choose_probes, probe_graph, read_probes

Films = Float[Array, "trajectories frames height width"]


class Samples(NamedTuple):
    """Graphs of many windows: what their probes read in the window and in the frames after it."""

    values: Float[Array, "samples codes frames"]
    present: Bool[Array, "samples codes"]
    edges: Float[Array, "samples codes codes 3"]


def training_graphs(
    key, coder: Coder, films: Films, count: int, *, history: int, unroll: int, how: str = "mean", chunk: int = 16
) -> Samples:
    """Graphs of `count` random windows of one channel, each with the `unroll` frames that follow it.

    chunk: windows at work at once, which bounds the memory. ValueError if the films are shorter than a window and
    what follows it.
    """
    n, frames, height, width = films.shape
    length = history + unroll
    if frames < length:
        raise ValueError(f"Argument `films` must have at least {length} frames, but has {frames}.")
    which_key, start_key, probe_key = jr.split(key, 3)
    which = jr.randint(which_key, (count,), 0, n)
    starts = jr.randint(start_key, (count,), 0, frames - length + 1)
    codes = coder.codewords().shape[0]

    def one(place):
        which, start, probe_key = place
        cut = jax.lax.dynamic_slice(films, (which, start, 0, 0), (1, length, height, width))
        pixels = cut.reshape(length, -1).T
        window = pixels[:, :history]
        probes = choose_probes(probe_key, assign(coder, window), codes, (height, width), how)
        graph = probe_graph(probes, window, (height, width))
        return Samples(read_probes(probes, pixels), graph.present, graph.edges)

    return jax.lax.map(one, (which, starts, jr.split(probe_key, count)), batch_size=chunk)


def predictor_loss(history: int, *, batch: int, noise: float) -> Callable[..., Float[Array, ""]]:
    """The loss of a predictor on samples: mean square error over the codes present and the frames unrolled.

    It counts in units of the mean square change of a probe in one frame. noise: standard deviation of what is added
    to the window, in units of the spread of all values.
    """

    def loss(model, key, samples: Samples):
        pick_key, noise_key = jr.split(key)
        picked = jr.randint(pick_key, (batch,), 0, samples.values.shape[0])
        values, present, edges = (part[picked] for part in samples)
        here = samples.present[:, :, None]
        change = jnp.sum(jnp.where(here, jnp.diff(samples.values) ** 2, 0)) / (
            jnp.sum(here) * (values.shape[-1] - 1.0) + 1e-12
        )
        shake = noise * jnp.std(samples.values, where=here)
        window = values[..., :history] + shake * jr.normal(noise_key, values[..., :history].shape, values.dtype)

        def step(window, truth):
            following = jax.vmap(model)(window, edges, present)
            wrong = jnp.sum(jnp.where(present, following - truth, 0) ** 2) / jnp.sum(present)
            return jnp.concatenate([window[..., 1:], following[..., None]], axis=-1), wrong / (change + 1e-12)

        return jnp.mean(jax.lax.scan(step, window, jnp.moveaxis(values[..., history:], -1, 0))[1])

    return loss


class Schedule(NamedTuple):
    """How a predictor is trained: windows drawn, frames unrolled, steps, graphs a step, Adam's rate, input noise."""

    windows: int = 1600
    unroll: int = 5
    steps: int = 2000
    batch: int = 16
    rate: float = 3e-3
    noise: float = 0.012


def fit_predictor(
    key,
    model: nnx.Module,
    samples: Samples,
    history: int,
    schedule: Schedule,
    *,
    rate: Float[ArrayLike, ""] | None = None,
    until: Int[ArrayLike, ""] | None = None,
) -> tuple[nnx.Module, Float[Array, " steps"]]:
    """The trained predictor and the loss of every step; pure, for use under jit and vmap.

    rate, until: of a trial with another rate and fewer steps, in the same program; both may be traced.
    """
    loss = predictor_loss(history, batch=schedule.batch, noise=schedule.noise)
    steps = schedule.steps if until is None else until
    optimiser = training.adam(steps, schedule.rate if rate is None else rate, decay=0.0)
    return training.trained(model, loss, optimiser, key, schedule.steps, data=(samples,), until=steps)
