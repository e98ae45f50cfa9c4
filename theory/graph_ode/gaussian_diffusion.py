"""Diffusion models of Gaussian data: everything a denoiser and its sampler can do, in closed form (P34, P35).

Forward process x_n = sqrt(abar_n) x_0 + sqrt(1 - abar_n) eps, abar_n = prod_(k <= n) (1 - beta_k), beta linear from
beta_1 to beta_N over N = `levels` steps. Laws of one mode take its prior variance s^2 and the signal level
a = abar_n in [0, 1], broadcast and differentiate; a stationary field is diagonal in Fourier space, so that its laws
are these, mode by mode; `dense_gaussian` has those of a covariance.
"""

from typing import SupportsIndex

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import floats, positive, unit, whole, within

_TERMS = 14
_LARGEST_RATE = 0.1


def _log_integral(rate):
    """Integral of log(1 - y) from 0 to `rate`, -sum y^m/(m (m - 1)): truncated below 1e-15 for rates up to 0.1."""
    total = jnp.zeros_like(rate)
    for m in range(_TERMS, 1, -1):
        total = total * rate + 1 / (m * (m - 1))
    return -(rate**2) * total


def signal_level(
    level: Real[ArrayLike, "..."],
    levels: SupportsIndex = 1000,
    first: Real[ArrayLike, "..."] = 1e-4,
    last: Real[ArrayLike, "..."] = 0.02,
) -> Float[Array, "..."]:
    """abar_n of the linear schedule as a smooth function of n: equal to the product at whole n (P34).

    Euler-Maclaurin for sum_k log(1 - beta_k): the integral, half of the ends, a twelfth of the slopes; the next term is
    below 1e-12. level n in [0, levels], rates in (0, 0.1]; ValueError otherwise.  (derived here)
    """
    levels = whole("levels", levels, 2)
    within("level", level, 0.0, float(levels))
    for name, rate in (("first", first), ("last", last)):
        within(name, rate, 0.0, _LARGEST_RATE, "(]")
    level, first, last = floats(level, first, last)
    slope = (last - first) / (levels - 1)
    start, end = first, first + slope * level
    # The integral over n, which stays finite where the rates do not grow.
    flat = jnp.abs(slope) * levels < 1e-6 * first
    safe = jnp.where(flat, 1.0, slope)
    grown = jnp.where(flat, level * jnp.log1p(-first), (_log_integral(end) - _log_integral(start)) / safe)
    halves = (jnp.log1p(-end) - jnp.log1p(-start)) / 2
    slopes = -slope * (1 / (1 - end) - 1 / (1 - start)) / 12
    return jnp.exp(grown - halves + slopes)


def signal_level_approximate(
    level: Real[ArrayLike, "..."],
    levels: SupportsIndex = 1000,
    first: Real[ArrayLike, "..."] = 1e-4,
    last: Real[ArrayLike, "..."] = 0.02,
) -> Float[Array, "..."]:
    """exp(-(beta_1 n + (beta_N - beta_1) n^2/(2 N))), for small rates (P34): 0.6584 for 0.6590 at n = 200.

    level n in [0, levels], rates in (0, 1); ValueError otherwise.  (2505.17459, its schedule; derived here)
    """
    levels = whole("levels", levels, 2)
    within("level", level, 0.0, float(levels))
    for name, rate in (("first", first), ("last", last)):
        within(name, rate, 0.0, 1.0, "()")
    level, first, last = floats(level, first, last)
    return jnp.exp(-(first * level + (last - first) * level**2 / (2 * levels)))


