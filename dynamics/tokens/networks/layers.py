"""The two blocks whose sign is asked about, as flax modules; tokens come first, (tokens, batch, width).

`MambaBlock` is Mamba-1's: norm, convolution, SiLU, selective scan, skip, gate, output projection. Whatever the sign of
M does to it, its skip and output projection can undo: (M, D, W_out) and (-M, -D, -W_out) are one function.
`SelectiveBlock` has none of these parts: M acts in the residual space itself, where its sign means something.
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import jax.random as jr
from flax import nnx
from jaxtyping import Array, Float

from dynamics.tokens.networks.sign import Sign, signed_projections

STEP_RANGE = (1e-3, 0.1)

Tokens = Float[Array, "tokens batch width"]


class Fixed(nnx.Variable):
    """What a module holds but does not train."""


def selective_scan(
    steps: Tokens,
    inputs: Tokens,
    into: Float[Array, "tokens batch states"],
    out: Float[Array, "tokens batch states"],
    decay: Float[Array, "width rates"],
) -> Tokens:
    """y_l = <C_l, H_l>, H_l = exp(-a Delta_l) H_(l-1) + Delta_l u_l B_l, channel by channel, from H_0 = 0.

    steps: Delta.  inputs: u.  into: B.  out: C.  decay: a. Read out inside the loop: the states of all tokens never
    stand in memory side by side, which halves the cost of training on a CPU.
    """

    def step(state, token):
        delta, u, b, c = token
        state = jnp.exp(-delta[..., None] * decay) * state + (delta * u)[..., None] * b[..., None, :]
        return state, jnp.sum(state * c[..., None, :], axis=-1)

    start = jnp.zeros((*steps.shape[1:], into.shape[-1]), steps.dtype)
    return jax.lax.scan(step, start, (steps, inputs, into, out))[1]


def uniform(key, shape: tuple[int, ...], fan_in: int, dtype) -> Array:
    """Weights as the reference implementation draws them, evenly from +- 1/sqrt(fan-in)."""
    bound = 1 / math.sqrt(fan_in)
    return jr.uniform(key, shape, dtype, -bound, bound)


def step_bias(key, shape: tuple[int, ...], dtype, span: tuple[float, float] = STEP_RANGE) -> Array:
    """Biases b with softplus(b) log-uniform over `span`."""
    delta = jnp.exp(jr.uniform(key, shape, dtype, math.log(span[0]), math.log(span[1])))
    return delta + jnp.log(-jnp.expm1(-delta))


class Norm(nnx.Module):
    """Root mean square norm over the channels, with a gain per channel."""

    def __init__(self, width: int, dtype):
        self.gain = nnx.Param(jnp.ones(width, dtype))

    def __call__(self, tokens: Float[Array, "*more width"]) -> Float[Array, "*more width"]:
        return tokens * jax.lax.rsqrt(jnp.mean(tokens**2, axis=-1, keepdims=True) + 1e-5) * self.gain[...]


class Selection(nnx.Module):
    """What makes Delta, B and C of a token: `project` (rank + 2 N rows, as Mamba's x_proj) and the step size's own."""

    def __init__(
        self, width: int, states: int, rank: int, sign: Sign, key, dtype, span: tuple[float, float] = STEP_RANGE
    ):
        project_key, step_key, bias_key = jr.split(key, 3)
        self.rank, self.states = rank, states
        self.project = nnx.Param(uniform(project_key, (rank + 2 * states, width), width, dtype))
        self.step = nnx.Param(uniform(step_key, (width, rank), rank, dtype))
        self.bias = nnx.Param(step_bias(bias_key, (width,), dtype, span))
        self.sign = Fixed(jax.tree.map(jnp.asarray, sign))

    def maps(self) -> tuple[Float[Array, "states width"], Float[Array, "states width"]]:
        """S_B and S_C."""
        raw = self.project[...]
        return signed_projections(raw[self.rank : -self.states], raw[-self.states :], self.sign.get_value())

    def delta(self, tokens: Float[Array, "*more width"]) -> Float[Array, "*more width"]:
        """Step sizes Delta of the tokens."""
        return jax.nn.softplus(tokens @ self.project[: self.rank].T @ self.step[...].T + self.bias[...])

    def __call__(self, tokens: Tokens, decay: Float[Array, "width rates"]) -> Tokens:
        into, out = self.maps()
        return selective_scan(self.delta(tokens), tokens, tokens @ into.T, tokens @ out.T, decay)


class MambaBlock(nnx.Module):
    """x + W_out((SSM(u) + D u) silu(z)), u = silu(conv(W_in norm(x))), of Mamba-1, decays log(1..N) at first."""

    def __init__(self, width: int, inner: int, states: int, rank: int, depth: int, sign: Sign, key, dtype):
        in_key, conv_key, bias_key, out_key, own_key = jr.split(key, 5)
        self.norm = Norm(width, dtype)
        self.enter = nnx.Param(uniform(in_key, (2 * inner, width), width, dtype))
        self.taps = nnx.Param(uniform(conv_key, (4, inner), 4, dtype))
        self.tap_bias = nnx.Param(uniform(bias_key, (inner,), 4, dtype))
        self.selection = Selection(inner, states, rank, sign, own_key, dtype)
        self.log_decay = nnx.Param(jnp.log(jnp.broadcast_to(jnp.arange(1, states + 1, dtype=dtype), (inner, states))))
        self.skip = nnx.Param(jnp.full(inner, sign.skip, dtype))
        # Divided by the root of the depth, as the reference does for what is added to the residual stream.
        leave = uniform(out_key, (width, inner), inner, dtype) / math.sqrt(depth)
        self.leave = nnx.Param(leave * jnp.asarray(sign.output, dtype))

    def __call__(self, tokens: Tokens) -> Tokens:
        u, z = jnp.split(self.norm(tokens) @ self.enter[...].T, 2, axis=-1)
        u = jax.nn.silu(causal_convolution(u, self.taps[...]) + self.tap_bias[...])
        y = self.selection(u, jnp.exp(self.log_decay[...])) + self.skip[...] * u
        return tokens + (y * jax.nn.silu(z)) @ self.leave[...].T


class SelectiveBlock(nnx.Module):
    """x + S6(norm(x)), then x + MLP(norm(x)); the decay is one scalar a channel, so that M is all of the kernel.

    prenorm: whether the norm before S6 is there.
    """

    def __init__(self, width: int, states: int, rank: int, sign: Sign, key, dtype, *, prenorm: bool = True):
        decay_key, own_key, up_key, down_key = jr.split(key, 4)
        self.prenorm = prenorm
        self.norm, self.norm_mlp = Norm(width, dtype), Norm(width, dtype)
        self.log_decay = nnx.Param(jnp.log(jr.uniform(decay_key, (width, 1), dtype, 1.0, 16.0)))
        self.selection = Selection(width, states, rank, sign, own_key, dtype)
        self.up = nnx.Param(uniform(up_key, (2 * width, width), width, dtype))
        self.down = nnx.Param(uniform(down_key, (width, 2 * width), 2 * width, dtype))

    def __call__(self, tokens: Tokens) -> Tokens:
        tokens = self.mixed(tokens)
        return tokens + jax.nn.silu(self.norm_mlp(tokens) @ self.up[...].T) @ self.down[...].T

    def seen(self, tokens: Tokens) -> Tokens:
        """The tokens as S6 sees them."""
        return self.norm(tokens) if self.prenorm else tokens

    def mixed(self, tokens: Tokens) -> Tokens:
        """The first half of the block, where tokens meet."""
        return tokens + self.selection(self.seen(tokens), jnp.exp(self.log_decay[...]))


def causal_convolution(tokens: Tokens, taps: Float[Array, "taps width"]) -> Tokens:
    """Each channel's sum of its last few tokens, weighted by its taps, the present token by the last of them."""
    reach = taps.shape[0]
    padded = jnp.pad(tokens, ((reach - 1, 0), (0, 0), (0, 0)))
    return sum(padded[i : i + tokens.shape[0]] * taps[i] for i in range(reach))
