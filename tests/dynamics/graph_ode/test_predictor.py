"""The predictor of probes: what its modes do, what its attention may see, and the released step that does nothing."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from flax import nnx
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.linalg import expm

from dynamics import graph_ode
from dynamics.graph_ode import FEATURES, MODES, Predictor, Scale, attention_of, edge_attributes

NODES, HISTORY, SMALL = 6, 4, {"history": 4, "width": 8, "heads": 2, "dtype": float}


def graph(seed=0, nodes=NODES):
    rng = np.random.default_rng(seed)
    window = jnp.asarray(rng.random((nodes, HISTORY)))
    return window, edge_attributes(jnp.asarray(rng.random((nodes, 2))), jnp.asarray(rng.random((nodes, nodes))))


def predictor(mode, **options):
    return Predictor(jr.key(3), mode=mode, **SMALL, **options)


@nnx.jit
def run(model, window, edges, mask):
    return model(window, edges, mask)


EVERYONE = jnp.ones(NODES, bool)


def test_published_size():
    model = nnx.eval_shape(lambda: Predictor(jr.key(0)))
    count = sum(np.prod(leaf.shape) for leaf in jax.tree.leaves(nnx.state(model, nnx.Param)))
    assert count == 1_321_477
    assert f"{count / 1e6:.2f}" == "1.32"


@given(st.floats(-5, 5), st.sampled_from([2, 6]))
def test_p14_and_t9_a_constant_score_sets_the_self_weight(score, nodes):
    weights = np.asarray(attention_of(jnp.full((nodes, nodes), score)))
    assert_allclose(weights.diagonal(), 1 / (1 + (nodes - 1) * np.exp(score)), rtol=1e-12)
    assert_allclose(weights.sum(axis=1), 1, rtol=1e-14)


def test_p14_limits_and_shift_invariance():
    scores = jnp.asarray(np.random.default_rng(0).normal(size=(5, 5)))
    shift = jnp.arange(5.0)[:, None]
    own = jnp.eye(5, dtype=bool)
    # Shifted with its pinned diagonal, a row gives the same weights.
    plain = jax.nn.softmax(jnp.where(own, 0.0, scores), axis=-1)
    assert_allclose(attention_of(scores), plain, rtol=1e-13)
    assert_allclose(jax.nn.softmax(jnp.where(own, shift, scores + shift), axis=-1), plain, rtol=1e-12)
    assert_allclose(attention_of(scores - 800), np.eye(5), atol=1e-300)
    assert_allclose(attention_of(scores + 800).diagonal(), 0, atol=1e-300)
    assert_allclose(attention_of(scores, 800.0), np.eye(5), atol=1e-300)


def test_p15_and_t10_the_released_step_never_integrates():
    window, edges = graph()
    released, integrated = predictor("none"), predictor("rk4_1")
    start = released.start(window)
    assert np.array_equal(released.flow(start, edges), start)
    assert np.array_equal(released(window, edges), released.read(released.start(window))[:, 0])
    assert not np.allclose(integrated.flow(start, edges), start, atol=1e-3)

    @nnx.jit
    def slopes(model):
        return nnx.grad(lambda model: jnp.sum(model(window, edges) ** 2))(model)

    inert, alive = slopes(released)["attention"], slopes(integrated)["attention"]
    assert all(np.all(leaf == 0) for leaf in jax.tree.leaves(inert))
    assert all(np.any(leaf != 0) for leaf in jax.tree.leaves(alive["source"]["kernel"]))


def test_p15_zero_scores_pull_towards_the_mean():
    window, edges = graph(1)
    model = predictor("expm")
    for part in ("source", "target", "edge"):
        layer = getattr(model.attention, part)
        layer.kernel[...] *= 0
        layer.bias[...] *= 0
    start = np.asarray(model.start(window))
    mean = start.mean(axis=0)
    assert_allclose(model.flow(jnp.asarray(start), edges), mean + np.exp(-1) * (start - mean), rtol=1e-12)


def test_t11_modes_approach_the_exponential():
    window, edges = graph(2)
    exact = predictor("expm")
    start = exact.start(window)
    matrix = np.asarray(exact.attention(start, edges))
    assert_allclose(matrix.sum(axis=1), 1, rtol=1e-13)
    state = np.asarray(exact.flow(start, edges))
    assert_allclose(state, expm(matrix - np.eye(NODES)) @ start, rtol=1e-12, atol=1e-13)
    assert_allclose(predictor("diffrax", tolerance=1e-8).flow(start, edges), state, atol=1e-6)
    spread = np.ptp(start, axis=0).max()
    step = np.asarray(predictor("rk4_1").flow(start, edges))
    assert 0 < np.abs(step - state).max() < 0.198 * spread


@pytest.mark.parametrize("recompute", [False, True])
def test_t5_relabelled_nodes_are_predicted_alike(recompute):
    window, edges = graph(3)
    model = predictor("rk4_1", recompute=recompute)
    order = np.random.default_rng(1).permutation(NODES)
    moved = run(model, window[order], edges[order][:, order], EVERYONE)
    assert_allclose(moved, np.asarray(run(model, window, edges, EVERYONE))[order], atol=1e-12)


def test_t5_attention_sees_differences_of_places_only():
    rng = np.random.default_rng(4)
    places, weights = jnp.asarray(rng.random((NODES, 2))), jnp.asarray(rng.random((NODES, NODES)))
    assert_allclose(edge_attributes(places + 0.25, weights), edge_attributes(places, weights), atol=1e-15)


@pytest.mark.parametrize("recompute", [False, True])
def test_masked_ghosts_are_as_good_as_absent(recompute):
    window, edges = graph(5)
    mask = jnp.array([True, False, True, True, False, True])
    here = np.flatnonzero(mask)
    model = predictor("rk4_1", recompute=recompute)
    masked = np.asarray(run(model, window, edges, mask))
    alone = np.asarray(model(window[here], edges[here][:, here]))
    assert_allclose(masked[here], alone, atol=1e-12)
    assert np.all(masked[~np.asarray(mask)] == 0)
    # As released, they take part in the softmax.
    assert not np.allclose(np.asarray(run(model, window, edges, EVERYONE))[here], alone, atol=1e-6)


def test_t28_a_batch_is_its_graphs_one_by_one_and_an_unrolling_its_steps():
    model = predictor("expm", features="differences", residual=True, scale=Scale(0.4, 0.3, 0.1))
    windows, edges = jax.tree.map(lambda *parts: jnp.stack(parts), *(graph(seed) for seed in range(3)))
    structure, state = nnx.split(model)
    batch = np.asarray(jax.vmap(lambda w, e: nnx.merge(structure, state)(w, e, EVERYONE))(windows, edges))
    for i in range(3):
        assert_allclose(batch[i], run(model, windows[i], edges[i], EVERYONE), atol=1e-13)
    path = np.asarray(model.unroll(windows[0], edges[0], EVERYONE, 2))
    assert_allclose(path[0], batch[0], atol=1e-13)
    second = jnp.concatenate([windows[0][:, 1:], jnp.asarray(path[0])[:, None]], axis=1)
    assert_allclose(path[1], run(model, second, edges[0], EVERYONE), atol=1e-13)


def test_features_are_the_standardised_last_value_and_scaled_differences():
    model = predictor("expm", features="differences", residual=True, scale=Scale(0.4, 0.3, 0.1))
    seen = []
    model.embed = lambda features: seen.append(features) or features
    window = jnp.array([[0.1, 0.2, 0.4, 0.7]])
    model.start(window)
    assert_allclose(seen[0], [[1.0, 1.0, 2.0, 3.0]], rtol=1e-12)
    model.read = lambda state: jnp.ones((1, 1))
    assert_allclose(predictor_value(model, window), [0.8])


def predictor_value(model, window):
    model.flow = lambda start, edges, mask: start
    return model(window, jnp.zeros((1, 1, 3)))


def test_p39_gradient_through_the_exponential():
    window, edges = graph(6)
    structure, weights, rest = nnx.split(predictor("expm"), nnx.Param, ...)
    tilt = jax.tree.map(lambda leaf: jnp.cos(jnp.arange(leaf.size, dtype=float)).reshape(leaf.shape), weights)

    @jax.jit
    def loss(s):
        moved = jax.tree.map(lambda leaf, by: leaf + s * by, weights, tilt)
        return jnp.sum(nnx.merge(structure, moved, rest)(window, edges) ** 2)

    step = 1e-5
    assert_allclose(jax.grad(loss)(0.0), (loss(step) - loss(-step)) / (2 * step), rtol=1e-6)


def test_single_precision_stays_single():
    model = Predictor(jr.key(0), **{**SMALL, "dtype": jnp.float32})
    window, edges = (part.astype(jnp.float32) for part in graph(7))
    assert model(window, edges).dtype == jnp.float32


def test_arguments_are_refused_by_name():
    for options, words in (
        ({"mode": "euler"}, f"`mode` must be one of {', '.join(MODES)}"),
        ({"features": "raw"}, f"`features` must be one of {', '.join(FEATURES)}"),
        ({"mode": "expm", "recompute": True}, "attention is recomputed"),
    ):
        with pytest.raises(ValueError, match=words):
            predictor(**{"mode": "expm", **options})
    with pytest.raises(ValueError, match="`heads` must be at least 1"):
        graph_ode.Predictor(jr.key(0), heads=0)
