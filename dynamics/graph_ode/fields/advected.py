"""A Gaussian random field that drifts with a wind and forgets itself: a stand-in for the SEVIR images.

Those data are measured, and are not here. Nothing about clouds is in this field: it has their drift, a red spectrum and
a memory that is shorter for smaller scales, and no more.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Complex, Float, PRNGKeyArray

from dynamics.graph_ode.fields.etdrk import Step
from dynamics.graph_ode.fields.spectral import squared_wavenumber, to_grid, to_spectrum, wavenumbers
from dynamics.graph_ode.fields.system import Recipe, System


class Weather(NamedTuple):
    """The field's spectrum, the wind (y, x), and the key of what is still to be drawn."""

    spectrum: Complex[Array, "height half"]
    wind: Float[Array, 2]
    key: PRNGKeyArray


def _shape(recipe: Recipe) -> np.ndarray:
    """Square root of the spectrum (1 + k^2 l^2)^(-3/2), so scaled that the field has unit variance."""
    power = (1 + squared_wavenumber(recipe.points, recipe.extent) * recipe["length"] ** 2) ** -1.5
    # Columns between zero and Nyquist stand for their mirror images too.
    twice = np.full(power.shape[1], 2.0)
    twice[0] = 1.0
    if recipe.points[1] % 2 == 0:
        twice[-1] = 1.0
    return np.sqrt(power / (np.sum(power * twice) / np.prod(recipe.points)))


def _drawn(key: PRNGKeyArray, recipe: Recipe) -> Complex[Array, "height half"]:
    return jnp.asarray(_shape(recipe), float) * to_spectrum(jr.normal(key, recipe.points), 2)


def _start(key: PRNGKeyArray, recipe: Recipe) -> Weather:
    field_key, wind_key, key = jr.split(key, 3)
    angle = recipe["spread"] * jr.normal(wind_key, ())
    wind = recipe["wind"] * jnp.stack([jnp.sin(angle), jnp.cos(angle)])
    return Weather(_drawn(field_key, recipe), wind, key)


def _stepper(recipe: Recipe) -> Step:
    ky, kx = wavenumbers(recipe.points, recipe.extent)
    scale = np.sqrt(1 + squared_wavenumber(recipe.points, recipe.extent) * recipe["length"] ** 2)
    kept = jnp.asarray(np.exp(-recipe.step * scale / recipe["memory"]), float)

    def advance(state: Weather) -> Weather:
        key, draw_key = jr.split(state.key)
        drift = jnp.exp(-1j * recipe.step * (ky * state.wind[0] + kx * state.wind[1]))
        fresh = _drawn(draw_key, recipe)
        return Weather(kept * drift * state.spectrum + jnp.sqrt(1 - kept**2) * fresh, state.wind, key)

    return advance


def _observe(state: Weather, recipe: Recipe) -> Float[Array, "1 height width"]:
    return to_grid(state.spectrum, recipe.points)[None]


SYSTEM = System(("stand_in",), _start, _stepper, _observe)

RECIPES = {
    "advected": Recipe(
        "advected",
        points=(64, 64),
        extent=(64.0, 64.0),
        spacing=1.0,
        substeps=1,
        frames=49,
        settings=(("length", 8.0), ("wind", 1.0), ("spread", 0.3), ("memory", 40.0)),
    )
}
