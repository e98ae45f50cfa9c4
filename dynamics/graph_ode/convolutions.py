"""Periodic convolutions in the layout that a CPU multiplies fastest, and in the one that accelerators know.

Fields are (channels, frames, height, width): channels first of all, so that a 3 x 3 convolution is one product of a
small matrix (outputs, 9 inputs) with a wide one (9 inputs, all pixels of all frames), in the forward pass and in both
of its gradients. On CPU ("matmul") this is faster than XLA's own convolution ("xla"), which accelerators should take;
`benchmarks/graph_ode` measures both beside PyTorch.
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from flax import nnx
from jaxtyping import Array, Float

LAYOUTS = ("matmul", "xla")
Fields = Float[Array, "channels frames height width"]
Convolved = Float[Array, "outputs frames newheight newwidth"]


class Draws:
    """Numbers even in [-1, 1), dealt out in the order in which they are asked for; without any it only counts.

    All weights of a network come out of one draw: a draw of its own for each would be most of what is compiled.
    """

    def __init__(self, key=None, count: int = 0, dtype=jnp.float32):
        self.dealt, self.numbers = 0, None
        if key is not None:
            numbers = jr.uniform(key, (count,), dtype, -1.0, 1.0)
            # Slices of concrete numbers need no compilation.
            self.numbers = numbers if isinstance(numbers, jax.core.Tracer) else np.asarray(numbers)

    def __call__(self, shape: tuple[int, ...]):
        first, self.dealt = self.dealt, self.dealt + math.prod(shape)
        return np.zeros(shape) if self.numbers is None else self.numbers[first : self.dealt].reshape(shape)


def _wrapped(x: Fields, reach: int):
    """The fields with `reach` more rows and columns on each side, from the other side."""
    return jnp.pad(x, ((0, 0), (0, 0), (reach, reach), (reach, reach)), mode="wrap")


def convolved(
    x: Fields, kernel: Float[Array, "outputs rows columns channels"], stride: int = 1, layout: str = "matmul"
) -> Convolved:
    """The periodic cross-correlation with an odd square kernel, at every `stride`-th pixel from the first."""
    outputs, size = kernel.shape[:2]
    channels, _, height, width = x.shape
    if size == 1:
        return jnp.einsum("oc,cfhw->ofhw", kernel[:, 0, 0], x)
    padded = _wrapped(x, size // 2)
    if layout == "xla":
        numbers = ("CNHW", "OHWI", "CNHW")
        return jax.lax.conv_general_dilated(padded, kernel, (stride, stride), "VALID", dimension_numbers=numbers)
    shifted = [padded[:, :, i : i + height : stride, j : j + width : stride] for i in range(size) for j in range(size)]
    columns = jnp.stack(shifted).reshape(size * size * channels, -1)
    return (kernel.reshape(outputs, -1) @ columns).reshape(outputs, *shifted[0].shape[1:])


class Convolution(nnx.Module):
    """A periodic convolution with a bias.

    stride: 2 halves height and width (rounded up).  scale: of the initial weights, 0 for a layer that starts silent.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        draws: Draws,
        *,
        size: int = 3,
        stride: int = 1,
        layout: str = "matmul",
        scale: float = 1.0,
        dtype=jnp.float32,
    ):
        if layout not in LAYOUTS:
            raise ValueError(f"Argument `layout` must be one of {', '.join(LAYOUTS)}, but is {layout!r}.")
        self.stride, self.layout = stride, layout
        bound = scale / math.sqrt(size * size * inputs)
        self.kernel = nnx.Param(jnp.asarray(bound * draws((outputs, size, size, inputs)), dtype))
        self.bias = nnx.Param(jnp.zeros(outputs, dtype))

    def __call__(self, x: Fields) -> Convolved:
        return convolved(x, self.kernel[...], self.stride, self.layout) + self.bias[...][:, None, None, None]
