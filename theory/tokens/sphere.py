"""Normalised tokens, dx_l/dt = (I - x_l x_l^T) y_l with |x_l| = 1, as a pre-norm network keeps them.

The first token rests; of the second everything is known. The signs turn round: M positive definite collapses tokens
onto the first, M negative definite keeps them apart.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import floats, positive, within
from ._checks import finite, nonzero, typed
from ._march import differentiable, march


def sphere_cotangent(
    exposure: Real[ArrayLike, "..."],
    cotangent: Real[ArrayLike, "..."],
    along: Real[ArrayLike, "..."],
    across: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """cot phi + beta_e/beta_1 = (cot phi_0 + beta_e/beta_1) exp(beta_1 W), phi the angle from x_1 to x_2; any M.

    exposure: W = integral of Delta(x_1) exp(-a Delta(x_2)) dt >= 0; along: beta_1 = x_1 . M x_1; across: beta_e =
    e . M x_1 with e the unit part of x_2 orthogonal to x_1. At beta_1 = 0, cot phi_0 + beta_e W.
    All finite; ValueError otherwise.  (derived here)
    """
    positive("exposure", exposure, "[)")
    finite(cotangent=cotangent, along=along, across=across)
    exposure, cotangent, along, across = floats(exposure, cotangent, along, across)
    grown = along * exposure
    near = abs(grown) < 1e-6
    safe = jnp.where(near, 1, grown)
    # (e^g - 1)/g
    shape = jnp.where(near, 1 + grown / 2 * (1 + grown / 3), jnp.expm1(safe) / safe)
    return cotangent * jnp.exp(grown) + across * exposure * shape


def _frame(first: Any, second: Any, matrix: Any, slope: Any, decay: Any, bias: Any):
    finite(first=first, second=second, matrix=matrix, slope=slope, bias=bias)
    positive("decay", decay, "[)")
    first, second, matrix, slope, decay, bias = typed(first, second, matrix, slope, decay, bias)
    within("|first|", jnp.linalg.norm(first), 1 - 1e-5, 1 + 1e-5)
    within("|second|", jnp.linalg.norm(second), 1 - 1e-5, 1 + 1e-5)
    cosine = first @ second
    across = second - cosine * first
    sine = jnp.linalg.norm(across)
    positive("sine of the angle between the tokens", sine)
    return first, across / sine, cosine / sine, matrix @ first, slope, decay, bias


@differentiable
def _exposure(
    time: Array, cotangent: Array, along: Array, across: Array, steps: Array, decay: Array, bias: Array
) -> Array:
    """W(t), from dt/dW = exp(a Delta(x_2))/Delta(x_1): the angle is closed in W, and time is one scalar equation."""
    first_step = jax.nn.softplus(steps[0] + bias)

    def field(state):
        cot = sphere_cotangent(state[0], cotangent, along, across)
        radius = jnp.sqrt(1 + cot**2)
        projected = (cot * steps[0] + steps[1]) / radius
        return time * first_step * jnp.exp(-decay * jax.nn.softplus(projected + bias))[None]

    return march(field, jnp.zeros(1, time.dtype), np.full(1, 1e-3), length=1.0, step=0.05)[0]


def sphere_second_token(
    time: Real[ArrayLike, ""],
    first: Real[ArrayLike, " channels"],
    second: Real[ArrayLike, " channels"],
    matrix: Real[ArrayLike, "channels channels"],
    slope: Real[ArrayLike, " channels"],
    decay: Real[ArrayLike, ""],
    bias: Real[ArrayLike, ""] = 0.0,
) -> Float[Array, " channels"]:
    """x_2(t) on the sphere for any M and a shared step size: in the plane of x_1 and x_2(0), at a closed angle.

    time >= 0; first and second of length 1 and not parallel; decay >= 0; ValueError otherwise.  (derived here)
    """
    positive("time", time, "[)")
    first, across, cotangent, image, slope, decay, bias = _frame(first, second, matrix, slope, decay, bias)
    time = jnp.asarray(time, first.dtype)
    along, sideways = first @ image, across @ image
    steps = jnp.stack([slope @ first, slope @ across])
    exposure = _exposure(time, cotangent, along, sideways, steps, decay, bias)
    cot = sphere_cotangent(exposure, cotangent, along, sideways)
    return (cot * first + across) / jnp.sqrt(1 + cot**2)


def sphere_limit(
    first: Real[ArrayLike, " channels"],
    second: Real[ArrayLike, " channels"],
    matrix: Real[ArrayLike, "channels channels"],
) -> Float[Array, " channels"]:
    """Limit of x_2: sign((M x_1) . x_2(0)) x_1 if beta_1 = x_1 . M x_1 > 0, else in the hyperplane of M x_1.

    first and second of length 1 and not parallel, beta_1 not 0; ValueError otherwise.  (derived here)
    """
    flat = np.zeros(np.shape(first), np.float32)
    first, across, cotangent, image, *_ = _frame(first, second, matrix, flat, 0.0, 0.0)
    along, sideways = first @ image, across @ image
    nonzero(**{"first . matrix first": along})
    cot = -sideways / along
    side = jnp.sign(along * cotangent + sideways)
    return jnp.where(along > 0, side * first, (cot * first + across) / jnp.sqrt(1 + cot**2))


def alignment_rate(
    first: Real[ArrayLike, " channels"],
    matrix: Real[ArrayLike, "channels channels"],
    slope: Real[ArrayLike, " channels"],
    decay: Real[ArrayLike, ""],
    bias: Real[ArrayLike, ""] = 0.0,
    side: Real[ArrayLike, ""] = 1.0,
) -> Float[Array, ""]:
    """beta_1 Delta(x_1) exp(-a Delta(side x_1)): exponential rate at which tan phi -> 0 (beta_1 > 0), x_2 -> side x_1.

    side: 1 or -1; decay >= 0, all finite; ValueError otherwise.  (derived here)
    """
    finite(first=first, matrix=matrix, slope=slope, bias=bias)
    within("side", side, -1.0, 1.0)
    positive("decay", decay, "[)")
    first, matrix, slope, decay, bias, side = typed(first, matrix, slope, decay, bias, side)
    steps = jax.nn.softplus(jnp.stack([slope @ first, side * (slope @ first)]) + bias)
    return first @ matrix @ first * steps[0] * jnp.exp(-decay * steps[1])


def sphere_first_token(
    token: Real[ArrayLike, " channels"], steps: Real[ArrayLike, " channels"], exposure: Real[ArrayLike, ""]
) -> Float[Array, " channels"]:
    """x ~ x(0) exp(Delta Q), normalised: the first token with a fixed step size for each channel.

    exposure: Q = integral of x^T M x dt, of either sign; it selects the channels of the largest (Q -> inf) or of the
    smallest step size (Q -> -inf). token of length 1, steps > 0, exposure finite; ValueError otherwise.  (derived here)
    """
    finite(token=token, exposure=exposure)
    positive("steps", steps)
    token, steps, exposure = typed(token, steps, exposure)
    within("|token|", jnp.linalg.norm(token), 1 - 1e-5, 1 + 1e-5)
    weights = steps * exposure
    grown = token * jnp.exp(weights - jax.lax.stop_gradient(jnp.max(weights)))
    return grown / jnp.linalg.norm(grown)
