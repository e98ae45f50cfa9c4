"""Section 5.6 of the specification: the history mixture (T9)."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.stats import norm

from theory import governance

from .bodies import compiled, fresh, grown, states

law, mixture, whole = map(compiled, ("action_law", "history_mixture", "mixture_moments"))
respond, quiet_moments, driven_moments = map(compiled, ("linear_response", "quiet_moments", "driven_moments"))


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_t9_against_a_loop(share):
    """2e5 rounds: variance within 3 percent, mean within 1e-3."""
    for seed in range(2):
        body = grown(6, seed)
        found, outputs, actions = states(body, share, 0.9, 200, 1000)
        predicted = law(body, share, 0.9)
        assert_allclose(actions.var(), predicted.variance, rtol=0.03)
        assert_allclose(actions.mean(), predicted.mean, atol=3e-3 if share < 1 else 1e-3)
        assert_allclose(outputs.mean(), predicted.body_mean, atol=1e-3)
        moments = whole(mixture(body, share, 0.9))
        flat = found.reshape(-1, 6)
        assert_allclose(flat.mean(axis=0), moments.mean, atol=5e-3)
        size = np.abs(moments.covariance).max()
        assert_allclose(np.cov(flat.T), moments.covariance, atol=0.03 * size)


def test_eq_5_6_without_the_body_the_law_is_the_opponents():
    predicted = law(grown(6), 0.0, 0.7)
    assert_allclose([predicted.mean, predicted.variance], [0.7, 0.21], atol=1e-14)


def test_eq_5_6_weights_are_chances():
    found = mixture(grown(6), 0.5, 0.9)
    assert found.weights.shape == (64,)
    assert_allclose(np.sum(found.weights), 1, rtol=1e-14)
    assert_allclose(found.weights[-1], 0.9**6, rtol=1e-14)
    assert_allclose(found.weights[0], 0.1**6, rtol=1e-12)


def test_eq_5_6_five_rounds_are_enough():
    body = grown(6)
    short, long = law(body, 1.0, 0.9), compiled("action_law", memory=7)(body, 1.0, 0.9)
    assert_allclose(short.variance, long.variance, rtol=2e-3)
    assert_allclose(short.mean, long.mean, atol=1e-5)


def test_eq_5_6_is_the_linear_theory_where_all_is_small():
    """Weak noise and a weak opponent: fluctuations that tanh and the sigmoid do not bend."""
    body = grown(6)
    weak = body._replace(noise=1e-4, other_input=1e-3 * body.other_input, own_input=1e-3 * body.own_input)
    linear = respond(weak, 1.0, 0.9)
    predicted = law(weak, 1.0, 0.9)
    # Second-order terms are 1e-3 of the first.
    assert_allclose(predicted.variance, linear.action_variance, rtol=3e-3)
    assert_allclose(predicted.mean, linear.mean_action, atol=1e-6)


def test_eq_5_6_one_neuron_by_quadrature():
    """One step of one neuron: E tanh and E sigmoid against adaptive integration."""
    recurrent, drive, noise = np.array([[0.6]]), np.array([0.3]), 0.4
    moments = driven_moments(recurrent, drive, noise)
    mean, variance = float(moments.mean[0]), float(moments.covariance[0, 0])
    spread = 0.6 * variance**0.5

    def expect(function):
        return quad(lambda v: function(0.6 * mean + 0.3 + v) * norm.pdf(v, scale=spread), -4, 4, epsabs=1e-12)[0]

    gain = expect(lambda u: 1 - np.tanh(u) ** 2)
    assert_allclose(expect(np.tanh), mean, atol=1e-9)
    assert_allclose(gain**2 * spread**2 + noise**2, variance, atol=1e-9)


def test_def_habituated_baseline_is_the_history_without_defection():
    body = grown(6)
    quiet, found = quiet_moments(body), mixture(body, 1.0, 1.0)
    assert_allclose(found.weights[-1], 1, rtol=1e-15)
    assert_allclose(quiet.mean, found.means[-1], atol=1e-14)
    assert_allclose(quiet.covariance, found.covariances[-1], atol=1e-15)
    # Further rounds change it no more: rho(J)^5 of what the linear start is off by.
    longer = compiled("quiet_moments", memory=8)(body)
    assert_allclose(quiet.mean, longer.mean, atol=1e-4)


def test_driven_moments_without_noise_are_a_driven_state():
    body = fresh(6)
    moments = driven_moments(body.recurrent, body.bias, 0.0)
    assert_allclose(moments.mean, compiled("driven_state")(body.recurrent, body.bias), atol=1e-12)
    assert_allclose(moments.covariance, 0, atol=1e-15)


def test_bad_arguments_are_refused_by_name():
    with pytest.raises(ValueError, match="`memory` must be at least 1"):
        governance.history_mixture(fresh(4), 0.5, 0.9, memory=0)
    with pytest.raises(ValueError, match="`body_share` must lie"):
        governance.action_law(fresh(4), np.nan, 0.9)
    with pytest.raises(ValueError, match="`noise` must lie"):
        governance.driven_moments(np.eye(2) / 2, np.ones(2), -1.0)
