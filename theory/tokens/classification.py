"""Which token converges, diverges slowly or blows up: complete in one dimension, and decided by signs alone.

Token l, followed in its own causal subsystem 1..l, blows up in finite time iff mu > 0 and some token j <= l has
s x_j > 0; with mu > 0 and none it diverges like ln t; with mu < 0 it tends to 0. The sizes of the tokens, the decay
and the published threshold r = 2.1159 do not enter.
"""

import enum
from typing import Any

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, Int, Real

from .._arguments import floats, positive
from ._checks import finite, nonzero, typed


class Regime(enum.IntEnum):
    """What becomes of one token in its own causal subsystem."""

    STATIC = 0
    CONVERGENT = 1
    SLOW = 2
    BLOW_UP = 3


# Maximiser r of u^2 softplus(-u), and the maximum: the most that a token with s x < 0 adds to any G_l, times s^2.
GATE_MAXIMISER = 2.1159494320784242
GATE_MAXIMUM = 0.5094734349491791


def _checked(tokens: Any, coupling: Any, slope: Any) -> list[Array]:
    finite(tokens=tokens, coupling=coupling, slope=slope)
    tokens, coupling, slope = typed(tokens, coupling, slope)
    coupling, slope = jnp.broadcast_arrays(coupling, slope)
    return [tokens, coupling[..., None], slope[..., None]]


def regimes(
    tokens: Real[ArrayLike, "*batch tokens"], coupling: Real[ArrayLike, "..."], slope: Real[ArrayLike, "..."]
) -> Int[Array, "... tokens"]:
    """`Regime` of every token of a sequence, each in its own causal subsystem.

    One coupling and slope for each sequence. A token at 0 is static, and so is everything at coupling 0. Slope 0 (a
    constant step size) blows up for mu > 0.
    Arguments finite; ValueError otherwise.  (derived here; sharpens arXiv 2410.03292, whose three one-dimensional
    theorems need |s x| >= r in the slow case)
    """
    tokens, coupling, slope = _checked(tokens, coupling, slope)
    bursts = jnp.cumsum((slope * tokens > 0) | ((slope == 0) & (tokens != 0)), axis=-1) > 0
    grown = jnp.where(bursts, Regime.BLOW_UP, Regime.SLOW)
    found = jnp.where(coupling > 0, grown, Regime.CONVERGENT)
    return jnp.where((coupling == 0) | (tokens == 0), Regime.STATIC, found)


def blows_up(
    tokens: Real[ArrayLike, "*batch tokens"], coupling: Real[ArrayLike, "..."], slope: Real[ArrayLike, "..."]
) -> Bool[Array, "..."]:
    """Whether the sequence as a whole has a finite life: mu > 0 and some s x_j > 0.

    Arguments finite; ValueError otherwise.  (derived here)
    """
    return jnp.any(regimes(tokens, coupling, slope) == Regime.BLOW_UP, axis=-1)


def published_slow_condition(
    tokens: Real[ArrayLike, "*batch tokens"], coupling: Real[ArrayLike, "..."], slope: Real[ArrayLike, "..."]
) -> Bool[Array, "..."]:
    """mu > 0 and s x_j <= -r for every token, r = 2.1159...: sufficient for slow divergence, and not necessary.

    Arguments finite; ValueError otherwise.  (arXiv 2410.03292, the slow regime; r the maximiser of u^2 softplus(-u))
    """
    tokens, coupling, slope = _checked(tokens, coupling, slope)
    return (coupling[..., 0] > 0) & jnp.all(slope * tokens <= -GATE_MAXIMISER, axis=-1)


def growth_bound(
    time: Real[ArrayLike, "..."],
    position: Real[ArrayLike, "..."],
    coupling: Real[ArrayLike, "..."],
    slope: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """exp(0.50947 l (mu/s^2) t), which bounds |x_l(t)/x_l(0)| while all of tokens 1..l have s x < 0: no blow-up.

    time >= 0, position l >= 1, coupling >= 0, slope not 0, bias 0; ValueError otherwise.  (derived here)
    """
    positive("time", time, "[)")
    positive("position", position)
    positive("coupling", coupling, "[)")
    nonzero(slope=slope)
    time, position, coupling, slope = floats(time, position, coupling, slope)
    return jnp.exp(GATE_MAXIMUM * position * coupling / slope**2 * time)
