"""Bodies developed and habituated on paper, and what their action's variance owes to their dimension.

Var_1(d) = A + B/d: the body's noise is averaged by a readout with ||w||^2 ~ 1/d, the opponent's pulse is not, because
the readout points along the difference that a change of both actions makes.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import positive, within
from .body import Body, chances, checked_body, output, quiet_drive, slope
from .fixed_points import settled
from .habituation import Habituated, decoupled_state, habituated_recurrent, rank_one_recurrent
from .linear_response import respond
from .moments import driven_moments
from .readout import population_readout


class VarianceParts(NamedTuple):
    """Variance of the action at alpha = 1 by source, in the linear theory; alignment is w . (D w2)."""

    noise: Float[Array, ""]
    pulse: Float[Array, ""]
    alignment: Float[Array, ""]


def developed_body(body: Body, ridge: Float[ArrayLike, ""]) -> Body:
    """The body with the readout that endless development would give it: population ridge on the two drives' closures.

    Its own readout and offset are not looked at.  ridge lambda >= 0; ValueError otherwise.  (derived here)
    """
    body = checked_body(body)
    positive("ridge", ridge, "[)")
    classes = (driven_moments(body.recurrent, quiet_drive(body, both, both), body.noise) for both in (1.0, 0.0))
    readout = population_readout(*classes, jnp.asarray(ridge, body.bias.dtype))
    return body._replace(readout=readout.weights, offset=readout.offset)


def habituated_body(body: Body, radius: Float[ArrayLike, ""], noisy: bool = True) -> Body:
    """The body with the recurrent matrix at which habituation to mutual cooperation rests.

    noisy: with the noise's own second moments; otherwise the dyad of the noise-free state.
    radius rho_c in (0, 1); ValueError otherwise.  (derived here)
    """
    body = checked_body(body)
    within("radius", radius, 0.0, 1.0, "()")
    drive = quiet_drive(body)
    if noisy:
        rest: Habituated = habituated_recurrent(drive, body.noise, radius)
        return body._replace(recurrent=rest.recurrent)
    return body._replace(recurrent=rank_one_recurrent(decoupled_state(drive, radius), radius))


def variance_parts(body: Body, cooperation: Real[ArrayLike, ""]) -> VarianceParts:
    """Noise and pulse parts of Var_1[a] against an opponent of cooperation q.

    cooperation q in [0, 1]; ValueError otherwise.  (derived here)
    """
    body = checked_body(body)
    (cooperation,) = chances(body.bias.dtype, cooperation=cooperation)
    answer = respond(body, jnp.ones_like(cooperation), cooperation)
    alignment = body.readout @ (slope(answer.state) * body.other_input)
    return VarianceParts(answer.noise_variance, answer.pulse_variance, alignment)


def first_pulse_variance(body: Body, cooperation: Real[ArrayLike, ""]) -> Float[Array, ""]:
    """sigmoid'^2 [sigma_xi^2 ||w||^2 + q (1 - q)(w . D w2)^2], the leading terms of Var_1[a], without recurrence.

    cooperation q in [0, 1]; ValueError otherwise.  (derived here)
    """
    body = checked_body(body)
    (cooperation,) = chances(body.bias.dtype, cooperation=cooperation)
    state = settled(body, jnp.ones_like(cooperation), cooperation)
    noise = body.noise**2 * jnp.sum(body.readout**2)
    pulse = cooperation * (1 - cooperation) * (body.readout @ (slope(state) * body.other_input)) ** 2
    return output(body, state)[1] ** 2 * (noise + pulse)


def pulse_strength(body: Body, cooperation: Real[ArrayLike, ""]) -> Float[Array, ""]:
    """s = q (1 - q) ||D w2||^2/sigma_xi^2, what one pulse is worth in units of the noise; proportional to d.

    `rank_one_divergence` of it is the leading cost of noise in nats.
    cooperation q in [0, 1], noise positive; ValueError otherwise.  (derived here)
    """
    body = checked_body(body)
    positive("body.noise", body.noise)
    (cooperation,) = chances(body.bias.dtype, cooperation=cooperation)
    state = settled(body, jnp.ones_like(cooperation), cooperation)
    return cooperation * (1 - cooperation) * jnp.sum((slope(state) * body.other_input) ** 2) / body.noise**2
