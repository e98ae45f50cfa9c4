"""The law of a pool's mean against the exact Markov chain of its counts, which needs no grid and no normal steps."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from theory.synergy import level_map, pool_error, pool_law, root_bias


def chain(fan_in, correlation, fidelity, initial_bias, depth, size):
    """Probabilities of 0..size right votes at levels 0 to depth, from binomial probabilities alone."""
    counts = np.arange(size + 1)
    below = np.asarray(level_map(fan_in, correlation, fidelity, 2 * counts / size - 1))
    step = stats.binom.pmf(counts[None, :], size, (1 + below[:, None]) / 2)
    law = [stats.binom.pmf(counts, size, (1 + initial_bias) / 2)]
    for _ in range(depth):
        law.append(law[-1] @ step)
    return 2 * counts / size - 1, np.array(law)


@pytest.mark.parametrize(
    ("fan_in", "correlation", "fidelity", "initial_bias"), [(5, 0.0, 0.6, 0.2), (3, 0.4, 0.9, 0.1)]
)
def test_spec_8_2_law_is_the_markov_chain_of_counts(fan_in, correlation, fidelity, initial_bias):
    size, depth = 600, 6
    biases, law = chain(fan_in, correlation, fidelity, initial_bias, depth, size)
    found = pool_law(fan_in, correlation, fidelity, initial_bias, depth, size)
    mean = law @ biases
    variance = law @ biases**2 - mean**2
    # Normal steps have the right mean and variance; their wrong third cumulant costs O(n^-3/2) of a bias.
    np.testing.assert_allclose(found.mean, mean, atol=size**-1.5)
    np.testing.assert_allclose(found.variance, variance, rtol=2 / size)
    # Edgeworth: a skewness g moves a tail by at most 0.067 g; here |g| = 2u/sqrt(n(1 - u^2)) with u below 0.6.
    skew = 1.5 / size**0.5
    for half in np.array([6.5, 30.5, 90.5]) * 2 / size:
        far = law[-1] @ (abs(biases - 0.2) > half)
        assert abs(found.outside(0.2 - half, 0.2 + half) - far) < 0.067 * skew


def test_spec_8_2_expansion_is_the_limit_of_large_pools():
    law, error = pool_law(5, 0.2, 0.6, 0.3, 10, 20_000), pool_error(5, 0.2, 0.6, 0.3, 10, 20_000)
    mean = root_bias(5, 0.2, 0.6, 0.3, 10)
    # Both leave out terms of relative order V/mu^2.
    order = error.variance / mean**2
    assert abs(law.variance[-1] / error.variance - 1) < order
    assert abs((law.mean[-1] - mean) / error.bias - 1) < 3 * order


def test_spec_8_2_expansion_fails_where_pools_leave_the_critical_region_late():
    law, error = pool_law(5, 0.0, 0.6, 0.05, 30, 50_000), pool_error(5, 0.0, 0.6, 0.05, 30, 50_000)
    assert float(law.variance[-1] / error.variance) == pytest.approx(1.7258, abs=1e-4)
    finer = pool_law(5, 0.0, 0.6, 0.05, 30, 50_000, points=1201)
    np.testing.assert_allclose(finer.variance, law.variance, rtol=1e-7)


def test_refuses_pools_without_noise_and_grids_without_points():
    with pytest.raises(ValueError, match="`fidelity` and `initial_bias`"):
        pool_law(5, 0.0, 1.0, 0.05, 3, 1000)
    with pytest.raises(ValueError, match=r"`points` must be at least \d+"):
        pool_law(5, 0.0, 0.9, 0.05, 3, 1_000_000)
    with pytest.raises(ValueError, match="`pool_size` must be at least 100"):
        pool_law(5, 0.0, 0.6, 0.05, 3, 99)


def test_traces_and_keeps_single_precision():
    law = jax.jit(lambda correlation: pool_law(5, correlation, 0.6, 0.2, 5, 1000))
    single = law(jnp.float32(0.1))
    assert single.variance.dtype == jnp.float32
    np.testing.assert_allclose(single.variance, law(0.1).variance, rtol=1e-4)


def test_one_law_is_the_same_compiled_mapped_differentiated_and_in_float32():
    def mean(correlation):
        return pool_law(5, correlation, 0.6, 0.2, 4, 400, points=201).mean[-1]

    correlations = np.array([0.1, 0.3])
    (values, slopes) = jax.jit(jax.vmap(jax.value_and_grad(mean)))(correlations)
    for correlation, value, slope in zip(correlations, values, slopes, strict=True):
        np.testing.assert_allclose(value, mean(correlation), rtol=1e-13)
        step = 1e-5
        # Central differences: the error is of order step^2 and eps/step.
        np.testing.assert_allclose(slope, (mean(correlation + step) - mean(correlation - step)) / (2 * step), rtol=1e-6)
    single = pool_law(5, np.float32(0.1), np.float32(0.6), np.float32(0.2), 4, 400, points=201)
    assert single.mean.dtype == np.float32
    # Sums over 201 grid points.
    np.testing.assert_allclose(single.mean[-1], values[0], rtol=201 * np.finfo(np.float32).eps)
