"""What a node hears: joint laws of one node's received votes."""

from itertools import combinations, product

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from scipy import stats

from dynamics.synergy import (
    BETA_BINOMIAL,
    GLOBAL_CAUSE,
    INDEPENDENT,
    LEAVES_COPIED,
    PROBIT,
    RECEIVED_COPIED,
    SENT_COPIED,
    Sharing,
    Urn,
    level_map,
    node_votes,
    right_vote_counts,
    summary,
)

LAWS = [RECEIVED_COPIED, SENT_COPIED, LEAVES_COPIED, GLOBAL_CAUSE, INDEPENDENT, BETA_BINOMIAL, PROBIT]
RHO, GAMMA, BIAS = 0.25, 0.8, 0.4
count = jax.jit(right_vote_counts, static_argnames=("fan_in", "nodes", "sharing", "block"))
hear = jax.jit(node_votes, static_argnames=("fan_in", "nodes", "sharing"))


@pytest.fixture(scope="module")
def counted():
    """Counts of right votes among 5 for every law, 400 001 nodes each."""
    return {law: count(jr.key(11, impl="rbg"), 5, RHO, GAMMA, BIAS, 400_001, law) for law in LAWS}


@pytest.mark.parametrize("law", LAWS)
def test_8_3_one_level_check(counted, law):
    counts = counted[law]
    assert counts.sum() == 400_001
    seen = summary(counts)
    assert abs(seen.decision - level_map(5, RHO, GAMMA, BIAS, law)) < 4.5 * seen.decision_error
    assert abs(seen.vote - GAMMA * BIAS) < 4.5 * seen.vote_error
    assert seen.decision_error == pytest.approx(np.sqrt((1 - seen.decision**2) / 400_001))


def test_lemma_15_pairwise_correlation_of_received_votes(counted):
    u = BIAS
    sent = GAMMA**2 * RHO * (1 - u**2) / (1 - GAMMA**2 * u**2)  # 7.1: below rho
    expected = {
        RECEIVED_COPIED: RHO,
        BETA_BINOMIAL: RHO,
        LEAVES_COPIED: RHO,
        SENT_COPIED: sent,
        GLOBAL_CAUSE: sent,
        INDEPENDENT: 0.0,
    }
    for law, rho in expected.items():
        seen = summary(counted[law])
        assert abs(seen.correlation - rho) < 4.5 * seen.correlation_error
    seen = summary(count(jr.key(2, impl="rbg"), 5, RHO, GAMMA, 0.0, 400_001, PROBIT))
    assert abs(seen.correlation - RHO) < 4.5 * seen.correlation_error


def test_9_6_counts_follow_mixture_and_beta_binomial(counted):
    p, strength = (1 + GAMMA * BIAS) / 2, 1 / RHO - 1
    j = np.arange(6)
    binomial = stats.binom.pmf(j, 5, p)
    mixture = (1 - RHO) * binomial + RHO * (p * (j == 5) + (1 - p) * (j == 0))
    urn = stats.betabinom.pmf(j, 5, strength * p, strength * (1 - p))
    laws = {RECEIVED_COPIED: mixture, BETA_BINOMIAL: urn, INDEPENDENT: binomial}
    for law, other in product(laws, laws):
        p_value = stats.chisquare(np.asarray(counted[law]), 400_001 * laws[other]).pvalue
        assert (p_value > 6.8e-6) == (law is other)  # z = 4.5, and the wrong law is seen to be wrong


def test_summary_is_the_statistics_of_the_votes():
    votes = np.asarray(hear(jr.key(5, impl="rbg"), 5, 0.3, 0.9, 0.2, 500, BETA_BINOMIAL), float)
    counts = np.bincount((votes > 0).sum(0), minlength=6)
    seen = summary(jnp.asarray(counts))
    m = votes.mean()
    pairs = np.mean([votes[i] * votes[j] for i, j in combinations(range(5), 2)])
    np.testing.assert_allclose(seen.vote, m, rtol=1e-12)
    np.testing.assert_allclose(seen.correlation, (pairs - m**2) / (1 - m**2), rtol=1e-12)
    np.testing.assert_allclose(seen.decision, np.sign(votes.sum(0)).mean(), rtol=1e-12)


