"""Codebooks: Lloyd's iteration, assignment, and what a rollout asks of a coder."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from dynamics import graph_ode

CODES = 6


@pytest.fixture(scope="module")
def histories():
    """Clouds of histories for eight keys."""
    return jr.normal(jr.key(1), (8, 300, 2)) @ jnp.asarray([[1.0, 0.7], [0.0, 0.4]])


@pytest.fixture(scope="module")
def books(histories):
    return jax.jit(jax.vmap(lambda h: graph_ode.fit_codebook(h, CODES, 400)))(histories)


def test_t16_lloyd_never_increases_the_distortion(books):
    # Means and sums of 300 terms: a few rounding errors of a distortion below 1.
    assert np.max(np.diff(books.distortions, axis=1)) <= 1e-14


nearest = jax.jit(graph_ode.nearest)


def test_t16_a_converged_codebook_is_centroid_and_nearest(histories, books):
    for cloud, centres in zip(np.asarray(histories), np.asarray(books.centres), strict=True):
        apart = np.linalg.norm(cloud[:, None] - centres, axis=-1)
        codes = np.asarray(nearest(jnp.asarray(cloud), jnp.asarray(centres)))
        assert_allclose(apart[np.arange(len(cloud)), codes], apart.min(axis=1), atol=1e-7)
        means = np.stack([cloud[codes == k].mean(axis=0) for k in range(CODES)])
        assert_allclose(means, centres, atol=1e-8)


def test_on_a_line_intervals_and_matrix_products_are_one_iteration(histories):
    samples = histories[0, :, :1]
    start = graph_ode.quantile_start(samples, CODES)
    centres, _ = jax.jit(graph_ode.k_means, static_argnums=2)(samples, start, 7)
    line = jax.jit(graph_ode.lloyd_line, static_argnums=2)(samples[:, 0], start[:, 0], 7)
    assert_allclose(line, centres[:, 0], rtol=1e-12)
    codes = graph_ode.nearest_on_line(samples[:, 0], line)
    assert_array_equal(codes, nearest(samples, centres))
    shares = graph_ode.code_shares(codes, CODES)
    assert_allclose(shares, np.bincount(codes, minlength=CODES) / 300)
    sizes, sums = graph_ode.cluster_sums(codes, samples, CODES)
    assert_allclose(sums[:, 0] / sizes, [samples[codes == k].mean() for k in range(CODES)])


def test_the_start_stands_at_quantiles_of_the_last_value():
    shuffled = jr.permutation(jr.key(0), jnp.arange(60.0))
    histories = jnp.stack([-shuffled, shuffled], axis=1)
    start = graph_ode.quantile_start(histories, 3)
    assert_array_equal(start[:, 1], [10, 30, 50])
    assert_array_equal(start[:, 0], [-10, -30, -50])


def test_an_empty_cell_keeps_its_centre():
    moved, distortion = graph_ode.lloyd_step(jnp.asarray([[0.0], [2.0]]), jnp.asarray([[1.0], [50.0]]))
    assert_array_equal(moved, [[1.0], [50.0]])
    assert float(distortion) == 1.0


def test_equal_histories_have_a_codebook():
    book = graph_ode.fit_codebook(jnp.full((9, 4), 0.3), 2, 1)
    assert np.all(np.isfinite(book.codewords()))


def test_consistency_is_a_mean_cosine_and_distance_a_root_mean_square():
    book = graph_ode.Codebook(
        jnp.asarray([[1.0, 0.0], [0.0, 2.0], [5.0, 5.0]]), jnp.zeros(()), jnp.ones(()), jnp.zeros(1)
    )
    seen, present = jnp.asarray([[3.0, 0.0], [2.0, 2.0], [-9.0, 1.0]]), jnp.asarray([True, True, False])
    assert_allclose(graph_ode.consistency(book, seen, present), (1 + 2**-0.5) / 2)
    assert_allclose(graph_ode.distance(book, seen, present), np.sqrt((4 + 4) / 4))
    assert float(graph_ode.consistency(book, seen, jnp.zeros(3, bool))) == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: graph_ode.quantile_start(jnp.zeros((3, 2)), 4), "`codes` must be at most the number of points, 3"),
        (lambda: graph_ode.quantile_start(jnp.zeros((3, 2)), 0), "`codes` must be at least 1"),
        (lambda: graph_ode.k_means(jnp.zeros((3, 2)), jnp.zeros((1, 2)), 0), "`iterations` must be at least 1"),
        (lambda: graph_ode.lloyd_line(jnp.zeros(3), jnp.zeros(1), 0), "`iterations` must be at least 1"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()
