"""Broadcast reconstruction is the recursion in disguise; messages of tokens have the fidelity they should."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from scipy import stats

from dynamics.synergy import broadcast_reconstruction, erase, flip, repeat, root_bias, trajectory

reconstruct = jax.jit(broadcast_reconstruction, static_argnames=("fan_in", "depth", "roots"))
VOTES = jnp.where(jnp.arange(100_000) % 4 == 0, jnp.int8(-1), jnp.int8(1))


@pytest.mark.parametrize(("fan_in", "theta", "depth"), [(3, 0.8, 4), (3, 0.6, 4), (5, 0.7, 3)])
def test_c52_reconstruction_bias_is_the_recursion(fan_in, theta, depth):
    mean, error = root_bias(reconstruct(jr.key(9, impl="rbg"), fan_in, theta, depth, 20_000))
    assert abs(mean - trajectory(fan_in, 0.0, theta, 1.0, depth)[-1]) < 4.5 * error


def test_reconstruction_is_certain_without_noise():
    assert (reconstruct(jr.key(0), 3, 1.0, 2, 100) == 1).all()
    assert (reconstruct(jr.key(0), 3, 0.2, 0, 100) == 1).all()


def measured_fidelity(received):
    agreement = np.asarray(received, float) * np.asarray(VOTES)
    return agreement.mean(), np.sqrt((1 - agreement.mean() ** 2) / agreement.size)


def test_1_2_channel_families():
    cases = [
        (flip(jr.key(1), VOTES, 0.35), 0.35),
        (repeat(jr.key(2), VOTES, 7, 0.2), 1 - 2 * stats.binom.cdf(3, 7, 0.6)),
        (repeat(jr.key(3), VOTES, 1, 0.2), 0.2),
        (erase(jr.key(4), VOTES, 3, 0.7), 1 - 0.7**3),
        (erase(jr.key(5), VOTES, 1, 0.9), 0.1),
    ]
    for received, fidelity in cases:
        mean, error = measured_fidelity(received)
        assert abs(mean - fidelity) < 4.5 * error
        assert received.dtype == jnp.int8


def test_perfect_and_useless_channels():
    for read in (
        flip(jr.key(0), VOTES, 1.0),
        repeat(jr.key(0), VOTES, 3, 1.0),
        erase(jr.key(0), VOTES, 3, 0.0),
    ):
        np.testing.assert_array_equal(read, VOTES)
    mean, error = measured_fidelity(erase(jr.key(1), VOTES, 4, 1.0))
    assert abs(mean) < 4.5 * error


def test_refusals():
    with pytest.raises(ValueError, match="`message_length` must be odd, but is 4"):
        repeat(jr.key(0), VOTES, 4, 0.2)
    with pytest.raises(ValueError, match=r"`token_loss` must lie in .* but is 1.5"):
        erase(jr.key(0), VOTES, 4, 1.5)
    with pytest.raises(ValueError, match="`edge_correlation` must lie in"):
        broadcast_reconstruction(jr.key(0), 3, -0.2, 2, 10)
    with pytest.raises(ValueError, match="`fidelity` must lie in"):
        flip(jr.key(0), VOTES, float("nan"))
    assert (jax.jit(flip)(jr.key(0), VOTES, jnp.nan) == 0).all()
