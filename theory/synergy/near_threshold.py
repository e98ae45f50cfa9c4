"""One order beyond the leading law above threshold: how mu* and T'(mu*) leave the line alpha = 1.

With T(u) = alpha u - kappa3 u^3 + kappa5 u^5 - ... and kappa5 = gamma^5 (1 - rho) A (b-1)(b-3)/40,
    mu* = sqrt((alpha-1)/kappa3) (1 + c + ...),   T'(mu*) = 1 - 2 (alpha-1) + 4 c (alpha-1) + ...,
    c = kappa5 (alpha-1)/(2 kappa3^2) = 9 (b-3) h/(20 A (b-1)),   h = (alpha-1)/(gamma (1-rho)).
Fan-in 3 has no fifth power: there both expansions end, c = 0.
"""

from typing import SupportsIndex

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .fixed_point import _excess
from .majority import slope_number
from .recursion import checked


def near_threshold_correction(
    fan_in: SupportsIndex, correlation: Real[ArrayLike, "..."], fidelity: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """c, by which fraction mu* exceeds `near_threshold_fixed_point` to leading order in alpha - 1; 0 if alpha <= 1.

    fan_in odd >= 3, correlation and fidelity in [0, 1]; ValueError otherwise.  (derived here)
    """
    fan_in, (correlation, fidelity) = checked(fan_in, correlation, fidelity)
    weight = 9 * (fan_in - 3) / (20 * slope_number(fan_in) * (fan_in - 1))
    return weight * jnp.maximum(_excess(fan_in, correlation, fidelity), 0)


def near_threshold_slope(
    fan_in: SupportsIndex, correlation: Real[ArrayLike, "..."], fidelity: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """T'(mu*) to second order in alpha - 1 > 0, 1 - 2 (alpha-1) + 4 c (alpha-1); 1 if alpha <= 1.

    fan_in odd >= 3, correlation and fidelity in [0, 1]; ValueError otherwise.  (derived here)
    """
    correction = near_threshold_correction(fan_in, correlation, fidelity)
    fan_in, (correlation, fidelity) = checked(fan_in, correlation, fidelity)
    # alpha - 1 from the excess, where it does not cancel.
    distance = fidelity * (1 - correlation) * jnp.maximum(_excess(fan_in, correlation, fidelity), 0)
    return 1 - 2 * distance * (1 - 2 * correction)
