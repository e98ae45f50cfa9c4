"""Which of two tokens with s x > 0 blows up first: the separatrix of their phase plane."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import floats, positive
from ._checks import finite, nonzero
from ._march import differentiable, march
from .step_size import log_softplus


@differentiable
def _threshold(log_u: Array, decay: Array, bias: Array) -> Array:
    """ln(u_20*/u_10), marched down from where both tokens are equal and far out."""

    def field(state):
        gap, log_u = state
        first, second = jnp.exp(log_u) + bias, jnp.exp(log_u + gap) + bias
        own = jnp.exp(2 * gap + log_softplus(second) - log_softplus(first))
        return jnp.stack([1 - own - jnp.exp(-decay * jax.nn.softplus(second)), -jnp.ones_like(gap)])

    # There exp(-a Delta) is 1e-20.
    top = jnp.log(jnp.exp(log_u) + 45 / decay + abs(bias) + 10)
    span = top - log_u
    start = jnp.stack([jnp.zeros_like(top), top])
    return march(lambda state: span * field(state), start, np.ones(2), length=1.0, step=0.02)[0]


def order_threshold(
    token: Real[ArrayLike, "..."],
    slope: Real[ArrayLike, "..."],
    decay: Real[ArrayLike, "..."],
    bias: Real[ArrayLike, "..."] = 0.0,
) -> Float[Array, "..."]:
    """x_2*(0) below which the second of two tokens with s x > 0 blows up with the first (log-log), above which before.

    Always closer to 0 than x_1(0) = `token`, and whatever mu; 0 at decay 0, where the second always comes first. It is
    the separatrix of the phase plane, unstable forwards and so integrated backwards from infinity.
    slope * token > 0, decay >= 0; ValueError otherwise.  (derived here)
    """
    finite(token=token, bias=bias)
    nonzero(slope=slope)
    positive("decay", decay, "[)")
    token, slope, decay, bias = floats(token, slope, decay, bias)
    positive("slope * token", slope * token)
    damped = decay > 0
    gap = jnp.vectorize(_threshold)(jnp.log(slope * token), jnp.where(damped, decay, 1), bias)
    return jnp.where(damped, token * jnp.exp(gap), 0)
