"""The sign of a layer, imposed by re-parametrising its projections (the authors' published code).

The last 2 N rows of Mamba's input-dependent projection make B and C. A signed layer reads a basis P off the first N of
them (the strictly upper triangle, with ones on the diagonal) and N sizes off the first column of the last N, whose
other entries are inert: S_C = P, S_B = diag(delta) P. So M = S_C^T S_B = P^T diag(delta) P is symmetric of rank N
with as many eigenvalues of each sign as delta has. "positive" and "negative" have |delta| = softplus(d) + 0.7; the
published "mixed" layer has no 0.7 and is therefore smaller too, which `mixed-matched` undoes.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

OFFSET = 0.7
VARIANTS = (
    "positive",
    "negative",
    "mixed",
    "mixed-matched",
    "unconstrained",
    "mirror",
    "positive-redrawn",
)


class Sign(NamedTuple):
    """How the projections of a layer are tied, and how two of its other weights start.

    signs: of delta, one a state.  offset: least |delta|.  tied: whether B and C share P at all.  skip: initial value of
    the skip D.  output: sign of the initial draw of W_out, whose law is even, so that -1 is another draw.
    """

    signs: Float[Array | np.ndarray, "*batch states"]
    offset: Float[Array | np.ndarray, "*batch"]
    tied: Bool[Array | np.ndarray, "*batch"]
    skip: Float[Array | np.ndarray, "*batch"]
    output: Float[Array | np.ndarray, "*batch"]


def sign_variant(name: str, states: int) -> Sign:
    """The variant of that name: see `VARIANTS`; ValueError for another.

    "mirror" is the negative layer with D and W_out negated, the same function as the positive one;
    "positive-redrawn" is the positive layer with W_out negated, the noise floor of the positive-negative gap.
    """
    if name not in VARIANTS:
        raise ValueError(f"Argument `name` must be one of {', '.join(VARIANTS)}, but is {name!r}.")
    up = np.ones(states)
    halves = np.where(np.arange(states) < states - states // 2, 1.0, -1.0)
    signs = {"negative": -up, "mirror": -up, "mixed": halves, "mixed-matched": halves}.get(name, up)
    return Sign(
        signs,
        np.asarray(0.0 if name == "mixed" else OFFSET),
        np.asarray(name != "unconstrained"),
        np.asarray(-1.0 if name == "mirror" else 1.0),
        np.asarray(-1.0 if name in ("mirror", "positive-redrawn") else 1.0),
    )


def sign_variants(names: tuple[str, ...], states: int) -> Sign:
    """Several variants stacked, to be mapped over."""
    return jax.tree.map(lambda *parts: np.stack(parts), *(sign_variant(name, states) for name in names))


def signed_projections(
    first: Float[Array, "states width"], last: Float[Array, "states width"], sign: Sign
) -> tuple[Float[Array, "states width"], Float[Array, "states width"]]:
    """S_B and S_C made of the raw rows of the projection."""
    basis = jnp.triu(first, 1) + jnp.eye(*first.shape, dtype=first.dtype)
    sizes = sign.signs.astype(first.dtype) * (jax.nn.softplus(last[:, 0]) + sign.offset.astype(first.dtype))
    return jnp.where(sign.tied, sizes[:, None] * basis, first), jnp.where(sign.tied, basis, last)
