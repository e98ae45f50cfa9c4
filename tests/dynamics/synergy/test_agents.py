"""Agents' answers and channel trials against what they are drawn from, by standard error."""

import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from dynamics.synergy import agents_votes, leaf_biases, mixed_task_counts, transmissions

# Two-sided 7e-6 for each comparison.
REACH = 4.5


def test_leaf_biases_are_a_power_law_up_to_one():
    found = leaf_biases(np.array([1.0, 4.0, 10_000.0]), 0.2, 0.5)
    np.testing.assert_allclose(found, [0.2, 0.4, 1.0], rtol=1e-12)


def test_answers_have_the_bias_of_their_level_and_the_correlation_asked_for():
    biases, tasks = np.array([0.1, 0.6]), 40_000
    votes = np.asarray(agents_votes(jr.key(0), 3, 0.3, biases, tasks), float)
    assert votes.shape == (2, 3, tasks)
    means = votes.mean(axis=1)
    error = means.std(axis=1) / np.sqrt(tasks)
    assert np.all(abs(means.mean(axis=1) - biases) < REACH * error)
    pairs = votes[:, 0] * votes[:, 1]
    expected = 0.3 + 0.7 * biases**2
    assert np.all(abs(pairs.mean(axis=1) - expected) < REACH * pairs.std(axis=1) / np.sqrt(tasks))
    # Levels are drawn apart.
    across = votes[0, 0] * votes[1, 0]
    assert abs(across.mean() - biases.prod()) < REACH * across.std() / np.sqrt(tasks)


def test_mixed_tasks_have_the_moments_of_the_mixture():
    tasks = 40_000
    right = np.asarray(mixed_task_counts(jr.key(1), 5, 0.1, (0.1, 0.5), tasks), float)
    signed = (2 * right - 5) / 5
    assert abs(signed.mean() - 0.3) < REACH * signed.std() / np.sqrt(tasks)
    pairs = ((5 * signed) ** 2 - 5) / 20
    expected = 0.1 + 0.9 * (0.01 + 0.25) / 2
    assert abs(pairs.mean() - expected) < REACH * pairs.std() / np.sqrt(tasks)


def test_bits_arrive_with_the_fidelity():
    bits = 40_000
    sent, received = np.asarray(transmissions(jr.key(2), 0.8, bits))
    for share, expected in ((sent.mean(), 0.5), ((sent != received).mean(), 0.1)):
        assert abs(share - expected) < REACH * np.sqrt(expected * (1 - expected) / bits)
    sent, received = transmissions(jr.key(3), 1.0, 100)
    assert jnp.array_equal(sent, received)


def test_bad_arguments_are_refused_by_name():
    with pytest.raises(ValueError, match="`biases` must lie in"):
        agents_votes(jr.key(0), 3, 0.3, np.array([0.1, 1.2]), 10)
    with pytest.raises(ValueError, match="`fidelity` must lie in"):
        transmissions(jr.key(0), 1.5, 10)
