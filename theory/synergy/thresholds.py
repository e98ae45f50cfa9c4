"""Where a tree starts to help: the lines alpha = 1 (signals survive) and alpha = b^beta
(trees beat one agent).

Every threshold is the raw solution of its equation, so that it can be compared and differentiated: a critical
correlation below 0 means that every correlation is subcritical,
a synergy fidelity above 1 that no channel is enough.
"""

import math
from typing import SupportsIndex

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import floats, odd, positive, signed, unit, whole, within
from .channel import Channel
from .majority import slope_number


def critical_correlation(fan_in: SupportsIndex, fidelity: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """rho_c = (A - 1/gamma)/(A - 1): supercritical iff correlation < rho_c; negative when no correlation is.

    fan_in odd >= 3, fidelity in (0, 1]; ValueError otherwise.  (from arXiv 2601.17311, Thm 4)
    """
    fan_in = odd("fan_in", fan_in)
    within("fidelity", fidelity, 0.0, 1.0, "(]")
    (fidelity,) = floats(fidelity)
    return 1 - (1 - fidelity) / (fidelity * (slope_number(fan_in) - 1))


def critical_fidelity(fan_in: SupportsIndex, correlation: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """gamma_c = 1/(rho + (1 - rho) A): supercritical iff fidelity > gamma_c.

    fan_in odd >= 3, correlation in [0, 1]; ValueError otherwise.  (from arXiv 2601.17311, Thm 4)
    """
    fan_in = odd("fan_in", fan_in)
    unit("correlation", correlation)
    (correlation,) = floats(correlation)
    return 1 / (correlation + (1 - correlation) * slope_number(fan_in))


def critical_flip_probability(fan_in: SupportsIndex, correlation: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """eps_c = (1 - gamma_c)/2; at zero correlation the threshold of reliable computation
    with noisy b-input gates.

    fan_in odd >= 3, correlation in [0, 1]; ValueError otherwise.  (derived here; Hajek-Weller,
    Evans-Schulman)
    """
    return (1 - critical_fidelity(fan_in, correlation)) / 2


def synergy_fidelity(
    fan_in: SupportsIndex, correlation: Real[ArrayLike, "..."], leaf_exponent: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """Fidelity at which alpha = b^beta, gamma_syn = b^beta gamma_c; above 1 where no channel gives synergy.

    fan_in odd >= 3, correlation in [0, 1], leaf_exponent beta >= 0; ValueError otherwise.
    (from arXiv 2601.17311, eq. 31)
    """
    positive("leaf_exponent", leaf_exponent, "[)")
    threshold = critical_fidelity(fan_in, correlation)
    threshold, leaf_exponent = floats(threshold, leaf_exponent)
    return threshold * jnp.exp(leaf_exponent * math.log(odd("fan_in", fan_in)))


def synergy_correlation(
    fan_in: SupportsIndex, fidelity: Real[ArrayLike, "..."], leaf_exponent: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """Correlation at which alpha = b^beta, rho_syn = (A - b^beta/gamma)/(A - 1);
    negative when no correlation works.

    fan_in odd >= 3, fidelity in (0, 1], leaf_exponent beta >= 0; ValueError otherwise.
    (from arXiv 2601.17311, eq. 31)
    """
    fan_in = odd("fan_in", fan_in)
    within("fidelity", fidelity, 0.0, 1.0, "(]")
    positive("leaf_exponent", leaf_exponent, "[)")
    fidelity, leaf_exponent = floats(fidelity, leaf_exponent)
    slope = slope_number(fan_in)
    return (slope - jnp.exp(leaf_exponent * math.log(fan_in)) / fidelity) / (slope - 1)


def critical_message_length(
    channel: Channel, fan_in: SupportsIndex, correlation: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """Message length m_c at which alpha = 1; repetition: the smallest odd length with alpha > 1.

    fan_in odd >= 3, correlation in [0, 1]; ValueError otherwise.  (derived here)
    """
    return channel.message_length(critical_fidelity(fan_in, correlation))


def synergy_message_length(
    channel: Channel,
    fan_in: SupportsIndex,
    correlation: Real[ArrayLike, "..."],
    leaf_exponent: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """Message length m_syn at which alpha = b^beta; inf where no fidelity gives synergy.

    fan_in odd >= 3, correlation in [0, 1], leaf_exponent beta >= 0; ValueError otherwise.  (derived here)
    """
    return channel.message_length(synergy_fidelity(fan_in, correlation, leaf_exponent))


def reconstruction_fidelity(fan_in: SupportsIndex) -> Float[Array, ""]:
    """b^(-1/2), the Kesten-Stigum line: below it no linear estimator reads the root of a broadcast tree.

    Never above the critical fidelity 1/A(b) of one-bit majorities.  fan_in odd >= 3.  (derived here)
    """
    return jnp.asarray(1 / math.sqrt(odd("fan_in", fan_in)), float)


def exponent_bound(fan_in: SupportsIndex, fidelity: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """s <= 1/2 + log_b gamma + log_b(A/sqrt b), attained at zero correlation; below 1/2 for every fan-in.

    fan_in odd >= 3, fidelity in [0, 1]; ValueError otherwise.  (sharpens arXiv 2601.17311, Thm 11; derived
    here)
    """
    fan_in = odd("fan_in", fan_in)
    unit("fidelity", fidelity)
    (fidelity,) = floats(fidelity)
    base = math.log(fan_in)
    return 0.5 + (jnp.log(fidelity) + math.log(slope_number(fan_in) / math.sqrt(fan_in))) / base


def square_root_bound(
    fan_in: SupportsIndex,
    fidelity: Real[ArrayLike, "..."],
    initial_bias: Real[ArrayLike, "..."],
    depth: SupportsIndex,
) -> Float[Array, "..."]:
    """Universal upper bound mu_0 (sqrt(b) gamma)^L on the root bias, for any correlation.

    fan_in odd >= 3, depth >= 0; fidelity in [0, 1], initial_bias in [-1, 1]; ValueError otherwise.
    (from arXiv 2601.17311, Thm 11)
    """
    fan_in, depth = odd("fan_in", fan_in), whole("depth", depth, 0)
    unit("fidelity", fidelity)
    signed("initial_bias", initial_bias)
    fidelity, initial_bias = floats(fidelity, initial_bias)
    return initial_bias * (math.sqrt(fan_in) * fidelity) ** depth
