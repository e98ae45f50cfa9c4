"""The history mixture: a body's state is a Gaussian for each recent history of the opponent, all within 8 percent.

A body forgets: what the opponent did more than K rounds ago is worth its mean. For each of the 2^(K + 1) histories
o(t - K - 1), ..., o(t - 1) the closure of `moments` is carried K steps from the linear theory's state; the histories'
chances weigh the results. No Monte Carlo, and differentiable in everything.
"""

from typing import NamedTuple, SupportsIndex

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import whole
from .body import Body, chances, checked_body, finite
from .linear_response import respond
from .moments import Moments, carried, readout_moments

# rho(J)^5 is about 6e-4 at the paper's parameters.
MEMORY = 5


class Mixture(NamedTuple):
    """Gaussian mixture: weights (components,), means (components, d), covariances (components, d, d)."""

    weights: Float[Array, " components"]
    means: Float[Array, "components d"]
    covariances: Float[Array, "components d d"]


class ActionLaw(NamedTuple):
    """Mean and variance of the action, and mean of the body's own output."""

    mean: Float[Array, ""]
    variance: Float[Array, ""]
    body_mean: Float[Array, ""]


def history_mixture(
    body: Body,
    body_share: Real[ArrayLike, ""],
    cooperation: Real[ArrayLike, ""],
    memory: SupportsIndex = MEMORY,
) -> Mixture:
    """Law of the state in the loop with share alpha against an opponent of cooperation q, by its last K + 1 moves.

    The last component is the history without a defection.
    body_share alpha, cooperation q in [0, 1], memory K >= 1; ValueError otherwise.  (derived here)
    """
    return mixed(*_checked(body, body_share, cooperation), whole("memory", memory, 1))[0]


def action_law(
    body: Body,
    body_share: Real[ArrayLike, ""],
    cooperation: Real[ArrayLike, ""],
    memory: SupportsIndex = MEMORY,
) -> ActionLaw:
    """Stationary mean and variance of the action against an opponent of cooperation q.

    body_share alpha, cooperation q in [0, 1], memory K >= 1; ValueError otherwise.  (derived here)
    """
    body, share, cooperation = _checked(body, body_share, cooperation)
    return law_of(body, share, *mixed(body, share, cooperation, whole("memory", memory, 1)))


def law_of(body: Body, share: Array, mixture: Mixture, echoes: Array) -> ActionLaw:
    """The action's law from that of the state, the echo of each history beside it."""
    each = jax.vmap(lambda m, s: readout_moments(body, Moments(m, s)))(mixture.means, mixture.covariances)
    body_means, body_variances, _ = each
    means = share * body_means + (1 - share) * echoes
    mean = mixture.weights @ means
    variance = mixture.weights @ (share**2 * body_variances + (means - mean) ** 2)
    return ActionLaw(mean, variance, mixture.weights @ body_means)


def quiet_moments(body: Body, memory: SupportsIndex = MEMORY) -> Moments:
    """p_hab: the body alone (alpha = 1) against an opponent who always cooperates, one Gaussian.

    memory K >= 1; ValueError otherwise.  (arXiv 2602.20846, Def. habituated baseline)
    """
    body, steps = checked_body(body), whole("memory", memory, 1)
    one = jnp.ones((), body.bias.dtype)
    start = respond(body, one, one)
    here = Moments(start.state, start.covariance)
    return jax.lax.scan(lambda here, _: (_round(body, one, here, one, one), None), here, length=steps)[0]


def mixture_moments(mixture: Mixture) -> Moments:
    """Mean and covariance of a Gaussian mixture, sum p_h (S_h + (m_h - m)(m_h - m)^T).

    Finite; ValueError otherwise.  (derived here)
    """
    for name, part in zip(Mixture._fields, mixture, strict=True):
        finite(f"mixture.{name}", part)
    mean = mixture.weights @ mixture.means
    apart = mixture.means - mean
    between = (mixture.weights[:, None] * apart).T @ apart
    return Moments(mean, jnp.tensordot(mixture.weights, mixture.covariances, 1) + between)


def _round(body: Body, share: Array, here: Moments, echo: Array, opponent: Array) -> Moments:
    """One round of the closed loop: the action echoes the previous move, the state perceives this one."""
    action, _, gain = readout_moments(body, here)
    mixed = share * action + (1 - share) * echo
    matrix = body.recurrent + share * gain * jnp.outer(body.own_input, body.readout)
    drive = body.recurrent @ here.mean + body.own_input * mixed + body.other_input * opponent + body.bias
    return carried(matrix, drive, body.noise, here)


def mixed(body: Body, share: Array, cooperation: Array, steps: int) -> tuple[Mixture, Array]:
    """`history_mixture` without checks, and the opponent's last move in each history."""
    start = respond(body, share, cooperation)
    moves = np.arange(2 ** (steps + 1))[:, None] >> np.arange(steps + 1)[::-1] & 1
    histories = jnp.asarray(moves, start.state.dtype)

    def carry(history):
        def go(here, pair):
            return _round(body, share, here, pair[0], pair[1]), None

        pairs = jnp.stack([history[:-1], history[1:]], axis=1)
        return jax.lax.scan(go, Moments(start.state, start.covariance), pairs)[0]

    each = jax.vmap(carry)(histories)
    weights = jnp.prod(jnp.where(moves == 1, cooperation, 1 - cooperation), axis=1)
    return Mixture(weights, each.mean, each.covariance), histories[:, -1]


def _checked(body, body_share, cooperation):
    body = checked_body(body)
    return body, *chances(body.bias.dtype, body_share=body_share, cooperation=cooperation)
