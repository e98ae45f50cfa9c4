"""Readers who need time: the mechanisms behind the exponential and the hyperbolic channel."""

import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from dynamics import synergy

VOTES = 200_000


@pytest.mark.parametrize(
    ("unequal", "fidelity"), [(False, 1 - np.exp(-5 / 8)), (True, 5 / 13)], ids=["exponential", "hyperbolic"]
)
@pytest.mark.parametrize("bias", [1.0, -0.5])
def test_a_reader_understands_or_guesses(unequal, fidelity, bias):
    sent = jnp.where(jr.uniform(jr.key(1), (VOTES,)) < (1 + bias) / 2, 1, -1).astype(jnp.int8)
    read = synergy.understand(jr.key(2), sent, 5, 8.0, unequal)
    wanted = fidelity * bias
    assert abs(float(read.mean()) - wanted) <= 4.5 * np.sqrt((1 - wanted**2) / VOTES)
    assert set(np.unique(read)) == {-1, 1}


def test_no_message_is_a_guess_and_an_endless_one_is_heard():
    sent = jnp.ones(VOTES, jnp.int8)
    assert abs(float(synergy.understand(jr.key(3), sent, 0, 8.0).mean())) <= 4.5 / VOTES**0.5
    assert bool((synergy.understand(jr.key(3), sent, 1e6, 8.0) == 1).all())


def test_bad_arguments_are_refused_by_name():
    with pytest.raises(ValueError, match="`message_length`"):
        synergy.understand(jr.key(0), jnp.ones(3, jnp.int8), -1, 8.0)
    with pytest.raises(ValueError, match="`scale`"):
        synergy.understand(jr.key(0), jnp.ones(3, jnp.int8), 1, -8.0)
