"""Recipes by name, and the trajectories they give."""

from __future__ import annotations

from typing import Any

from jaxtyping import Array, Float, PRNGKeyArray

from dynamics.graph_ode.fields import swift_hohenberg
from dynamics.graph_ode.fields.system import Recipe, System, frames_of

SYSTEMS: dict[str, System] = {"swift_hohenberg": swift_hohenberg.SYSTEM}
RECIPES: dict[str, Recipe] = {**swift_hohenberg.RECIPES}


def recipe(name: str, **changes: Any) -> Recipe:
    """The recipe of that name, with some of its fields (`frames=20`) or settings (`r=0.1`) replaced."""
    if name not in RECIPES:
        raise ValueError(f"Argument `name` must be one of {sorted(RECIPES)}, but is {name!r}.")
    return RECIPES[name].changed(**changes)


def channels(recipe: Recipe) -> tuple[str, ...]:
    """Names of the channels of its frames."""
    return SYSTEMS[recipe.system].channels


def simulate(key: PRNGKeyArray, recipe: Recipe) -> Float[Array, "frames channels height width"]:
    """One trajectory; jit it with the recipe closed over, vmap it over keys for an ensemble."""
    return frames_of(SYSTEMS[recipe.system], key, recipe)
