"""The network that estimates the noise in a field: a U-Net with periodic convolutions (2505.17459, its official code).

The published one is `published_unet()`: base 128, multipliers 1-2-2, attention at the last level and in the middle, two
blocks a level on the way down and three on the way up. Its convolutions pad with zeros, ours wrap, as the fields do.
`small_unet()` is the one of 58 thousand weights that two cores train in minutes. Inside, channels come first of all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import jax.random as jr
from flax import nnx
from jaxtyping import Array, Float, Int, Key

from dynamics.graph_ode.convolutions import LAYOUTS, Convolution, Convolved, Draws, Fields

TIMES = ("released", "level")
Batch = Float[Array, "frames channels height width"]
Embedded = Float[Array, "frames embedding"]


@dataclass(frozen=True)
class UNetShape:
    """What a U-Net is made of.

    channels: of the fields.  base, multipliers: width of each level.  blocks: a level, on the way down.
    attention: which levels have it.  deep: the published ladder; without it the way up has no block at the bottom, none
    more than the way down elsewhere, and no convolution after a doubling.
    middle: two blocks and attention at the bottom.  groups: of the norms.  dropout: share of activations dropped.
    time: "released" tells the network n/N_T, "level" n itself.  layout: see `convolutions`.
    """

    channels: int = 1
    base: int = 12
    multipliers: tuple[int, ...] = (1, 2, 2)
    blocks: int = 1
    attention: tuple[int, ...] = ()
    deep: bool = False
    middle: bool = False
    groups: int = 4
    dropout: float = 0.0
    time: str = "level"
    levels: int = 1000
    layout: str = "matmul"

    def __post_init__(self):
        if self.time not in TIMES or self.layout not in LAYOUTS:
            known = f"{', '.join(TIMES)} and {', '.join(LAYOUTS)}"
            raise ValueError(f"`time` and `layout` must be among {known}, but are {self.time!r} and {self.layout!r}.")
        if not self.multipliers or min(self.channels, self.base, self.blocks, *self.multipliers) < 1:
            raise ValueError(f"All of `channels`, `base`, `blocks`, `multipliers` must be at least 1: {self}.")
        if self.base % self.groups or self.base < 4:
            raise ValueError(f"`base` must be a multiple of `groups` = {self.groups} from 4, but is {self.base}.")
        if not set(self.attention) <= set(range(len(self.multipliers))) or not 0 <= self.dropout < 1:
            raise ValueError(f"`attention` must name levels and `dropout` lie in [0, 1): {self}.")


def small_unet(channels: int = 1, **changed) -> UNetShape:
    """12-24-24 channels, one block a level: 58 thousand weights."""
    return UNetShape(channels, **changed)


def published_unet(channels: int = 1, **changed) -> UNetShape:
    """The published "final use" network: 26 million weights, for an accelerator."""
    settings = {
        "base": 128,
        "blocks": 2,
        "attention": (2,),
        "deep": True,
        "middle": True,
        "groups": 32,
        "dropout": 0.1,
        "time": "released",
        "layout": "xla",
    }
    return UNetShape(channels, **{**settings, **changed})


def time_features(time: Float[Array, " frames"], half: int) -> Float[Array, "frames features"]:
    """sin and cos of time times f_i = 10000^(-i/(half - 1)), i = 0..half - 1: sines first."""
    frequencies = 10000.0 ** (-jnp.arange(half) / max(half - 1, 1))
    angles = time[:, None] * frequencies.astype(time.dtype)
    return jnp.concatenate([jnp.sin(angles), jnp.cos(angles)], axis=1)


class Dense(nnx.Module):
    """x W + b on the last axis."""

    def __init__(self, inputs: int, outputs: int, draws: Draws, dtype):
        self.kernel = nnx.Param(jnp.asarray(draws((inputs, outputs)) / math.sqrt(inputs), dtype))
        self.bias = nnx.Param(jnp.zeros(outputs, dtype))

    def __call__(self, x: Float[Array, "frames inputs"]) -> Float[Array, "frames outputs"]:
        return x @ self.kernel[...] + self.bias[...]


class GroupNorm(nnx.Module):
    """Each frame's groups of channels to mean 0 and variance 1, then a gain and a bias per channel."""

    def __init__(self, channels: int, groups: int, dtype):
        self.groups = groups
        self.gain, self.bias = nnx.Param(jnp.ones(channels, dtype)), nnx.Param(jnp.zeros(channels, dtype))

    def __call__(self, x: Fields) -> Fields:
        parts = x.reshape(self.groups, -1, *x.shape[1:])
        mean = jnp.mean(parts, axis=(1, 3, 4), keepdims=True)
        # The mean of squares needs no second walk over the fields; activations are of order one.
        variance = jnp.mean(parts**2, axis=(1, 3, 4), keepdims=True) - mean**2
        normed = ((parts - mean) * jax.lax.rsqrt(jnp.maximum(variance, 0) + 1e-5)).reshape(x.shape)
        return normed * self.gain[...][:, None, None, None] + self.bias[...][:, None, None, None]


