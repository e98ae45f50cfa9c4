"""Gauss-Legendre rules on panels, for integrands that are analytic in the variable they are given."""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from jax import Array

NODES = 16
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(NODES)


def unit_rule(panels: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of `panels` equal panels on [0, 1]."""
    nodes = ((np.arange(panels)[:, None] + (1 + _POINTS) / 2) / panels).ravel()
    return nodes, np.tile(_WEIGHTS / (2 * panels), panels)


def integral(function: Callable[[Array], Array], low: Array, high: Array, panels: int) -> Array:
    """Integral over [low, high] of a function that takes points along a new last axis."""
    nodes, weights = (jnp.asarray(part, low.dtype) for part in unit_rule(panels))
    width = high - low
    return width * (function(low[..., None] + width[..., None] * nodes) @ weights)


def running_rule() -> np.ndarray:
    """Matrix that turns values at the nodes of [0, 1] into integrals from 0 to each node, and to 1 in the last row."""
    legendre = np.polynomial.legendre
    values = legendre.legvander(_POINTS, NODES - 1)
    primitives = np.stack([legendre.legint(row, lbnd=-1) for row in np.eye(NODES)])
    ends = np.append(_POINTS, 1.0)
    return legendre.legvander(ends, NODES) @ primitives.T @ np.linalg.inv(values) / 2
