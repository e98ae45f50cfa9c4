"""mu > 0 and some s x > 0: which token blows up first, when, and what the others do at that moment.

The first one, p, goes as (3 mu |s| (T* - t))^(-1/3). Tokens before it are finite at T*. Of those after it, tokens with
s x < 0 directly behind follow in a fixed ratio, and tokens with s x > 0 (and all behind those) only doubly
logarithmically, Ei(a u_l) - ln u_p -> const: at |x_p| = 1e20 they are still about 10.
"""

import enum
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int, Real

from .._arguments import positive
from ._checks import finite, nonzero, typed
from ._march import differentiable, march
from ._phase import pulls

# At |s x| = 1e5 everything but the leading token's own term is lost in rounding.
_FAR = 1e5


class Fate(enum.IntEnum):
    """What a token does at the blow-up of its sequence."""

    STATIC = 0
    FINITE = 1
    FIRST = 2
    POWER = 3
    LOG_LOG = 4
    SLOW = 5


class BlowUp(NamedTuple):
    """The end of a sequence: its time, each token's `Fate`, and its value there.

    tokens: finite before the first, infinite with their signs from it on.  ratios: lim x_l/x_p of the followers by
    power law, 1 for the first, 0 for all others.
    """

    time: Float[Array, ""]
    fates: Int[Array, " tokens"]
    tokens: Float[Array, " tokens"]
    ratios: Float[Array, " tokens"]


@differentiable
def _end(log_u: Array, sign: Array, alive: Array, decay: Array, bias: Array) -> Array:
    """(ln u, kappa T*) when the largest token with s x > 0 has left everything else behind."""
    living, count = alive > 0, log_u.shape[0]
    bursting = living & (sign > 0)

    def field(state):
        rates, scale = pulls(state[:count], sign, living, decay, bias)
        rates = jnp.where(living, rates, 0)
        total = jnp.sum(rates)
        return jnp.append(rates, jnp.exp(-scale)) / total

    def largest(state):
        return jnp.max(jnp.where(bursting, state[:count], -jnp.inf))

    start = jnp.append(log_u, 0.0)
    far = jnp.log(_FAR) + jnp.maximum(jnp.max(jnp.where(living, log_u, 0)), 0)
    end = march(
        field,
        start,
        np.append(np.ones(count), 0.0),
        going=lambda state: (largest(state) < far) & jnp.any(bursting),
    )
    # The rest of the way is the integral of w^2/(1 + b w) from 0 to 1/u_p.
    w = jnp.exp(-jnp.where(jnp.any(bursting), largest(end), 0))
    return end.at[-1].add(w**3 * (1 / 3 - bias * w / 4 + (bias * w) ** 2 / 5))


def _checked(tokens: Any, coupling: Any, slope: Any, decay: Any, bias: Any) -> list[Array]:
    finite(tokens=tokens, bias=bias)
    positive("coupling", coupling)
    nonzero(slope=slope)
    positive("decay", decay, "[)")
    return typed(tokens, coupling, slope, decay, bias)


def _scaled(tokens: Array, slope: Array) -> tuple[Array, Array, Array]:
    alive = tokens != 0
    log_u = jnp.log(jnp.where(alive, abs(slope * tokens), 1))
    return log_u, jnp.sign(slope * tokens), alive.astype(tokens.dtype)


def blow_up_times(
    tokens: Real[ArrayLike, " tokens"],
    coupling: Real[ArrayLike, ""],
    slope: Real[ArrayLike, ""],
    decay: Real[ArrayLike, ""],
    bias: Real[ArrayLike, ""] = 0.0,
) -> Float[Array, " tokens"]:
    """T_l, how long tokens 1..l live on their own: infinite while all have s x <= 0, and never increasing in l.

    tokens: x(0), finite; coupling > 0, slope not 0, decay >= 0; ValueError otherwise.  (derived here)
    """
    tokens, coupling, slope, decay, bias = _checked(tokens, coupling, slope, decay, bias)
    log_u, sign, alive = _scaled(tokens, slope)
    count = tokens.shape[0]
    heard = jnp.tril(jnp.ones((count, count), tokens.dtype)) * alive
    times = jax.vmap(lambda alive: _end(log_u, sign, alive, decay, bias)[-1])(heard) * slope**2 / coupling
    bursts = jnp.cumsum((sign > 0) & (alive > 0)) > 0
    return jnp.where(bursts, times, jnp.inf)


def blow_up(
    tokens: Real[ArrayLike, " tokens"],
    coupling: Real[ArrayLike, ""],
    slope: Real[ArrayLike, ""],
    decay: Real[ArrayLike, ""],
    bias: Real[ArrayLike, ""] = 0.0,
) -> BlowUp:
    """When and how a sequence ends; without any s x > 0 never, and then every ratio is 0 and no token is first.

    The first is told by who leads at |s x| = 1e5: blow-ups closer than rounding are called one. So it can be at small
    decay, where a token far behind overtakes only when its leader is astronomical.

    Arguments as in `blow_up_times`.  (derived here; sharpens the third regime of arXiv 2410.03292)
    """
    tokens, coupling, slope, decay, bias = _checked(tokens, coupling, slope, decay, bias)
    log_u, sign, alive = _scaled(tokens, slope)
    end = _end(log_u, sign, alive, decay, bias)
    place, living = jnp.arange(tokens.shape[0]), alive > 0
    bursting = living & (sign > 0)
    ever = jnp.any(bursting)
    first = jnp.argmax(jnp.where(bursting, end[:-1], -jnp.inf))
    behind = place > first
    slowed = jnp.cumsum(behind & bursting) > 0
    fates = jnp.where(behind, jnp.where(slowed, Fate.LOG_LOG, Fate.POWER), Fate.FINITE)
    fates = jnp.where(place == first, Fate.FIRST, fates)
    fates = jnp.where(living, jnp.where(ever, fates, Fate.SLOW), Fate.STATIC)
    # Without a blow-up the end is at t = inf, where every token that moves is infinite.
    open_ended = (fates >= Fate.FIRST) & living
    reached = jnp.where(open_ended, jnp.inf, jnp.exp(end[:-1]) / abs(slope))
    ratios = jnp.sign(slope) * sign * jnp.exp(end[:-1] - end[first])
    leading = ever & ((fates == Fate.FIRST) | (fates == Fate.POWER))
    signs = jnp.sign(tokens)
    return BlowUp(
        jnp.where(ever, end[-1] * slope**2 / coupling, jnp.inf),
        fates,
        jnp.where(living, signs * reached, 0),
        jnp.where(leading, ratios * jnp.sign(tokens[first]), 0),
    )
