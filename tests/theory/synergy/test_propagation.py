"""Section 9.5 of the specification: from errors of fidelity and correlation to the side of the threshold."""

import jax
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from theory import synergy


def test_eq_9_5_error_of_the_exponent_is_first_order_propagation():
    slopes = jax.grad(synergy.organisation_exponent, argnums=(1, 2))(5, 0.2, 0.8)
    wanted = np.hypot(slopes[0] * 0.03, slopes[1] * 0.02)
    assert_allclose(synergy.exponent_error(5, 0.2, 0.8, 0.03, 0.02), wanted, rtol=1e-13)
    alpha = float(synergy.effective_gain(5, 0.2, 0.8))
    margin = (alpha - 1) / (alpha * np.log(5) * wanted)
    assert_allclose(synergy.gain_margin(5, 0.2, 0.8, 0.03, 0.02), margin, rtol=1e-13)


def test_eq_9_5_probability_is_that_of_normal_draws():
    draws = np.random.default_rng(1).standard_normal((2, 200_000))
    rho, gamma = 0.22 + 0.02 * draws[0], 0.6 + 0.01 * draws[1]
    above = np.mean(gamma * (rho + (1 - rho) * 1.875) > 1)
    found = float(synergy.probability_above_one(5, 0.22, 0.6, 0.02, 0.01))
    assert abs(found - above) < 4.5 * np.sqrt(0.25 / draws.shape[1]) + 2e-3
    assert_allclose(found, stats.norm.cdf(synergy.gain_margin(5, 0.22, 0.6, 0.02, 0.01)), rtol=1e-13)


def test_without_errors_the_side_is_certain():
    assert synergy.gain_margin(5, 0.2, 0.8, 0.0, 0.0) == np.inf
    assert synergy.gain_margin(5, 0.5, 0.6, 0.0, 0.0) == -np.inf
    assert synergy.gain_margin(5, 1.0, 1.0, 0.0, 0.0) == 0
    assert synergy.probability_above_one(5, 1.0, 1.0, 0.0, 0.0) == 0.5


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: synergy.exponent_error(5, 0.2, 0.8, -0.1, 0.1), "`correlation_error`"),
        (lambda: synergy.gain_margin(5, 0.2, 0.8, 0.1, -0.1), "`fidelity_error`"),
        (lambda: synergy.exponent_error(5, 0.2, 0.0, 0.1, 0.1), "`fidelity`"),
        (lambda: synergy.probability_above_one(5, 1.2, 0.8, 0.1, 0.1), "`correlation`"),
    ],
)
def test_bad_arguments_are_refused_by_name(build, message):
    with pytest.raises(ValueError, match=message):
        build()
