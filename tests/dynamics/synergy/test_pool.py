"""The population pool: its mean, and the error bar that the naive one misses by up to 13 times."""

from functools import partial

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from scipy import stats

from dynamics.synergy import (
    BETA_BINOMIAL,
    GLOBAL_CAUSE,
    LEAVES_COPIED,
    PROBIT,
    RECEIVED_COPIED,
    SENT_COPIED,
    Sharing,
    Urn,
    collapsed_pool,
    pool_error,
    population_pool,
    trajectory,
)

error = jax.jit(pool_error, static_argnames=("fan_in", "depth", "size", "sharing"))
path = jax.jit(trajectory, static_argnames=("fan_in", "depth", "sharing"))


def many(pool, seed, replicates, *arguments):
    """Means of independent pools, (replicates, levels), and the error and bias expected of each."""
    # rbg keys compile in a third of the time, but under vmap they are not the keys of a loop
    keys = jr.split(jr.key(seed, impl="rbg"), replicates)
    result = jax.jit(lambda keys: jax.lax.map(lambda key: pool(key, *arguments), keys))(keys)
    return np.asarray(result.means), np.asarray(result.standard_error[0]), np.asarray(result.bias[0])


def test_8_2_standard_error_table():
    # sd at n = 50 000, b=5, gamma=.6, mu0=.05, at L = 10 and 30; four digits are given
    table = {
        0.0: (0.02881, 0.01782),
        0.1: (0.02149, 0.05606),
        0.2: (0.01624, 0.03250),
        5 / 21: (0.01470, 0.02432),
        0.3: (0.01265, 0.01643),
        0.4: (0.01025, 0.01106),
        0.6: (0.00759, 0.00763),
    }
    for rho, row in table.items():
        sd, _ = error(5, rho, 0.6, 0.05, 30, 50_000)
        np.testing.assert_allclose(sd[jnp.array([10, 30])], row, atol=5.1e-6)


def test_8_2_standard_error_and_bias_of_small_pools():
    cases = {(5, 0.1, 0.6, 0.3, 10, 500): (0.1150, -0.0200), (5, 0.0, 0.6, 0.05, 8, 4000): (0.0804, -0.0015)}
    for parameters, (sd, bias) in cases.items():
        expected_sd, expected_bias = error(*parameters)
        # .1149471 is printed as .1150
        np.testing.assert_allclose(expected_sd[-1], sd, atol=5.4e-5)
        np.testing.assert_allclose(expected_bias[-1], bias, atol=5.1e-5)


def test_8_2_and_c46_pools_scatter_as_the_recursions_say():
    parameters, size = (5, 0.1, 0.6, 0.3, 10), 500
    means, expected_sd, expected_bias = many(population_pool, 1, 600, *parameters, size)
    shift = means.mean(0) - np.asarray(path(*parameters))
    scatter = means.std(0, ddof=1)
    assert np.all(np.abs(shift - expected_bias) < 4.5 * scatter / np.sqrt(600))
    # 600 replicates know a standard deviation to 3 %; second order in sqrt(V)/mu adds up to 8 % here
    np.testing.assert_allclose(scatter, expected_sd, rtol=0.15)
    assert scatter[-1] > 1.5 * np.sqrt((1 - means[:, -1].mean() ** 2) / size)


def test_c47_figure_11_by_pool():
    rhos = jnp.linspace(0, 0.8, 9)
    run = jax.jit(lambda key, rho: population_pool(key, 5, rho, 0.6, 0.05, 30, 50_000))
    for key, rho in zip(jr.split(jr.key(2026), 9), rhos, strict=True):
        result = run(key, rho)
        z = (result.means - path(5, rho, 0.6, 0.05, 30) - result.bias) / result.standard_error
        assert np.all(np.abs(z) < 4.5)


@pytest.mark.parametrize("law", [SENT_COPIED, LEAVES_COPIED, GLOBAL_CAUSE, BETA_BINOMIAL, PROBIT])
def test_every_convention_in_the_pool(law):
    means, sd, bias = many(population_pool, 4, 64, 3, 0.3, 0.9, 0.4, 3, 4001, law)
    z = (means.mean(0) - np.asarray(path(3, 0.3, 0.9, 0.4, 3, law)) - bias) / (sd / 8)
    assert np.all(np.abs(z) < 4.5)


