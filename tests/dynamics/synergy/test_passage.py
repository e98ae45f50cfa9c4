"""The level map's gain, tuning, resting point and passage times, against exact arithmetic and the paper's tables."""

from fractions import Fraction
from math import comb

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dynamics.synergy import (
    Passage,
    first_passage,
    level_map,
    measured_gain,
    resting_bias,
    trajectory,
    tuned_correlation,
)

EPS = np.finfo(float).eps


@pytest.mark.parametrize("fan_in", [3, 5, 9, 51])
def test_eq_3_3_the_measured_gain_is_the_slope_of_the_vote_count(fan_in):
    slope = Fraction(fan_in * comb(fan_in - 1, fan_in // 2), 2 ** (fan_in - 1))
    rho, gamma = Fraction(1, 4), Fraction(7, 8)
    exact = gamma * (rho + (1 - rho) * slope)
    np.testing.assert_allclose(measured_gain(fan_in, 0.25, 0.875), float(exact), rtol=(fan_in + 8) * EPS)


def test_eq_3_4_tuning_finds_the_published_critical_correlations():
    for fan_in, fidelity, published in [(5, 0.6, 0.238095238095), (3, 0.8, 0.5), (9, 0.5, 0.315508021390)]:
        tuned = tuned_correlation(fan_in, fidelity, 1.0)
        assert float(tuned) == pytest.approx(published, abs=5e-13)
        assert float(measured_gain(fan_in, tuned, fidelity)) == pytest.approx(1.0, abs=32 * EPS)


def test_table_4_resting_biases():
    # (fan-in, correlation, fidelity, mu* of the table T4)
    for fan_in, rho, gamma, published in [
        (3, 0.1, 0.7, 0.311739843194),
        (5, 0.1, 0.6, 0.555555555556),
        (9, 0.4, 0.99, 0.993377473978),
        (5, 0.4, 0.6, 0.0),
        (7, 0.2, 1.0, 1.0),
    ]:
        assert float(resting_bias(fan_in, rho, gamma)) == pytest.approx(published, abs=5e-13)


def test_the_passage_is_where_the_trajectory_first_reaches_the_target():
    biases = np.asarray(trajectory(5, 0.2, 0.8, 0.01, 40))
    for target in (0.005, 0.1, 0.5, 0.9):
        levels, bias = first_passage(5, 0.2, 0.8, 0.01, target, 100)
        assert int(levels) == int(np.argmax(biases >= target))
        # The same operations, fused differently by the compiler.
        np.testing.assert_allclose(bias, biases[int(levels)], rtol=40 * 8 * EPS)


def test_table_4_3_mixing_depths():
    for rho, start, depths in [(0.0, 0.01, (13, 15, 16)), (0.4, 0.01, (26, 31, 36)), (0.7, 0.01, (388, 510, 626))]:
        rest = resting_bias(5, rho, 0.8)
        found = [int(first_passage(5, rho, 0.8, start, (1 - s) * rest, 2000).levels) for s in (0.1, 0.01, 0.001)]
        assert tuple(found) == depths


def test_an_unreachable_target_stops_at_the_deepest_level_allowed():
    stopped = first_passage(5, 0.4, 0.6, 0.1, 0.2, 7)
    assert isinstance(stopped, Passage)
    assert int(stopped.levels) == 7
    assert float(stopped.bias) < 0.1


def test_vmap_is_a_loop_and_float32_is_near_float64():
    rhos = jnp.linspace(0.0, 0.6, 4)
    together = jax.jit(jax.vmap(lambda rho: first_passage(5, rho, 0.8, 0.01, 0.5, 500)))(rhos)
    for i, rho in enumerate(rhos):
        assert int(together.levels[i]) == int(first_passage(5, rho, 0.8, 0.01, 0.5, 500).levels)
    single = resting_bias(5, jnp.float32(0.2), jnp.float32(0.8))
    assert single.dtype == jnp.float32
    # mu* moves by |dmu*/dgamma| < 1 and |dmu*/drho| < 1 (spec 3.5) with the rounded parameters.
    assert float(single) == pytest.approx(float(resting_bias(5, 0.2, 0.8)), abs=32 * 2.0**-23)
    assert level_map(5, jnp.float32(0.2), jnp.float32(0.8), single).dtype == jnp.float32


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: measured_gain(4, 0.1, 0.9), "fan_in"),
        (lambda: resting_bias(5, 1.2, 0.9), "correlation"),
        (lambda: first_passage(5, 0.1, 0.9, 1.5, 0.5, 3), "initial_bias"),
        (lambda: first_passage(5, 0.1, 0.9, 0.5, 0.5, -1), "max_depth"),
    ],
)
def test_bad_arguments_are_named(call, named):
    with pytest.raises(ValueError, match=named):
        call()
