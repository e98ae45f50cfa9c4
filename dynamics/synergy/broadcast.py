"""Broadcasting on trees: a root bit is copied down noisy edges and guessed from the leaves by majorities.

Nothing in this simulation knows of agents, votes or channels towards the root; that its success is the
recursion of the bias at rho = 0, mu0 = 1, gamma = theta is a theorem about it, not its definition.
"""

import jax.random as jr
from jaxtyping import Array, ArrayLike, Int8, Real

from dynamics import _check
from dynamics.synergy.one_level import PRNGKey
from dynamics.synergy.votes import majority, signs


def broadcast_reconstruction(
    key: PRNGKey, fan_in: int, edge_correlation: Real[ArrayLike, ""], depth: int, roots: int
) -> Int8[Array, " roots"]:
    """Root bit times its recursive-majority reconstruction; holds roots * fan_in**depth bits at once.

    fan_in: odd number of children.  edge_correlation: theta in [0, 1], an edge flips with probability
    (1-theta)/2. Raises ValueError on a parameter out of range.  (spec 3.9, C52)
    """
    _check.odd("fan_in", fan_in)
    depth, roots = _check.whole("depth", depth, 0), _check.whole("roots", roots, 1)
    _check.within(0.0, 1.0, edge_correlation=edge_correlation)
    root_key, key = jr.split(key)
    truth = bits = signs(jr.uniform(root_key, (roots,)), 0.0)
    for level_key in jr.split(key, depth):
        edges = signs(jr.uniform(level_key, (fan_in, *bits.shape)), edge_correlation)
        bits = edges * bits
    for _ in range(depth):
        bits = majority(bits)
    return _check.trusted(truth * bits, edge_correlation=edge_correlation)
