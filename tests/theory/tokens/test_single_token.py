"""Sections 3.2 and 3.6: one token in every regime, against quadratures of mpmath and the printed digits."""

import jax
import mpmath
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from tests.theory.synergy.digits import assert_all_digits, assert_digits
from theory import tokens as theory

EPS = float(np.finfo(float).eps)

LANES = 12


def compiled_once(law, arguments):
    """The law with all its arguments, at up to a dozen points in one shape: compiled a single time."""
    compiled = jax.jit(law)

    def evaluate(*given):
        given = np.broadcast_arrays(*given, *[0.0] * (arguments - len(given)))
        lanes = [np.resize(np.ravel(np.asarray(array, float)), LANES) for array in given]
        return np.asarray(compiled(*lanes))[..., : given[0].size].reshape(-1, *given[0].shape).squeeze(0)

    return evaluate


def slopes_at(*point):
    """All six partial derivatives of x(t)."""
    return np.asarray(_slopes(*point))


token_at = compiled_once(theory.token_at, 6)
slow_token = compiled_once(theory.slow_token, 6)
blow_up_time = compiled_once(theory.blow_up_time, 5)
sensitivity = compiled_once(theory.token_sensitivity, 5)
_slopes = jax.jit(jax.grad(theory.token_at, argnums=(0, 1, 2, 3, 4, 5)))


def exact_time(start, stop, slope, bias=0.0, hold=0.0):
    """mu t from `start` to `stop` by mpmath, in ln|x|."""
    sign = 1 if start > 0 else -1

    def integrand(log):
        x = sign * mpmath.exp(log)
        step = mpmath.log1p(mpmath.exp(slope * x + bias))
        return mpmath.exp(-2 * log) / (step if hold == 0 else -mpmath.expm1(-hold * step) / hold)

    ends = mpmath.linspace(mpmath.log(abs(start)), mpmath.log(abs(stop)), 9)
    return float(mpmath.quad(integrand, ends))


def test_eq_3_2_blow_up_times():
    # The fourth is printed as 0.0404488911875, which is 4e-14 off (mpmath).
    printed = "63.3285723866 1.67693920994 0.282963287508 0.0404488912175 0.00266554083570"
    assert_all_digits(blow_up_time(np.array([0.1, 0.5, 1, 2, 5]), 1.0, 1.0), printed)
    # kappa = mu/s^2 and u = s x are all that counts.
    assert_allclose(blow_up_time(np.array([-0.25, -1]), 8.0, -2.0), np.array([1.67693920994, 0.0404488911875]) / 2)


def test_spec_17_1_first_token():
    times = np.array([0.1, 1, 10, 100])
    assert_all_digits(token_at(times, 1.0, -0.7, 0.5), "0.9386494213 0.6628170035 0.2848989485 0.0979094364")
    assert_all_digits(token_at(times[[1, 3]], 1.0, -0.7, 0.5, -2.0), "0.8858542829 0.2137253798")
    assert_all_digits(token_at(times[[1, 3]], 1.0, -0.7, 0.5, 0.0, 0.6), "0.7087144081 0.1085439293")


def test_spec_17_2_first_token():
    assert_all_digits(token_at(np.array([1, 20]), -1.0, 1.2, 0.9), "-1.7123341963 -10.6860727650")
    assert_all_digits(token_at(np.array([0.3, 0.5]), 0.6, 1.0, 1.0), "0.6835620944 0.7686371818")


@pytest.mark.parametrize(
    ("start", "stop", "coupling", "slope", "bias", "hold"),
    [
        (0.7, 0.02, -0.8, 1.1, 0.3, 0.0),
        (-0.7, -1e-9, -0.8, 1.1, 0.3, 0.0),
        (-30.0, -0.3, -0.8, 1.1, -0.4, 0.5),
        (3.0, 2.9, -0.8, 1.1, -7.0, 0.0),
        (-0.4, -25.0, 2.0, 0.5, -1.0, 0.0),
        (-6.0, -6.5, 2.0, 0.5, 2.0, 0.9),
        (-0.03, -0.04, 2.0, 0.5, 2.0, 0.0),
        (0.4, 9.0, 2.0, 0.5, -6.0, 0.0),
        (0.001, 0.4, 2.0, 0.5, -3.0, 2.0),
        (0.001, 40.0, 2.0, 0.5, 1.0, 0.7),
    ],
)
def test_eq_3_2_implicit_solution(start, stop, coupling, slope, bias, hold):
    time = exact_time(start, stop, slope, bias, hold) / coupling
    reached = float(token_at(time, start, coupling, slope, bias, hold))
    # The time as given has a rounding error, and x answers to it with t dx/dt.
    pace = float(slopes_at(time, start, coupling, slope, bias, hold)[0])
    assert abs(reached - stop) <= 200 * EPS * (abs(stop) + abs(time * pace))


@pytest.mark.parametrize("hold", [0.0, 0.8])
@pytest.mark.parametrize("bias", [-7.0, 0.0, 1.0])
@pytest.mark.parametrize("token", [0.01, 1.3, 40.0])
def test_eq_3_2_blow_up_time_is_the_quadrature(token, bias, hold):
    expected = exact_time(token, 1e9 * token, 0.7, bias, hold) / 1.7
    assert_allclose(blow_up_time(token, 1.7, 0.7, bias, hold), expected, rtol=1e-13)


