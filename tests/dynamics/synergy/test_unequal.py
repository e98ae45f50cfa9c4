"""Unequal agents, drawn and enumerated."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from dynamics import synergy

EPS = float(np.finfo(np.float64).eps)
NODES = 200_000
Z = 4.5


def standard_error(mean, nodes=NODES):
    return np.sqrt((1 - np.asarray(mean) ** 2) / nodes)


def test_each_agent_votes_with_its_own_bias_through_its_own_channel():
    biases, fidelities = np.array([0.1, -0.3, 0.8]), np.array([1.0, 0.5, 0.9])
    votes = synergy.unequal_votes(jr.key(1), 0.0, fidelities, biases, NODES)
    assert votes.dtype == jnp.int8
    wanted = fidelities * biases
    assert np.all(abs(votes.mean(axis=1) - wanted) <= Z * standard_error(wanted))
    products = (votes[:, None] * votes[None]).mean(axis=2)
    for i, j in [(0, 1), (0, 2), (1, 2)]:
        assert abs(products[i, j] - wanted[i] * wanted[j]) <= Z / NODES**0.5


def test_shared_votes_are_copies_of_an_evenly_chosen_agent():
    biases = np.array([0.9, -0.6, 0.0])
    votes = synergy.unequal_votes(jr.key(2), 1.0, np.ones(3), biases, NODES)
    assert bool((votes == votes[0]).all())
    assert abs(float(votes[0].mean()) - 0.1) <= Z * float(standard_error(0.1))


def test_certain_agents_are_always_right_and_seven_shares_of_ten_are_copied():
    votes = synergy.unequal_votes(jr.key(3), 0.7, np.ones(2), np.array([1.0, -1.0]), NODES)
    # Unlike agents agree only when one copies the other.
    agree = float((votes[0] == votes[1]).mean())
    assert abs(agree - 0.7) <= Z * np.sqrt(0.21 / NODES)


def test_weighted_sign_names_ties_and_the_decision_breaks_them_fairly():
    votes = jnp.array([[1, 1, -1], [-1, 1, -1]], jnp.int8)
    np.testing.assert_array_equal(synergy.weighted_sign(votes, np.array([0.1, 0.1])), [0, 1, -1])
    # 0.1 + 0.2 - 0.3 is not 0 in floating point, and still a tie.
    three = jnp.array([[1], [1], [-1]], jnp.int8)
    np.testing.assert_array_equal(synergy.weighted_sign(three, np.array([0.1, 0.2, 0.3])), [0])
    tied = jnp.tile(jnp.array([[1], [-1]], jnp.int8), NODES)
    decided = synergy.weighted_decision(jr.key(4), tied, np.ones(2))
    assert abs(float(decided.mean())) <= Z / NODES**0.5
    assert set(np.unique(decided)) == {-1, 1}


@pytest.mark.parametrize(("biases", "plain", "best"), [((0.1, 0.3, 0.5), 0.4425, 0.5), ((0.2, 0.2, 0.8), 0.584, 0.8)])
def test_spec_7_4_numbers_by_enumeration_and_by_drawing(biases, plain, best):
    biases = np.array(biases)
    weights = synergy.log_odds(biases)
    drawn = synergy.unequal_votes(jr.key(5), 0.0, np.ones(3), biases, NODES)
    for rule, wanted in [(np.ones(3), plain), (weights, best)]:
        exact = synergy.decided_bias(lambda votes, rule=rule: synergy.weighted_sign(votes, rule), biases)
        assert float(exact) == pytest.approx(wanted, abs=16 * EPS)
        seen = float(synergy.weighted_decision(jr.key(6), drawn, rule).mean())
        assert abs(seen - wanted) <= Z * float(standard_error(wanted))


def test_enumeration_is_the_probability_weighted_mean_of_any_rule():
    biases = np.array([0.3, -0.2, 0.9, 0.0])
    assert float(synergy.decided_bias(lambda votes: votes[2], biases)) == pytest.approx(0.9, abs=16 * EPS)
    product = synergy.decided_bias(lambda votes: votes[0] * votes[1], biases)
    assert float(product) == pytest.approx(-0.06, abs=16 * EPS)
    certain = synergy.decided_bias(lambda votes: votes.min(axis=0), np.ones(3))
    assert float(certain) == 1.0


def test_log_odds_are_the_posterior_log_odds():
    biases = np.array([0.2, 0.8, -0.5])
    np.testing.assert_allclose(synergy.log_odds(biases), np.log((1 + biases) / (1 - biases)), rtol=16 * EPS)


def test_compiled_votes_are_the_same_votes():
    arguments = (0.3, np.full(3, 0.9), np.array([0.1, 0.4, 0.7]), 500)
    direct = synergy.unequal_votes(jr.key(7), *arguments)
    compiled = jax.jit(synergy.unequal_votes, static_argnums=4)(jr.key(7), *arguments)
    np.testing.assert_array_equal(direct, compiled)


def test_bad_arguments_are_refused_by_name():
    ones = np.ones(3)
    with pytest.raises(ValueError, match="`biases`"):
        synergy.unequal_votes(jr.key(0), 0.0, ones, 2 * ones, 10)
    with pytest.raises(ValueError, match="`fidelities`"):
        synergy.unequal_votes(jr.key(0), 0.0, -ones, ones, 10)
    with pytest.raises(ValueError, match="`correlation`"):
        synergy.unequal_votes(jr.key(0), 1.5, ones, ones, 10)
    with pytest.raises(ValueError, match="`nodes`"):
        synergy.unequal_votes(jr.key(0), 0.0, ones, ones, 0)