class Residual(nnx.Module):
    """x + conv(dropout(silu(norm(conv(silu(norm(x))) + time)))), the last convolution silent at first."""

    def __init__(self, inputs: int, outputs: int, embedding: int, shape: UNetShape, draws: Draws, dtype):
        made = {"layout": shape.layout, "dtype": dtype}
        self.dropout = shape.dropout
        self.norm_in, self.norm_out = (GroupNorm(width, shape.groups, dtype) for width in (inputs, outputs))
        self.first = Convolution(inputs, outputs, draws, **made)
        self.second = Convolution(outputs, outputs, draws, scale=1e-3, **made)
        self.time = Dense(embedding, outputs, draws, dtype)
        self.skip = Convolution(inputs, outputs, draws, size=1, **made) if inputs != outputs else None

    def __call__(self, x: Fields, embedded: Embedded, key: Key[Array, ""] | None) -> Convolved:
        y = self.first(jax.nn.silu(self.norm_in(x))) + self.time(embedded).T[:, :, None, None]
        y = jax.nn.silu(self.norm_out(y))
        if self.dropout and key is not None:
            y = jnp.where(jr.bernoulli(key, 1 - self.dropout, y.shape), y / (1 - self.dropout), 0)
        return (x if self.skip is None else self.skip(x)) + self.second(y)


class Attention(nnx.Module):
    """Every pixel of a frame looks at all of it: one head, x + proj(softmax(q k / sqrt(width)) v)."""

    def __init__(self, channels: int, shape: UNetShape, draws: Draws, dtype):
        self.norm = GroupNorm(channels, shape.groups, dtype)
        self.enter = Convolution(channels, 3 * channels, draws, size=1, dtype=dtype)
        self.leave = Convolution(channels, channels, draws, size=1, scale=1e-3, dtype=dtype)

    def __call__(self, x: Fields) -> Fields:
        channels, frames = x.shape[:2]
        query, key, value = self.enter(self.norm(x)).reshape(3, channels, frames, -1)
        weights = jax.nn.softmax(jnp.einsum("cfp,cfq->fpq", query, key) / math.sqrt(channels), axis=-1)
        return x + self.leave(jnp.einsum("fpq,cfq->cfp", weights, value).reshape(x.shape))


class Block(nnx.Module):
    """A residual block, and attention after it where the level has it."""

    def __init__(
        self, inputs: int, outputs: int, embedding: int, attentive: bool, shape: UNetShape, draws: Draws, dtype
    ):
        self.residual = Residual(inputs, outputs, embedding, shape, draws, dtype)
        self.attention = Attention(outputs, shape, draws, dtype) if attentive else None

    def __call__(self, x: Fields, embedded: Embedded, key: Key[Array, ""] | None) -> Convolved:
        x = self.residual(x, embedded, key)
        return x if self.attention is None else self.attention(x)


