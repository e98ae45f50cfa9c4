"""Attention as a flow: kernels, contraction, the weights of one step and its limits, one test a numbered law."""

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.linalg import expm

from tests.theory.battery import Battery
from theory import graph_ode
from theory.graph_ode import attention_flow as module


def attention(seed, nodes=5, spread=1.0):
    weights = np.exp(spread * np.random.default_rng(seed).uniform(-1, 1, (nodes, nodes)))
    return weights / weights.sum(axis=1, keepdims=True)


BATTERY = Battery(
    module,
    {
        "attention": attention(0),
        "time": 0.8,
        "coefficient": 0.4,
        "spread": 0.7,
        "order": 4,
        "step": 0.8,
        "angle": 0.9,
        "nodes": 5,
        "score": -0.4,
        "state": np.arange(5.0),
        "self_weight": 0.2,
    },
    special={"self_weight": {"self_score": 0.3}, "monotone_attention_step": {"self_weight": 0.2}},
    # Results that are no scalars, and a law whose powers stand last.
    one_at_a_time=frozenset({"attention_kernel", "step_weights", "uniform_state"}),
    elsewhere=("_arguments", "heat_flow"),
)


@pytest.mark.parametrize("name", BATTERY.continuous)
def test_contract(name):
    BATTERY.check(name)


@pytest.mark.parametrize("name", BATTERY.continuous)
def test_nan_is_refused(name):
    BATTERY.check_nan_is_refused(name)


@pytest.mark.parametrize("time", [0.0, 0.3, 8.0])
def test_p8_the_kernel_is_stochastic_and_keeps_the_stationary_mean(time):
    a = attention(1, spread=3.0)
    kernel = np.asarray(graph_ode.attention_kernel(a, time))
    assert_allclose(kernel, expm(time * (a - np.eye(5))), atol=1e-12)
    assert_allclose(kernel.sum(axis=1), 1, atol=1e-12)
    assert kernel.min() >= 0
    pi = np.asarray(graph_ode.stationary_distribution(a))
    assert pi.min() > 0
    assert_allclose(pi.sum(), 1, rtol=1e-14)
    assert_allclose(pi @ kernel, pi, atol=1e-12)


@given(st.integers(0, 1000), st.floats(0.1, 3))
def test_p9_and_t7_dobrushin_bounds_what_one_application_leaves(seed, spread):
    a = attention(seed, spread=spread)
    coefficient = 1 - min(np.minimum(a[i], a[j]).sum() for i in range(5) for j in range(5))
    # The worst state is 1 on a subset of the nodes.
    subsets = (np.arange(32)[:, None] >> np.arange(5)) & 1
    assert_allclose(np.ptp(a @ subsets.T, axis=0).max(), coefficient, atol=1e-12)
    assert coefficient <= -np.expm1(-2 * spread) + 1e-12
    moved = expm(1.7 * (a - np.eye(5)))
    assert np.ptp(moved @ subsets.T, axis=0).max() <= np.exp(-(1 - coefficient) * 1.7) + 1e-12
    assert np.abs(np.linalg.eigvals(a)).max() <= 1 + 1e-12


