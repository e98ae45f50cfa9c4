"""Flow past a circular cylinder by a lattice gas of nine velocities (D2Q9) with one relaxation time.

Equilibrium inflow, copied outflow, periodic across, half-way bounce-back at the body. The viscosity is (tau - 1/2) / 3,
so that tau = 3 U D / Re + 1/2. The lattice is longer than the frames, which show the wake.
"""

from __future__ import annotations

import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Float, PRNGKeyArray, Real

from dynamics import _check
from dynamics.graph_ode.fields.etdrk import Step
from dynamics.graph_ode.fields.system import Recipe, System

# (x, y) of the nine velocities, their weights, and the place of the opposite one.
_VELOCITIES = np.array([(0, 0), (1, 0), (0, 1), (-1, 0), (0, -1), (1, 1), (-1, 1), (-1, -1), (1, -1)])
_WEIGHTS = np.array([4 / 9] + 4 * [1 / 9] + 4 * [1 / 36])
_OPPOSITE = np.array([0, 3, 4, 1, 2, 7, 8, 5, 6])

# Where the body's centre is, and where the frames begin, in diameters from the inflow; and what follows the frames.
_CENTRE, _FRAMES, _REST = 4.0, 5.5, 1.7


def equilibrium(density: Float[Array, "*grid"], velocity: Float[Array, 2 * grid]) -> Float[Array, 9 * grid]:
    """Populations at rest in the moving fluid, to second order in its velocity (x, y)."""
    x, y = velocity
    along = jnp.stack([cx * x + cy * y for cx, cy in _VELOCITIES.tolist()])
    shape = (9,) + (1,) * density.ndim
    weights = jnp.asarray(_WEIGHTS, density.dtype).reshape(shape)
    return weights * density * (1 + 3 * along + 4.5 * along**2 - 1.5 * (x**2 + y**2))


def moments(populations: Float[Array, 9 * grid]) -> tuple[Float[Array, "*grid"], Float[Array, 2 * grid]]:
    """Density and velocity (x, y)."""
    density = jnp.sum(populations, axis=0)
    momentum = [sum(int(c) * f for c, f in zip(_VELOCITIES[:, axis], populations, strict=True) if c) for axis in (0, 1)]
    return density, jnp.stack(momentum) / density


def cylinder_body(points: tuple[int, int], diameter: float) -> Bool[np.ndarray, "height width"]:
    """Sites inside the cylinder. Half a site off the axis would break the symmetry by itself; the centre is on it."""
    y, x = (np.arange(count) for count in points)
    return (x - _CENTRE * diameter) ** 2 + (y[:, None] - (points[0] - 1) / 2) ** 2 <= (diameter / 2) ** 2


def lattice_boltzmann_stepper(
    body: Bool[np.ndarray, "height width"], relaxation: Real[ArrayLike, ""], speed: float
) -> Step:
    """One step of the populations (9, height, width). relaxation: tau > 1/2.  speed: U of the inflow, along x."""
    _check.within(0.5, float("inf"), relaxation=relaxation)
    # Populations that would come out of the body are those that were sent into it.
    hit = np.stack([np.roll(body, (cy, cx), axis=(0, 1)) for cx, cy in _VELOCITIES])
    column = jnp.ones(body.shape[0])
    inflow = equilibrium(column, jnp.stack([speed * column, 0 * column]))

    def advance(populations):
        density, velocity = moments(populations)
        sent = populations + (equilibrium(density, velocity) - populations) / relaxation
        streamed = jnp.stack(
            [jnp.roll(f, (int(cy), int(cx)), axis=(0, 1)) for f, (cx, cy) in zip(sent, _VELOCITIES, strict=True)]
        )
        arrived = jnp.where(hit & ~body, sent[_OPPOSITE], streamed)
        arrived = jnp.where(body, populations, arrived)
        return arrived.at[:, :, 0].set(inflow).at[:, :, -1].set(arrived[:, :, -2])

    return advance


def lattice_points(recipe: Recipe) -> tuple[int, int]:
    """The lattice around the recipe's frames: for frames 64 high and 128 wide and D = 10, 64 by 200 sites."""
    return recipe.points[0], recipe.points[1] + round((_FRAMES + _REST) * recipe["diameter"])


def _start(key: PRNGKeyArray, recipe: Recipe):
    points, speed = lattice_points(recipe), recipe["speed"]
    # A transverse kick, of a strength and place of its own for each trajectory, starts the shedding at its own phase.
    size_key, place_key = jr.split(key)
    y, x = (jnp.arange(count, dtype=float) for count in points)
    place = jr.uniform(place_key, (), float, 1.0, 3.0) * recipe["diameter"]
    bump = jnp.exp(-(((x - _CENTRE * recipe["diameter"] - place) / recipe["diameter"]) ** 2))
    kick = jr.uniform(size_key, (), float, 0.2, 0.4) * speed * bump * jnp.ones_like(y)[:, None]
    velocity = jnp.stack([jnp.full(points, speed), kick])
    still = cylinder_body(points, recipe["diameter"])
    return equilibrium(jnp.ones(points), jnp.where(still, 0.0, velocity))


def _stepper(recipe: Recipe) -> Step:
    relaxation = 3 * recipe["speed"] * recipe["diameter"] / recipe["reynolds"] + 0.5
    return lattice_boltzmann_stepper(
        cylinder_body(lattice_points(recipe), recipe["diameter"]), relaxation, recipe["speed"]
    )


def _observe(state, recipe: Recipe) -> Float[Array, "2 height width"]:
    begin = round(_FRAMES * recipe["diameter"])
    return moments(state[:, :, begin : begin + recipe.points[1]])[1]


SYSTEM = System(("u", "v"), _start, _stepper, _observe)

RECIPES = {
    # The kick makes the wake shed regularly within 3,000 steps; its period is D / (U St), about 550 steps.
    "cylinder": Recipe(
        "cylinder",
        points=(64, 128),
        extent=(64.0, 128.0),
        spacing=50.0,
        substeps=50,
        frames=100,
        skipped=80,
        settings=(("reynolds", 100.0), ("diameter", 10.0), ("speed", 0.1)),
    )
}
