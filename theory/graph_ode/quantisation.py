"""What a codebook of K codes costs and keeps: quantisation error, representatives, rates (P19 to P23; derived here).

Classical results: Bennett's uniform step, Panter and Dite's scalar law, Zador's exponent, Fejes Toth's hexagons,
Shannon's bound for a Gaussian source.
"""

from __future__ import annotations

import math

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float, Real

from theory import _arguments as arguments

Number = Real[ArrayLike, "..."]

# Mean square per cell and unit area of a regular hexagon and of a square.
HEXAGON, SQUARE = 5 / (18 * math.sqrt(3)), 1 / 6


def uniform_step_error(step: Number) -> Float[Array, ...]:
    """Root mean square error of rounding to steps of size D: D/sqrt(12), where the density is flat over a step."""
    arguments.positive("step", step)
    return arguments.floats(step)[0] / math.sqrt(12)


def panter_dite(density: Real[ArrayLike, " points"], spacing: Number, codes: Number) -> Float[Array, ""]:
    """Mean square error of the best K levels for a density p on a line, for large K: (int p^(1/3))^3 / (12 K^2).

    density: p on a regular grid that covers it; it is scaled to integrate to one.
    """
    arguments.within("density", density, 0.0, math.inf, "[)")
    arguments.positive("spacing", spacing)
    arguments.positive("codes", codes)
    p = arguments.floats(density)[0]
    spacing, codes = arguments.floats(spacing, codes)
    # The integral of p, dropped from both sides but for p^(1/3).
    return (spacing * jnp.sum(jnp.cbrt(p))) ** 3 / (12 * codes**2 * spacing * jnp.sum(p))


def panter_dite_gaussian(deviation: Number, codes: Number) -> Float[Array, ...]:
    """The same for a Gaussian of this standard deviation: (sqrt(3) pi/2) sigma^2/K^2."""
    arguments.positive("deviation", deviation)
    arguments.positive("codes", codes)
    deviation, codes = arguments.floats(deviation, codes)
    return math.sqrt(3) * math.pi / 2 * (deviation / codes) ** 2


def shannon_error(variance: Number, bits: Number) -> Float[Array, ...]:
    """Least mean square error of a memoryless Gaussian source described at so many bits a sample: sigma^2 4^-R."""
    arguments.positive("variance", variance)
    arguments.positive("bits", bits, "[)")
    variance, bits = arguments.floats(variance, bits)
    return variance * 4.0**-bits


def member_factor(members: Number) -> Float[Array, ...]:
    """Mean square error of speaking for a cluster by the mean of n random members (with replacement), in units of the
    error of its true mean: 1 + 1/n. One member, the released choice, doubles the error (P20)."""
    arguments.within("members", members, 1.0, math.inf, "[]")
    return 1 + 1 / arguments.floats(members)[0]


def code_entropy(shares: Real[ArrayLike, " codes"]) -> Float[Array, ""]:
    """H(k) in bits, of codes that have these shares of the pixels; at most log2 K."""
    arguments.within("shares", shares, 0.0, 1.0)
    p = arguments.floats(shares)[0]
    return -jnp.sum(jnp.where(p > 0, p * jnp.log2(jnp.where(p > 0, p, 1)), 0))


def bits_per_pixel(entropy: Number, codes: Number, pixels: Number, value_bits: Number = 32.0) -> Float[Array, ...]:
    """What a field costs as a code map and one value per code: H(k) + K b/P bits a pixel (P21).

    entropy: H(k) in bits.  codes: K.  pixels: P.  value_bits: b, of one stored value.  "1 % of the spatial resolution"
    counts K/P and leaves out H(k), which is nearly all of it.
    """
    arguments.positive("entropy", entropy, "[)")
    for name, value in (("codes", codes), ("pixels", pixels), ("value_bits", value_bits)):
        arguments.positive(name, value)
    entropy, codes, pixels, value_bits = arguments.floats(entropy, codes, pixels, value_bits)
    return entropy + codes * value_bits / pixels


def zador_exponent(dimension: Number) -> Float[Array, ...]:
    """Exponent of the root mean square error in K for sources of d dimensions: -1/d (P23)."""
    arguments.positive("dimension", dimension)
    return -1 / arguments.floats(dimension)[0]


def hexagon_error(area: Number, codes: Number) -> Float[Array, ...]:
    """Least mean square distance (both coordinates together) of a uniform point of an area to the nearest of K codes:
    (5/(18 sqrt 3)) area/K, reached by regular hexagons as K grows; a bound for every K and every convex polygon of
    at most six sides (Fejes Toth)."""
    return HEXAGON * _area_per_code(area, codes)


def square_error(area: Number, codes: Number) -> Float[Array, ...]:
    """The same for a lattice of square cells: area/(6 K)."""
    return SQUARE * _area_per_code(area, codes)


def _area_per_code(area: Number, codes: Number) -> Float[Array, ...]:
    arguments.positive("area", area)
    arguments.positive("codes", codes)
    area, codes = arguments.floats(area, codes)
    return area / codes
