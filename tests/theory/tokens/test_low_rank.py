"""The symmetric part of a low-rank token map, and how many directions it makes converge."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from theory import tokens as theory

EPS = np.finfo(float).eps
negative_share = jax.jit(theory.negative_share)  # compiled once a shape


def pair(seed, states, channels):
    return np.random.default_rng(seed).normal(size=(2, states, channels))


@pytest.mark.parametrize(("states", "channels"), [(1, 1), (1, 5), (3, 4), (4, 40)])
def test_spectrum_is_that_of_the_full_matrix(states, channels):
    s_b, s_c = pair(states, states, channels)
    m = s_c.T @ s_b
    full = np.linalg.eigvalsh((m + m.T) / 2)
    seen = np.asarray(theory.symmetric_spectrum(s_b, s_c))
    assert seen.size == min(2 * states, channels)
    nonzero = np.sort(full[np.argsort(-np.abs(full))][: seen.size])
    np.testing.assert_allclose(seen, nonzero, atol=20 * channels * EPS * np.abs(full).max())
    skew = np.sum((m - m.T) ** 2) / np.sum(m**2) / 4
    np.testing.assert_allclose(theory.skew_share(s_b, s_c), skew, atol=100 * EPS)


def test_section_8_1_tied_maps_have_the_signs_they_were_built_with():
    p, _ = pair(0, 6, 50)
    assert float(theory.skew_share(np.arange(1, 7.0)[:, None] * p, p)) < EPS
    assert float(theory.skew_share(0 * p, p)) == 0.0
    for signs in (np.ones(6), -np.ones(6), np.array([1, 1, 1, -1, -1, -1.0])):
        scales = signs * np.linspace(0.7, 2.0, 6)
        stored = (scales[:, None] * p).astype(np.float32), p.astype(np.float32)
        values = np.asarray(theory.symmetric_spectrum(*stored))
        limit = float(theory.spectrum_resolution(*stored, np.finfo(np.float32).eps))
        # Rounding the product delta P breaks the tie by less than the bound, so the rank stays 6 of 12.
        assert (np.sum(values > limit), np.sum(values < -limit)) == (np.sum(signs > 0), np.sum(signs < 0))


@given(st.integers(0, 10**6), st.sampled_from([np.float16, np.float32]))
def test_resolution_bounds_what_rounding_the_weights_moves(seed, kind):
    exact = pair(seed, 3, 7)
    rounded = exact.astype(kind).astype(float)
    moved = np.abs(np.asarray(theory.symmetric_spectrum(*exact)) - np.asarray(theory.symmetric_spectrum(*rounded)))
    assert moved.max() <= float(theory.spectrum_resolution(*exact, float(np.finfo(kind).eps)))


@given(st.floats(-6, 6), st.floats(-6, 6))
def test_negative_share_in_two_dimensions(a, b):
    a, b = np.exp(a), np.exp(b)
    share = float(negative_share(np.array([a, -b])))
    assert abs(share - 2 / np.pi * np.arctan(np.sqrt(b / a))) < 1e-13


def test_negative_share_for_equal_halves_is_a_ratio_of_chi_squares():
    """m eigenvalues 1 and n eigenvalues -c: the ratio of the two sums is F-distributed."""
    from scipy.stats import f

    for m, n, c in ((16, 16, 1.0), (16, 16, 0.8), (2, 5, 3.0), (128, 1, 40.0), (250, 6, 50.0)):
        values = np.concatenate([np.ones(m), np.full(n, -c)])
        # The sum runs over some 2000 nodes.
        assert abs(float(negative_share(values)) - f.cdf(c * n / m, m, n)) < 2000 * EPS


@given(arrays.arrays(float, 5, elements=st.floats(-3, 3)), st.floats(0.01, 100))
def test_negative_share_is_a_share_odd_under_reflection_and_blind_to_scale_order_and_zeros(values, scale):
    share = float(negative_share(values))
    assert -1e-13 <= share <= 1 + 1e-13
    if np.any(values):
        # Below the smallest normal number the scaled spectrum would be another one.
        assert np.abs(values[values != 0]).min() < 1e-300 or (
            abs(float(negative_share(scale * np.append(values[::-1], 0.0))) - share) < 1e-12
        )
        assert abs(float(negative_share(-values)) + share - 1) < 1e-12


def test_negative_share_where_no_sign_is_mixed():
    table = [([2.0, 1.0], 0.0), ([-2.0, 0.0], 1.0), ([0.0, 0.0], 0.0)]
    for values, share in table:
        assert float(negative_share(np.array(values))) == share
    for values in ([np.nan, np.nan], [1.0, np.nan], [-1.0, 2.0, np.nan], [-1.0, np.nan]):
        assert np.isnan(float(negative_share(np.array(values)))), values
    batch = theory.negative_share(np.array([values for values, _ in table]))
    np.testing.assert_array_equal(batch, [share for _, share in table])


def test_gradient_of_the_share_is_that_of_the_arctangent():
    values = jnp.array([2.0, -0.3, 0.0])
    slopes = jax.grad(theory.negative_share)(values)
    a, b = 2.0, 0.3
    both = np.sqrt(b / a) / (np.pi * (1 + b / a))  # d share / d ln b = -d share / d ln a
    np.testing.assert_allclose(slopes, [-both / a, -both / b, 0.0], atol=1e-13)


def test_single_precision_follows_double():
    with jax.enable_x64(False):
        s_b, s_c = (part.astype(np.float32) for part in pair(3, 4, 30))
        values = theory.symmetric_spectrum(s_b, s_c)
        share = negative_share(values)
        assert values.dtype == share.dtype == jnp.float32
    exact = theory.symmetric_spectrum(s_b.astype(float), s_c.astype(float))
    np.testing.assert_allclose(values, exact, atol=50 * np.finfo(np.float32).eps * np.abs(exact).max())
    assert abs(float(share) - float(negative_share(exact))) < 1e-5
