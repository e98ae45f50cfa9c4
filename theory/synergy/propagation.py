"""What measured fidelity and correlation, with their errors, say of the gain: is alpha above 1, and how sure is it?

First order in the errors of gamma and rho, taken as independent and normal, see `sensitivity`.
"""

from typing import SupportsIndex

import jax.numpy as jnp
from jax.scipy.special import ndtr
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import floats, within
from .recursion import effective_gain
from .sensitivity import gain_deviation


def gain_margin(
    fan_in: SupportsIndex,
    correlation: Real[ArrayLike, "..."],
    fidelity: Real[ArrayLike, "..."],
    correlation_error: Real[ArrayLike, "..."],
    fidelity_error: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """(alpha - 1)/sd(alpha): the side of the threshold is decided at level z iff its modulus exceeds z.

    Without any error it is infinite on the side that alpha is on, 0 on the threshold. Ranges as in `gain_deviation`.
    (derived here)
    """
    alpha = effective_gain(fan_in, correlation, fidelity)
    spread = gain_deviation(fan_in, correlation, fidelity, correlation_error, fidelity_error)
    exact = spread == 0
    certain = jnp.where(alpha == 1, 0, jnp.sign(alpha - 1) * jnp.inf)
    return jnp.where(exact, certain, (alpha - 1) / jnp.where(exact, 1, spread))


def probability_above_one(
    fan_in: SupportsIndex,
    correlation: Real[ArrayLike, "..."],
    fidelity: Real[ArrayLike, "..."],
    correlation_error: Real[ArrayLike, "..."],
    fidelity_error: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """Probability that alpha exceeds 1 under normal errors, Phi of `gain_margin`; ranges as in `gain_deviation`.

    (derived here)
    """
    return ndtr(gain_margin(fan_in, correlation, fidelity, correlation_error, fidelity_error))


def exponent_error(
    fan_in: SupportsIndex,
    correlation: Real[ArrayLike, "..."],
    fidelity: Real[ArrayLike, "..."],
    correlation_error: Real[ArrayLike, "..."],
    fidelity_error: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """Standard error of s = log_b alpha, sd(alpha)/(alpha log b).

    fidelity in (0, 1]; ranges else as in `gain_deviation`.  (derived here)
    """
    within("fidelity", fidelity, 0.0, 1.0, "(]")
    alpha = effective_gain(fan_in, correlation, fidelity)
    spread = gain_deviation(fan_in, correlation, fidelity, correlation_error, fidelity_error)
    alpha, spread, fan_in = floats(alpha, spread, float(fan_in))
    return spread / (alpha * jnp.log(fan_in))
