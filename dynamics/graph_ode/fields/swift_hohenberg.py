"""Swift-Hohenberg equation, u_t = r u - (1 + lap)^2 u + g u^2 - u^3, on a periodic line or plane.

The residual in the official code of arXiv 2505.17459 lacks the -u of the square: that equation is this one with
r + 1 in place of r, and its uniform mode is unstable too (`released=True`).
"""

from __future__ import annotations

import math

import jax.random as jr
from jaxtyping import Array, ArrayLike, Bool, Float, PRNGKeyArray, Real

from dynamics.graph_ode.fields.etdrk import Step, etdrk2
from dynamics.graph_ode.fields.spectral import squared_wavenumber, to_grid, to_spectrum
from dynamics.graph_ode.fields.system import Recipe, System

Number = Real[ArrayLike, ""]
Switch = Bool[ArrayLike, ""] | Number


def swift_hohenberg_stepper(
    points: tuple[int, ...], extent: tuple[float, ...], step: Number, r: Number, g: Number, *, released: Switch = False
) -> Step:
    """One ETDRK2 step of the half spectrum; `released`, true or false, adds 1 to r. The products are formed on the grid
    as it is, without dealiasing."""
    growth = r + released - (1 - squared_wavenumber(points, extent)) ** 2

    def products(spectrum):
        u = to_grid(spectrum, points)
        return to_spectrum(g * u**2 - u**3, len(points))

    return etdrk2(growth, products, step)


def exponax_swift_hohenberg_stepper(
    points: tuple[int, ...], extent: tuple[float, ...], step: float, r: Number, g: Number, *, released: Switch = False
) -> Step:
    """The same step by Exponax, which leaves out the corners of the spectrum when it forms the products."""
    import exponax  # it draws, so it imports matplotlib: only when it is used

    if len(set(points)) > 1 or len(set(extent)) > 1:
        raise ValueError(f"Arguments `points` and `extent` must describe a square for Exponax: {points}, {extent}.")
    stepper = exponax.stepper.reaction.SwiftHohenberg(
        len(points),
        extent[0],
        points[0],
        step,
        reactivity=r + released,
        polynomial_coefficients=(0.0, 0.0, g, -1.0),
        dealiasing_fraction=1.0,
    )
    return lambda spectrum: stepper.step_fourier(spectrum[None])[0]


def _start(key: PRNGKeyArray, recipe: Recipe):
    return to_spectrum(recipe["noise"] * jr.normal(key, recipe.points), 2)


def _stepper(recipe: Recipe) -> Step:
    square = len(set(recipe.points)) == len(set(recipe.extent)) == 1
    build = exponax_swift_hohenberg_stepper if square else swift_hohenberg_stepper
    return build(recipe.points, recipe.extent, recipe.step, recipe["r"], recipe["g"], released=recipe["released"])


def _observe(state, recipe: Recipe) -> Float[Array, "1 height width"]:
    return to_grid(state, recipe.points)[None]


SYSTEM = System(("u",), _start, _stepper, _observe)

_WAVELENGTHS = 10
_BOX = 2 * math.pi * _WAVELENGTHS
_GRID = {"points": (64, 64), "extent": (_BOX, _BOX), "frames": 100}

RECIPES = {
    # Five time units of growth out of small noise; the last frame is within 0.008, of a range of four, of finer steps.
    "sh_release": Recipe(
        "swift_hohenberg",
        spacing=0.05,
        substeps=4,
        settings=(("r", 0.7), ("g", 1.0), ("noise", 0.1), ("released", 1.0)),
        **_GRID,
    ),
    # The standard equation while its pattern orders.
    "sh_standard": Recipe(
        "swift_hohenberg",
        spacing=0.5,
        substeps=10,
        settings=(("r", 0.7), ("g", 1.0), ("noise", 0.1), ("released", 0.0)),
        **_GRID,
    ),
}
