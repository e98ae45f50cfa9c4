"""How far a forecast is from what came: RMSE, NMSE (both denominators in use), SSIM, correlation and its time.

Fields are normalised to [0, 1]; an axis order of (..., channels, height, width) is meant everywhere. Two ways of
averaging are in the released notebooks and give different numbers: `aggregated(..., "frame")` pools a frame over all
trajectories and quotes mean and spread over frames, `"trajectory"` pools a trajectory and quotes them over those.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

SIDE, SIGMA = 11, 1.5
K1, K2 = 0.01, 0.03

Fields = Float[Array | np.ndarray, "*batch channels height width"]
_SPACE = (-3, -2, -1)


def squared_error(predicted: Fields, truth: Fields) -> Float[Array, "*batch"]:
    """Mean of (p - u)^2 over channels and space."""
    return jnp.mean((predicted - truth) ** 2, axis=_SPACE)


def rmse(predicted: Fields, truth: Fields) -> Float[Array, "*batch"]:
    """Root of the mean square error of each frame."""
    return jnp.sqrt(squared_error(predicted, truth))


def power(truth: Fields, against: str) -> Float[Array, "*batch"]:
    """What an NMSE divides by: a frame's mean "square", or its "variance" about its own mean in each channel.

    The released code divides by the mean square. Min-max data have a mean near 0.45, so a forecast of nothing but the
    mean already scores var / (mean^2 + var) there; against the variance it scores 1.
    """
    if against == "square":
        return jnp.mean(jnp.square(truth), axis=_SPACE)
    if against == "variance":
        return jnp.mean(jnp.var(truth, axis=(-2, -1)), axis=-1)
    raise ValueError(f"Argument `against` must be 'square' or 'variance', but is {against!r}.")


def nmse(predicted: Fields, truth: Fields, against: str = "square") -> Float[Array, "*batch"]:
    """Mean square error over the `power` of the truth, frame by frame."""
    return squared_error(predicted, truth) / power(truth, against)


def _gaussian_means(size: int, dtype) -> np.ndarray:
    """Rows that average a line of `size` pixels under the window, wherever it fits whole."""
    weights = np.exp(-0.5 * ((np.arange(SIDE) - SIDE // 2) / SIGMA) ** 2)
    rows = np.zeros((size - SIDE + 1, size))
    for i in range(len(rows)):
        rows[i, i : i + SIDE] = weights / weights.sum()
    return rows.astype(dtype)


def ssim(predicted: Fields, truth: Fields, data_range: float = 1.0) -> Float[Array, "*batch"]:
    """Structural similarity, mean over channels and over all places where the Gaussian window (11 x 11, 1.5) fits.

    ValueError if a side has fewer than 11 pixels. The window is separable: two small matrix products a field.
    """
    height, width = truth.shape[-2:]
    if min(height, width) < SIDE:
        raise ValueError(f"Argument `truth` must have at least {SIDE} pixels a side, but has {height} x {width}.")
    rows, columns = (_gaussian_means(size, truth.dtype) for size in (height, width))

    def local(fields):
        return rows @ fields @ columns.T

    mean_p, mean_u = local(predicted), local(truth)
    # Centred first: E[x^2] - E[x]^2 of values near 1 loses the small variances in float32.
    middle = jnp.mean(truth, axis=(-2, -1), keepdims=True)
    p, u = predicted - middle, truth - middle
    shift_p, shift_u = mean_p - middle, mean_u - middle
    var_p, var_u = local(p * p) - shift_p**2, local(u * u) - shift_u**2
    both = local(p * u) - shift_p * shift_u
    c1, c2 = (K1 * data_range) ** 2, (K2 * data_range) ** 2
    likeness = (2 * mean_p * mean_u + c1) * (2 * both + c2) / ((mean_p**2 + mean_u**2 + c1) * (var_p + var_u + c2))
    return jnp.mean(likeness, axis=_SPACE)


def correlation(predicted: Fields, truth: Fields) -> Float[Array, "*batch"]:
    """Pearson correlation over space of each frame, mean over channels; 0 where one of the two is constant."""
    p = predicted - jnp.mean(predicted, axis=(-2, -1), keepdims=True)
    u = truth - jnp.mean(truth, axis=(-2, -1), keepdims=True)
    product = jnp.sum(p * u, axis=(-2, -1))
    size = jnp.sqrt(jnp.sum(p * p, axis=(-2, -1)) * jnp.sum(u * u, axis=(-2, -1)))
    return jnp.mean(jnp.where(size > 0, product / jnp.where(size > 0, size, 1), 0), axis=-1)


def correlation_time(curve: Float[Array | np.ndarray, "*batch frames"], threshold: float = 0.8) -> Int[Array, "*batch"]:
    """How many frames pass before the correlation first falls to the threshold or below it."""
    return jnp.sum(jnp.cumprod(curve > threshold, axis=-1), axis=-1)


class Summary(NamedTuple):
    """Mean and standard deviation of a score, over frames or over trajectories as asked."""

    mean: Float[Array, ""]
    spread: Float[Array, ""]


def aggregated(
    square: Float[Array | np.ndarray, "trajectories frames"],
    agg: str,
    power: Float[Array | np.ndarray, "trajectories frames"] | None = None,
) -> Summary:
    """RMSE from squared errors of single frames, or NMSE if the truth's `power` is given, in either convention."""
    if agg not in ("frame", "trajectory"):
        raise ValueError(f"Argument `agg` must be 'frame' or 'trajectory', but is {agg!r}.")
    axis = 0 if agg == "frame" else 1
    pooled = jnp.mean(square, axis=axis)
    score = jnp.sqrt(pooled) if power is None else pooled / jnp.mean(power, axis=axis)
    return Summary(jnp.mean(score), jnp.std(score))
