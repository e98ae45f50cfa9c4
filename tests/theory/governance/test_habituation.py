"""Sections 2.4, 5.3, 5.8 and 5.10 of the specification: readout, habituation, dimension (T3, T4)."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.optimize import brentq

from theory import governance

from .bodies import compiled, fresh, grown, portrait, quickly

decoupled, rest, develop = map(compiled, ("decoupled_state", "oja_rest", "developed_body"))


def second_moments(size=6, seed=0):
    rng = np.random.default_rng(seed)
    mean, root = rng.uniform(-1, 1, size), 0.2 * rng.normal(size=(size, size))
    return np.outer(mean, mean) + root @ root.T + 0.01 * np.eye(size)


@pytest.mark.parametrize("seed", range(3))
def test_t4_oja_rest_is_a_fixed_point_of_update_and_clamp(seed):
    moments, beta = second_moments(seed=seed), 0.01
    matrix = np.asarray(rest(moments, 0.99))
    assert_allclose(np.max(np.abs(np.linalg.eigvals(matrix))), 0.99, rtol=1e-13)
    updated = matrix + beta * (moments - np.diag(moments)[:, None] * matrix)
    clamped = updated * 0.99 / np.max(np.abs(np.linalg.eigvals(updated)))
    assert np.max(np.abs(np.linalg.eigvals(updated))) > 0.99
    assert_allclose(clamped, matrix, atol=1e-13)


def test_t15_oja_rest_is_differentiable():
    moments = second_moments()
    norm = quickly(jax.value_and_grad(lambda radius: jnp.sum(governance.oja_rest(moments, radius) ** 3)))
    assert_allclose(norm(0.9)[1], (norm(0.9 + 1e-6)[0] - norm(0.9 - 1e-6)[0]) / 2e-6, rtol=1e-6)


@given(drive=st.floats(-3, 3), radius=st.floats(0.05, 0.99))
def test_eq_5_3_decoupled_neuron(drive, radius):
    root = brentq(lambda m: np.tanh(radius * m + drive) - m, -1, 1, xtol=1e-15)
    # Near a critical neuron the residual's rounding is divided by 1 - rho_c (1 - m^2).
    assert_allclose(decoupled(drive, radius), root, atol=1e-15 / (1 - radius) + 4e-15)


def test_eq_5_3_decoupled_slope():
    slope = quickly(jax.grad(governance.decoupled_state))(0.4, 0.99)
    state = float(decoupled(0.4, 0.99))
    assert_allclose(slope, (1 - state**2) / (1 - 0.99 * (1 - state**2)), rtol=1e-12)
    memory = governance.critical_memory(np.array([0.0, 0.4]), 0.99)
    assert_allclose(memory, [0.99, 0.99 * (1 - state**2)], rtol=1e-12)


def test_eq_5_3_rank_one_matrix_reproduces_its_state():
    drive = np.random.default_rng(0).normal(size=30) * 0.76
    state = np.asarray(decoupled(drive, 0.99))
    matrix = np.asarray(governance.rank_one_recurrent(state, 0.99))
    assert_allclose(matrix @ state, 0.99 * state, atol=1e-13)
    assert_allclose(np.tanh(matrix @ state + drive), state, atol=1e-13)
    assert_allclose(np.linalg.matrix_rank(matrix), 1)


@pytest.mark.parametrize("seed", range(3))
def test_eq_5_3_habituation_collapses_to_a_dyad(seed):
    """s2/s1 = 0.0012, a state that is decoupled, and a matrix near the dyad: at d = 30, with the paper's noise."""
    body = grown(30, seed)
    singular = np.linalg.svd(body.recurrent, compute_uv=False)
    assert_allclose(np.max(np.abs(np.linalg.eigvals(body.recurrent))), 0.99, rtol=1e-10)
    drive = body.own_input + body.other_input + body.bias
    state = np.asarray(decoupled(drive, 0.99))
    share = float(governance.second_singular_share(state, body.noise))
    assert 5e-4 < share < 2e-3
    assert 0.5 < singular[1] / singular[0] / share < 2
    dyad = np.asarray(governance.rank_one_recurrent(state, 0.99))
    assert np.linalg.norm(dyad - body.recurrent) < 0.1 * np.linalg.norm(dyad)


def test_eq_5_3_habituated_is_self_consistent():
    body = fresh(6)
    drive = body.own_input + body.other_input + body.bias
    found = compiled("habituated_recurrent")(drive, body.noise, 0.99)
    closed = compiled("driven_moments")(found.recurrent, drive, body.noise)
    assert_allclose(closed.mean, found.moments.mean, atol=1e-9)
    assert_allclose(closed.covariance, found.moments.covariance, atol=1e-9)
    second = found.moments.covariance + np.outer(found.moments.mean, found.moments.mean)
    assert_allclose(rest(second, 0.99), found.recurrent, atol=1e-9)


