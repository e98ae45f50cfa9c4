"""What a network that reads windows of frames is given: standardised last values and scaled differences."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

Trajectories = Float[Array, "trajectories frames channels height width"]
TINY = 1e-6


class Scaling(NamedTuple):
    """Statistics of the training set, per channel: mean and spread of values, spread of one frame's change."""

    mean: Float[Array, " channels"]
    spread: Float[Array, " channels"]
    change: Float[Array, " channels"]


def scaling_of(trajectories: Trajectories) -> Scaling:
    """From training trajectories; spreads of a constant channel count as a millionth, so nothing is divided by 0."""
    axes = (0, 1, 3, 4)
    change = jnp.sqrt(jnp.mean((trajectories[:, 1:] - trajectories[:, :-1]) ** 2, axis=axes))
    spread = jnp.std(trajectories, axis=axes)
    return Scaling(jnp.mean(trajectories, axis=axes), jnp.maximum(spread, TINY), jnp.maximum(change, TINY))


def features(window: Float[Array, "history channels *space"], scaling: Scaling) -> Float[Array, "*space inputs"]:
    """Of each pixel: its last values, standardised, and all changes in the window over their usual size."""
    like = (slice(None), *[None] * (window.ndim - 2))
    last = (window[-1] - scaling.mean[like]) / scaling.spread[like]
    changes = (window[1:] - window[:-1]) / scaling.change[like]
    stacked = jnp.concatenate([last, changes.reshape(-1, *window.shape[2:])])
    return jnp.moveaxis(stacked, 0, -1)


def grown(
    window: Float[Array, "history channels *space"], output: Float[Array, "*space channels"], scaling: Scaling
) -> Float[Array, "channels ..."]:
    """The next frame from a residual output: the last frame plus so many usual changes."""
    like = (slice(None), *[None] * (window.ndim - 2))
    return window[-1] + scaling.change[like] * jnp.moveaxis(output, -1, 0)
