"""Questions put to the level map: its gain, the correlation for a gain, where it rests, how long it climbs.

The level map is odd and concave on [0, 1], so it crosses the diagonal there at most once: bisection finds where.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float, Int, Real

from dynamics import _check
from dynamics.synergy.recursion import level_map

# An absolute 2^-60, so a resting bias of 1e-2 still comes out to rounding.
_HALVINGS = 60


def measured_gain(fan_in: int, correlation: Real[ArrayLike, ""], fidelity: Real[ArrayLike, ""]) -> Float[Array, ""]:
    """Slope of one level at zero bias, by differentiating the simulated level.

    fan_in: odd b >= 1.  correlation, fidelity: in [0, 1].  Raises ValueError on a parameter out of range.
    """
    zero = jnp.zeros((), jnp.result_type(float, correlation, fidelity))
    return jax.jvp(lambda u: level_map(fan_in, correlation, fidelity, u), (zero,), (jnp.ones_like(zero),))[1]


def tuned_correlation(fan_in: int, fidelity: Real[ArrayLike, ""], gain: Real[ArrayLike, ""]) -> Float[Array, ""]:
    """Correlation at which `measured_gain` is `gain`; outside [0, 1] where no correlation gives it.

    The gain is linear in the correlation, so the two ends tell it.
    fan_in: odd b >= 3.  fidelity: in (0, 1].  Raises ValueError on a parameter out of range.
    """
    alone, together = (measured_gain(fan_in, end, fidelity) for end in (0.0, 1.0))
    return (alone - gain) / (alone - together)


def resting_bias(fan_in: int, correlation: Real[ArrayLike, ""], fidelity: Real[ArrayLike, ""]) -> Float[Array, ""]:
    """Largest bias that one level does not lower, by bisection; 0 where every level lowers it.

    Good to a few eps/|gain - 1|.
    fan_in: odd b >= 1.  correlation, fidelity: in [0, 1].  Raises ValueError on a parameter out of range.
    """

    def halve(_, bracket):
        low, high = bracket
        middle = (low + high) / 2
        rises = level_map(fan_in, correlation, fidelity, middle) >= middle
        return jnp.where(rises, middle, low), jnp.where(rises, high, middle)

    one = jnp.ones((), jnp.result_type(float, correlation, fidelity))
    low, high = jax.lax.fori_loop(0, _HALVINGS, halve, (jnp.zeros_like(one), one))
    # A perfect channel rests at 1 itself, which no bisection from below reaches.
    rests = jnp.where(level_map(fan_in, correlation, fidelity, one) >= one, one, (low + high) / 2)
    return jnp.where(measured_gain(fan_in, correlation, fidelity) > 1, rests, 0)


class Passage(NamedTuple):
    """Levels climbed until the bias reached its target (or `max_depth`), and the bias there."""

    levels: Int[Array, ""]
    bias: Float[Array, ""]


def first_passage(
    fan_in: int,
    correlation: Real[ArrayLike, ""],
    fidelity: Real[ArrayLike, ""],
    initial_bias: Real[ArrayLike, ""],
    target: Real[ArrayLike, ""],
    max_depth: int,
) -> Passage:
    """Climb until the bias is at least `target`: (0, initial_bias) where it starts there.

    fan_in: odd b >= 1.  correlation, fidelity: in [0, 1].  initial_bias: in [-1, 1].  max_depth: >= 0; a target
    above the resting bias is never reached, so compare the bias returned.
    Raises ValueError on a parameter out of range.
    """
    max_depth = _check.whole("max_depth", max_depth, 0)
    _check.parameters(initial_bias=initial_bias)
    start = jnp.asarray(initial_bias, jnp.result_type(float, correlation, fidelity, initial_bias, target))
    levels, bias = jax.lax.while_loop(
        lambda state: (state[1] < target) & (state[0] < max_depth),
        lambda state: (state[0] + 1, level_map(fan_in, correlation, fidelity, state[1])),
        (jnp.asarray(0), start),
    )
    return Passage(levels, bias)
