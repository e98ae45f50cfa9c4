"""Two bodies simulated without noise settle where the theory of their closed loop says."""

import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from dynamics import governance as gov
from theory import governance as theory

RNG = np.random.default_rng(5)


def made(d, share):
    # Contracting: ||W|| is about 0.4, so that rounding is all that is left after a hundred rounds.
    body = gov.Body(
        jnp.asarray(0.2 * RNG.normal(size=(d, d)) / d**0.5),
        jnp.asarray(0.5 * RNG.normal(size=(d, 2))),
        jnp.asarray(0.3 * RNG.normal(size=d)),
    )
    readout = gov.Readout(jnp.asarray(RNG.normal(size=d)), jnp.asarray(0.4))
    agent = gov.Agent(*(jnp.asarray(float(value)) for value in gov.static(share)))
    baseline = gov.Baseline(jnp.zeros(d), jnp.asarray(0.0))
    law = theory.Body(body.recurrent, *body.inputs.T, body.bias, readout.weights, readout.intercept, 0.0)
    return gov.Player(body, readout, agent, baseline), law


@pytest.mark.parametrize(("share", "other_share"), [(0.8, 0.5), (1.0, 0.0)])
def test_two_bodies_settle_in_their_joint_state(share, other_share):
    (one, law), (two, other_law) = made(5, share), made(4, other_share)
    met = gov.meet(one, two, 200, jnp.zeros((200, 5)), jnp.zeros((200, 4)))
    wanted = theory.pair_state(law, other_law, share, other_share)
    assert_allclose(met.states[-1], wanted.first, atol=1e-10)
    assert_allclose(met.decisions.action[-1], wanted.first_action, atol=1e-10)
    assert_allclose(met.others[-1], wanted.second_action, atol=1e-10)


def test_an_echo_is_the_opponent_that_theory_calls_a_body_without_authority():
    (one, law), (_, silent) = made(5, 0.7), made(3, 0.0)
    met = gov.meet(one, gov.copycat(), 200, jnp.zeros((200, 5)))
    wanted = theory.pair_state(law, silent, 0.7, 0.0)
    assert_allclose(met.decisions.action[-1], wanted.first_action, atol=1e-10)
    assert_allclose(met.others[-1], wanted.second_action, atol=1e-10)
