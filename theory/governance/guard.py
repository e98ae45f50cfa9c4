"""What the sentinel feels in a body at rest, the thresholds at which it lets go, and its orbit while others turn.

Quasi-static: the body stands in its fixed points, about which its own noise keeps it by linear response.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import floats, positive, unit
from .body import Body, chances, checked_body, output, slope
from .fixed_points import settled
from .linear_response import respond
from .sentinel import PAPER, Sentinel


class Felt(NamedTuple):
    """What the state, the output and the disagreement add to the discomfort."""

    state: Float[Array, ""]
    output: Float[Array, ""]
    disagreement: Float[Array, ""]


class Turns(NamedTuple):
    """The share at the end of a turn of cooperation, and at the end of one of defection."""

    trusting: Float[Array, ""]
    wary: Float[Array, ""]


def settled_discomfort(
    body: Body, body_share: Real[ArrayLike, ""], opponent: Real[ArrayLike, ""], sentinel: Sentinel = PAPER
) -> Float[Array, ""]:
    """D against a constant opponent o when the baselines have followed: the sum of `discomfort_parts`.

    body_share alpha and opponent o in [0, 1]; ValueError otherwise.  (derived here)
    """
    return sum(discomfort_parts(body, body_share, opponent, sentinel))


def discomfort_parts(
    body: Body, body_share: Real[ArrayLike, ""], opponent: Real[ArrayLike, ""], sentinel: Sentinel = PAPER
) -> Felt:
    """w_x sqrt(tr S/d) and w_a sqrt(2/pi) sd(a_body), which are noise, and w_e |a_body - o|, which lasts.

    body_share alpha and opponent o in [0, 1]; ValueError otherwise.  (derived here)
    """
    body = checked_body(body)
    share, opponent = chances(body.bias.dtype, body_share=body_share, opponent=opponent)
    strange, changed, action = _quiet(body, share, opponent)
    weights = sentinel.state_weight, sentinel.output_weight, sentinel.disagreement_weight
    return Felt(*(w * part for w, part in zip(weights, (strange, changed, jnp.abs(action - opponent)), strict=True)))


def _quiet(body, share, opponent):
    """Root mean square deviation of a neuron, mean deviation of the body's action, and that action, at rest."""
    rest = respond(body, share, opponent)
    action, gain = output(body, rest.state)
    spread = gain * jnp.sqrt(body.readout @ rest.covariance @ body.readout)
    return jnp.sqrt(jnp.trace(rest.covariance) / body.bias.size), jnp.sqrt(2 / jnp.pi) * spread, action


def threshold_at(
    body_share: Real[ArrayLike, "..."], discomfort: Real[ArrayLike, "..."], sentinel: Sentinel = PAPER
) -> Float[Array, "..."]:
    """The theta for which alpha is the equilibrium under D(alpha): D - (eta_up/eta_dn)(alpha_0 - alpha).

    At alpha_0 it is the boundary above which the sentinel never stirs, at the floor the one below which it keeps
    nothing for the body; between them the share is a matter of degree.
    body_share alpha in [0, 1], discomfort D >= 0; ValueError otherwise.  (derived here)
    """
    unit("body_share", body_share)
    positive("discomfort", discomfort, "[)")
    share, discomfort = floats(body_share, discomfort)
    return discomfort - sentinel.recovery / sentinel.intervention * (sentinel.baseline - share)


def pulse_discomfort(body: Body, body_share: Real[ArrayLike, ""], sentinel: Sentinel = PAPER) -> Float[Array, ""]:
    """D in the round after one defection among cooperation: the body has moved by D w2, and disagrees with the echo.

    Above it, a threshold keeps the sentinel from stirring at lone defections.
    body_share alpha in [0, 1]; ValueError otherwise.  (derived here)
    """
    body = checked_body(body)
    (share,) = chances(body.bias.dtype, body_share=body_share)
    calm, _, action = _quiet(body, share, jnp.ones_like(share))
    state = settled(body, share, jnp.ones_like(share))
    hit = state - slope(state) * body.other_input
    after = output(body, hit)[0]
    strange = jnp.sqrt(calm**2 + jnp.mean((hit - state) ** 2))
    return (
        sentinel.state_weight * strange
        + sentinel.output_weight * jnp.abs(after - action)
        + sentinel.disagreement_weight * after
    )


def turning_shares(body: Body, period: Real[ArrayLike, ""], sentinel: Sentinel = PAPER, rounds: int = 1024) -> Turns:
    """Shares at the ends of turns while an opponent cooperates and defects for tau rounds each, by turns.

    The body jumps between its two rests (alpha_0 among cooperators, the floor among defectors) one round late; the
    baselines stand at the part m of the way between the rests, m <- m + gamma_ema (target - m), so that
    D_state^2 = sigma^2 + (distance m)^2 and D_out is the like of it. The last turns of so many rounds.
    period tau >= 1 and at most a quarter of the rounds; ValueError otherwise.  (derived here)
    """
    body = checked_body(body)
    positive("period", period)
    dtype = body.bias.dtype
    period = jnp.asarray(period, dtype)
    high, low = jnp.asarray(sentinel.baseline, dtype), jnp.asarray(sentinel.floor, dtype)
    calm = settled(body, high, jnp.ones((), dtype)), settled(body, low, jnp.zeros((), dtype))
    noise = jnp.stack([jnp.stack(_quiet(body, *at)[:2]) for at in ((high, jnp.ones((), dtype)), (low, low * 0))])
    actions = jnp.stack([output(body, state)[0] for state in calm])
    apart = jnp.sqrt(jnp.mean((calm[0] - calm[1]) ** 2))

    def one(carry, time):
        share, followed, trusting, wary = carry
        turn = jnp.floor(time / period)
        # The body and the echo still belong to the turn of the round before.
        before = jnp.floor(jnp.maximum(time - 1, 0) / period).astype(int) % 2
        away = jnp.abs(before - followed)
        strange = jnp.sqrt(noise[before, 0] ** 2 + (apart * away) ** 2)
        changed = jnp.maximum(noise[before, 1], jnp.abs(actions[0] - actions[1]) * away)
        torn = jnp.abs(actions[before] - (1 - before))
        felt = sentinel.state_weight * strange + sentinel.output_weight * changed + sentinel.disagreement_weight * torn
        moved = share + sentinel.recovery * (sentinel.baseline - share)
        share = jnp.clip(moved - sentinel.intervention * jnp.maximum(felt - sentinel.threshold, 0), low, 1)
        followed = followed + sentinel.memory_rate * (before - followed)
        last = jnp.floor((time + 1) / period) > turn
        trusting = jnp.where(last & (turn % 2 == 0), share, trusting)
        wary = jnp.where(last & (turn % 2 == 1), share, wary)
        return (share, followed, trusting, wary), None

    start = (high, jnp.zeros((), dtype), high, high)
    (_, _, trusting, wary), _ = jax.lax.scan(one, start, jnp.arange(rounds, dtype=dtype))
    return Turns(trusting, wary)
