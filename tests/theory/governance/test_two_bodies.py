"""Section 11.6 of the specification: the loop of two bodies, derived here."""

import jax
import numpy as np
import pytest
from numpy.testing import assert_allclose

from theory import governance

from .bodies import compiled, fresh, grown, quickly

rest, respond = compiled("pair_state"), compiled("pair_response")


def rounds(first, second, shares, opening, count, noise=0.0, copies=1, seed=0):
    """Both bodies in a plain loop, from x = 0; the actions of every round."""
    rng = np.random.default_rng(seed)
    x, y = np.zeros((copies, first.bias.size)), np.zeros((copies, second.bias.size))
    a, b, found = np.full(copies, opening), np.full(copies, opening), []
    for _ in range(count):
        outputs = [1 / (1 + np.exp(-(s @ body.readout + body.offset))) for s, body in ((x, first), (y, second))]
        a, b = (share * out + (1 - share) * last for share, out, last in zip(shares, outputs, (b, a), strict=True))
        found.append((a, b))
        pair = []
        for state, body, own, other in ((x, first, a, b), (y, second, b, a)):
            drive = np.outer(own, body.own_input) + np.outer(other, body.other_input) + body.bias
            pair.append(np.tanh(state @ body.recurrent.T + drive) + noise * rng.normal(size=state.shape))
        x, y = pair
    return x, y, np.array(found)


@pytest.mark.parametrize("shares", [(1.0, 1.0), (0.6, 0.3), (0.8, 0.0)])
def test_pair_state_is_where_the_loop_ends(shares):
    first, second = grown(6, 0), grown(6, 1)
    found = rest(first, second, *shares, 1.0)
    x, y, actions = rounds(first, second, shares, 1.0, 400)
    assert_allclose(found.first, x[0], atol=1e-12)
    assert_allclose(found.second, y[0], atol=1e-12)
    assert_allclose([found.first_action, found.second_action], actions[-1, :, 0], atol=1e-12)


def test_a_body_of_share_one_before_a_constant_reply_is_alone():
    """Against an echo, both actions agree at rest, and the body sees itself."""
    found = rest(grown(6, 0), grown(6, 1), 1.0, 0.0, 1.0)
    assert_allclose(found.first_action, found.second_action, atol=1e-13)
    alone = compiled("closed_loop_state")(grown(6, 0), 1.0, float(found.second_action))
    assert_allclose(found.first, alone, atol=1e-12)


def test_pair_radius_is_the_rate_of_approach():
    first, second, shares = grown(6, 0), grown(6, 1), (0.6, 0.3)
    answer = respond(first, second, *shares, 1.0)
    *_, actions = rounds(first, second, shares, 1.0, 60)
    errors = np.abs(actions[:, 0, 0] - actions[-1, 0, 0])
    # Two steps of the ratio: signs may alternate.
    measured = (errors[24] / errors[12]) ** (1 / 12)
    assert_allclose(measured, answer.radius, rtol=0.05)


def test_pair_fluctuations_against_a_noisy_loop():
    first, second, shares = grown(6, 0), grown(6, 1), (0.7, 0.5)
    weak = [body._replace(noise=0.01) for body in (first, second)]
    answer = respond(*weak, *shares, 1.0)
    *_, actions = rounds(*weak, shares, 1.0, 150, noise=0.01, copies=2000)
    found = np.cov(actions[50:].transpose(1, 0, 2).reshape(2, -1))
    assert_allclose(found, answer.action_covariance, rtol=0.05, atol=0.02 * np.abs(found).max())


def test_pair_radius_tells_the_mutual_echo_from_the_body():
    """Two echoes would keep what they are told for ever; the nearer both shares are to 0, the slower they forget."""
    radii = [float(respond(grown(6, 0), grown(6, 1), share, share, 1.0).radius) for share in (0.02, 0.1, 0.5)]
    assert 1 > radii[0] > radii[1] > radii[2]
    assert_allclose(radii[0], 0.98, atol=0.02)


def test_pair_state_is_differentiable():
    first, second = grown(6, 0), fresh(6, 1)
    action = quickly(jax.value_and_grad(lambda share: governance.pair_state(first, second, share, 0.5).first_action))
    assert_allclose(action(0.6)[1], (action(0.60001)[0] - action(0.59999)[0]) / 2e-5, rtol=1e-5)


def test_bad_arguments_are_refused_by_name():
    with pytest.raises(ValueError, match="must not both be 0"):
        governance.pair_state(fresh(4), fresh(4), 0.0, 0.0)
    with pytest.raises(ValueError, match=r"`second\.readout` must have shape"):
        governance.pair_state(fresh(4), fresh(4)._replace(readout=np.ones(2)), 0.5, 0.5)
    with pytest.raises(ValueError, match="`opening` must lie"):
        governance.pair_response(fresh(4), fresh(4), 0.5, 0.5, 1.5)
