"""Gaussian trees, stars and chains against the variances of section 2, written out by hand."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from dynamics.synergy import (
    BETA_BINOMIAL,
    GLOBAL_CAUSE,
    INDEPENDENT,
    LEAVES_COPIED,
    PROBIT,
    RECEIVED_COPIED,
    gaussian_chain,
    gaussian_star,
    gaussian_tree,
    mean_square,
)

KEY = jr.key(12, impl="rbg")  # compiles in a third of the time
tree = jax.jit(gaussian_tree, static_argnames=("fan_in", "depth", "roots", "sharing"))


def assert_risk(errors, variance):
    risk, error = mean_square(errors)
    assert abs(risk - variance) < 4.5 * error
    errors = np.asarray(errors)
    assert abs(errors.mean()) < 4.5 * errors.std() / np.sqrt(errors.size)


@pytest.mark.parametrize(
    ("fan_in", "rho", "sigma2", "depth", "variance"),
    [(3, 0.1, 0.05, 4, 0.05267), (5, 0.2, 0.05, 3, 0.061552), (5, 0.5, 0.02, 5, 0.0870)],
)
def test_2_6_iii_copied_children(fan_in, rho, sigma2, depth, variance):
    a, v = rho + (1 - rho) / fan_in, 1.0
    for _ in range(depth):
        v = a * v + sigma2 / fan_in
    assert v == pytest.approx(variance, abs=5.1e-5)
    errors = tree(KEY, fan_in, rho, sigma2, 1.0, depth, 1500)
    assert_risk(errors, v)
    errors = np.asarray(errors)
    kurtosis = (errors**4).mean() / (errors**2).mean() ** 2
    assert kurtosis > 3.5  # heavier than Gaussian: sqrt(2/n) v would be too small an error bar


def test_2_7_other_readings_of_the_same_correlation():
    b, rho, sigma2, depth = 3, 0.3, 0.2, 2
    a, leaves = rho + (1 - rho) / b, b**depth
    expected = dict.fromkeys((RECEIVED_COPIED, LEAVES_COPIED, INDEPENDENT, BETA_BINOMIAL, GLOBAL_CAUSE), 1.0)
    for level in range(depth):
        expected[RECEIVED_COPIED] = a * (expected[RECEIVED_COPIED] + sigma2)
        expected[BETA_BINOMIAL] = a * (expected[BETA_BINOMIAL] + sigma2)  # the same pairwise correlation
        here = a * (expected[LEAVES_COPIED] + sigma2) if level == 0 else (expected[LEAVES_COPIED] + sigma2) / b
        expected[LEAVES_COPIED] = here
        expected[INDEPENDENT] = (expected[INDEPENDENT] + sigma2) / b
    expected[GLOBAL_CAUSE] = rho + (1 - rho) / leaves + sigma2 * (1 - 1 / leaves) / (b - 1)
    for law, variance in expected.items():
        assert_risk(tree(KEY, b, rho, sigma2, 1.0, depth, 6000, law), variance)


def test_eq_7_star_and_eq_8_chain():
    star = gaussian_star(KEY, 25, 0.2, 0.05, 1.5, 8000)
    assert_risk(star, 1.5 * (1 + 24 * 0.2) / 25 + 0.05 / 25)
    chain = gaussian_chain(KEY, 0.05, 1.5, 6, 8000)
    assert_risk(chain, 1.5 + 6 * 0.05)


def test_trivial_cases_are_exact():
    assert (tree(KEY, 3, 0.2, 0.0, 0.0, 2, 6000) == 0).all()
    assert gaussian_chain(jr.key(0), 0.3, 1.0, 0, 10).shape == (10,)
    assert_risk(tree(KEY, 3, 1.0, 0.0, 2.0, 2, 6000), 2.0)
    single = tree(KEY, 3, np.float32(0.2), np.float32(0.1), np.float32(1.0), 1, 10)
    assert single.dtype == jnp.float32


def test_refusals():
    with pytest.raises(ValueError, match=r"`noise_variance` must lie in .* but is -0.1"):
        gaussian_tree(jr.key(0), 3, 0.2, -0.1, 1.0, 2, 10)
    with pytest.raises(ValueError, match="`sharing` must copy messages for a Gaussian tree"):
        gaussian_tree(jr.key(0), 3, 0.2, 0.1, 1.0, 2, 10, PROBIT)
    with pytest.raises(ValueError, match=r"`leaf_variance` must lie in .* but is nan"):
        gaussian_star(jr.key(0), 3, 0.2, 0.1, float("nan"), 10)
    assert np.isnan(tree(KEY, 3, np.nan, 0.1, 1.0, 2, 6000)).all()
