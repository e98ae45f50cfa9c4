"""Exact trees, grown in full or lazily, agree with the recursion under every convention that copies."""

import jax
import jax.random as jr
import numpy as np
import pytest

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
    expected_leaves,
    full_tree,
    lazy_tree,
    root_bias,
    trajectory,
)

KEY = jr.key(8, impl="rbg")  # compiles in a third of the time
LAWS = [RECEIVED_COPIED, SENT_COPIED, LEAVES_COPIED, GLOBAL_CAUSE, INDEPENDENT, BETA_BINOMIAL]
path = jax.jit(trajectory, static_argnames=("fan_in", "depth", "sharing"))
full = jax.jit(full_tree, static_argnames=("fan_in", "depth", "roots", "sharing"))


def assert_agree(votes, exact):
    mean = np.mean(np.asarray(votes), dtype=float)
    assert abs(mean - exact) < 4.5 * np.sqrt((1 - mean**2) / votes.size)


@pytest.mark.parametrize("law", LAWS)
def test_7_1_and_c42_trees_follow_the_recursion(law):
    exact = path(3, 0.3, 0.9, 0.3, 2, law)[-1]
    assert_agree(full(KEY, 3, 0.3, 0.9, 0.3, 2, 20_000, law), exact)
    assert_agree(lazy_tree(KEY, 3, 0.3, 0.9, 0.3, 2, 20_000, law), exact)


@pytest.mark.parametrize(
    ("law", "fan_in", "rho", "gamma", "start", "depth", "roots"),
    [
        (RECEIVED_COPIED, 5, 0.5, 0.8, 0.3, 7, 500),
        (RECEIVED_COPIED, 5, 0.8, 0.9, 0.3, 10, 2000),
        (SENT_COPIED, 5, 0.7, 0.7, 0.3, 7, 2000),
        (BETA_BINOMIAL, 5, 0.6, 0.9, 0.5, 6, 2000),
    ],
)
def test_8_1_lazy_trees_go_deep(law, fan_in, rho, gamma, start, depth, roots):
    votes = lazy_tree(jr.key(21), fan_in, rho, gamma, start, depth, roots, law)
    assert_agree(votes, path(fan_in, rho, gamma, start, depth, law)[-1])


def test_unclosed_laws_still_have_trees():
    law = Sharing(Urn(), "sent")  # between independent votes and copies of all
    votes = [lazy_tree(jr.key(2), 5, 0.4, 0.8, 0.3, 2, 20_000, s) for s in (INDEPENDENT, law)]
    votes.append(np.asarray(full(KEY, 5, 0.4, 0.8, 0.3, 2, 20_000, law)))
    free, lazy, grown = (v.mean(dtype=float) for v in votes)
    error = np.sqrt((2 - free**2 - lazy**2) / 20_000)
    assert free - lazy > 4.5 * error
    assert abs(grown - lazy) < 4.5 * error


def test_8_1_expected_leaves():
    assert expected_leaves(5, 0.0, 10) == pytest.approx(9.77e6, rel=1e-3)
    assert expected_leaves(5, 0.5, 10) == pytest.approx(5.9e4, rel=2e-3)
    assert expected_leaves(5, 0.7, 10) == pytest.approx(2656, rel=1e-3)
    assert expected_leaves(5, 1.0, 30) == 1
    assert expected_leaves(5, 0.5, 3, LEAVES_COPIED) == pytest.approx(3 * 25)
    assert expected_leaves(5, 0.5, 3, GLOBAL_CAUSE) == 125
    assert expected_leaves(3, 0.5, 2, BETA_BINOMIAL) == pytest.approx((1 + 1 / 2 + 1 / 3) ** 2)


@pytest.mark.parametrize("law", [RECEIVED_COPIED, BETA_BINOMIAL])
def test_no_subtree_is_grown_unheard(law, monkeypatch):
    from dynamics.synergy import tree

    drawn = []
    genuine = tree.signs

    def counting(uniforms, bias):
        if bias == 0.25:
            drawn.append(uniforms.size)
        return genuine(uniforms, bias)

    monkeypatch.setattr(tree, "signs", counting)
    lazy_tree(jr.key(6), 5, 0.5, 0.9, 0.25, 3, 4000, law)
    expected = expected_leaves(5, 0.5, 3, law)
    # a root's leaves number at most 125, so the mean of 4000 has a standard error below 125/2/sqrt(4000)
    assert abs(sum(drawn) / 4000 - expected) < 4.5 * 1.0


def test_trivial_trees_are_exact():
    for law in LAWS:
        assert (lazy_tree(jr.key(0), 3, 0.3, 1.0, 1.0, 3, 50, law) == 1).all()
        assert (lazy_tree(jr.key(0), 3, 0.3, 1.0, -1.0, 3, 50, law) == -1).all()
    assert (full(KEY, 3, 0.3, 1.0, 1.0, 2, 50) == 1).all()
    assert_agree(lazy_tree(jr.key(0), 3, 0.3, 0.5, 0.2, 0, 5000), 0.2)
    assert_agree(lazy_tree(jr.key(0), 3, 1.0, 0.9, 0.8, 6, 5000), 0.8 * 0.9**6)


def test_keys_decide_and_blocks_do_not_change_the_law():
    args = (3, 0.3, 0.9, 0.3, 4, 1000)
    np.testing.assert_array_equal(lazy_tree(jr.key(1), *args), lazy_tree(jr.key(1), *args))
    assert (lazy_tree(jr.key(1), *args) != lazy_tree(jr.key(2), *args)).any()
    assert_agree(lazy_tree(jr.key(1), *args, block=7), path(*args[:5])[-1])


def test_root_bias_is_the_mean_of_independent_votes():
    mean, error = root_bias(np.array([1, 1, 1, -1], np.int8))
    assert (mean, error) == (0.5, np.sqrt(0.75 / 4))


def test_refusals():
    with pytest.raises(ValueError, match=r"`budget` must be at least 9.77e\+08 leaf draws for this, but is 3e\+08"):
        lazy_tree(jr.key(0), 5, 0.0, 0.9, 0.3, 10, 100)
    with pytest.raises(ValueError, match="`sharing` must copy messages for an exact tree to exist"):
        lazy_tree(jr.key(0), 5, 0.2, 0.9, 0.3, 2, 10, PROBIT)
    with pytest.raises(ValueError, match="`roots` must be at least 1, but is 0"):
        full_tree(jr.key(0), 5, 0.2, 0.9, 0.3, 2, 0)
    with pytest.raises(ValueError, match=r"`correlation` must lie in .* but is nan"):
        lazy_tree(jr.key(0), 5, np.nan, 0.9, 0.3, 2, 10)
    assert np.isnan(root_bias(full(KEY, 3, np.nan, 1.0, 1.0, 2, 50))[0])