def test_t15_habituation_is_differentiable():
    body = fresh(6)
    drive = body.own_input + body.other_input + body.bias
    total = quickly(
        jax.value_and_grad(lambda n: jnp.sum(governance.habituated_recurrent(drive, n, 0.99).recurrent ** 2))
    )
    assert_allclose(total(0.15)[1], (total(0.1501)[0] - total(0.1499)[0]) / 2e-4, rtol=1e-4)


def test_eq_5_3_speed():
    # The specification: m . m of about 18 makes a factor of about 0.85 an epoch.
    assert_allclose(governance.forgetting_per_epoch(18.0, 0.99, 0.01), 0.99 / 1.17, rtol=1e-14)


def samples(body, drive, count, rng):
    state, found = np.zeros((50, body.bias.size)), []
    for step in range(100 + count // 50):
        state = np.tanh(state @ body.recurrent.T + drive) + body.noise * rng.normal(size=state.shape)
        if step >= 100:
            found.append(state)
    return np.concatenate(found)


def test_t3_population_readout_against_trained_ones():
    """The trained weights approach it as n^(-1/2), within 10 percent at n = 4000."""
    body, ridge, rng = fresh(6), 0.001, np.random.default_rng(0)
    developed = develop(body, ridge)
    errors = []
    for count in (2000, 128_000):
        kinds = [samples(body, body.bias + both * (body.own_input + body.other_input), count, rng) for both in (1, 0)]
        design = np.hstack([np.concatenate(kinds), np.ones((2 * count, 1))])
        target = np.log(19) * np.repeat([1.0, -1.0], count)
        penalty = np.diag([2 * count * ridge] * 6 + [0.0])
        trained = np.linalg.solve(design.T @ design + penalty, design.T @ target)
        errors.append(np.linalg.norm(trained[:-1] - developed.readout) / np.linalg.norm(developed.readout))
    assert errors[0] < 0.1
    assert errors[1] < 0.03
    assert_allclose(trained[-1], developed.offset, atol=0.05)


def test_eq_2_4_population_form_and_its_isotropic_power():
    size, rng = 5, np.random.default_rng(1)
    first, second = rng.normal(size=(2, size))
    same = 0.3 * np.eye(size)
    found = governance.population_readout(governance.Moments(first, same), governance.Moments(second, same), 0.01)
    power = governance.isotropic_readout_power(np.sum((first - second) ** 2), 0.3, 0.01)
    assert_allclose(np.sum(np.asarray(found.weights) ** 2), power, rtol=1e-12)
    assert_allclose(found.weights @ (first + second) / 2 + found.offset, 0, atol=1e-14)
    large = governance.isotropic_readout_power(1e6, 0.3, 0.01)
    assert_allclose(large, 4 * np.log(19) ** 2 / 1e6, rtol=1e-5)


def test_eq_5_8_leading_terms_and_parts():
    for seed in range(3):
        seen = portrait(30, seed)
        parts, answer = seen["parts"], seen["noisy"]
        assert_allclose(parts.noise + parts.pulse, answer.action_variance, rtol=1e-12)
        leading = float(seen["leading"])
        # One further step of memory is worth rho(J)^2, about 5 percent, and what is aligned adds to it.
        assert leading <= answer.action_variance * (1 + 1e-12)
        assert leading > 0.6 * answer.action_variance


def test_eq_5_7_pulse_strength_grows_with_the_dimension():
    strengths = [np.mean([float(portrait(d, s)["strength"]) for s in range(3)]) for d in (6, 30)]
    assert 2 < strengths[1] / strengths[0] < 12


def test_eq_5_10_insulation_comes_with_habituation():
    """Against a constant defector: the developed body retaliates, the habituated one hardly does."""
    for seed in range(3):
        developed = develop(fresh(30, seed), 0.001)
        before = governance.body_action(developed, compiled("closed_loop_state")(developed, 1.0, 0.0))
        assert before < 0.1
        assert portrait(30, seed)["insulated"] > 0.6


def test_habituated_body_as_a_dyad():
    body = develop(fresh(6), 0.001)
    dyad = governance.habituated_body(body, 0.99, noisy=False)
    assert np.linalg.matrix_rank(dyad.recurrent) == 1
    assert_allclose(dyad.readout, body.readout)


def test_bad_arguments_are_refused_by_name():
    with pytest.raises(ValueError, match=r"`radius` must lie in \(0, 1\), but is 1.0"):
        governance.oja_rest(np.eye(2), 1.0)
    with pytest.raises(ValueError, match="`ridge` must lie"):
        governance.developed_body(fresh(4), -1.0)
    with pytest.raises(ValueError, match="`drive` must be finite"):
        governance.decoupled_state(np.array([0.0, np.nan]), 0.9)
    with pytest.raises(ValueError, match=r"`body\.noise` must lie"):
        governance.pulse_strength(fresh(4)._replace(noise=0.0), 0.9)
