"""What a round pays: the continuous Prisoner's Dilemma, affine in each player's action."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float, Real

from dynamics import _check


class Corners(NamedTuple):
    """Payoffs of pure play: reward R, sucker S, temptation T, punishment P, with T > R > P > S and 2R > T + S."""

    reward: float = 3.0
    sucker: float = 0.0
    temptation: float = 5.0
    punishment: float = 1.0


PUBLISHED_CORNERS = Corners()


def payoff(
    own: Real[ArrayLike, "..."], other: Real[ArrayLike, "..."], corners: Corners = PUBLISHED_CORNERS
) -> Float[Array, "..."]:
    """u(a, o) = R a o + S a (1 - o) + T (1 - a) o + P (1 - a)(1 - o) of actions in [0, 1], 1 being cooperation.

    (arXiv 2602.20846, Sec. 2.1)
    """
    _check.within(0.0, 1.0, own=own, other=other)
    own, other = jnp.asarray(own, float), jnp.asarray(other, float)
    together = corners.reward * own + corners.temptation * (1 - own)
    alone = corners.sucker * own + corners.punishment * (1 - own)
    return together * other + alone * (1 - other)
