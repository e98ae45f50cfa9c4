"""Opponents that react: memory-one rules, what they pay constant actions, and how much share a body may have before it
pays a best responder to defect.
"""

from typing import NamedTuple, SupportsIndex

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import floats, unit, whole, within
from .game import DILEMMA, Game, payoff


class Rule(NamedTuple):
    """How far an opponent cooperates after (R, S, T, P) of its own, affine between; and what it does at first."""

    reward: float
    sucker: float
    temptation: float
    punishment: float
    first: float = 1.0


TIT_FOR_TAT = Rule(1.0, 0.0, 1.0, 0.0)
WIN_STAY_LOSE_SHIFT = Rule(1.0, 0.0, 0.0, 1.0)


def answer(rule: Rule, own: Real[ArrayLike, "..."], other: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """What the rule does after it played `own` and met `other`: affine in either.

    own and other in [0, 1]; ValueError otherwise.  (derived here)
    """
    unit("own", own)
    unit("other", other)
    own, other = floats(own, other)
    return answered(rule, own, other)


def answered(rule: Rule, own: Array | float, other: Array | float) -> Array:
    """`answer` without checks."""
    met = rule.reward * own + rule.temptation * (1 - own)
    return met * other + (rule.sucker * own + rule.punishment * (1 - own)) * (1 - other)


def reply_to_constant(rule: Rule, action: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """Long-run mean o* of the rule against a constant action a: A/(1 - B) of o' = A + B o, its first where B = 1.

    a itself for tit-for-tat; 1/2 for win-stay lose-shift, but 1 at a = 1. Where B = -1 it is the mean of a cycle.
    action a in [0, 1]; ValueError otherwise.  (derived here)
    """
    unit("action", action)
    (action,) = floats(action)
    base = answered(rule, 0.0, action)
    kept = answered(rule, 1.0, action) - base
    stuck = kept == 1
    return jnp.where(stuck, rule.first, base / jnp.where(stuck, 1, 1 - kept))


def constant_payoff(rule: Rule, action: Real[ArrayLike, "..."], game: Game = DILEMMA) -> Float[Array, "..."]:
    """Long-run mean payoff of a constant action: 1 + 3a - a^2 against tit-for-tat, best at full cooperation;
    3 - 3a/2 against win-stay lose-shift but for 3 at a = 1.

    action a in [0, 1]; ValueError otherwise.  (derived here)
    """
    return payoff(action, reply_to_constant(rule, action), game)


class ShareBounds(NamedTuple):
    """Shares up to which a best responder always cooperates, and from which on it always defects."""

    cooperates: Float[Array, "..."]
    defects: Float[Array, "..."]


def exploitation_bounds(body_action: Real[ArrayLike, "..."]) -> ShareBounds:
    """1/(2 + b) and 3/(4 + b): between them the best responder defects every other round.

    The agent plays a = alpha b + (1 - alpha) o', o' being the last action of an opponent with unlimited foresight, b
    the action of a body that does not mind. For ever C pays it 3 (alpha b + 1 - alpha), for ever D 1 + 4 alpha b, and
    in turns (7 alpha b + 1 + 4 (1 - alpha))/2.  body_action b in [0, 1]; ValueError otherwise.  (derived here)
    """
    unit("body_action", body_action)
    (body_action,) = floats(body_action)
    return ShareBounds(1 / (2 + body_action), 3 / (4 + body_action))


def best_reply(
    share: Real[ArrayLike, "..."],
    body_action: Real[ArrayLike, "..."],
    horizon: SupportsIndex,
    discount: float = 1.0,
    game: Game = DILEMMA,
) -> Float[Array, "... 2"]:
    """First action of the best plan over so many rounds, after a defection of its own and after a cooperation.

    Dynamic programming over the one number that an unmoved body's agent remembers: V_h(o') = max_o u(o, alpha b +
    (1 - alpha) o') + discount V_{h-1}(o); of equal plans the kindest. Without discount, plans that defect in turns pay
    alike whatever turn comes first, and a planner who begins anew every round may put its kindness off for ever.
    share alpha and body_action b in [0, 1], horizon >= 1, discount in (0, 1]; ValueError otherwise.  (derived here)
    """
    within("discount", discount, 0.0, 1.0, "(]")
    unit("share", share)
    unit("body_action", body_action)
    share, body_action = jnp.broadcast_arrays(*floats(share, body_action))
    corners = jnp.arange(2, dtype=share.dtype)
    met = share[..., None] * body_action[..., None] + (1 - share[..., None]) * corners
    worth = jnp.zeros_like(met)
    for _ in range(whole("horizon", horizon, 1)):
        kind = payoff(1.0, met, game) + discount * worth[..., 1:]
        hard = payoff(0.0, met, game) + discount * worth[..., :1]
        worth = jnp.maximum(kind, hard)
    return (kind >= hard).astype(share.dtype)


def best_cooperation(
    share: Real[ArrayLike, "..."], body_action: Real[ArrayLike, "..."], horizon: SupportsIndex, discount: float = 1.0
) -> Float[Array, "..."]:
    """Long-run mean action of a best responder who begins after mutual cooperation: 1, 1/2 or 0.

    share alpha and body_action b in [0, 1], horizon >= 1; ValueError otherwise.  (derived here)
    """
    reply = best_reply(share, body_action, horizon, discount)
    after_defection, after_cooperation = reply[..., 0], reply[..., 1]
    return jnp.where(after_cooperation > 0, 1.0, 0.5 * after_defection)
