"""Section 3.1: the regimes, by signs alone."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from tests.theory.synergy.digits import assert_digits
from theory import tokens as theory
from theory.tokens.classification import GATE_MAXIMISER, GATE_MAXIMUM
from theory.tokens.classification import Regime as R

NUMBERS = st.one_of(st.just(0.0), st.floats(-9, 9).filter(lambda x: abs(x) > 1e-60))


@given(tokens=st.lists(NUMBERS, min_size=1, max_size=8), coupling=NUMBERS, slope=NUMBERS)
def test_theorem_3_1_item_by_item(tokens, coupling, slope):
    found = np.asarray(theory.regimes(np.array(tokens), coupling, slope))
    positive_so_far = False
    for token, regime in zip(tokens, found, strict=True):
        positive_so_far |= slope * token > 0 or (slope == 0 and token != 0)
        if token == 0 or coupling == 0:
            assert regime == R.STATIC
        elif coupling < 0:
            assert regime == R.CONVERGENT
        else:
            assert regime == (R.BLOW_UP if positive_so_far else R.SLOW)
    assert bool(theory.blows_up(np.array(tokens), coupling, slope)) == bool(np.any(found == R.BLOW_UP))


def test_spec_17_3_sign_patterns():
    sizes = np.array([0.9, 0.7, 0.8])
    signs = np.array([[1 - 2 * (k >> i & 1) for i in (2, 1, 0)] for k in range(8)])
    slow = np.array([[False] * 3] * 4 + [[True, False, False]] * 2 + [[True, True, False], [True] * 3])
    assert_array_equal(theory.regimes(signs * sizes, 1.0, 1.0), np.where(slow, R.SLOW, R.BLOW_UP))


def test_the_published_threshold_is_sufficient_only():
    assert bool(theory.published_slow_condition(np.array([-2.2, -3.0]), 1.0, 1.0))
    inside = np.array([-2.2, -0.1])
    assert not bool(theory.published_slow_condition(inside, 1.0, 1.0))
    assert_array_equal(theory.regimes(inside, 1.0, 1.0), [R.SLOW] * 2)
    assert not bool(theory.published_slow_condition(np.array([-2.2]), -1.0, 1.0))


def test_the_threshold_maximises_the_gate():
    mpmath.mp.dps = 30
    gate = lambda u: u**2 * mpmath.log1p(mpmath.exp(-u))  # noqa: E731
    maximiser = mpmath.findroot(lambda u: mpmath.diff(gate, u), 2.1)
    assert_allclose(GATE_MAXIMISER, float(maximiser), rtol=1e-15)
    assert_allclose(GATE_MAXIMUM, float(gate(maximiser)), rtol=1e-15)
    assert_digits(GATE_MAXIMUM, "0.50947")
    mpmath.mp.dps = 15


def test_growth_bound_holds_for_one_token():
    times = np.array([0.1, 1.0, 5.0, 20.0])
    for start in (-0.2, -2.1159, -5.0):
        grown = np.asarray(theory.token_at(times, start, 1.4, 0.9)) / start
        assert np.all(grown <= theory.growth_bound(times, 1, 1.4, 0.9))
    # Tight while the token stands at the maximiser.
    short = np.asarray(theory.token_at(1e-4, -GATE_MAXIMISER / 0.9, 1.4, 0.9)) / (-GATE_MAXIMISER / 0.9)
    assert_allclose(short, theory.growth_bound(1e-4, 1, 1.4, 0.9), rtol=1e-8)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_bad_arguments_are_refused_by_name(bad):
    with pytest.raises(ValueError, match="`tokens` must lie in"):
        theory.regimes(np.array([1.0, bad]), 1.0, 1.0)
    with pytest.raises(ValueError, match="`slope` must not be 0"):
        theory.growth_bound(1.0, 1, 1.0, 0.0)
