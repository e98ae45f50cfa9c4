"""A step size that does not depend on the tokens, Delta = d: closed forms for either sign of mu.

With y = x^2, c = 2 mu d and q = exp(-a d): y_1 = y_10/(1 - c y_10 t), and every later token is one quadrature of the
one before it, y_l = f_l/(1/y_l0 - c integral_0^t f_l) with f_l = (y_{l-1}/y_{l-1,0})^q.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import floats, positive
from ._checks import finite, nonzero, typed
from ._quadrature import NODES, running_rule, unit_rule

_PANELS = 96
_RULE = running_rule()


def _relative_power(log_base: Array, exponent: Array) -> Array:
    """(base^e - 1)/e for e >= 0, ln(base) at e = 0."""
    product = exponent * log_base
    near = abs(product) < 1e-3
    series = log_base * (1 + product / 2 * (1 + product / 3 * (1 + product / 4)))
    safe = jnp.where(near, 1, product)
    return jnp.where(near, series, jnp.expm1(safe) * log_base / safe)


class Pair(NamedTuple):
    """The first two tokens of a sequence, at one time."""

    first: Float[Array, "..."]
    second: Float[Array, "..."]


def _checked(coupling: Any, step: Any, decay: Any) -> None:
    finite(coupling=coupling)
    positive("step", step)
    positive("decay", decay, "[)")


def constant_step_pair(
    time: Real[ArrayLike, "..."],
    first: Real[ArrayLike, "..."],
    second: Real[ArrayLike, "..."],
    coupling: Real[ArrayLike, "..."],
    step: Real[ArrayLike, "..."],
    decay: Real[ArrayLike, "..."],
) -> Pair:
    """x_1(t) and x_2(t) in closed form; infinite, with their signs, from their blow-ups on.

    1/y_2 = (1 - c y_10 t)^q (1/y_20 - (1 - (1 - c y_10 t)^(1-q))/((1-q) y_10)).  time >= 0, step d > 0, decay >= 0,
    first and second not 0, coupling finite; ValueError otherwise.  (derived here)
    """
    positive("time", time, "[)")
    nonzero(first=first, second=second)
    _checked(coupling, step, decay)
    time, first, second, coupling, step, decay = floats(time, first, second, coupling, step, decay)
    shrunk = 1 - 2 * coupling * step * first**2 * time
    alive = shrunk > 0
    log_left = jnp.where(alive, jnp.log1p(jnp.where(alive, shrunk - 1, 0)), 0)
    kept, lost = jnp.exp(-decay * step), -jnp.expm1(-decay * step)
    inverse = 1 / second**2 + _relative_power(log_left, lost) / first**2
    living = alive & (inverse > 0)
    x_1 = jnp.where(alive, abs(first) * jnp.exp(-log_left / 2), jnp.inf)
    x_2 = jnp.where(living, jnp.exp(-kept * log_left / 2) / jnp.sqrt(jnp.where(living, inverse, 1)), jnp.inf)
    return Pair(jnp.sign(first) * x_1, jnp.sign(second) * x_2)


def constant_step_order_threshold(
    token: Real[ArrayLike, "..."], step: Real[ArrayLike, "..."], decay: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """|x_2(0)| above which the second token blows up before the first, sqrt(1 - q) |x_1(0)|, for mu > 0.

    Below it x_2 follows as (T* - t)^(-q/2). token not 0, step > 0, decay >= 0; ValueError otherwise.  (derived here)
    """
    nonzero(token=token)
    _checked(1.0, step, decay)
    token, step, decay = floats(token, step, decay)
    lost = -jnp.expm1(-decay * step)
    positive_loss = lost > 0
    return abs(token) * jnp.where(positive_loss, jnp.sqrt(jnp.where(positive_loss, lost, 1)), 0)


class PairTimes(NamedTuple):
    """Blow-up times of the first token alone and of the first two together."""

    first: Float[Array, "..."]
    both: Float[Array, "..."]


def constant_step_blow_up_times(
    first: Real[ArrayLike, "..."],
    second: Real[ArrayLike, "..."],
    coupling: Real[ArrayLike, "..."],
    step: Real[ArrayLike, "..."],
    decay: Real[ArrayLike, "..."],
) -> PairTimes:
    """T_1 = 1/(c y_10), and T_2 = T_1 (1 - (1 - (1-q) y_10/y_20)^(1/(1-q))) if y_20 > (1-q) y_10, else T_1.

    first and second not 0, coupling > 0, step > 0, decay >= 0; ValueError otherwise.  (derived here)
    """
    nonzero(first=first, second=second)
    positive("coupling", coupling)
    _checked(coupling, step, decay)
    first, second, coupling, step, decay = floats(first, second, coupling, step, decay)
    alone = 1 / (2 * coupling * step * first**2)
    lost, ratio = -jnp.expm1(-decay * step), (first / second) ** 2
    earlier = lost * ratio < 1
    # ln(1 - e r)/e, -r at e = 0.
    small = lost * ratio < 1e-6
    safe = jnp.where(earlier & ~small, lost * ratio, 0.5)
    log_left = jnp.where(small, -ratio * (1 + lost * ratio / 2), jnp.log1p(-safe) * ratio / safe)
    return PairTimes(alone, alone * jnp.where(earlier, -jnp.expm1(jnp.where(earlier, log_left, 0)), 1))


def constant_step_tokens(
    time: Real[ArrayLike, ""],
    tokens: Real[ArrayLike, " tokens"],
    coupling: Real[ArrayLike, ""],
    step: Real[ArrayLike, ""],
    decay: Real[ArrayLike, ""],
) -> Float[Array, " tokens"]:
    """All tokens at time t, one quadrature each; infinite, with their signs, from their blow-ups on.

    time >= 0, tokens x(0) not 0, step d > 0, decay >= 0, coupling finite; ValueError otherwise.  (derived here)
    """
    positive("time", time, "[)")
    nonzero(tokens=tokens)
    _checked(coupling, step, decay)
    time, tokens, coupling, step, decay = typed(time, tokens, coupling, step, decay)
    rate = 2 * coupling * step
    squares = tokens**2
    # Decay is smooth in ln(1 + t/t_0); growth is sharpest at its end.
    pace = abs(rate) * jnp.sum(squares)
    edges = jnp.asarray(np.arange(_PANELS + 1) / _PANELS, time.dtype)
    decaying = jnp.expm1(edges * jnp.log1p(pace * time)) / jnp.where(pace > 0, pace, 1)
    growing = -jnp.expm1(-36 * edges) / -jnp.expm1(jnp.asarray(-36.0, time.dtype)) * time
    edges = jnp.where(coupling < 0, decaying, growing)
    widths = jnp.diff(edges)[:, None]
    nodes = jnp.asarray(unit_rule(1)[0], time.dtype)
    times = edges[:-1, None] + widths * nodes
    rule, kept = jnp.asarray(_RULE, time.dtype), jnp.exp(-decay * step)
    floor = jnp.finfo(time.dtype).tiny

    def token(carry, square):
        """carry: ln of the previous token's growth y/y_0, at the nodes and at t."""
        log_factor, log_factor_end = (kept * part for part in carry)
        pieces = widths * (jnp.exp(log_factor) @ rule.T)
        before = jnp.cumsum(pieces[:, -1:], axis=0) - pieces[:, -1:]
        left = 1 - rate * square * (before + pieces[:, :NODES])
        left_end = 1 - rate * square * jnp.sum(pieces[:, -1])
        alive = left_end > 0
        growth = log_factor - jnp.log(jnp.maximum(left, floor))
        growth_end = jnp.where(alive, log_factor_end - jnp.log(jnp.where(alive, left_end, 1)), jnp.inf)
        # Behind a token that is gone nothing is defined any more; the value only has to stay finite inside.
        carried = (jnp.where(alive, growth, 0), jnp.where(alive, growth_end, jnp.inf))
        return carried, growth_end

    first = -jnp.log(jnp.maximum(1 - rate * squares[0] * times, floor))
    left = 1 - rate * squares[0] * time
    alive = left > 0
    first_end = jnp.where(alive, -jnp.log(jnp.where(alive, left, 1)), jnp.inf)
    _, later = jax.lax.scan(token, (jnp.where(alive, first, 0), first_end), squares[1:])
    growth = jnp.concatenate([first_end[None], later])
    # Once one token is gone, so are all behind it.
    growth = jnp.where(jnp.cumsum(jnp.isinf(growth)) > 0, jnp.inf, growth)
    return tokens * jnp.exp(growth / 2)
