"""Small smooth systems along a curve: Gragg's extrapolated midpoint rule of order 12 with its own step sizes.

Used where a law is a quadrature along a separatrix or along a phase-plane orbit that has no closed form.
"""

from collections.abc import Callable
from functools import wraps

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

_SUBSTEPS = 2 * np.arange(1, 7)
_MOST_STEPS = 20_000


def _extrapolation(substeps: np.ndarray) -> np.ndarray:
    """Weights that cancel all but the last even power of the step size."""
    squares = substeps.astype(float) ** 2
    return np.array([np.prod(s / np.where(s == squares, 1, s - squares), where=s != squares) for s in squares])


_BEST = _extrapolation(_SUBSTEPS)
_SECOND = np.append(_extrapolation(_SUBSTEPS[:-1]), 0)


def march(
    field: Callable[[Array], Array],
    state: Array,
    floor: np.ndarray,
    going: Callable[[Array], Array] = lambda state: jnp.asarray(True),
    length: Array | float = np.inf,
    step: float = 0.1,
) -> Array:
    """The state reached along d state/d lambda = field(state) after `length`, or as soon as it is not `going`.

    floor: sizes below which a component's error counts as absolute.  NaN if the steps did not suffice.
    """
    dtype = state.dtype
    counts = jnp.asarray(_SUBSTEPS)[:, None]
    best, second = jnp.asarray(_BEST, dtype), jnp.asarray(_SECOND, dtype)
    tolerance = 200 * float(jnp.finfo(dtype).eps)
    length = jnp.asarray(length, dtype)

    def increments(state, step):
        """All midpoint rules side by side, as increments, so that extrapolation magnifies no rounding of the state."""
        small = step / counts.astype(dtype)
        first = small * field(state)

        def leap(i, pair):
            before, now = pair
            after = before + 2 * small * jax.vmap(field)(state + now)
            going_on = i < counts
            return jnp.where(going_on, now, before), jnp.where(going_on, after, now)

        return jax.lax.fori_loop(1, int(_SUBSTEPS[-1]), leap, (jnp.zeros_like(first), first))[1]

    def unfinished(carry):
        state, done, _, count = carry
        return (done < length) & going(state) & (count < _MOST_STEPS)

    def advance(carry):
        state, done, step, count = carry
        step = jnp.minimum(step, length - done)
        moves = increments(state, step)
        move = best @ moves
        scale = jnp.maximum(jnp.maximum(abs(state), abs(state + move)), jnp.asarray(floor, dtype))
        off = jnp.max(abs(move - second @ moves) / jnp.maximum(scale, jnp.finfo(dtype).tiny)) / tolerance
        # A step that overflows is shortened, never taken.
        off = jnp.where(jnp.isfinite(off), off, 1e10)
        taken = off <= 1
        # The last step lands on `length` exactly, which rounding of a sum would miss.
        reached = jnp.where(step >= length - done, length, done + step)
        factor = jnp.clip(0.85 * jnp.maximum(off, 1e-9) ** (-1 / 11), 0.1, 4.0)
        return jnp.where(taken, state + move, state), jnp.where(taken, reached, done), step * factor, count + 1

    start = (state, jnp.zeros((), dtype), jnp.asarray(step, dtype), jnp.asarray(0))
    state, _, _, count = jax.lax.while_loop(unfinished, advance, start)
    return jnp.where(count < _MOST_STEPS, state, jnp.nan)


def differentiable(function: Callable[..., Array]) -> Callable[..., Array]:
    """A function of arrays that marches, with its Jacobian taken forwards so that gradients may go backwards."""

    @jax.custom_jvp
    @jax.jit
    def wrapped(*arguments):
        return function(*arguments)

    @wrapped.defjvp
    def _(primals, tangents):
        value = wrapped(*primals)
        jacobians = jax.jacfwd(function, argnums=tuple(range(len(primals))))(*primals)
        parts = [
            jnp.tensordot(jacobian, tangent, tangent.ndim)
            for jacobian, tangent in zip(jacobians, tangents, strict=True)
        ]
        return value, sum(parts[1:], parts[0])

    return wraps(function)(wrapped)
