"""How long messages should be: the growth law as lines in log B, their envelope, and what of it can be built.

At fixed fan-in and message length the growth optimum is log mu = s log B + q with q = log k + log kappa + (beta - s)
log c0 (eq. 44). The upper envelope of these lines is the paper's Algorithm 1. Its leftmost pieces want less than one
agent: a line is realisable only from B = b (x* + c0) on, where N* reaches the fan-in, and `realisable_envelope` keeps
to that. At real m the optimum obeys an elasticity law, (m gamma'/gamma) log_b N* = s - beta.
"""

import math
from functools import partial
from typing import NamedTuple, SupportsIndex

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, Int, Real

from .._arguments import floats, odd, positive, unit, whole
from .channel import Channel
from .growth import communication_overhead, optimal_agents, optimal_growth_bias, optimal_leaf_compute
from .recursion import effective_gain, organisation_exponent, organisation_exponent_real
from .thresholds import synergy_message_length

_PLACES = 400
_HALVINGS = 60


class MessageLines(NamedTuple):
    """One line for each message length: its slope s, its intercept q, the budget from which it can be built, and
    whether it grows at all (alpha > 1 and s > beta)."""

    message_length: Float[Array, "*batch lengths"]
    slope: Float[Array, "*batch lengths"]
    intercept: Float[Array, "*batch lengths"]
    realisable_from: Float[Array, "*batch lengths"]
    grows: Bool[Array, "*batch lengths"]


def message_length_lines(
    channel: Channel,
    fan_in: SupportsIndex,
    correlation: Real[ArrayLike, "..."],
    leaf_exponent: Real[ArrayLike, "..."],
    leaf_scale: Real[ArrayLike, "..."],
    longest: SupportsIndex,
) -> MessageLines:
    """The lines of message lengths 1 to `longest` (the paper takes floor(W/b)), lengths on the last axis.

    fan_in odd >= 3 and longest >= 1 static; correlation in [0, 1], leaf_exponent, leaf_scale > 0; ValueError otherwise.
    Lines that do not grow have intercept -inf.  (arXiv 2601.17311, eq. 44; realisability derived here)
    """
    fan_in, longest = odd("fan_in", fan_in), whole("longest", longest, 1)
    positive("leaf_scale", leaf_scale)
    correlation, exponent, scale = (array[..., None] for array in floats(correlation, leaf_exponent, leaf_scale))
    lengths = jnp.arange(1, longest + 1, dtype=correlation.dtype)
    fidelity = channel.fidelity(lengths)
    slope = organisation_exponent(fan_in, correlation, fidelity)
    overhead = communication_overhead(fan_in, lengths)
    grows = (effective_gain(fan_in, correlation, fidelity) > 1) & (slope > exponent)
    value = jnp.log(optimal_growth_bias(slope, exponent, scale, overhead, 1.0))
    start = fan_in * (optimal_leaf_compute(slope, exponent, overhead) + overhead)
    lengths, slope, value, start, grows = jnp.broadcast_arrays(lengths, slope, value, start, grows)
    return MessageLines(lengths, slope, jnp.where(grows, value, -jnp.inf), start, grows)


class Pieces(NamedTuple):
    """A step function of the budget: each message length is the best from its budget on, to that of the next."""

    message_length: Int[np.ndarray, " pieces"]
    start: Float[np.ndarray, " pieces"]


def _usable(lines: MessageLines) -> list[np.ndarray]:
    if jnp.ndim(lines.slope) != 1:
        raise ValueError(f"Argument `lines` must be those of one system, but has shape {jnp.shape(lines.slope)}.")
    arrays = [np.asarray(array) for array in lines]
    return [array[arrays[-1]] for array in arrays[:-1]]


def _pieces(lengths: list[float], starts: list[float]) -> Pieces:
    return Pieces(np.array(lengths, int), np.array(starts, float))


