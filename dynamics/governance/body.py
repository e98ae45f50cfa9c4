"""The body: an echo-state reservoir that hears both players' actions, and the readout that turns it into an action.

Matrices stand on the right of states (`state @ recurrent.T`), so that agents and copies that share a body become one
matrix product under `vmap`, and a batch of bodies one batched product.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


class Body(NamedTuple):
    """W (from the last axis to the first), the columns [w1, w2] for own and opponent's action, and the bias b."""

    recurrent: Float[Array, "*many d d"]
    inputs: Float[Array, "*many d 2"]
    bias: Float[Array, "*many d"]


class Readout(NamedTuple):
    """w and b_o of the action a = sigmoid(w . x + b_o)."""

    weights: Float[Array, "*many d"]
    intercept: Float[Array, "*many"]


Action = Float[Array, "..."] | float


def step(
    body: Body, state: Float[Array, "*copies d"], own: Action, other: Action, noise: Float[Array, "*copies d"]
) -> Float[Array, "*copies d"]:
    """The next state, tanh(W x + w1 a + w2 o + b) + xi; the noise comes after tanh, so entries may exceed 1.

    (arXiv 2602.20846, Eq. of the reservoir; order of operations of the official code)
    """
    own, other = jnp.asarray(own)[..., None], jnp.asarray(other)[..., None]
    drive = body.inputs[:, 0] * own + body.inputs[:, 1] * other + body.bias
    return jnp.tanh(state @ body.recurrent.T + drive) + noise


def body_action(readout: Readout, state: Float[Array, "*copies d"]) -> Float[Array, "*copies"]:
    """What the body alone would do in this state."""
    return jax.nn.sigmoid(state @ readout.weights + readout.intercept)


@jax.jit
def drive(
    body: Body, state: Float[Array, "*copies d"], own: Action, other: Action, noise: Float[Array, "rounds *copies d"]
) -> Float[Array, "rounds *copies d"]:
    """The states after each of some rounds of constant actions, whatever the body would do: open loop."""

    def one(state, noise):
        state = step(body, state, own, other, noise)
        return state, state

    return jax.lax.scan(one, state, noise)[1]
