"""Gaussian fields, interpolation and the counting of pairs."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from dynamics import graph_ode

SIDE = np.minimum(np.arange(8.0), 8 - np.arange(8.0))
SPECTRUM = np.exp(-0.5 * (SIDE[:, None] ** 2 + SIDE**2))


def test_fields_have_their_spectrum():
    draw = jax.jit(jax.vmap(graph_ode.gaussian_field, (0, None)))
    fields = np.asarray(draw(jr.split(jr.key(0), 4000), jnp.asarray(SPECTRUM)))
    energy = np.mean(np.abs(np.fft.fft2(fields) / 64) ** 2, axis=0)
    # Energies are exponential, or chi-square of one degree for the real modes: relative spread at most sqrt 2.
    assert np.all(abs(energy / SPECTRUM - 1) < 5 * np.sqrt(2 / 4000))
    covariance = graph_ode.dense_covariance(SPECTRUM)
    assert_allclose(np.trace(covariance) / 64, SPECTRUM.sum())
    assert_allclose(graph_ode.dense_best_error(SPECTRUM, 64), 0, atol=1e-12)
    assert_allclose(graph_ode.dense_kriging_error(SPECTRUM, 8), 0, atol=1e-10)


def test_a_mode_grows_and_is_interpolated_below_the_nyquist_frequency():
    x = 2 * np.pi * np.arange(8) / 8
    wave = jnp.asarray(np.cos(x[:, None] + x))
    rates = jnp.asarray(SIDE[:, None] + SIDE)
    assert_allclose(graph_ode.grown_field(wave, rates, 0.5), np.e * wave, atol=1e-12)
    assert_allclose(graph_ode.interpolated(wave, 4), wave, atol=1e-14)
    # Two probes a side see their Nyquist frequency only, which is dropped.
    assert_allclose(graph_ode.interpolated(wave, 2), 0, atol=1e-14)
    with pytest.raises(ValueError, match="`per_side` must divide the 8 points"):
        graph_ode.interpolated(wave, 3)


def test_codes_of_intervals_and_their_pairs():
    field = jnp.asarray([[0.0, 0.3, 1.0], [0.1, 0.9, -2.0]])
    codes = graph_ode.level_codes(field, 4)
    assert_array_equal(codes, [[0, 1, 3], [0, 3, 0]])
    along, diagonal = graph_ode.unlike_pairs(codes)
    # Columns: 1-3 and 3-0; rows: 0-1, 1-3, 0-3, 3-0. Falling: 0-3, 1-0; rising: 1-0.
    assert (int(along), int(diagonal)) == (6, 3)
    assert float(graph_ode.largest_jump(field)) == 3.0
    whole = np.asarray(graph_ode.co_occurrence(codes, 4))
    assert whole.sum() == 2 * (6 + 3)
