"""The diffusion decoder as a filter of Fourier modes, for Gaussian data (P36, P37), and the best linear one.

A mode of the lifted field y goes in, the same mode of the decoded field comes out, multiplied by a gain that depends
on the mode's prior variance s^2 alone. Start, step and pull differ between decoders; the pull is the released one.

The specification's two rows of P36 are not of one setting. Its gains with the pull (0.199 ... 1.020) are those of 50
strides from level 197 in the released, shifted table; its gains without (0.017 ... 1.203) are the limit of small steps
from level 200 of it. And the floor of small modes is the table's more than the pull's: 0.17 with the shifted table,
whose last step keeps noise, 0.05 with the right one.
"""

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import floats, positive, unit, within
from .gaussian_diffusion import flow_gain, step_gains


def wiener_filter(variance: Real[ArrayLike, "..."], noise: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """S/(S + q^2): the best gain of a mode seen under white noise of deviation q (P34).

    variance S > 0, noise q >= 0; ValueError otherwise.
    """
    positive("variance", variance)
    positive("noise", noise, "[)")
    variance, noise = floats(variance, noise)
    return variance / (variance + noise**2)


def filter_error(
    gain: Real[ArrayLike, "..."], variance: Real[ArrayLike, "..."], noise: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """Mean square error (1 - g)^2 S + g^2 q^2 that a gain g leaves in a mode under white noise.

    variance S >= 0, noise q >= 0; ValueError otherwise.
    """
    positive("variance", variance, "[)")
    positive("noise", noise, "[)")
    gain, variance, noise = floats(gain, variance, noise)
    return (1 - gain) ** 2 * variance + gain**2 * noise**2


def scaled_gain(variance: Real[ArrayLike, "..."], signal: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """Gain of a decoder started at sqrt(a) y, in the limit of small steps: sqrt(a s^2/(a s^2 + 1 - a)) (P36).

    The square root of a Wiener gain, with q^2 = (1 - a)/a: it never amplifies. The start with noise added has the same
    gain, and that noise beside it.  variance s^2 >= 0, signal a in [0, 1]; ValueError otherwise.
    """
    unit("signal", signal)
    unguided = flow_gain(variance, signal)
    unguided, signal = floats(unguided, signal)
    return jnp.sqrt(signal) * unguided


def raw_gain(variance: Real[ArrayLike, "..."], signal: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """Gain of the decoder started at y itself, as released, without its pull: up to 1/sqrt(a) > 1 (P36; oddity 8).

    Modes of prior variance s^2 > 1 are amplified whatever the level.  variance s^2 >= 0, signal a in [0, 1].
    """
    return flow_gain(variance, signal)


def pulled_gain(
    variance: Real[ArrayLike, "*batch"], signals: Float[ArrayLike, " steps"], pulls: Float[ArrayLike, " gaps"]
) -> Float[Array, "*batch"]:
    """Gain of the released decoder: g <- m(s^2) g - c (g - 1) from g = 1, m the factor of a DDIM step (P36).

    signals: a from the start on, rising to the last, all but it below 1.  pulls: c of each step. Steps are affine, so
    the gain is the sum over steps of c_j prod_(k > j) (m_k - c_k), plus the product of all of these: a mode without
    variance keeps a floor. ValueError unless there is one pull per step.
    (2505.17459, its official code)
    """
    positive("variance", variance, "[)")
    unit("signals", signals)
    pulls = jnp.asarray(pulls)
    if jnp.shape(pulls)[0] != jnp.shape(signals)[0] - 1:
        raise ValueError(f"Argument `pulls` must have one entry per step, but is of shape {jnp.shape(pulls)}.")
    (variance,), signals = floats(variance), jnp.asarray(signals)
    dtype = jnp.result_type(variance, signals)
    steps = step_gains(variance.astype(dtype), signals.astype(dtype))

    def pulled(gain, step):
        factor, pull = step
        return (factor - pull) * gain + pull, None

    return jax.lax.scan(pulled, jnp.ones(variance.shape, dtype), (steps, pulls.astype(dtype)))[0]


def decoded_constant(
    value: Real[ArrayLike, "..."], signal: Real[ArrayLike, "..."], scaled: bool = True
) -> Float[Array, "..."]:
    """What becomes of a constant field of value c in [-1, 1] where the prior says nothing about constants (P37).

    The flow multiplies it by 1/sqrt(a) and every x_0 is clipped to [-1, 1]: from sqrt(a) c it is c again, so that the
    decoder is the identity, and idempotent; from c itself, as released, it is c/sqrt(a), clipped, which is idempotent
    on 0 and +-1 only.  ValueError for a value outside [-1, 1] or a signal outside (0, 1].
    """
    within("value", value, -1.0, 1.0)
    within("signal", signal, 0.0, 1.0, "(]")
    value, signal = floats(value, signal)
    return value if scaled else jnp.clip(value / jnp.sqrt(signal), -1.0, 1.0)


def residual_noise(first: Real[ArrayLike, "..."] = 1e-4) -> Float[Array, "..."]:
    """Deviation sqrt(beta_1) of the noise that the released sampler's table leaves in its last step (oddity 6).

    Its index 0 has abar = 1 - beta_1, so that x = sqrt(1 - beta_1) x_0 + sqrt(beta_1) eps is what is returned.
    first beta_1 in [0, 1]; ValueError otherwise.  (2505.17459, its official code)
    """
    unit("first", first)
    (first,) = floats(first)
    return jnp.sqrt(first)
