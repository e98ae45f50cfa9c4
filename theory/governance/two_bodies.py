"""Two bodies in one loop, or a body before an opponent who echoes: joint states, stability, fluctuations.

Both move at once: a_i(t) = alpha_i a_body,i(t) + (1 - alpha_i) a_j(t - 1), and each then perceives (own, other). A
share of 0 is tit-for-tat. The joint state is y = (x_1, x_2, a_1, a_2), the actions being those of the round before.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Complex, Float, Real

from ._solve import attractor, lyapunov, spectral_radius_of
from .body import Body, chances, checked_body, output
from .encounters import slowest_first


class Pair(NamedTuple):
    """A joint state: both reservoirs, and both actions of the round before."""

    first: Float[Array, " d1"]
    second: Float[Array, " d2"]
    first_action: Float[Array, ""]
    second_action: Float[Array, ""]


class PairResponse(NamedTuple):
    """Joint state, spectral radius of its Jacobian, and the covariance of the two actions that both noises cause."""

    state: Pair
    radius: Float[Array, ""]
    action_covariance: Float[Array, "2 2"]


def pair_map(first: Body, second: Body, state: Pair, shares: tuple[Real[ArrayLike, ""], Real[ArrayLike, ""]]) -> Pair:
    """One noise-free round of two bodies with shares (alpha_1, alpha_2).  (derived here)"""
    share, other_share = shares
    action = share * output(first, state.first)[0] + (1 - share) * state.second_action
    reply = other_share * output(second, state.second)[0] + (1 - other_share) * state.first_action

    def perceive(body, reservoir, own, other):
        return jnp.tanh(body.recurrent @ reservoir + body.own_input * own + body.other_input * other + body.bias)

    return Pair(
        perceive(first, state.first, action, reply), perceive(second, state.second, reply, action), action, reply
    )


def pair_state(
    first: Body,
    second: Body,
    first_share: Real[ArrayLike, ""],
    second_share: Real[ArrayLike, ""],
    opening: Real[ArrayLike, ""] = 1.0,
) -> Pair:
    """The joint state that two bodies reach from x = 0 and actions `opening`; gradients are implicit.

    Two echoes repeat their opening for ever, which is no attractor: at least one share must be positive.
    shares alpha_1, alpha_2 and opening in [0, 1]; ValueError otherwise.  (derived here)
    """
    first, second, shares = _checked(first, second, first_share, second_share)
    (opening,) = chances(first.bias.dtype, opening=opening)
    return _settled(first, second, shares, opening)


def pair_response(
    first: Body,
    second: Body,
    first_share: Real[ArrayLike, ""],
    second_share: Real[ArrayLike, ""],
    opening: Real[ArrayLike, ""] = 1.0,
) -> PairResponse:
    """Stability and linear fluctuations of the joint state: S = J S J^T + diag(sigma_1^2 I, sigma_2^2 I, 0).

    The state is stable iff the radius is below 1; the covariance is infinite otherwise.
    shares alpha_1, alpha_2 and opening in [0, 1], not both shares 0; ValueError otherwise.  (derived here)
    """
    first, second, shares = _checked(first, second, first_share, second_share)
    (opening,) = chances(first.bias.dtype, opening=opening)
    state = _settled(first, second, shares, opening)
    matrix = _jacobian(first, second, state, shares)
    noise = jnp.concatenate(
        [jnp.full_like(state.first, first.noise**2), jnp.full_like(state.second, second.noise**2), jnp.zeros(2)]
    ).astype(matrix.dtype)
    covariance = lyapunov(matrix, jnp.diag(noise))
    return PairResponse(state, spectral_radius_of(matrix), covariance[-2:, -2:])


def pair_spectrum(
    first: Body,
    second: Body,
    first_share: Real[ArrayLike, ""],
    second_share: Real[ArrayLike, ""],
    opening: Real[ArrayLike, ""] = 1.0,
) -> Complex[Array, " modes"]:
    """Eigenvalues of a round about the joint state, the slowest first: `mode` reads rate and period of the leading one.

    Were the bodies unmoved, they would be +- sqrt((1 - alpha_1)(1 - alpha_2)): what is mirrored, mutual retaliation of
    period 2 and mutual forgiveness, dies with the shares of what mirrors.
    shares alpha_1, alpha_2 and opening in [0, 1], not both shares 0; ValueError otherwise.  (derived here)
    """
    first, second, shares = _checked(first, second, first_share, second_share)
    (opening,) = chances(first.bias.dtype, opening=opening)
    state = _settled(first, second, shares, opening)
    return slowest_first(jnp.linalg.eigvals(_jacobian(first, second, state, shares)))


def _jacobian(first, second, state, shares):
    flat, unflat = _flat(state)
    return jax.jacobian(lambda y: _flat(pair_map(first, second, unflat(y), shares))[0])(flat)


def _checked(first, second, first_share, second_share):
    first, second = checked_body(first, "first"), checked_body(second, "second")
    shares = chances(first.bias.dtype, first_share=first_share, second_share=second_share)
    if not any(isinstance(share, jax.core.Tracer) for share in shares) and max(map(float, shares)) == 0:
        raise ValueError("Arguments `first_share` and `second_share` must not both be 0: two echoes have no attractor.")
    return first, second, tuple(shares)


def _settled(first, second, shares, opening):
    start, unflat = _flat(Pair(jnp.zeros_like(first.bias), jnp.zeros_like(second.bias), opening, opening))
    return unflat(attractor(lambda y: _flat(pair_map(first, second, unflat(y), shares))[0], start))


def _flat(state: Pair):
    first, second = state.first.size, state.second.size

    def unflat(y):
        return Pair(y[:first], y[first : first + second], y[-2], y[-1])

    return jnp.concatenate([state.first, state.second, state.first_action[None], state.second_action[None]]), unflat
