"""Half spectra of real periodic fields in one or two dimensions."""

import math

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from dynamics import _check


def refuse_grid(points: tuple[int, ...], extent: tuple[float, ...]) -> None:
    """ValueError unless `points` and `extent` describe a periodic box of one or two dimensions."""
    if len(points) != len(extent) or len(points) not in (1, 2):
        raise ValueError(f"Arguments `points` and `extent` must have one or two entries each: {points}, {extent}.")
    for count in points:
        _check.whole("points", count, 4)
    for length in extent:
        if not (math.isfinite(length) and length > 0):
            raise ValueError(f"Argument `extent` must be positive, but is {length}.")


def wavenumbers(points: tuple[int, ...], extent: tuple[float, ...]) -> tuple[Float[np.ndarray, "..."], ...]:
    """Wavenumber along each axis at every entry of the half spectrum of `numpy.fft.rfftn`, broadcastable."""
    refuse_grid(points, extent)
    last = len(points) - 1
    axes = []
    for axis, (count, length) in enumerate(zip(points, extent, strict=True)):
        k = (np.fft.rfftfreq if axis == last else np.fft.fftfreq)(count, length / count) * 2 * np.pi
        axes.append(k.reshape([-1 if i == axis else 1 for i in range(last + 1)]))
    return tuple(axes)


def squared_wavenumber(points: tuple[int, ...], extent: tuple[float, ...]) -> Float[np.ndarray, "..."]:
    """|k|^2 at every entry of the half spectrum, Nyquist entries included."""
    return np.asarray(sum(k**2 for k in wavenumbers(points, extent)))


def to_spectrum(field: Float[Array, "*batch"], dimensions: int) -> Complex[Array, "*batch2"]:
    """Half spectrum over the last `dimensions` axes."""
    return jnp.fft.rfftn(field, axes=tuple(range(-dimensions, 0)))


def to_grid(spectrum: Complex[Array, "*batch"], points: tuple[int, ...]) -> Float[Array, "*batch2"]:
    """The real field of a half spectrum: real by construction, whatever rounding left in the spectrum."""
    return jnp.fft.irfftn(spectrum, s=points, axes=tuple(range(-len(points), 0)))
