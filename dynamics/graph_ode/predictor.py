"""The GRAND-style predictor of the next value of each probe, with the ODE step that was published and others.

z_0 = phi(window), A = attention(z_0, edges), z_1 = what the flow z' = (A - I) z makes of z_0 in unit time, and the next
value is psi(z_1), or the last value plus a multiple of psi(z_1). A is frozen at z_0, or computed anew along the way
(`recompute`, the nonlinear GRAND). How far the flow goes is the `mode`:

    none      the solver is handed the time grid [1.0], as in the released code: it returns its start
    rk4_1     the grid [0, 1]: one step of the 3/8 rule
    expm      e^(A - I) z_0, exact to rounding
    diffrax   an adaptive solver

One graph at a time: batches are made by vmap.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
from flax import nnx
from jaxtyping import Array, Float

from dynamics import _check
from dynamics.graph_ode.attention import Attention, Edges, Mask, Nodes, affine
from dynamics.graph_ode.flows import attention_field, on_grid, solved_flow, stochastic_flow

MODES = ("none", "rk4_1", "expm", "diffrax")
FEATURES = ("window", "differences")
GRIDS = {"none": (1.0,), "rk4_1": (0.0, 1.0)}

Window = Float[Array, "nodes history"]


class Scale(NamedTuple):
    """Training statistics: mean and deviation of the values, deviation of their first differences in time."""

    mean: Float[Array, ""] | float = 0.0
    deviation: Float[Array, ""] | float = 1.0
    difference: Float[Array, ""] | float = 1.0


RAW = Scale()


class Fixed(nnx.Variable):
    """What a module holds but does not train."""


class LayerNorm(nnx.Module):
    """Each node's features with mean 0 and variance 1, then a gain and an offset; flax's rounds to float32 inside."""

    def __init__(self, width: int, dtype):
        self.gain, self.offset = nnx.Param(jnp.ones(width, dtype)), nnx.Param(jnp.zeros(width, dtype))

    def __call__(self, x: Float[Array, "*more width"]) -> Float[Array, "*more width"]:
        centred = x - jnp.mean(x, axis=-1, keepdims=True)
        variance = jnp.mean(centred**2, axis=-1, keepdims=True)
        return centred * jax.lax.rsqrt(variance + 1e-5) * self.gain[...] + self.offset[...]


class Network(nnx.Module):
    """Affine maps of these widths, each but the last followed by a layer norm (if `norms`) and `activation`.

    last: whether the last is followed by a layer norm as well.
    """

    def __init__(
        self, widths: tuple[int, ...], key, *, activation: Callable = jax.nn.relu, norms=True, last=False, dtype
    ):
        keys = jr.split(key, len(widths) - 1)
        self.layers = nnx.List(affine(a, b, k, dtype) for a, b, k in zip(widths[:-1], widths[1:], keys, strict=True))
        normed = widths[1:] if last else widths[1:-1]
        self.norms = nnx.List(LayerNorm(width, dtype) for width in normed * norms)
        self.activation = activation

    def __call__(self, x: Float[Array, "*more inputs"]) -> Float[Array, "*more outputs"]:
        for i, layer in enumerate(self.layers):
            x = layer(x)
            if i < len(self.norms):
                x = self.norms[i](x)
            if i < len(self.layers) - 1:
                x = self.activation(x)
        return x


class Predictor(nnx.Module):
    """The next value of every node from its last `history` values, the graph's edges and which nodes are present.

    The defaults are the published network; section-by-section alternatives are options. features: "window" gives phi
    the values as they are, "differences" the standardised last value and the scaled first differences before it.
    residual: the last value plus scale.difference times psi, instead of psi. norms, activation: of phi and psi.
    """

    def __init__(
        self,
        key,
        *,
        history: int = 10,
        width: int = 256,
        heads: int = 8,
        mode: str = "expm",
        recompute: bool = False,
        features: str = "window",
        residual: bool = False,
        self_score: float = 0.0,
        norms: bool = True,
        activation: Callable = jax.nn.relu,
        scale: Scale = RAW,
        tolerance: float = 1e-5,
        dtype=jnp.float32,
    ):
        _check.whole("history", history, 1)
        _check.whole("width", width, 1)
        _check.whole("heads", heads, 1)
        for name, value, known in (("mode", mode, MODES), ("features", features, FEATURES)):
            if value not in known:
                raise ValueError(f"Argument `{name}` must be one of {', '.join(known)}, but is {value!r}.")
        if recompute and mode == "expm":
            raise ValueError(
                "Argument `mode` must not be 'expm' where attention is recomputed: the flow is not linear."
            )
        embed_key, attention_key, read_key = jr.split(key, 3)
        self.mode, self.recompute, self.features, self.residual = mode, recompute, features, residual
        self.tolerance = tolerance
        self.scale = Fixed(Scale(*(jnp.asarray(part, dtype) for part in scale)))
        built = {"norms": norms, "activation": activation, "dtype": dtype}
        self.embed = Network((history, width, width, width), embed_key, last=norms, **built)
        self.attention = Attention(width, heads, attention_key, self_score=self_score, dtype=dtype)
        self.read = Network((width, width, width, 1), read_key, **built)

    def start(self, window: Window) -> Nodes:
        """z_0 = phi(features of the window)."""
        if self.features == "differences":
            scale = self.scale.get_value()
            last = (window[:, -1:] - scale.mean) / scale.deviation
            window = jnp.concatenate([last, jnp.diff(window, axis=1) / scale.difference], axis=1)
        return self.embed(window)

    def flow(self, start: Nodes, edges: Edges, mask: Mask | None = None) -> Nodes:
        """z_1, by the predictor's mode."""
        if self.recompute:

            def field(x):
                return attention_field(self.attention(x, edges, mask))(x)
        else:
            frozen = self.attention(start, edges, mask)
            field = attention_field(frozen)
            if self.mode == "expm":
                return stochastic_flow(frozen, start)
        if self.mode == "diffrax":
            return solved_flow(field, start, tolerance=self.tolerance)
        return on_grid("rk4", field, start, GRIDS[self.mode])[-1]

    def __call__(self, window: Window, edges: Edges, mask: Mask | None = None) -> Float[Array, " nodes"]:
        """Next values; 0 for absent nodes."""
        value = self.read(self.flow(self.start(window), edges, mask))[:, 0]
        if self.residual:
            value = window[:, -1] + self.scale.get_value().difference * value
        return value if mask is None else jnp.where(mask, value, 0)

    def unroll(self, window: Window, edges: Edges, mask: Mask | None, steps: int) -> Float[Array, "steps nodes"]:
        """So many next values in turn: each is appended to the window, whose first one is dropped."""

        def step(window, _):
            value = self(window, edges, mask)
            return jnp.concatenate([window[:, 1:], value[:, None]], axis=1), value

        return jax.lax.scan(step, window, length=_check.whole("steps", steps, 1))[1]