def test_p9_coefficients_and_bounds_by_the_row():
    a = attention(3)
    expected = 1 - min(np.minimum(a[i], a[j]).sum() for i in range(5) for j in range(5))
    assert_allclose(graph_ode.dobrushin_coefficient(a), expected, rtol=1e-13)
    assert_allclose(graph_ode.dobrushin_coefficient(np.full((4, 4), 0.25)), 0, atol=1e-15)
    assert_allclose(graph_ode.oscillation_bound(graph_ode.coefficient_bound(0.5), 2.0), np.exp(-2 * np.exp(-1.0)))


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_p10_weights_count_permutations_by_their_fixed_points(order):
    fixed = [sum(i == p for i, p in enumerate(order_)) for order_ in permutations(range(order))]
    expected = np.bincount(fixed, minlength=order + 1) / math.factorial(order)
    assert_allclose(graph_ode.rencontres_weights(order), expected, rtol=1e-15)
    assert_allclose(graph_ode.step_weights(order, 1.0), expected, atol=1e-15)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_p11_and_t8_weights_are_those_of_the_polynomial_and_positive_up_to_one(order):
    steps = np.linspace(0.5, 1.5, 41)
    weights = np.asarray(graph_ode.step_weights(order, steps))
    z = np.array([0.3, -0.9, 1.1])
    direct = sum((steps[:, None] * (z - 1)) ** k / math.factorial(k) for k in range(order + 1))
    assert_allclose(weights @ z[None] ** np.arange(order + 1)[:, None], direct, atol=1e-13)
    assert np.array_equal(weights.min(axis=1) >= -1e-16, steps <= 1.0)


def test_p12_steps_of_euler_on_a_cycle_of_eight():
    angles = 2 * np.pi * np.arange(1, 8) / 8
    radius = [np.hypot(*graph_ode.step_multiplier(1, step, angles)).max() for step in (0.9, 1.0, 1.05)]
    assert [f"{r:.3f}" for r in radius] == ["0.973", "1.000", "1.100"]
    assert graph_ode.monotone_attention_step(0.5) == 2


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_p12_and_p13_limits_hold_on_the_whole_disc(order):
    angles = np.linspace(0, np.pi, 20_001)
    limit = float(graph_ode.stable_attention_step(order))
    assert np.hypot(*graph_ode.step_multiplier(order, limit, angles)).max() <= 1 + 1e-12
    assert np.hypot(*graph_ode.step_multiplier(order, 1.001 * limit, angles)).max() > 1
    step, exact = graph_ode.step_multiplier(order, 1.0, angles), graph_ode.exact_multiplier(1.0, angles)
    error = np.hypot(*(np.asarray(a) - np.asarray(b) for a, b in zip(step, exact, strict=True)))
    assert_allclose(error.max(), graph_ode.step_error(order), rtol=1e-12)
    assert np.argmax(error) == 20_000


def test_p13_numbers():
    assert f"{graph_ode.step_error(4):.3f}" == "0.198"
    assert f"{graph_ode.stable_attention_step(4):.4f}" == "1.3926"
    assert float(graph_ode.step_polynomial(4, -1.0)) == 0.375


def test_p14_self_weight_and_its_limits():
    scores = np.linspace(-5, 5, 11)
    assert_allclose(graph_ode.self_weight(6, scores), 1 / (1 + 5 * np.exp(scores)), rtol=1e-14)
    assert_allclose(graph_ode.self_weight(6, np.array([-800.0, 800.0])), [1, 0], atol=1e-300)
    assert_allclose(graph_ode.self_weight(6, 1.0, 8.0), 1 / (1 + 5 * np.exp(-7.0)), rtol=1e-14)


def test_p15_uniform_attention_takes_a_state_towards_its_mean():
    state = np.random.default_rng(4).normal(size=(5, 2))
    uniform = np.full((5, 5), 0.2)
    assert_allclose(graph_ode.uniform_state(state, 1.0), expm(uniform - np.eye(5)) @ state, atol=1e-14)


def test_arguments_are_refused_by_name():
    for call, words in (
        (lambda: graph_ode.attention_kernel(np.eye(3), 8.5), "`time` must lie in"),
        (lambda: graph_ode.oscillation_bound(1.2, 1.0), "`coefficient` must lie in"),
        (lambda: graph_ode.step_weights(0, 1.0), "`order` must be at least 1"),
        (lambda: graph_ode.self_weight(1, 0.0), "`nodes` must be at least 2"),
        (lambda: graph_ode.monotone_attention_step(1.0), "`self_weight` must lie in"),
    ):
        with pytest.raises(ValueError, match=words):
            call()
