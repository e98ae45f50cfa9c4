"""The one-token law in scaled variables, u = |s x| and kappa = mu/s^2: du/d(kappa t) = u^3 W(u), solved by quadrature.

W(u) = softplus(b + u) for tokens with s x > 0 ("plus"), softplus(b - u) for the others ("minus"), or its exact-hold
counterpart for a `hold` decay a (None stands for W as it is). Gradients in u and in time are the closed ones; those
in the bias and in a are the same quadrature.
"""

import math
from functools import partial

import jax
import jax.numpy as jnp
from jax import Array

from ._quadrature import integral, unit_rule
from ._roots import bracketed_newton
from .step_size import log_weight

# exp(-2 * 18.5) is below rounding, and panels of a quarter stay clear of the branch points of softplus.
_REACH, _PLUS_PANELS = 18.5, 74
# Tokens of the other sign: logarithmic panels below u = 1; above it the integrand grows like e^u, so that only the
# last stretch counts.
_LOW_PANELS, _HIGH_PANELS, _STRETCH = 40, 32, 45.0


def _last(value: Array | None) -> Array | None:
    return None if value is None else value[..., None]


def _plus_quadrature(u: Array, bias: Array, hold: Array | None) -> Array:
    def integrand(log_ratio):
        w = jnp.exp(log_ratio) / u[..., None]
        return jnp.exp(2 * jnp.log(w) - log_weight(1 / w + bias[..., None], _last(hold)))

    return integral(integrand, jnp.full(u.shape, -_REACH, u.dtype), jnp.zeros_like(u), _PLUS_PANELS)


@jax.custom_jvp
@jax.jit
def plus_time(u: Array, bias: Array, hold: Array | None) -> Array:
    """Scaled time kappa T* from u to infinity, the integral of dv/(v^3 W(v)) from u on."""
    return _plus_quadrature(u, bias, hold)


@plus_time.defjvp
def _plus_time_jvp(primals, tangents):
    u, bias, hold = primals
    value, by_law = jax.jvp(partial(_plus_quadrature, u), (bias, hold), tangents[1:])
    return value, by_law - tangents[0] * jnp.exp(-3 * jnp.log(u) - log_weight(u + bias, hold))


@jax.custom_jvp
@jax.jit
def plus_token(remaining: Array, bias: Array, hold: Array | None) -> Array:
    """u whose scaled time to blow-up is `remaining` > 0."""
    floor, ceiling = jax.nn.softplus(bias), jnp.exp(log_weight(bias, hold))
    # 1/(6 v^2 max(v, softplus b)) <= kappa T*(v) <= 1/(2 W(0) v^2)
    low = jnp.minimum(jnp.cbrt(1 / (6 * remaining)), jnp.sqrt(1 / (6 * floor * remaining)))
    high = jnp.sqrt(1 / (2 * ceiling * remaining))

    def residual(log_u):
        u = jnp.exp(log_u)
        time = _plus_quadrature(u, bias, hold)
        return jnp.log(time / remaining), -jnp.exp(-2 * log_u - log_weight(u + bias, hold)) / time

    return jnp.exp(bracketed_newton(residual, jnp.log(low) - 1e-6, jnp.log(high) + 1e-6))


@plus_token.defjvp
def _plus_token_jvp(primals, tangents):
    remaining, bias, hold = primals
    u = plus_token(remaining, bias, hold)
    _, by_law = jax.jvp(partial(_plus_quadrature, u), (bias, hold), tangents[1:])
    return u, (by_law - tangents[0]) * jnp.exp(3 * jnp.log(u) + log_weight(u + bias, hold))


def _minus_quadrature(low: Array, high: Array, bias: Array, hold: Array | None) -> Array:
    """ln of the integral of dv/(v^3 W(v)) from low to high; -inf where they are equal."""
    bias, hold = bias[..., None], _last(hold)

    def log_integrand(v, power):
        return -power * jnp.log(v) - log_weight(bias - v, hold)

    def piece(start, stop, panels):
        nodes, weights = (jnp.asarray(part, low.dtype) for part in unit_rule(panels))
        width = (stop - start)[..., None]
        return start[..., None] + width * nodes, width * weights

    z, z_weights = piece(jnp.log(jnp.minimum(low, 1)), jnp.log(jnp.minimum(high, 1)), _LOW_PANELS)
    top = jnp.maximum(high, 1)
    v, v_weights = piece(jnp.maximum(jnp.maximum(low, 1), top - _STRETCH), top, _HIGH_PANELS)
    logs = jnp.concatenate([log_integrand(jnp.exp(z), 2), log_integrand(v, 3)], axis=-1)
    return jax.nn.logsumexp(logs, axis=-1, b=jnp.concatenate([z_weights, v_weights], axis=-1))


