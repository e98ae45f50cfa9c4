"""The step size Delta = softplus(s x + b), what it keeps of the past, and how heavily it weighs the present."""

import math

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import floats, positive
from ._checks import finite

# (1 - e^-x)/x = sum_k (-x)^k/(k+1)!: far below 1 the closed form loses digits in its derivative.
_NEAR_ZERO = 0.125
_SERIES = tuple((-1) ** k / math.factorial(k + 1) for k in range(10))[::-1]


@jax.custom_jvp
def log_softplus(argument: Array) -> Array:
    """ln ln(1 + e^z), which tends to z far below 0 instead of to ln 0."""
    small = jnp.exp(jnp.minimum(argument, 0))
    series = 1 - small * (0.5 - small / 3)
    safe = jnp.where(small > 1e-6, small, 1)
    below = jnp.minimum(argument, 0) + jnp.log(jnp.where(small > 1e-6, jnp.log1p(safe) / safe, series))
    return jnp.where(argument > 0, jnp.log(jax.nn.softplus(jnp.maximum(argument, 0))), below)


@log_softplus.defjvp
def _log_softplus_jvp(primals, tangents):
    (argument,), (tangent,) = primals, tangents
    value = log_softplus(argument)
    return value, tangent * jnp.exp(-jax.nn.softplus(-argument) - value)


def held_share(exponent: Array) -> Array:
    """(1 - e^-x)/x for x >= 0, the share of a held input that a zero-order hold lets in; 1 at x = 0."""
    series = jnp.polyval(jnp.asarray(_SERIES, exponent.dtype), jnp.minimum(exponent, _NEAR_ZERO))
    safe = jnp.where(exponent > _NEAR_ZERO, exponent, 1)
    return jnp.where(exponent > _NEAR_ZERO, -jnp.expm1(-safe) / safe, series)


def log_weight(argument: Array, hold_decay: Array | None = None) -> Array:
    """ln of the weight of a token's own term: Delta without `hold_decay` a, (1 - exp(-a Delta))/a with it."""
    if hold_decay is None:
        return log_softplus(argument)
    return log_softplus(argument) + jnp.log(held_share(hold_decay * jax.nn.softplus(argument)))


def step_size(
    token: Real[ArrayLike, "..."], slope: Real[ArrayLike, "..."], bias: Real[ArrayLike, "..."] = 0.0
) -> Float[Array, "..."]:
    """Delta = softplus(s x + b) > 0.

    token x, slope s and bias b finite; ValueError otherwise.  (arXiv 2410.03292, the layer; bias: Mamba)
    """
    finite(token=token, slope=slope, bias=bias)
    token, slope, bias = floats(token, slope, bias)
    return jax.nn.softplus(slope * token + bias)


def exact_hold_weight(step: Real[ArrayLike, "..."], decay: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """E = (1 - exp(-a Delta))/a, the weight of a token under exact zero-order hold; Delta at a = 0, at most 1/a.

    step Delta >= 0, decay a >= 0; ValueError otherwise.  (zero-order hold; Mamba itself uses Delta)
    """
    positive("step", step, "[)")
    positive("decay", decay, "[)")
    step, decay = floats(step, decay)
    return step * held_share(decay * step)


def retention(decay: Real[ArrayLike, "..."], bias: Real[ArrayLike, "..."] = 0.0) -> Float[Array, "..."]:
    """q = exp(-a softplus(b)): what a vanishing token keeps of the state before it; 2^-a at b = 0.

    decay a >= 0, bias b finite; ValueError otherwise.  (derived here)
    """
    positive("decay", decay, "[)")
    finite(bias=bias)
    decay, bias = floats(decay, bias)
    return jnp.exp(-decay * jax.nn.softplus(bias))


def recency_half_life(decay: Real[ArrayLike, "..."], bias: Real[ArrayLike, "..."] = 0.0) -> Float[Array, "..."]:
    """Tokens after which the hidden attention of vanishing tokens has halved, ln 2/(a softplus(b)); 1/a at b = 0.

    decay a > 0, bias b finite; ValueError otherwise.  (derived here)
    """
    positive("decay", decay)
    finite(bias=bias)
    decay, bias = floats(decay, bias)
    return math.log(2) / (decay * jax.nn.softplus(bias))
