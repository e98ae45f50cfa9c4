"""mu > 0 and s x < 0 for every token: all grow like ln t, in fixed ratios c_l to the first.

d ln u_l/d ln u_1 = G_l/G_1 is autonomous, so the ratios depend on the initial |s x| and on a alone, not on mu. The
published bound O((ln t)^l) is true and far from tight: u_l ~ c_l ln t for every l.
"""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import positive
from ._checks import finite, nonzero, typed
from ._march import differentiable, march
from ._phase import pulls
from .single_token import slow_token
from .step_size import log_softplus

# Ratios still move like exp(-(c - 1) u_1), with c - 1 >= ln(u_10)/u_10 at the least.
_FAR = 1e5


def _checked(tokens: Any, slope: Any, decay: Any, bias: Any) -> list[Array]:
    nonzero(tokens=tokens, slope=slope)
    positive("decay", decay, "[)")
    finite(bias=bias)
    tokens, slope, decay, bias = typed(tokens, slope, decay, bias)
    positive("-slope * tokens", -slope * tokens)
    return [tokens, slope, decay, bias]


def _orbit(log_u: Array, decay: Array, bias: Array):
    return lambda log_u: pulls(log_u, -jnp.ones_like(log_u), jnp.ones(log_u.shape, bool), decay, bias)[0]


@differentiable
def _limits(log_u: Array, decay: Array, bias: Array) -> Array:
    pull = _orbit(log_u, decay, bias)

    def field(log_u):
        rates = pull(log_u)
        return rates / jnp.sum(rates)

    far = jnp.log(_FAR) + jnp.maximum(log_u[0], 0)
    end = march(field, log_u, np.ones(log_u.shape), going=lambda state: state[0] < far)
    return jnp.exp(end - end[0])


@differentiable
def _along(log_u: Array, log_first: Array, decay: Array, bias: Array) -> Array:
    pull = _orbit(log_u, decay, bias)

    def field(log_u):
        rates = pull(log_u)
        return rates / rates[0]

    # What is differentiated must enter the field, not the length of the march.
    span = log_first - log_u[0]
    end = march(lambda log_u: span * field(log_u), log_u, np.ones(log_u.shape), length=1.0, step=0.01)
    return end


def slow_limits(
    tokens: Real[ArrayLike, " tokens"],
    slope: Real[ArrayLike, ""],
    decay: Real[ArrayLike, ""],
    bias: Real[ArrayLike, ""] = 0.0,
) -> Float[Array, " tokens"]:
    """c_l = lim |x_l/x_1|, with c_1 = 1 and 1 < c_l < inf for every later token; neither ordered nor tied to l.

    tokens: x(0), with slope * token < 0 for each; slope not 0, decay >= 0; ValueError otherwise.  (derived here)
    """
    tokens, slope, decay, bias = _checked(tokens, slope, decay, bias)
    return _limits(jnp.log(-slope * tokens), decay, bias)


def slow_tokens(
    log_time: Real[ArrayLike, ""],
    tokens: Real[ArrayLike, " tokens"],
    coupling: Real[ArrayLike, ""],
    slope: Real[ArrayLike, ""],
    decay: Real[ArrayLike, ""],
    bias: Real[ArrayLike, ""] = 0.0,
) -> Float[Array, " tokens"]:
    """All tokens at ln t: the first by its own law, the others along the orbit in ln u_1.

    coupling > 0, the others as in `slow_limits`; ValueError otherwise.  (derived here)
    """
    tokens, slope, decay, bias = _checked(tokens, slope, decay, bias)
    first = slow_token(log_time, tokens[0], coupling, slope, bias)
    log_u = _along(jnp.log(-slope * tokens), jnp.log(-slope * first), decay, bias)
    return -jnp.exp(log_u) / slope


def sink_share(
    tokens: Real[ArrayLike, " tokens"],
    slope: Real[ArrayLike, ""],
    decay: Real[ArrayLike, ""],
    bias: Real[ArrayLike, ""] = 0.0,
) -> Float[Array, " tokens"]:
    """Share of the first token in every token's input, P_l1 x_1/sum_j P_lj x_j; tends to 1 in the slow regime.

    tokens: x at one time, not 0; slope not 0, decay >= 0; ValueError otherwise.  (derived here)
    """
    nonzero(tokens=tokens, slope=slope)
    positive("decay", decay, "[)")
    finite(bias=bias)
    tokens, slope, decay, bias = typed(tokens, slope, decay, bias)
    log_u, sign = jnp.log(abs(slope * tokens)), jnp.sign(slope * tokens)
    alive = jnp.ones(tokens.shape, bool)
    total, scale = pulls(log_u, sign, alive, decay, bias)
    first = jnp.arange(tokens.shape[0]) == 0
    # The first token's own term, carried on by gates alone.
    argument = bias + slope * tokens
    gates = jnp.where(first, 0, jnp.logaddexp(argument, 0))
    carried = 2 * log_u[0] + log_softplus(argument[0]) - scale - decay * jnp.cumsum(gates)
    return jnp.exp(carried) / total
