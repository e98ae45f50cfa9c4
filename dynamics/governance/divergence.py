"""How far a run's states stand from the habituated ones: Kullback-Leibler divergences from samples.

The k-nearest-neighbour estimator is the paper's. It is biased low where p is wider than q, which is its use here, and
the more so the higher the dimension. Distances are matrix products, a block of points at a time, and the k-th smallest
is found by k sweeps for the next minimum, which run over the others for all points of the block at once, as a CPU's
vector units like it; XLA's top_k would sort, fifty times slower.
"""

from functools import cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float, Real

from dynamics import _check

NEIGHBOURS = 5
# Points whose distances are held at a time: a few hundred thousand numbers, which stay in cache.
BLOCK = 128
# Keeps the logarithm finite where samples coincide: the floor of the official code, and of float32.
FLOOR = {"float64": 1e-300, "float32": 1e-38}


def neighbour_distances(
    points: Float[Array, "n d"], others: Float[Array, "m d"], order: int, block: int = BLOCK
) -> Float[Array, " n"]:
    """Squared Euclidean distance from each point to its `order`-th nearest among the others, equal ones counted.

    Memory is block * m, whatever n.
    """
    order, block = _check.whole("order", order, 1), _check.whole("block", block, 1)
    if order > len(others):
        raise ValueError(f"Argument `order` must be at most the {len(others)} others, but is {order}.")
    return _rowwise(order, min(block, len(points)))(points, others)


@cache
def _rowwise(order, block):
    """The work of `neighbour_distances`; batches take turns, since side by side they would leave the cache."""

    @jax.custom_batching.sequential_vmap
    def distances(points, others):
        # Distances do not feel a shift, and small vectors lose less to cancellation.
        centre = others.mean(0)
        points, others = points - centre, others - centre
        lengths = jnp.sum(others**2, axis=-1)

        def of_rows(rows):
            squares = jnp.maximum(jnp.sum(rows**2, axis=-1) + lengths[:, None] - 2 * others @ rows.T, 0)
            reached = jnp.min(squares, axis=0)
            for _ in range(order - 1):
                reached = jnp.min(jnp.where(squares > reached, squares, jnp.inf), axis=0)
            # Equal distances make the sweeps skip some, or run past the last; then, and only then, a sort counts them.
            counted = jnp.sum(squares <= reached, axis=0)
            ties = jnp.any((counted != order) | jnp.isinf(reached))
            return jax.lax.cond(ties, lambda: jnp.sort(squares, axis=0)[order - 1], lambda: reached)

        padded = jnp.pad(points, ((0, -len(points) % block), (0, 0)))
        return jax.lax.map(of_rows, padded.reshape(-1, block, points.shape[1])).reshape(-1)[: len(points)]

    return distances


@partial(jax.jit, static_argnames="order")
def neighbour_divergence(
    p: Float[Array, "n d"],
    q: Float[Array, "m d"],
    order: int = NEIGHBOURS,
    dimension: Real[Array, ""] | int | None = None,
) -> Float[Array, ""]:
    """KL(p || q) ~ (d/n) sum_i ln(nu_i / rho_i) + ln(m / (n - 1)), and 0 where that is negative.

    rho_i, nu_i: distance from p_i to its k-th nearest neighbour among the other p and among the q.
    dimension: d, where samples are padded with zeros. (arXiv 2602.20846, Sec. "State-space KL"; clipped as in the
    official code)
    """
    floor = FLOOR[str(p.dtype)]
    # Each point is its own nearest neighbour, at rounding's distance.
    own = neighbour_distances(p, p, order + 1)
    other = neighbour_distances(p, q, order)
    ratio = jnp.log(jnp.maximum(other, floor)) - jnp.log(jnp.maximum(own, floor))
    dimension = p.shape[1] if dimension is None else dimension
    estimate = dimension / 2 * ratio.mean() + jnp.log(q.shape[0] / (p.shape[0] - 1))
    return jnp.maximum(estimate, 0)


class GaussianParts(NamedTuple):
    """The terms of a Gaussian divergence: (tr(S_q^-1 S_p) - d)/2, the means' part, ln(det S_q/det S_p)/2."""

    trace: Float[Array, "..."]
    mean: Float[Array, "..."]
    volume: Float[Array, "..."]


@jax.jit
def gaussian_parts(p: Float[Array, "n d"], q: Float[Array, "m d"]) -> GaussianParts:
    """Term by term, KL between Gaussians of the samples' moments (divisor n - 1, and 1e-8 on both diagonals)."""
    (mean_p, cov_p), (mean_q, cov_q) = _moments(p), _moments(q)
    root_p, root_q = jnp.linalg.cholesky(cov_p), jnp.linalg.cholesky(cov_q)
    spread = jax.scipy.linalg.solve_triangular(root_q, root_p, lower=True)
    shift = jax.scipy.linalg.solve_triangular(root_q, mean_q - mean_p, lower=True)
    volume = jnp.sum(jnp.log(jnp.diag(root_q))) - jnp.sum(jnp.log(jnp.diag(root_p)))
    return GaussianParts((jnp.sum(spread**2) - p.shape[1]) / 2, jnp.sum(shift**2) / 2, volume)


def gaussian_divergence(p: Float[Array, "n d"], q: Float[Array, "m d"]) -> Float[Array, ""]:
    """Their sum, KL between the Gaussians with the samples' means and covariances."""
    return sum(gaussian_parts(p, q))


def _moments(samples):
    mean = samples.mean(0)
    centred = samples - mean
    return mean, centred.T @ centred / (len(samples) - 1) + 1e-8 * jnp.eye(samples.shape[1], dtype=samples.dtype)


def free_energy(
    payoff: Real[ArrayLike, "..."], divergence: Real[ArrayLike, "..."], cost: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """F = -ubar + lambda KL(p_{alpha,E} || p_hab). (arXiv 2602.20846, Sec. "Free energy")"""
    return cost * jnp.asarray(divergence, float) - payoff