@given(u=st.floats(1e-3, 1e3), bias=st.floats(-4, 4))
def test_claim_c8_two_sided_bound(u, bias):
    lower, upper = theory.blow_up_time_bounds(u, 1.3, 1.0, bias)
    assert lower * (1 - 1e-13) <= blow_up_time(u, 1.3, 1.0, bias) <= upper * (1 + 1e-13)


def test_claim_c8_bound_is_the_printed_one():
    c, u = np.log(2), np.array([0.3, 1.0, 4.0])
    lower, upper = theory.blow_up_time_bounds(u, 1.0, 1.0)
    assert_allclose(lower, 1 / (2 * c * u**2) - 1 / (c**2 * u) + np.log1p(c / u) / c**3, rtol=1e-11)
    assert_allclose(upper, np.minimum(1 / (3 * u**3), 1 / (2 * c * u**2)), rtol=1e-15)


def test_claim_c8_sensitivity_is_the_gradient():
    points = np.array([0.1, 0.9, 3.0])
    slope_at = jax.jit(jax.grad(theory.blow_up_time, argnums=(0, 3)))
    slopes = [slope_at(point, 1.3, 0.6, 0.4)[0] for point in points]
    assert_allclose(slopes, theory.blow_up_time_sensitivity(points, 1.3, 0.6, 0.4), rtol=1e-13)
    # By its definition too, for the other arguments.
    by_bias = (exact_time(0.9, 1e9, 0.6, 0.4 + 1e-4) - exact_time(0.9, 1e9, 0.6, 0.4 - 1e-4)) / 2e-4 / 1.3
    assert_allclose(slope_at(0.9, 1.3, 0.6, 0.4)[1], by_bias, rtol=1e-7)
    second = jax.jit(jax.grad(jax.grad(theory.blow_up_time)))(0.9, 1.3, 0.6, 0.4)
    assert_allclose(second, jax.grad(theory.blow_up_time_sensitivity)(0.9, 1.3, 0.6, 0.4), rtol=1e-12)


POINTS = [
    (0.5, 1.0, -0.7),
    (0.5, -1.0, -0.7),
    (0.5, -1.0, 0.7),
    (0.05, 1.0, 0.7),
    (1e-9, -1.0, 0.7),
    (1e-9, -1.0, -0.7),
]


@pytest.mark.parametrize(("time", "token", "coupling"), POINTS)
def test_eq_3_2_closed_sensitivity_is_the_gradient(time, token, coupling):
    point = np.array([time, token, coupling, 0.5, 0.3, 0.4])
    slopes = slopes_at(*point)
    steps = 1e-6 * np.eye(6) * np.minimum(abs(point), 1)
    up, down = (np.asarray(token_at(*(point + sign * steps).T)) for sign in (1, -1))
    differences = (up - down) / (2 * np.diag(steps))
    assert_allclose(slopes, differences, atol=1e-8, rtol=1e-8 if time > 1e-6 else 0.2)
    plain = slopes_at(time, token, coupling, 0.5, 0.3, 0.0)[1]
    assert_allclose(plain, sensitivity(time, token, coupling, 0.5, 0.3), rtol=1e-12)


@example(token=5.0, sign=1, slope=-1.5, bias=0.0, first=1.0, second=2e-5)
@settings(max_examples=30)
@given(
    token=st.floats(0.01, 8),
    sign=st.sampled_from([-1, 1]),
    slope=st.sampled_from([-1.5, 0.3, 2.0]),
    bias=st.floats(-4, 1),
    first=st.floats(0, 3),
    second=st.floats(0, 3),
)
def test_flow_property(token, sign, slope, bias, first, second):
    """x(t1 + t2) from x0 is x(t2) from x(t1), for decay and, up to the blow-up, for growth."""
    start = sign * token
    for coupling in (-0.9, 0.9):
        whole = float(token_at(first + second, start, coupling, slope, bias))
        half = float(token_at(first, start, coupling, slope, bias))
        assert np.sign(whole) == sign
        assert (abs(half) - token) * coupling >= -1e-14 * token
        if not np.isfinite(whole) or abs(whole) > 1e3:
            continue
        amplified = float(sensitivity(second, half, coupling, slope, bias))
        assert_allclose(token_at(second, half, coupling, slope, bias), whole, atol=1e-13 * abs(half) * (1 + amplified))


def test_eq_3_2_infinite_from_the_blow_up_on():
    end = float(blow_up_time(-0.6, 1.0, -1.0))
    assert_all_digits(np.isfinite(token_at(np.array([0, 0.999, 1.001, 9]) * end, -0.6, 1.0, -1.0)), "1 1 0 0")
    assert token_at(2 * end, -0.6, 1.0, -1.0) == -np.inf
    assert np.isinf(blow_up_time(-0.6, 1.0, 1.0))
    assert np.isinf(blow_up_time(0.6, -1.0, 1.0))
    assert token_at(3.0, 0.0, 1.0, 1.0) == 0
    assert token_at(3.0, 0.7, 0.0, 1.0) == 0.7
    assert_allclose(token_at(0.0, np.array([0.7, -0.7]), np.array([[1.0], [-1.0]]), 1.0), [[0.7, -0.7]] * 2, rtol=1e-14)


