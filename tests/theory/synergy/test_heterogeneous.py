"""Unequal agents, spec 7.3 and 7.4."""

import itertools

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from theory import synergy

EPS = float(np.finfo(np.float64).eps)
# One compilation per team size: five agents in all properties.
plain = jax.jit(synergy.unequal_majority)
weighted = jax.jit(synergy.weighted_majority)
optimal = jax.jit(synergy.optimal_majority)
level_slope = jax.jit(jax.grad(lambda biases, *rest: synergy.unequal_level_map(*rest, biases)))
biases_of_five = st.lists(st.floats(-1, 1), min_size=5, max_size=5).map(np.array)


def reference(biases, weights=None):
    """Forty digits, all votes listed, ties worth nothing."""
    with mpmath.workdps(40):
        biases = [mpmath.mpf(float(u)) for u in biases]
        weights = [1] * len(biases) if weights is None else [mpmath.mpf(float(w)) for w in weights]
        total = mpmath.mpf(0)
        for votes in itertools.product((1, -1), repeat=len(biases)):
            chance = mpmath.fprod((1 + s * u) / 2 for s, u in zip(votes, biases, strict=True))
            total += chance * mpmath.sign(mpmath.fsum(s * w for s, w in zip(votes, weights, strict=True)))
        return float(total)


@pytest.mark.parametrize(
    ("biases", "expected", "homogeneous"),
    [((0.1, 0.3, 0.5), 0.4425, 0.4365), ((0.05, 0.1, 0.2, 0.3, 0.6), 0.45688, 0.449584960938)],
)
def test_spec_7_3_numbers(biases, expected, homogeneous):
    assert float(plain(np.array(biases))) == pytest.approx(expected, abs=5e-6)
    mean = synergy.majority_map(len(biases), np.mean(biases))
    assert float(mean) == pytest.approx(homogeneous, abs=5e-13)


def test_spec_7_3_three_agents_by_symmetric_polynomials():
    u, v, w = 0.1, 0.3, 0.5
    assert float(plain(np.array([u, v, w]))) == pytest.approx((u + v + w - u * v * w) / 2, rel=8 * EPS)


@given(biases_of_five)
def test_spec_7_3_majority_is_the_sum_over_all_votes(biases):
    assert float(plain(biases)) == pytest.approx(reference(biases), abs=16 * EPS)


def test_spec_7_3_small_biases_keep_their_digits():
    biases = np.array([1e-9, 2e-9, 5e-10, 4e-9, 3e-9, 1e-10, 2e-9])
    # About ten rounded operations an agent, all on positive terms.
    assert float(synergy.unequal_majority(biases)) == pytest.approx(reference(biases), rel=70 * EPS, abs=0)


@pytest.mark.parametrize("agents", [1, 2, 3, 4, 7, 8, 31])
def test_spec_7_3_equal_agents_are_the_majority_map(agents):
    got = synergy.unequal_majority(np.full(agents, 0.37))
    wanted = synergy.fair_tie_majority_map(agents, 0.37)
    assert float(got) == pytest.approx(float(wanted), rel=10 * agents * EPS)


def test_spec_7_3_order_of_agents_does_not_matter():
    teams = np.array(list(itertools.permutations((0.05, 0.2, -0.3, 0.7, 0.9)))[::7])
    bias = np.asarray(plain(teams))
    assert bias.shape == (len(teams),)
    assert np.ptp(bias) <= 32 * EPS


@given(biases_of_five, st.floats(0, 1))
def test_spec_7_3_gradient_at_zero_is_the_first_order(fidelities, correlation):
    fidelities = np.abs(fidelities)
    slope = np.asarray(level_slope(jnp.zeros(5), correlation, fidelities))
    gain = correlation + (1 - correlation) * 1.875
    np.testing.assert_allclose(slope, gain * fidelities / 5, atol=32 * EPS)
    first = synergy.unequal_small_signal(correlation, fidelities, np.full(5, 0.01))
    assert float(first) == pytest.approx(gain * fidelities.mean() * 0.01, rel=16 * EPS, abs=1e-300)


def test_spec_7_3_first_order_of_even_teams_is_that_of_one_fewer():
    slope = jax.grad(lambda u: synergy.unequal_majority(u))(jnp.zeros(4))
    np.testing.assert_allclose(slope, 1.5 / 4, rtol=16 * EPS)
    first = synergy.unequal_small_signal(0.0, np.ones(4), np.full(4, 0.1))
    assert float(first) == pytest.approx(0.15, rel=8 * EPS)


def test_spec_7_3_sharing_mixes_with_the_mean_signal():
    fidelities, biases = np.array([0.5, 0.8, 1.0]), np.array([0.2, 0.5, 0.1])
    signals = fidelities * biases
    got = synergy.unequal_level_map(np.array([0.0, 0.3, 1.0]), fidelities, np.tile(biases, (3, 1)))
    alone = (signals.sum() - signals.prod()) / 2
    wanted = [alone, 0.3 * signals.mean() + 0.7 * alone, signals.mean()]
    np.testing.assert_allclose(got, wanted, rtol=16 * EPS)
    equal = synergy.unequal_level_map(0.3, np.full(5, 0.8), np.full(5, 0.4))
    assert float(equal) == pytest.approx(float(synergy.level_map(5, 0.3, 0.8, 0.4)), rel=64 * EPS)


