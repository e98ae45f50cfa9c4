"""Section 5.2 of the specification: tit-for-tat and its moving averages (T13)."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from theory import governance


def echoes(moves, memory):
    """The actions of a filter, straight from its definition."""
    action, last, found = 1.0, 1.0, []
    for move in moves:
        action = memory * action + (1 - memory) * last
        found.append(action)
        last = move
    return np.array(found)


def worlds(rounds, cooperation):
    for moves in product((0.0, 1.0), repeat=rounds):
        won = sum(moves)
        yield cooperation**won * (1 - cooperation) ** (rounds - won), moves


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.95])
def test_eq_5_2_against_all_opponents(memory):
    cooperation, rounds = 0.7, 7
    chances, paths = zip(*worlds(rounds, cooperation), strict=True)
    actions, chances = np.array([echoes(path, memory) for path in paths]), np.array(chances)
    time = np.arange(rounds)
    mean = chances @ actions
    assert_allclose(governance.echo_mean_at(time, cooperation, memory), mean, atol=1e-14)
    assert_allclose(governance.echo_variance_at(time, cooperation, memory), chances @ (actions - mean) ** 2, atol=1e-14)
    expected = chances @ actions.var(axis=1)
    assert_allclose(governance.echo_sample_variance(cooperation, memory, rounds), expected, atol=1e-14)


@given(cooperation=st.floats(0, 1), memory=st.floats(0, 0.99))
def test_eq_5_2_stationary_limit(cooperation, memory):
    limit = float(governance.echo_variance(cooperation, memory))
    assert_allclose(governance.echo_variance_at(4000, cooperation, memory), limit, atol=1e-15)
    assert_allclose(limit, cooperation * (1 - cooperation) * (1 - memory) / (1 + memory), atol=1e-16)


def test_eq_5_2_tit_for_tat_varies_as_its_opponent():
    assert_allclose(governance.echo_variance(0.9, 0.0), 0.09, rtol=1e-15)
    # Published: 0.0891 with a standard deviation of 0.0045 over 20 seeds of 2000 rounds.
    expected = float(governance.echo_sample_variance(0.9, 0.0, 2000))
    assert abs(expected - 0.0891) < 3 * 0.0045 / 20**0.5


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("block", [1, 10, 100])
def test_eq_5_2_block_depth_and_recovery(memory, block):
    after = 2000
    actions = echoes([1.0] * 200 + [0.0] * block + [1.0] * after, memory)
    # Powers of g against as many products.
    assert_allclose(governance.echo_block_depth(memory, block), actions[200 : 200 + block].min(), rtol=1e-13)
    recovered = np.flatnonzero(actions[200 + block :] >= 0.95)[0]
    assert int(governance.echo_recovery_rounds(memory, block, 0.95)) == recovered


def test_bad_arguments_are_refused_by_name():
    with pytest.raises(ValueError, match=r"`memory` must lie in \[0, 1\), but is 1.0"):
        governance.echo_variance(0.9, 1.0)
    with pytest.raises(ValueError, match="`rounds` must be at least 1"):
        governance.echo_sample_variance(0.9, 0.5, 0)
    with pytest.raises(ValueError, match="`time` must lie"):
        governance.echo_mean_at(-1.0, 0.9, 0.5)
