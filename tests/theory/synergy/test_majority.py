"""Section 3.1, 3.2 and 3.6 of the specification: the majority map."""

from functools import partial

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from theory import synergy

from .digits import assert_all_digits, assert_digits, table
from .domain import signed, unit

EPS = float(np.finfo(float).eps)
FAN_INS = (1, 3, 5, 9, 21, 101)
BIASES = np.concatenate([[0.0], np.geomspace(1e-12, 0.9, 25), 1 - np.geomspace(1e-1, 1e-9, 12), [1.0]])

majority = jax.jit(synergy.majority_map, static_argnums=0)
majority_real = jax.jit(synergy.majority_map_real)
gradient_of_real = jax.jit(jax.grad(synergy.majority_map_real, argnums=(0, 1)))


def reference(fan_in, bias):
    """f_b by the incomplete beta function in 40 digits, without cancellation; any real fan-in."""
    with mpmath.workdps(40):
        order, bias = mpmath.mpf(float(fan_in)), mpmath.mpf(float(bias))
        tail = mpmath.betainc(mpmath.mpf(1) / 2, (order + 1) / 2, 0, bias * bias, regularized=True)
        return float(mpmath.sign(bias) * tail)


def exact_slope(fan_in):
    with mpmath.workdps(40):
        order = mpmath.mpf(float(fan_in))
        return float(2 * mpmath.gamma(order / 2 + 1) / (mpmath.sqrt(mpmath.pi) * mpmath.gamma((order + 1) / 2)))


@pytest.mark.parametrize("fan_in", FAN_INS)
def test_eq_3_2_series_against_forty_digits(fan_in):
    expected = [reference(fan_in, bias) for bias in BIASES]
    assert_allclose(majority(fan_in, BIASES), expected, rtol=16 * EPS)


@pytest.mark.parametrize("fan_in", [1, 1.3, 2, 2.5, 3, 3.7, 4, 5, 11.5, 60, 101, 1001, 10001])
def test_eq_3_2_quadrature_against_forty_digits(fan_in):
    expected = [reference(fan_in, bias) for bias in BIASES]
    assert_allclose(majority_real(fan_in, BIASES), expected, rtol=100 * EPS)


def test_eq_3_2_float32_stays_relatively_accurate():
    biases = BIASES.astype(np.float32)
    for fan_in in (5, 201):
        expected = [reference(fan_in, bias) for bias in biases]
        values = majority(fan_in, biases)
        assert values.dtype == jnp.float32
        # Rounding 1 - u^2 by eps/2 moves the sum by its logarithmic slope (b - 1)/6; summing adds a few eps.
        assert_allclose(values, expected, rtol=(fan_in / 6 + 4) * np.finfo(np.float32).eps)
        assert_allclose(majority_real(np.float32(fan_in), biases), expected, rtol=3e-6)


POLYNOMIALS = {
    3: (2, (3, -1)),
    5: (8, (15, -10, 3)),
    7: (16, (35, -35, 21, -5)),
    9: (128, (315, -420, 378, -180, 35)),
    11: (256, (693, -1155, 1386, -990, 385, -63)),
}


@pytest.mark.parametrize("fan_in", POLYNOMIALS)
def test_eq_3_2_iv_polynomials(fan_in):
    scale, odd_coefficients = POLYNOMIALS[fan_in]
    bias = np.linspace(-1, 1, 41)
    expected = sum(c * bias ** (2 * j + 1) for j, c in enumerate(odd_coefficients)) / scale
    # The polynomials alternate: their largest term is about 6.
    assert_allclose(majority(fan_in, bias), expected, atol=32 * EPS)


@given(bias=st.floats(1e-3, 1))
@pytest.mark.parametrize("fan_in", [3, 9, 51, 101])
def test_claim_c1_four_routes_agree(fan_in, bias):
    series = float(majority(fan_in, bias))
    # The quadrature is relative; the two subtractive routes are absolute.
    assert_allclose(majority_real(float(fan_in), bias), series, rtol=1e-10)
    assert_allclose(binomial(fan_in, bias), series, rtol=1e-10)
    assert_allclose(incomplete_beta(float(fan_in), bias), series, atol=1e-14)


binomial = jax.jit(synergy.majority_map_binomial, static_argnums=0)
incomplete_beta = jax.jit(synergy.majority_map_incomplete_beta)
slope_by_autodiff = jax.jit(jax.grad(synergy.majority_map, argnums=1), static_argnums=0)
slope_in_closed_form = jax.jit(synergy.majority_derivative, static_argnums=0)


