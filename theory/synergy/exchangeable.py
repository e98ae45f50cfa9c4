"""Other joint laws of the received votes with the same marginals and the same pairwise correlation.

Pairwise correlation does not determine a majority. Votes independent given a random accuracy P have majority
bias E f_b(2P - 1). For P ~ Beta (a Polya urn) the positive series of f_b integrates term by term; for the
one-factor probit, vote = sign(tau + sqrt(r) Z + sqrt(1 - r) Z_i) with r = sin(pi rho/2), the derivative in
tau is the overlap of two near-Gaussian bumps, which a trapezoid sum in the combined width resolves at every r
in [0, 1].
"""

import math
from collections.abc import Callable
from functools import cache, partial
from typing import SupportsIndex

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import erf, erfinv
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import floats, odd, signed, unit, within
from .majority import slope_number
from .recursion import checked


@partial(jax.jit, static_argnums=0)
def beta_binomial_series(fan_in: int, correlation: Array, bias: Array) -> Array:
    """f(u)/u = sum_j C(2j, j) (a)_j (c)_j / (M)_{2j} * M/(M + 2j), with a, c = M (1 +- u)/2, M = 1/rho - 1.

    Every factor is multiplied by rho, which makes rho = 0 and rho = 1 ordinary points.
    """
    apart = 1 - correlation
    right, wrong = apart * (1 + bias) / 2, apart * (1 - bias) / 2

    def nest(series: Array, rank: Array) -> tuple[Array, None]:
        urn = (right + (rank - 1) * correlation) * (wrong + (rank - 1) * correlation)
        drawn = (apart + (2 * rank - 1) * correlation) * (apart + 2 * rank * correlation)
        return 1 + (2 * (2 * rank - 1) / rank) * urn / drawn * series, None

    ranks = jnp.arange((fan_in - 1) // 2, 0, -1, dtype=bias.dtype)
    return jax.lax.scan(nest, jnp.ones_like(right), ranks, unroll=4)[0]


def beta_binomial_map(
    fan_in: SupportsIndex,
    correlation: Real[ArrayLike, "..."],
    fidelity: Real[ArrayLike, "..."],
    bias: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """One level whose received votes are beta-binomial with pairwise correlation `correlation`.

    Votes are independent given P ~ Beta(M (1+u)/2, M (1-u)/2), M = 1/rho - 1, u = gamma mu.
    fan_in odd >= 3, correlation and fidelity in [0, 1], bias in [-1, 1]; ValueError otherwise.  (derived
    here)
    """
    signed("bias", bias)
    fan_in, (correlation, fidelity, bias) = checked(fan_in, correlation, fidelity, bias)
    signal = fidelity * bias
    return signal * beta_binomial_series(fan_in, correlation, signal)


def beta_binomial_gain(
    fan_in: SupportsIndex, correlation: Real[ArrayLike, "..."], fidelity: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """Slope of `beta_binomial_map` at zero bias; fan-in 3: gamma (3 - (3 rho - rho^2)/(1 + rho))/2.

    fan_in odd >= 3, correlation and fidelity in [0, 1]; ValueError otherwise.  (derived here)
    """
    fan_in, (correlation, fidelity) = checked(fan_in, correlation, fidelity)
    return fidelity * _beta_binomial_slope(fan_in, correlation)


# 32 Legendre nodes in tau and a trapezoid of step 1/2 over eight combined widths: about 1e-11.
_STEP, _REACH = 0.5, 8.0


@cache
def _legendre() -> tuple[np.ndarray, np.ndarray]:
    nodes, weights = np.polynomial.legendre.leggauss(32)
    return (nodes + 1) / 2, weights / 2


def _probit_density(fan_in: int, correlation: Array, threshold: Array) -> Array:
    """d f/d tau, with a new last axis of quadrature points summed away."""
    tiny = jnp.finfo(threshold.dtype).eps
    # Only even powers of sqrt(r) survive the sum, but its derivative blows up at 0: lift r off it.
    common = tiny + (1 - tiny) * jnp.sin(math.pi / 2 * correlation)
    own = math.sqrt(2) * jnp.sin(math.pi / 4 * (1 - correlation))
    bump = 1 + (fan_in - 1) * (2 / math.pi)
    width = jnp.sqrt(own**2 + bump * common)
    points = jnp.arange(-_REACH, _REACH + _STEP / 2, _STEP, dtype=threshold.dtype)
    own, common, width, threshold = (x[..., None] for x in (own, common, width, threshold))
    factor = (points * own - threshold * (bump * jnp.sqrt(common) / width)) / width
    response = (points * jnp.sqrt(common) + threshold * own / width) / width
    belief = erf(response / math.sqrt(2))
    unanimity = jax.lax.integer_pow((1 - belief) * (1 + belief), (fan_in - 1) // 2)
    heights = unanimity * jnp.exp(-(factor**2 + response**2) / 2) / width
    return jnp.sum(heights, axis=-1) * (slope_number(fan_in) * _STEP / math.pi)


def probit_map(
    fan_in: SupportsIndex,
    correlation: Real[ArrayLike, "..."],
    fidelity: Real[ArrayLike, "..."],
    bias: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """One level whose received votes follow the one-factor probit law of latent correlation sin(pi rho/2).

    `correlation` is the pairwise correlation of the votes at zero bias.
    fan_in odd >= 3, correlation and fidelity in [0, 1], bias in [-1, 1]; ValueError otherwise.  (derived
    here)
    """
    signed("bias", bias)
    fan_in, (correlation, fidelity, bias) = checked(fan_in, correlation, fidelity, bias)
    # Beyond nine widths erf is 1 in either precision.
    threshold = jnp.clip(math.sqrt(2) * erfinv(fidelity * bias), -9, 9)
    nodes, weights = (jnp.asarray(part, bias.dtype) for part in _legendre())
    slopes = _probit_density(fan_in, correlation[..., None], threshold[..., None] * nodes)
    return threshold * (slopes @ weights)


def probit_gain(
    fan_in: SupportsIndex, correlation: Real[ArrayLike, "..."], fidelity: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """Slope of `probit_map` at zero bias.

    fan_in odd >= 3, correlation and fidelity in [0, 1]; ValueError otherwise.  (derived here)
    """
    fan_in, (correlation, fidelity) = checked(fan_in, correlation, fidelity)
    return fidelity * _probit_slope(fan_in, correlation)


def _beta_binomial_slope(fan_in: int, correlation: Array) -> Array:
    return beta_binomial_series(fan_in, correlation, jnp.zeros_like(correlation))


def _probit_slope(fan_in: int, correlation: Array) -> Array:
    return math.sqrt(math.pi / 2) * _probit_density(fan_in, correlation, jnp.zeros_like(correlation))


# Compiled here, once per law and fan-in, so that calls outside jit do not compile the search anew each time.
@partial(jax.jit, static_argnums=(0, 1))
def _critical(law: Callable[[int, Array], Array], fan_in: int, fidelity: Array) -> Array:
    """Root in rho of gamma times the law's slope = 1, differentiable in gamma;
    0 where even rho = 0 is subcritical.
    """
    reachable = ~(fidelity * slope_number(fan_in) <= 1)
    fidelity = jnp.where(reachable, fidelity, 1)

    def margin(correlation: Array) -> Array:
        return fidelity * law(fan_in, correlation) - 1

    def bisect(function: Callable[[Array], Array], start: Array) -> Array:
        def halve(_, bracket):
            low, high = bracket
            middle = (low + high) / 2
            above = function(middle) > 0
            return jnp.where(above, middle, low), jnp.where(above, high, middle)

        low, high = jax.lax.fori_loop(0, 60, halve, (start, start + 1))
        return (low + high) / 2

    def divide(linear: Callable[[Array], Array], right: Array) -> Array:
        return right / linear(jnp.ones_like(right))

    root = jax.lax.custom_root(margin, jnp.zeros_like(fidelity), bisect, divide)
    return jnp.where(reachable, jnp.where(jnp.isnan(fidelity), fidelity, root), 0)


def beta_binomial_critical_correlation(fan_in: SupportsIndex, fidelity: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """Correlation at which `beta_binomial_gain` is 1, far below the mixture's; 0 when all are subcritical.

    fan_in odd >= 3, fidelity in (0, 1]; ValueError otherwise.  (derived here)
    """
    fan_in = odd("fan_in", fan_in)
    within("fidelity", fidelity, 0.0, 1.0, "(]")
    (fidelity,) = floats(fidelity)
    return _critical(_beta_binomial_slope, fan_in, fidelity)


def probit_critical_correlation(fan_in: SupportsIndex, fidelity: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """Correlation at which `probit_gain` is 1; 0 when all are subcritical.

    fan_in odd >= 3, fidelity in (0, 1]; ValueError otherwise.  (derived here)
    """
    fan_in = odd("fan_in", fan_in)
    within("fidelity", fidelity, 0.0, 1.0, "(]")
    (fidelity,) = floats(fidelity)
    return _critical(_probit_slope, fan_in, fidelity)


def third_moment_gain(
    third_moment_slope: Real[ArrayLike, "..."], fidelity: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """Gain of fan-in 3 under any exchangeable law: gamma (3 - tau')/2, tau' = d E[S1 S2 S3]/du at zero bias.

    third_moment_slope: rho for the copy mixture, (3 rho - rho^2)/(1 + rho) for the beta-binomial.
    fidelity in [0, 1]; ValueError otherwise.  (derived here)
    """
    within("third_moment_slope", third_moment_slope, -math.inf, math.inf)
    unit("fidelity", fidelity)
    slope, fidelity = floats(third_moment_slope, fidelity)
    return fidelity * (3 - slope) / 2
