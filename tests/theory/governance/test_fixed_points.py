"""Sections 4.1 to 4.4 of the specification: fixed points, local spectra, contraction, echo states (T6, T7)."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from theory import governance

from .bodies import compiled, fresh, grown, portrait, quickly

rest, jacobian = compiled("closed_loop_state"), compiled("loop_jacobian")


@pytest.mark.parametrize("make", [fresh, grown])
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("opponent", [0.0, 1.0])
def test_thm_4_1_a_state_reproduces_itself(make, share, opponent):
    body = make(6)
    state = np.asarray(rest(body, share, opponent))
    assert np.all(np.abs(state) <= 1)
    action = float(governance.body_action(body, state))
    assert_allclose(action, 1 / (1 + np.exp(-(body.readout @ state + body.offset))), rtol=1e-14)
    played = share * action + (1 - share) * opponent
    drive = body.own_input * played + body.other_input * opponent + body.bias
    assert_allclose(np.tanh(body.recurrent @ state + drive), state, atol=1e-13)
    assert_allclose(governance.closed_loop_map(body, state, share, opponent), state, atol=1e-13)


def test_prop_4_2_jacobian_is_the_derivative():
    body, share = fresh(6), 0.7
    state = np.asarray(rest(body, share, 1.0))
    expected = jax.jacobian(lambda x: governance.closed_loop_map(body, x, share, 1.0))(jnp.asarray(state))
    assert_allclose(jacobian(body, state, share), expected, atol=1e-14)


@pytest.mark.parametrize("seed", range(3))
def test_prop_4_2_radius_is_the_rate_of_convergence(seed):
    body = grown(6, seed)
    state = np.asarray(rest(body, 1.0, 1.0))
    radius = float(governance.spectral_radius(jacobian(body, state, 1.0)))
    assert radius < 1
    step = quickly(lambda x: governance.closed_loop_map(body, x, 1.0, 1.0))
    here = state + 1e-3 * np.random.default_rng(seed).normal(size=6)
    errors = []
    for _ in range(9):
        here = np.asarray(step(here))
        errors.append(np.linalg.norm(here - state))
    # The last ratio, before rounding: other modes and the curvature have died out.
    ratios = np.array(errors[1:]) / np.array(errors[:-1])
    assert_allclose(ratios[4], radius, rtol=0.05)


def test_eq_4_2_rank_two_reduction():
    body = fresh(7)
    rng = np.random.default_rng(3)
    left, right = 0.6 * rng.normal(size=(2, 7))
    dyad = body._replace(recurrent=np.outer(left, right))
    state = np.asarray(rest(dyad, 1.0, 1.0))
    full = np.linalg.eigvals(np.asarray(jacobian(dyad, state, 1.0)))
    pair = np.linalg.eigvals(np.asarray(governance.rank_one_spectrum(left, right, dyad, state)))
    largest = full[np.argsort(-np.abs(full))]
    assert_allclose(np.sort_complex(largest[:2]), np.sort_complex(pair), atol=1e-13)
    assert_allclose(largest[2:], 0, atol=1e-7)  # a zero of multiplicity five moves by a root of eps


def test_eq_4_2_reduction_of_a_habituated_body():
    """A matrix that is one dyad but for noise has nearly the dyad's spectrum."""
    body = grown(30)
    state = np.asarray(rest(body, 1.0, 1.0))
    u, s, v = np.linalg.svd(body.recurrent)
    pair = np.linalg.eigvals(np.asarray(governance.rank_one_spectrum(s[0] * u[:, 0], v[0], body, state)))
    full = float(portrait(30, 0)["radius"])
    # The rest of the matrix is s2 = 1e-3 large, and eigenvalues move by about as much.
    assert abs(np.max(np.abs(pair)) - full) < 3 * s[1]


def test_prop_4_2_published_sizes():
    """rho(J) = 0.228 (0.172 to 0.285), ||J||_2 = 0.296 (0.233 to 0.353), global bound 2.30 (1.97 to 2.77)."""
    for seed in range(3):
        seen = portrait(30, seed)
        assert 0.14 < seen["radius"] < seen["norm"] < 0.45
        assert 1.7 < seen["everywhere"] < 3.1