def test_spec_7_3_gradient_is_the_pivot_probability():
    biases = np.array([0.05, 0.3, -0.2, 0.6, 0.1])
    slope = np.asarray(jax.grad(plain)(jnp.asarray(biases)))
    for agent in range(5):
        # The majority is linear in each bias, so the difference quotient over [-1, 1] is exact.
        up, down = biases.copy(), biases.copy()
        up[agent], down[agent] = 1.0, -1.0
        assert slope[agent] == pytest.approx((reference(up) - reference(down)) / 2, abs=32 * EPS)


@pytest.mark.parametrize(
    ("biases", "best_rule", "plain_rule"),
    [
        ((0.1, 0.3, 0.5), 0.5, 0.4425),
        ((0.05, 0.1, 0.2, 0.3, 0.6), 0.6, 0.45688),
        ((0.2, 0.2, 0.8), 0.8, 0.584),
    ],
)
def test_spec_7_4_numbers(biases, best_rule, plain_rule):
    biases = np.array(biases)
    weights = synergy.log_odds_weights(biases)
    np.testing.assert_allclose(weights, np.log((1 + biases) / (1 - biases)), rtol=32 * EPS)
    assert float(weighted(biases, weights)) == pytest.approx(best_rule, abs=32 * EPS)
    assert float(weighted(biases, np.ones(len(biases)))) == pytest.approx(plain_rule, abs=5e-6)


@given(biases_of_five)
def test_spec_7_4_optimal_is_never_below_plain_nor_the_best_member(biases):
    best = float(optimal(biases))
    assert best >= float(plain(biases)) - 16 * EPS
    assert best >= np.max(np.abs(biases)) - 16 * EPS
    assert best <= 1 + 16 * EPS


@given(biases_of_five.map(lambda u: 0.99 * u))
def test_spec_7_4_log_odds_weights_are_optimal(biases):
    got = float(weighted(biases, synergy.log_odds_weights(biases)))
    assert got == pytest.approx(float(optimal(biases)), abs=64 * EPS)


@given(biases_of_five, st.lists(st.integers(-4, 4), min_size=5, max_size=5).map(lambda w: np.array(w, float)))
def test_spec_7_4_weighted_majority_is_the_sum_over_all_votes_with_fair_ties(biases, weights):
    assert float(weighted(biases, weights)) == pytest.approx(reference(biases, weights), abs=32 * EPS)


def test_spec_7_4_a_heavier_voter_is_a_dictator():
    assert float(weighted(np.array([0.9, 0.1, 0.2, 0.3, 0.4]), np.array([1.0, 0.2, 0.2, 0.2, 0.2]))) == (
        pytest.approx(0.9, rel=16 * EPS)
    )


def test_teams_batch_and_compile_alike():
    teams = np.random.default_rng(0).uniform(-0.9, 0.9, (6, 5))
    weights = synergy.log_odds_weights(teams)
    for function, arguments in [(plain, (teams,)), (optimal, (teams,)), (weighted, (teams, weights))]:
        together = np.asarray(function(*arguments))
        mapped = np.asarray(jax.vmap(function)(*arguments))
        np.testing.assert_allclose(together, mapped, atol=16 * EPS)
        np.testing.assert_allclose(together[0], function(*(a[0] for a in arguments)), atol=16 * EPS)
    with jax.disable_jit():
        np.testing.assert_allclose(synergy.unequal_majority(teams[:2]), plain(teams)[:2], atol=16 * EPS)


def test_float32_is_near_float64():
    biases = np.array([0.05, 0.1, 0.2, 0.3, 0.6])
    for function in (synergy.unequal_majority, synergy.optimal_majority):
        low = function(biases.astype(np.float32))
        assert low.dtype == np.float32
        assert float(low) == pytest.approx(float(function(biases)), rel=64 * float(np.finfo(np.float32).eps))


def test_bad_arguments_are_refused_by_name():
    ones = np.ones(3)
    with pytest.raises(ValueError, match="`biases`"):
        synergy.unequal_majority(np.array([0.1, 1.2, 0.0]))
    with pytest.raises(ValueError, match="`fidelities`"):
        synergy.unequal_level_map(0.1, -ones, ones)
    with pytest.raises(ValueError, match="`correlation`"):
        synergy.unequal_small_signal(1.1, ones, ones)
    with pytest.raises(ValueError, match="`biases`"):
        synergy.log_odds_weights(ones)
    with pytest.raises(ValueError, match="`weights`"):
        synergy.weighted_majority(ones, np.array([1.0, np.inf, 1.0]))
    with pytest.raises(ValueError, match="1 to 16 agents"):
        synergy.optimal_majority(np.zeros(17))
