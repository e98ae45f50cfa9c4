"""Graphs as matrices of weights: the regular ones node by node, random ones from a key, and their Laplacians.

Regular graphs are NumPy constants: their sizes are static wherever they are used.
"""

from __future__ import annotations

import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Float

from dynamics import _check

Weights = Float[Array | np.ndarray, "nodes nodes"]


def path_graph(nodes: int) -> Float[np.ndarray, "nodes nodes"]:
    """Each node joined to the next; nodes >= 1."""
    nodes = _check.whole("nodes", nodes, 1)
    return np.eye(nodes, k=1) + np.eye(nodes, k=-1)


def ring_graph(nodes: int) -> Float[np.ndarray, "nodes nodes"]:
    """A path whose ends are joined; nodes >= 3."""
    nodes = _check.whole("nodes", nodes, 3)
    return _closed(path_graph(nodes))


def _closed(path: np.ndarray) -> np.ndarray:
    path[0, -1] = path[-1, 0] = 1.0
    return path


def star_graph(nodes: int) -> Float[np.ndarray, "nodes nodes"]:
    """Node 0 joined to all others; nodes >= 2."""
    nodes = _check.whole("nodes", nodes, 2)
    weights = np.zeros((nodes, nodes))
    weights[0, 1:] = weights[1:, 0] = 1.0
    return weights


def complete_graph(nodes: int) -> Float[np.ndarray, "nodes nodes"]:
    """Every node joined to every other; nodes >= 1."""
    nodes = _check.whole("nodes", nodes, 1)
    return np.ones((nodes, nodes)) - np.eye(nodes)


def product_graph(first: Float[np.ndarray, "a a"], second: Float[np.ndarray, "b b"]) -> Float[np.ndarray, "both both"]:
    """The Cartesian product: a torus of two rings, a grid of two paths; node (i, j) stands at i * second + j."""
    return np.kron(first, np.eye(len(second))) + np.kron(np.eye(len(first)), second)


def directed_cycle(nodes: int) -> Float[np.ndarray, "nodes nodes"]:
    """The attention by which each node looks at the next alone; nodes >= 2."""
    nodes = _check.whole("nodes", nodes, 2)
    return np.roll(np.eye(nodes), 1, axis=1)


def random_graph(key, nodes: int, density: float = 0.3) -> Float[Array, "nodes nodes"]:
    """A connected graph: a ring, and every other pair with probability `density`, in [0, 1].

    Weights are uniform on [0.1, 1.1); nodes >= 3.
    """
    nodes = _check.whole("nodes", nodes, 3)
    _check.within(0.0, 1.0, density=density)
    edge_key, weight_key = jr.split(key)
    joined = (ring_graph(nodes) > 0) | (jr.uniform(edge_key, (nodes, nodes)) < density)
    upper = jnp.triu(jnp.where(joined, 0.1 + jr.uniform(weight_key, (nodes, nodes)), 0.0), 1)
    return upper + upper.T


def laplacian(weights: Weights) -> Float[Array, "nodes nodes"]:
    """L = D - W, D the diagonal of the row sums of W."""
    weights = jnp.asarray(weights, float)
    return jnp.diag(weights.sum(axis=1)) - weights


def five_point(
    field: Float[Array | np.ndarray, "rows columns"], spacing: Float[Array, ""] | float
) -> Float[Array, "inner_rows inner_columns"]:
    """The five-point Laplacian of a field at its inner points."""
    field = jnp.asarray(field, float)
    around = field[:-2, 1:-1] + field[2:, 1:-1] + field[1:-1, :-2] + field[1:-1, 2:]
    return (around - 4 * field[1:-1, 1:-1]) / spacing**2
