"""A small causal language model over either block, its tied embedding, and what it is trained to lose less of."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import jax.random as jr
from flax import nnx
from jaxtyping import Array, Float, Int

from dynamics.tokens.networks.layers import MambaBlock, Norm, SelectiveBlock
from dynamics.tokens.networks.sign import Sign
from dynamics.tokens.networks.text import VOCABULARY, even_windows, help_topics, random_windows

KINDS = ("mamba", "selective", "selective-raw")

Texts = Int[Array, "length batch"]


class LanguageModel(nnx.Module):
    """Embedding, blocks, norm, and the embedding again as the head.

    kind: "mamba" (the official-like block), "selective" (the identifiable one) or "selective-raw" (the same without
    the norm before its S6).
    """

    def __init__(
        self,
        kind: str,
        sign: Sign,
        key,
        *,
        width: int = 32,
        states: int = 4,
        rank: int = 2,
        depth: int = 2,
        vocabulary: int = VOCABULARY,
        dtype=jnp.float32,
    ):
        if kind not in KINDS:
            raise ValueError(f"Argument `kind` must be one of {', '.join(KINDS)}, but is {kind!r}.")
        table_key, *keys = jr.split(key, 1 + depth)
        self.table = nnx.Param(0.02 * jr.normal(table_key, (vocabulary, width), dtype))
        self.blocks = nnx.List(
            MambaBlock(width, 2 * width, states, rank, depth, sign, key, dtype)
            if kind == "mamba"
            else SelectiveBlock(width, states, rank, sign, key, dtype, prenorm=kind == "selective")
            for key in keys
        )
        self.norm = Norm(width, dtype)

    def __call__(self, texts: Texts) -> Float[Array, "length batch vocabulary"]:
        """Scores of the character that follows each."""
        tokens = self.table[texts]
        for block in self.blocks:
            tokens = block(tokens)
        return self.norm(tokens) @ self.table[...].T


def mean_surprise(model: LanguageModel, texts: Texts) -> Float[Array, ""]:
    """Mean negative log-likelihood of each character given those before it, in nats."""
    scores = model(texts[:-1])
    told = jnp.take_along_axis(scores, texts[1:, :, None], axis=-1)[..., 0]
    return jnp.mean(jax.nn.logsumexp(scores, axis=-1) - told)


def text_loss(length: int = 64, batch: int = 8) -> Callable[[LanguageModel, Array], Float[Array, ""]]:
    """The training loss: mean surprise on windows of the help topics drawn by a key."""
    text = help_topics().training

    def loss(model, key):
        return mean_surprise(model, random_windows(key, text, length + 1, batch))

    return loss


def validation_texts(count: int, length: int = 64) -> Texts:
    """Windows spread evenly over the validation text."""
    return even_windows(help_topics().validation, length + 1, count)
