"""Habituation: batch Oja learning of the recurrent weights under cooperation, with a homeostatic clamp.

The official code averages x x^T over a batch and then makes one step of Oja's rule, with *uncentred* moments. That
step raises the spectral radius every epoch and the clamp at 0.99 takes it back by shrinking everything else: the
random matrix dies out geometrically and W becomes rank one, whatever the paper says of a slow fall to 0.82. Centred
moments are an option. They leave the clamp idle in most bodies, not in all: where the leading eigenvalue is real, its
own direction has the largest variance, Oja's rule turns W_ii towards 1 and M_ij/M_ii along it, and the radius creeps
up; of 32 bodies six reached 0.99 within 300 epochs, and the largest radius of the others was 0.95.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Real, Shaped

from dynamics import _check
from dynamics.governance.body import Body, Readout, body_action, step
from dynamics.governance.spectrum import power_iteration, spectral_radius

RATE, LOWEST, HIGHEST = 0.01, 0.05, 0.99
EPOCHS, BATCH = 200, 500


def second_moments(states: Float[Array, "*rounds d"], centred: bool = False) -> Float[Array, "d d"]:
    """<x x^T> over all states as published, or their covariance."""
    rows = states.reshape(-1, states.shape[-1])
    rows = rows - rows.mean(0) if centred else rows
    return rows.T @ rows / len(rows)


def oja(
    recurrent: Float[Array, "d d"], moments: Float[Array, "d d"], rate: Real[Array, ""] | float = RATE
) -> Float[Array, "d d"]:
    """One batch step, dW_ij = rate (<x_i x_j> - W_ij <x_i^2>)."""
    return recurrent + rate * (moments - jnp.diag(moments)[:, None] * recurrent)


def clamped(recurrent: Float[Array, "d d"]) -> Float[Array, "d d"]:
    """W rescaled into spectral radii of [0.05, 0.99], its radius taken exactly."""
    radius = spectral_radius(recurrent)
    return recurrent * jnp.where(radius > HIGHEST, HIGHEST / radius, _raised(radius, radius))


def clamped_by_power_iteration(recurrent: Float[Array, "d d"], starts: Float[Array, "2 d"]) -> Float[Array, "d d"]:
    """The official clamp: one power iteration decides, and a second one, from another start, is the divisor."""
    radius, divisor = power_iteration(recurrent, starts[0]), power_iteration(recurrent, starts[1])
    return recurrent * jnp.where(radius > HIGHEST, HIGHEST / divisor, _raised(radius, divisor))


def _raised(radius, divisor):
    return jnp.where((radius > 1e-10) & (radius < LOWEST), LOWEST / divisor, 1.0)


class Habituated(NamedTuple):
    """What becomes of W: its value after every `every` epochs, and the radius it had there before the clamp."""

    recurrent: Float[Array, "records d d"]
    unclamped: Float[Array, " records"]


def given(noise: Float[Array, "..."]) -> Float[Array, "..."]:
    """Noise that is handed over as it stands."""
    return noise


@partial(jax.jit, static_argnames=("draw", "every", "centred"))
def habituate(
    body: Body,
    noise: Shaped[Array, "epochs ..."],
    *,
    draw: Callable[..., Float[Array, "rounds *copies d"]] = given,
    every: int,
    starts: Float[Array, "2 d"] | None = None,
    readout: Readout | None = None,
    share: Real[Array, ""] | float = 0.0,
    centred: bool = False,
    rate: Real[Array, ""] | float = RATE,
) -> Habituated:
    """Epochs of cooperation, each ended by one step of Oja's rule and the clamp; states carry over, from rest.

    noise: what `draw` turns into the noise of one epoch, (rounds, [copies,] d); by default that noise itself, for all
    epochs. Copies are moved side by side and pooled in the moments.  every: how many epochs lie between records.
    starts: the start vectors of the official clamp; the exact one without.  readout, share: closed loop, the own
    action being share * body + (1 - share) * 1; constant cooperation without.  centred: covariances in Oja's rule.
    """
    epochs = len(noise)
    if _check.whole("every", every, 1) > epochs or epochs % every:
        raise ValueError(f"Argument `every` must divide the {epochs} epochs, but is {every}.")

    def round_(recurrent, state, xi):
        own = 1.0 if readout is None else share * body_action(readout, state) + (1 - share)
        state = step(body._replace(recurrent=recurrent), state, own, 1.0, xi)
        return state, state

    def epoch(carry, noise):
        recurrent, state, _ = carry
        state, states = jax.lax.scan(partial(round_, recurrent), state, draw(noise))
        stepped = oja(recurrent, second_moments(states, centred), rate)
        kept = clamped(stepped) if starts is None else clamped_by_power_iteration(stepped, starts)
        return (kept, state, stepped), None

    def record(carry, noises):
        carry, _ = jax.lax.scan(epoch, carry, noises)
        return carry, Habituated(carry[0], spectral_radius(carry[2]))

    like = jax.eval_shape(draw, noise[0])
    start = (body.recurrent, jnp.zeros(like.shape[1:], like.dtype), body.recurrent)
    noises = noise.reshape(epochs // every, every, *noise.shape[1:])
    return jax.lax.scan(record, start, noises)[1]
