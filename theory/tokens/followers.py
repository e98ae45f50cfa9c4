"""Log-log followers: a token with s x > 0 behind the first to blow up has Ei(a u_l) - ln u_p -> const."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import floats, positive
from ._checks import finite
from ._march import differentiable, march
from ._roots import bracketed_newton
from .step_size import log_softplus


def follower_invariant(
    scaled: Real[ArrayLike, "..."],
    log_leader: Real[ArrayLike, "..."],
    decay: Real[ArrayLike, "..."],
    bias: Real[ArrayLike, "..."] = 0.0,
) -> Float[Array, "..."]:
    """exp(a b) Ei(a u_l) - ln u_p, which becomes constant as a log-log follower u_l and its leader u_p blow up.

    scaled: u_l = |s x_l| > 0; log_leader: ln u_p; decay > 0; ValueError otherwise.  (derived here)
    """
    positive("scaled", scaled)
    positive("decay", decay)
    finite(log_leader=log_leader, bias=bias)
    scaled, log_leader, decay, bias = floats(scaled, log_leader, decay, bias)
    return jnp.exp(decay * bias) * _expi(decay * scaled) - log_leader


@jax.custom_jvp
def _expi(argument: Array) -> Array:
    return jax.scipy.special.expi(argument)


@_expi.defjvp
def _expi_jvp(primals, tangents):
    (argument,), (tangent,) = primals, tangents
    return _expi(argument), tangent * jnp.exp(argument) / argument


@jax.custom_jvp
def _inverse_expi(target: Array) -> Array:
    """v > 0.3725 with Ei(v) = target > 0."""

    def residual(v):
        value = _expi(v)
        return jnp.log(value / target), jnp.exp(v) / (v * value)

    high = 3 + jnp.log(1 + target) + jnp.log(2 + jnp.log(1 + target))
    # Just above the zero of Ei.
    return bracketed_newton(residual, jnp.full_like(target, 0.37250741078137), high)


@_inverse_expi.defjvp
def _inverse_expi_jvp(primals, tangents):
    (target,), (tangent,) = primals, tangents
    v = _inverse_expi(target)
    return v, tangent * v * jnp.exp(-v)


def log_log_follower(
    log_leader: Real[ArrayLike, "..."],
    invariant: Real[ArrayLike, "..."],
    decay: Real[ArrayLike, "..."],
    bias: Real[ArrayLike, "..."] = 0.0,
) -> Float[Array, "..."]:
    """u_l of a log-log follower when its leader is at ln u_p, from its `follower_invariant`; ~ (1/a) ln ln u_p.

    log_leader + invariant > 0, decay > 0; ValueError otherwise.  (derived here)
    """
    finite(log_leader=log_leader, invariant=invariant, bias=bias)
    positive("decay", decay)
    log_leader, invariant, decay, bias = floats(log_leader, invariant, decay, bias)
    target = (log_leader + invariant) * jnp.exp(-decay * bias)
    positive("log_leader + invariant", target)
    return _inverse_expi(target) / decay


# The invariant is read off where the leader is at ln u_p = 5000; it has long since settled.
_FAR_LEADER = 5000.0
_SAFE = 20.0


@differentiable
def _invariant(leader: Array, follower: Array, decay: Array, bias: Array) -> Array:
    def field(state):
        log_leader, log_follower, _ = state
        near = jnp.minimum(log_leader, _SAFE)
        # Beyond e^20 the leader's step size is proportional to it, to rounding.
        log_step = log_softplus(jnp.exp(near) + bias) + (log_leader - near)
        argument = jnp.exp(log_follower) + bias
        own = jnp.exp(2 * (log_follower - log_leader) + log_softplus(argument) - log_step)
        gate = jnp.exp(-decay * jax.nn.softplus(argument))
        # The invariant's own speed, in which the two large terms of its definition have cancelled.
        drift = jnp.exp(decay * argument) * own + jnp.expm1(-decay * jax.nn.softplus(-argument))
        return jnp.stack([jnp.ones_like(own), own + gate, drift])

    start = jnp.stack([jnp.log(leader), jnp.log(follower), jnp.exp(decay * bias) * _expi(decay * follower)])
    start = start.at[2].add(-start[0])
    span = _FAR_LEADER - start[0]
    end = march(lambda state: span * field(state), start, np.ones(3), length=1.0, step=1e-5)
    return end[2]


def follower_constant(
    leader: Real[ArrayLike, "..."],
    follower: Real[ArrayLike, "..."],
    decay: Real[ArrayLike, "..."],
    bias: Real[ArrayLike, "..."] = 0.0,
) -> Float[Array, "..."]:
    """Limit of `follower_invariant` for two tokens that start at u_1 = `leader` and u_2 = `follower`.

    Both > 0 and the follower below the order threshold, where it does follow; decay > 0; ValueError otherwise (the
    threshold is not checked: above it the result is NaN).  (derived here)
    """
    positive("leader", leader)
    positive("follower", follower)
    positive("decay", decay)
    finite(bias=bias)
    return jnp.vectorize(_invariant)(*floats(leader, follower, decay, bias))
