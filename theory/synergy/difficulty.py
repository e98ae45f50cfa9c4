"""Tasks of unequal difficulty: errors that agree across the whole tree, not only between siblings.

The paper draws the causes of agreement afresh at every node. Agents that meet the same task share more than that: a
hard task is hard in every subtree, and the aggregators above inherit it. Here each task has an accuracy P of its own,
drawn once for the tree from a Beta law; given P, siblings at the leaves may still agree more than cousins, and all
levels above are independent. Only two correlations of leaf votes enter, siblings' and cousins'.
"""

from functools import partial
from typing import SupportsIndex

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import floats, odd, signed, unit, whole, within
from .exchangeable import beta_binomial_series
from .recursion import climbed

# Gauss and Jacobi's rule is exact up to degree 2 n - 1 = 127 in the bias: three levels of fan-in 5.
NODES = 64


def _jacobi_rule(correlation: Array, bias: Array) -> tuple[Array, Array]:
    """Nodes and weights of the law of u = 2P - 1, P ~ Beta(M (1 + bias)/2, M (1 - bias)/2), M = 1/rho - 1.

    Eigenvalues of the matrix of the recurrence; every entry is written in rho M = 1 - rho, regular at rho = 0.
    """
    rho, apart = correlation[..., None], (1 - correlation)[..., None]
    right, wrong = apart * (1 + bias[..., None]) / 2, apart * (1 - bias[..., None]) / 2
    k = jnp.arange(NODES, dtype=bias.dtype)
    # Jacobi's exponents are (P side) right/rho - 1 and wrong/rho - 1; their sum is (apart - 2 rho)/rho.
    first = bias[..., None]
    later = (right - wrong) * (apart - 2 * rho) / ((apart + (2 * k[1:] - 2) * rho) * (apart + 2 * k[1:] * rho))
    diagonal = jnp.concatenate([first, later], axis=-1)
    n = k[2:]
    square = n * rho * (right + (n - 1) * rho) * (wrong + (n - 1) * rho) * (apart + (n - 2) * rho)
    square = square / ((apart + (2 * n - 2) * rho) ** 2 * (apart + (2 * n - 1) * rho) * (apart + (2 * n - 3) * rho))
    # At n = 1 two factors cancel, at apart = rho even as 0/0.
    start = rho * right * wrong / (apart**2 * (apart + rho))
    off = 2 * jnp.sqrt(jnp.concatenate([start, square], axis=-1))
    place = jnp.arange(NODES - 1)
    matrix = jnp.zeros((*bias.shape, NODES, NODES), bias.dtype).at[..., place, place + 1].set(off)
    matrix = matrix + jnp.swapaxes(matrix, -1, -2) + diagonal[..., None] * jnp.eye(NODES, dtype=bias.dtype)
    nodes, vectors = jnp.linalg.eigh(matrix)
    return nodes, vectors[..., 0, :] ** 2


@partial(jax.jit, static_argnums=(0, 1))
def _root(fan_in: int, depth: int, siblings: Array, cousins: Array, fidelity: Array, bias: Array) -> Array:
    nodes, weights = _jacobi_rule(cousins, bias)
    nodes = jnp.clip(nodes, -1, 1)
    closer = ((siblings - cousins) / (1 - cousins))[..., None]
    fidelity = fidelity[..., None]
    if depth:
        # A channel's noise is each message's own: of the agreement of sent votes gamma^2 arrives.
        signal = fidelity * nodes
        noise = (1 - signal) * (1 + signal)
        varies = noise > 0
        share = closer * fidelity**2 * (1 - nodes) * (1 + nodes) / jnp.where(varies, noise, 1)
        heard = jnp.where(varies, share, closer)
        nodes = signal * beta_binomial_series(fan_in, *jnp.broadcast_arrays(heard, signal))
        shape = jnp.broadcast_shapes(fidelity.shape, nodes.shape)
        nodes, fidelity = jnp.broadcast_to(nodes, shape), jnp.broadcast_to(fidelity, shape)
        nodes = climbed(fan_in, depth - 1, jnp.zeros_like(nodes), fidelity, nodes)
    return jnp.sum(weights * nodes, axis=-1)


def difficulty_root_bias(
    fan_in: SupportsIndex,
    correlation: Real[ArrayLike, "..."],
    task_correlation: Real[ArrayLike, "..."],
    fidelity: Real[ArrayLike, "..."],
    initial_bias: Real[ArrayLike, "..."],
    depth: SupportsIndex,
) -> Float[Array, "..."]:
    """Root bias when a task's accuracy P is one for the whole tree: E g^{L-1}(h(2P - 1)), g(u) = f_b(gamma u).

    P ~ Beta has mean (1 + mu_0)/2 and makes the votes of cousins correlate by `task_correlation`; h is the majority of
    beta-binomial siblings heard through the channel, whose sent votes correlate by `correlation` over all tasks.
    Exact for b^L <= 127, else by 64 nodes. Endless trees with gamma = 1 reach P(P > 1/2) - P(P < 1/2), not 1.
    fan_in odd >= 3, correlations in [0, 1) (task_correlation 0: no task is harder), fidelity in [0, 1], initial_bias in
    (-1, 1), depth >= 0; ValueError otherwise.  (derived here)
    """
    fan_in, depth = odd("fan_in", fan_in), whole("depth", depth, 0)
    within("correlation", correlation, 0.0, 1.0, "[)")
    within("task_correlation", task_correlation, 0.0, 1.0, "[)")
    unit("fidelity", fidelity)
    signed("initial_bias", initial_bias)
    return _root(fan_in, depth, *floats(correlation, task_correlation, fidelity, initial_bias))
