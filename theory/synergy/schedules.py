"""Levels that differ: fidelity and correlation given level by level, leaves first.

mu_L <= mu_0 prod alpha_l, whatever the order; the order moves mu_L all the same. At one correlation every level is
g(gamma u) with g(v)/v decreasing, so hi g(lo u) >= lo g(hi u): of two neighbouring levels the weaker channel belongs
below, and by neighbouring swaps the best order of any schedule has fidelities rising from the leaves to the root.
(proved here; the suite's notes had it as an observation)
"""

from functools import partial
from typing import Any, NamedTuple, SupportsIndex

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import floats, odd, signed, unit
from .recursion import gain, level

Levels = Real[Array | np.ndarray, "*#batch levels"]
_HALVINGS = 60


def _checked(fan_in: Any, correlations: Any, fidelities: Any) -> tuple[int, list[Array]]:
    fan_in = odd("fan_in", fan_in)
    unit("correlations", correlations)
    unit("fidelities", fidelities)
    return fan_in, floats(correlations, fidelities)


@partial(jax.jit, static_argnums=0)
def _climb(fan_in: int, correlations: Array, fidelities: Array, bias: Array) -> Array:
    def ascend(bias, at):
        return level(fan_in, at[0], at[1], bias), None

    levels = jnp.moveaxis(correlations, -1, 0), jnp.moveaxis(fidelities, -1, 0)
    return jax.lax.scan(ascend, jnp.broadcast_to(bias, correlations.shape[:-1]), levels)[0]


def schedule_bias(
    fan_in: SupportsIndex, correlations: Levels, fidelities: Levels, initial_bias: Real[ArrayLike, "*#batch"]
) -> Float[Array, "*batch"]:
    """Root bias of a tree whose levels have correlations rho_1, ..., rho_L and fidelities gamma_1, ..., gamma_L.

    Leaves first, levels on the last axis.  fan_in odd >= 3, correlations and fidelities in [0, 1], initial_bias in
    [-1, 1]; ValueError otherwise.  (derived here)
    """
    signed("initial_bias", initial_bias)
    fan_in, (correlations, fidelities) = _checked(fan_in, correlations, fidelities)
    return _climb(fan_in, correlations, fidelities, jnp.asarray(initial_bias, correlations.dtype))


def schedule_growth_rate(fan_in: SupportsIndex, correlations: Levels, fidelities: Levels) -> Float[Array, "*batch"]:
    """(1/L) sum log alpha_l: weak signals grow along the schedule iff it stays positive as it is repeated.

    Ranges and errors as in `schedule_bias`.  (derived here)
    """
    fan_in, (correlations, fidelities) = _checked(fan_in, correlations, fidelities)
    return jnp.mean(jnp.log(gain(fan_in, correlations, fidelities)), axis=-1)


def schedule_upper_bound(
    fan_in: SupportsIndex, correlations: Levels, fidelities: Levels, initial_bias: Real[ArrayLike, "*#batch"]
) -> Float[Array, "*batch"]:
    """mu_0 prod alpha_l, never below the root bias of initial_bias >= 0 and blind to the order of levels.

    Ranges and errors as in `schedule_bias`.  (derived here)
    """
    signed("initial_bias", initial_bias)
    fan_in, (correlations, fidelities) = _checked(fan_in, correlations, fidelities)
    product = jnp.prod(gain(fan_in, correlations, fidelities), axis=-1)
    return jnp.asarray(initial_bias, product.dtype) * product


class TwoCycle(NamedTuple):
    """Where levels that alternate settle: the bias below the first kind of level and that below the second."""

    before_first: Float[Array, "..."]
    before_second: Float[Array, "..."]


@partial(jax.jit, static_argnums=0)
def _cycle_root(fan_in: int, correlations: Array, fidelities: Array) -> Array:
    """Largest bias that a pair of levels does not lower; both maps are concave, so the pair lowers all above it."""

    def pair(bias):
        for kind in range(2):
            bias = level(fan_in, correlations[..., kind], fidelities[..., kind], bias)
        return bias

    def halve(_, ends):
        low, high = ends
        middle = (low + high) / 2
        up = pair(middle) >= middle
        return jnp.where(up, middle, low), jnp.where(up, high, middle)

    one = jnp.ones(correlations.shape[:-1], correlations.dtype)
    low, high = jax.lax.fori_loop(0, _HALVINGS, halve, (0 * one, one))
    return jnp.where(pair(one) >= one, one, (low + high) / 2)


def two_cycle(fan_in: SupportsIndex, correlations: Levels, fidelities: Levels) -> TwoCycle:
    """The attracting 2-cycle of alternating levels: u = T_2(T_1(u)), and T_1(u); both 0 iff alpha_1 alpha_2 <= 1.

    Two levels on the last axis. Differentiable where alpha_1 alpha_2 != 1.
    Ranges and errors as in `schedule_bias`; ValueError for a schedule of another length.  (derived here)
    """
    fan_in, (correlations, fidelities) = _checked(fan_in, correlations, fidelities)
    if correlations.shape[-1] != 2:
        raise ValueError(f"Argument `fidelities` must have 2 levels, but has {correlations.shape[-1]}.")

    def step(kind, bias):
        return level(fan_in, correlations[..., kind], fidelities[..., kind], bias)

    frozen = jax.lax.stop_gradient((correlations, fidelities))
    alive = jnp.prod(gain(fan_in, correlations, fidelities), axis=-1) > 1
    root = jnp.where(alive, jax.lax.stop_gradient(_cycle_root(fan_in, *frozen)), 0)

    def miss(bias):
        return step(1, step(0, bias)) - bias

    slope = jax.lax.stop_gradient(jax.jvp(miss, (root,), (jnp.ones_like(root),))[1])
    # One Newton step: the same root, now with its implicit derivative.
    polished = jnp.where(alive, root - miss(root) / jnp.where(alive, slope, 1), 0)
    return TwoCycle(polished, step(0, polished))


def best_order(fidelities: Levels) -> Float[Array, "*batch levels"]:
    """The order of levels of one correlation with the largest root bias: fidelities rising from leaves to root.

    fidelities in [0, 1], levels on the last axis; ValueError otherwise.  (proved here, see the module)
    """
    unit("fidelities", fidelities)
    (fidelities,) = floats(fidelities)
    return jnp.sort(fidelities, axis=-1)