def message_length_envelope(lines: MessageLines) -> Pieces:
    """Algorithm 1: the upper envelope of the growing lines, by a monotone stack of slopes; the first starts at B = 0.

    Message lengths never fall with the budget. The first pieces ask for less than one agent. ValueError for a batch.
    (arXiv 2601.17311, eqs. 45-46, Algorithm 1)
    """
    lengths, slopes, intercepts, _ = _usable(lines)
    stack: list[tuple[int, float]] = []
    for new in np.lexsort((intercepts, slopes)):
        start = -math.inf
        while stack:
            old, begun = stack[-1]
            # Of parallel lines the higher one comes last and wins everywhere.
            rise = slopes[new] - slopes[old]
            start = (intercepts[old] - intercepts[new]) / rise if rise > 0 else -math.inf
            if start > begun:
                break
            stack.pop()
            start = -math.inf
        stack.append((int(new), start))
    return _pieces([lengths[line] for line, _ in stack], [math.exp(start) for _, start in stack])


def realisable_envelope(lines: MessageLines) -> Pieces:
    """The envelope of what can be built: each line only from `realisable_from` on, where N* >= b.

    It starts at the smallest such budget; below it one agent (or a shorter tree off its optimum) is all there is.
    ValueError for a batch.  (the filter that arXiv 2601.17311, Algorithm 1 lacks; derived here)
    """
    lengths, slopes, intercepts, starts = _usable(lines)
    if not lengths.size:
        return _pieces([], [])
    enters = np.log(starts)
    now = int(np.argmin(enters))
    place, chosen, begun = enters[now], [now], [enters[now]]
    while True:
        steeper = np.flatnonzero(slopes > slopes[now])
        crossings = (intercepts[now] - intercepts[steeper]) / (slopes[steeper] - slopes[now])
        # A steeper line takes over where it has overtaken this one and can be built.
        when = np.maximum(np.maximum(crossings, enters[steeper]), place)
        flatter = np.flatnonzero((slopes <= slopes[now]) & (enters > place))
        ahead = intercepts[flatter] + slopes[flatter] * enters[flatter]
        flatter = flatter[ahead > intercepts[now] + slopes[now] * enters[flatter]]
        rivals, times = np.concatenate([steeper, flatter]), np.concatenate([when, enters[flatter]])
        if not rivals.size:
            return _pieces([lengths[line] for line in chosen], list(np.exp(begun)))
        place = times.min()
        due = rivals[times == place]
        now = int(due[np.argmax(intercepts[due] + slopes[due] * place)])
        chosen.append(now)
        begun.append(place)


