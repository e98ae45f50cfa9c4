"""Graphs and their flows: against dense linear algebra, against each other, and against what is conserved."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.linalg import expm

from dynamics import graph_ode
from dynamics.graph_ode import TABLEAUS

# Compiled once, for whatever hypothesis draws.
draw = jax.jit(lambda key: (graph_ode.random_graph(key, 9), jr.normal(jr.fold_in(key, 1), (9,))))
run = jax.jit(lambda generator, x, time: graph_ode.heat_flow(generator, x, time, longest=60.0))


def attention(seed, nodes=6, spread=2.0):
    logits = spread * np.random.default_rng(seed).normal(size=(nodes, nodes))
    weights = np.exp(logits)
    return weights / weights.sum(axis=1, keepdims=True)


@given(st.integers(0, 10_000), st.floats(0, 5))
def test_t2_heat_keeps_mass_and_range_and_loses_energy(seed, time):
    weights, start = draw(jr.key(seed))
    generator = np.asarray(graph_ode.laplacian(weights))
    assert np.array_equal(weights, weights.T)
    assert np.linalg.eigvalsh(generator)[1] > 1e-6
    state = np.asarray(run(generator, start, time))
    start = np.asarray(start)
    assert abs(state.sum() - start.sum()) < 1e-10
    assert state.max() <= start.max() + 1e-11
    assert state.min() >= start.min() - 1e-11
    assert state @ generator @ state <= start @ generator @ start + 1e-9
    assert_allclose(state, expm(-time * generator) @ start, atol=1e-10)


def test_heat_kernel_far_out_and_out_of_range():
    generator = np.asarray(graph_ode.laplacian(graph_ode.ring_graph(5)))
    assert_allclose(graph_ode.heat_flow(generator, jnp.arange(5.0), 200.0, longest=400.0), 2.0, rtol=1e-12)
    with pytest.raises(ValueError, match="`time` must lie in"):
        graph_ode.stochastic_flow(np.eye(3), jnp.ones(3), 2.0)
    assert np.isnan(jax.jit(lambda t: graph_ode.stochastic_flow(np.eye(3), jnp.ones(3), t))(2.0)).all()


@pytest.mark.parametrize("method", TABLEAUS)
def test_t3_steps_are_stable_just_below_their_limit_and_not_above(method):
    limit = {"euler": 2.0, "heun": 2.0, "kutta3": 2.51274532661832}.get(method, 2.785293563405282)
    generator = np.asarray(graph_ode.laplacian(graph_ode.ring_graph(6)))
    top = (-1.0) ** np.arange(6)
    grown = jax.jit(lambda h: graph_ode.explicit_flow(method, graph_ode.heat_field(generator), jnp.asarray(top), h, 50))
    assert np.linalg.norm(grown(0.99 * limit / 4)) < np.linalg.norm(top)
    assert np.linalg.norm(grown(1.01 * limit / 4)) > np.linalg.norm(top)


@pytest.mark.parametrize("method", TABLEAUS)
def test_t4_a_mode_is_multiplied_by_the_stability_polynomial(method):
    order = {"euler": 1, "heun": 2, "kutta3": 3}.get(method, 4)
    values, vectors = np.linalg.eigh(graph_ode.laplacian(graph_ode.path_graph(7)))
    step, steps = 0.4, 5
    field = graph_ode.heat_field(vectors @ np.diag(values) @ vectors.T)
    after = np.asarray(graph_ode.explicit_flow(method, field, jnp.asarray(vectors), step, steps))
    terms = [(-step * values) ** k / np.prod(np.arange(1, k + 1)) for k in range(order + 1)]
    assert_allclose(after, vectors * np.sum(terms, axis=0) ** steps, atol=1e-13)


@given(st.integers(0, 10_000))
def test_t5_a_relabelled_graph_has_the_relabelled_flow(seed):
    weights, start = draw(jr.key(seed))
    generator = np.asarray(graph_ode.laplacian(weights))
    order = np.random.default_rng(seed).permutation(9)
    moved = run(generator[order][:, order], np.asarray(start)[order], 0.7)
    assert_allclose(moved, np.asarray(run(generator, start, 0.7))[order], atol=1e-12)


def test_t11_exact_flow_adaptive_solver_and_one_step_agree_as_far_as_they_must():
    a, x = attention(0), np.random.default_rng(1).normal(size=(6, 3))
    exact = np.asarray(graph_ode.stochastic_flow(a, jnp.asarray(x)))
    assert_allclose(exact, expm(a - np.eye(6)) @ x, atol=1e-14)
    field = graph_ode.attention_field(a)
    assert_allclose(graph_ode.solved_flow(field, jnp.asarray(x), 1.0, tolerance=1e-9), exact, atol=1e-7)
    # A symmetric A is normal: one step's error is at most that of the polynomial on the disc |z + 1| <= 1.
    symmetric = np.full((6, 6), 0.1) + 0.4 * np.eye(6)
    step = graph_ode.on_grid("rk4", graph_ode.attention_field(symmetric), jnp.eye(6), (0.0, 1.0))[-1]
    error = np.linalg.norm(np.asarray(step) - expm(symmetric - np.eye(6)), 2)
    assert 0 < error <= 1 / 3 - np.exp(-2)


def test_a_grid_of_one_time_returns_the_start():
    field = graph_ode.attention_field(attention(2))
    x = jnp.arange(6.0)
    assert np.array_equal(graph_ode.on_grid("rk4", field, x, [1.0])[-1], x)
    assert not np.allclose(graph_ode.on_grid("rk4", field, x, [0.0, 1.0])[-1], x)
    with pytest.raises(ValueError, match="`grid` must hold at least one time"):
        graph_ode.on_grid("rk4", field, x, [])


def test_the_exact_flow_has_the_gradient_of_the_exponential():
    a, x = attention(3), np.random.default_rng(4).normal(size=6)
    direction = np.random.default_rng(5).normal(size=(6, 6))

    def total(s):
        return jnp.sum(graph_ode.stochastic_flow(a + s * direction, jnp.asarray(x)) ** 2)

    step = 1e-6
    plus, minus = (np.sum((expm(a + s * direction - np.eye(6)) @ x) ** 2) for s in (step, -step))
    assert_allclose(jax.grad(total)(0.0), (plus - minus) / (2 * step), rtol=1e-7)


def test_terms_hold_the_tail_in_both_precisions():
    assert graph_ode.terms_for(1.0, np.float32) < graph_ode.terms_for(1.0) <= 20
    assert graph_ode.terms_for(0.0) == 0
    single = graph_ode.stochastic_flow(attention(6).astype(np.float32), jnp.ones(6, jnp.float32))
    assert single.dtype == jnp.float32
    assert_allclose(single, 1, rtol=1e-6)


def test_regular_graphs_have_their_degrees():
    assert graph_ode.star_graph(5).sum(axis=1).tolist() == [4, 1, 1, 1, 1]
    assert graph_ode.complete_graph(4).sum(axis=1).tolist() == [3] * 4
    torus = graph_ode.product_graph(graph_ode.ring_graph(3), graph_ode.ring_graph(4))
    assert torus.sum(axis=1).tolist() == [4] * 12
    assert np.array_equal(graph_ode.directed_cycle(3) @ np.arange(3), [1, 2, 0])
    with pytest.raises(ValueError, match="`method` must be one of"):
        graph_ode.explicit_step("rk5", lambda x: x, jnp.ones(2), 0.1)
    with pytest.raises(ValueError, match="`nodes` must be at least 3"):
        graph_ode.ring_graph(2)


def test_five_points_of_a_quadratic_are_exact():
    y, x = np.mgrid[0:5, 0:6] * 0.5
    assert_allclose(graph_ode.five_point(x**2 + 3 * y**2, 0.5), 8.0, rtol=1e-13)
