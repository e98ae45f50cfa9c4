"""How many directions the tokens still take: spectra of their normalised Gram matrix, and their cosines."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from dynamics.tokens.depth import unit


def cosines(x: Float[Array, "*batch tokens channels"]) -> Float[Array, "*batch tokens tokens"]:
    """Cosine of the angle between each two tokens."""
    directions = unit(x)
    return directions @ jnp.swapaxes(directions, -1, -2)


def gram_shares(x: Float[Array, "*batch tokens channels"]) -> Float[Array, "*batch rank"]:
    """Eigenvalues of the normalised tokens' Gram matrix as shares of their sum, the largest first."""
    values = jnp.linalg.svd(unit(x), compute_uv=False) ** 2
    return values / jnp.sum(values, axis=-1, keepdims=True)


def leading_share(x: Float[Array, "*batch tokens channels"]) -> Float[Array, "*batch"]:
    """lambda_1, the largest Gram share: 1 when all tokens stand on one line."""
    return gram_shares(x)[..., 0]


def participation_ratio(x: Float[Array, "*batch tokens channels"]) -> Float[Array, "*batch"]:
    """r = 1 / sum of the squared Gram shares: how many directions carry the tokens, from 1 to min(L, D)."""
    return 1 / jnp.sum(gram_shares(x) ** 2, axis=-1)


def effective_rank(x: Float[Array, "*batch tokens channels"]) -> Float[Array, "*batch"]:
    """exp of the entropy of the normalised tokens' singular values as shares of their sum."""
    values = jnp.linalg.svd(unit(x), compute_uv=False)
    shares = values / jnp.sum(values, axis=-1, keepdims=True)
    return jnp.exp(-jnp.sum(jnp.where(shares > 0, shares * jnp.log(jnp.where(shares > 0, shares, 1.0)), 0.0), axis=-1))
