"""Divergences from samples: brute force, exact laws of Gaussians, known biases."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.spatial import cKDTree

from dynamics import governance as gov

RNG = np.random.default_rng(3)


@pytest.mark.parametrize("block", [1, 7, 64])
def test_neighbours_are_those_of_a_tree_whatever_the_block(block):
    points, others = RNG.normal(3.0, 1.0, (50, 4)), RNG.normal(3.0, 1.0, (33, 4))
    wanted = cKDTree(others).query(points, k=3)[0][:, -1]
    found = gov.neighbour_distances(jnp.asarray(points), jnp.asarray(others), 3, block)
    assert_allclose(np.sqrt(found), wanted, rtol=1e-10)
    batched = jax.vmap(lambda p: gov.neighbour_distances(p, jnp.asarray(others), 3, block))(jnp.asarray(points)[None])
    assert_allclose(batched[0], found)


def test_equal_neighbours_are_counted_and_too_few_are_refused():
    others = jnp.array([[0.0], [1.0], [1.0], [5.0]])
    found = [float(gov.neighbour_distances(jnp.zeros((1, 1)), others, k)[0]) for k in (1, 2, 3, 4)]
    assert_allclose(found, [0, 1, 1, 25], atol=1e-12)
    with pytest.raises(ValueError, match="`order` must be at most the 4 others"):
        gov.neighbour_distances(jnp.zeros((1, 1)), others, 5)


def test_neighbour_divergence_is_the_published_formula_and_never_negative():
    p, q = RNG.normal(size=(60, 3)), RNG.normal(0.4, 1.3, (45, 3))
    rho = cKDTree(p).query(p, k=6)[0][:, -1]
    nu = cKDTree(q).query(p, k=5)[0][:, -1]
    wanted = 3 / 60 * np.sum(np.log(nu / rho)) + np.log(45 / 59)
    assert_allclose(gov.neighbour_divergence(jnp.asarray(p), jnp.asarray(q)), max(wanted, 0), rtol=1e-10)
    assert float(gov.neighbour_divergence(jnp.asarray(q), jnp.asarray(q))) == 0
    padded = np.pad(p, [(0, 0), (0, 2)]), np.pad(q, [(0, 0), (0, 2)])
    same = gov.neighbour_divergence(*map(jnp.asarray, padded), dimension=3)
    assert_allclose(same, max(wanted, 0), rtol=1e-10)


def test_t11_neighbours_see_narrow_p_rightly_and_wide_p_too_low():
    """Two dimensions, one axis rescaled; the wide case is still biased by a fifth at n = 20,000 (0.60 against 0.807).

    Four draws of 3000 points have a standard error of about 0.02. At n = 20,000 single draws scatter by 0.007 to
    0.018, so that "within 0.02" of the specification's single draws is no test: means of 12 draws are 0.320, 0.318,
    0.325 for v = 1/4 (d = 1, 2, 3), 0.134, 0.135, 0.121 for v = 2 and 0.660, 0.602, 0.557 for v = 4 (it has 0.65 for
    the second of these).
    """
    first, second = jr.normal(jr.key(1), (4, 3000, 2)), jr.normal(jr.key(2), (4, 3000, 2))

    def error(variance):
        stretch = jnp.array([variance**0.5, 1.0])
        exact = (variance - 1 - np.log(variance)) / 2
        return float(jax.vmap(gov.neighbour_divergence)(first * stretch, second).mean()) - exact

    assert abs(error(0.25)) < 0.09
    assert error(4.0) < -0.15


def test_t10_gaussian_divergence_of_samples_is_the_closed_form_of_their_moments():
    p, q = RNG.normal(0.3, 1.2, (400, 3)), RNG.normal(size=(500, 3))
    sp, sq = np.cov(p.T) + 1e-8 * np.eye(3), np.cov(q.T) + 1e-8 * np.eye(3)
    shift = q.mean(0) - p.mean(0)
    inverse = np.linalg.inv(sq)
    volume = np.linalg.slogdet(sq)[1] - np.linalg.slogdet(sp)[1]
    wanted = 0.5 * (np.trace(inverse @ sp) - 3 + shift @ inverse @ shift + volume)
    assert_allclose(gov.gaussian_divergence(jnp.asarray(p), jnp.asarray(q)), wanted, rtol=1e-10)
    assert abs(float(gov.gaussian_divergence(jnp.asarray(p), jnp.asarray(p)))) < 1e-12
    assert_allclose(gov.free_energy(2.5, 0.5, 3.0), -1.0)
