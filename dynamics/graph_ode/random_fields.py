"""Stationary Gaussian fields, their growth mode by mode, and what regular probes make of them.

A spectrum has the energy of each mode in the order of FFT frequencies; it adds up to the variance of a pixel.
"""

from __future__ import annotations

import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Int, Integer, PRNGKeyArray, Real

from dynamics import _check


def gaussian_field(key: PRNGKeyArray, spectrum: Real[Array, "n n"]) -> Float[Array, "n n"]:
    """A real field of this spectrum, which must be equal at k and -k."""
    noise = jnp.fft.fft2(jr.normal(key, spectrum.shape, spectrum.dtype))
    return jnp.fft.ifft2(noise * jnp.sqrt(spectrum)).real * spectrum.shape[0]


def grown_field(
    field: Float[Array, "n n"], rates: Real[Array, "n n"], time: Real[Array, ""] | float
) -> Float[Array, "n n"]:
    """The field after its modes have grown on their own, each at its rate (equal at k and -k)."""
    return jnp.fft.ifft2(jnp.fft.fft2(field) * jnp.exp(rates * time)).real


def interpolated(field: Float[Array, "n n"], per_side: int) -> Float[Array, "n n"]:
    """Trigonometric interpolation of every (n / per_side)-th row and column of a field.

    The Nyquist frequency of an even number of probes is dropped, so that the result is real.
    """
    points, m = field.shape[0], _check.whole("per_side", per_side, 1)
    if points % m:
        raise ValueError(f"Argument `per_side` must divide the {points} points of a side, but is {per_side}.")
    seen = jnp.fft.fft2(field[:: points // m, :: points // m]) / m**2
    k = np.rint(np.fft.fftfreq(m) * m).astype(int)
    kept = k[2 * abs(k) < m]
    spectrum = jnp.zeros((points, points), seen.dtype)
    spectrum = spectrum.at[np.ix_(kept, kept)].set(seen[np.ix_(kept, kept)])
    return jnp.fft.ifft2(spectrum).real * points**2


def dense_covariance(spectrum: Real[np.ndarray, "n n"]) -> Float[np.ndarray, "pixels pixels"]:
    """Covariance of all pixels with all, row by row."""
    points = spectrum.shape[0]
    row = np.fft.ifft2(spectrum).real * points**2
    y, x = np.divmod(np.arange(points**2), points)
    return row[(y[:, None] - y) % points, (x[:, None] - x) % points]


def dense_kriging_error(spectrum: Real[np.ndarray, "n n"], per_side: int) -> float:
    """Mean square error of the best linear reconstruction from regular probes, by one solve with all covariances."""
    points = spectrum.shape[0]
    covariance = dense_covariance(spectrum)
    y, x = np.divmod(np.arange(points**2), points)
    step = points // per_side
    sites = np.flatnonzero((y % step == 0) & (x % step == 0))
    cross = covariance[:, sites]
    explained = np.sum(cross.T * np.linalg.solve(covariance[np.ix_(sites, sites)], cross.T))
    return float((np.trace(covariance) - explained) / points**2)


def dense_best_error(spectrum: Real[np.ndarray, "n n"], probes: int) -> float:
    """Mean square error left by the first `probes` principal components, by all eigenvalues of the covariance."""
    values = np.linalg.eigvalsh(dense_covariance(spectrum))
    return float(np.sum(values[: values.size - probes]) / values.size)


def level_codes(field: Float[Array, "*grid"], count: Integer[ArrayLike, ""]) -> Int[Array, "*grid"]:
    """Codes of `count` equal intervals of [0, 1]; values outside get the end codes."""
    return jnp.clip(jnp.floor(field * count), 0, count - 1).astype(int)


def unlike_pairs(codes: Int[Array, "height width"]) -> tuple[Int[Array, ""], Int[Array, ""]]:
    """Unordered neighbouring pixels with different codes: along rows and columns, and along both diagonals."""
    along = jnp.sum(codes[1:] != codes[:-1]) + jnp.sum(codes[:, 1:] != codes[:, :-1])
    falling, rising = codes[1:, 1:] != codes[:-1, :-1], codes[1:, :-1] != codes[:-1, 1:]
    return along, jnp.sum(falling) + jnp.sum(rising)


def largest_jump(field: Float[Array, "height width"]) -> Float[Array, ""]:
    """The largest difference of 8-neighbours."""
    pairs = (
        (field[1:], field[:-1]),
        (field[:, 1:], field[:, :-1]),
        (field[1:, 1:], field[:-1, :-1]),
        (field[1:, :-1], field[:-1, 1:]),
    )
    return jnp.max(jnp.stack([jnp.max(jnp.abs(a - b)) for a, b in pairs]))
