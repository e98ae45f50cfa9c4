"""Tokens on a line: the selective layer with one channel, in logarithms of the tokens' sizes.

Each token keeps its sign, and d ln|x_l| / dt = mu G_l with one positive sum G_l with decay for each token
(arXiv 2410.03292, the model with D = 1).
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Real

from dynamics.tokens.scan import decayed_sum, decayed_sum_both_ways, spans
from dynamics.tokens.step_size import held


class Line(eqx.Module):
    """Parameters of a layer with one channel; `make_line` checks them.

    rate: mu = S_C S_B, real.  slope: s = S_Delta, real.  decay: a >= 0.  bias: b, real.
    exact_zoh: input weight (1 - e^(-a Delta)) / a in place of Delta.  causal: token l sees j <= l only.
    """

    rate: Float[Array, ""]
    slope: Float[Array, ""]
    decay: Float[Array, ""]
    bias: Float[Array, ""]
    exact_zoh: bool = eqx.field(static=True, default=False)
    causal: bool = eqx.field(static=True, default=True)

    def __call__(self, x: Float[Array, " tokens"]) -> Float[Array, " tokens"]:
        return line_layer(x, self)


def make_line(
    rate: Real[ArrayLike, ""],
    slope: Real[ArrayLike, ""],
    decay: Real[ArrayLike, ""],
    bias: Real[ArrayLike, ""] = 0.0,
    *,
    exact_zoh: bool = False,
    causal: bool = True,
) -> Line:
    """A checked `Line`; raises ValueError on a value that is not finite or a negative decay."""
    for name, value in (("rate", rate), ("slope", slope), ("decay", decay), ("bias", bias)):
        refuse_non_finite(name, value)
    if not isinstance(decay, jax.core.Tracer) and float(decay) < 0:
        raise ValueError(f"Argument `decay` must not be negative, but is {decay}.")
    dtype = jnp.result_type(float, rate, slope, decay, bias)
    values = (jnp.asarray(value, dtype) for value in (rate, slope, decay, bias))
    return Line(*values, exact_zoh=exact_zoh, causal=causal)


def refuse_non_finite(name: str, value: Real[ArrayLike, "..."]) -> None:
    """ValueError naming the argument if a concrete value is infinite or NaN; traced values pass unseen."""
    if not isinstance(value, jax.core.Tracer) and not np.isfinite(value).all():
        raise ValueError(f"Argument `{name}` must be finite, but is {value}.")


def split_tokens(x: Real[ArrayLike, " tokens"]) -> tuple[Float[Array, " tokens"], Float[Array, " tokens"]]:
    """Signs in {-1, 0, 1} and logarithms of the sizes; a token at 0 gets size 1, which its sign 0 silences."""
    x = jnp.asarray(x, jnp.result_type(float, x))
    size = jnp.abs(x)
    return jnp.sign(x), jnp.log(jnp.where(size > 0, size, 1.0))


def weights(
    log_size: Float[Array, " tokens"], sign: Float[Array, " tokens"], line: Line
) -> tuple[Float[Array, " tokens"], Float[Array, " tokens"], Float[Array, " tokens"]]:
    """(exponent, factor, aged): a token's input weight (Delta, or its exact hold) is e^exponent factor, its gate
    e^-aged with aged = a Delta.

    One exponential and one logarithm give all of softplus: with e = e^-|z| it is ln(1 + e) above z = max(z, 0), and
    below 0 it is e^z times ln(1 + e) / e, which lies in [ln 2, 1] however far softplus underflows.
    The size reaches softplus cut at a number that the dtype can exponentiate; beyond it softplus is straight.
    """
    limits = jnp.finfo(log_size.dtype)
    cut = jnp.minimum(log_size, 0.8 * float(np.log(limits.max)))
    z = line.slope * sign * jnp.exp(cut) + line.bias
    low, small = z < 0, jnp.exp(-jnp.abs(z))
    rest = jnp.log1p(small)
    delta = jnp.where(low, rest, z + rest)
    # Below eps the quotient is 1 to rounding, and the guard keeps its unused gradient finite.
    factor = jnp.where(low, jnp.where(small < limits.eps, 1.0, rest / jnp.maximum(small, limits.eps)), delta)
    aged = line.decay * delta
    return jnp.where(low, z, 0.0) + (log_size - cut), factor * held(aged) if line.exact_zoh else factor, aged


def log_weights(
    log_size: Float[Array, " tokens"], sign: Float[Array, " tokens"], line: Line
) -> tuple[Float[Array, " tokens"], Float[Array, " tokens"]]:
    """Logarithms of each token's input weight and of its gate, -a Delta."""
    exponent, factor, aged = weights(log_size, sign, line)
    return exponent + jnp.log(factor), -aged