def noised_variance(variance: Real[ArrayLike, "..."], signal: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """Variance a s^2 + 1 - a of a mode of x_n (P34).

    variance s^2 >= 0, signal a in [0, 1]; ValueError otherwise.
    """
    positive("variance", variance, "[)")
    unit("signal", signal)
    variance, signal = floats(variance, signal)
    return signal * variance + (1 - signal)


def noise_gain(variance: Real[ArrayLike, "..."], signal: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """The best estimate of the noise in a mode of x_n is this times its departure, sqrt(1 - a)/(a s^2 + 1 - a) (P34).

    variance s^2 >= 0, signal a in [0, 1); ValueError otherwise.
    """
    within("signal", signal, 0.0, 1.0, "[)")
    total = noised_variance(variance, signal)
    total, signal = floats(total, signal)
    return jnp.sqrt(1 - signal) / total


def clean_gain(variance: Real[ArrayLike, "..."], signal: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """The best estimate of x_0's mode is this times the departure of x_n's, sqrt(a) s^2/(a s^2 + 1 - a) (P34).

    variance s^2 >= 0, signal a in [0, 1); ValueError otherwise.
    """
    within("signal", signal, 0.0, 1.0, "[)")
    total = noised_variance(variance, signal)
    total, variance, signal = floats(total, variance, signal)
    return jnp.sqrt(signal) * variance / total


def least_noise_loss(variance: Real[ArrayLike, "..."], signal: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """Least mean square error of an estimate of a mode's noise, a s^2/(a s^2 + 1 - a) (P34).

    No network can do better on Gaussian data; averaged over the modes of a field it is the loss per pixel. It is
    a/(1 - a) times the least error of an estimate of x_0.  variance s^2 >= 0, signal a in [0, 1); ValueError otherwise.
    """
    within("signal", signal, 0.0, 1.0, "[)")
    total = noised_variance(variance, signal)
    total, variance, signal = floats(total, variance, signal)
    return signal * variance / total


def least_clean_loss(variance: Real[ArrayLike, "..."], signal: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """Least mean square error of an estimate of a mode of x_0, s^2 (1 - a)/(a s^2 + 1 - a) (P34).

    variance s^2 >= 0, signal a in [0, 1); ValueError otherwise.
    """
    within("signal", signal, 0.0, 1.0, "[)")
    total = noised_variance(variance, signal)
    total, variance, signal = floats(total, variance, signal)
    return variance * (1 - signal) / total


def flow_gain(variance: Real[ArrayLike, "..."], signal: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """What the probability flow multiplies a mode by on its way from level a to the data (P35).

    sqrt(s^2/(a s^2 + 1 - a)), the ratio of the deviations at its two ends: the flow of a Gaussian law is linear.
    variance s^2 >= 0, signal a in [0, 1]; ValueError otherwise.
    """
    total = noised_variance(variance, signal)
    total, variance = floats(total, variance)
    # The square root of s^2 has no slope at 0, where the mode has no data.
    return jnp.sqrt(variance / total)


def ddim_gain(variance: Real[ArrayLike, "*batch"], signals: Float[ArrayLike, " steps"]) -> Float[Array, "*batch"]:
    """What DDIM with the exact denoiser multiplies a mode by along the signal levels `signals`, rising to its last.

    The product over steps a -> b of sqrt(b) x0-gain + sqrt(1 - b) eps-gain
    = (sqrt(a b) s^2 + sqrt((1 - a)(1 - b)))/(a s^2 + 1 - a): `flow_gain` as the steps shrink, from below, and what it
    lacks is `ddim_deficit` (P35).  variance s^2 >= 0, signals in [0, 1], all but the last below 1; ValueError else.
    """
    positive("variance", variance, "[)")
    unit("signals", signals)
    (variance,), signals = floats(variance), jnp.asarray(signals)
    dtype = jnp.result_type(variance, signals)
    return jnp.prod(step_gains(variance.astype(dtype), signals.astype(dtype)), axis=0)


def step_gains(variance: Float[Array, "*batch"], signals: Float[Array, " steps"]) -> Float[Array, "gaps *batch"]:
    """Each step's factor of `ddim_gain`, the steps along the first axis."""
    shape = (-1,) + (1,) * jnp.ndim(variance)
    here, there = signals[:-1].reshape(shape), signals[1:].reshape(shape)
    return (jnp.sqrt(here * there) * variance + jnp.sqrt((1 - here) * (1 - there))) / (here * variance + (1 - here))


def sampler_angle(variance: Real[ArrayLike, "..."], signal: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """Angle psi of (s sqrt(a), sqrt(1 - a)): how far a mode is from its data, in [0, pi/2] (derived here).

    variance s^2 > 0, signal a in [0, 1]; ValueError otherwise.
    """
    positive("variance", variance)
    unit("signal", signal)
    variance, signal = floats(variance, signal)
    # The tangent's arc loses nothing where either side is small; its slope at a = 1 is that of a square root.
    return jnp.arctan2(jnp.sqrt(1 - signal), jnp.sqrt(variance * signal))


def _turns(variance, signals):
    positive("variance", variance)
    unit("signals", signals)
    (variance,), signals = floats(variance), jnp.asarray(signals)
    shape = (-1,) + (1,) * jnp.ndim(variance)
    return jnp.diff(sampler_angle(variance, signals.reshape(shape)), axis=0)


def ddim_deficit(variance: Real[ArrayLike, "*batch"], signals: Float[ArrayLike, " steps"]) -> Float[Array, "*batch"]:
    """Share of the flow's gain that DDIM lacks, 1 - prod cos(psi_a - psi_b) over its steps (P35, derived here).

    A step's factor is the projection of one of the vectors of `sampler_angle` on the next over its length: the lengths
    make the flow's gain, the cosines are what the steps lose. So no schedule of N steps loses less than
    1 - cos(psi/N)^N.  variance s^2 > 0, signals in [0, 1]; ValueError otherwise.
    """
    # The logarithms of cosines near 1 are exact where their product would round.
    turned = _turns(variance, signals)
    return -jnp.expm1(jnp.sum(jnp.log1p(-2 * jnp.sin(turned / 2) ** 2), axis=0))


def ddim_deficit_bound(
    variance: Real[ArrayLike, "*batch"], signals: Float[ArrayLike, " steps"]
) -> Float[Array, "*batch"]:
    """Half the sum of the squared turns of `ddim_deficit`, which is never less and tight for short steps: first order
    in their length (P35, derived here).  variance s^2 > 0, signals in [0, 1]; ValueError otherwise.
    """
    return jnp.sum(_turns(variance, signals) ** 2, axis=0) / 2
