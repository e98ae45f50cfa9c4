"""The majority map of an odd number of independent votes, by its positive series.

With u the bias of one vote, the bias of the majority of b = 2k + 1 votes is
    f_b(u) = u * sum_{j=0}^{k} C(2j, j) ((1 - u^2) / 4)^j,
a sum of positive terms: no cancellation at small u, in any precision, where the binomial sum and the
incomplete beta function lose a relative eps/u. Its slope is f_b'(u) = A(b) (1 - u^2)^k.
"""

import math
from functools import cache, partial
from typing import SupportsIndex

import jax
import jax.numpy as jnp
from jax.scipy.special import betainc, gammaln, xlogy
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import floats, odd, positive, signed, whole


@cache
def central_terms(fan_in: int) -> tuple[float, ...]:
    """C(2j, j) / 4^j for j = 0 .. (b - 1)/2, each correctly rounded."""
    ways, terms = 1, []
    for j in range((fan_in + 1) // 2):
        terms.append(ways / 4**j)
        ways = ways * 2 * (2 * j + 1) // (j + 1)
    return tuple(terms)


@cache
def slope_number(fan_in: int) -> float:
    """A(b) = b C(b - 1, (b - 1)/2) / 2^(b - 1), correctly rounded."""
    return fan_in * math.comb(fan_in - 1, (fan_in - 1) // 2) / 2 ** (fan_in - 1)


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def majority(fan_in: int, bias: Array) -> Array:
    """f_b without checks, for the laws built on it; `bias` is a floating array."""
    terms = jnp.asarray(central_terms(fan_in)[::-1], bias.dtype)
    return bias * jnp.polyval(terms, (1 - bias) * (1 + bias), unroll=16)


def derivative(fan_in: int, bias: Array) -> Array:
    """f_b' without checks."""
    return slope_number(fan_in) * jax.lax.integer_pow((1 - bias) * (1 + bias), (fan_in - 1) // 2)


# Differentiating the series term by term would cancel near |u| = 1, where the slope is tiny.
@majority.defjvp
def _majority_jvp(fan_in, primals, tangents):
    (bias,), (tangent,) = primals, tangents
    return majority(fan_in, bias), derivative(fan_in, bias) * tangent


def majority_map(fan_in: SupportsIndex, bias: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """Bias of the majority of `fan_in` independent votes of bias `bias`: f_b(u) = 2 P(Bin(b, (1+u)/2) > b/2)
    - 1.

    fan_in: odd, >= 1 (one vote is its own majority), static.  bias: in [-1, 1].  Odd, increasing, concave on
    [0, 1]. Raises ValueError for an even, non-integer or non-positive `fan_in` and for a concrete `bias` out
    of range.
    (arXiv 2601.17311, eq. 17 and Lemma 1; positive series derived here)
    """
    fan_in = odd("fan_in", fan_in, 1)
    signed("bias", bias)
    (bias,) = floats(bias)
    return majority(fan_in, bias)


def majority_derivative(fan_in: SupportsIndex, bias: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """f_b'(u) = A(b) (1 - u^2)^((b-1)/2); fan_in odd >= 1, bias in [-1, 1], ValueError otherwise.

    (arXiv 2601.17311, eq. 50)
    """
    fan_in = odd("fan_in", fan_in, 1)
    signed("bias", bias)
    (bias,) = floats(bias)
    return derivative(fan_in, bias)


def majority_slope(fan_in: SupportsIndex) -> Float[Array, ""]:
    """A(b) = f_b'(0) = b C(b-1, (b-1)/2) / 2^(b-1), correctly rounded; between sqrt(2b/pi) and sqrt(b).

    fan_in: odd, >= 1; ValueError otherwise.  (arXiv 2601.17311, eq. 18)
    """
    return jnp.asarray(slope_number(odd("fan_in", fan_in, 1)), float)


def fair_tie_majority_map(fan_in: SupportsIndex, bias: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """Majority of any number of votes, ties broken by a fair coin: f_{2j} = f_{2j-1} exactly.

    So an even fan-in pays for one vote that it does not use, and two voters gain nothing.
    fan_in: integer >= 1; bias in [-1, 1]; ValueError otherwise.  (derived here)
    """
    fan_in = whole("fan_in", fan_in, 1)
    return majority_map(fan_in - 1 + fan_in % 2, bias)


def majority_map_binomial(fan_in: SupportsIndex, bias: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """The majority map as the plain binomial sum 2 P(Bin(b, p) > b/2) - 1, p = (1 + u)/2:
    an independent route.

    Absolute error about b eps, so the relative error grows as 1/u at small bias.
    fan_in odd >= 1, bias in [-1, 1], ValueError otherwise.  (arXiv 2601.17311, eq. 17)
    """
    fan_in = odd("fan_in", fan_in, 1)
    signed("bias", bias)
    (bias,) = floats(bias)
    votes = jnp.arange((fan_in + 1) // 2, fan_in + 1, dtype=bias.dtype)
    log_ways = jnp.asarray([math.log(math.comb(fan_in, int(j))) for j in range((fan_in + 1) // 2, fan_in + 1)])
    right, wrong = (1 + bias[..., None]) / 2, (1 - bias[..., None]) / 2
    # Not log1p(-right): on CPU XLA's log1p is off by up to 120 eps around -0.41.
    log_mass = log_ways.astype(bias.dtype) + xlogy(votes, right) + xlogy(fan_in - votes, wrong)
    return 2 * jnp.sum(jnp.exp(log_mass), axis=-1) - 1


def majority_map_incomplete_beta(fan_in: Real[ArrayLike, "..."], bias: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """The majority map as 2 I_{(1+u)/2}((b+1)/2, (b+1)/2) - 1, for real fan-in: an independent route.

    Absolute error a few eps, so the relative error grows as 1/u; no derivative in `fan_in`.
    (derived here)
    """
    positive("fan_in", fan_in)
    signed("bias", bias)
    fan_in, bias = floats(fan_in, bias)
    return 2 * betainc((fan_in + 1) / 2, (fan_in + 1) / 2, (1 + bias) / 2) - 1


def majority_slope_gamma(fan_in: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """A(b) = 2 Gamma(b/2 + 1) / (sqrt(pi) Gamma((b + 1)/2)) through log-gamma:
    an independent route for real b.

    Relative error about eps * b log b.  (derived here)
    """
    positive("fan_in", fan_in)
    (fan_in,) = floats(fan_in)
    return 2 / math.sqrt(math.pi) * jnp.exp(gammaln(fan_in / 2 + 1) - gammaln((fan_in + 1) / 2))


def majority_slope_asymptotic(fan_in: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """A(b) ~ sqrt(2b/pi) (1 + 1/(4b) + 1/(32 b^2) - 5/(128 b^3)); relative error 4e-5 at b = 3,
    1e-10 at b = 101.

    (derived here)
    """
    positive("fan_in", fan_in)
    (fan_in,) = floats(fan_in)
    series = jnp.asarray([-5 / 128, 1 / 32, 1 / 4, 1.0], fan_in.dtype)
    return jnp.sqrt(2 * fan_in / math.pi) * jnp.polyval(series, 1 / fan_in)
