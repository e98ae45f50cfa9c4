"""What every system of fields offers, and how its frames are taken."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import jax
from jaxtyping import Array, ArrayLike, Float, Integer, PRNGKeyArray, PyTree, Real

from dynamics import _check
from dynamics.graph_ode.fields.spectral import refuse_grid


@dataclass(frozen=True)
class Recipe:
    """All that decides a trajectory but its key.

    system: a name in `SYSTEMS`.  points, extent: grid points and lengths of the periodic box, (height, width).
    spacing: time between frames, made of `substeps` equal steps.  frames: how many are kept, after `skipped` ones.
    settings: the system's own numbers, by name.
    """

    system: str
    points: tuple[int, int]
    extent: tuple[float, float]
    spacing: float
    substeps: int
    frames: int
    skipped: int = 0
    settings: tuple[tuple[str, Real[ArrayLike, ""]], ...] = ()

    def __post_init__(self):
        refuse_grid(self.points, self.extent)
        for name, least in (("substeps", 1), ("frames", 1), ("skipped", 0)):
            _check.whole(name, getattr(self, name), least)
        if not (math.isfinite(self.spacing) and self.spacing > 0):
            raise ValueError(f"Argument `spacing` must be positive, but is {self.spacing}.")
        for name, value in self.settings:
            if not isinstance(value, jax.core.Tracer) and not math.isfinite(value):
                raise ValueError(f"Argument `{name}` must be finite, but is {value}.")

    @property
    def step(self) -> float:
        """The time step."""
        return self.spacing / self.substeps

    def __getitem__(self, name: str) -> Real[ArrayLike, ""]:
        return dict(self.settings)[name]

    def changed(self, **changes: Any) -> Recipe:
        """This recipe with some fields or settings replaced; ValueError for a name that it does not have."""
        own, settings = {field.name for field in fields(self)}, dict(self.settings)
        for name, value in changes.items():
            if name not in own and name not in settings:
                raise ValueError(
                    f"Argument `{name}` is no part of this recipe, which has {sorted(own | set(settings))}."
                )
            if name in settings:
                settings[name] = value if isinstance(value, jax.core.Tracer) else float(value)
        parts = {name: value for name, value in changes.items() if name in own}
        return replace(self, **{"settings": tuple(settings.items()), **parts})


@dataclass(frozen=True)
class System:
    """How one equation is started, stepped and seen; each part gets the recipe.

    start(key, recipe) -> state.  stepper(recipe) -> (state -> state after one step).
    observe(state, recipe) -> (channels, height, width).
    """

    channels: tuple[str, ...]
    start: Callable[[PRNGKeyArray, Recipe], PyTree]
    stepper: Callable[[Recipe], Callable[[PyTree], PyTree]]
    observe: Callable[[PyTree, Recipe], Float[Array, "channels height width"]]


def advanced(step: Callable[[PyTree], PyTree], state: PyTree, count: Integer[ArrayLike, ""]) -> PyTree:
    """The state after `count` steps."""
    return jax.lax.fori_loop(0, count, lambda _, current: step(current), state)


def frames_of(system: System, key: PRNGKeyArray, recipe: Recipe) -> Float[Array, "frames channels height width"]:
    """The frames of one trajectory; the first is the initial state, unless some are skipped."""
    step = system.stepper(recipe)
    state = advanced(step, system.start(key, recipe), recipe.skipped * recipe.substeps)

    def frame(state, _):
        return advanced(step, state, recipe.substeps), system.observe(state, recipe)

    return jax.lax.scan(frame, state, None, length=recipe.frames)[1]
