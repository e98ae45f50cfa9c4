"""What the network baselines are trained to lose less of: the mean square error of a few frames, fed back to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float

from dynamics.graph_ode.scaling import Trajectories


def random_windows(
    key, trajectories: Trajectories, length: int, batch: int
) -> Float[Array, "batch length channels height width"]:
    """Windows of `length` frames, trajectory and first frame drawn evenly."""
    n, frames = trajectories.shape[:2]
    if frames < length:
        raise ValueError(f"Argument `trajectories` must have at least {length} frames, but has {frames}.")
    which_key, start_key = jr.split(key)
    which = jr.randint(which_key, (batch,), 0, n)
    starts = jr.randint(start_key, (batch,), 0, frames - length + 1)

    def cut(one, start):
        return jax.lax.dynamic_slice_in_dim(trajectories[one], start, length)

    return jax.vmap(cut)(which, starts)


class Units(NamedTuple):
    """What errors and noise count in: the mean square change of a frame, and the spread of all values."""

    change: Float[Array, ""]
    spread: Float[Array, ""]


def units_of(trajectories: Trajectories) -> Units:
    """The units of a training set."""
    change = jnp.mean((trajectories[:, 1:] - trajectories[:, :-1]) ** 2) + 1e-12
    return Units(change, jnp.std(trajectories))


def following(model: Callable, windows: Float[Array, "batch history channels *space"]):
    """The frame after each of the windows; of a model that says it takes windows `together`, in one call."""
    if not getattr(model, "together", False):
        return jax.vmap(model)(windows)
    return jnp.moveaxis(model(jnp.moveaxis(windows, 0, 2)), 1, 0)


def unrolled_loss(
    history: int, *, unroll: int, batch: int, noise: float, pixels: int | None = None
) -> Callable[[Callable, Array, Trajectories, Units], Float[Array, ""]]:
    """The loss of a model of windows: it sees a window with a little noise and forecasts `unroll` frames from it.

    It takes the training set and its units: computed once, they cost nothing at a step.

    Errors count in units of a frame's mean square change. noise: standard deviation of what is added to the window,
    in units of the data's spread. pixels: for a model that is blind to space, how many pixels of each window to train
    on.
    """

    def loss(model, key, trajectories, units):
        shake = noise * units.spread
        window_key, noise_key, pixel_key = jr.split(key, 3)
        cut = random_windows(window_key, trajectories, history + unroll, batch)
        if pixels is not None:
            flat = cut.reshape(*cut.shape[:3], -1)
            cut = flat[..., jr.randint(pixel_key, (pixels,), 0, flat.shape[-1])]
        start = cut[:, :history] + shake * jr.normal(noise_key, cut[:, :history].shape, cut.dtype)

        def step(windows, truth):
            frames = following(model, windows)
            windows = jnp.concatenate([windows[:, 1:], frames[:, None]], axis=1)
            return windows, jnp.mean((frames - truth) ** 2) / units.change

        return jnp.mean(jax.lax.scan(step, start, jnp.moveaxis(cut[:, history:], 1, 0))[1])

    return loss
