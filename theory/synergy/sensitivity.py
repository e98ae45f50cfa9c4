"""How the gain and the organisation exponent answer to errors of what was measured."""

import math
from typing import NamedTuple, SupportsIndex

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import positive
from .majority import slope_number
from .recursion import checked, gain


class ExponentSensitivity(NamedTuple):
    """Derivatives of s = log_b alpha by the fidelity and by the correlation."""

    fidelity: Float[Array, "..."]
    correlation: Float[Array, "..."]


def exponent_sensitivity(
    fan_in: SupportsIndex, correlation: Real[ArrayLike, "..."], fidelity: Real[ArrayLike, "..."]
) -> ExponentSensitivity:
    """ds/dgamma = 1/(gamma ln b) and ds/drho = gamma (1 - A)/(alpha ln b).

    fan_in odd >= 3, correlation in [0, 1], fidelity in (0, 1]; ValueError otherwise.  (derived here)
    """
    fan_in, (correlation, fidelity) = checked(fan_in, correlation, fidelity)
    base = math.log(fan_in)
    slope = fidelity * (1 - slope_number(fan_in))
    return ExponentSensitivity(1 / (fidelity * base), slope / (gain(fan_in, correlation, fidelity) * base))


def gain_deviation(
    fan_in: SupportsIndex,
    correlation: Real[ArrayLike, "..."],
    fidelity: Real[ArrayLike, "..."],
    correlation_error: Real[ArrayLike, "..."],
    fidelity_error: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """Standard deviation of alpha from those of rho and gamma, independent: "alpha > 1" needs |alpha - 1| beyond it.

    sqrt((alpha sd_gamma/gamma)^2 + (gamma (A - 1) sd_rho)^2).  fan_in odd >= 3, correlation in [0, 1], fidelity in
    [0, 1], errors >= 0; ValueError otherwise.  (derived here)
    """
    positive("correlation_error", correlation_error, "[)")
    positive("fidelity_error", fidelity_error, "[)")
    fan_in, (correlation, fidelity, rho_error, gamma_error) = checked(
        fan_in, correlation, fidelity, correlation_error, fidelity_error
    )
    ideal = gain(fan_in, correlation, jnp.ones_like(fidelity))
    return jnp.hypot(ideal * gamma_error, fidelity * (slope_number(fan_in) - 1) * rho_error)