def test_claim_c7_constants_and_exponents():
    remaining = np.array([1e-6, 1e-9])
    end = float(blow_up_time(1.0, 1.3, 0.6))
    # x(T* - r) = x(r') with T*(x) = r: the inverse of the remaining time, read without cancellation in T* - r.
    x = np.array([0.7 / r ** (1 / 3) for r in remaining])
    times = np.asarray(blow_up_time(x, 1.3, 0.6))
    assert_allclose(x * np.cbrt(times), theory.blow_up_constant(1.3, 0.6), rtol=1e-12)
    assert_allclose(
        np.cbrt(end * 1e-6) * token_at(end * (1 - 1e-6), 1.0, 1.3, 0.6), theory.blow_up_constant(1.3, 0.6), rtol=1e-9
    )
    held = np.asarray(blow_up_time(1e4, 1.3, 0.6, 0.0, 0.5))
    assert_allclose(1e4 * np.sqrt(held), theory.exact_hold_blow_up_constant(1.3, 0.5), rtol=1e-12)


def test_eq_3_2_convergent_expansion():
    for bias, token in ((0.0, 1.0), (-1.0, -0.4)):
        times = np.exp(np.array([20.0, 30.0, 40.0]))
        x = np.asarray(token_at(times, token, -0.7, 0.5, bias))
        late = np.asarray(theory.convergent_token(times, token, -0.7, 0.5, bias))
        constant = float(theory.convergent_constant(1, -0.7, 0.6, bias))
        leading = abs(x) * np.sqrt(times) / constant - 1
        # First order t^(-1/2), and ln t/t after it.
        assert_allclose(leading * np.sqrt(times), leading[-1] * np.sqrt(times[-1]), rtol=1e-3)
        assert np.all(abs(x / late - 1) < 3 * np.log(times) / times + 20 * EPS)


def test_eq_3_2_slow_expansion():
    log_times = np.array([100.0, 1000.0, 3000.0])
    u = -np.asarray(slow_token(log_times, -1.0, 1.0, 1.0))
    two = log_times + 3 * np.log(log_times)
    assert_all_digits((u - two)[:2], ["0.371", "0.0588"])
    assert_all_digits((u - theory.slow_expansion(log_times))[:2], ["-0.0133", "-4.1e-4"], units=1.01)
    assert_digits(u[0] / 100, "1.14")
    assert_digits(u[1] / 1000, "1.02")
    assert_digits(-slow_token(30.0, -1.0, 1.0, 1.0) / 30, "1.37")
    # The series is cut after u^-4, with 2520 u^-5 next.
    assert_allclose(theory.slow_log_scaled_time(u), log_times, atol=3000 * u[0] ** -5)
    biased = -np.asarray(slow_token(log_times, -1.0, 2.0, 0.5, 1.5)) * 0.5
    assert_allclose(theory.slow_log_scaled_time(biased, 1.5), log_times + np.log(8), atol=3000 * u[0] ** -5)


def test_slow_token_is_token_at():
    for log_time in (-3.0, 0.0, 40.0):
        arguments = (-0.8, 1.3, 0.6, 0.4)
        assert_allclose(slow_token(log_time, *arguments), token_at(np.exp(log_time), *arguments), rtol=1e-13)


def test_single_precision_at_the_ends_of_the_domain():
    single = np.float32
    assert_allclose(jax.jit(theory.slow_token)(*map(single, (3000, -1, 1, 1))), -3024.04205606, rtol=1e-6)
    late = jax.jit(theory.token_at)(*map(single, (1e30, -2, -1, 1)))
    assert late.dtype == single
    assert_allclose(late * 1e15, -1 / np.sqrt(2 * np.log(2)), rtol=1e-5)
    assert_allclose(theory.blow_up_time(*map(single, (1e-6, 1, 1))), 1e12 / (2 * np.log(2)), rtol=1e-5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.token_at(-1.0, 1.0, 1.0, 1.0), r"`time` must lie in \[0, inf\), but is -1.0"),
        (lambda: theory.token_at(1.0, 1.0, 1.0, 0.0), "`slope` must not be 0"),
        (lambda: theory.blow_up_time(np.inf, 1.0, 1.0), "`token` must lie in .* but is inf"),
        (lambda: theory.blow_up_time_bounds(-1.0, 1.0, 1.0), r"`slope \* token` must lie in \(0, inf\), but is -1.0"),
        (lambda: theory.slow_token(3.0, 1.0, 1.0, 1.0), r"`-slope \* token` must lie in \(0, inf\), but is -1.0"),
        (lambda: theory.convergent_token(3.0, 1.0, 1.0, 1.0), "`-coupling` must lie in"),
        (lambda: theory.token_sensitivity(3.0, 0.0, 1.0, 1.0), "`token` must not be 0"),
    ],
)
def test_bad_arguments_are_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
