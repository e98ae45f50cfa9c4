"""Section 3.5, constant step size: closed forms for either sign of mu."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp

from theory import tokens as theory

START = np.array([1.0, -0.8, 1.6, 0.4])
tokens_at = jax.jit(theory.constant_step_tokens)
pair_at = jax.jit(theory.constant_step_pair)


def integrated(time, start, coupling, step, decay):
    def field(_, x):
        pull, rates = 0.0, []
        for token in x:
            pull = step * token**2 + np.exp(-decay * step) * pull
            rates.append(coupling * token * pull)
        return rates

    return solve_ivp(field, (0, time), start, method="DOP853", rtol=1e-12, atol=1e-14).y[:, -1]


@pytest.mark.parametrize("decay", [0.0, 0.5, 3.0])
@pytest.mark.parametrize(("coupling", "time"), [(-0.7, 1.3), (0.2, 0.9), (-0.7, 40.0)])
def test_claim_c13_all_tokens(coupling, time, decay):
    # The reference's own tolerance is 1e-12 per step.
    assert_allclose(
        tokens_at(time, START, coupling, 0.6, decay), integrated(time, START, coupling, 0.6, decay), rtol=1e-9
    )


@settings(max_examples=25)
@given(
    time=st.floats(0, 3),
    second=st.floats(0.1, 3),
    coupling=st.floats(-2, 2),
    decay=st.one_of(st.just(0.0), st.floats(1e-9, 5)),
)
def test_claim_c13_two_tokens_two_routes(time, second, coupling, decay):
    pair = np.array(pair_at(time, 0.7, -second, coupling, 0.6, decay))
    whole = np.asarray(tokens_at(time, np.array([0.7, -second, 1.0, 1.0]), coupling, 0.6, decay))[:2]
    for closed, other in zip(pair, whole, strict=True):
        # Within 1e-6 of the blow-up the relative error of the remaining time is all that counts.
        if np.isfinite(closed) and abs(closed) < 1e3:
            assert_allclose(other, closed, rtol=1e-9)
    assert np.sign(pair[1]) == -1


def test_eq_3_5_printed_form_of_the_second_token():
    for coupling in (-0.7, 0.2):
        c, q, time = 2 * coupling * 0.6, np.exp(-0.5 * 0.6), 0.9
        tau, tau_0 = 1 / c - time, 1 / c
        constant = (1 / 0.64 - c * tau_0 / (1 - q)) / abs(tau_0) ** q
        y = 1 / (constant * abs(tau) ** q + c * tau / (1 - q))
        assert_allclose(theory.constant_step_pair(time, 1.0, -0.8, coupling, 0.6, 0.5).second, -np.sqrt(y), rtol=1e-13)


def test_eq_3_5_order_and_times():
    edge = float(theory.constant_step_order_threshold(1.0, 0.6, 0.5))
    assert_allclose(edge, np.sqrt(1 - np.exp(-0.3)), rtol=1e-14)
    times = theory.constant_step_blow_up_times(1.0, np.array([0.9, 1.2, 1.5]) * edge, 0.2, 0.6, 0.5)
    assert_allclose(times.first, 1 / 0.24, rtol=1e-14)
    assert times.both[0] == times.first[0]
    assert np.all(np.diff(times.both) < 0)
    for second, time in zip(np.array([1.2, 1.5]) * edge, times.both[1:], strict=True):
        before = theory.constant_step_pair(float(time) * (1 - 1e-9), 1.0, second, 0.2, 0.6, 0.5)
        after = theory.constant_step_pair(float(time) * (1 + 1e-9), 1.0, second, 0.2, 0.6, 0.5)
        assert np.isfinite(before.first)
        assert np.isfinite(after.first)
        assert before.second > 50
        assert np.isinf(after.second)
    # Without decay the second is always earlier; the limit is a logarithm.
    undamped = theory.constant_step_blow_up_times(1.0, 0.5, 0.2, 0.6, 0.0)
    assert_allclose(undamped.both, undamped.first * -np.expm1(-4.0), rtol=1e-13)
    assert theory.constant_step_order_threshold(1.0, 0.6, 0.0) == 0


def test_eq_3_5_follower_power():
    # Below the order threshold x_2 ~ (T* - t)^(-q/2).
    q = np.exp(-0.3)
    left = np.array([1e-6, 1e-9]) / 0.24
    second = [float(theory.constant_step_pair(1 / 0.24 - x, 1.0, 0.2, 0.2, 0.6, 0.5).second) for x in left]
    assert_allclose(np.diff(np.log(second)) / np.diff(np.log(left)), -q / 2, rtol=2e-2)


def test_claim_c2_late_shares():
    late = np.asarray(tokens_at(1e30, START, -0.7, 0.6, 0.9))
    shares = 2 * 0.7 * 0.6 * 1e30 * late**2
    assert_allclose(shares[0], 1, rtol=1e-9)
    assert_allclose(shares[1:], -np.expm1(-0.54), rtol=1e-9)


def test_bad_arguments_are_refused_by_name():
    with pytest.raises(ValueError, match=r"`step` must lie in \(0, inf\), but is 0.0"):
        theory.constant_step_pair(1.0, 1.0, 1.0, 1.0, 0.0, 0.5)
    with pytest.raises(ValueError, match="`tokens` must not be 0"):
        theory.constant_step_tokens(1.0, np.array([1.0, 0.0]), 1.0, 0.5, 0.5)
