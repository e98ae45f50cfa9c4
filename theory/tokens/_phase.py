"""G_l of a whole sequence in scaled logarithms y = ln|s x|, divided by one common factor so that nothing overflows."""

import jax
import jax.numpy as jnp
from jax import Array

from .step_size import log_softplus


def _compose(first: tuple[Array, Array], second: tuple[Array, Array]) -> tuple[Array, Array]:
    return first[0] * second[0], second[0] * first[1] + second[1]


def pulls(log_u: Array, sign: Array, alive: Array, decay: Array, bias: Array) -> tuple[Array, Array]:
    """s^2 G_l = pull * exp(scale) for every l.

    sign: of s x.  alive: tokens that are not 0 (nor left out); the others only let the state decay.
    """
    argument = bias + jnp.where(alive, sign * jnp.exp(log_u), 0)
    own = 2 * log_u + log_softplus(argument)
    scale = jnp.max(jnp.where(alive, own, -jnp.inf))
    scale = jax.lax.stop_gradient(jnp.where(jnp.isfinite(scale), scale, 0))
    added = jnp.where(alive, jnp.exp(own - scale), 0)
    kept = jnp.exp(-decay * jax.nn.softplus(argument))
    return jax.lax.associative_scan(_compose, (kept, added))[1], scale
