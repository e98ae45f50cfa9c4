"""The whole law of a pool's mean vote, not only its first two corrections.

Given the mean m of the level below, the next mean is that of n independent votes of bias T(m). So means form a
Markov chain, and for n in the thousands each step is normal with mean T(m) and variance (1 - T(m)^2)/n. Summing
that kernel over an even grid is exact to rounding while the grid step stays under the narrowest kernel.

The expansion of `pool_error` is second order in the fluctuation. Pools that start weak and end at the fixed point
leave the critical region at different times; their spread is then larger than the expansion says although it is
small against the bias at every level: at b = 5, gamma = 0.6, rho = 0, mu_0 = 0.05, n = 50 000 the variance at
level 30 is 1.73 times the expansion's, with kurtosis 15 [derived here].
"""

import math
from typing import NamedTuple, SupportsIndex

import jax
import jax.numpy as jnp
from jax.scipy.special import ndtr
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import signed, whole
from .recursion import checked, level


class PoolLaw(NamedTuple):
    """Mean and variance of the pool's mean vote at levels 0 to depth, and at the root its law as a mixture.

    weights, centres, spreads: the root's mean is normal with `centres[i]`, `spreads[i]` with probability `weights[i]`.
    """

    mean: Float[Array, " levels"]
    variance: Float[Array, " levels"]
    weights: Float[Array, " points"]
    centres: Float[Array, " points"]
    spreads: Float[Array, " points"]
    pool_size: Float[Array, ""]

    def outside(self, low: Real[ArrayLike, "..."], high: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
        """Probability that the root's mean lies below `low` or above `high`, low <= high."""
        low, high = (jnp.asarray(end, self.centres.dtype)[..., None] for end in (low, high))
        # The mean sits on a lattice of spacing 2/n: cut half-way between its points.
        below = (2 * jnp.ceil(self.pool_size * (1 + low) / 2) - 1) / self.pool_size - 1
        above = (2 * jnp.floor(self.pool_size * (1 + high) / 2) + 1) / self.pool_size - 1
        tails = ndtr((below - self.centres) / self.spreads) + ndtr((self.centres - above) / self.spreads)
        return tails @ self.weights


def pool_law(
    fan_in: SupportsIndex,
    correlation: Real[ArrayLike, ""],
    fidelity: Real[ArrayLike, ""],
    initial_bias: Real[ArrayLike, ""],
    depth: SupportsIndex,
    pool_size: SupportsIndex,
    points: SupportsIndex = 1001,
) -> PoolLaw:
    """Law of the mean of a pool of `pool_size` votes after each of `depth` resampled levels.

    fan_in odd >= 3, depth >= 1, pool_size >= 100 (below, steps are visibly not normal); correlation, fidelity in
    [0, 1], initial_bias in [-1, 1].  points: of the grid on [-1, 1]; its step may not exceed the narrowest kernel,
    sqrt((1 - T(1)^2)/n), which excludes fidelity 1 and initial bias 1.  ValueError otherwise.  (derived here)
    """
    signed("initial_bias", initial_bias)
    depth, size = whole("depth", depth, 1), whole("pool_size", pool_size, 100)
    points = whole("points", points, 3)
    fan_in, (correlation, fidelity, start) = checked(fan_in, correlation, fidelity, initial_bias)
    grid = jnp.linspace(-1, 1, points, dtype=start.dtype)
    centres = level(fan_in, correlation, fidelity, grid)
    spreads = _deviation(centres, size)
    narrowest = jnp.minimum(spreads[-1], _deviation(start, size))
    if not isinstance(narrowest, jax.core.Tracer):
        if narrowest == 0:
            raise ValueError("Arguments `fidelity` and `initial_bias` must leave votes that vary, but are 1 in size.")
        if narrowest < 2 / (points - 1):
            least = math.ceil(2 / float(narrowest)) + 1
            raise ValueError(f"Argument `points` must be at least {least} here, but is {points}.")

    def bell(centre: Array, spread: Array) -> Array:
        heights = jnp.exp(-(((grid - centre) / spread) ** 2) / 2)
        return heights / heights.sum()

    kernel = jax.vmap(bell)(centres, spreads)

    def moments(weights: Array) -> tuple[Array, Array]:
        mean = weights @ grid
        return mean, weights @ (grid - mean) ** 2

    def ascend(weights: Array, _: None) -> tuple[Array, tuple[Array, Array, Array]]:
        raised = weights @ kernel
        return raised, (*moments(raised), weights)

    leaves = bell(start, _deviation(start, size))
    _, (mean, variance, below) = jax.lax.scan(ascend, leaves, length=depth)
    first = moments(leaves)
    return PoolLaw(
        mean=jnp.concatenate([first[0][None], mean]),
        variance=jnp.concatenate([first[1][None], variance]),
        weights=below[-1],
        centres=centres,
        spreads=spreads,
        pool_size=jnp.asarray(size, start.dtype),
    )


def _deviation(bias: Array, size: int) -> Array:
    return jnp.sqrt((1 - bias) * (1 + bias) / size)
