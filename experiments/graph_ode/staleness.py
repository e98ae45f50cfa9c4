"""Ageing partitions, re-encoding without a decoder, and the growth of errors (P26, P27, P29, P31)."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from dynamics import graph_ode as dynamics
from experiments.experiment import Experiment, Quantity
from experiments.space import Space, listing, replicates

POINTS, FINE, REACH = 64, 64, 5.0
LENGTH = 20 * np.pi
RINGED = 5
BLOCKS, HISTORY, GRID, CODES = 8, 10, 16, 12


def growth_rates(points: int, length: float) -> np.ndarray:
    """Linear growth rates of the released Swift-Hohenberg equation, 1.7 - (1 - k^2)^2, mode by mode."""
    k = np.fft.fftfreq(points) * points * 2 * np.pi / length
    return 1.7 - (1 - (k[:, None] ** 2 + k**2)) ** 2


def start_spectrum(band: int) -> np.ndarray:
    """Unit variance: all energy at |k| = 5 waves (0), or a Gaussian cut of white noise (1)."""
    k = np.rint(np.fft.fftfreq(POINTS) * POINTS)
    size = np.hypot(k[:, None], k)
    spectrum = np.exp(-((size / 8) ** 2)) if band else (size == RINGED).astype(float)
    return spectrum / spectrum.sum()


def ageing(key, *, band, fields, time):
    """Error of cluster means of a partition made at time 0, on fields that grow linearly; clusters span all fields."""
    spectrum = jnp.where(band > 0, start_spectrum(1), start_spectrum(0))
    rates = jnp.asarray(growth_rates(POINTS, LENGTH), float)
    start = jax.vmap(dynamics.gaussian_field, (0, None))(jr.split(key, fields), spectrum)
    later = jax.vmap(lambda field: dynamics.grown_field(field, rates, time))(start)
    codes = dynamics.level_codes((start + REACH) / (2 * REACH), FINE).ravel()

    def error(values):
        sizes = jnp.zeros(FINE).at[codes].add(1.0)
        means = jnp.zeros(FINE).at[codes].add(values) / jnp.maximum(sizes, 1)
        return jnp.mean((means[codes] - values) ** 2)

    return {"fresh": error(start.ravel()), "stale": error(later.ravel())}


def re_encoding(key, *, block):
    """Blocks of random dynamics with lifting only: codes in use, and atoms of the first two partitions that later
    partitions split. A window is ten frames; a block is `block` of them.

    decoded: the same when lifted frames are averaged over 3 x 3 pixels.
    """
    book_key, start_key, dynamics_key = jr.split(key, 3)
    pool = jr.uniform(book_key, (400, 1)) + 0.3 * jr.normal(start_key, (400, HISTORY))
    book = dynamics.fit_codebook(pool, CODES, 5)
    first = jnp.moveaxis(jr.uniform(start_key, (HISTORY, GRID * GRID)), 0, -1) * 0.3
    first = first + jr.uniform(book_key, (GRID * GRID, 1))

    def decoded(field, share):
        """The field, of which `share` is averaged over 3 x 3 pixels."""
        grid = field.reshape(GRID, GRID)
        average = sum(jnp.roll(grid, (a, b), (0, 1)) for a in (-1, 0, 1) for b in (-1, 0, 1)) / 9
        return jnp.where(share > 0, average, grid).reshape(-1)

    def run(share):
        def one(window, key):
            codes = dynamics.assign(book, window)
            drawn = jr.uniform(key, (HISTORY, CODES))
            frames = jax.vmap(lambda values: decoded(dynamics.lift(codes, values), share))(drawn)
            whole = jnp.concatenate([window, frames.T], axis=1)
            # The first `block` of the frames drawn are taken.
            return jax.lax.dynamic_slice_in_dim(whole, block, HISTORY, axis=1), codes

        return jax.lax.scan(one, first, jr.split(dynamics_key, BLOCKS))[1]

    def splits(codes):
        atoms = codes[0] * CODES + codes[1]
        low = jnp.full((BLOCKS, CODES**2), CODES).at[:, atoms].min(codes)
        high = jnp.full((BLOCKS, CODES**2), -1).at[:, atoms].max(codes)
        return jnp.sum(high > low, axis=1)

    # Without a decoder and with one: one program for both.
    lifted, averaged = jax.lax.map(run, jnp.arange(2))
    used = jnp.sum(jax.vmap(lambda codes: dynamics.present_codes(codes, CODES))(lifted), axis=1)
    return {"active": used, "splits": splits(lifted), "decoded": splits(averaged)}


def perturbed(key, *, frames, error):
    """Root mean square distance of two runs of Swift-Hohenberg, one of which is pushed by `error` at every frame.

    The push is a fresh field of modes at the growth rate's maximum. spread: standard deviation of the other run.
    """
    start_key, push_key = jr.split(key)
    recipe = dynamics.recipe("sh_release", points=(32, 32), extent=(LENGTH / 2,) * 2)
    k2 = dynamics.fields.squared_wavenumber(recipe.points, recipe.extent)
    step = dynamics.fields.swift_hohenberg_stepper(
        recipe.points, recipe.extent, recipe.step, recipe["r"], recipe["g"], released=True
    )
    modes = (jnp.abs(k2 - 1) < 0.05).astype(float)

    def field(spectrum):
        return dynamics.fields.to_grid(spectrum, recipe.points)

    def frame(states, key):
        one, other = (dynamics.fields.advanced(step, state, recipe.substeps) for state in states)
        push = dynamics.fields.to_spectrum(jr.normal(key, recipe.points), 2) * modes
        other = other + push * error / jnp.sqrt(jnp.mean(field(push) ** 2))
        apart, spread = jnp.sqrt(jnp.mean((field(other) - field(one)) ** 2)), jnp.std(field(one))
        return (one, other), (apart, spread)

    noise = recipe["noise"] * jr.normal(start_key, recipe.points)
    start = dynamics.fields.to_spectrum(noise, 2)
    _, (apart, spread) = jax.lax.scan(frame, (start, start), jr.split(push_key, frames))
    return {"apart": apart, "spread": spread}


_REPLICATE = Quantity("i", "replicate")
_COUNT = ("block_number",)

AGEING = Experiment(
    name="graph_ode/ageing",
    title="Partitions of linearly growing fields, some time later",
    cell=ageing,
    parameters={
        "band": Quantity("S", "spectrum: one rate (0) or many (1)"),
        "fields": Quantity("f", "fields that share their clusters"),
        "time": Quantity("t", "time since the partition"),
        "replicate": _REPLICATE,
    },
    outputs={
        "fresh": Quantity("MSE(0)", "error of cluster means at once"),
        "stale": Quantity("MSE(t)", "error of cluster means later"),
    },
    scales={
        "smoke": Space((listing("band", (1,)), replicates(2)), {"fields": 1, "time": 0.5}),
        "quick": Space((listing("band", (0, 1)), listing("time", (0.5, 1.0, 2.0)), replicates(12)), {"fields": 8}),
        "paper": Space((listing("band", (0, 1)), listing("time", (0.5, 1.0, 2.0)), replicates(48)), {"fields": 32}),
    },
    static=("fields",),
    side_by_side=False,
)

RE_ENCODING = Experiment(
    name="graph_ode/re-encoding",
    title="Re-encoding with lifting only",
    cell=re_encoding,
    parameters={"block": Quantity("B", "frames of a block"), "replicate": _REPLICATE},
    outputs={
        "active": Quantity("K_+", "codes in use", dims=_COUNT),
        "splits": Quantity("s", "atoms of the first two partitions that are split", dims=_COUNT),
        "decoded": Quantity("s", "the same with frames averaged over 3 x 3 pixels", dims=_COUNT),
    },
    scales={
        "quick": Space((listing("block", (5, 10)), replicates(8))),
        "paper": Space((listing("block", (5, 10)), replicates(200))),
    },
)

PERTURBED = Experiment(
    name="graph_ode/perturbed",
    title="A run of Swift-Hohenberg that is pushed at every frame",
    cell=perturbed,
    parameters={
        "frames": Quantity("n", "frames"),
        "error": Quantity(r"\varepsilon", "error of one frame"),
        "replicate": _REPLICATE,
    },
    outputs={
        "apart": Quantity("e_n", "distance of the two runs", dims=("frame",)),
        "spread": Quantity("s_n", "standard deviation of a run", dims=("frame",)),
    },
    scales={
        "smoke": Space((replicates(2),), {"frames": 3, "error": 1e-3}),
        "quick": Space((replicates(3),), {"frames": 100, "error": 1e-3}),
        "paper": Space((listing("error", (1e-4, 1e-3, 1e-2)), replicates(12)), {"frames": 160}),
    },
    static=("frames",),
)

EXPERIMENTS = (AGEING, RE_ENCODING, PERTURBED)
