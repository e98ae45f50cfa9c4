"""One difficulty a task: limits in which the law is another one, and the quadrature against SciPy."""

import jax
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import integrate, stats

from theory import synergy

EPS = float(np.finfo(float).eps)
law = jax.jit(synergy.difficulty_root_bias, static_argnums=(0, 5))


def test_no_correlation_is_the_papers_tree_of_independent_votes():
    assert_allclose(law(5, 0.0, 0.0, 0.8, 0.3, 3), synergy.root_bias(5, 0.0, 0.8, 0.3, 3), rtol=1e-12)
    assert_allclose(law(3, 0.0, 0.0, 0.9, 0.2, 0), 0.2, rtol=64 * EPS)


def test_equal_tasks_and_one_level_are_the_beta_binomial_law():
    heard = synergy.received_correlation(0.3, 0.8, 0.3)
    assert_allclose(law(5, 0.3, 0.0, 0.8, 0.3, 1), synergy.beta_binomial_map(5, heard, 0.8, 0.3), rtol=1e-12)
    # Without a channel it does not matter what makes the votes of one node agree.
    assert_allclose(law(5, 0.3, 0.3, 1.0, 0.3, 1), synergy.beta_binomial_map(5, 0.3, 1.0, 0.3), rtol=1e-12)


@pytest.mark.parametrize(("rho", "bias"), [(0.1, 0.3), (0.25, 0.5), (0.5, 0.3), (0.6, -0.2)])
def test_three_levels_are_the_integral_over_difficulties(rho, bias):
    strength = 1 / rho - 1
    accuracy = stats.beta(strength * (1 + bias) / 2, strength * (1 - bias) / 2)

    def integrand(p):
        u = 2 * p - 1
        for _ in range(3):
            u = (15 * u - 10 * u**3 + 3 * u**5) / 8
        return u * accuracy.pdf(p)

    parts = [integrate.quad(integrand, low, high, epsabs=1e-10)[0] for low, high in ((0, 0.5), (0.5, 1))]
    assert_allclose(law(5, rho, rho, 1.0, bias, 3), sum(parts), atol=1e-8)


def test_hard_tasks_bound_what_depth_can_do():
    """Perfect messages: the paper's tree tends to 1, this one to P(P > 1/2) - P(P < 1/2)."""
    accuracy = stats.beta(4 * 0.65, 4 * 0.35)
    limit = 1 - 2 * accuracy.cdf(0.5)
    roots = [float(law(5, 0.2, 0.2, 1.0, 0.3, depth)) for depth in (1, 3, 8)]
    assert roots[0] < roots[1] < 0.99 * limit
    # 64 nodes resolve a step no better than their spacing.
    assert_allclose(roots[2], limit, atol=0.03)
    assert limit < 0.65 < synergy.root_bias(5, 0.2, 1.0, 0.3, 8)


def test_bad_arguments_are_refused_by_name():
    with pytest.raises(ValueError, match=r"`task_correlation` must lie in \[0, 1\), but is 1"):
        synergy.difficulty_root_bias(5, 0.2, 1.0, 0.8, 0.3, 2)
