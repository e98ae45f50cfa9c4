"""T23, T24: one table for training and sampling, and what it makes of data."""

from __future__ import annotations

import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from dynamics.graph_ode.noise_table import descent, level_at, noise_table, released_table, strided

TABLE = noise_table()


def test_t23_the_table_starts_at_one_falls_and_ends_in_noise():
    assert TABLE.abar.shape == (1001,)
    assert TABLE.abar[0] == 1
    assert TABLE.noise[0] == 0
    assert np.all(np.diff(TABLE.abar) < 0)
    assert TABLE.abar[-1] < 1e-4
    assert_allclose(TABLE.signal**2 + TABLE.noise**2, 1, atol=1e-15)
    assert_allclose(TABLE.abar[1:], np.cumprod(1 - np.linspace(1e-4, 0.02, 1000)), rtol=1e-12)


def test_oddity_6_the_released_table_is_another_one():
    released = released_table()
    assert_allclose(released.noise[0], 0.01, rtol=1e-12)
    apart = np.abs(released.abar / TABLE.abar - 1)
    # Up to a hundredth where anything is left; at the end, where nothing is, up to two.
    assert 0.005 < apart[:700].max() < 0.01
    assert released.abar.shape == TABLE.abar.shape


def test_t24_forward_marginals():
    levels = jnp.repeat(jnp.array([1, 200, 900]), 3000)
    key, clean_key = jr.split(jr.key(1))
    clean = 0.3 + 0.5 * jr.normal(clean_key, (9000, 1, 2, 3))
    noised = TABLE.noised(clean, levels, jr.normal(key, clean.shape)).reshape(3, -1)
    abar = TABLE.abar[[1, 200, 900]]
    variance = abar * 0.25 + 1 - abar
    count = noised.shape[1]
    assert np.all(np.abs(noised.mean(1) - 0.3 * np.sqrt(abar)) < 4 * np.sqrt(variance / count))
    assert np.all(np.abs(noised.var(1) / variance - 1) < 4 * np.sqrt(2 / count))


def test_levels_of_a_descent():
    assert strided()[:3] == (197, 193, 189)
    assert strided()[-3:] == (5, 1, 0)
    assert len(strided()) == 51
    assert descent(20, 5) == (20, 16, 12, 8, 4, 0)
    assert_array_equal(descent(3, 3), (3, 2, 1, 0))
    with pytest.raises(ValueError, match="`steps` must be at most `start` = 3, but is 4"):
        descent(3, 4)


def test_a_level_for_an_error():
    # The ratio 0.076 of the specification belongs to level 20.
    ratio = TABLE.noise / TABLE.signal
    assert round(float(ratio[20]), 3) == 0.076
    assert level_at(TABLE, float(ratio[20])) == 20
    assert level_at(TABLE, 0.0) == 0
    with pytest.raises(ValueError, match="`ratio` must lie in"):
        level_at(TABLE, 1e9)
    with pytest.raises(ValueError, match=r"`last` is 0\.001"):
        noise_table(10, 0.01, 0.001)
