"""The diffusion decoder whose denoiser is exact: the data are a stationary Gaussian field, known by its spectrum.

No network and no training: what remains of a decoder's error is the sampler's. Also draws of such fields, for tests of
samplers and for training networks on data whose least loss is known.
"""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, Int, Key

from dynamics.graph_ode.noise_table import Table
from dynamics.graph_ode.samplers import Diffusion
from dynamics.graph_ode.wiener import Field, Prior, filtered


class GaussianDenoiser(eqx.Module):
    """eps*(x, n) = E[eps | x] for data of a Gaussian law, each Fourier mode by itself; everything on one scale."""

    prior: Prior
    table: Table

    def __call__(self, x: Field, level: Int[Array, ""]) -> Field:
        signal, sigma = (jnp.asarray(part, x.dtype)[level] for part in self.table)
        mean, spectrum = (part.astype(x.dtype) for part in self.prior)
        # E[eps | x] = sqrt(1 - abar) (abar S + 1 - abar)^-1 (x - sqrt(abar) mu), on modes of white noise of variance 1.
        departure = x - signal * mean[:, None, None]
        gain = sigma / (signal**2 * spectrum + sigma**2)
        return filtered(departure, gain, jnp.zeros_like(mean))


def rescaled(prior: Prior) -> Prior:
    """The law of 2 u - 1 where that of u in [0, 1] is given: the scale of the diffusion."""
    return Prior(2 * prior.mean - 1, 4 * prior.spectrum)


def gauss_ddim(
    prior: Prior, table: Table, levels: tuple[int, ...], *, start: str = "scaled", clip: bool = True
) -> Diffusion:
    """The decoder for fields in [0, 1] that has this prior for them."""
    return Diffusion(GaussianDenoiser(rescaled(prior), table), table, levels, start, clip=clip)


def gaussian_fields(
    key: Key[Array, ""], prior: Prior, frames: int, width: int
) -> Float[Array, "frames channels height width"]:
    """Independent fields of the law, by colouring white noise."""
    channels, height, _ = prior.spectrum.shape
    white = jr.normal(key, (frames, channels, height, width), prior.spectrum.dtype)
    modes = jnp.sqrt(prior.spectrum) * jnp.fft.rfft2(white)
    return prior.mean[:, None, None] + jnp.fft.irfft2(modes, s=(height, width)).astype(white.dtype)
