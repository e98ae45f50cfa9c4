"""SoftSort, row k = softmax_l(-|s_l - s_(k)|/tau): how much of the sequence each of its rows mixes.

At temperature 1 and the usual spread of scores it pools rather than sorts.
"""

import math

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import floats, positive
from ._checks import finite, typed

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(96)


def softsort_rows(
    scores: Real[ArrayLike, " tokens"], temperature: Real[ArrayLike, ""]
) -> Float[Array, "tokens tokens"]:
    """The soft permutation towards increasing scores: rows sum to 1, and temperature -> 0 gives the permutation.

    scores finite, temperature > 0; ValueError otherwise.  (arXiv 2410.03292, code of the reordering)
    """
    finite(scores=scores)
    positive("temperature", temperature)
    scores, temperature = typed(scores, temperature)
    distance = abs(scores[None, :] - jnp.sort(scores)[:, None])
    return jax.nn.softmax(-distance / temperature, axis=-1)


def row_support(rows: Real[ArrayLike, "tokens tokens"]) -> Float[Array, " tokens"]:
    """exp(entropy)/L of each row of a stochastic matrix: 1 for a mean over all tokens, 1/L for a choice of one.

    rows >= 0; ValueError otherwise.  (derived here)
    """
    positive("rows", rows, "[)")
    (rows,) = typed(rows)
    entropy = -jnp.sum(jnp.where(rows > 0, rows * jnp.log(jnp.where(rows > 0, rows, 1)), 0), axis=-1)
    return jnp.exp(entropy) / rows.shape[-1]


def softsort_support(spread: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """Mean of exp(entropy)/L over rows, for normal scores of standard deviation `spread` * tau and L -> infinity.

    A row at r spreads from its place has Z = E exp(-k|g - r|) and support Z exp(k E|g - r| exp(-k|g - r|)/Z), k =
    spread. At finite L it cannot fall below about 1/L, where the law stops. spread > 0; ValueError otherwise.
    (derived here)
    """
    positive("spread", spread)
    (spread,) = floats(spread)
    rows, weights = (jnp.asarray(part, spread.dtype) for part in (_NODES, _WEIGHTS / math.sqrt(2 * math.pi)))
    k = spread[..., None]

    def half(place):
        """ln of E exp(-k (g - r)) over g > r, and the mean of g - r there."""
        # With m = r + k: exp(k^2/2 + k r) Phi(-m), whose log is -ln hazard(m) - r^2/2 - ln sqrt(2 pi).
        log_mass = jax.scipy.stats.norm.logcdf(-(place + k)) + k**2 / 2 + k * place
        hazard = jnp.exp(jax.scipy.stats.norm.logpdf(place + k) - jax.scipy.stats.norm.logcdf(-(place + k)))
        return log_mass, hazard - (place + k)

    (above, up), (below, down) = half(rows), half(-rows)
    log_mass = jnp.logaddexp(above, below)
    distance = jnp.exp(above - log_mass) * up + jnp.exp(below - log_mass) * down
    return jnp.exp(log_mass + k * distance) @ weights
