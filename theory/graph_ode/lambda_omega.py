"""Lambda-omega system z_t = (1 - |z|^2) z - i beta |z|^2 z + D lap z, z = u + i v: plane waves and their stability."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Real
from jaxtyping import ArrayLike as Like

from theory import _arguments as arguments


def _checked(**given):
    for name, value in given.items():
        if name == "diffusion":
            arguments.positive(name, value, "[)")
        else:
            arguments.within(name, value, -jnp.inf, jnp.inf)
    return arguments.floats(*given.values())


class PlaneWave(NamedTuple):
    """Amplitude A and frequency Omega of z = A e^(i (k x - Omega t))."""

    amplitude: Float[Array, "..."]
    frequency: Float[Array, "..."]


def lo_plane_wave(wavenumber: Real[Like, "..."], shear: Real[Like, "..."], diffusion: Real[Like, "..."]) -> PlaneWave:
    """A^2 = 1 - D k^2 and Omega = beta A^2; NaN where D k^2 > 1, where there is no such wave.

    wavenumber: k, real.  shear: beta, real.  diffusion: D, [0, inf).
    """
    k, beta, d = _checked(wavenumber=wavenumber, shear=shear, diffusion=diffusion)
    square = 1 - d * k**2
    square = jnp.where(square >= 0, square, jnp.nan)
    return PlaneWave(jnp.sqrt(square), beta * square)


def lo_stability_limit(shear: Real[Like, "..."]) -> Float[Array, "..."]:
    """Plane waves are stable exactly when D k^2 < 1 / (3 + 2 beta^2) (long perturbations turn first). shear: beta."""
    (beta,) = _checked(shear=shear)
    return 1 / (3 + 2 * beta**2)


class Rates(NamedTuple):
    """Real parts of the two growth rates of a perturbation, the larger first."""

    leading: Float[Array, "..."]
    other: Float[Array, "..."]


def lo_perturbation_growth(
    perturbation: Real[Like, "..."],
    wavenumber: Real[Like, "..."],
    shear: Real[Like, "..."],
    diffusion: Real[Like, "..."],
) -> Rates:
    """Growth rates (real parts) of side bands k + q and k - q of the plane wave of wavenumber k.

    z = e^(i (k x - Omega t)) (A + a e^(i q x) + conj(b) e^(-i q x)), with c = A^2 (1 + i beta):
    a' = -(c + D (q^2 + 2 k q)) a - c b and b' = -conj(c) a - (conj(c) + D (q^2 - 2 k q)) b.
    At k = 0 they are -D q^2 and -D q^2 - 2, for every beta. perturbation: q, real; the others as in `lo_plane_wave`.
    """
    q, k, beta, d = _checked(perturbation=perturbation, wavenumber=wavenumber, shear=shear, diffusion=diffusion)
    square = jnp.maximum(1 - d * k**2, 0.0)
    # Half the trace is -(A^2 + D q^2); half the difference of the diagonal is i beta A^2 + 2 D k q, up to its sign.
    half = -(square + d * q**2)
    real = (2 * d * k * q) ** 2 + square**2
    imaginary = 4 * d * k * q * beta * square
    # Real part of the complex square root, without leaving the reals (its derivative is finite off zero).
    root = jnp.sqrt((real + jnp.hypot(real, imaginary)) / 2)
    return Rates(half + root, half - root)
