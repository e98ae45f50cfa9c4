"""The pipeline run forward: exact where it can be, the same alone and in company, and encoded as often as told."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from flax import nnx

from dynamics.graph_ode import pipeline, predictor_training, rollout
from dynamics.graph_ode.codebook import assign, fit_codebook
from dynamics.graph_ode.predictor import Predictor, Scale
from dynamics.graph_ode.wiener import Lifted

HISTORY, SIDE, CODES, BLOCK = 3, 8, 4, 2


@jax.tree_util.Partial
def straight_on(values, edges, present):
    """A predictor that goes on at the last rate."""
    return 2 * values[:, -1] - values[:, -2]


def levels(frames=12, seed=0):
    """Two channels whose pixels have one of four levels, each level with a rate of its own."""
    rng = np.random.default_rng(seed)
    which = rng.integers(0, CODES, (2, SIDE, SIDE))
    rates = np.array([0.01, -0.01, 0.02, -0.02])
    time = np.arange(frames)[:, None, None, None]
    return jnp.asarray(np.array([0.2, 0.4, 0.6, 0.8])[which] + rates[which] * time)


@pytest.fixture(scope="module")
def fitted():
    pasts = rollout.histories(levels()[:HISTORY])
    coders = jax.vmap(lambda past: fit_codebook(past, CODES, 4))(pasts)
    return rollout.Pipeline(coders, jax.tree.map(lambda *p: jnp.stack(p), *[straight_on] * 2), Lifted())


@partial(jax.jit, static_argnames=("how", "lifting"))
def run(fitted, windows, adapt, keys, how="mean", lifting="copy"):
    one = partial(rollout.rollout, horizon=7, block=BLOCK, how=how, lifting=lifting)
    return jax.vmap(lambda w, k, a: one(fitted, w, a, k))(windows, keys, adapt)


def several(fitted, texts, seed=0, **options):
    """Rollouts of one window under several rules."""
    windows = jnp.stack([levels()[:HISTORY]] * len(texts))
    return run(fitted, windows, rollout.rules(texts), jnp.stack([jr.key(seed)] * len(texts)), **options)


RULES = ("never", "every:1", "every:2", "chi:1", "dist:0")


def test_levels_that_move_as_one_are_forecast_exactly(fitted):
    for lifting in ("copy", "increment"):
        found = several(fitted, RULES, lifting=lifting)
        for frames in found.frames:
            np.testing.assert_allclose(frames, levels()[HISTORY : HISTORY + 7], atol=1e-9)


def test_codes_are_made_anew_as_often_as_the_rule_says(fitted):
    found = several(fitted, RULES)
    assert found.encodings.tolist() == [0, 3, 1, 3, 3]
    assert found.encoded[2].tolist() == [True, False, True, False]
    assert np.all(found.encoded[:, 0])


def test_t28_a_batch_is_its_members(fitted):
    """The released code shares offsets and scalings between the graphs of a batch and fails this."""
    windows = jnp.stack([levels(seed=seed)[:HISTORY] for seed in range(5)])
    keys, adapt = jr.split(jr.key(0), 5), rollout.rules(["every:1"] * 5)
    together = run(fitted, windows, adapt, keys, how="random")
    for i in (0, 4):
        # The other members are replaced, the shape is not: nothing is compiled again.
        others = jnp.stack([windows[i]] * 5)
        alone = run(fitted, others, adapt, jnp.stack([keys[i]] * 5), how="random")
        np.testing.assert_allclose(alone.frames[0], together.frames[i], atol=1e-12)


def test_p40_equal_keys_give_equal_bits_and_means_need_no_key(fitted):
    first, again, other = (several(fitted, RULES, seed, how="random").frames for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert other.shape == first.shape
    np.testing.assert_array_equal(several(fitted, RULES, 0).frames, several(fitted, RULES, 1).frames)


def test_an_adaptive_solver_rolls_out_as_the_exact_flow_does(fitted):
    """Attention recomputed along the way makes the same flow where scores do not see the state, another where they
    do."""
    coders, window, tolerance = jax.tree.map(lambda leaf: leaf[:1], fitted.coders), levels()[:HISTORY, :1], 1e-9

    def frames(mode, blind):
        model = Predictor(
            jr.key(3), history=HISTORY, width=8, heads=2, mode=mode, residual=True, tolerance=tolerance, dtype=float,
            scale=Scale(0.5, 0.2, 0.02), recompute=mode == "diffrax",
        )  # fmt: skip
        if blind:
            for part in (model.attention.source, model.attention.target):
                part.kernel[...] = 0 * part.kernel[...]
        pipe = rollout.Pipeline(coders, jax.tree.map(lambda leaf: leaf[None], model), Lifted())
        return forward(pipe, window).frames

    @jax.jit
    def forward(pipe, window):
        return rollout.rollout(pipe, window, rollout.rule("every:1"), horizon=4, block=BLOCK)

    exact, blind = frames("expm", False), frames("expm", True)
    # Errors of a step are passed on four times by a network whose output counts a fiftieth.
    np.testing.assert_allclose(frames("diffrax", True), blind, atol=100 * tolerance, rtol=0)
    assert np.abs(frames("diffrax", False) - exact).max() > 1e3 * tolerance
    assert np.abs(blind - window[-1]).max() > 1e-3


@pytest.mark.parametrize("text", ["sometimes", "every:0", "every:x", "chi:2", "dist:-1", "every"])
def test_a_rule_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match="Argument `adapt` must"):
        rollout.rule(text)


def test_targets_are_read_through_the_partition_of_the_input():
    """Two levels that cross: read through new clusters their means would swap."""
    rising = np.linspace(0.1, 0.9, 6)
    film = np.where(np.arange(16).reshape(4, 4) % 2 == 0, rising[:, None, None], 1 - rising[:, None, None])
    films = jnp.asarray(film)[None]
    coder = fit_codebook(jnp.asarray(film[:3].reshape(3, -1).T), 2, 2)
    made = jax.jit(lambda films: predictor_training.training_graphs(jr.key(0), coder, films, 2, history=3, unroll=3))
    samples = made(films)
    for values in samples.values:
        for line in values:
            assert np.allclose(line, rising) or np.allclose(line, 1 - rising)
    with pytest.raises(ValueError, match="at least 7 frames, but has 6"):
        predictor_training.training_graphs(jr.key(0), coder, films, 2, history=3, unroll=4)


class Rates(nnx.Module):
    """The last value plus a learned multiple of the last change."""

    def __init__(self, dtype):
        self.gain = nnx.Param(jnp.zeros((), dtype))

    def __call__(self, values, edges, present):
        return values[:, -1] + self.gain[...] * (values[:, -1] - values[:, -2])


def test_a_predictor_learns_from_random_windows():
    films = jnp.stack([levels(seed=seed) for seed in range(2)])
    schedule = predictor_training.Schedule(windows=8, unroll=2, steps=80, batch=4, rate=0.1, noise=0.0)

    @jax.jit
    def fit(films):
        coders = pipeline.fit_codebooks(jr.key(0), films, history=HISTORY, codes=CODES, windows=64)
        return pipeline.fit_predictors(
            jr.key(1), coders, films, lambda key, scaling: Rates(films.dtype), history=HISTORY, schedule=schedule
        )

    model, losses = fit(films)
    np.testing.assert_allclose(model.gain[...], 1.0, atol=0.1)
    assert losses.shape == (2, 80)


def test_places_divide_the_torus_evenly():
    coder = pipeline.place_coder(jr.key(0), (SIDE, SIDE), CODES, "uniform", jnp.float64)
    codes = assign(coder, jnp.zeros((SIDE * SIDE, HISTORY)))
    assert np.bincount(codes, minlength=CODES).tolist() == [16] * CODES
    assert pipeline.place_coder(jr.key(0), (SIDE, SIDE), 5, "random").places.shape == (5, 4)
    with pytest.raises(ValueError, match="Argument `layout`"):
        pipeline.place_coder(jr.key(0), (SIDE, SIDE), 5, "spiral")
