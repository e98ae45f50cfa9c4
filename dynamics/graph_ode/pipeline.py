"""From trajectories to a pipeline: coders and predictors channel by channel, each fitted as told."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jax.sharding import Mesh
from jaxtyping import Array, ArrayLike, Float, Int

from dynamics.graph_ode.codebook import Codebook, fit_codebook
from dynamics.graph_ode.predictor_training import Schedule, fit_predictor, training_graphs
from dynamics.graph_ode.scaling import Trajectories, scaling_of
from dynamics.graph_ode.vector_quantiser import Schedule as QuantiserSchedule
from dynamics.graph_ode.vector_quantiser import VectorQuantiser, fit_quantiser


def random_histories(
    key, trajectories: Trajectories, history: int, count: int
) -> Float[Array, "channels count history"]:
    """Pasts of `count` random pixels at random times, the same places in every channel."""
    n, frames, _, height, width = trajectories.shape
    if frames < history:
        raise ValueError(f"Argument `trajectories` must have at least {history} frames, but has {frames}.")
    keys = jr.split(key, 4)
    which, starts, rows, columns = (
        jr.randint(k, (count,), 0, most) for k, most in zip(keys, (n, frames - history + 1, height, width), strict=True)
    )
    times = starts[:, None] + jnp.arange(history)
    picked = trajectories[which[:, None], times, :, rows[:, None], columns[:, None]]
    return jnp.moveaxis(picked, -1, 0)


def fit_codebooks(key, trajectories: Trajectories, *, history: int, codes: int, windows: int = 32000) -> Codebook:
    """A k-means codebook for each channel (leading axis)."""
    return jax.vmap(lambda pasts: fit_codebook(pasts, codes))(random_histories(key, trajectories, history, windows))


def fit_quantisers(
    key,
    trajectories: Trajectories,
    *,
    history: int,
    windows: int,
    schedule: QuantiserSchedule,
    mesh: Mesh | None = None,
    **widths,
) -> VectorQuantiser:
    """A learned codebook for each channel (leading axis). widths: `codes`, `hidden`, `latent`. mesh: see
    `fit_quantiser`."""
    draw_key, fit_key = jr.split(key)
    pasts = random_histories(draw_key, trajectories, history, windows)

    def one(own, key):
        make_key, train_key = jr.split(key)
        model = VectorQuantiser(make_key, history=history, dtype=trajectories.dtype, **widths)
        return fit_quantiser(train_key, model, own, schedule, mesh=mesh)[0]

    parts = [one(own, k) for own, k in zip(pasts, jr.split(fit_key, len(pasts)), strict=True)]
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *parts)


class PlaceCoder(NamedTuple):
    """Codes that say where a pixel is and not what it does: the control for a learned codebook.

    Latents are points of a torus, (cos, sin) of both coordinates, so that the nearest place is the nearest
    periodically.
    """

    pixels: Float[Array, "pixels 4"]
    places: Float[Array, "codes 4"]

    def latents(self, histories: Float[Array, "... time"]) -> Float[Array, "... 4"]:
        """Places, of pixels or of probes, whatever their histories."""
        return self.pixels if histories.shape[0] == self.pixels.shape[0] else self.places

    def codewords(self) -> Float[Array, "codes 4"]:
        """Where the probes are."""
        return self.places


def place_coder(key, shape: tuple[int, int], codes: int, layout: str, dtype=jnp.float32) -> PlaceCoder:
    """Probes at `codes` pixels: "random" ones, or a lattice as square as their number allows, layout "uniform"."""
    height, width = shape

    def embedded(rows, columns):
        angles = 2 * jnp.pi * jnp.stack([rows / height, columns / width], axis=-1)
        return jnp.concatenate([jnp.cos(angles), jnp.sin(angles)], axis=-1).astype(dtype)

    every = jnp.divmod(jnp.arange(height * width), width)
    if layout == "random":
        chosen = jr.choice(key, height * width, (codes,), replace=False)
        return PlaceCoder(embedded(*every), embedded(*jnp.divmod(chosen, width)))
    if layout != "uniform":
        raise ValueError(f"Argument `layout` must be 'random' or 'uniform', but is {layout!r}.")
    rows = max(n for n in range(1, int(np.sqrt(codes)) + 1) if codes % n == 0)
    across = codes // rows
    number = jnp.arange(codes)
    # Half a pixel back, so that no pixel stands midway between two places.
    down, right = (number // across + 0.5) * height / rows - 0.5, (number % across + 0.5) * width / across - 0.5
    return PlaceCoder(embedded(*every), embedded(down, right))


def fit_predictors(
    key,
    coders,
    trajectories: Trajectories,
    make: Callable,
    *,
    history: int,
    schedule: Schedule,
    how: str = "mean",
    chunk: int = 16,
    rate: Float[ArrayLike, ""] | None = None,
    until: Int[ArrayLike, ""] | None = None,
):
    """A trained predictor for each channel (leading axis) and the losses of every step, (channels, steps).

    make: (key, scaling of the channel) -> untrained predictor.  rate, until: see `fit_predictor`.
    """
    scaling = scaling_of(trajectories)

    def one(key, coder, films, scaling):
        graph_key, make_key, train_key = jr.split(key, 3)
        samples = training_graphs(
            graph_key, coder, films, schedule.windows, history=history, unroll=schedule.unroll, how=how, chunk=chunk
        )
        return fit_predictor(train_key, make(make_key, scaling), samples, history, schedule, rate=rate, until=until)

    films = jnp.moveaxis(trajectories, 2, 0)
    # One channel after another: side by side they would multiply the memory, and gain nothing on a busy device.
    parts = [
        one(
            k,
            jax.tree.map(lambda leaf, c=c: leaf[c], coders),
            films[c],
            jax.tree.map(lambda leaf, c=c: leaf[c], scaling),
        )
        for c, k in enumerate(jr.split(key, films.shape[0]))
    ]
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *parts)