def log_terms(
    log_size: Float[Array, " tokens"],
    sign: Float[Array, " tokens"],
    line: Line,
    log_scale: Float[Array, ""] | float = 0.0,
) -> tuple[Float[Array, " tokens"], Float[Array, " tokens"]]:
    """(own, total): e^log_scale times each token's own term Delta x^2, and times G_l, which adds what it remembers.

    The scale goes into the exponents, so that neither long times nor vanishing steps overflow.
    """
    exponent, factor, aged = weights(log_size, sign, line)
    own = jnp.where(sign == 0, 0.0, jnp.exp(2 * log_size + exponent + log_scale) * factor)
    return own, (decayed_sum if line.causal else decayed_sum_both_ways)(jnp.exp(-aged), own)


def line_layer(x: Real[ArrayLike, " tokens"], line: Line) -> Float[Array, " tokens"]:
    """What the layer makes of the tokens, mu x_l G_l: the velocity of the flow."""
    sign, log_size = split_tokens(x)
    return line.rate * sign * jnp.exp(log_size) * log_terms(log_size, sign, line)[1]


def line_attention(x: Real[ArrayLike, " tokens"], line: Line) -> Float[Array, "tokens tokens"]:
    """Hidden attention P with layer output y_l = sum_j P_lj x_j, in O(L^2): the oracle of `line_layer`."""
    sign, log_size = split_tokens(x)
    log_weight, log_gate = log_weights(log_size, sign, line)
    tokens = sign * jnp.exp(log_size)
    return line.rate * jnp.outer(tokens, tokens) * jnp.exp(log_weight[None] + spans(log_gate, line.causal))


def prepared(
    x0: Real[ArrayLike, " tokens"], line: Line
) -> tuple[Float[Array, " tokens"], Float[Array, " tokens"], Line]:
    """Signs, logarithmic sizes and parameters at their common dtype; a token that is not finite is refused."""
    refuse_non_finite("x0", x0)
    sign, start = split_tokens(x0)
    dtype = jnp.result_type(start, line.rate)
    return sign.astype(dtype), start.astype(dtype), jax.tree.map(lambda leaf: leaf.astype(dtype), line)


def log_speeds(
    log_size: Float[Array, " tokens"], sign: Float[Array, " tokens"], line: Line, log_elapsed: Float[Array, ""] | float
) -> Float[Array, " tokens"]:
    """|d ln|x_l| / d ln t| at the time e^log_elapsed, which goes into the exponents."""
    log_rate = jnp.log(jnp.where(line.rate == 0, 1.0, jnp.abs(line.rate)))
    total = log_terms(log_size, sign, line, log_rate + log_elapsed)[1]
    return jnp.where((sign == 0) | (line.rate == 0), 0.0, total)


def log_unit_of_time(log_size: Float[Array, " tokens"], sign: Float[Array, " tokens"], line: Line) -> Float[Array, ""]:
    """ln of the time in which the fastest token changes by its own size; a mere choice of clock, without gradient."""
    fastest = jnp.max(log_speeds(log_size, sign, line, 0.0))
    return jax.lax.stop_gradient(-jnp.log(jnp.where(fastest > 0, fastest, 1.0)))
