"""What must hold of any rollout and of any score, on small pipelines that nobody trained: P38 to P40."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import jax.random as jr
from flax import nnx

from dynamics.graph_ode import metrics, pipeline, rollout
from dynamics.graph_ode.baselines import persistence
from dynamics.graph_ode.predictor import Predictor
from dynamics.graph_ode.wiener import fit_wiener
from experiments.experiment import Experiment, Quantity
from experiments.space import Space, grid, replicates

SIDE, HISTORY, CODES, HORIZON, BLOCK, BATCH = 12, 4, 5, 6, 2, 3
STEP = 1e-5


def _films(key):
    """Smooth fields that drift: a few waves of random phase, in [0, 1]."""
    wave_key, speed_key = jr.split(key)
    place = 2 * jnp.pi * jnp.arange(SIDE) / SIDE
    phases = jr.uniform(wave_key, (BATCH, 3), maxval=2 * jnp.pi)
    speeds = 0.1 + 0.2 * jr.uniform(speed_key, (BATCH, 3))
    time = jnp.arange(HISTORY + HORIZON)[None, :, None, None, None]
    waves = [
        jnp.sin((i + 1) * place[:, None] + (2 - i) * place + phases[:, i, None, None, None, None] + time * s)
        for i, s in enumerate(speeds.T[:, :, None, None, None, None])
    ]
    # Far from 0 and 1, where decoders clip: a kink as well.
    return 0.5 + sum(waves) / 16


def rollout_checks(key):
    """Rollouts alone and in company, under equal and other keys; the slope of their error by two routes."""
    data_key, fit_key, model_key, run_key = jr.split(key, 4)
    films = _films(data_key)
    coders = pipeline.fit_codebooks(fit_key, films, history=HISTORY, codes=CODES, windows=200)
    # A smooth activation: a central difference across a kink is no slope.
    form = {"history": HISTORY, "width": 8, "heads": 2, "mode": "rk4_1", "residual": True, "activation": jax.nn.gelu}
    model = Predictor(model_key, **form, dtype=films.dtype)
    structure, weights, rest = nnx.split(model, nnx.Param, ...)
    decoder = fit_wiener(films.reshape(-1, *films.shape[2:]), 0.02)

    def run(weights, window, key, how="mean", adapt="every:1"):
        stacked = jax.tree.map(lambda leaf: leaf[None], nnx.merge(structure, weights, rest))
        fitted = rollout.Pipeline(coders, stacked, decoder)
        return rollout.rollout(
            fitted, window, rollout.rule(adapt), key, horizon=HORIZON, block=BLOCK, how=how
        ).frames.reshape(HORIZON, -1)

    windows, keys = films[:, :HISTORY], jr.split(run_key, BATCH)
    random = partial(run, weights, how="random")
    together = jax.vmap(random)(windows, keys)
    # After the members, the first of them twice more: under its own key, and under another.
    more = jnp.array([0, 1, 2, 0, 0]), jnp.array([0, 1, 2, 0, 1])
    alone = jax.lax.map(lambda place: random(*place)[-1], (windows[more[0]], keys[more[1]]))
    means = jax.lax.map(lambda key: run(weights, windows[0], key)[-1], keys)

    leaves, tree = jax.tree.flatten(weights)
    draws = jr.split(key, len(leaves))
    directions = [jr.normal(k, leaf.shape, leaf.dtype) for k, leaf in zip(draws, leaves, strict=True)]

    def lost(by):
        moved = jax.tree.unflatten(tree, [a + by * b for a, b in zip(leaves, directions, strict=True)])
        truth = films[0, HISTORY:].reshape(HORIZON, -1)
        return jnp.mean((run(moved, windows[0], keys[0], adapt="never") - truth) ** 2)

    step = jnp.asarray(STEP, films.dtype)
    slope = jax.jvp(lost, (0 * step,), (jnp.ones_like(step),))[1]
    ends = jax.lax.map(lost, jnp.stack([-step, step]))
    return {
        "together": together[:, -1],
        "alone": alone[:BATCH],
        "again": alone[BATCH],
        "otherwise": alone[BATCH + 1],
        "mean": means[0],
        "mean_otherwise": means[1],
        "slope": slope,
        "difference": (ends[1] - ends[0]) / (2 * step),
    }


def stationary_scores(key, *, memory, mean, deviation):
    """Scores of "as now" and of "the mean" on a stationary field: white in space, AR(1) in time."""
    first_key, noise_key = jr.split(key)
    shape = (1, 32, 32)

    def step(u, key):
        following = memory * u + jnp.sqrt(1 - memory**2) * jr.normal(key, shape)
        return following, following

    start = jr.normal(first_key, shape)
    frames = mean + deviation * jax.lax.scan(step, start, jr.split(noise_key, 64))[1]
    window = frames[:-1, None]
    nothing = jnp.full_like(frames[0], jnp.mean(frames[0]))
    return {
        "persistence": jnp.mean(metrics.squared_error(jax.vmap(persistence)(window), frames[1:])),
        "nmse": metrics.nmse(nothing, frames[0]),
        "nmse_variance": metrics.nmse(nothing, frames[0], "variance"),
        "sample_mean": jnp.mean(frames[0]),
        "sample_variance": jnp.var(frames[0]),
    }


_PIXEL = Quantity("u", "last frame of a rollout", dims=("pixel",))
ROLLOUT_CHECKS = Experiment(
    name="graph_ode/rollout-checks",
    title="Rollouts alone and in company, under equal keys and others, and their slope",
    cell=rollout_checks,
    parameters={"replicate": Quantity("i", "data, codes and weights drawn")},
    outputs={
        "together": Quantity("u", "last frames, three at once", dims=("member", "pixel")),
        "alone": Quantity("u", "last frames, one after another", dims=("member", "pixel")),
        "again": _PIXEL,
        "otherwise": _PIXEL,
        "mean": _PIXEL,
        "mean_otherwise": _PIXEL,
        "slope": Quantity("L'", "slope of the error along a direction, by differentiation"),
        "difference": Quantity("\\Delta L", "the same by a central difference"),
    },
    scales={"quick": Space((replicates(2),)), "small": Space((replicates(4),)), "paper": Space((replicates(8),))},
    packages=("flax",),
    side_by_side=False,
)

STATIONARY = Experiment(
    name="graph_ode/stationary-scores",
    title="Scores of persistence and of the mean on stationary fields",
    cell=stationary_scores,
    parameters={
        "memory": Quantity("a", "correlation of neighbouring frames"),
        "mean": Quantity("m", "mean of the field"),
        "deviation": Quantity("s", "standard deviation of the field"),
        "replicate": Quantity("i", "independent fields"),
    },
    outputs={
        "persistence": Quantity("\\epsilon^2", "mean square error of persistence at lag 1"),
        "nmse": Quantity("NMSE", "of the mean, against the mean square"),
        "nmse_variance": Quantity("NMSE_v", "of the mean, against the variance"),
        "sample_mean": Quantity("\\bar u", "mean of the frame"),
        "sample_variance": Quantity("S_0", "variance of the frame"),
    },
    scales={
        "quick": Space((grid("memory", 0.0, 0.9, 4), replicates(24)), {"mean": 0.45, "deviation": 0.2}),
        "small": Space((grid("memory", 0.0, 0.9, 4), replicates(24)), {"mean": 0.45, "deviation": 0.2}),
        "paper": Space((grid("memory", 0.0, 0.95, 8), replicates(48)), {"mean": 0.45, "deviation": 0.2}),
    },
)

EXPERIMENTS = (ROLLOUT_CHECKS, STATIONARY)