class UNet(nnx.Module):
    """eps_theta(x, n): the noise estimated in each frame of a batch, at a level n of its own.

    Any height and width: halving rounds up, and doubling crops to what was halved.
    """

    def __init__(self, shape: UNetShape, key, dtype=jnp.float32):
        self.shape = shape
        counted = Draws()
        self._build(counted, dtype)
        self._build(Draws(key, counted.dealt, dtype), dtype)

    def _build(self, draws: Draws, dtype) -> None:
        """All parts, in the order of the way through them."""
        shape = self.shape
        widths = [shape.base * multiplier for multiplier in shape.multipliers]
        embedding = 4 * shape.base
        made = {"layout": shape.layout, "dtype": dtype}

        def block(inputs, outputs, attentive):
            return Block(inputs, outputs, embedding, attentive, shape, draws, dtype)

        self.time = nnx.List(
            [Dense(2 * (shape.base // 2), embedding, draws, dtype), Dense(embedding, embedding, draws, dtype)]
        )
        self.enter = Convolution(shape.channels, shape.base, draws, **made)
        width, kept, down, shrink = shape.base, [], [], []
        for level, wider in enumerate(widths):
            kept += [width] if shape.deep else []
            blocks = []
            for _ in range(shape.blocks):
                blocks.append(block(width, wider, level in shape.attention))
                width = wider
                kept += [width] if self._met(level) else []
            down.append(nnx.List(blocks))
            if level + 1 < len(widths):
                shrink.append(Convolution(width, width, draws, stride=2, **made))
        self.down, self.shrink = nnx.List(down), nnx.List(shrink)
        bottom = [block(width, width, True), block(width, width, False)] if shape.middle else []
        self.middle = nnx.List(bottom)
        up, grow = [], []
        for level, wider in reversed(list(enumerate(widths))):
            blocks = []
            for _ in range(shape.blocks + shape.deep if self._met(level) else 0):
                blocks.append(block(width + kept.pop(), wider, level in shape.attention))
                width = wider
            up.append(nnx.List(blocks))
            if level and shape.deep:
                grow.append(Convolution(width, width, draws, **made))
        self.up, self.grow = nnx.List(up), nnx.List(grow)
        self.norm = GroupNorm(width, shape.groups, dtype)
        self.leave = Convolution(width, shape.channels, draws, scale=1e-3, **made)

    def _met(self, level: int) -> bool:
        """Whether the way up has blocks that meet what the way down made at this level."""
        return self.shape.deep or level + 1 < len(self.shape.multipliers)

    def embedded(self, level: Int[Array, " frames"], dtype) -> Embedded:
        """What every block is told of the level."""
        time = level.astype(dtype)
        time = time / self.shape.levels if self.shape.time == "released" else time
        first, second = self.time
        return second(jax.nn.silu(first(time_features(time, self.shape.base // 2))))

    def __call__(self, x: Batch, level: Int[Array, " frames"], key: Key[Array, ""] | None = None) -> Batch:
        """key: of the dropout, which there is none of without one."""
        told = jax.nn.silu(self.embedded(level, x.dtype))
        count = 0

        def run(block, x):
            nonlocal count
            count += 1
            return block(x, told, None if key is None else jr.fold_in(key, count))

        x = self.enter(jnp.swapaxes(x, 0, 1))
        kept = []
        for i, blocks in enumerate(self.down):
            kept += [x] if self.shape.deep else []
            for block in blocks:
                x = run(block, x)
                kept += [x] if self._met(i) else []
            if i < len(self.shrink):
                x = self.shrink[i](x)
        for block in self.middle:
            x = run(block, x)
        for i, blocks in enumerate(self.up):
            for block in blocks:
                x = run(block, jnp.concatenate([x, kept.pop()]))
            if kept:
                x = _doubled(x, kept[-1].shape[2:])
                x = self.grow[i](x) if self.grow else x
        return jnp.swapaxes(self.leave(jax.nn.silu(self.norm(x))), 0, 1)


def _doubled(x: Fields, size: tuple[int, int]):
    """Each pixel four times, cropped to the size it came from."""
    return jnp.repeat(jnp.repeat(x, 2, axis=2), 2, axis=3)[:, :, : size[0], : size[1]]


def weights_of(model: nnx.Module) -> int:
    """How many numbers are trained."""
    return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(nnx.state(model, nnx.Param)))
