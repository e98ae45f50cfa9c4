"""How alike the tokens of a sequence are: their directions' Gram matrix, and the sign of M along them."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from dynamics.tokens.networks.layers import Tokens

SQUARINGS = 12


class Diversity(NamedTuple):
    """Of normalised tokens: the largest eigenvalue of their Gram matrix over its trace (1 when all are parallel), and
    the participation ratio 1/sum of the squares of these shares (1 at collapse, at most the width)."""

    leading: Float[Array, ""]
    ratio: Float[Array, ""]


def diversity(tokens: Tokens) -> Diversity:
    """Mean over the sequences of a batch.

    The largest eigenvalue is the mean of all of them weighed by their 2^12th powers: too small by no more than
    the share (width - 1)/(2^12 e), whatever the gap below it.
    """
    units = tokens / jnp.linalg.norm(tokens, axis=-1, keepdims=True)
    shares = jnp.einsum("lbd,lbe->bde", units, units) / tokens.shape[0]
    # No LAPACK here: two of its batched calls at once can block both threads of a two-core machine for ever.
    power, _ = jax.lax.scan(_squared, shares, length=SQUARINGS)
    leading = jnp.sum(shares * power, axis=(1, 2))
    return Diversity(jnp.mean(leading), jnp.mean(1 / jnp.sum(shares**2, axis=(1, 2))))


def _squared(matrices, _):
    squares = matrices @ matrices
    return squares / jnp.trace(squares, axis1=1, axis2=2)[:, None, None], None


def positive_share(
    tokens: Tokens, into: Float[Array, "states width"], out: Float[Array, "states width"]
) -> Float[Array, ""]:
    """Share of the tokens with x^T M x = <S_C x, S_B x> > 0."""
    return jnp.mean(jnp.sum((tokens @ into.T) * (tokens @ out.T), axis=-1) > 0, dtype=tokens.dtype)


def layer_by_layer(model, texts) -> tuple[Diversity, Float[Array, " layers"]]:
    """Diversity after each block of selective blocks (leading axis: layers), and each one's `positive_share`."""
    tokens, found, shares = model.table[texts], [], []
    for block in model.blocks:
        shares.append(positive_share(block.seen(tokens), *block.selection.maps()))
        tokens = block(tokens)
        found.append(diversity(tokens))
    return jax.tree.map(lambda *parts: jnp.stack(parts), *found), jnp.stack(shares)
