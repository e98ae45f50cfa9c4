"""The game, and what its bilinear payoff says without any knowledge of the agent.

An opponent that does not react makes the mean payoff an affine and, where T > R and P > S, decreasing function of the
agent's mean action: every comparison of payoffs on an open-loop schedule is a comparison of mean actions.
"""

from typing import NamedTuple, SupportsIndex

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import floats, unit, whole


class Game(NamedTuple):
    """Payoffs (R, S, T, P) of the prisoner's dilemma; the paper's are (3, 0, 5, 1)."""

    reward: float = 3.0
    sucker: float = 0.0
    temptation: float = 5.0
    punishment: float = 1.0


DILEMMA = Game()


def payoff(
    action: Real[ArrayLike, "..."], opponent: Real[ArrayLike, "..."], game: Game = DILEMMA
) -> Float[Array, "..."]:
    """u(a, o) = R a o + S a (1 - o) + T (1 - a) o + P (1 - a)(1 - o), affine in each argument.

    action and opponent in [0, 1]; ValueError otherwise.  (arXiv 2602.20846, section 2)
    """
    unit("action", action)
    unit("opponent", opponent)
    action, opponent = floats(action, opponent)
    base, by_action, by_opponent, by_both = coefficients(game)
    return base + by_action * action + by_opponent * opponent + by_both * action * opponent


def coefficients(game: Game) -> tuple[float, float, float, float]:
    """(c, c_a, c_o, c_ao) of u = c + c_a a + c_o o + c_ao a o; 1, -1, 4, -1 for the paper's payoffs."""
    reward, sucker, temptation, punishment = game
    by_action, by_opponent = sucker - punishment, temptation - punishment
    return punishment, by_action, by_opponent, reward - sucker - temptation + punishment


def mean_payoff(
    actions: Float[ArrayLike, "*batch rounds"], opponents: Float[ArrayLike, "*batch rounds"], game: Game = DILEMMA
) -> Float[Array, "*batch"]:
    """Mean payoff of a path from three of its means, c + c_a mean(a) + c_o mean(o) + c_ao mean(a o): exact.

    actions and opponents in [0, 1]; ValueError otherwise.  (derived here)
    """
    unit("actions", actions)
    unit("opponents", opponents)
    actions, opponents = floats(actions, opponents)
    base, by_action, by_opponent, by_both = coefficients(game)
    together = jnp.mean(actions * opponents, axis=-1)
    return base + by_action * jnp.mean(actions, -1) + by_opponent * jnp.mean(opponents, -1) + by_both * together


def expected_payoff(
    mean_action: Real[ArrayLike, "..."], cooperation: Real[ArrayLike, "..."], game: Game = DILEMMA
) -> Float[Array, "..."]:
    """E u of any agent that sees only the past, against an opponent who cooperates independently with chance q.

    4.6 - 1.9 E a at q = 0.9.  mean_action E a and cooperation q in [0, 1]; ValueError otherwise.  (derived here)
    """
    return payoff(_named("mean_action", mean_action), _named("cooperation", cooperation), game)


def payoff_slope(cooperation: Real[ArrayLike, "..."], game: Game = DILEMMA) -> Float[Array, "..."]:
    """dE u/dE a = c_a + c_ao q: the price of cooperating against an opponent who does not react; -(1 + q) here.

    cooperation q in [0, 1]; ValueError otherwise.  (derived here)
    """
    unit("cooperation", cooperation)
    (cooperation,) = floats(cooperation)
    _, by_action, _, by_both = coefficients(game)
    return by_action + by_both * cooperation


def payoff_difference(
    first: Float[ArrayLike, "*batch rounds"],
    second: Float[ArrayLike, "*batch rounds"],
    opponents: Float[ArrayLike, "*batch rounds"],
    game: Game = DILEMMA,
) -> Float[Array, "*batch"]:
    """Total payoff of the first path of actions less that of the second on the same schedule.

    sum (c_a + c_ao o)(a_1 - a_2) = -2 sum_{o=1} (a_1 - a_2) - sum_{o=0} (a_1 - a_2): only who cooperates less counts.
    All in [0, 1]; ValueError otherwise.  (derived here)
    """
    for name, value in (("first", first), ("second", second)):
        unit(name, value)
    first, second, opponents = floats(first, second, opponents)
    return jnp.sum(payoff_slope(opponents, game) * (first - second), axis=-1)


def mixed_mean_action(
    body_share: Real[ArrayLike, "..."], body_action: Real[ArrayLike, "..."], cooperation: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """E a = alpha E a_body + (1 - alpha) q of a constant mixture with a filter that echoes the opponent.

    body_share alpha, body_action E a_body, cooperation q in [0, 1]; ValueError otherwise.  (derived here)
    """
    for name, value in (("body_share", body_share), ("body_action", body_action), ("cooperation", cooperation)):
        unit(name, value)
    body_share, body_action, cooperation = floats(body_share, body_action, cooperation)
    return body_share * body_action + (1 - body_share) * cooperation


def echo_block_payoff(
    before: SupportsIndex, block: SupportsIndex, after: SupportsIndex, game: Game = DILEMMA
) -> Float[Array, ""]:
    """Total payoff of tit-for-tat on the schedule C(before) D(block) C(after): one sucker round, one temptation.

    3001 + L on C(500) D(L) C(500).  All whole numbers of at least 1; ValueError otherwise.  (derived here)
    """
    before, block, after = whole("before", before, 1), whole("block", block, 1), whole("after", after, 1)
    friendly = game.reward * (before + after - 1) + game.temptation
    return jnp.asarray(friendly + game.sucker + game.punishment * (block - 1), float)


def _named(name: str, value):
    unit(name, value)
    return value
