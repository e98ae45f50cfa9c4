"""Section 4.3 of the specification: mixing depth and its two-sided bounds."""

import jax
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from theory import synergy

from .digits import assert_digits, table
from .domain import unit

TABLE = """
0  .01 1.50 .9783389249 1.3538924 12,13,17    12,15,22    12,16,28
0  .1  1.50 .9783389249 1.3538924 6,7,10      6,9,15      6,10,21
.2 .01 1.36 .9153878414 1.2570582 15,17,23    15,20,31    15,22,38
.4 .01 1.22 .8095596196 1.1590622 22,26,36    23,31,49    23,36,62
.6 .01 1.08 .5778466927 1.0589725 52,62,86    53,77,124   53,92,162
.7 .01 1.01 .2293792738 1.0074809 305,388,543 314,510,849 315,626,1156
"""
SHORTFALLS = np.array([0.1, 0.01, 0.001])

depth_of = jax.jit(synergy.mixing_depth, static_argnums=0)
half_way = jax.jit(synergy.half_way_gain, static_argnums=0)
bounds_of = jax.jit(synergy.mixing_depth_bounds, static_argnums=0)


@pytest.mark.parametrize("row", table(TABLE), ids=lambda row: f"rho{row[0]}-mu{row[1]}")
def test_eq_4_3_table(row):
    correlation, initial_bias = float(row[0]), float(row[1])
    assert_digits(synergy.effective_gain(5, correlation, 0.8), row[2])
    assert_digits(synergy.fixed_point(5, correlation, 0.8), row[3])
    assert_digits(half_way(5, correlation, 0.8), row[4])
    exact = depth_of(5, correlation, 0.8, initial_bias, SHORTFALLS)
    bounds = bounds_of(5, correlation, 0.8, initial_bias, SHORTFALLS)
    found = np.stack([bounds.lower, exact, bounds.upper], axis=1).astype(int)
    assert found.ravel().tolist() == [int(word) for word in row[5:]]


@pytest.mark.parametrize("fan_in", [5, 51])
def test_claim_c19_bounds_hold_on_ten_thousand_points(fan_in):
    random = np.random.default_rng(fan_in)
    size = 5000
    correlation = random.uniform(0, 0.95, size)
    threshold = np.asarray(synergy.critical_fidelity(fan_in, correlation))
    # From 1 percent above threshold up to a perfect channel.
    fidelity = threshold + (1 - threshold) * random.uniform(0.01, 1, size)
    initial_bias = np.exp(random.uniform(np.log(1e-4), 0, size))
    shortfall = np.exp(random.uniform(np.log(1e-6), np.log(0.5), size))
    exact = np.asarray(depth_of(fan_in, correlation, fidelity, initial_bias, shortfall))
    lower, upper = bounds_of(fan_in, correlation, fidelity, initial_bias, shortfall)
    assert np.all(exact >= 0)
    assert np.all(lower <= exact)
    assert np.all(exact <= upper)
    assert np.sum(exact > 0) > size // 2


@pytest.mark.parametrize("fan_in", [3, 9])
@given(correlation=unit, fidelity=unit, initial_bias=st.floats(1e-3, 1), shortfall=st.floats(1e-4, 0.9))
def test_eq_4_3_definition_and_bounds(fan_in, correlation, fidelity, initial_bias, shortfall):
    alpha = float(synergy.effective_gain(fan_in, correlation, fidelity))
    assume(abs(alpha - 1) > 0.05)
    limit = float(fixed_point(fan_in, correlation, fidelity))
    depth = int(depth_of(fan_in, correlation, fidelity, initial_bias, shortfall))
    orbit = np.asarray(orbit_of(fan_in, correlation, fidelity, initial_bias, 300))
    target = (1 - shortfall) * limit
    slack = 1e-14
    assert orbit[depth] >= target - slack
    assert np.all(orbit[:depth] <= target + slack)
    bounds = bounds_of(fan_in, correlation, fidelity, initial_bias, shortfall)
    assert bounds.lower <= depth <= bounds.upper
    if limit == 0:
        assert depth == 0


fixed_point = jax.jit(synergy.fixed_point, static_argnums=0)
orbit_of = jax.jit(synergy.bias_trajectory, static_argnums=(0, 4))


def test_claim_c20_mixing_slows_down_as_one_over_the_distance():
    slope = float(synergy.majority_slope(5))
    excess = np.array([0.1, 0.03, 0.01, 3e-3, 1e-3])
    correlation = (slope - (1 + excess) / 0.6) / (slope - 1)
    start = 0.1 * np.asarray(synergy.fixed_point(5, correlation, 0.6))
    scaled = np.asarray(depth_of(5, correlation, 0.6, start, 0.1)) * excess
    # The logistic law gives log(sqrt((100 - 1) / (1/.81 - 1))) at the threshold.
    limit = 0.5 * np.log(99 / (1 / 0.81 - 1))
    assert np.all(np.abs(scaled / limit - 1) < 0.15)
    assert abs(scaled[-1] / limit - 1) < 0.005


@pytest.mark.parametrize(("fan_in", "correlation", "fidelity"), [(5, 0.2, 0.8), (3, 0.1, 0.9), (7, 0.4, 0.7)])
def test_claim_c21_rate_of_convergence(fan_in, correlation, fidelity):
    limit = float(synergy.fixed_point(fan_in, correlation, fidelity))
    depth = int(depth_of(fan_in, correlation, fidelity, 0.01, 1e-6))
    orbit = orbit_of(fan_in, correlation, fidelity, 0.01, 300)
    rate = (limit - orbit[depth + 1]) / (limit - orbit[depth])
    assert_allclose(rate, synergy.slope_at_fixed_point(fan_in, correlation, fidelity), atol=1e-4)


def test_unreached_depths_are_coded():
    # Too few levels allowed; a shortfall below rounding; no signal at all (traced, so not refused).
    assert synergy.mixing_depth(5, 0.7, 0.8, 0.01, 0.1, max_depth=100) == -1
    assert depth_of(5, 0.2, 0.8, 0.0, 0.1) == -1
    assert depth_of(5, 0.2, 0.8, np.nan, 0.1) == -1
    assert depth_of(5, 0.9, 0.6, 0.3, 0.1) == 0
    bounds = bounds_of(5, 0.9, 0.6, 0.3, 0.1)
    assert bounds == (0, 0)


def test_eq_4_3_half_way_gain_lies_between_one_and_two():
    correlation, fidelity = np.meshgrid(np.linspace(0, 0.95, 20), np.linspace(0.1, 1, 19))
    alpha = np.asarray(synergy.effective_gain(5, correlation, fidelity))
    ratio = np.asarray(half_way(5, correlation, fidelity))
    grows = np.asarray(alpha > 1)
    assert np.all((ratio[grows] > 1) & (ratio[grows] < 2))
    assert_allclose(ratio[~grows], alpha[~grows])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((5, 0.2, 0.8, 0.0, 0.1), r"`initial_bias` must lie in \(0, 1\], but is 0.0"),
        ((5, 0.2, 0.8, 0.1, 0.0), r"`shortfall` must lie in \(0, 1\), but is 0.0"),
        ((2, 0.2, 0.8, 0.1, 0.1), r"`fan_in` must be an odd integer of at least 3"),
    ],
)
def test_bad_arguments_are_refused_by_name(arguments, message):
    with pytest.raises(ValueError, match=message):
        synergy.mixing_depth(*arguments)
    with pytest.raises(ValueError, match=message):
        synergy.mixing_depth_bounds(*arguments)
