"""Brusselator, u_t = a - (b + 1) u + u^2 v + D_u lap u, v_t = b u - u^2 v + D_v lap v."""

from __future__ import annotations

import math

import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, ArrayLike, Float, PRNGKeyArray, Real

from dynamics.graph_ode.fields.etdrk import Step, etdrk2
from dynamics.graph_ode.fields.spectral import squared_wavenumber, to_grid, to_spectrum
from dynamics.graph_ode.fields.system import Recipe, System

Number = Real[ArrayLike, ""]


def brusselator_stepper(
    points: tuple[int, ...],
    extent: tuple[float, ...],
    step: Number,
    feed: Number,
    drive: Number,
    diffusion: tuple[Number, Number],
) -> Step:
    """One ETDRK2 step of the spectra (2, *half). feed: a.  drive: b.  diffusion: (D_u, D_v)."""
    damping = -squared_wavenumber(points, extent)
    linear = jnp.stack([jnp.asarray(each * damping, float) for each in diffusion])

    def react(spectra):
        u, v = to_grid(spectra, points)
        made = u**2 * v
        return to_spectrum(jnp.stack([feed - (drive + 1) * u + made, drive * u - made]), len(points))

    return etdrk2(linear, react, step)


def _start(key: PRNGKeyArray, recipe: Recipe):
    a, b = recipe["a"], recipe["b"]
    rest = jnp.asarray(np.reshape([a, b / a], (2, 1, 1)), float)
    return to_spectrum(rest + recipe["noise"] * jr.normal(key, (2, *recipe.points)), 2)


def _stepper(recipe: Recipe) -> Step:
    diffusion = (recipe["D_u"], recipe["D_v"])
    return brusselator_stepper(recipe.points, recipe.extent, recipe.step, recipe["a"], recipe["b"], diffusion)


def _observe(state, recipe: Recipe) -> Float[Array, "2 height width"]:
    return to_grid(state, recipe.points)


SYSTEM = System(("u", "v"), _start, _stepper, _observe)

_TURING = 1.1 * (1 + 3 * math.sqrt(2 / 16)) ** 2
_GRID = {"points": (64, 64), "extent": (64.0, 64.0), "frames": 100}

RECIPES = {
    # Ten percent above the threshold of patterns.
    "brusselator_turing": Recipe(
        "brusselator",
        spacing=2.0,
        substeps=40,
        settings=(("a", 3.0), ("b", _TURING), ("D_u", 2.0), ("D_v", 16.0), ("noise", 0.01)),
        **_GRID,
    ),
    # Relaxation oscillations, period about 7, whose phase varies over the plane.
    "brusselator_waves": Recipe(
        "brusselator",
        spacing=0.25,
        substeps=10,
        skipped=40,
        settings=(("a", 1.0), ("b", 3.0), ("D_u", 0.1), ("D_v", 0.1), ("noise", 0.5)),
        **_GRID,
    ),
}
