"""Lambda-omega system, u_t = (1 - s) u + beta s v + D lap u, v_t = -beta s u + (1 - s) v + D lap v, s = u^2 + v^2.

Strang splitting: half a step of exact diffusion in the spectrum, a Runge-Kutta step of the reaction, half of diffusion.
"""

from __future__ import annotations

import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, ArrayLike, Float, PRNGKeyArray, Real

from dynamics.graph_ode.fields.etdrk import Step
from dynamics.graph_ode.fields.spectral import squared_wavenumber, to_grid, to_spectrum
from dynamics.graph_ode.fields.system import Recipe, System

Number = Real[ArrayLike, ""]


def runge_kutta(rate: Step, state: Array, step: Number) -> Array:
    """One classical step of fourth order."""
    first = rate(state)
    second = rate(state + step / 2 * first)
    third = rate(state + step / 2 * second)
    return state + step / 6 * (first + 2 * second + 2 * third + rate(state + step * third))


def lambda_omega_stepper(
    points: tuple[int, ...], extent: tuple[float, ...], step: Number, shear: Number, diffusion: Number
) -> Step:
    """One Strang step of the fields (2, *points). shear: beta.  diffusion: D."""
    half = jnp.exp(-diffusion * jnp.asarray(squared_wavenumber(points, extent), float) * step / 2)

    def react(fields):
        u, v = fields
        s = u**2 + v**2
        return jnp.stack([(1 - s) * u + shear * s * v, (1 - s) * v - shear * s * u])

    def diffuse(fields):
        return to_grid(half * to_spectrum(fields, len(points)), points)

    return lambda fields: diffuse(runge_kutta(react, diffuse(fields), step))


def smooth_noise(key: PRNGKeyArray, recipe: Recipe, length: float) -> Float[Array, "2 height width"]:
    """Two fields of white noise filtered by exp(-k^2 l^2 / 2), each of unit standard deviation."""
    white = to_spectrum(jr.normal(key, (2, *recipe.points)), 2)
    kept = jnp.asarray(jnp.exp(-squared_wavenumber(recipe.points, recipe.extent) * length**2 / 2), float)
    smooth = to_grid(kept * white, recipe.points)
    return smooth / jnp.std(smooth, axis=(1, 2), keepdims=True)


def _start(key: PRNGKeyArray, recipe: Recipe):
    fields = smooth_noise(key, recipe, recipe["smooth"])
    size = jnp.sqrt(jnp.sum(fields**2, axis=0))
    return fields * jnp.tanh(size) / jnp.maximum(size, jnp.finfo(size.dtype).tiny)


def _stepper(recipe: Recipe) -> Step:
    return lambda_omega_stepper(recipe.points, recipe.extent, recipe.step, recipe["beta"], recipe["D"])


SYSTEM = System(("u", "v"), _start, _stepper, lambda state, recipe: state)

RECIPES = {
    # Frames 1.0 apart (spacing=1.0, substeps=20) mimic the paper's; defects persist.
    "lambda_omega": Recipe(
        "lambda_omega",
        points=(64, 64),
        extent=(20.0, 20.0),
        spacing=0.25,
        substeps=5,
        frames=100,
        settings=(("beta", 1.0), ("D", 0.1), ("smooth", 1.5)),
    )
}
