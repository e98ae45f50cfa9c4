"""Reordering tokens by importance before the scan, its controls, and a toy network built around it.

The published network scores token l by i_l = k . (its step-size projection) and replaces the tokens by
P_hat tokens, row k of P_hat = softmax_l(-|s_l - s_(k)|/tau), s = -i, s_(k) the k-th largest of the s: a blurred
permutation (SoftSort) into increasing importance. Every reordering is judged beside four that know nothing
of importance or do nothing but blur: none, a random order, the mean of all tokens everywhere, and the exact order.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import jax.random as jr
import optax
from flax import nnx
from jaxtyping import Array, Float, Int

from dynamics.tokens.networks.layers import Norm, Selection, Tokens, uniform
from dynamics.tokens.networks.recall import marked_values
from dynamics.tokens.networks.sign import sign_variant

ORDERS = ("none", "soft", "sharp", "hard", "random", "mean")
# The published temperature, and a sharper one; the exact order borrows the sharper one's gradient.
TEMPERATURES = {"soft": 1.0, "sharp": 0.1, "hard": 0.1}


def soft_permutation(
    scores: Float[Array, " tokens"], temperature: Float[Array, ""] | float
) -> Float[Array, "tokens tokens"]:
    """SoftSort into increasing scores: rows sum to 1 and tend to those of `exact_permutation` as temperature -> 0."""
    wanted = jnp.sort(scores)
    return jax.nn.softmax(-jnp.abs(scores[None, :] - wanted[:, None]) / temperature, axis=1)


def exact_permutation(scores: Float[Array, " tokens"]) -> Float[Array, "tokens tokens"]:
    """The permutation into increasing scores, the most important token last; ties keep their order."""
    return jax.nn.one_hot(jnp.argsort(scores, stable=True), scores.shape[0], dtype=scores.dtype)


def straight_through(
    scores: Float[Array, " tokens"], temperature: Float[Array, ""] | float
) -> Float[Array, "tokens tokens"]:
    """The exact permutation, with the gradient of the soft one."""
    soft = soft_permutation(scores, temperature)
    return soft + jax.lax.stop_gradient(exact_permutation(scores) - soft)


def reordering(order: Int[Array, ""] | int, key, scores: Float[Array, " tokens"]) -> Float[Array, "tokens tokens"]:
    """The matrix that mixes the tokens: `order` is a place in `ORDERS`, which may be traced."""
    count = scores.shape[0]
    kinds = {
        "none": lambda: jnp.eye(count, dtype=scores.dtype),
        "soft": lambda: soft_permutation(scores, TEMPERATURES["soft"]),
        "sharp": lambda: soft_permutation(scores, TEMPERATURES["sharp"]),
        "hard": lambda: straight_through(scores, TEMPERATURES["hard"]),
        "random": lambda: jr.permutation(key, jnp.eye(count, dtype=scores.dtype)),
        "mean": lambda: jnp.full((count, count), 1 / count, scores.dtype),
    }
    return jax.lax.switch(order, [kinds[name] for name in ORDERS])


class ReorderingNetwork(nnx.Module):
    """Embedding, one gated S6 block whose tokens are reordered before the scan, and a head at the last position.

    As published, the gate's branch is not reordered and the output is not put back in place before it is added. Scores
    are the tokens' own, so that all that reaches the head is the set of the tokens, and the last of them.
    order: place in `ORDERS`; it may be traced.
    """

    def __init__(
        self,
        order: Int[Array, ""] | int,
        symbols: int,
        answers: int,
        key,
        *,
        width: int = 16,
        states: int = 2,
        rank: int = 2,
        dtype=jnp.float32,
    ):
        keys = jr.split(key, 7)
        self.order = nnx.Variable(jnp.asarray(order))
        self.table = nnx.Param(jr.normal(keys[0], (symbols, width), dtype))
        self.norm, self.last_norm = Norm(width, dtype), Norm(width, dtype)
        self.enter = nnx.Param(uniform(keys[1], (2 * width, width), width, dtype))
        free = sign_variant("unconstrained", states)
        self.selection = Selection(width, states, rank, free, keys[2], dtype, span=(0.05, 0.5))
        self.log_decay = nnx.Param(jnp.log(jnp.broadcast_to(jnp.arange(1, states + 1, dtype=dtype), (width, states))))
        self.skip = nnx.Param(jnp.ones(width, dtype))
        self.leave = nnx.Param(uniform(keys[3], (width, width), width, dtype))
        self.importance = nnx.Param(uniform(keys[4], (width,), width, dtype))
        self.head = nnx.Param(uniform(keys[5], (answers, width), width, dtype))

    def scores(self, tokens: Tokens) -> Float[Array, "tokens batch"]:
        """Importance of each token: a learned direction of its step size before the softplus, bias included."""
        select = self.selection
        raw = tokens @ select.project[: select.rank].T @ select.step[...].T + select.bias[...]
        return raw @ self.importance[...]

    def inputs(self, symbols: Int[Array, "tokens batch"]) -> tuple[Tokens, Tokens, Tokens]:
        """The residual stream, what goes to the scan before it is reordered, and the gate."""
        tokens = self.table[symbols]
        u, z = jnp.split(self.norm(tokens) @ self.enter[...].T, 2, axis=-1)
        return tokens, jax.nn.silu(u), jax.nn.silu(z)

    def mixing(self, symbols: Int[Array, "tokens batch"], key) -> Float[Array, "batch tokens tokens"]:
        """The matrix by which each sequence is reordered; the key is for the random order alone."""
        scores = self.scores(self.inputs(symbols)[1])
        keys = jr.split(key, scores.shape[1])
        return jax.vmap(reordering, (None, 0, 1))(self.order[...], keys, scores)

    def __call__(self, symbols: Int[Array, "tokens batch"], key) -> Float[Array, "batch answers"]:
        tokens, u, gate = self.inputs(symbols)
        u = jnp.einsum("bkl,lbd->kbd", self.mixing(symbols, key), u)
        y = self.selection(u, jnp.exp(self.log_decay[...])) + self.skip[...] * u
        last = (tokens + (y * gate) @ self.leave[...].T)[-1]
        return self.last_norm(last) @ self.head[...].T


def blur(mixing: Float[Array, "*batch tokens tokens"]) -> Float[Array, ""]:
    """Mean effective support of the rows as a share of all tokens, exp(entropy)/L: 1/L if sorted, 1 for the mean."""
    entropy = -jnp.sum(jax.scipy.special.xlogy(mixing, mixing), axis=-1)
    return jnp.mean(jnp.exp(entropy)) / mixing.shape[-1]


def recall_loss(marks: Int[Array, ""] | int, length: int = 24, batch: int = 16):
    """The training loss: mean surprise at the value due, on sequences with so many marked tokens drawn by a key."""

    def loss(model: ReorderingNetwork, key):
        draw_key, order_key = jr.split(key)
        symbols, due = marked_values(draw_key, marks, length, batch)
        return optax.softmax_cross_entropy_with_integer_labels(model(symbols, order_key), due).mean()

    return loss
