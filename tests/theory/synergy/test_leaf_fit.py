"""Section 9.1 of the specification: the leaf law from answers at several computes."""

import jax
import numpy as np
import pytest
from numpy.testing import assert_allclose

from theory import synergy

from .digits import assert_digits

X = 4.0 ** np.arange(6)
POINT = (0.05, 0.25)


def test_eq_9_1_fisher_deviation():
    assert_digits(synergy.leaf_exponent_deviation(X, 2000, *POINT), ".0336")
    assert_digits(synergy.leaf_exponent_deviation(X, 20000, *POINT), ".0106")


def test_eq_9_1_log_log_bias():
    # The printed means are Monte Carlo; first order gives .2513 and .2629, whose error is of second order.
    assert_digits(0.25 + synergy.log_log_bias(X, 20000, *POINT), ".2513")
    assert_digits(0.25 + synergy.log_log_bias(X, 2000, *POINT), ".2629")
    assert_digits(synergy.log_log_deviation(X, 20000, *POINT), ".0162")


def test_fisher_matrix_is_that_of_the_likelihood():
    """Minus the expected second derivative of the binomial log-likelihood, by autodiff."""
    answers = np.linspace(100.0, 600.0, 6)
    right = answers * (1 + POINT[0] * X ** POINT[1]) / 2

    def log_likelihood(theta):
        bias = theta[1] * X ** theta[0]
        return jax.numpy.sum(right * jax.numpy.log1p(bias) + (answers - right) * jax.numpy.log1p(-bias))

    expected = -jax.hessian(log_likelihood)(jax.numpy.array(POINT[::-1]))
    assert_allclose(synergy.leaf_information(X, answers, *POINT), expected, rtol=1e-12)
    covariance = np.linalg.inv(expected)
    found = synergy.leaf_exponent_deviation(X, answers, *POINT)
    assert_allclose(found, np.sqrt(covariance[0, 0]), rtol=1e-12)


def test_the_line_is_noisier_than_the_likelihood_and_errs_upwards():
    for scale, exponent in ((0.02, 0.4), (0.2, 0.2), (0.1, 0.0)):
        point = (X, 1000.0, scale, exponent)
        assert synergy.log_log_deviation(*point) >= synergy.leaf_exponent_deviation(*point) * (1 - 1e-12)
        assert synergy.log_log_bias(*point) >= -1e-15


def test_laws_trace_and_differentiate():
    for law in (synergy.leaf_exponent_deviation, synergy.log_log_bias, synergy.log_log_deviation):
        value = law(X, 500.0, *POINT)
        traced, slope = jax.jit(jax.value_and_grad(lambda k, law=law: law(X, 500.0, k, 0.25)))(0.05)
        assert_allclose(traced, value, rtol=1e-12)
        nudged = law(X, 500.0, 0.05 + 1e-6, 0.25) - law(X, 500.0, 0.05 - 1e-6, 0.25)
        assert_allclose(slope, nudged / 2e-6, rtol=1e-6)
        rough = law(X.astype(np.float32), np.float32(500), np.float32(0.05), np.float32(0.25))
        assert_allclose(rough, value, rtol=1e-4)


@pytest.mark.parametrize("bad", [(0.0, 0.25), (0.05, -0.1), (0.5, 0.25), (np.nan, 0.25)])
def test_laws_that_leave_the_small_signal_range_are_refused(bad):
    with pytest.raises(ValueError, match="must lie in"):
        synergy.leaf_information(X, 500.0, *bad)
