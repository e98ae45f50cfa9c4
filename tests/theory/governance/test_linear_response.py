"""Sections 4.5, 4.8, 5.4 and 5.5 of the specification: linear-Gaussian theory and the smoothing bounds (T8, T15)."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.linalg import solve_discrete_lyapunov

from theory import governance

from .bodies import compiled, fresh, grown, portrait, quickly

respond, lyapunov = compiled("linear_response"), compiled("discrete_lyapunov")


def matrices(body, share, cooperation, state):
    """A, B and c, written again from the specification."""
    output = float(governance.body_action(body, state))
    slope, bend = output * (1 - output), 1 - state**2
    top = bend[:, None] * (body.recurrent + share * slope * np.outer(body.own_input, body.readout))
    matrix = np.zeros((state.size + 1,) * 2)
    matrix[:-1, :-1], matrix[:-1, -1] = top, (1 - share) * bend * body.own_input
    pulse = np.append(bend * body.other_input, 1.0)
    return matrix, pulse, np.append(share * slope * body.readout, 1 - share)


@pytest.mark.parametrize("radius", [0.3, 0.9, 0.999])
def test_t8_lyapunov_against_scipy(radius):
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(7, 7))
    matrix *= radius / np.max(np.abs(np.linalg.eigvals(matrix)))
    root = rng.normal(size=(7, 7))
    found = np.asarray(lyapunov(matrix, root @ root.T))
    size = np.abs(found).max()
    assert_allclose(matrix @ found @ matrix.T + root @ root.T, found, atol=1e-12 * size / (1 - radius))
    assert_allclose(found, solve_discrete_lyapunov(matrix, root @ root.T), atol=1e-10 * size / (1 - radius))


def test_t8_lyapunov_is_infinite_without_an_attractor():
    assert np.all(np.isposinf(lyapunov(1.01 * np.eye(7), np.eye(7))))


def test_t15_lyapunov_derivatives_are_lyapunov_equations():
    rng = np.random.default_rng(1)
    matrix, direction = 0.3 * rng.normal(size=(2, 4, 4))

    def total(scale):
        return jnp.sum(governance.discrete_lyapunov(matrix + scale * direction, jnp.eye(4)) ** 2)

    fast = quickly(lambda scale: (*jax.value_and_grad(total)(scale), jax.jvp(total, (scale,), (1.0,))[1]))
    _, reverse, forward = fast(0.1)
    difference = (fast(0.1 + 1e-6)[0] - fast(0.1 - 1e-6)[0]) / 2e-6
    assert_allclose(reverse, forward, rtol=1e-12)
    assert_allclose(reverse, difference, rtol=1e-6)


@pytest.mark.parametrize("make", [fresh, grown])
@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_eq_5_4_against_scipy(make, share):
    body, q = make(6), 0.9
    answer = respond(body, share, q)
    state = np.asarray(answer.state)
    matrix, pulse, seen = matrices(body, share, q, state)
    noise = body.noise**2 * np.diag(np.append(np.ones(6), 0.0))
    whole = solve_discrete_lyapunov(matrix, q * (1 - q) * np.outer(pulse, pulse) + noise)
    assert_allclose(answer.covariance, whole[:-1, :-1], atol=1e-13)
    assert_allclose(answer.action_variance, seen @ whole @ seen, rtol=1e-11)
    assert_allclose(answer.noise_variance, seen @ solve_discrete_lyapunov(matrix, noise) @ seen, rtol=1e-11)
    expected = share * float(governance.body_action(body, state)) + (1 - share) * q
    assert_allclose(answer.mean_action, expected, rtol=1e-14)


def test_thm_4_8a_without_the_body_the_variance_is_the_opponents():
    answer = respond(grown(6), 0.0, 0.9)
    assert_allclose(answer.action_variance, 0.09, rtol=1e-14)


def test_eq_5_4_pulse_variance_is_a_series():
    seen, q = portrait(30, 0), 0.9
    series, parts = np.asarray(seen["pulses"]), seen["parts"]
    assert_allclose(q * (1 - q) * np.sum(series**2), seen["noisy"].pulse_variance, rtol=1e-12)
    assert_allclose(parts.pulse, q * (1 - q) * np.sum(series**2), rtol=1e-12)
    output = float(governance.body_action(grown(30, 0), seen["noisy"].state))
    assert_allclose(output * (1 - output) * parts.alignment, series[0], rtol=1e-12)


def test_t8_a_linear_simulation_agrees():
    """2e5 steps of y' = A y + B do + xi."""
    body, share, q = grown(6), 0.6, 0.8
    answer = respond(body, share, q)
    matrix, pulse, seen = matrices(body, share, q, np.asarray(answer.state))
    rng = np.random.default_rng(2)
    here, found = np.zeros((1000, 7)), []
    for step in range(230):
        moves = (rng.random(1000) < q) - q
        here = here @ matrix.T + np.outer(moves, pulse)
        here[:, :-1] += body.noise * rng.normal(size=(1000, 6))
        if step >= 30:
            found.append(here @ seen)
    found = np.ravel(found)
    assert_allclose(found.var(), answer.action_variance, rtol=0.02)


