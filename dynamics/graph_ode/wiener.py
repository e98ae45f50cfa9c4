"""Decoders that need no training: none at all, and the best linear one for a stationary field under white noise.

A decoder takes a field (channels, height, width) in [0, 1], and a key that only some use, to a field in [0, 1]. All
are PyTrees: they go through jit, vmap and scan like arrays.
"""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

Field = Float[Array, "channels height width"]
Frames = Float[Array, "frames channels height width"]


class Prior(NamedTuple):
    """A stationary Gaussian law of fields: mean of each channel, and the variance of each Fourier mode.

    `spectrum` holds E|u_k|^2/(H W) at the modes of `rfft2`: white noise of variance q^2 a pixel has q^2 in each.
    """

    mean: Float[Array, " channels"]
    spectrum: Float[Array, "channels height half"]


class Lifted(eqx.Module):
    """No decoder: the lifted field as it is, clipped."""

    def __call__(self, field: Field, key: Key[Array, ""] | None = None) -> Field:
        del key
        return jnp.clip(field, 0.0, 1.0)


class Wiener(eqx.Module):
    """Each Fourier mode's departure from the mean times its gain; the result clipped to [0, 1]."""

    mean: Float[Array, " channels"]
    gain: Float[Array, "channels height half"]

    def __call__(self, field: Field, key: Key[Array, ""] | None = None) -> Field:
        del key
        return jnp.clip(self.filtered(field), 0.0, 1.0)

    def filtered(self, field: Field) -> Field:
        """Before clipping: linear in the field but for the mean."""
        return filtered(field, self.gain.astype(field.dtype), self.mean.astype(field.dtype))


def filtered(field: Field, gain: Float[Array, "#channels height half"], mean: Float[Array, " #channels"]) -> Field:
    """The field's departure from `mean` with each Fourier mode multiplied by `gain`."""
    centre = mean[:, None, None]
    modes = jnp.fft.rfft2(field - centre)
    return centre + jnp.fft.irfft2(gain * modes, s=field.shape[-2:]).astype(field.dtype)


def spectrum(frames: Frames, mean: Float[Array, " #channels"]) -> Float[Array, "channels height half"]:
    """Mean over frames of |u_k|^2/(H W) of the departures from `mean`."""
    departures = frames - mean[:, None, None]
    # Real transforms: a real field's other half is the same again.
    modes = jnp.fft.rfft2(departures)
    height, width = frames.shape[-2:]
    return jnp.mean(jnp.abs(modes) ** 2, axis=0) / (height * width)


def fit_prior(frames: Frames) -> Prior:
    """The stationary Gaussian law with the mean and the spectrum of these frames."""
    mean = jnp.mean(frames, axis=(0, 2, 3))
    return Prior(mean, spectrum(frames, mean))


def wiener_gain(spectrum: Float[Array, "*modes"], noise: Float[Array, ""] | float) -> Float[Array, "*modes"]:
    """S/(S + q^2), `noise` being the deviation q; 0 where a mode has no variance and there is no noise."""
    total = spectrum + noise**2
    return jnp.where(total > 0, spectrum / jnp.where(total > 0, total, 1), 0.0)


def fit_wiener(frames: Frames, noise: float) -> Wiener:
    """The Wiener decoder for errors of deviation `noise` a pixel, with the spectrum of these training frames.

    ValueError if noise < 0 or there is no frame.
    """
    if not noise >= 0:
        raise ValueError(f"Argument `noise` must not be negative, but is {noise}.")
    if not frames.shape[0]:
        raise ValueError("Argument `frames` holds no frame.")
    prior = fit_prior(frames)
    return Wiener(prior.mean, wiener_gain(prior.spectrum, noise))


def fit_wiener_to_pairs(frames: Frames, lifted: Frames) -> Wiener:
    """The linear decoder with the least mean square error on pairs of lifted and true fields.

    Its gain is the real part of the cross spectrum over the spectrum of the lifted fields: what `fit_wiener` becomes
    where the error is neither white nor independent of the field. 0 where the lifted fields have no variance.
    """
    mean = jnp.mean(frames, axis=(0, 2, 3))
    true, given = (jnp.fft.rfft2(field - mean[:, None, None]) for field in (frames, lifted))
    power = jnp.mean(jnp.abs(given) ** 2, axis=0)
    cross = jnp.mean((true * jnp.conj(given)).real, axis=0)
    return Wiener(mean, jnp.where(power > 0, cross / jnp.where(power > 0, power, 1), 0.0))
