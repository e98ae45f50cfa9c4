"""Section 9 of the specification: what counts of right votes tell about the correlation."""

from fractions import Fraction
from itertools import product
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from theory import synergy

from .digits import assert_all_digits, assert_digits

EPS = float(np.finfo(float).eps)
ROWS = [
    ((5, 0.2, 0.3, 500), ".02421 .02301"),
    ((3, 0.1, 0.1, 1000), ".01983 .01979"),
    ((5, 0.4, 0.6, 300), ".04716 .04430"),
    ((7, 0.05, 0.2, 800), ".0112 .00948"),
]


@pytest.mark.parametrize(("point", "printed"), ROWS)
def test_eq_9_3_standard_deviation_and_bound(point, printed):
    found = [synergy.correlation_deviation(*point), synergy.correlation_deviation_bound(*point)]
    assert_all_digits(found, printed)


def test_eq_9_3_counts_by_listing_every_world():
    """Five votes with exact fractions: rho = 1/5, u = 3/10."""
    rho, right = Fraction(1, 5), Fraction(13, 20)
    counts = [Fraction(0)] * 6
    for world in product((0, 1), repeat=5):
        alone = right ** sum(world) * (1 - right) ** (5 - sum(world))
        counts[sum(world)] += (1 - rho) * alone
    counts[0] += rho * (1 - right)
    counts[5] += rho * right
    assert_allclose(synergy.copied_vote_counts(5, 0.2, 0.3), [float(q) for q in counts], rtol=8 * EPS)


LAWS = (synergy.copied_vote_counts, synergy.beta_binomial_vote_counts)


@given(fan_in=st.sampled_from([2, 3, 5]), correlation=st.floats(0, 1), bias=st.floats(-1, 1))
def test_eq_9_6_both_laws_have_the_same_bias_and_the_same_correlation(fan_in, correlation, bias):
    votes = 2 * np.arange(fan_in + 1) - fan_in
    for law in LAWS:
        counts = np.asarray(law(fan_in, correlation, bias))
        assert_allclose(counts.sum(), 1, rtol=32 * EPS)
        assert counts.min() >= 0
        assert_allclose(counts @ votes / fan_in, bias, atol=64 * EPS)
        pairs = counts @ (votes**2 - fan_in) / (fan_in * (fan_in - 1))
        assert_allclose(pairs, correlation + (1 - correlation) * bias**2, atol=64 * EPS)


def test_eq_9_6_copies_put_their_excess_on_unanimous_groups():
    copied, urn = (np.asarray(law(5, 0.2, 0.3)) for law in LAWS)
    alone = np.array([comb(5, j) * 0.65**j * 0.35 ** (5 - j) for j in range(6)])
    assert_allclose(copied[1:5], 0.8 * alone[1:5], rtol=8 * EPS)
    # Both ends together: at this bias the urn has more groups that are all right.
    assert copied[[0, 5]].sum() > urn[[0, 5]].sum()
    assert copied[5] < urn[5]
    assert np.all(urn[[1, 4]] > copied[[1, 4]])
    assert_allclose(synergy.beta_binomial_vote_counts(5, 1.0, 0.3), [0.35, 0, 0, 0, 0, 0.65], rtol=8 * EPS)
    assert_allclose(synergy.beta_binomial_vote_counts(5, 0.0, 0.3), alone, rtol=16 * EPS)


def test_eq_9_6_beta_binomial_against_scipy():
    from scipy import stats

    strength = 1 / 0.2 - 1
    expected = stats.betabinom(7, strength * 0.65, strength * 0.35).pmf(np.arange(8))
    assert_allclose(synergy.beta_binomial_vote_counts(7, 0.2, 0.3), expected, rtol=1e-12)


def test_eq_9_3_design_effect():
    assert_allclose(synergy.design_effect(5, 0.2), 1.8, rtol=4 * EPS)
    alone = synergy.binomial_standard_error(0.3, 5 * 500)
    inflated = synergy.mean_vote_deviation(5, 0.2, 0.3, 500)
    assert_allclose((inflated / alone) ** 2, synergy.design_effect(5, 0.2), rtol=16 * EPS)


@given(correlation=st.floats(0.01, 0.9), bias=st.floats(-0.9, 0.9))
def test_eq_9_3_no_estimate_beats_the_bound(correlation, bias):
    point = (5, correlation, bias, 100)
    assert synergy.correlation_deviation(*point) >= synergy.correlation_deviation_bound(*point) * (1 - 1e-9)
    two = (2, correlation, bias, 100)
    assert_allclose(synergy.correlation_deviation(*two), synergy.correlation_deviation_bound(*two), rtol=1e-6)


def test_eq_9_4_heterogeneous_tasks():
    assert_digits(synergy.inflated_correlation(0.1, 0.3, 0.04), ".13956")
    assert_allclose(synergy.inflated_correlation(0.3, 0.2, 0.0), 0.3, rtol=4 * EPS)
    assert_allclose(synergy.inflated_correlation(0.0, 0.0, 0.25), 0.25, rtol=4 * EPS)


def test_eq_9_5_propagation():
    assert_digits(synergy.organisation_exponent(5, 0.2, 0.8), ".191050985796")
    assert_all_digits(synergy.exponent_sensitivity(5, 0.2, 0.8), ".776668668 -.319804746")
    gamma, rho = synergy.exponent_sensitivity(5, 0.2, 0.8)
    alpha = synergy.effective_gain(5, 0.2, 0.8)
    # s = ln(alpha)/ln(b), so sd(alpha) = alpha ln(b) times that of s.
    expected = alpha * np.log(5) * np.hypot(gamma * 0.02, rho * 0.03)
    assert_allclose(synergy.gain_deviation(5, 0.2, 0.8, 0.03, 0.02), expected, rtol=1e-12)


def test_bad_arguments_are_refused_by_name():
    with pytest.raises(ValueError, match="`fan_in` must be at least 2, but is 1"):
        synergy.copied_vote_counts(1, 0.2, 0.3)
    with pytest.raises(ValueError, match="`correlation` must lie in"):
        synergy.beta_binomial_vote_counts(5, 1.2, 0.3)
    with pytest.raises(ValueError, match="`groups` must lie in"):
        synergy.correlation_deviation(5, 0.2, 0.3, 0)
    with pytest.raises(ValueError, match="`bias_variance` must lie in"):
        synergy.inflated_correlation(0.2, 0.3, -0.1)