def test_remark_4_3_contraction_bounds_every_jacobian():
    body = fresh(6)
    bound = float(governance.global_contraction(body))
    rng = np.random.default_rng(5)
    norms = [np.linalg.norm(np.asarray(jacobian(body, rng.uniform(-1, 1, 6), 1.0)), 2) for _ in range(20)]
    assert max(norms) <= bound


def test_remark_4_3_a_contracting_body_forgets_its_start():
    body = fresh(6)
    weak = body._replace(recurrent=0.2 * body.recurrent, own_input=0.2 * body.own_input, readout=0.5 * body.readout)
    assert float(governance.global_contraction(weak)) < 1
    starts = np.random.default_rng(0).uniform(-1, 1, (5, 6))
    ends = jax.vmap(lambda start: governance.closed_loop_state(weak, 1.0, 0.5, start))(starts)
    assert_allclose(ends, np.broadcast_to(ends[0], ends.shape), atol=1e-13)


def test_t7_echo_states_are_not_ensured_by_the_spectral_radius():
    matrix, drive, starts = governance.echo_state_counterexample()
    # Its entries were rounded to four decimals.
    assert_allclose(governance.spectral_radius(matrix), 0.9, atol=1e-4)
    assert_allclose(governance.forgetting_bound(matrix), 3.91, atol=5e-3)
    ends = jax.vmap(lambda start: governance.driven_state(matrix, drive, start))(starts)
    assert_allclose(ends, [[-0.692, 0.951, 0.306], [0.957, 0.615, 1.000]], atol=6e-4)
    for end in ends:
        assert_allclose(np.tanh(matrix @ end + drive), end, atol=1e-13)
        local = (1 - end**2)[:, None] * matrix
        assert np.max(np.abs(np.linalg.eigvals(local))) < 1


def test_t15_sensitivity_closed_form_implicit_and_by_differences():
    body = fresh(6)

    @quickly
    @jax.value_and_grad
    def action(opponent):
        return governance.body_action(body, governance.closed_loop_state(body, 1.0, opponent))

    implicit = float(action(0.6)[1])
    assert_allclose(governance.action_sensitivity(body, 0.6), implicit, rtol=1e-12)
    difference = (float(action(0.6 + 1e-5)[0]) - float(action(0.6 - 1e-5)[0])) / 2e-5
    # Central differences: h^2 f''' and eps/h.
    assert_allclose(implicit, difference, rtol=1e-6)


def test_driven_state_is_differentiable_in_its_matrix():
    matrix, drive = fresh(4).recurrent, fresh(4).bias

    @quickly
    @jax.value_and_grad
    def summed(scale):
        return jnp.sum(governance.driven_state(scale * matrix, drive))

    difference = (float(summed(0.8 + 1e-5)[0]) - float(summed(0.8 - 1e-5)[0])) / 2e-5
    assert_allclose(summed(0.8)[1], difference, rtol=1e-6)


def test_bad_arguments_are_refused_by_name():
    body = fresh(4)
    with pytest.raises(ValueError, match=r"`opponent` must lie in \[0, 1\], but is 1.2"):
        governance.closed_loop_state(body, 1.0, 1.2)
    with pytest.raises(ValueError, match=r"`body.readout` must have shape \(4,\), but has \(3,\)"):
        governance.closed_loop_state(body._replace(readout=np.ones(3)), 1.0, 1.0)
    with pytest.raises(ValueError, match=r"`body\.bias` must be finite"):
        governance.global_contraction(body._replace(bias=np.full(4, np.nan)))
    with pytest.raises(ValueError, match=r"`body\.noise` must lie"):
        governance.global_contraction(body._replace(noise=-0.1))
    with pytest.raises(ValueError, match="`recurrent` must be finite"):
        governance.driven_state(np.full((2, 2), np.inf), np.ones(2))