def test_remark_4_5_bound_holds_and_is_nearly_met():
    for seed in range(3):
        seen = portrait(30, seed)
        bound = float(governance.noise_covariance_bound(seen["norm"], 0.15))
        largest = np.linalg.eigvalsh(seen["quiet"].covariance)[-1]
        assert 0.85 * bound < largest <= bound


def test_t15_gradient_of_the_variance_by_differences():
    body = fresh(6)

    def variance(share, cooperation):
        answer = governance.linear_response(body, share, cooperation)
        return answer.pulse_variance + answer.noise_variance

    fast = quickly(jax.value_and_grad(variance, argnums=(0, 1)))
    by_share, by_cooperation = fast(0.6, 0.8)[1]
    step = 1e-5
    assert_allclose(by_share, (fast(0.6 + step, 0.8)[0] - fast(0.6 - step, 0.8)[0]) / (2 * step), rtol=1e-6)
    assert_allclose(by_cooperation, (fast(0.6, 0.8 + step)[0] - fast(0.6, 0.8 - step)[0]) / (2 * step), rtol=1e-6)


def test_thm_4_8b_published_bound_is_vacuous_and_the_other_is_not():
    """Published parameters: 0.33 (0.155 to 0.529), more than the 0.09 of tit-for-tat."""
    for seed in range(3):
        seen = portrait(30, seed)
        assert seen["published"] > 0.09
        assert seen["noisy"].action_variance <= seen["bound"] < 0.01
        assert_allclose(sum(seen["bound_parts"]), seen["bound"], rtol=1e-14)


def test_eq_5_5_bound_is_never_crossed():
    bounds = quickly(lambda b, q: (governance.smoothing_bound(b, q), governance.linear_response(b, 1.0, q)))
    for seed in range(20):
        sharp, answer = bounds(fresh(6, seed), 0.7)
        assert answer.action_variance <= sharp * (1 + 1e-12)


def test_thm_4_8b_bounds_are_infinite_where_their_condition_fails():
    body = fresh(6)
    wild = body._replace(
        recurrent=body.recurrent * 40, bias=0 * body.bias, own_input=0 * body.bias, other_input=0 * body.bias
    )
    assert np.isinf(governance.published_smoothing_bound(wild, 0.9))
    assert np.isinf(governance.smoothing_bound(wild, 0.9))


def test_bad_arguments_are_refused_by_name():
    with pytest.raises(ValueError, match=r"`right` must have shape \(2, 2\)"):
        governance.discrete_lyapunov(np.eye(2) / 2, np.eye(3))
    with pytest.raises(ValueError, match="`matrix` must be finite"):
        governance.discrete_lyapunov(np.full((2, 2), np.nan), np.eye(2))
    with pytest.raises(ValueError, match="`cooperation` must lie"):
        governance.linear_response(fresh(4), 0.5, -0.1)
    with pytest.raises(ValueError, match=r"`jacobian_norm` must lie in \[0, 1\), but is 1.0"):
        governance.noise_covariance_bound(1.0, 0.1)
