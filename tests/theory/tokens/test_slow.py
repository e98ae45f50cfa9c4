"""Section 3.4: ratio limits of the slow regime, tokens at any time, and the sink at the first token."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from tests.theory.synergy.digits import assert_all_digits
from theory import tokens as theory

limits = jax.jit(theory.slow_limits)
tokens_at = jax.jit(theory.slow_tokens)
START = np.array([2.5, 3, 2.2, 4])


@pytest.mark.parametrize(
    ("start", "decay", "printed"),
    [
        (START, 0.5, "1 1.6626997 1.7560283 3.4052848"),
        (START, 0.0, "1 1.6655048 1.7665039 3.4250541"),
        (START, 3.0, "1 1.6488496 1.7065425 3.3128463"),
        ((5, 1, 1, 1), 0.5, "1 1.2268277 2.5104171 4.0408708"),
    ],
)
def test_eq_3_4_ratio_limits(start, decay, printed):
    assert_all_digits(limits(np.array(start, float), -1.0, decay), printed)
    assert_all_digits(limits(-np.array(start, float) / 4, 4.0, decay), printed)


@settings(max_examples=15)
@given(
    start=st.lists(st.floats(0.05, 30), min_size=4, max_size=4),
    decay=st.floats(0, 5),
    bias=st.floats(-4, 1),
)
def test_claim_c9_later_tokens_outgrow_the_first_by_a_finite_factor(start, decay, bias):
    found = np.asarray(limits(np.array(start), -1.0, decay, bias))
    assert found[0] == 1
    assert np.all(found[1:] > 1)
    assert np.all(np.isfinite(found))


def test_eq_3_4_infimum_is_approached():
    excess = np.array([float(limits(np.array([u, 1.0, 1.0, 1.0]), -1.0, 0.5)[1]) - 1 for u in (50.0, 500.0)])
    # ln(u_10)/u_10 to leading order.
    assert_allclose(excess * np.array([50, 500]) / np.log([50, 500]), 1, atol=0.4)


def test_spec_17_2_slow_tokens():
    start = np.array([-1.0, -2.5, -0.6, -1.0])
    assert_all_digits(tokens_at(0.0, start, 1.2, 0.9, 0.5)[:3], "-1.7123341963 -6.6966302793 -2.2246777690")
    late = tokens_at(np.log(20), start, 1.2, 0.9, 0.5)[:3]
    assert_all_digits(late, "-10.6860727650 -43.1327589941 -22.5803787895")


def test_claim_c10_first_token_share():
    for log_time, printed in ((5.0, "0.99880"), (10.0, "0.999985"), (20.0, "1.000000")):
        reached = tokens_at(log_time, START, 1.0, -1.0, 0.5)
        shares = np.asarray(theory.sink_share(reached, -1.0, 0.5))
        assert_all_digits(shares[[0, 3]], ["1.0", printed], units=1.01)


def test_sink_share_is_its_definition():
    x, slope, decay, bias = np.array([1.25, -0.5, 0.75]), 0.8, 0.6, 0.3
    steps = np.log1p(np.exp(slope * x + bias))
    total = 0.0
    for position in range(3):
        total = total * np.exp(-decay * steps[position]) + steps[position] * x[position] ** 2
        first = steps[0] * x[0] ** 2 * np.exp(-decay * np.sum(steps[1 : position + 1]))
        assert_allclose(theory.sink_share(x, slope, decay, bias)[position], first / total, rtol=1e-13)


def test_bad_arguments_are_refused_by_name():
    with pytest.raises(ValueError, match=r"`-slope \* tokens` must lie in \(0, inf\), but is -1.0"):
        theory.slow_limits(np.array([-1.0, 1.0]), 1.0, 0.5)
    with pytest.raises(ValueError, match="`tokens` must not be 0"):
        theory.sink_share(np.array([-1.0, 0.0]), 1.0, 0.5)
