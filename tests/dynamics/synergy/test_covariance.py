"""Risks without sampling, spec 2.1, 2.3 and 2.7."""

import jax.random as jr
import numpy as np
import pytest

from dynamics import synergy

EPS = float(np.finfo(np.float64).eps)
# A level sums b^2 <= 81 positive numbers, each rounded, and no error is ever amplified.
ROUNDED = 8 * 90 * EPS
# b, rho, sigma2, then v1, v2, v3, v4, v8 of the specification's table.
TABLE = [
    (3, 0.0, 0.05, (0.35, 0.13333333, 0.0611111111, 0.037037037, 0.0251486053955)),
    (5, 0.2, 0.05, (0.37, 0.1432, 0.061552, 0.03215872, 0.0159027030065)),
    (5, 0.5, 0.02, (0.604, 0.3664, 0.22384, 0.138304, 0.0266281984)),
    (9, 0.1, 0.1, (0.2111111, 0.05333333, 0.02177778, 0.01546667, 0.0138914133333)),
]


@pytest.mark.parametrize(("fan_in", "correlation", "noise", "expected"), TABLE)
def test_spec_2_8_levels(fan_in, correlation, noise, expected):
    risks = np.asarray(synergy.level_risks(fan_in, correlation, noise, 1.0, 8))
    np.testing.assert_allclose(risks[[1, 2, 3, 4, 8]], expected, rtol=3e-7)
    assert risks[0] == 1.0


@pytest.mark.parametrize(("agents", "risk"), [(5, 0.37), (25, 0.234), (125, 0.2068)])
def test_eq_7_star_is_the_mean_of_its_covariance_matrix(agents, risk):
    assert float(synergy.star_risk(agents, 0.2, 0.05, 1.0)) == pytest.approx(risk, rel=agents**2 * EPS)


def test_spec_2_7_received_copies_carry_their_noise_along():
    risks = np.asarray(synergy.level_risks(5, 0.2, 0.05, 1.0, 3, synergy.RECEIVED_COPIED))
    wanted = [1.0]
    for _ in range(3):
        wanted.append(0.36 * (wanted[-1] + 0.05))
    np.testing.assert_allclose(risks, wanted, rtol=ROUNDED)


def test_spec_2_7_global_cause_is_the_average_of_one_big_matrix():
    risks = np.asarray(synergy.level_risks(3, 0.2, 0.05, 1.0, 4, synergy.GLOBAL_CAUSE))
    wanted = [0.2 + 0.8 / 3**depth + 0.05 * (1 - 3.0**-depth) / 2 for depth in range(5)]
    np.testing.assert_allclose(risks, wanted, rtol=ROUNDED)


def test_one_level_is_a_star_whatever_global_or_sibling_correlation_means():
    star = synergy.star_risk(5, 0.3, 0.1, 0.7)
    for sharing in (synergy.SENT_COPIED, synergy.GLOBAL_CAUSE):
        assert float(synergy.level_risks(5, 0.3, 0.1, 0.7, 1, sharing)[-1]) == pytest.approx(float(star), rel=ROUNDED)


def test_risks_are_those_of_drawn_gaussians():
    for sharing in (synergy.SENT_COPIED, synergy.RECEIVED_COPIED, synergy.GLOBAL_CAUSE):
        errors = synergy.gaussian_tree(jr.key(3), 3, 0.4, 0.1, 1.0, 2, 20_000, sharing)
        mean, error = synergy.mean_square(errors)
        assert abs(float(mean - synergy.level_risks(3, 0.4, 0.1, 1.0, 2, sharing)[-1])) <= 4.5 * float(error)


def test_star_and_global_tree_of_one_key_hear_the_same_leaves():
    tree = synergy.gaussian_tree(jr.key(4), 3, 0.3, 0.0, 1.0, 2, 500, synergy.GLOBAL_CAUSE)
    star = synergy.gaussian_star(jr.key(4), 9, 0.3, 0.0, 1.0, 500)
    np.testing.assert_allclose(tree, star, atol=32 * EPS)


def test_bad_arguments_are_refused_by_name():
    with pytest.raises(ValueError, match="`correlation`"):
        synergy.level_risks(3, 1.2, 0.1, 1.0, 2)
    with pytest.raises(ValueError, match="`noise_variance`"):
        synergy.level_risks(3, 0.2, -0.1, 1.0, 2)
    with pytest.raises(ValueError, match="`sharing`"):
        synergy.level_risks(3, 0.2, 0.1, 1.0, 2, synergy.LEAVES_COPIED)
    with pytest.raises(ValueError, match="`agents`"):
        synergy.star_risk(0, 0.2, 0.1, 1.0)