def test_9_3_standard_error_of_the_correlation():
    # (b, rho, mu, groups) = (5, .2, .3, 500): delta-method sd .02421 at the true parameters
    keys = jr.split(jr.key(0), 400)
    seen = jax.jit(jax.vmap(lambda k: summary(right_vote_counts(k, 5, 0.2, 1.0, 0.3, 500))))(keys)
    sd = float(seen.correlation.std(ddof=1))
    assert abs(sd - 0.02421) < 4.5 * 0.02421 / np.sqrt(800)  # sd of a sample sd
    assert abs(float(seen.correlation_error.mean()) - 0.02421) < 0.0005


def test_urn_copies_like_a_chinese_restaurant():
    nodes, rho = 200_000, 0.4
    uniforms = jr.uniform(jr.key(3), (4, nodes))
    labels = np.asarray(Urn().copy(uniforms, rho, jnp.broadcast_to(jnp.arange(4)[:, None], (4, nodes))))
    error = np.sqrt(rho * (1 - rho) / nodes)
    for i, j in ((0, 1), (0, 3), (1, 2), (2, 3)):
        assert abs((labels[i] == labels[j]).mean() - rho) < 4.5 * error  # any two messages agree at odds rho
    distinct = np.array([len(set(column)) for column in labels.T[:20_000]])
    assert abs(distinct.mean() - Urn().distinct(4, rho)) < 4.5 * distinct.std() / np.sqrt(distinct.size)


@pytest.mark.parametrize("law", [RECEIVED_COPIED, SENT_COPIED, BETA_BINOMIAL, Sharing(Urn(), "sent")])
def test_numpy_and_jax_hear_the_same(law):
    rng = np.random.default_rng(0)
    sent = rng.choice(np.array([-1, 1], np.int8), (5, 1000))
    flips = rng.choice(np.array([-1, 1], np.int8), (5, 1000))
    uniforms = rng.random((law.draws(5), 1000))
    here = law.receive(sent, lambda m: m * flips, uniforms, 0.3)
    there = law.receive(jnp.asarray(sent), lambda m: m * flips, jnp.asarray(uniforms), 0.3)
    assert isinstance(here, np.ndarray)
    np.testing.assert_array_equal(here, there)


def test_extremes_are_exact():
    for law in (RECEIVED_COPIED, BETA_BINOMIAL):
        votes = np.asarray(hear(jr.key(1, impl="rbg"), 5, 1.0, 0.7, 0.1, 500, law))
        assert (votes == votes[0]).all()
        assert {-1, 1} == set(votes[0].tolist())
    for law in LAWS:
        assert (hear(jr.key(1, impl="rbg"), 5, 0.4, 1.0, 1.0, 500, law) == 1).all()
        assert (hear(jr.key(1, impl="rbg"), 5, 0.4, 1.0, -1.0, 500, law) == -1).all()


def test_traced_nonsense_gives_no_votes_and_concrete_nonsense_is_refused():
    for rho in (jnp.nan, 1.5):
        nothing = count(jr.key(0), 3, rho, 0.9, 0.2, 100, block=30)
        assert nothing.sum() == 0
        assert np.isnan(summary(nothing).decision)
    with pytest.raises(ValueError, match="`bias` must lie in"):
        node_votes(jr.key(0), 3, 0.1, 0.9, 2.0, 10)
    with pytest.raises(ValueError, match="`nodes` must be at least 1, but is 0"):
        node_votes(jr.key(0), 3, 0.1, 0.9, 0.2, 0)
    with pytest.raises(ValueError, match="`received_bias` must be given"):
        PROBIT.receive(jnp.ones((3, 1)), lambda m: m, jnp.ones((4, 1)) / 2, 0.3)


def test_any_key_will_do():
    for key in (jr.key(0, impl="rbg"), jr.PRNGKey(0)):
        assert count(key, 3, 0.2, 0.9, 0.2, 100, block=30).sum() == 100
