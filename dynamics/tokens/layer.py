"""The paper's selective layer: step sizes, B and C are linear in the tokens (arXiv 2410.03292, the model)."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Real

from dynamics.tokens.line import refuse_non_finite
from dynamics.tokens.selective import channel_attention, selective_scan
from dynamics.tokens.step_size import softplus


class Layer(eqx.Module):
    """Parameters of a selective layer of D channels and N states; `make_layer` checks them.

    input_map: S_B.  output_map: S_C.  step_map: S_Delta, one row for each channel, or one vector that all channels
    share.  step_bias: b.  decay: a >= 0, a column for each state or one for all.
    exact_zoh: exact zero-order hold of the inputs.  causal: token l sees j <= l only.
    Called on tokens (L, D) it gives the layer's output, the velocity of the flow.
    """

    input_map: Float[Array, "states channels"]
    output_map: Float[Array, "states channels"]
    step_map: Float[Array, "*shared channels"]
    step_bias: Float[Array, " channels"]
    decay: Float[Array, "channels #states"]
    exact_zoh: bool = eqx.field(static=True, default=False)
    causal: bool = eqx.field(static=True, default=True)

    def __call__(self, x: Float[Array, "tokens channels"]) -> Float[Array, "tokens channels"]:
        return selective_layer(x, self)


def make_layer(
    input_map: Real[ArrayLike, "states channels"],
    output_map: Real[ArrayLike, "states channels"],
    step_map: Real[ArrayLike, "*shared channels"],
    decay: Real[ArrayLike, "..."],
    step_bias: Real[ArrayLike, "..."] = 0.0,
    *,
    exact_zoh: bool = False,
    causal: bool = True,
) -> Layer:
    """A checked `Layer`: a vector `step_map` is shared by all channels, a matrix has a row for each.

    decay: a number, one for each channel, or (channels, states).  step_bias: a number or one for each channel.
    Raises ValueError on shapes that do not fit, values that are not finite, and negative decays.
    """
    given = {"input_map": input_map, "output_map": output_map, "step_map": step_map, "decay": decay}
    given["step_bias"] = step_bias
    for name, value in given.items():
        refuse_non_finite(name, value)
    if not isinstance(decay, jax.core.Tracer) and np.min(decay) < 0:
        raise ValueError(f"Argument `decay` must not be negative, but is {decay}.")
    dtype = jnp.result_type(float, *given.values())
    parts = {name: jnp.asarray(value, dtype) for name, value in given.items()}
    states, channels = parts["input_map"].shape
    if parts["step_map"].shape not in ((channels,), (channels, channels)):
        raise ValueError(f"Argument `step_map` must be ({channels},) or square, but is {parts['step_map'].shape}.")
    ages = parts["decay"]
    if ages.shape not in ((), (channels,), (channels, 1), (channels, states)):
        raise ValueError(f"Argument `decay` must be one number, ({channels},) or ({channels}, {states}).")
    parts["decay"] = jnp.broadcast_to(ages, (channels,))[:, None] if ages.ndim < 2 else ages
    parts["step_bias"] = jnp.broadcast_to(parts["step_bias"], (channels,))
    return Layer(**parts, exact_zoh=exact_zoh, causal=causal)


def layer_of_matrix(
    matrix: Real[ArrayLike, "channels channels"],
    step_map: Real[ArrayLike, "*shared channels"],
    decay: Real[ArrayLike, "..."],
    step_bias: Real[ArrayLike, "..."] = 0.0,
    *,
    exact_zoh: bool = False,
    causal: bool = True,
) -> Layer:
    """The layer whose tokens meet as x_l . (M x_j), M = `matrix`: S_B = I, S_C = M^T, D states a channel."""
    matrix = jnp.asarray(matrix, jnp.result_type(float, matrix))
    identity = jnp.eye(matrix.shape[0], dtype=matrix.dtype)
    return make_layer(identity, matrix.T, step_map, decay, step_bias, exact_zoh=exact_zoh, causal=causal)


def step_sizes(x: Float[Array, "tokens channels"], layer: Layer) -> Float[Array, "tokens channels"]:
    """Delta_d(x_l) = softplus(S_Delta,d . x_l + b_d)."""
    reached = x @ layer.step_map.T
    return softplus((reached[:, None] if reached.ndim == 1 else reached) + layer.step_bias)


def selective_layer(
    x: Float[Array, "tokens channels"], layer: Layer, how: str | None = None
) -> Float[Array, "tokens channels"]:
    """The layer's output y_l, without skip, norm, gate or convolution; `how` as for `selective_scan`."""
    return selective_scan(
        x,
        step_sizes(x, layer),
        layer.decay,
        x @ layer.input_map.T,
        x @ layer.output_map.T,
        how=how,
        exact_zoh=layer.exact_zoh,
        causal=layer.causal,
    )


def hidden_attention(x: Float[Array, "tokens channels"], layer: Layer) -> Float[Array, "channels tokens tokens"]:
    """P_dlj, the weight of x_jd in y_ld, in O(L^2)."""
    b, c = x @ layer.input_map.T, x @ layer.output_map.T
    return jax.vmap(lambda delta, decay: channel_attention(delta, decay, b, c, layer.exact_zoh, layer.causal))(
        step_sizes(x, layer).T, layer.decay
    )