@given(bias=signed)
@pytest.mark.parametrize("fan_in", [1, 3, 5, 51])
def test_claim_c2_slope_is_the_closed_form(fan_in, bias):
    expected = exact_slope(fan_in) * (1 - bias**2) ** ((fan_in - 1) // 2)
    assert_allclose(slope_by_autodiff(fan_in, bias), expected, rtol=1e-9, atol=1e-300)
    assert_allclose(slope_in_closed_form(fan_in, bias), expected, rtol=1e-9, atol=1e-300)


@given(bias=st.floats(-0.999, 0.999))
def test_eq_50_slope_is_the_derivative_of_the_series(bias):
    # The custom derivative against a central difference of the values, step 1e-5: errors h^2 f'''/6 + eps/h.
    step = 1e-5
    difference = (majority(9, bias + step) - majority(9, bias - step)) / (2 * step)
    assert_allclose(slope_by_autodiff(9, bias), difference, atol=2e-9)


T1 = """
3  1.5              .666666666667  .166666666667  .369070246429
5  1.875            .533333333333  .233333333333  .390576520266
7  2.1875           .457142857143  .271428571429  .402258726915
9  2.4609375        .406349206349  .296825396825  .409854497440
11 2.70703125       .369408369408  .315295815296  .415302772397
13 2.9326171875     .340992340992  .329503829504  .419460625706
15 3.14208984375    .318259518260  .340870240870  .422772123428
21 3.70013809204102 .270260183573 .364869908214 .429745606377
31 4.47839789092541 .223294138742 .388352930629 .436596084830
51 5.72603380562007 .174640952874 .412679523563 .443820065675
101 8.03851297610505 .124401117840 .437799441080 .451612066306
201 11.3260442808605 .088292079318 .455853960341 .457658935216
"""


@pytest.mark.parametrize("row", table(T1), ids=lambda row: f"b{row[0]}")
def test_table_t1_and_claim_c3(row):
    fan_in = int(row[0])
    slope = synergy.majority_slope(fan_in)
    assert_digits(slope, row[1])
    assert_allclose(slope, exact_slope(fan_in), rtol=EPS)
    assert_digits(synergy.critical_fidelity(fan_in, 0.0), row[2])
    assert_digits(synergy.critical_flip_probability(fan_in, 0.0), row[3])
    assert_digits(synergy.organisation_exponent(fan_in, 0.0, 1.0), row[4])


def test_eq_18_real_slope_against_forty_digits():
    fan_ins = np.array([1, 1.2, 2, 2.7, 3, 4, 5.5, 21, 101, 1001.5, 1e5])
    expected = [exact_slope(fan_in) for fan_in in fan_ins]
    assert_allclose(synergy.majority_slope_real(fan_ins), expected, rtol=24 * EPS)
    assert_allclose(synergy.majority_slope_real(fan_ins.astype(np.float32)), expected, rtol=3e-6)
    # log-gamma of 1e5 is 1e6, so its rounding alone is worth 1e6 eps.
    assert_allclose(synergy.majority_slope_gamma(fan_ins), expected, rtol=1e6 * EPS)


def test_eq_3_2_slope_asymptotics():
    for fan_in, error in ((3, "-4.0e-5"), (5, "1.6e-6"), (7, "1.4e-6"), (101, "9.4e-11")):
        assert_digits(synergy.majority_slope_asymptotic(fan_in) / exact_slope(fan_in) - 1, error)


def test_eq_3_2_slope_in_fan_in_is_a_difference_of_digammas():
    for fan_in in (2.0, 3.0, 7.5, 101.0):
        expected = float(mpmath.digamma(fan_in / 2 + 1) - mpmath.digamma((fan_in + 1) / 2)) / 2
        logarithmic = jax.grad(lambda b: jnp.log(synergy.majority_slope_real(b)))(fan_in)
        assert_allclose(logarithmic, expected, rtol=1e-12)


def test_eq_3_2_large_fan_in_shape():
    for fan_in, text in ((51, ".687457"), (201, ".683895"), (1001, ".682931")):
        assert_digits(synergy.majority_map(fan_in, fan_in**-0.5), text)
        assert_digits(synergy.majority_map_real(float(fan_in), fan_in**-0.5), text)
    assert_allclose(synergy.majority_map_real(1e8, 1e-4), float(mpmath.erf(2**-0.5)), rtol=1e-8)


def test_figure_f1_values():
    maps = [synergy.majority_map(fan_in, np.array([0.3, 0.8])) for fan_in in (3, 5, 7, 11)]
    assert_all_digits(np.array(maps)[:, 0], ".4365 .52966125 .60030853125 .702632552158")
    assert_all_digits(np.array(maps)[:, 1], ".944 .98288 .994544 .99940858784")


@given(bias=unit, other=unit, weight=unit)
@pytest.mark.parametrize("fan_in", [3, 9, 51])
def test_claim_c4_odd_increasing_concave_and_condorcet(fan_in, bias, other, weight):
    slack = 8 * EPS
    low, high = sorted((bias, other))
    at_low, at_high = float(majority(fan_in, low)), float(majority(fan_in, high))
    assert float(majority(fan_in, -bias)) == -float(majority(fan_in, bias))
    assert at_low <= at_high + slack
    between = weight * low + (1 - weight) * high
    assert float(majority(fan_in, between)) >= weight * at_low + (1 - weight) * at_high - slack
    assert at_low >= low * (1 - slack)
    assert float(majority(fan_in + 2, low)) >= at_low * (1 - slack)


@given(fan_in=st.integers(1, 2000))
def test_claim_c5_slope_is_at_most_the_square_root(fan_in):
    fan_in = 2 * fan_in + 1
    ratio = float(synergy.majority_slope(fan_in)) / fan_in**0.5
    following = float(synergy.majority_slope(fan_in + 2)) / (fan_in + 2) ** 0.5
    assert (2 / np.pi) ** 0.5 < following < ratio < 1
    # The ratio exceeds its limit by 1/(4b) at leading order.
    assert ratio < (2 / np.pi) ** 0.5 * (1 + 0.26 / fan_in)


@given(bias=signed, half=st.integers(1, 20))
def test_claim_c6_fair_ties_waste_a_vote(bias, half):
    # Exact enumeration of the even electorate, ties worth nothing.
    fan_in = 2 * half
    with mpmath.workdps(40):
        right = (1 + mpmath.mpf(bias)) / 2
        mass = [mpmath.binomial(fan_in, j) * right**j * (1 - right) ** (fan_in - j) for j in range(fan_in + 1)]
        expected = float(sum(mass[half + 1 :]) - sum(mass[:half]))
    assert_allclose(synergy.fair_tie_majority_map(fan_in, bias), expected, atol=1e-12)


def test_claim_c6_two_voters_gain_nothing_and_interpolation_differs():
    bias = np.linspace(-1, 1, 9)
    assert_allclose(synergy.fair_tie_majority_map(2, bias), bias, atol=0)
    assert_digits(synergy.majority_map_real(4.0, 0.37), ".5860338201")
    assert_digits(synergy.fair_tie_majority_map(4, 0.37), ".5296735000")
    difference = synergy.majority_map_real(4.0, 0.37) - synergy.fair_tie_majority_map(4, 0.37)
    assert_digits(difference, ".0563603")


@pytest.mark.parametrize("fan_in", [2.5, 3.0, 8.3])
@pytest.mark.parametrize("bias", [-0.4, 1e-3, 0.3, 0.97])
def test_real_map_gradients_against_forty_digits(fan_in, bias):
    by_fan_in, by_bias = gradient_of_real(fan_in, bias)
    with mpmath.workdps(40):
        step = mpmath.mpf(10) ** -12

        def value(order, u):
            tail = mpmath.betainc(mpmath.mpf(1) / 2, (order + 1) / 2, 0, u * u, regularized=True)
            return mpmath.sign(u) * tail

        order, u = mpmath.mpf(fan_in), mpmath.mpf(bias)
        expected_fan_in = float((value(order + step, u) - value(order - step, u)) / (2 * step))
        expected_bias = float((value(order, u + step) - value(order, u - step)) / (2 * step))
    assert_allclose(by_fan_in, expected_fan_in, rtol=1e-10)
    assert_allclose(by_bias, expected_bias, rtol=1e-12)


def test_real_map_second_derivatives_are_symmetric_and_finite_at_the_ends():
    mixed = jax.jit(jax.grad(jax.grad(synergy.majority_map_real, 0), 1))(5.5, 0.4)
    swapped = jax.jit(jax.grad(jax.grad(synergy.majority_map_real, 1), 0))(5.5, 0.4)
    assert_allclose(mixed, swapped, rtol=1e-11)
    assert np.all(np.isfinite([gradient_of_real(5.5, bias) for bias in (-1.0, 0.0, 1.0)]))


def test_section_14_number_of_the_gradient_in_fan_in():
    slope, _ = gradient_of_real(5.0, 0.8 * 0.3)
    assert_digits((1 - 0.2) * slope, ".0279633275")


@pytest.mark.parametrize("function", [synergy.majority_map, synergy.majority_derivative])
@pytest.mark.parametrize("fan_in", [0, 2, 4, -3])
def test_even_and_non_positive_fan_in_is_refused(function, fan_in):
    with pytest.raises(ValueError, match=r"Argument `fan_in` must be an odd integer of at least 1"):
        function(fan_in, 0.3)


def test_bias_out_of_range_is_refused():
    for bias in (1.5, -1.0001, np.nan, np.array([0.2, 3.0])):
        with pytest.raises(ValueError, match=r"Argument `bias` must lie in \[-1, 1\]"):
            synergy.majority_map(3, bias)
    with pytest.raises(ValueError, match=r"Argument `fan_in` must lie in \[1, inf\)"):
        synergy.majority_map_real(0.5, 0.2)


def test_nan_travels_through_compiled_maps():
    assert np.isnan(majority(5, np.nan))
    assert np.isnan(majority_real(5.0, np.nan))
    assert np.isnan(majority_real(np.nan, 0.3))


def test_second_derivative_matches_closed_form():
    second = jax.vmap(jax.grad(jax.grad(partial(synergy.majority_map, 7))))
    bias = np.array([-0.9, -0.3, 0.01, 0.6, 1.0])
    expected = -exact_slope(7) * 6 * bias * (1 - bias**2) ** 2
    assert_allclose(second(bias), expected, rtol=1e-12)
