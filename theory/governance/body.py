"""A body: a reservoir of d neurons that perceives both actions, with a readout of its own action.

x(t + 1) = tanh(W x(t) + w1 a(t) + w2 o(t) + b) + xi(t), xi ~ N(0, sigma_xi^2 I), a_body(t) = sigmoid(w . x(t) + b_o);
the body's share alpha of the action a = alpha a_body + (1 - alpha) c is mixed with the echo c(t) = o(t - 1). Laws are
written for one body and one share: batch them with `jax.vmap`.
"""

from typing import NamedTuple

import jax
import jax.core
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import positive, unit


class Body(NamedTuple):
    """W (recurrent), w1 (own_input), w2 (other_input), b (bias), w (readout), b_o (offset), sigma_xi (noise)."""

    recurrent: Float[Array, "d d"]
    own_input: Float[Array, " d"]
    other_input: Float[Array, " d"]
    bias: Float[Array, " d"]
    readout: Float[Array, " d"]
    offset: Float[Array, ""] | float
    noise: Float[Array, ""] | float


def checked_body(body: Body, name: str = "body") -> Body:
    """The body at one floating dtype; ValueError on a concrete part of wrong shape, not finite, or noise below 0."""
    dtype = jnp.result_type(float, *(leaf for leaf in body if not isinstance(leaf, (int, float))))
    body = Body(*(jnp.asarray(leaf, dtype) for leaf in body))
    size = body.bias.shape[-1] if body.bias.ndim else 0
    for field, leaf in zip(Body._fields, body, strict=True):
        shape = {"recurrent": (size, size), "offset": (), "noise": ()}.get(field, (size,))
        if leaf.shape != shape or not size:
            raise ValueError(f"Argument `{name}.{field}` must have shape {shape}, but has {leaf.shape}.")
        finite(f"{name}.{field}", leaf)
    positive(f"{name}.noise", body.noise, "[)")
    return body


def finite(name: str, value) -> None:
    """Refuse a concrete array with an infinite or undefined entry."""
    if not isinstance(value, jax.core.Tracer) and not np.all(np.isfinite(value)):
        raise ValueError(f"Argument `{name}` must be finite, but has an entry that is infinite or nan.")


def square(name: str, matrix) -> Float[Array, "n n"]:
    """A finite square matrix; ValueError naming it otherwise."""
    if np.ndim(matrix) != 2 or np.shape(matrix)[0] != np.shape(matrix)[1]:
        raise ValueError(f"Argument `{name}` must be a square matrix, but has shape {np.shape(matrix)}.")
    finite(name, matrix)
    return jnp.asarray(matrix, jnp.result_type(float, matrix))


def chances(dtype, **named: Real[ArrayLike, ""]) -> list[Array]:
    """Shares and chances in [0, 1] as scalars of a dtype, or wider if they come so; ValueError naming one outside."""
    for name, value in named.items():
        unit(name, value)
        if np.ndim(value):
            shape = np.shape(value)
            raise ValueError(f"Argument `{name}` must be a scalar (batch with jax.vmap), but has shape {shape}.")
    return [jnp.asarray(value, jnp.result_type(dtype, value)) for value in named.values()]


def quiet_drive(body: Body, own: ArrayLike = 1.0, other: ArrayLike = 1.0) -> Float[Array, " d"]:
    """Constant drive w1 a + w2 o + b of an open loop."""
    return body.own_input * own + body.other_input * other + body.bias


def slope(state: Float[Array, " d"]) -> Float[Array, " d"]:
    """D = 1 - x^2, the slope of tanh where its value is x."""
    return 1 - state**2


def output(body: Body, state: Float[Array, " d"]) -> tuple[Array, Array]:
    """a_body = sigmoid(w . x + b_o) and its slope a_body (1 - a_body)."""
    action = jax.nn.sigmoid(body.readout @ state + body.offset)
    return action, action * jax.nn.sigmoid(-(body.readout @ state + body.offset))
