"""Gray-Scott model, u_t = D_u lap u - u v^2 + F (1 - u), v_t = D_v lap v + u v^2 - (F + k) v, stepped by Exponax."""

from __future__ import annotations

import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, ArrayLike, Float, PRNGKeyArray, Real

from dynamics.graph_ode.fields.etdrk import Step
from dynamics.graph_ode.fields.spectral import to_grid, to_spectrum
from dynamics.graph_ode.fields.system import Recipe, System

Number = Real[ArrayLike, ""]
_SQUARES, _SIDE = 6, 8


def gray_scott_stepper(
    points: tuple[int, ...],
    extent: tuple[float, ...],
    step: Number,
    feed: Number,
    kill: Number,
    diffusion: tuple[Number, Number],
) -> Step:
    """One ETDRK2 step of the spectra (2, *half). feed: F.  kill: k.  diffusion: (D_u, D_v)."""
    import exponax  # it draws, so it imports matplotlib: only when it is used

    if len(set(points)) > 1 or len(set(extent)) > 1:
        raise ValueError(f"Arguments `points` and `extent` must describe a square for Exponax: {points}, {extent}.")
    stepper = exponax.stepper.reaction.GrayScott(
        len(points),
        extent[0],
        points[0],
        step,
        diffusivity_1=diffusion[0],
        diffusivity_2=diffusion[1],
        feed_rate=feed,
        kill_rate=kill,
        dealiasing_fraction=1.0,
    )
    return stepper.step_fourier


def _start(key: PRNGKeyArray, recipe: Recipe):
    place_key, noise_key = jr.split(key)
    rows, columns = (jnp.arange(count)[None] for count in recipe.points)
    corners = jr.randint(place_key, (2, _SQUARES, 1), 0, jnp.asarray(recipe.points)[:, None, None])
    within = [
        (line - corner) % count < _SIDE
        for line, corner, count in zip((rows, columns), corners, recipe.points, strict=True)
    ]
    seeded = jnp.any(within[0][:, :, None] & within[1][:, None, :], axis=0)
    fields = jnp.stack([jnp.where(seeded, 0.5, 1.0), jnp.where(seeded, 0.25, 0.0)])
    return to_spectrum(fields + recipe["noise"] * jr.normal(noise_key, fields.shape), 2)


def _stepper(recipe: Recipe) -> Step:
    diffusion = (recipe["D_u"], recipe["D_v"])
    return gray_scott_stepper(recipe.points, recipe.extent, recipe.step, recipe["F"], recipe["k"], diffusion)


def _observe(state, recipe: Recipe) -> Float[Array, "2 height width"]:
    return to_grid(state, recipe.points)


SYSTEM = System(("u", "v"), _start, _stepper, _observe)


def _recipe(feed: float, kill: float, spacing: float, substeps: int, skipped: int) -> Recipe:
    settings = (("F", feed), ("k", kill), ("D_u", 0.16), ("D_v", 0.08), ("noise", 0.01))
    return Recipe("gray_scott", (64, 64), (64.0, 64.0), spacing, substeps, 100, skipped, settings)


RECIPES = {
    # A labyrinth that grows from the seeds and comes to rest.
    "gray_scott_labyrinth": _recipe(0.04, 0.06, 40.0, 40, 0),
    # Waves that break up for ever.
    "gray_scott_waves": _recipe(0.012, 0.05, 20.0, 20, 50),
}
