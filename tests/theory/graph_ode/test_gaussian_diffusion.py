"""P34 and P35: the linear schedule, the exact denoiser of Gaussian data, and the gain of its sampler."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp
from numpy.testing import assert_allclose

from theory.graph_ode import dense_gaussian as dense
from theory.graph_ode import gaussian_diffusion as theory

RATES = np.linspace(1e-4, 0.02, 1000)
ABAR = np.concatenate([[1.0], np.cumprod(1 - RATES)])
variances = st.floats(0.0, 50.0)
signals = st.floats(1e-4, 0.999)


def test_p34_signal_level_is_the_product_at_whole_levels():
    assert_allclose(theory.signal_level(np.arange(1001)), ABAR, rtol=2e-12)
    assert_allclose(theory.signal_level(np.arange(101), 100, 0.003, 0.003), 0.997 ** np.arange(101), rtol=1e-12)


def test_p34_signal_level_in_forty_digits():
    with mp.workdps(40):
        first, slope = mp.mpf("1e-4"), (mp.mpf("0.02") - mp.mpf("1e-4")) / 999
        exact = mp.fprod(1 - first - slope * k for k in range(200))
        assert abs(float(theory.signal_level(200)) / exact - 1) < 1e-13


def test_p34_published_digits_of_the_approximation():
    assert round(float(theory.signal_level_approximate(200)), 4) == 0.6584
    assert round(float(theory.signal_level(200)), 4) == 0.6590
    # Second order in the rates: never more than one part in a hundred while anything is left.
    levels = np.arange(0, 500)
    assert_allclose(theory.signal_level_approximate(levels), ABAR[:500], rtol=0.01)


def test_p34_the_level_is_smooth_between_whole_numbers():
    slope = jax.grad(lambda n: theory.signal_level(n))(200.0)
    assert_allclose(slope, (ABAR[201] - ABAR[199]) / 2, rtol=1e-4)


@given(variances, signals)
def test_p34_losses_are_one_identity(variance, signal):
    noise, clean = theory.least_noise_loss(variance, signal), theory.least_clean_loss(variance, signal)
    assert_allclose(noise, signal / (1 - signal) * clean, rtol=1e-12)
    # Bayes: the error is what is left of the variance after the best linear estimate.
    total = theory.noised_variance(variance, signal)
    assert_allclose(noise, 1 - theory.noise_gain(variance, signal) ** 2 * total, atol=1e-12)
    assert_allclose(clean, variance - theory.clean_gain(variance, signal) ** 2 * total, atol=1e-11 * (1 + variance))
    assert 0 <= noise <= 1


def test_p34_score_is_that_of_the_density_and_the_denoiser_its_multiple():
    rng = np.random.default_rng(0)
    root = rng.normal(size=(4, 4))
    mean, x, signal = jnp.asarray(rng.normal(size=4)), jnp.asarray(rng.normal(size=4)), 0.37
    covariance = jnp.asarray(root @ root.T)
    noised = signal * covariance + (1 - signal) * jnp.eye(4)

    def log_density(x):
        return jax.scipy.stats.multivariate_normal.logpdf(x, jnp.sqrt(signal) * mean, noised)

    score = dense.gaussian_score(x, mean, covariance, signal)
    assert_allclose(score, jax.grad(log_density)(x), atol=1e-12)
    # Tweedie: the clean estimate from the score, whatever the law.
    clean = dense.gaussian_clean(x, mean, covariance, signal)
    assert_allclose(clean, (x + (1 - signal) * score) / jnp.sqrt(signal), atol=1e-12)


def test_p34_matrices_are_modes_where_the_covariance_is_diagonal():
    x, variance, signal = jnp.array([0.3, -2.0]), jnp.array([0.2, 4.0]), 0.6
    score = dense.gaussian_score(x, jnp.zeros(2), jnp.diag(variance), signal)
    assert_allclose(-score * np.sqrt(1 - signal), theory.noise_gain(variance, signal) * x, rtol=1e-13)
    clean = dense.gaussian_clean(x, jnp.zeros(2), jnp.diag(variance), signal)
    assert_allclose(clean, theory.clean_gain(variance, signal) * x, rtol=1e-13)


def test_p35_published_digits_of_the_sampler():
    """The gains of deviations 0.1, 0.5, 1 and 2 from the last level, in 1000 steps and in 100."""
    variance = np.array([0.1, 0.5, 1.0, 2.0]) ** 2
    thousand, hundred = (theory.ddim_gain(variance, ABAR[::-stride]) for stride in (1, 10))
    start = np.sqrt(ABAR[-1] * variance + 1 - ABAR[-1])
    assert_allclose(thousand * start, [0.0983, 0.4985, 0.9981, 1.9969], atol=2e-3)
    assert_allclose(hundred * start, [0.086, 0.485, 0.982, 1.970], atol=2e-2)


def test_p35_the_error_of_ddim_halves_with_its_steps():
    variance = np.array([0.25, 1.5, 4.0])
    limit = theory.flow_gain(variance, ABAR[960])
    errors = [limit - theory.ddim_gain(variance, ABAR[:961:stride][::-1]) for stride in (4, 2, 1)]
    assert np.all(np.array(errors) > 0)
    assert_allclose(np.log2(errors[0] / errors[1]), 1, atol=0.2)
    assert_allclose(np.log2(errors[1] / errors[2]), 1, atol=0.2)


@given(st.floats(0.0, 50.0), st.integers(1, 999), st.integers(1, 30))
def test_p35_ddim_never_exceeds_the_flow(variance, level, steps):
    levels = np.unique(np.rint(np.linspace(0, level, min(steps, level) + 1)).astype(int))
    gain = theory.ddim_gain(variance, ABAR[levels][::-1])
    assert 0 <= gain <= theory.flow_gain(variance, ABAR[level]) * (1 + 1e-12)


def test_p35_the_deficit_is_a_product_of_cosines():
    variance = np.array([0.04, 1.0, 9.0])
    signals = ABAR[np.array([960, 400, 60, 7, 0])]
    share = theory.ddim_gain(variance, signals) / theory.flow_gain(variance, signals[0])
    assert_allclose(theory.ddim_deficit(variance, signals), 1 - share, atol=1e-14)
    assert np.all(theory.ddim_deficit(variance, signals) <= theory.ddim_deficit_bound(variance, signals))
    # Even turns lose the least.
    even = np.cos(np.linspace(theory.sampler_angle(1.0, signals[0]), 0, 5)) ** 2
    least = 1 - np.cos(theory.sampler_angle(1.0, signals[0]) / 4) ** 4
    assert_allclose(theory.ddim_deficit(1.0, even), least, rtol=1e-10)
    assert theory.ddim_deficit(1.0, signals) > least


def test_p35_modes_of_unit_variance_are_left_alone_by_the_flow():
    assert_allclose(theory.flow_gain(1.0, np.linspace(0, 1, 7)), 1.0, rtol=1e-15)
    assert_allclose(theory.flow_gain(1e12, 0.25), 2.0, rtol=1e-10)


def test_arguments_out_of_range_are_refused():
    with pytest.raises(ValueError, match=r"`level` must lie in \[0, 1000\], but is 1001"):
        theory.signal_level(1001)
    with pytest.raises(ValueError, match="`variance`"):
        theory.noise_gain(-1.0, 0.5)
    with pytest.raises(ValueError, match="`signal`"):
        theory.least_noise_loss(1.0, 1.0)