def test_the_collapsed_pool_has_the_explicit_pools_law():
    parameters = (5, 0.2, 0.8, 0.1, 6, 101)  # small: a fifth of the pools tunnels to the wrong attractor
    (explicit, *_), (collapsed, *_) = (many(pool, 3, 1000, *parameters) for pool in (population_pool, collapsed_pool))
    for level in (0, 1, 3, 6):
        assert stats.ks_2samp(explicit[:, level], collapsed[:, level]).pvalue > 6.8e-6
    joint = [np.corrcoef(means[:, 3], means[:, 6])[0, 1] for means in (explicit, collapsed)]
    assert abs(np.arctanh(joint[0]) - np.arctanh(joint[1])) < 4.5 * np.sqrt(2 / 997)


def test_children_are_drawn_evenly_with_replacement_and_flipped_alone():
    from dynamics.synergy.pool import _multiply_shift

    size = 50_000
    words = jr.bits(jr.key(0), (400_000,), "uint32")
    index, rest = _multiply_shift(words, size)
    wide = np.asarray(words, np.uint64) * np.uint64(size)
    np.testing.assert_array_equal(index, wide >> np.uint64(32))
    np.testing.assert_array_equal(rest, wide & np.uint64(0xFFFFFFFF))
    counts = np.bincount(np.asarray(index), minlength=size)
    assert stats.chisquare(counts).pvalue > 6.8e-6
    joint, *_ = np.histogram2d(np.asarray(index) % 5, np.asarray(rest) < 0.2 * 2**32, bins=(5, 2))
    assert stats.chi2_contingency(joint).pvalue > 6.8e-6


def test_trivial_pools_are_exact():
    for pool in (population_pool, collapsed_pool):
        run = jax.jit(pool, static_argnames=("fan_in", "depth", "size"))
        certain = run(jr.key(0), 3, 0.3, 1.0, 1.0, 4, 101)
        np.testing.assert_allclose(certain.means, np.ones(5), rtol=1e-15)
        np.testing.assert_array_equal(certain.standard_error, np.zeros(5))
    leaves = jax.jit(lambda key: population_pool(key, 3, 0.3, 0.7, 0.4, 0, 101))(jr.key(0))
    assert leaves.means.shape == (1,)
    assert leaves.standard_error[0] == pytest.approx(np.sqrt((1 - 0.16) / 101), rel=1e-14)


def test_float32_and_batches():
    run = partial(population_pool, fan_in=3, depth=4, size=101)
    rhos = jnp.asarray([0.1, 0.6], jnp.float32)
    keys = jr.split(jr.key(1), 2)
    gamma, start = np.float32(0.9), np.float32(0.2)
    batch = jax.jit(jax.vmap(lambda key, rho: run(key, correlation=rho, fidelity=gamma, initial_bias=start)))(
        keys, rhos
    )
    assert batch.means.dtype == jnp.float32
    alone = jax.jit(lambda key, rho: run(key, correlation=rho, fidelity=gamma, initial_bias=start))
    for i in range(2):
        np.testing.assert_array_equal(batch.means[i], alone(keys[i], rhos[i]).means)  # the same votes
    silent = alone(keys[0], jnp.float32(jnp.nan))
    assert np.isnan(silent.means).all()


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (dict(size=1), "`size` must be at least 2, but is 1"),
        (dict(size=100_000), "`size` must be at most 65536, but is 100000"),
        (dict(fan_in=6), "`fan_in` must be odd"),
        (dict(fidelity=1.5), "`fidelity` must lie in"),
        (dict(sharing=Sharing(Urn(), "sent")), "whose recursion closes"),
    ],
)
def test_refusals_name_the_argument(bad, words):
    good = dict(fan_in=5, correlation=0.1, fidelity=0.7, initial_bias=0.1, depth=3, size=100, sharing=RECEIVED_COPIED)
    with pytest.raises(ValueError, match=words):
        population_pool(jr.key(0), **{**good, **bad})
