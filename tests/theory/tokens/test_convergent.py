"""Section 3.3: constants of the convergent regime, and step sizes."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from tests.theory.synergy.digits import assert_digits
from theory import tokens as theory

decays = st.one_of(st.just(0.0), st.floats(1e-9, 16))
biases = st.floats(-7, 2)


@given(decay=decays, bias=biases)
def test_eq_3_3_constants_are_the_fixed_point(decay, bias):
    q = float(theory.retention(decay, bias))
    z = np.array([float(theory.convergent_share(position, decay, bias)) for position in range(1, 7)])
    for position in range(1, 7):
        drive = 1 - sum(q ** (position - j) * z[j - 1] for j in range(1, position + 1))
        assert abs(z[position - 1] * drive) < 1e-14


def test_eq_3_3_constants():
    assert_digits(theory.convergent_constant(2, -0.8, 0.5) / theory.convergent_constant(1, -0.8, 0.5), "0.541196")
    assert_allclose(theory.convergent_constant(1, -0.8, 0.5), 1 / np.sqrt(1.6 * np.log(2)), rtol=1e-15)
    assert theory.convergent_constant(3, -0.8, 0.0) == 0
    # A small decay keeps all digits of 1 - q.
    assert_allclose(theory.convergent_share(4, 1e-12), 1e-12 * np.log(2), rtol=1e-12)


def test_eq_3_3_deviation_exponents():
    assert_digits(theory.deviation_exponent(0.5), "-0.29289")
    assert theory.deviation_exponent(3.0) == -0.5
    late = float(theory.relaxation_log_time(0.5, 0.0, 1e-3))
    assert_allclose(np.exp(late * theory.deviation_exponent(0.5)), 1e-3, rtol=1e-12)
    assert np.isinf(theory.relaxation_log_time(0.0, 0.0, 1e-3))


def test_eq_3_3_undamped_shares():
    assert theory.undamped_share(1, 100.0) == 1
    assert_allclose(theory.undamped_share(2, 100.0), 0.01, rtol=1e-15)
    assert_allclose(theory.undamped_share(3, 100.0), 0.01 / np.log(100), rtol=1e-15)
    with pytest.raises(ValueError, match="`ln log_time` must lie in"):
        theory.undamped_share(3, 0.5)


def test_claim_c4_attention_profile_and_half_life():
    for bias in (0.0, -3.0):
        profile = np.array([float(theory.attention_constant(9, source, 0.7, bias)) for source in range(2, 10)])
        half_life = float(theory.recency_half_life(0.7, bias))
        assert_allclose(np.diff(np.log2(profile)), 1 / half_life, rtol=1e-12)
    assert_allclose(theory.recency_half_life(0.25), 4, rtol=1e-15)
    assert theory.attention_constant(1, 1, 0.7) == 0.5
    # Rows answer for the decay itself: sum_j |P_lj x_j| t^(3/2) = c_l/2.
    for position in (1, 2, 5):
        row = [
            float(theory.attention_constant(position, j, 0.7) * theory.convergent_constant(j, -1.0, 0.7))
            for j in range(1, position + 1)
        ]
        # dx/dt = mu P x with |mu| = 1 and x = c t^(-1/2); the constants of P here are for mu P.
        assert_allclose(sum(row), theory.convergent_constant(position, -1.0, 0.7) / 2, rtol=1e-12)


@given(decay=st.floats(1e-6, 16), bias=biases)
def test_claim_c2_exact_hold_constants(decay, bias):
    first = float(theory.exact_hold_convergent_constant(1, -0.7, decay, bias))
    later = float(theory.exact_hold_convergent_constant(2, -0.7, decay, bias))
    lost = -np.expm1(-decay * np.log1p(np.exp(bias)))
    assert_allclose(first, np.sqrt(decay / (1.4 * lost)), rtol=1e-13)
    assert_allclose(later, np.sqrt(decay / 1.4), rtol=1e-13)


def test_eq_6_4_sign_flip():
    influence = float(theory.step_size(3.0, 0.5)) * 9
    assert_digits(0.2 * 0.7 * influence, "2.14")
    assert_digits(3 * (1 - 0.2 * 0.7 * influence), "-3.43")
    assert theory.sign_kept_step(influence, -0.7) < 0.1


@given(step=st.floats(0, 50), decay=decays)
def test_exact_hold_weight_lies_between_its_limits(step, decay):
    weight = float(theory.exact_hold_weight(step, decay))
    if decay * step > 1e-3:
        assert_allclose(weight, -np.expm1(-decay * step) / decay, rtol=1e-13)
    assert step * (1 - decay * step / 2) - 1e-12 <= weight <= step
    slope = float(jax.grad(theory.exact_hold_weight)(step, decay))
    assert_allclose(slope, np.exp(-decay * step), rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.convergent_constant(0, -1.0, 0.5), "`position` must be at least 1, but is 0"),
        (lambda: theory.convergent_constant(1, 1.0, 0.5), r"`-coupling` must lie in \(0, inf\), but is -1.0"),
        (lambda: theory.attention_constant(1, 2, 0.5), "`position` must be at least 2, but is 1"),
        (lambda: theory.retention(-0.1), r"`decay` must lie in \[0, inf\), but is -0.1"),
        (lambda: theory.recency_half_life(0.0), r"`decay` must lie in \(0, inf\), but is 0.0"),
        (lambda: theory.sign_kept_step(0.0, -1.0), r"`influence` must lie in \(0, inf\), but is 0.0"),
    ],
)
def test_bad_arguments_are_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