def _by_law(low: Array, high: Array, laws: tuple, tangents: tuple) -> Array:
    """Derivative of `_minus_quadrature` along the law's own parameters; a mean over [low, high], also when empty."""
    opened = jnp.maximum(high, low * (1 + 1e-6))
    return jax.jvp(partial(_minus_quadrature, low, opened), laws, tangents)[1]


@jax.custom_jvp
@jax.jit
def minus_growth(log_time: Array, start: Array, bias: Array, hold: Array | None) -> Array:
    """u at ln(kappa t), for kappa > 0 and u = `start` at time 0."""
    # A time that only shifts the residual, so that it stays finite at t = 0.
    shift = -2 * jnp.log(start) - log_weight(bias - start, hold)
    target = jnp.logaddexp(log_time, shift)
    goal = jnp.maximum(log_time + bias + math.log(2), 1)
    high = jnp.maximum(start + 1, goal + 6 * jnp.log(goal + 10))

    def residual(u):
        log_sum = jnp.logaddexp(_minus_quadrature(start, u, bias, hold), shift)
        return log_sum - target, jnp.exp(-3 * jnp.log(u) - log_weight(bias - u, hold) - log_sum)

    return jnp.maximum(bracketed_newton(residual, start * (1 - 1e-6), high), start)


@minus_growth.defjvp
def _minus_growth_jvp(primals, tangents):
    log_time, start, bias, hold = primals
    u = minus_growth(*primals)
    pace = 3 * jnp.log(u) + log_weight(bias - u, hold)
    initial = pace - 3 * jnp.log(start) - log_weight(bias - start, hold)
    by_law = _by_law(start, u, (bias, hold), tangents[2:])
    return u, tangents[1] * jnp.exp(initial) + (tangents[0] - by_law) * jnp.exp(pace + log_time)


@jax.custom_jvp
@jax.jit
def minus_decay(log_time: Array, start: Array, bias: Array, hold: Array | None) -> Array:
    """u at ln(|kappa| t), for kappa < 0 and u = `start` at time 0."""
    # 1/u^2 lies between 1/start^2 + 2 W t with the smallest and with the largest weight on the way.
    log_start = -2 * jnp.log(start)
    largest = math.log(2) + log_weight(bias, hold)
    smallest = math.log(2) + log_weight(bias - start, hold)
    target = jnp.logaddexp(log_start, largest + log_time)
    low, high = -target / 2, -jnp.logaddexp(log_start, smallest + log_time) / 2

    def residual(log_u):
        u = jnp.exp(log_u)
        log_sum = jnp.logaddexp(log_start, largest + _minus_quadrature(u, start, bias, hold))
        return log_sum - target, -jnp.exp(largest - 2 * log_u - log_weight(bias - u, hold) - log_sum)

    # Above the start the residual is flat, and short times would stand still.
    highest = jnp.minimum(high + 1e-6, -log_start / 2)
    return jnp.minimum(jnp.exp(bracketed_newton(residual, low - 1e-6, highest)), start)


@minus_decay.defjvp
def _minus_decay_jvp(primals, tangents):
    log_time, start, bias, hold = primals
    u = minus_decay(*primals)
    pace = 3 * jnp.log(u) + log_weight(bias - u, hold)
    initial = pace - 3 * jnp.log(start) - log_weight(bias - start, hold)
    by_law = _by_law(u, start, (bias, hold), tangents[2:])
    return u, tangents[1] * jnp.exp(initial) + (by_law - tangents[0]) * jnp.exp(pace + log_time)


def elapsed_softplus_bound(u: Array, floor: Array) -> Array:
    """Integral of dv/(v^3 (c + v)) from u on, without cancellation for u far above c."""
    ratio = floor / u
    # ln(1 + r) - r + r^2/2 = r^3 sum_k (-r)^k/(k+3)
    terms = [(-1) ** k / (k + 3) for k in range(24)][::-1]
    series = jnp.polyval(jnp.asarray(terms, u.dtype), jnp.minimum(ratio, 0.2)) / u**3
    safe = jnp.where(ratio > 0.2, floor, 1)
    closed = (jnp.log1p(safe / u) - safe / u + (safe / u) ** 2 / 2) / safe**3
    return jnp.where(ratio > 0.2, closed, series)
