"""Means and covariances of noisy states, closed at second order: E tanh and E tanh' by Gauss-Hermite quadrature."""

from functools import cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from .._arguments import positive
from ._solve import tree_attractor
from .body import Body, finite, square

_NODES = 31


class Moments(NamedTuple):
    """Mean and covariance of a state, as if it were Gaussian."""

    mean: Float[Array, " d"]
    covariance: Float[Array, "d d"]


@cache
def _quadrature() -> tuple[np.ndarray, np.ndarray]:
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    return nodes, weights / weights.sum()


def expectation(function, mean: Array, variance: Array) -> Array:
    """E function(N(mean, variance)), elementwise, by 31 points."""
    nodes, weights = (jnp.asarray(part, mean.dtype) for part in _quadrature())
    spread = variance > 0
    # The slope of a square root at zero variance must not reach the gradient.
    deviation = jnp.where(spread, jnp.sqrt(jnp.where(spread, variance, 1)), 0)
    return function(mean[..., None] + deviation[..., None] * nodes) @ weights


def sigmoid_slope(z: Array) -> Array:
    """sigmoid'(z), without cancellation."""
    return jax.nn.sigmoid(z) * jax.nn.sigmoid(-z)


def readout_moments(body: Body, moments: Moments) -> tuple[Array, Array, Array]:
    """E a_body, E a_body^2 - (E a_body)^2 and E sigmoid' over a Gaussian state."""
    mean = body.readout @ moments.mean + body.offset
    variance = body.readout @ moments.covariance @ body.readout
    action = expectation(jax.nn.sigmoid, mean, variance)
    spread = expectation(lambda z: (jax.nn.sigmoid(z) - action) ** 2, mean, variance)
    return action, spread, expectation(sigmoid_slope, mean, variance)


def carried(matrix: Array, drive: Array, noise: Array, moments: Moments) -> Moments:
    """One step x' = tanh(u + v) + xi of the closure, u the mean drive, v ~ N(0, M Sigma M^T) passed on by E tanh'."""
    spread = matrix @ moments.covariance @ matrix.T
    variance = jnp.diagonal(spread)
    mean = expectation(jnp.tanh, drive, variance)
    gain = expectation(lambda v: 1 - jnp.tanh(v) ** 2, drive, variance)
    covariance = gain[:, None] * spread * gain + noise**2 * jnp.eye(mean.size, dtype=mean.dtype)
    return Moments(mean, covariance)


def driven_moments(
    recurrent: Float[ArrayLike, "d d"], drive: Float[ArrayLike, " d"], noise: Float[ArrayLike, ""]
) -> Moments:
    """Stationary closure of x' = tanh(W x + u) + xi under a constant drive u, from x = 0; gradients are implicit.

    Finite arrays, noise sigma_xi >= 0; ValueError otherwise.  (derived here)
    """
    recurrent = square("recurrent", recurrent)
    finite("drive", drive)
    positive("noise", noise, "[)")
    drive, noise = jnp.asarray(drive, recurrent.dtype), jnp.asarray(noise, recurrent.dtype)
    start = Moments(jnp.tanh(drive), noise**2 * jnp.eye(drive.size, dtype=drive.dtype))
    return tree_attractor(lambda here: carried(recurrent, recurrent @ here.mean + drive, noise, here), start)
