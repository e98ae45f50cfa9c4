"""How many levels a supercritical tree needs: the exact mixing depth and explicit bounds on both sides.

From below mu*/2 every level multiplies the bias by at least r1 = T(mu*/2)/(mu*/2), and from mu*/2 on every
level multiplies the distance to mu* by at most 2 - r1, because T(u)/u decreases and T is concave.
"""

from functools import partial
from typing import Any, NamedTuple, SupportsIndex

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int, Real

from .._arguments import floats, whole, within
from .fixed_point import settled
from .recursion import checked, gain, level


def _checked_mixing(
    fan_in: Any, correlation: Any, fidelity: Any, initial_bias: Any, shortfall: Any
) -> tuple[int, list[Array]]:
    within("initial_bias", initial_bias, 0.0, 1.0, "(]")
    within("shortfall", shortfall, 0.0, 1.0, "()")
    return checked(fan_in, correlation, fidelity, initial_bias, shortfall)


def mixing_depth(
    fan_in: SupportsIndex,
    correlation: Real[ArrayLike, "..."],
    fidelity: Real[ArrayLike, "..."],
    initial_bias: Real[ArrayLike, "..."],
    shortfall: Real[ArrayLike, "..."],
    max_depth: SupportsIndex = 1_000_000,
) -> Int[Array, "..."]:
    """Fewest levels after which the bias reaches (1 - shortfall) mu*, by running the recursion.

    0 where it starts there, so wherever alpha <= 1 (mu* = 0); -1 where `max_depth` levels were not enough or
    where rounding stops the recursion short. Cost grows as 1/|alpha - 1| near threshold.
    fan_in odd >= 3; correlation and fidelity in [0, 1], initial_bias in (0, 1], shortfall in (0, 1);
    else ValueError.
    (arXiv 2601.17311, Thm 6)
    """
    max_depth = whole("max_depth", max_depth, 0)
    fan_in, (correlation, fidelity, bias, shortfall) = _checked_mixing(
        fan_in, correlation, fidelity, initial_bias, shortfall
    )
    target = (1 - shortfall) * settled(fan_in, correlation, fidelity)
    return _levels_to(fan_in, max_depth, correlation, fidelity, bias, target)


@partial(jax.jit, static_argnums=(0, 1))
def _levels_to(fan_in: int, max_depth: int, correlation: Array, fidelity: Array, bias: Array, target: Array) -> Array:
    def climbing(state: Any) -> Array:
        return jnp.any(state[2]) & (state[3] < max_depth)

    def climb(state: Any) -> Any:
        bias, levels, active, count = state
        raised = jnp.where(active, level(fan_in, correlation, fidelity, bias), bias)
        levels = jnp.where(active, levels + 1, levels)
        return raised, levels, active & (raised < target) & (raised > bias), count + 1

    start = (bias, jnp.zeros(bias.shape, int), bias < target, 0)
    bias, levels, _, _ = jax.lax.while_loop(climbing, climb, start)
    return jnp.where(bias >= target, levels, -1)


def half_way_gain(
    fan_in: SupportsIndex, correlation: Real[ArrayLike, "..."], fidelity: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """r1 = T(mu*/2)/(mu*/2), in (1, 2) above threshold; alpha where mu* = 0.

    fan_in odd >= 3, correlation and fidelity in [0, 1]; ValueError otherwise.  (derived here)
    """
    fan_in, (correlation, fidelity) = checked(fan_in, correlation, fidelity)
    half = settled(fan_in, correlation, fidelity) / 2
    alive = ~(half == 0)
    ratio = level(fan_in, correlation, fidelity, half) / jnp.where(alive, half, 1)
    return jnp.where(alive, ratio, gain(fan_in, correlation, fidelity))


def mixing_depth_scaling(
    initial_share: Real[ArrayLike, "..."], shortfall: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """Limit of (alpha - 1) L_mix as alpha -> 1 from above, at fixed initial_share mu_0/mu* and shortfall eps.

    (logit (1 - eps)^2 - logit (mu_0/mu*)^2)/2, and 0 where the share is past 1 - eps already: near threshold
    (mu/mu*)^2 grows logistically at rate 2 (alpha - 1).
    initial_share in (0, 1), shortfall in (0, 1); ValueError otherwise.  (derived here)
    """
    within("initial_share", initial_share, 0.0, 1.0, "()")
    within("shortfall", shortfall, 0.0, 1.0, "()")
    share, shortfall = floats(initial_share, shortfall)

    def odds(missing):
        return 2 * jnp.log1p(-missing) - jnp.log(missing * (2 - missing))

    return jnp.maximum(odds(shortfall) - odds(1 - share), 0) / 2


class MixingDepthBounds(NamedTuple):
    """Whole numbers of levels, as floats: lower <= mixing depth <= upper."""

    lower: Float[Array, "..."]
    upper: Float[Array, "..."]


def mixing_depth_bounds(
    fan_in: SupportsIndex,
    correlation: Real[ArrayLike, "..."],
    fidelity: Real[ArrayLike, "..."],
    initial_bias: Real[ArrayLike, "..."],
    shortfall: Real[ArrayLike, "..."],
) -> MixingDepthBounds:
    """Bounds on `mixing_depth`, both O(log 1/mu_0 + log 1/eps); (0,
    0) where the bias starts at (1 - eps) mu*.

    lower = ceil(log((1-eps) mu*/mu_0)/log alpha),
    upper = ceil(log(mu*/(2 mu_0))_+/log r1) + ceil(log(1/(2 eps))_+/log(1/(2 - r1))).
    Arguments as in `mixing_depth`.  (makes arXiv 2601.17311, Thm 6 explicit; derived here)
    """
    fan_in, (correlation, fidelity, bias, shortfall) = _checked_mixing(
        fan_in, correlation, fidelity, initial_bias, shortfall
    )
    limit = settled(fan_in, correlation, fidelity)
    waiting = ~(bias >= (1 - shortfall) * limit)
    limit = jnp.where(waiting, limit, 1)
    alpha = jnp.where(waiting, gain(fan_in, correlation, fidelity), 2)
    rate = jnp.where(waiting, level(fan_in, correlation, fidelity, limit / 2) / (limit / 2), 1.5)
    # An exact integer may come out a few eps high, which ceil would turn into a level too many.
    slack = 1 - 8 * jnp.finfo(bias.dtype).eps
    lower = jnp.ceil(jnp.log((1 - shortfall) * limit / bias) / jnp.log(alpha) * slack)
    rise = jnp.ceil(jnp.maximum(jnp.log(limit / (2 * bias)), 0) / jnp.log(rate))
    settle = jnp.ceil(jnp.maximum(-jnp.log(2 * shortfall), 0) / -jnp.log(2 - rate))
    return MixingDepthBounds(jnp.where(waiting, lower, 0), jnp.where(waiting, rise + settle, 0))
