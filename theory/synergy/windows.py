"""Synergy is a window of budgets, possibly empty: where some tree of whole depth beats one agent of the same budget.

With exact edges and the exact level map, a tree of L levels beats one agent iff
    F_L(B) = log T^L(k x_L(B)^beta) - log(k B^beta) > 0,   x_L = (B - talk_L)/N.
F_L runs up from -infinity at the cost of communication and is negative again at B_hi = (mu*/k)^(1/beta). Its slope
in log B is beta (e B/(B - talk_L) - 1) with e the elasticity of T^L: one peak wherever e falls with the bias, as it
does at b = 3 and at rho = 0. A scan finds the peak without that assumption, halving and Newton the ends.
"""

from functools import partial
from typing import NamedTuple, SupportsIndex

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, Real

from .._arguments import odd, positive, whole
from .budgets import depth_profile, one_agent
from .recursion import checked

_PLACES = 192
_HALVINGS = 56
_GOLDEN = 0.6180339887498949
_SEARCHES = 36


class SynergyWindow(NamedTuple):
    """First and last budget at which some tree beats one agent (inf and 0 if none does), whether there is one, and
    the largest ratio of a tree's bias to one agent's over all budgets."""

    first: Float[Array, "..."]
    last: Float[Array, "..."]
    exists: Bool[Array, "..."]
    ratio: Float[Array, "..."]


def _lead(fan_in: int, deepest: int, parameters: tuple[Array, ...], log_budget: Array) -> Array:
    """F_L of every depth, (depths, ...), at budgets (1, ...) or (depths, ...)."""
    correlation, fidelity, length, exponent, scale, internal = parameters
    budget = jnp.exp(log_budget)
    root, _ = depth_profile(fan_in, deepest, correlation, fidelity, length, exponent, scale, budget, internal)
    return jnp.log(jnp.maximum(root, jnp.finfo(root.dtype).tiny)) - jnp.log(one_agent(exponent, scale, budget))


@partial(jax.jit, static_argnums=(0, 1))
def _search(fan_in: int, deepest: int, parameters: tuple[Array, ...], low: Array, high: Array):
    """log budgets (depths, ...) of peak, first and last win of each depth; the peak thrice if it never wins."""

    lead = partial(_lead, fan_in, deepest, parameters)
    step = (high - low) / _PLACES
    values = jax.lax.map(lambda place: lead(low + place * step), jnp.arange(_PLACES + 1, dtype=low.dtype))
    top = jnp.argmax(values, axis=0)
    ends = low + jnp.maximum(top - 1, 0) * step, low + jnp.minimum(top + 1, _PLACES) * step

    def shrink(_, ends):
        left, right = ends
        inner, outer = right - _GOLDEN * (right - left), left + _GOLDEN * (right - left)
        rises = lead(inner) < lead(outer)
        return jnp.where(rises, inner, left), jnp.where(rises, right, outer)

    left, right = jax.lax.fori_loop(0, _SEARCHES, shrink, ends)
    peak = (left + right) / 2
    wins = values > 0
    seen = jnp.any(wins, axis=0)
    earliest = jnp.where(seen, low + jnp.argmax(wins, axis=0) * step, peak)
    latest = jnp.where(seen, high - jnp.argmax(wins[::-1], axis=0) * step, peak)

    def halve(_, state):
        (loses, won), (holds, lost) = state
        early, late = (loses + won) / 2, (holds + lost) / 2
        wins_early, wins_late = lead(early) > 0, lead(late) > 0
        first = jnp.where(wins_early, loses, early), jnp.where(wins_early, early, won)
        return first, (jnp.where(wins_late, late, holds), jnp.where(wins_late, lost, late))

    start = (jnp.maximum(earliest - step, low), earliest), (latest, jnp.minimum(latest + step, high))
    (_, first), (last, _) = jax.lax.fori_loop(0, _HALVINGS, halve, start)
    return peak, first, last


def _polished(lead, log_budget: Array, chosen: Array) -> Array:
    """One Newton step on the chosen depth: the same root, now with its implicit derivative."""

    def at(place):
        return jnp.take_along_axis(lead(place[None]), chosen[None], axis=0)[0]

    fixed = jax.lax.stop_gradient(log_budget)
    slope = jax.jvp(at, (fixed,), (jnp.ones_like(fixed),))[1]
    return fixed - at(fixed) / jax.lax.stop_gradient(slope)


def synergy_window(
    fan_in: SupportsIndex,
    correlation: Real[ArrayLike, "..."],
    fidelity: Real[ArrayLike, "..."],
    message_length: Real[ArrayLike, "..."],
    leaf_exponent: Real[ArrayLike, "..."],
    leaf_scale: Real[ArrayLike, "..."],
    deepest: SupportsIndex = 14,
    aggregator_compute: Real[ArrayLike, "..."] = 0.0,
) -> SynergyWindow:
    """First and last budget at which a tree of 1 to `deepest` levels beats one agent, exact edges, exact level map.

    s > beta is necessary, not sufficient: the window lies in (about B_1, B_hi) and can be empty. Differentiable.
    fan_in odd >= 3, deepest >= 1 static; correlation, fidelity in [0, 1]; message_length, leaf_exponent, leaf_scale >
    0, aggregator_compute >= 0; ValueError otherwise.  (derived here; refutes arXiv 2601.17311's "iff s > beta")
    """
    fan_in, deepest = odd("fan_in", fan_in), whole("deepest", deepest, 1)
    positive("aggregator_compute", aggregator_compute, "[)")
    for name, value in (
        ("message_length", message_length),
        ("leaf_exponent", leaf_exponent),
        ("leaf_scale", leaf_scale),
    ):
        positive(name, value)
    fan_in, parameters = checked(
        fan_in, correlation, fidelity, message_length, leaf_exponent, leaf_scale, aggregator_compute
    )
    correlation, fidelity, length, exponent, scale, internal = parameters
    # From here on one agent is certain; it has overtaken every tree before, at B_hi.
    ceiling = -jnp.log(scale) / exponent
    leaves = jnp.asarray([float(fan_in) ** depth for depth in range(1, deepest + 1)], length.dtype)
    leaves = leaves.reshape((deepest,) + (1,) * length.ndim)
    floor = jnp.log((2 * length * fan_in + internal) * ((leaves - 1) / (fan_in - 1)))
    room = floor < ceiling
    low = jnp.where(room, floor, 0)
    high = jnp.where(room, ceiling, 1)
    lead = partial(_lead, fan_in, deepest, tuple(parameters))
    frozen = jax.lax.stop_gradient((tuple(parameters), low, high))
    peak, first, last = jax.lax.stop_gradient(_search(fan_in, deepest, *frozen))

    tops = jnp.where(room, lead(peak), -jnp.inf)
    won = tops > 0
    exists = jnp.any(won, axis=0)
    opener, closer = jnp.argmin(jnp.where(won, first, jnp.inf), axis=0), jnp.argmax(jnp.where(won, last, -1), axis=0)
    earliest = jnp.take_along_axis(first, opener[None], axis=0)[0]
    latest = jnp.take_along_axis(last, closer[None], axis=0)[0]
    safe = jnp.where(exists, earliest, 1), jnp.where(exists, latest, 1)
    opens, closes = _polished(lead, safe[0], opener), _polished(lead, safe[1], closer)
    return SynergyWindow(
        jnp.where(exists, jnp.exp(opens), jnp.inf),
        jnp.where(exists, jnp.exp(closes), 0),
        exists,
        jnp.exp(jnp.max(tops, axis=0)),
    )
