"""How much less a body's action varies than the echo's: the published bound, and one that says something."""

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .body import Body, chances, checked_body, output, slope
from .fixed_points import jacobian, settled


def published_smoothing_bound(body: Body, cooperation: Real[ArrayLike, ""]) -> Float[Array, ""]:
    """(1/16) ||w||^2 ||w2||^2 q (1 - q)/(1 - ||J||_2)^2, the paper's bound on Var_1[a]; inf unless ||J||_2 < 1.

    It forgets the body's own noise, and for the paper's bodies is larger (0.33) than the 0.09 of tit-for-tat.
    cooperation q in [0, 1]; ValueError otherwise.  (arXiv 2602.20846, Thm smoothing (b))
    """
    body, cooperation, _, norm = _there(body, cooperation)
    power = jnp.sum(body.readout**2) * jnp.sum(body.other_input**2) / 16
    safe = jnp.where(norm < 1, 1 - norm, 1)
    return jnp.where(norm < 1, power * cooperation * (1 - cooperation) / safe**2, jnp.inf)


def smoothing_bound(body: Body, cooperation: Real[ArrayLike, ""]) -> Float[Array, ""]:
    """sigmoid'^2 ||w||^2 (q (1 - q) ||D w2||^2 + sigma_xi^2)/(1 - ||J||_2^2); inf unless ||J||_2 < 1.

    The slope at the state instead of 1/4, D kept on the input, the sum of squares instead of the square of the
    sum, and the noise: never below the linear theory's variance at alpha = 1.
    cooperation q in [0, 1]; ValueError otherwise.  (derived here)
    """
    return sum(smoothing_bound_parts(body, cooperation))


def smoothing_bound_parts(body: Body, cooperation: Real[ArrayLike, ""]) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """The two terms of `smoothing_bound`, that of the opponent's pulses and that of the body's noise.

    cooperation q in [0, 1]; ValueError otherwise.  (derived here)
    """
    body, cooperation, state, norm = _there(body, cooperation)
    power = output(body, state)[1] ** 2 * jnp.sum(body.readout**2)
    safe = jnp.where(norm < 1, (1 - norm) * (1 + norm), 1)
    pulse = cooperation * (1 - cooperation) * jnp.sum((slope(state) * body.other_input) ** 2)
    return tuple(jnp.where(norm < 1, power * part / safe, jnp.inf) for part in (pulse, body.noise**2))


def _there(body: Body, cooperation):
    body = checked_body(body)
    (cooperation,) = chances(body.bias.dtype, cooperation=cooperation)
    state = settled(body, jnp.ones_like(cooperation), cooperation)
    return body, cooperation, state, jnp.linalg.norm(jacobian(body, state, 1.0), 2)