def message_elasticity(channel: Channel, message_length: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """m gamma'(m)/gamma(m), what one percent more message adds to the fidelity, in percent.

    message_length > 0, a channel smooth in it; ValueError otherwise.  (derived here)
    """
    positive("message_length", message_length)
    (length,) = floats(message_length)
    fidelity, slope = jax.jvp(channel.fidelity, (length,), (jnp.ones_like(length),))
    return length * slope / fidelity


def _imbalance(channel, fan_in, correlation, exponent, budget, log_length):
    """(m gamma'/gamma) log_b N* - (s - beta), the slope of the growth optimum in log m; -inf where nothing grows."""
    length = jnp.exp(log_length)
    fidelity, slope = jax.jvp(channel.fidelity, (length,), (jnp.ones_like(length),))
    growth = organisation_exponent(fan_in, correlation, fidelity)
    overhead = communication_overhead(fan_in, length)
    agents = optimal_agents(growth, exponent, overhead, budget)
    grows = agents > 0
    spread = jnp.log(jnp.where(grows, agents, 1)) / math.log(fan_in)
    return jnp.where(grows, length * slope / fidelity * spread - (growth - exponent), -jnp.inf)


# Loops are compiled here, once per fan-in and shape.
@partial(jax.jit, static_argnums=1)
def _longest_root(channel, fan_in, correlation, exponent, budget, low, high):
    """log m of the last place where the imbalance falls through 0, and whether there is one."""
    off = partial(_imbalance, channel, fan_in, correlation, exponent, budget)
    step = (high - low) / _PLACES
    rises = jax.lax.map(lambda place: off(low + place * step) > 0, jnp.arange(_PLACES + 1, dtype=low.dtype))
    last = _PLACES - jnp.argmax(rises[::-1], axis=0)
    left = low + last * step

    def halve(_, ends):
        left, right = ends
        middle = (left + right) / 2
        up = off(middle) > 0
        return jnp.where(up, middle, left), jnp.where(up, right, middle)

    left, right = jax.lax.fori_loop(0, _HALVINGS, halve, (left, left + step))
    return (left + right) / 2, jnp.any(rises, axis=0)


def optimal_message_length(
    channel: Channel,
    fan_in: SupportsIndex,
    correlation: Real[ArrayLike, "..."],
    leaf_exponent: Real[ArrayLike, "..."],
    budget: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """Real message length of the growth optimum, (m gamma'/gamma) log_b N* = s - beta; 0 where no length has such an
    optimum (a budget too small, or s <= beta for every message): one agent, no message.

    It grows like log B for an exponential channel. Differentiable; channel smooth in m.
    fan_in odd >= 3, correlation in [0, 1], leaf_exponent > 0, budget > 0; ValueError otherwise.  (derived here)
    """
    fan_in = odd("fan_in", fan_in)
    unit("correlation", correlation)
    positive("leaf_exponent", leaf_exponent)
    positive("budget", budget)
    correlation, exponent, budget = floats(correlation, leaf_exponent, budget)
    shortest = synergy_message_length(channel, fan_in, correlation, exponent)
    # N* < B/c0, so longer messages leave less than one agent.
    longest = budget * (fan_in - 1) / (2 * fan_in)
    room = shortest < longest
    low, high = jnp.where(room, jnp.log(jnp.where(room, shortest, 1)), 0), jnp.where(room, jnp.log(longest), 1)
    frozen = jax.lax.stop_gradient((channel, correlation, exponent, budget, low, high))
    root, found = _longest_root(frozen[0], fan_in, *frozen[1:])
    found = found & room
    root = jax.lax.stop_gradient(jnp.where(found, root, 0))
    off = partial(_imbalance, channel, fan_in, correlation, exponent, budget)
    slope = jax.lax.stop_gradient(jax.jvp(off, (root,), (jnp.ones_like(root),))[1])
    # One Newton step: the same root, now with its implicit derivative.
    polished = root - jnp.where(found, off(root), 0) / jnp.where(found, slope, 1)
    return jnp.where(found, jnp.exp(polished), 0)


class WidestExponent(NamedTuple):
    """The fan-in and message length of the largest exponent that a window admits, and that exponent."""

    fan_in: Int[Array, "..."]
    message_length: Int[Array, "..."]
    exponent: Float[Array, "..."]


def widest_exponent(
    channel: Channel, correlation: Real[ArrayLike, "..."], window: SupportsIndex, widest: SupportsIndex = 1001
) -> WidestExponent:
    """Largest s over odd fan-ins 3 to `widest` with m = floor(W/b): every token of the window in use.

    Both b and m raise s, so b m = W is where the growth optimum lies. window >= 3 static, correlation in [0, 1];
    ValueError otherwise.  (derived here)
    """
    window, widest = whole("window", window, 3), whole("widest", widest, 3)
    unit("correlation", correlation)
    (correlation,) = floats(correlation)
    fan_ins = np.arange(3, min(window, widest) + 1, 2)
    lengths = window // fan_ins
    shape = (len(fan_ins),) + (1,) * correlation.ndim
    fidelity = channel.fidelity(jnp.asarray(lengths, correlation.dtype)).reshape(shape)
    wide = jnp.asarray(fan_ins, correlation.dtype).reshape(shape)
    exponents = organisation_exponent_real(wide, correlation, fidelity)
    best = jnp.argmax(exponents, axis=0)
    return WidestExponent(jnp.asarray(fan_ins)[best], jnp.asarray(lengths)[best], jnp.max(exponents, axis=0))
