"""Scores against hand computation, and what they must be whatever the fields."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamics.graph_ode import metrics


def fields(seed, frames=3, channels=2, size=16):
    return np.random.default_rng(seed).uniform(size=(frames, channels, size, size))


def test_t29_rmse_and_both_nmse_are_what_the_hand_computes():
    p, u = fields(0), fields(1)
    square = [np.mean([(p[t, c, i, j] - u[t, c, i, j]) ** 2 for c in range(2) for i in range(16) for j in range(16)])
              for t in range(3)]  # fmt: skip
    np.testing.assert_allclose(metrics.rmse(p, u), np.sqrt(square), rtol=1e-12)
    np.testing.assert_allclose(metrics.nmse(p, u), square / np.mean(u**2, axis=(1, 2, 3)), rtol=1e-12)
    variance = np.mean([u[:, c].var(axis=(1, 2)) for c in range(2)], axis=0)
    np.testing.assert_allclose(metrics.nmse(p, u, "variance"), square / variance, rtol=1e-12)
    with pytest.raises(ValueError, match="Argument `against`"):
        metrics.nmse(p, u, "mean")


def test_t29_ssim_of_a_field_with_itself_is_one_and_symmetric():
    p, u = jnp.asarray(fields(2)), jnp.asarray(fields(3))
    np.testing.assert_allclose(metrics.ssim(u, u), 1, atol=1e-9)
    np.testing.assert_allclose(metrics.ssim(p, u), metrics.ssim(u, p), atol=1e-9)
    with pytest.raises(ValueError, match="at least 11 pixels a side, but has 8 x 8"):
        metrics.ssim(p[..., :8, :8], u[..., :8, :8])


def test_t29_ssim_is_the_windowed_formula():
    """One place of the window, written out."""
    p, u = fields(4, 1, 1, 11)[0, 0], fields(5, 1, 1, 11)[0, 0]
    line = np.exp(-0.5 * ((np.arange(11) - 5) / 1.5) ** 2)
    weight = np.outer(line, line) / line.sum() ** 2
    mp, mu = (weight * p).sum(), (weight * u).sum()
    vp, vu, both = (weight * p * p).sum() - mp**2, (weight * u * u).sum() - mu**2, (weight * p * u).sum() - mp * mu
    wanted = (2 * mp * mu + 1e-4) * (2 * both + 9e-4) / ((mp**2 + mu**2 + 1e-4) * (vp + vu + 9e-4))
    found = metrics.ssim(jnp.asarray(p)[None, None], jnp.asarray(u)[None, None])
    np.testing.assert_allclose(found, wanted, rtol=1e-9)


def test_float32_scores_are_those_of_float64():
    p, u = 0.9 + 0.01 * fields(6), 0.9 + 0.01 * fields(7)
    single = [jnp.asarray(part, jnp.float32) for part in (p, u)]
    for score in (metrics.rmse, metrics.ssim, metrics.correlation):
        np.testing.assert_allclose(score(*single), score(jnp.asarray(p), jnp.asarray(u)), atol=2e-3)


@given(st.integers(0, 10**6))
def test_correlation_ignores_scale_and_offset_and_is_zero_for_a_constant(seed):
    u = jnp.asarray(fields(seed, 1, 1, 4))
    np.testing.assert_allclose(metrics.correlation(3 * u + 1, u), 1, atol=1e-9)
    np.testing.assert_allclose(metrics.correlation(-u, u), -1, atol=1e-9)
    assert float(metrics.correlation(jnp.full_like(u, 0.3), u)[0]) == pytest.approx(0, abs=1e-12)


def test_correlation_lasts_until_it_first_falls():
    curve = jnp.array([[0.99, 0.95, 0.7, 0.99], [0.99, 0.9, 0.9, 0.85]])
    assert metrics.correlation_time(curve, 0.8).tolist() == [2, 4]
    assert metrics.correlation_time(curve, 0.9).tolist() == [2, 1]


def test_the_two_conventions_of_averaging_differ_and_are_both_right():
    square = jnp.array([[1.0, 4.0], [9.0, 16.0]])
    by_frame = metrics.aggregated(square, "frame")
    np.testing.assert_allclose(by_frame.mean, (np.sqrt(5) + np.sqrt(10)) / 2)
    np.testing.assert_allclose(by_frame.spread, (np.sqrt(10) - np.sqrt(5)) / 2)
    by_trajectory = metrics.aggregated(square, "trajectory")
    np.testing.assert_allclose(by_trajectory.mean, (np.sqrt(2.5) + np.sqrt(12.5)) / 2)
    power = jnp.array([[2.0, 2.0], [2.0, 8.0]])
    np.testing.assert_allclose(metrics.aggregated(square, "frame", power).mean, (5 / 2 + 10 / 5) / 2)
    with pytest.raises(ValueError, match="Argument `agg`"):
        metrics.aggregated(square, "all")
