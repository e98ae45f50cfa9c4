"""The full blocks of the networks: Mamba (arXiv 2312.00752) and Mamba-2 (arXiv 2405.21060), forward, one sequence.

A block is x + W_out( ... scan ... ) of RMSNorm(x), the selective scan wrapped in convolution, SiLU, gate and skip.
Weights are kept as published checkpoints store them: matrices are (outputs, inputs). Work and memory are linear in
the length; the state of the recurrence is never stored along the sequence.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from dynamics.tokens.selective import selective_scan


class Mamba(eqx.Module):
    """Weights of one Mamba block. D `inner` channels, N `states`, A = -exp(A_log) of shape (D, N)."""

    norm: Float[Array, " width"]
    in_proj: Float[Array, "double width"]
    in_bias: Float[Array, " double"] | None
    conv: Float[Array, "inner taps"]
    conv_bias: Float[Array, " inner"] | None
    x_proj: Float[Array, "mixed inner"]
    dt_proj: Float[Array, "inner rank"]
    dt_bias: Float[Array, " inner"]
    a_log: Float[Array, "inner states"]
    skip: Float[Array, " inner"]
    out_proj: Float[Array, "width inner"]
    out_bias: Float[Array, " width"] | None
    epsilon: float = eqx.field(static=True, default=1e-5)


class Mamba2(eqx.Module):
    """Weights of one Mamba-2 block: `heads` scalar decays A = -exp(A_log), B and C shared inside each of `groups`."""

    norm: Float[Array, " width"]
    in_proj: Float[Array, "mixed width"]
    in_bias: Float[Array, " mixed"] | None
    conv: Float[Array, "convolved taps"]
    conv_bias: Float[Array, " convolved"] | None
    dt_bias: Float[Array, " heads"]
    a_log: Float[Array, " heads"]
    skip: Float[Array, " heads"]
    gate_norm: Float[Array, " inner"]
    out_proj: Float[Array, "width inner"]
    out_bias: Float[Array, " width"] | None
    groups: int = eqx.field(static=True, default=1)
    epsilon: float = eqx.field(static=True, default=1e-5)
    step_limit: tuple[float, float] = eqx.field(static=True, default=(0.0, float("inf")))


class Seen(eqx.Module):
    """What only observers need of a block: step sizes Delta and each token's weight on itself, C(x_l) . B(x_l)."""

    steps: Float[Array, "tokens heads"]
    self_weight: Float[Array, "tokens groups"]


def rms_norm(x: Float[Array, "*batch width"], weight: Float[Array, " width"], epsilon: float, groups: int = 1):
    """x / sqrt(mean x^2 + epsilon) * weight, the mean taken inside each of `groups` equal parts of the last axis."""
    parts = x.reshape(*x.shape[:-1], groups, -1)
    parts = parts * jax.lax.rsqrt(jnp.mean(parts**2, axis=-1, keepdims=True) + epsilon)
    return parts.reshape(x.shape) * weight


def causal_convolution(
    x: Float[Array, "tokens channels"],
    kernel: Float[Array, "channels taps"],
    bias: Float[Array, " channels"] | None = None,
) -> Float[Array, "tokens channels"]:
    """Each channel convolved with its own taps; the last tap weighs the present token, the past starts with zeros."""
    taps = kernel.shape[1]
    padded = jnp.pad(x, ((taps - 1, 0), (0, 0)))
    y = sum(padded[k : k + x.shape[0]] * kernel[:, k] for k in range(taps))
    return y if bias is None else y + bias


def head_scan(
    x: Float[Array, "tokens heads size"],
    steps: Float[Array, "tokens heads"],
    rates: Float[Array, " heads"],
    b: Float[Array, "tokens groups states"],
    c: Float[Array, "tokens groups states"],
) -> Float[Array, "tokens heads size"]:
    """y_l = H_l C_l with H_l = exp(Delta_l A) H_{l-1} + Delta_l x_l B_l^T, per head; A = `rates` <= 0.

    Heads of one group follow each other and share B and C.
    """
    heads, groups = x.shape[1], b.shape[1]

    def step(state, token):
        x, delta, b, c = token
        b, c = (jnp.repeat(part, heads // groups, axis=0, total_repeat_length=heads) for part in (b, c))
        state = jnp.exp(delta * rates)[:, None, None] * state + (delta[:, None] * x)[:, :, None] * b[:, None, :]
        return state, jnp.einsum("hpn,hn->hp", state, c)

    start = jnp.zeros((*x.shape[1:], b.shape[2]), x.dtype)
    return jax.lax.scan(step, start, (x, steps, b, c))[1]


def _affine(x, weight, bias):
    y = x @ weight.T
    return y if bias is None else y + bias


def mamba(block: Mamba, x: Float[Array, "tokens width"]) -> tuple[Float[Array, "tokens width"], Seen]:
    """One Mamba block applied to a sequence: x + W_out((scan(u) + D u) silu(z)), u = silu(conv(.))."""
    rank, states = block.dt_proj.shape[1], block.a_log.shape[1]
    u, gate = jnp.split(_affine(rms_norm(x, block.norm, block.epsilon), block.in_proj, block.in_bias), 2, axis=1)
    u = jax.nn.silu(causal_convolution(u, block.conv, block.conv_bias))
    low, b, c = jnp.split(u @ block.x_proj.T, (rank, rank + states), axis=1)
    steps = jax.nn.softplus(_affine(low, block.dt_proj, block.dt_bias))
    y = selective_scan(u, steps, jnp.exp(block.a_log), b, c)
    y = (y + block.skip * u) * jax.nn.silu(gate)
    return x + _affine(y, block.out_proj, block.out_bias), Seen(steps, jnp.sum(b * c, axis=1, keepdims=True))


def mamba2(block: Mamba2, x: Float[Array, "tokens width"]) -> tuple[Float[Array, "tokens width"], Seen]:
    """One Mamba-2 block: B and C come straight from the normalised stream, the gate is inside a grouped RMSNorm.

    Step sizes are clipped to `step_limit` after the softplus.
    """
    tokens = x.shape[0]
    heads, inner, convolved = block.a_log.shape[0], block.out_proj.shape[1], block.conv.shape[0]
    mixed = _affine(rms_norm(x, block.norm, block.epsilon), block.in_proj, block.in_bias)
    gate, xbc, steps = jnp.split(mixed, (inner, inner + convolved), axis=1)
    xbc = jax.nn.silu(causal_convolution(xbc, block.conv, block.conv_bias))
    u, b, c = jnp.split(xbc, (inner, (inner + convolved) // 2), axis=1)
    b, c = (part.reshape(tokens, block.groups, -1) for part in (b, c))
    u = u.reshape(tokens, heads, -1)
    steps = jnp.clip(jax.nn.softplus(steps + block.dt_bias), *block.step_limit)
    y = head_scan(u, steps, -jnp.exp(block.a_log), b, c) + block.skip[:, None] * u
    y = rms_norm(y.reshape(tokens, inner) * jax.nn.silu(gate), block.gate_norm, block.epsilon, block.groups)
    return x + _affine(y, block.out_proj, block.out_bias), Seen(steps, jnp.sum(b * c, axis=2))


def apply_block(block: Mamba | Mamba2, x: Float[Array, "tokens width"]) -> tuple[Float[Array, "tokens width"], Seen]:
    """The block's own forward pass, residual connection included."""
    return mamba(block, x) if isinstance(block, Mamba) else mamba2(block, x)
