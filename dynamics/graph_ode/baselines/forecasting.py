"""Forecasting one frame after another, the same way for every model: its own frames come back to it, clipped."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

Window = Float[Array, "history channels height width"]
Frame = Float[Array, "channels height width"]
NextFrame = Callable[[Window], Frame]


def forecast(next_frame: NextFrame, window: Window, horizon: int) -> Float[Array, "horizon channels height width"]:
    """`horizon` frames after the window, each clipped to [0, 1] before it is looked at again."""
    if horizon < 1:
        raise ValueError(f"Argument `horizon` must be at least 1, but is {horizon}.")

    def step(window, _):
        frame = jnp.clip(next_frame(window), 0, 1)
        return jnp.concatenate([window[1:], frame[None]]), frame

    return jax.lax.scan(step, window, length=horizon)[1]


def persistence(window: Window) -> Frame:
    """The last frame again."""
    return window[-1]
