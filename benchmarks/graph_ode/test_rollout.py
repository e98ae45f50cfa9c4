"""The whole pipeline forward at 64 x 64 with the Wiener decoder, after compilation, against the clock."""

from __future__ import annotations

import statistics
import time

import jax
import jax.numpy as jnp
import jax.random as jr

from dynamics.graph_ode import pipeline, rollout
from dynamics.graph_ode.predictor import Predictor
from dynamics.graph_ode.wiener import fit_wiener

SIDE, HORIZON, CODES, TRAJECTORIES = 64, 80, 30, 4


def test_a_rollout_takes_a_second_at_most(benchmark):
    """80 frames, re-encoded before every block of five: weights do not matter for the time, so nobody trains them."""
    time_axis, place = jnp.arange(100)[:, None, None], 2 * jnp.pi * jnp.arange(SIDE) / SIDE

    @jax.jit
    def made(key):
        phases = jr.uniform(key, (TRAJECTORIES, 2), maxval=6.28)
        films = jax.vmap(
            lambda p: 0.5 + 0.4 * jnp.sin(8 * place[:, None] + p[0] + 0.05 * time_axis) * jnp.cos(6 * place + p[1])
        )(phases)[:, :, None]
        coders = pipeline.fit_codebooks(key, films, history=10, codes=CODES, windows=8000)
        model = Predictor(key, history=10, width=48, heads=2, mode="rk4_1", residual=True)
        decoder = fit_wiener(films.reshape(-1, 1, SIDE, SIDE), 0.02)
        return rollout.Pipeline(coders, jax.tree.map(lambda leaf: leaf[None], model), decoder), films[:, :10]

    fitted, windows = made(jr.key(0))
    run = jax.jit(
        jax.vmap(
            lambda fitted, w: rollout.rollout(fitted, w, rollout.rule("every:1"), horizon=HORIZON).frames, (None, 0)
        )
    )
    jax.block_until_ready(run(fitted, windows))

    def once():
        begun = time.perf_counter()
        jax.block_until_ready(run(fitted, windows))
        return (time.perf_counter() - begun) / TRAJECTORIES

    seconds = statistics.median([once() for _ in range(5)])
    benchmark.pedantic(once, rounds=1)
    print(f"\nrollout of {HORIZON} frames at {SIDE} x {SIDE}: {seconds:.3f} s per trajectory (median of 5)")
    assert seconds <= 1.0
