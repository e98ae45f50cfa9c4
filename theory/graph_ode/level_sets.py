"""Codes of the current value are level sets, so their graph is a path over levels (P7, P24, P25; derived here).

A code per interval of values: two codes touch where the field crosses the level between them, and how often is the
length of that level line, measured in neighbouring pairs. Distance in space does not enter.
"""

from __future__ import annotations

import math

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Real

from theory import _arguments as arguments

Number = Real[ArrayLike, "..."]


def band_bound(jump: Number, width: Number) -> Float[Array, ...]:
    """Largest |i - j| of codes that can touch: ceil(J/D), for intervals of width D and jumps of at most J between
    8-neighbours (P24). At J <= D the co-occurrence is tridiagonal."""
    arguments.positive("jump", jump, "[)")
    arguments.positive("width", width)
    jump, width = arguments.floats(jump, width)
    return jnp.ceil(jump / width)


def path_weights(codes: int) -> Float[Array, "codes codes"]:
    """W of a field whose levels are all crossed equally often, each time between neighbouring levels (P7).

    The two end codes have one neighbour, the others two, among which they divide; after scaling the ends' edges weigh
    1 and the others 1/2. How long the level lines are has dropped out, and where they lie was never in.
    """
    count = arguments.whole("codes", codes, 3)
    weights = np.zeros((count, count))
    weights[np.arange(count - 1), np.arange(1, count)] = weights[np.arange(1, count), np.arange(count - 1)] = 0.5
    weights[0, 1] = weights[-1, -2] = 1.0
    return jnp.asarray(weights)


def ramp_counts(codes: int, height: Number) -> Float[Array, "codes codes"]:
    """n_ij of a ramp of equal bands, each a stripe of `height` pixels long edges: 3 h - 2 pairs across every edge."""
    count = arguments.whole("codes", codes, 2)
    arguments.within("height", height, 1.0, math.inf, "[)")
    beside = np.eye(count, k=1) + np.eye(count, k=-1)
    return jnp.asarray(beside) * (3 * arguments.floats(height)[0] - 2)


def straight_crossings(edges: Real[ArrayLike, "edges 2"]) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Unordered neighbouring pairs across a closed curve of these edge vectors, for pixels that are small beside it:
    along rows and columns, its L1 length; along both diagonals, sum |dx - dy| + |dx + dy| (P25).

    Along one direction d of neighbours at distance |d| the pairs are |d| times the integral of |n . d/|d|| ds.
    """
    arguments.within("edges", edges, -math.inf, math.inf, "()")
    x, y = jnp.moveaxis(arguments.floats(edges)[0], -1, 0)
    along = jnp.sum(jnp.abs(x) + jnp.abs(y))
    return along, jnp.sum(jnp.abs(x - y) + jnp.abs(x + y))


def ellipse_crossings(first: Number, second: Number) -> tuple[Float[Array, ...], Float[Array, ...]]:
    """The same for an ellipse with half-axes a and b along the grid: 4 (a + b) and 8 sqrt(a^2 + b^2).

    A circle of radius R has 8 R and 8 sqrt(2) R: not its length times one number, since the grid has directions.
    """
    arguments.positive("first", first)
    arguments.positive("second", second)
    a, b = arguments.floats(first, second)
    return 4 * (a + b), 8 * jnp.sqrt(a**2 + b**2)


def rectangle_crossings(height: Number, width: Number) -> tuple[Float[Array, ...], Float[Array, ...]]:
    """Exactly, for a rectangle of whole pixels along the grid: 2 (h + w), and 4 (h + w - 1) along both diagonals."""
    arguments.within("height", height, 1.0, math.inf, "[)")
    arguments.within("width", width, 1.0, math.inf, "[)")
    height, width = arguments.floats(height, width)
    return 2 * (height + width), 4 * (height + width - 1)
