"""Attractors of maps and linear matrix equations, differentiated implicitly."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

_ITERATIONS = 20_000
_BEFORE_NEWTON = 2000
_NEWTON_STEPS = 3
_DOUBLINGS = 64


def _iterate(step: Callable, start, iterations: int):
    """step applied until it moves by less than four rounding errors, or `iterations` times."""
    size = 4 * jnp.finfo(start.dtype).eps

    def unsettled(carry):
        state, moved, count = carry
        return (moved > size * (1 + jnp.max(jnp.abs(state)))) & (count < iterations)

    def go(carry):
        state, _, count = carry
        following = step(state)
        return following, jnp.max(jnp.abs(following - state)), count + 1

    return jax.lax.while_loop(unsettled, go, (start, jnp.asarray(jnp.inf, start.dtype), 0))[0]


def attractor(step: Callable, start):
    """Fixed point x = step(x) that the iteration reaches from a vector `start`; the derivative is (I - J)^-1.

    Newton steps finish it where they bring it nearer: an attractor of slow approach, or none.
    """

    def solve(residual, start):
        state = _iterate(lambda x: x + residual(x), start, _BEFORE_NEWTON)

        def polish(_, state):
            miss = residual(state)
            better = state - jnp.linalg.solve(jax.jacobian(residual)(state), miss)
            nearer = jnp.sum(residual(better) ** 2) < jnp.sum(miss**2)
            return jnp.where(nearer, better, state)

        return jax.lax.fori_loop(0, _NEWTON_STEPS, polish, state)

    def tangent(linear, right):
        return jnp.linalg.solve(jax.jacobian(linear)(jnp.zeros_like(right)), right)

    return jax.lax.custom_root(lambda x: step(x) - x, jax.lax.stop_gradient(start), solve, tangent)


def tree_attractor(step: Callable, start):
    """`attractor` for a pytree too long for dense Jacobians.

    Two Newton steps from a root that knows no derivative give it those of first and second order; their linear
    equations are iterated as the map itself is.
    """
    flat, unravel = ravel_pytree(start)
    flat_step, constants = jax.closure_convert(lambda x: ravel_pytree(step(unravel(x)))[0], flat)
    frozen = [jax.lax.stop_gradient(constant) for constant in constants]
    root = _iterate(lambda x: flat_step(x, *frozen), jax.lax.stop_gradient(flat), _ITERATIONS)
    for _ in range(2):
        following, push = jax.linearize(lambda x: flat_step(x, *constants), root)
        root = root + jax.lax.custom_linear_solve(
            lambda v, push=push: v - push(v), following - root, _richardson, _richardson
        )
    return unravel(root)


def _richardson(matvec: Callable, right):
    return _iterate(lambda x: x + right - matvec(x), right, _ITERATIONS)


def _summed_powers(matrix, right):
    """sum_k A^k Q A^k^T by doubling; inf where the powers do not die out."""
    eps = jnp.finfo(right.dtype).eps

    def alive(carry):
        power, _, count = carry
        size = jnp.max(jnp.abs(power))
        return (size > eps) & (size < 1 / eps) & (count < _DOUBLINGS)

    def go(carry):
        power, total, count = carry
        return power @ power, total + power @ total @ power.T, count + 1

    power, total, _ = jax.lax.while_loop(alive, go, (matrix, right, 0))
    return jnp.where(jnp.max(jnp.abs(power)) <= eps, total, jnp.inf)


def lyapunov(matrix, right):
    """S = A S A^T + Q; both derivatives are Lyapunov equations again."""
    return jax.lax.custom_linear_solve(
        lambda total: total - matrix @ total @ matrix.T,
        right,
        lambda _, q: _summed_powers(matrix, q),
        lambda _, q: _summed_powers(matrix.T, q),
    )


def spectral_radius_of(matrix):
    """Largest modulus of an eigenvalue."""
    return jnp.max(jnp.abs(jnp.linalg.eigvals(matrix)))
