"""The linear baselines: autoregression of every pixel on its own past, and dynamic mode decomposition after POD."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, ArrayLike, Float

from dynamics.graph_ode.baselines.forecasting import Frame, Window
from dynamics.graph_ode.scaling import Trajectories

# Of the mean square of a regressor: products of float32 sums are known no better, and less lets the forecast explode.
RIDGE = 3e-6
POWER_STEPS = 2


class Autoregression(NamedTuple):
    """u(t+1) = offset + sum over channels and lags of the weights, the same at every pixel."""

    weights: Float[Array, "inputs channels"]
    offset: Float[Array, " channels"]
    mean: Float[Array, " inputs"]


def fit_autoregression(trajectories: Trajectories, history: int, ridge: Float[ArrayLike, ""] = RIDGE) -> Autoregression:
    """Least squares over all pixels and times, from sums over one trajectory after another.

    ridge: in units of each regressor's mean square, as `RIDGE` is.
    """
    frames, channels = trajectories.shape[1:3]
    if frames <= history:
        raise ValueError(f"Argument `trajectories` must have more than {history} frames, but has {frames}.")
    inputs = history * channels

    def rows(one):
        pasts = jnp.stack([one[i : frames - history + i] for i in range(history)], axis=1)
        # Differences of neighbouring frames are nearly independent, raw values nearly equal: float32 needs the former.
        pasts = jnp.concatenate([pasts[:, -1:], pasts[:, 1:] - pasts[:, :-1]], axis=1)
        x = jnp.moveaxis(pasts.reshape(frames - history, inputs, -1), 1, -1).reshape(-1, inputs)
        change = one[history:] - one[history - 1 : -1]
        return x, jnp.moveaxis(change.reshape(frames - history, channels, -1), 1, -1).reshape(-1, channels)

    def sums(total, one):
        x, y = rows(one)
        part = (x.sum(0), y.sum(0), jnp.float32(len(x)).astype(x.dtype))
        return jax.tree.map(jnp.add, total, part), None

    zero = jnp.zeros((), trajectories.dtype)
    start = (jnp.zeros(inputs, zero.dtype), jnp.zeros(channels, zero.dtype), zero)
    (sum_x, sum_y, count), _ = jax.lax.scan(sums, start, trajectories)
    mean_x, mean_y = sum_x / count, sum_y / count

    def moments(total, one):
        x, y = rows(one)
        x, y = x - mean_x, y - mean_y
        return jax.tree.map(jnp.add, total, (x.T @ x, x.T @ y)), None

    start = (jnp.zeros((inputs, inputs), zero.dtype), jnp.zeros((inputs, channels), zero.dtype))
    (gram, cross), _ = jax.lax.scan(moments, start, trajectories)
    size = jnp.sqrt(jnp.diag(gram)) + 1e-12
    scaled = gram / (size[:, None] * size) + ridge * jnp.eye(inputs, dtype=zero.dtype)
    weights = jnp.linalg.solve(scaled, cross / size[:, None]) / size[:, None]
    return Autoregression(weights, mean_y, mean_x)


def autoregression(model: Autoregression, window: Window) -> Frame:
    """The next frame."""
    history, channels = window.shape[:2]
    pasts = jnp.concatenate([window[-1:], window[1:] - window[:-1]]).reshape(history * channels, *window.shape[2:])
    change = jnp.tensordot(model.weights.T, pasts - model.mean[:, None, None], axes=1)
    return window[-1] + change + model.offset[:, None, None]


class ModeDecomposition(NamedTuple):
    """POD modes of whole frames and the affine map from the amplitudes of a few frames to those of the next.

    The last row of `step` is its offset: the mean over time is no fixed point of what grows or drifts.
    """

    mean: Float[Array, " pixels"]
    modes: Float[Array, "pixels rank"]
    step: Float[Array, "delayed_and_one rank"]


def fit_mode_decomposition(key, trajectories: Trajectories, rank: int, delays: int = 1) -> ModeDecomposition:
    """The `rank` leading modes (randomised range finder, two power steps) and least squares on their amplitudes."""
    n, frames = trajectories.shape[:2]
    flat = trajectories.reshape(n * frames, -1)
    if not 1 <= rank <= min(flat.shape):
        raise ValueError(f"Argument `rank` must lie in 1..{min(flat.shape)}, but is {rank}.")
    mean = flat.mean(0)
    centred = flat - mean
    sketch = min(rank + 10, *flat.shape)
    basis = jnp.linalg.qr(centred.T @ jr.normal(key, (n * frames, sketch), flat.dtype))[0]
    for _ in range(POWER_STEPS):
        basis = jnp.linalg.qr(centred.T @ (centred @ basis))[0]
    small = centred @ basis
    modes = basis @ jnp.linalg.eigh(small.T @ small)[1][:, ::-1][:, :rank]
    amplitudes = (centred @ modes).reshape(n, frames, rank)
    past = jnp.concatenate([amplitudes[:, delays - 1 - i : frames - 1 - i] for i in range(delays)], axis=-1)
    past = jnp.pad(past.reshape(-1, delays * rank), ((0, 0), (0, 1)), constant_values=1)
    after = amplitudes[:, delays:].reshape(-1, rank)
    gram = past.T @ past
    gram = gram + RIDGE * jnp.trace(gram) / len(gram) * jnp.eye(len(gram), dtype=flat.dtype)
    return ModeDecomposition(mean, modes, jnp.linalg.solve(gram, past.T @ after))


def mode_decomposition(model: ModeDecomposition, window: Window) -> Frame:
    """The next frame: amplitudes of the last frames, one step, and back."""
    delays = (model.step.shape[0] - 1) // model.step.shape[1]
    recent = window[::-1][:delays].reshape(delays, -1)
    amplitudes = ((recent - model.mean) @ model.modes).reshape(-1)
    following = amplitudes @ model.step[:-1] + model.step[-1]
    return (model.mean + model.modes @ following).reshape(window.shape[1:])
