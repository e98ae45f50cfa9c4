"""Sections 8.1, 8.2 and 8.4 of the specification: what a simulation's own errors should be."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from theory import synergy

from .digits import assert_all_digits, assert_digits

EPS = float(np.finfo(float).eps)


def test_eq_8_2_standard_deviations():
    correlations = np.array([0, 0.1, 0.2, 5 / 21, 0.3, 0.4, 0.6])
    rows = {
        10: ".02881 .02149 .01624 .01470 .01265 .01025 .00759",
        30: ".01782 .05606 .03250 .02432 .01643 .01106 .00763",
    }
    for depth, row in rows.items():
        variance, _ = synergy.pool_error(5, correlations, 0.6, 0.05, depth, 50000)
        assert_all_digits(np.sqrt(variance), row)
    assert_digits(synergy.binomial_standard_error(0.05, 50000), ".0045")


def test_eq_8_2_worked_examples():
    # 40 digits give .114947 for the first deviation; the specification rounds it to .1150.
    variance, bias = synergy.pool_error(5, 0.1, 0.6, 0.3, 10, 500)
    assert_all_digits([bias, np.sqrt(variance)], "-.0200 .1149")
    variance, bias = synergy.pool_error(5, 0.0, 0.6, 0.05, 8, 4000)
    assert_all_digits([bias, np.sqrt(variance)], "-.0015 .0804")
    variance, bias = synergy.pool_error(5, 0.2, 0.8, 0.1, 8, 500)
    assert_all_digits([bias, np.sqrt(variance)], "-.135 .198")


@given(correlation=st.floats(0, 1), fidelity=st.floats(0, 1), bias=st.floats(0, 1), size=st.integers(10, 100000))
def test_eq_8_2_recursion_step_by_step(correlation, fidelity, bias, size):
    slope = jax_slope(5, correlation, fidelity, bias)
    raised = jax_level(5, correlation, fidelity, bias)
    variance, drift = compiled(5, correlation, fidelity, bias, 1, size)
    fresh = (1 - bias**2) / size
    # 1 - u^2 rounded from u^2 near 1 leaves eps.
    assert_allclose(variance, slope**2 * fresh + (1 - raised**2) / size, rtol=1e-12, atol=8 * EPS / size)
    bend = synergy.level_curvature(5, correlation, fidelity, bias)
    assert_allclose(drift, bend * fresh / 2, rtol=1e-12, atol=64 * EPS / size)
    assert drift <= 0


compiled = jax.jit(synergy.pool_error, static_argnums=(0, 4))
jax_slope = jax.jit(synergy.level_slope, static_argnums=0)
jax_level = jax.jit(synergy.level_map, static_argnums=0)


def test_eq_8_2_depth_zero_is_a_plain_sample():
    variance, bias = synergy.pool_error(3, 0.1, 0.9, 0.4, 0, 100)
    assert_allclose(np.sqrt(variance), synergy.binomial_standard_error(0.4, 100), rtol=4 * EPS)
    assert bias == 0


def test_eq_8_1_lazy_tree_sizes():
    assert_all_digits(synergy.lazy_tree_leaves(5, np.array([0, 0.7]), 10) / np.array([1e6, 1]), "9.77 2656")
    assert_digits(synergy.lazy_tree_leaves(5, 0.5, 10) / 1e4, "5.9")
    assert synergy.lazy_tree_leaves(5, 1.0, 30) == 1


def test_eq_8_4_hoeffding():
    assert_allclose(synergy.hoeffding_half_width(200, 0.05), np.sqrt(2 * np.log(40) / 200), rtol=4 * EPS)


def test_bad_arguments_are_refused_by_name():
    with pytest.raises(ValueError, match=r"`pool_size` must lie in \(0, inf\), but is 0"):
        synergy.pool_error(5, 0.1, 0.6, 0.05, 3, 0)
    with pytest.raises(ValueError, match=r"`miss_probability` must lie in \(0, 1\]"):
        synergy.hoeffding_half_width(10, 0.0)
    with pytest.raises(ValueError, match=r"`samples` must lie in \(0, inf\)"):
        synergy.binomial_standard_error(0.1, -1)
