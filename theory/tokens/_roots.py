"""Roots of decreasing or increasing functions between two brackets."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array


def bracketed_newton(residual: Callable[[Array], tuple[Array, Array]], low: Array, high: Array) -> Array:
    """The zero between `low` and `high` of a monotone function.

    residual: x to (value, derivative).  Newton steps that leave the bracket are replaced by halving it. Stops when
    every lane's last Newton step was so small that the next one, its square, is lost in rounding; a lane without a
    root ends at the nearer bracket.
    """
    dtype = jnp.result_type(low, high)
    eps = jnp.finfo(dtype).eps
    middle = (low + high) / 2
    start = (middle, low, high, jnp.full(middle.shape, jnp.inf, dtype), jnp.asarray(0))

    def moving(state):
        point, _, _, change, count = state
        return jnp.any(change > 0.03 * jnp.sqrt(eps) * jnp.maximum(abs(point), 1)) & (count < 100)

    def step(state):
        point, low, high, _, count = state
        value, slope = residual(point)
        above = value * slope > 0
        low, high = jnp.where(above, low, point), jnp.where(above, point, high)
        newton = point - value / slope
        inside = (newton >= low) & (newton <= high)
        following = jnp.where(inside, newton, (low + high) / 2)
        closed = high - low <= 4 * eps * jnp.maximum(abs(point), 1)
        change = jnp.where(closed, 0, jnp.where(inside, abs(following - point), jnp.inf))
        return following, low, high, change, count + 1

    return jax.lax.while_loop(moving, step, start)[0]
