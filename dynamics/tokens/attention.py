"""Self-attention as a flow of tokens, for comparison (arXiv 2305.05465; causal: arXiv 2411.04990)."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


class SelfAttention(eqx.Module):
    """dx_i/dt = sum_j softmax_j(Q x_i . K x_j) V x_j; called on tokens it gives that velocity."""

    query: Float[Array, "inner channels"]
    key: Float[Array, "inner channels"]
    value: Float[Array, "channels channels"]
    causal: bool = eqx.field(static=True, default=True)

    def __call__(self, x: Float[Array, "tokens channels"]) -> Float[Array, "tokens channels"]:
        scores = (x @ self.query.T) @ (x @ self.key.T).T
        if self.causal:
            scores = jnp.where(jnp.tril(jnp.ones(scores.shape, bool)), scores, -jnp.inf)
        return jax.nn.softmax(scores, axis=1) @ x @ self.value.T
