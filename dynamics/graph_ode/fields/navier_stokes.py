"""Forced flow on the periodic unit square, w_t + u . grad w = nu lap w + f, by its vorticity w.

f = a (sin 2 pi (x + y + s) + cos 2 pi (x + y + s)); products are formed without the upper third of the spectrum.
"""

from __future__ import annotations

import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float, PRNGKeyArray, Real

from dynamics.graph_ode.fields.etdrk import Step, etdrk2
from dynamics.graph_ode.fields.spectral import squared_wavenumber, to_grid, to_spectrum, wavenumbers
from dynamics.graph_ode.fields.system import Recipe, System

Number = Real[ArrayLike, ""]


def velocity_spectra(
    vorticity: Complex[Array, "height half"], points: tuple[int, int], extent: tuple[float, float]
) -> Complex[Array, "2 height half"]:
    """Spectra of (u, v) = (psi_y, -psi_x) from that of w, with lap psi = -w."""
    ky, kx = wavenumbers(points, extent)
    square = squared_wavenumber(points, extent)
    stream = vorticity / np.where(square > 0, square, np.inf)
    return jnp.stack([1j * ky * stream, -1j * kx * stream])


def diagonal_forcing(points: tuple[int, int], extent: tuple[float, float], strength: Number, shift: Number) -> Array:
    """f on the grid."""
    y, x = (np.arange(count) * length / count for count, length in zip(points, extent, strict=True))
    angle = 2 * jnp.pi * (x + y[:, None] + shift)
    return strength * (jnp.sin(angle) + jnp.cos(angle))


def navier_stokes_stepper(
    points: tuple[int, int],
    extent: tuple[float, float],
    step: Number,
    viscosity: Number,
    forcing: Float[Array, "height width"] | None = None,
) -> Step:
    """One ETDRK2 step of the vorticity's half spectrum. viscosity: nu.  forcing: f on the grid, none if left out."""
    ky, kx = wavenumbers(points, extent)
    cut = [2 / 3 * np.pi * count / length for count, length in zip(points, extent, strict=True)]
    kept = (np.abs(ky) < cut[0]) & (np.abs(kx) < cut[1])
    source = 0.0 if forcing is None else to_spectrum(forcing, 2)

    def advect(vorticity):
        smooth = kept * vorticity
        gradient = jnp.stack([1j * kx * smooth, 1j * ky * smooth])
        (u, v), (w_x, w_y) = to_grid(jnp.stack([velocity_spectra(smooth, points, extent), gradient]), points)
        return source - kept * to_spectrum(u * w_x + v * w_y, 2)

    return etdrk2(-viscosity * jnp.asarray(squared_wavenumber(points, extent), float), advect, step)


def _start(key: PRNGKeyArray, recipe: Recipe):
    """A Gaussian field of spectrum 2 * 7^3 (|k|^2 + 49)^(-5/2) and mean zero."""
    square = squared_wavenumber(recipe.points, recipe.extent)
    size = np.sqrt(2.0 * 7**3 * np.prod(recipe.points)) * (square + 49) ** -1.25 * (square > 0)
    return jnp.asarray(size, float) * to_spectrum(jr.normal(key, recipe.points), 2)


def _stepper(recipe: Recipe) -> Step:
    forcing = diagonal_forcing(recipe.points, recipe.extent, recipe["strength"], recipe["shift"])
    return navier_stokes_stepper(
        recipe.points, recipe.extent, recipe.step, recipe["viscosity"], jnp.asarray(forcing, float)
    )


def _observe(state, recipe: Recipe) -> Float[Array, "3 height width"]:
    spectra = jnp.concatenate([state[None], velocity_spectra(state, recipe.points, recipe.extent)])
    return to_grid(spectra, recipe.points)


SYSTEM = System(("w", "u", "v"), _start, _stepper, _observe)

RECIPES = {
    "navier_stokes": Recipe(
        "navier_stokes",
        points=(64, 64),
        extent=(1.0, 1.0),
        spacing=0.5,
        substeps=25,
        frames=100,
        settings=(("viscosity", 1e-3), ("strength", 0.1), ("shift", 0.0)),
    )
}
