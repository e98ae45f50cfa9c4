"""Sections 3.7, 3.8 and 4.1 of the specification: critical decay, finite-depth scaling, small signals."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from theory import synergy

from .digits import assert_all_digits, assert_digits, table
from .domain import unit

EPS = float(np.finfo(float).eps)
CRITICAL = (5, 5 / 21, 0.6)


@pytest.fixture(scope="module")
def critical_orbit():
    return np.asarray(synergy.bias_trajectory(*CRITICAL, 0.5, 2000))


def test_eq_3_7_critical_decay(critical_orbit):
    assert_digits(synergy.cubic_coefficient(*CRITICAL), ".205714285714286")
    assert_digits(synergy.critical_amplitude(*CRITICAL), "1.559023911")
    depths = np.array([10, 100, 1000, 2000])
    assert_all_digits(critical_orbit[depths], ".3478956191 .1480294861 .04900753288 .03475383867")
    assert_all_digits(synergy.critical_decay(*CRITICAL, 0.5, depths), ".3510547 .1488351 .0490627 .0347764")


def test_claim_c15_amplitude_of_the_critical_decay(critical_orbit):
    amplitude = float(synergy.critical_amplitude(*CRITICAL))
    assert abs(1000**0.5 * critical_orbit[1000] / amplitude - 1) < 0.01


def test_eq_3_8_near_critical_law_joins_its_limits():
    depths = np.array([0, 1, 30, 1000])
    at_threshold = synergy.near_critical_bias(*CRITICAL, 0.5, depths)
    assert_allclose(at_threshold, synergy.critical_decay(*CRITICAL, 0.5, depths), rtol=1e-12)
    deep = synergy.near_critical_bias(5, 0.2, 0.6, 0.5, 1e5)
    assert_allclose(deep, synergy.near_threshold_fixed_point(5, 0.2, 0.6), rtol=1e-12)
    assert synergy.near_critical_bias(5, 0.3, 0.6, 0.5, 1e5) == 0
    # The formula of the specification, away from its removable singularity.
    alpha = float(synergy.effective_gain(5, 0.2, 0.6))
    kappa = float(synergy.cubic_coefficient(5, 0.2, 0.6))
    delta = alpha - 1
    memory = (1 - delta / (kappa * 0.5**2)) * np.exp(-2 * delta * depths)
    expected = np.sqrt(delta / kappa / (1 - memory))
    assert_allclose(synergy.near_critical_bias(5, 0.2, 0.6, 0.5, depths), expected, rtol=1e-12)


def tuned(exponent, depth, fan_in=5, fidelity=0.6):
    """The correlation at which (alpha - 1) L = z."""
    slope = float(synergy.majority_slope(fan_in))
    return (slope - (1 + np.asarray(exponent) / depth) / fidelity) / (slope - 1)


# The last number of the specification, 2.461962, is a digit high: 2.4619608 in 40 digits.
COLLAPSE = """
30  .037756 .282450 1.034757 1.770373 2.547869
100 .063308 .350559 1.060837 1.745947 2.484757
300 .076780 .378537 1.070060 1.738193 2.461961
"""
EXPONENTS = np.array([-3.0, -1.0, 1.0, 3.0, 6.0])


def test_eq_3_8_scaling_function():
    limit = synergy.finite_depth_scaling(EXPONENTS)
    # sqrt(3/(1 - e^{-6})) = 1.73420147: the specification prints 1.734202.
    assert_all_digits(limit, ".086341 .395623 1.075415 1.734201 2.449497")
    assert_allclose(limit, np.sqrt(EXPONENTS / (1 - np.exp(-2 * EXPONENTS))), rtol=1e-14)
    assert_allclose(synergy.finite_depth_scaling(0.0), 0.5**0.5, rtol=2 * EPS)


def test_eq_3_8_scaling_function_is_smooth_through_zero():
    value = jax.jit(jax.vmap(jax.value_and_grad(synergy.finite_depth_scaling)))
    exponents = np.array([-1000.0, -40.0, -1e-2, -1.1e-3, -0.9e-3, -1e-9, 0.0, 1e-9, 0.9e-3, 1.1e-3, 700.0])
    values, slopes = value(exponents)
    assert np.all(np.isfinite(values))
    assert np.all(np.isfinite(slopes))
    small = np.abs(exponents) < 0.02
    z = exponents[small]
    # ln g = -ln(2)/2 + z/2 - z^2/12 + O(z^4), from z/(1 - e^{-2z}).
    assert_allclose(np.log(values[small]), -np.log(2) / 2 + z / 2 - z**2 / 12, atol=1e-10)
    assert_allclose(slopes[small] / values[small], 1 / 2 - z / 6, atol=1e-7)


@partial(jax.jit, static_argnums=1)
def scaled_bias(correlations, depth):
    """mu_L sqrt(kappa3 L); compiled, because z = 6 at L = 30 needs a formally negative correlation."""
    kappa = synergy.cubic_coefficient(5, correlations, 0.6)
    return synergy.root_bias(5, correlations, 0.6, 0.5, depth) * jnp.sqrt(kappa * depth)


def test_claim_c16_finite_depth_collapse():
    limit = np.asarray(synergy.finite_depth_scaling(EXPONENTS))
    errors = []
    for row in table(COLLAPSE):
        depth = int(row[0])
        correlations = tuned(EXPONENTS, depth)
        scaled = scaled_bias(correlations, depth)
        assert_all_digits(scaled, row[1:])
        errors.append(np.abs(scaled / limit - 1))
    assert np.all(np.diff(errors, axis=0) < 0)
    assert np.all(errors[-1][2:] < 0.006)
    assert 0.10 < errors[-1][0] < 0.12


def test_eq_3_8_start_corrected_law_beats_the_bare_one():
    depth = 300
    correlations = tuned(EXPONENTS, depth)
    exact = synergy.root_bias(5, correlations, 0.6, 0.5, depth)
    corrected = synergy.near_critical_bias(5, correlations, 0.6, 0.5, depth)
    bare = synergy.finite_depth_scaling(EXPONENTS) / np.sqrt(
        np.asarray(synergy.cubic_coefficient(5, correlations, 0.6)) * depth
    )
    assert np.all(np.abs(corrected / exact - 1)[:2] < np.abs(bare / exact - 1)[:2] / 4)


def test_claim_c17_log_slope_at_threshold():
    trajectory = jax.jit(
        lambda correlation: jax.jvp(lambda rho: synergy.bias_trajectory(5, rho, 0.6, 0.5, 320), (correlation,), (1.0,))
    )
    orbit, tangent = trajectory(5 / 21)
    depths = np.array([10, 20, 40, 80, 160, 320])
    slopes = np.asarray(tangent / orbit)[depths] / depths
    assert_all_digits(slopes, "-.3794 -.3400 -.3093 -.2889 -.2768 -.2701")
    limit = np.asarray(synergy.log_slope_at_threshold(5, 0.6, depths)) / depths
    assert_allclose(limit, -0.2625, rtol=8 * EPS)
    # The error falls like 1/L: halved by each doubling, ever more nearly.
    ratios = np.diff(np.log(limit - slopes)) / np.log(2)
    assert np.all(np.diff(ratios) < 0)
    assert -1.0 < ratios[-1] < -0.8


def test_figure_f7_sharpening():
    correlations = np.array([0.15, 0.2, 0.22, 5 / 21, 0.26, 0.3, 0.35])
    orbit = synergy.bias_trajectory(5, correlations, 0.6, 0.5, 320)
    rows = {
        10: ".47018064 .39954165 .37210608 .34789562 .31952316 .27084216 .21654505",
        40: ".45489185 .32643899 .26976243 .21930835 .16326763 .085282709 .032837376",
        160: ".4539969 .30598542 .21707663 .11917571 .03392148 .0015831908 2.29e-5",
        320: ".45399689 .30583926 .21310217 .085632979 .005278084 8.01e-6 1.42e-9",
    }
    for depth, row in rows.items():
        assert_all_digits(orbit[depth], row)


def test_eq_4_1_product_lower_bound_number():
    arguments = (5, 0.1, 0.6, 0.01, 20)
    assert_digits(synergy.small_signal_lower_bound(*arguments), ".04045141613")
    assert_digits(synergy.root_bias(*arguments), ".04045172694")
    assert_digits(synergy.small_signal_upper_bound(*arguments), ".04054581338")


lower_bound = jax.jit(synergy.small_signal_lower_bound, static_argnums=0)
band = jax.jit(synergy.small_signal_band, static_argnums=0)
orbit_of = jax.jit(synergy.bias_trajectory, static_argnums=(0, 4))
DEPTHS = np.arange(31)


@pytest.mark.parametrize("fan_in", [3, 9, 51])
@given(correlation=unit, fidelity=st.floats(1e-3, 1), bias=unit, loss=unit)
def test_claim_c18_bounds_and_band_hold(fan_in, correlation, fidelity, bias, loss):
    orbit = np.asarray(orbit_of(fan_in, correlation, fidelity, bias, 30))
    slack = 1 + 500 * EPS
    lower, upper, valid = band(fan_in, correlation, fidelity, bias, DEPTHS, loss)
    assert np.all(orbit <= upper * slack + 1e-300)
    product = np.asarray(lower_bound(fan_in, correlation, fidelity, bias, DEPTHS))
    assert np.all(product <= orbit * slack + 1e-300)
    assert np.all(np.where(valid, lower <= orbit * slack + 1e-300, True))


def test_eq_4_1_band_is_not_empty():
    _, upper, valid = synergy.small_signal_band(5, 0.1, 0.6, 0.01, DEPTHS, 0.05)
    reach = synergy.small_signal_reach(5, 0.1, 0.6, 0.05)
    assert np.array_equal(valid, upper <= reach)
    assert 5 < np.sum(valid) <= 31
    assert not np.any(synergy.small_signal_band(5, 0.4, 0.6, 0.01, DEPTHS, 0.05).valid)


def test_eq_4_1_lower_bound_is_continuous_at_threshold():
    slope = float(synergy.majority_slope(5))
    values = []
    for excess in (-1e-7, 0.0, 1e-7):
        correlation = (slope - (1 + excess) / 0.6) / (slope - 1)
        values.append(float(synergy.small_signal_lower_bound(5, correlation, 0.6, 0.01, 20)))
    kappa = float(synergy.cubic_coefficient(*CRITICAL))
    assert_allclose(values[1], 0.01 * (1 - kappa * 1e-4 * 20), rtol=1e-12)
    assert_allclose((values[0] + values[2]) / 2, values[1], rtol=1e-10)


@pytest.mark.parametrize("fan_in", [3, 9])
@given(correlation=unit, fidelity=unit, loss=unit, fraction=unit)
def test_thm_5_reach_keeps_the_loss(fan_in, correlation, fidelity, loss, fraction):
    reach = float(synergy.small_signal_reach(fan_in, correlation, fidelity, loss))
    bias = fraction * min(reach, 1.0)
    assume(fidelity * bias > 1e-100)
    alpha = float(synergy.effective_gain(fan_in, correlation, fidelity))
    value = float(synergy.level_map(fan_in, correlation, fidelity, bias))
    assert value >= (1 - loss) * alpha * bias * (1 - 16 * EPS)


def test_bad_arguments_are_refused_by_name():
    with pytest.raises(ValueError, match=r"`depth` must lie in \[0, inf\), but is -1"):
        synergy.critical_decay(5, 0.2, 0.6, 0.5, -1)
    with pytest.raises(ValueError, match=r"`loss` must lie in \[0, 1\], but is 1.5"):
        synergy.small_signal_reach(5, 0.2, 0.6, 1.5)
    with pytest.raises(ValueError, match=r"`fidelity` must lie in \(0, 1\]"):
        synergy.log_slope_at_threshold(5, 0.0, 10)
