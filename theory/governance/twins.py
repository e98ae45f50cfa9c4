"""A body before its own likeness: joint states, and the gain of the readout at which a second one appears.

Where both actions are a, a body rests in x = tanh(W x + (w1 + w2) a + b), whatever its share: an action that is mixed
with its equal is unchanged. With z(a) = w . x(a) + b_o, a readout of gain g makes a a joint state iff sigmoid(g z(a))
= a, that is g = logit(a)/z(a). The same states serve two twins and a body before an echo.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import within
from ._solve import attractor
from .body import Body, checked_body, slope

_HALVINGS = 52


class Fold(NamedTuple):
    """Where two joint states appear: the readout's gain, and their common action."""

    gain: Float[Array, ""]
    action: Float[Array, ""]


def _inclination(body, action):
    """z(a) and its derivative, by the implicit one of x(a)."""
    both = body.own_input + body.other_input
    drive = both * action + body.bias
    state = attractor(lambda x: jnp.tanh(body.recurrent @ x + drive), jnp.zeros_like(drive))
    bend = slope(state)
    moved = jnp.linalg.solve(jnp.eye(state.size, dtype=state.dtype) - bend[:, None] * body.recurrent, bend * both)
    return body.readout @ state + body.offset, body.readout @ moved


def twin_gain(body: Body, action: Real[ArrayLike, ""]) -> Float[Array, ""]:
    """g(a) = logit(a)/z(a), the gain of the readout at which twins may rest in a common action a; impossible if g < 0.

    action a in (0, 1); ValueError otherwise.  (derived here)
    """
    body = checked_body(body)
    within("action", action, 0.0, 1.0, "()")
    action = jnp.asarray(action, body.bias.dtype)
    return jax.scipy.special.logit(action) / _inclination(body, action)[0]


def twin_fold(body: Body) -> Fold:
    """The least gain with more than one joint state of twins: dg/da = 0, or z/(a (1 - a)) = logit(a) z'.

    The fold is on the side of the neutral action z(a_0) = 0 that is away from 1/2: there g is infinite at a_0 and at
    the end. Bisection, for bodies whose z(a) rises from below 0 to above it, as development makes them; nan else.
    (derived here)
    """
    body = checked_body(body)
    dtype = body.bias.dtype
    tiny = jnp.finfo(dtype).eps

    def bisected(positive, low, high):
        def halve(_, bracket):
            low, high = bracket
            middle = (low + high) / 2
            up = positive(middle)
            return jnp.where(up, low, middle), jnp.where(up, middle, high)

        low, high = jax.lax.fori_loop(0, _HALVINGS, halve, (jnp.asarray(low, dtype), jnp.asarray(high, dtype)))
        return (low + high) / 2

    def bending(action):
        inclined, steep = _inclination(body, action)
        return inclined / (action * (1 - action)) - jax.scipy.special.logit(action) * steep > 0

    neutral = bisected(lambda action: _inclination(body, action)[0] > 0, 0.0, 1.0)
    friendly = neutral < 0.5
    action = bisected(bending, jnp.where(friendly, tiny, neutral), jnp.where(friendly, neutral, 1 - tiny))
    rises = (_inclination(body, jnp.zeros((), dtype))[0] < 0) & (_inclination(body, jnp.ones((), dtype))[0] > 0)
    gain = jax.scipy.special.logit(action) / _inclination(body, action)[0]
    return Fold(jnp.where(rises, gain, jnp.nan), jnp.where(rises, action, jnp.nan))
