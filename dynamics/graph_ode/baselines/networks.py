"""The networks a fair suite compares with: per pixel, per mode (FNO, direct and residual), and per neighbourhood.

All of them read the same window in the same scaling. `PeriodicCNN` is the honest opponent: a few thousand weights,
periodic like the data, and its output is added to the last frame.
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from flax import nnx
from jaxtyping import Array, Float

from dynamics.graph_ode.baselines.forecasting import Frame, Window
from dynamics.graph_ode.convolutions import convolved
from dynamics.graph_ode.scaling import Scaling, features, grown

Image = Float[Array, "height width inputs"]
Fields = Float[Array, "features windows height width"]
Windows = Float[Array, "history channels ... height width"]
"""One window or, with one more axis before the last two, several."""


class Fixed(nnx.Variable):
    """What a network holds but does not train."""


def _weights(key, shape: tuple[int, ...], fan_in: int, dtype) -> nnx.Param:
    return nnx.Param(jr.normal(key, shape, dtype) * math.sqrt(1 / fan_in))


class Dense(nnx.Module):
    """An affine map of the last axis; `quiet` starts it small, so that a residual network starts near persistence."""

    def __init__(self, inputs: int, outputs: int, key, dtype, *, quiet: bool = False):
        self.matrix = _weights(key, (inputs, outputs), inputs, dtype)
        if quiet:
            self.matrix = nnx.Param(0.1 * self.matrix[...])
        self.offset = nnx.Param(jnp.zeros(outputs, dtype))

    def __call__(self, x: Float[Array, "*batch inputs"]) -> Float[Array, "*batch outputs"]:
        return x @ self.matrix[...] + self.offset[...]

    def around(self, fields: Fields) -> Float[Array, "outputs windows height width"]:
        """The map of every pixel with its eight neighbours, row by row and periodically: a 3 x 3 convolution."""
        inputs, outputs = self.matrix.shape
        kernel = self.matrix[...].T.reshape(outputs, 3, 3, inputs // 9)
        return convolved(fields, kernel) + self.offset[...][:, None, None, None]


class PointwiseNetwork(nnx.Module):
    """One network at every pixel, blind to all others: what there is to gain without codes, graph or space."""

    def __init__(self, history: int, scaling: Scaling, key, *, width: int = 48, depth: int = 3):
        dtype, channels = scaling.mean.dtype, scaling.mean.size
        keys = jr.split(key, depth)
        sizes = [history * channels, *[width] * (depth - 1)]
        self.layers = nnx.List(Dense(n, width, k, dtype) for n, k in zip(sizes[:-1], keys[:-1], strict=True))
        self.last = Dense(width, channels, keys[-1], dtype, quiet=True)
        self.scaling = Fixed(scaling)

    def __call__(self, window: Float[Array, "history channels *space"]) -> Float[Array, "channels ..."]:
        x = features(window, self.scaling.get_value())
        for layer in self.layers:
            x = jax.nn.gelu(layer(x))
        return grown(window, self.last(x), self.scaling.get_value())


class PeriodicCNN(nnx.Module):
    """Four 3 x 3 convolutions of width 14 (4957 weights for ten frames of one channel), added to the last frame.

    It takes windows together, as frames of one wide convolution: on a CPU faster than its `vmap`.
    """

    together = True

    def __init__(self, history: int, scaling: Scaling, key, *, width: int = 14, depth: int = 4):
        dtype, channels = scaling.mean.dtype, scaling.mean.size
        keys = jr.split(key, depth)
        sizes = [history * channels, *[width] * (depth - 1)]
        self.layers = nnx.List(Dense(9 * n, width, k, dtype) for n, k in zip(sizes[:-1], keys[:-1], strict=True))
        self.last = Dense(9 * width, channels, keys[-1], dtype, quiet=True)
        self.scaling = Fixed(scaling)

    def __call__(self, window: Windows) -> Float[Array, "channels ... height width"]:
        shown = features(window, self.scaling.get_value())
        x = jnp.moveaxis(shown.reshape(-1, *shown.shape[-3:]), -1, 0)
        for layer in self.layers:
            x = jax.nn.gelu(layer.around(x))
        output = jnp.moveaxis(self.last.around(x), 0, -1)
        return grown(window, output.reshape(*shown.shape[:-1], -1), self.scaling.get_value())


class SpectralLayer(nnx.Module):
    """A linear map of each of the lowest Fourier modes, by products with cosines and sines (no FFT is needed)."""

    def __init__(self, width: int, modes: int, key, dtype):
        self.modes = modes
        self.matrices = _weights(key, (2, 2 * modes, modes, width, width), width, dtype)

    def __call__(self, image: Image) -> Image:
        height, width = image.shape[:2]
        m = self.modes
        down = _waves(np.arange(-m, m), height).astype(image.dtype)
        across = _waves(np.arange(m), width).astype(image.dtype)
        rows = jnp.einsum("akh,hwc->akwc", down, image)
        # exp(-i(ky y + kx x)) = (c - i s)(c' - i s')
        real = jnp.einsum("lw,kwc->klc", across[0], rows[0]) - jnp.einsum("lw,kwc->klc", across[1], rows[1])
        imaginary = -jnp.einsum("lw,kwc->klc", across[1], rows[0]) - jnp.einsum("lw,kwc->klc", across[0], rows[1])
        a, b = self.matrices[...]
        new_real = jnp.einsum("klc,klcd->kld", real, a) - jnp.einsum("klc,klcd->kld", imaginary, b)
        new_imaginary = jnp.einsum("klc,klcd->kld", real, b) + jnp.einsum("klc,klcd->kld", imaginary, a)
        # The real part of the inverse transform; modes with kx > 0 stand for their conjugates as well.
        twice = jnp.asarray(np.where(np.arange(m) == 0, 1, 2)[None, :, None], image.dtype)
        new_real, new_imaginary = twice * new_real, twice * new_imaginary
        even = jnp.einsum("kld,lw->kwd", new_real, across[0]) - jnp.einsum("kld,lw->kwd", new_imaginary, across[1])
        odd = jnp.einsum("kld,lw->kwd", new_real, across[1]) + jnp.einsum("kld,lw->kwd", new_imaginary, across[0])
        back = jnp.einsum("kh,kwd->hwd", down[0], even) - jnp.einsum("kh,kwd->hwd", down[1], odd)
        return back / (height * width)


def _waves(numbers: np.ndarray, size: int) -> np.ndarray:
    """cos and sin of 2 pi k x / size, (2, numbers, size)."""
    angles = 2 * np.pi * numbers[:, None] * np.arange(size) / size
    return np.stack([np.cos(angles), np.sin(angles)])


class FourierOperator(nnx.Module):
    """FNO: lifted, a few spectral layers beside pointwise ones, projected. Its output is the frame or the change.

    The published baseline predicts the frame itself (`residual=False`); most of its first-step error comes from that.
    """

    def __init__(
        self, history: int, scaling: Scaling, key, *, residual: bool, modes: int, width: int = 10, depth: int = 3
    ):
        dtype, channels = scaling.mean.dtype, scaling.mean.size
        keys = jr.split(key, 2 * depth + 3)
        self.residual = residual
        self.lift = Dense(history * channels, width, keys[0], dtype)
        self.spectral = nnx.List(SpectralLayer(width, modes, k, dtype) for k in keys[1 : depth + 1])
        self.local = nnx.List(Dense(width, width, k, dtype) for k in keys[depth + 1 : 2 * depth + 1])
        self.project = Dense(width, 4 * width, keys[-2], dtype)
        self.last = Dense(4 * width, channels, keys[-1], dtype, quiet=residual)
        self.scaling = Fixed(scaling)

    def __call__(self, window: Window) -> Frame:
        scaling = self.scaling.get_value()
        x = self.lift(features(window, scaling))
        for spectral, local in zip(self.spectral, self.local, strict=True):
            x = x + jax.nn.gelu(spectral(x) + local(x))
        output = self.last(jax.nn.gelu(self.project(x)))
        if self.residual:
            return grown(window, output, scaling)
        return jnp.moveaxis(scaling.mean + scaling.spread * output, -1, 0)


def weight_count(model: nnx.Module) -> int:
    """How many numbers a network trains."""
    return sum(leaf.size for leaf in jax.tree.leaves(nnx.state(model, nnx.Param)))
