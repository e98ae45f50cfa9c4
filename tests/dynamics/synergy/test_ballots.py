"""The count of votes against fractions, against the recursion and against heterogeneous cases of the specification."""

from fractions import Fraction
from itertools import product
from math import prod

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dynamics.synergy import counted_majority, level_map, right_votes

EPS = np.finfo(float).eps


def enumerated(biases):
    """The majority over all 2^b ballots, in exact arithmetic; ties count zero."""
    total = Fraction(0)
    for ballot in product((-1, 1), repeat=len(biases)):
        chance = prod((1 + vote * Fraction(bias)) / 2 for vote, bias in zip(ballot, biases, strict=True))
        total += chance * ((sum(ballot) > 0) - (sum(ballot) < 0))
    return float(total)


@pytest.mark.parametrize("biases", [(0.25, 0.5, 0.75), (0.5, -0.5, 0.125, 1.0), (0.0625,) * 6, (-0.375,)])
def test_counting_equals_the_enumeration_of_all_ballots(biases):
    np.testing.assert_allclose(
        counted_majority(jnp.asarray(biases)), enumerated(biases), rtol=0, atol=4 * len(biases) * EPS
    )


def test_counts_are_a_distribution_with_the_right_mean():
    biases = jnp.asarray([0.1, -0.3, 0.5, 0.9])
    counts = right_votes(biases)
    np.testing.assert_allclose(counts.sum(), 1, rtol=16 * EPS)
    np.testing.assert_allclose(counts @ jnp.arange(5), ((1 + biases) / 2).sum(), rtol=16 * EPS)


@pytest.mark.parametrize("fan_in", [3, 9, 101])
def test_counting_agrees_with_the_level_map_for_equal_voters(fan_in):
    bias = jnp.linspace(-1, 1, 41)
    counted = jax.jit(jax.vmap(lambda u: counted_majority(jnp.full(fan_in, u))))(bias)
    np.testing.assert_allclose(counted, level_map(fan_in, 0.0, 1.0, bias), rtol=0, atol=6 * fan_in * EPS)


def test_7_3_unequal_voters():
    np.testing.assert_allclose(counted_majority(jnp.asarray([0.1, 0.3, 0.5])), 0.4425, rtol=1e-14)
    unequal = counted_majority(jnp.asarray([0.05, 0.1, 0.2, 0.3, 0.6]))
    np.testing.assert_allclose(unequal, 0.45688, atol=5e-6)  # to the digits given


def test_a_bias_out_of_range_is_refused_by_name():
    with pytest.raises(ValueError, match=r"`biases` must lie in \[-1\.0, 1\.0\], but is 1\.5"):
        counted_majority(jnp.asarray([0.1, 1.5]))


def test_float32_stays_near_float64():
    biases = np.linspace(0.01, 0.9, 21)
    single = counted_majority(jnp.asarray(biases, jnp.float32))
    assert single.dtype == jnp.float32
    np.testing.assert_allclose(single, counted_majority(jnp.asarray(biases)), atol=4 * 21 * np.finfo(np.float32).eps)
