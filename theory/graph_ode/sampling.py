"""What few linear samples of a field can tell: best, regular with the best decoder, regular with interpolation.

A stationary periodic field on n x n points is its spectrum S_k, in the order of FFT frequencies, which adds up to its
variance. All errors are mean squares per pixel. Derived here (P16 to P18 of the row's specification).
"""

from __future__ import annotations

import math

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Int, Real

from theory import _arguments as arguments

Spectrum = Real[ArrayLike, "rows columns"]


def _checked(spectrum: Spectrum) -> Float[Array, "rows columns"]:
    arguments.within("spectrum", spectrum, 0.0, math.inf, "[)")
    array = arguments.floats(spectrum)[0]
    if array.ndim != 2 or array.shape[0] != array.shape[1]:
        raise ValueError(f"Argument `spectrum` must be square, but its shape is {array.shape}.")
    return array


def _per_side(per_side: int, points: int) -> int:
    number = arguments.whole("per_side", per_side, 1)
    if points % number:
        raise ValueError(f"Argument `per_side` must divide the {points} points of a side, but is {number}.")
    return number


def _signed(points: int) -> Int[np.ndarray, " points"]:
    """FFT frequencies as whole numbers."""
    return np.rint(np.fft.fftfreq(points) * points).astype(int)


def best_linear_error(spectrum: Spectrum, probes: int) -> Float[Array, ""]:
    """Of any `probes` linear measurements with any linear decoder, at least: the smallest n^2 - probes of the S_k.

    (P16; Eckart and Young: the principal components of a stationary field are its Fourier modes.)
    """
    array = _checked(spectrum)
    count = arguments.whole("probes", probes, 0)
    return jnp.sum(jnp.sort(array.ravel())[: max(array.size - count, 0)])


def kriging_error(spectrum: Spectrum, per_side: int) -> Float[Array, ""]:
    """Of m x m regular point probes with the best linear decoder: sum S - sum over alias classes of (sum S^2)/(sum S).

    per_side: m, a divisor of n. Frequencies that differ by multiples of m look alike to the probes (P17).
    """
    array = _checked(spectrum)
    points = array.shape[0]
    m = _per_side(per_side, points)
    classes = array.reshape(points // m, m, points // m, m)
    mass, square = jnp.sum(classes, axis=(0, 2)), jnp.sum(classes**2, axis=(0, 2))
    told = jnp.where(mass > 0, square / jnp.where(mass > 0, mass, 1), 0)
    return jnp.sum(array) - jnp.sum(told)


def interpolation_error(spectrum: Spectrum, per_side: int) -> Float[Array, ""]:
    """Of m x m regular point probes with trigonometric interpolation: what is lost and what is folded back.

    Kept are the frequencies |k_d| < m/2, both components, so that the interpolant is real. What lies outside is lost;
    it is also folded onto the kept frequency that looks alike, unless that is none: for even m, components equal to
    m/2 modulo m fold onto the Nyquist frequency, which is dropped. The specification's P18, `folded_twice`, keeps one
    of the two signs of the Nyquist frequency instead and pays more. Zero iff nothing lies outside.
    """
    array = _checked(spectrum)
    points = array.shape[0]
    m = _per_side(per_side, points)
    k = _signed(points)
    kept = 2 * abs(k) < m
    folds = (2 * k) % (2 * m) != m
    outside = ~(kept[:, None] & kept[None, :])
    folded = outside & folds[:, None] & folds[None, :]
    return jnp.sum(array * (outside.astype(int) + folded.astype(int)))


def folded_twice(spectrum: Spectrum, per_side: int) -> Float[Array, ""]:
    """Twice the energy outside -m/2 <= k_d < m/2 (P18): lost once, folded once.

    For odd m it is the error of interpolation, for even m < n a bound of it where the field is real.
    """
    array = _checked(spectrum)
    m, k = _per_side(per_side, array.shape[0]), _signed(array.shape[0])
    kept = (-m <= 2 * k) & (2 * k < m)
    return 2 * jnp.sum(jnp.where(kept[:, None] & kept[None, :], 0, array))


def unstable_modes(length: Real[ArrayLike, ...], r: Real[ArrayLike, ...]) -> Float[Array, ...]:
    """About how many modes of a periodic square grow under Swift-Hohenberg, r > (1 - k^2)^2: the area of the band.

    length: side L.  r: control parameter, > 0 (the released equation's is larger by 1). (L^2/4 pi) 2 sqrt(r) for an
    annulus, r < 1, and (L^2/4 pi)(1 + sqrt(r)) for a disc.
    """
    arguments.positive("length", length)
    arguments.positive("r", r)
    length, r = arguments.floats(length, r)
    root = jnp.sqrt(r)
    return length**2 / (4 * jnp.pi) * jnp.where(r < 1, 2 * root, 1 + root)


def resolved_wavenumber(length: Real[ArrayLike, ...], probes: Real[ArrayLike, ...]) -> Float[Array, ...]:
    """Largest wavenumber, per component, that so many regular probes on a square of side L resolve: pi sqrt(M)/L."""
    arguments.positive("length", length)
    arguments.positive("probes", probes)
    length, probes = arguments.floats(length, probes)
    return jnp.pi * jnp.sqrt(probes) / length


def probes_for_band(length: Real[ArrayLike, ...], r: Real[ArrayLike, ...]) -> Float[Array, ...]:
    """Regular probes per side that resolve the edge k^2 = 1 + sqrt(r) of the growing band: k L/pi."""
    arguments.positive("length", length)
    arguments.positive("r", r)
    length, r = arguments.floats(length, r)
    return jnp.sqrt(1 + jnp.sqrt(r)) * length / jnp.pi
