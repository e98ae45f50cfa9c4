"""Sections 2.1 and 5.1 of the specification: payoffs, and why only the mean action counts (T1, T14)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from theory import governance

share = st.floats(0, 1)
# One length, one compilation.
moves = st.lists(st.sampled_from([0.0, 1.0]), min_size=12, max_size=12)


def test_eq_2_1_corners():
    assert [float(governance.payoff(a, o)) for a, o in ((1, 1), (1, 0), (0, 1), (0, 0))] == [3, 0, 5, 1]
    other = governance.Game(4.0, -1.0, 6.0, 0.5)
    assert [float(governance.payoff(a, o, other)) for a, o in ((1, 1), (1, 0), (0, 1), (0, 0))] == [4, -1, 6, 0.5]


@given(action=share, opponent=share, again=share, weight=share)
def test_eq_2_1_is_affine_in_each_argument(action, opponent, again, weight):
    assert_allclose(governance.payoff(action, opponent), 1 + 4 * opponent - action - action * opponent, atol=1e-15)
    mixed = weight * action + (1 - weight) * again
    expected = weight * governance.payoff(action, opponent) + (1 - weight) * governance.payoff(again, opponent)
    assert_allclose(governance.payoff(mixed, opponent), expected, atol=1e-14)


@given(moves=moves, seed=st.integers(0, 99))
def test_eq_5_1_path_identity(moves, seed):
    actions, opponents = np.random.default_rng(seed).random(len(moves)), np.array(moves)
    by_round = np.mean(governance.payoff(actions, opponents))
    assert_allclose(governance.mean_payoff(actions, opponents), by_round, atol=1e-14)
    expected = 1 + 4 * opponents.mean() - actions.mean() - (actions * opponents).mean()
    assert_allclose(by_round, expected, atol=1e-14)


def test_eq_5_1_expected_payoffs_at_ten_percent_defection():
    actions = np.array([0.9, 1.0, 0.0])
    assert_allclose(governance.expected_payoff(actions, 0.9), [2.89, 2.70, 4.6], atol=1e-14)
    assert_allclose(governance.payoff_slope(0.9), -1.9, atol=1e-15)
    # The published means of 20 seeds lie on the line, within the noise of the mean opponent, 4 - E a by q.
    shares, seen = np.array([0.90105, 0.93378, 0.96705]), np.array([2.8913, 2.8292, 2.7660])
    assert_allclose(governance.expected_payoff(shares, 0.9), seen, atol=3.1 * 0.0064 / 20**0.5)
    assert_allclose(governance.mixed_mean_action(0.5, 0.96651, 0.90105), 0.93378, atol=1e-5)


@given(moves=moves, seed=st.integers(0, 99))
def test_eq_5_1_difference_of_two_agents(moves, seed):
    first, second = np.random.default_rng(seed).random((2, len(moves)))
    opponents = np.array(moves)
    expected = np.sum(governance.payoff(first, opponents) - governance.payoff(second, opponents))
    found = float(governance.payoff_difference(first, second, opponents))
    assert_allclose(found, expected, atol=1e-12)
    gap = first - second
    assert_allclose(found, -2 * gap[opponents == 1].sum() - gap[opponents == 0].sum(), atol=1e-12)
    # Whoever cooperates no more in any round is paid no less.
    assert governance.payoff_difference(np.minimum(first, second), second, opponents) >= 0


@pytest.mark.parametrize("block", [1, 10, 500])
def test_t14_echo_on_a_block_schedule(block):
    opponents = np.concatenate([np.ones(500), np.zeros(block), np.ones(500)])
    actions = np.concatenate([[1.0], opponents[:-1]])
    total = float(np.sum(governance.payoff(actions, opponents)))
    assert total == governance.echo_block_payoff(500, block, 500) == 3001 + block


def test_bad_arguments_are_refused_by_name():
    with pytest.raises(ValueError, match=r"`action` must lie in \[0, 1\], but is 1.5"):
        governance.payoff(1.5, 1.0)
    with pytest.raises(ValueError, match="`mean_action` must lie"):
        governance.expected_payoff(-0.1, 0.9)
    with pytest.raises(ValueError, match="`opponents` must lie"):
        governance.mean_payoff(np.ones(3), np.array([0.0, 2.0, 1.0]))
    with pytest.raises(ValueError, match="`block` must be at least 1"):
        governance.echo_block_payoff(500, 0, 500)
