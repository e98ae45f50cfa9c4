"""Section 7.5 of the specification: levels that differ, their order, and 2-cycles."""

import itertools

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from theory import synergy

bias = jax.jit(synergy.schedule_bias, static_argnums=0)
cycle = jax.jit(synergy.two_cycle, static_argnums=0)
four = st.lists(st.floats(0.05, 1), min_size=4, max_size=4).map(np.array)


@given(four, four, st.floats(0, 1))
def test_eq_7_5_levels_are_level_maps_and_stay_below_the_product_of_gains(correlations, fidelities, start):
    root = start
    for rho, gamma in zip(correlations, fidelities, strict=True):
        root = float(synergy.level_map(5, rho, gamma, root))
    found = float(bias(5, correlations, fidelities, start))
    assert_allclose(found, root, rtol=1e-13, atol=1e-300)
    bound = float(synergy.schedule_upper_bound(5, correlations, fidelities, start))
    assert found <= bound * (1 + 1e-13)
    rate = float(synergy.schedule_growth_rate(5, correlations, fidelities))
    assert_allclose(bound, start * np.exp(4 * rate), rtol=1e-12)


@pytest.mark.parametrize("fan_in", [3, 9])
@given(four, st.floats(0, 1), st.floats(0.01, 1))
def test_spec_7_5_the_weak_channel_belongs_at_the_leaves(fan_in, fidelities, correlation, start):
    """No order of one correlation beats rising fidelities; the first-order gain does not see the order."""
    orders = np.array(list(itertools.permutations(fidelities)))
    roots = np.asarray(bias(fan_in, np.full(orders.shape, correlation), orders, start))
    best = float(bias(fan_in, np.full(4, correlation), synergy.best_order(fidelities), start))
    assert np.all(roots <= best * (1 + 1e-13))
    worst = float(bias(fan_in, np.full(4, correlation), synergy.best_order(fidelities)[::-1], start))
    assert np.all(roots >= worst * (1 - 1e-13))


def test_spec_7_5_alternating_levels_settle_in_a_two_cycle():
    correlations, fidelities = np.array([0.1, 0.3]), np.array([0.5, 0.95])
    found = cycle(5, correlations, fidelities)
    assert synergy.effective_gain(5, 0.1, 0.5) < 1
    long = bias(5, np.tile(correlations, 200), np.tile(fidelities, 200), 0.4)
    assert_allclose(found.before_first, long, rtol=1e-12)
    assert_allclose(found.before_second, synergy.level_map(5, 0.1, 0.5, float(long)), rtol=1e-12)
    assert found.before_second < found.before_first


def test_spec_7_5_a_cycle_of_equal_levels_is_the_fixed_point_and_none_survives_below():
    found = cycle(5, np.array([0.2, 0.2]), np.array([0.8, 0.8]))
    assert_allclose(np.array(found), float(synergy.fixed_point(5, 0.2, 0.8)), rtol=1e-13)
    dead = cycle(5, np.array([0.2, 0.2]), np.array([0.4, 0.8]))
    assert tuple(map(float, dead)) == (0, 0)
    assert cycle(5, np.array([0.2, 0.3]), np.array([1.0, 1.0])).before_first == 1


def test_gradients_of_cycles_and_schedules_are_finite_differences():
    fidelities = np.array([0.6, 0.9])
    for function in (
        lambda gammas: cycle(5, np.array([0.1, 0.3]), gammas).before_first,
        lambda gammas: bias(5, np.array([0.1, 0.3]), gammas, 0.2),
    ):
        slope = jax.grad(function)(fidelities)
        for i, nudge in enumerate(1e-5 * np.eye(2)):
            difference = (function(fidelities + nudge) - function(fidelities - nudge)) / 2e-5
            assert_allclose(slope[i], difference, rtol=1e-7)


def test_batches_and_precision():
    gammas = np.random.default_rng(0).uniform(0.4, 1, (6, 4))
    rhos = np.full((6, 4), 0.2)
    together = np.asarray(bias(5, rhos, gammas, 0.1))
    assert_allclose(together[2], bias(5, rhos[2], gammas[2], 0.1), rtol=1e-14)
    rough = bias(5, rhos.astype(np.float32), gammas.astype(np.float32), np.float32(0.1))
    assert rough.dtype == np.float32
    assert_allclose(rough, together, rtol=1e-5)


def test_bad_arguments_are_refused_by_name():
    good = np.array([0.2, 0.3])
    for build, words in [
        (lambda: synergy.schedule_bias(5, good, np.array([0.5, np.nan]), 0.1), "`fidelities`"),
        (lambda: synergy.schedule_bias(5, -good, good, 0.1), "`correlations`"),
        (lambda: synergy.schedule_bias(5, good, good, 1.1), "`initial_bias`"),
        (lambda: synergy.schedule_growth_rate(5, good, good - 1), "`fidelities`"),
        (lambda: synergy.schedule_upper_bound(4, good, good, 0.1), "`fan_in`"),
        (lambda: synergy.two_cycle(5, np.full(3, 0.2), np.full(3, 0.9)), "must have 2 levels"),
        (lambda: synergy.best_order(1.5 + good), "`fidelities`"),
    ]:
        with pytest.raises(ValueError, match=words):
            build()
