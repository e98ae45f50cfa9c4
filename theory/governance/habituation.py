"""Where habituation ends: "Oja + clamp" makes the recurrent matrix one dyad, and the neurons then live alone.

The batch rule W + beta (M - diag(c) W), c = diag M, followed by the clamp of the spectral radius to rho_c, has the
fixed point W*_ij = M_ij/(kappa + c_i) with kappa such that rho(W*) = rho_c: the update multiplies it by 1 + beta kappa,
the clamp divides by the same. Uncentred second moments M = m m^T + Sigma are nearly the dyad of the mean state.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import floats, positive, within
from ._solve import tree_attractor
from .body import finite, square
from .moments import Moments, carried

_HALVINGS = 60


class Habituated(NamedTuple):
    """Recurrent matrix at which habituation rests, and the moments of the state it is driven to."""

    recurrent: Float[Array, "d d"]
    moments: Moments


def oja_rest(second_moments: Float[ArrayLike, "d d"], radius: Float[ArrayLike, ""]) -> Float[Array, "d d"]:
    """W*_ij = M_ij/(kappa + M_ii) with spectral radius rho_c, the rest of "Oja + clamp" for given second moments M.

    second_moments symmetric and positive definite, radius rho_c in (0, 1): kappa is then positive.
    Refuses arrays not finite and a radius outside; the derivative of kappa is implicit.  (derived here)
    """
    second_moments = square("second_moments", second_moments)
    within("radius", radius, 0.0, 1.0, "()")
    return _rest(second_moments, jnp.asarray(radius, second_moments.dtype))


def _radius(second_moments, kappa):
    """Spectral radius of M_ij/(kappa + M_ii), similar to a symmetric matrix."""
    scale = jax.lax.rsqrt(kappa + jnp.diagonal(second_moments))
    return jnp.linalg.eigvalsh(scale[:, None] * second_moments * scale)[-1]


def _rest(second_moments, radius):
    def residual(log_kappa):
        return jnp.log(_radius(second_moments, jnp.exp(log_kappa)) / radius)

    # The radius falls with kappa, and is below trace/kappa.
    high = jnp.log(jnp.trace(second_moments) / radius)

    def solve(function, start):
        del start

        def halve(_, bracket):
            low, high = bracket
            middle = (low + high) / 2
            above = function(middle) > 0
            return jnp.where(above, middle, low), jnp.where(above, high, middle)

        low, top = jax.lax.fori_loop(0, _HALVINGS, halve, (high - 40, high))
        return (low + top) / 2

    log_kappa = jax.lax.custom_root(residual, jax.lax.stop_gradient(high), solve, lambda g, y: y / g(jnp.ones_like(y)))
    return second_moments / (jnp.exp(log_kappa) + jnp.diagonal(second_moments))[:, None]


def rank_one_recurrent(mean: Float[ArrayLike, " d"], radius: Float[ArrayLike, ""]) -> Float[Array, "d d"]:
    """rho_c m m^T/(m . m), the habituated matrix up to terms of relative size sigma_xi^2/(m . m).

    mean m finite and not 0, radius rho_c in (0, 1); ValueError otherwise.  (derived here)
    """
    finite("mean", mean)
    within("radius", radius, 0.0, 1.0, "()")
    mean = jnp.asarray(mean, jnp.result_type(float, mean))
    return radius / jnp.sum(mean**2) * jnp.outer(mean, mean)


def decoupled_state(drive: Float[ArrayLike, "..."], radius: Float[ArrayLike, ""]) -> Float[Array, "..."]:
    """m = tanh(rho_c m + h), neuron by neuron: the mean state under the rank-one matrix of its own direction.

    The slope of the right side is below 1, so that the root is unique; its derivative is implicit.
    drive h = w1 + w2 + b finite, radius rho_c in (0, 1); ValueError otherwise.  (derived here)
    """
    finite("drive", drive)
    within("radius", radius, 0.0, 1.0, "()")
    drive, radius = floats(drive, radius)

    def residual(state):
        return jnp.tanh(radius * state + drive) - state

    def solve(function, start):
        def halve(_, bracket):
            low, high = bracket
            middle = (low + high) / 2
            above = function(middle) > 0
            return jnp.where(above, middle, low), jnp.where(above, high, middle)

        low, high = jax.lax.fori_loop(0, _HALVINGS, halve, (-jnp.ones_like(start), jnp.ones_like(start)))
        return (low + high) / 2

    # Every neuron has its own equation, so that the tangent is divided, not solved.
    return jax.lax.custom_root(residual, jnp.zeros_like(drive), solve, lambda g, y: y / g(jnp.ones_like(y)))


def critical_memory(drive: Float[ArrayLike, "..."], radius: Float[ArrayLike, ""]) -> Float[Array, "..."]:
    """rho_c (1 - m^2): near 1, at drives near 0, a neuron is critical and remembers how it was habituated.

    drive h finite, radius rho_c in (0, 1); ValueError otherwise.  (derived here)
    """
    state = decoupled_state(drive, radius)
    return jnp.asarray(radius, state.dtype) * (1 - state**2)


def second_singular_share(mean: Float[ArrayLike, " d"], noise: Real[ArrayLike, ""]) -> Float[Array, ""]:
    """s2/s1 of the habituated matrix, about sigma_xi^2/(m . m): 1.1e-3 at d = 30.

    mean m finite and not 0, noise sigma_xi >= 0; ValueError otherwise.  (derived here)
    """
    finite("mean", mean)
    positive("noise", noise, "[)")
    mean = jnp.asarray(mean, jnp.result_type(float, mean))
    return noise**2 / jnp.sum(mean**2)


def forgetting_per_epoch(
    power: Real[ArrayLike, "..."], radius: Real[ArrayLike, "..."], rate: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """Factor rho_c/(rho_c + beta m . m) by which the clamp shrinks the initial matrix each epoch: about 0.85.

    power m . m and rate beta >= 0, radius rho_c in (0, 1); ValueError otherwise.  (derived here)
    """
    positive("power", power, "[)")
    positive("rate", rate, "[)")
    within("radius", radius, 0.0, 1.0, "()")
    power, radius, rate = floats(power, radius, rate)
    return radius / (radius + rate * power)


def habituated_recurrent(
    drive: Float[ArrayLike, " d"], noise: Float[ArrayLike, ""], radius: Float[ArrayLike, ""]
) -> Habituated:
    """The rest of habituation with its noise: W* of M = m m^T + Sigma, where m and Sigma are the closure under W*.

    Self-consistent in mean, covariance and kappa; gradients are implicit.
    drive h finite, noise sigma_xi >= 0, radius rho_c in (0, 1); ValueError otherwise.  (derived here)
    """
    finite("drive", drive)
    positive("noise", noise, "[)")
    within("radius", radius, 0.0, 1.0, "()")
    drive = jnp.asarray(drive, jnp.result_type(float, drive))
    noise, radius = jnp.asarray(noise, drive.dtype), jnp.asarray(radius, drive.dtype)
    start = decoupled_state(drive, radius)
    eye = jnp.eye(drive.size, dtype=drive.dtype)

    def second(moments):
        return moments.covariance + jnp.outer(moments.mean, moments.mean)

    def rest(moments, kappa):
        return second(moments) / (kappa + jnp.diagonal(second(moments)))[:, None]

    def step(here):
        moments, kappa = here
        recurrent = rest(moments, kappa)
        # The radius is nearly S/(kappa + c) with c << kappa, so that this step leaves c/kappa of an error.
        nearer = kappa * _radius(second(moments), kappa) / radius
        return carried(recurrent, recurrent @ moments.mean + drive, noise, moments), nearer

    first = Moments(start, noise**2 * eye)
    moments, kappa = tree_attractor(step, (first, jnp.trace(second(first)) / radius))
    return Habituated(rest(moments, kappa), moments)
