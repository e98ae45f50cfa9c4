"""Recipes by name, and the trajectories they give."""

from __future__ import annotations

from typing import Any

from jaxtyping import Array, Float, PRNGKeyArray

from dynamics.graph_ode.fields import (
    advected,
    brusselator,
    gray_scott,
    lambda_omega,
    lattice_boltzmann,
    navier_stokes,
    swift_hohenberg,
)
from dynamics.graph_ode.fields.system import Recipe, System, frames_of

SYSTEMS: dict[str, System] = {
    "swift_hohenberg": swift_hohenberg.SYSTEM,
    "lambda_omega": lambda_omega.SYSTEM,
    "brusselator": brusselator.SYSTEM,
    "gray_scott": gray_scott.SYSTEM,
    "navier_stokes": navier_stokes.SYSTEM,
    "cylinder": lattice_boltzmann.SYSTEM,
    "advected": advected.SYSTEM,
}
RECIPES: dict[str, Recipe] = {
    **swift_hohenberg.RECIPES,
    **lambda_omega.RECIPES,
    **brusselator.RECIPES,
    **gray_scott.RECIPES,
    **navier_stokes.RECIPES,
    **lattice_boltzmann.RECIPES,
    **advected.RECIPES,
}


def recipe(name: str, **changes: Any) -> Recipe:
    """The recipe of that name, with some of its fields (`frames=20`) or settings (`r=0.1`) replaced."""
    if name not in RECIPES:
        raise ValueError(f"Argument `name` must be one of {sorted(RECIPES)}, but is {name!r}.")
    return RECIPES[name].changed(**changes)


def channels(recipe: Recipe) -> tuple[str, ...]:
    """Names of the channels of its frames."""
    return SYSTEMS[recipe.system].channels


def simulate(key: PRNGKeyArray, recipe: Recipe) -> Float[Array, "frames channels height width"]:
    """One trajectory; jit it with the recipe closed over, vmap it over keys for an ensemble.

    A setting may be traced, to differ between the lanes of a batch: `simulate(key, recipe.changed(reynolds=each))`.
    """
    return frames_of(SYSTEMS[recipe.system], key, recipe)
