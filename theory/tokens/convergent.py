"""mu < 0: every token tends to 0 as t^(-1/2), with exact constants.

With q = exp(-a softplus(b)) and z_l = 2 |mu| softplus(b) t x_l^2 the late dynamics in ln t is
dz_l = z_l (1 - sum_{j<=l} q^(l-j) z_j), whose attracting point is z_1 = 1 and z_l = 1 - q for every later token.
At a = 0 the later tokens fade by further factors of iterated logarithms.
"""

import math
from typing import SupportsIndex

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import floats, positive, whole
from ._checks import finite
from .step_size import exact_hold_weight, retention


def _lost(decay: Array, bias: Array) -> Array:
    """1 - q, free of cancellation."""
    return -jnp.expm1(-decay * jax.nn.softplus(bias))


def convergent_share(
    position: SupportsIndex, decay: Real[ArrayLike, "..."], bias: Real[ArrayLike, "..."] = 0.0
) -> Float[Array, "..."]:
    """Limit of z_l = 2 |mu| softplus(b) t x_l^2: 1 for the first token, 1 - q for every later one.

    position >= 1, decay >= 0, bias finite; ValueError otherwise. 0 for later tokens at decay 0, where
    `undamped_share` says how they get there.  (derived here)
    """
    position = whole("position", position, 1)
    positive("decay", decay, "[)")
    finite(bias=bias)
    decay, bias = floats(decay, bias)
    return _lost(decay, bias) if position > 1 else jnp.ones_like(decay)


def convergent_constant(
    position: SupportsIndex,
    coupling: Real[ArrayLike, "..."],
    decay: Real[ArrayLike, "..."],
    bias: Real[ArrayLike, "..."] = 0.0,
) -> Float[Array, "..."]:
    """Limit of |x_l| sqrt(t): 1/sqrt(2 |mu| softplus(b)), for l >= 2 times sqrt(1 - q); whatever the initial tokens.

    position >= 1, coupling < 0, decay >= 0, bias finite; ValueError otherwise.  (derived here; the published
    O(1/sqrt t) of arXiv 2410.03292 is tight)
    """
    share = convergent_share(position, decay, bias)
    finite(coupling=coupling)
    share, coupling, bias = floats(share, coupling, bias)
    positive("-coupling", -coupling)
    safe = jnp.where(share > 0, share, 1)
    return jnp.where(share > 0, jnp.sqrt(safe / (-2 * coupling * jax.nn.softplus(bias))), 0)


def exact_hold_convergent_constant(
    position: SupportsIndex,
    coupling: Real[ArrayLike, "..."],
    decay: Real[ArrayLike, "..."],
    bias: Real[ArrayLike, "..."] = 0.0,
) -> Float[Array, "..."]:
    """The same limit under exact zero-order hold: sqrt(a/(2 |mu| (1 - q))) first, sqrt(a/(2 |mu|)) for l >= 2.

    position >= 1, coupling < 0, decay > 0, bias finite; ValueError otherwise.  (derived here)
    """
    position = whole("position", position, 1)
    finite(coupling=coupling, bias=bias)
    positive("decay", decay)
    coupling, decay, bias = floats(coupling, decay, bias)
    positive("-coupling", -coupling)
    weight = exact_hold_weight(jax.nn.softplus(bias), decay) if position == 1 else 1 / decay
    return 1 / jnp.sqrt(-2 * coupling * weight)


def deviation_exponent(decay: Real[ArrayLike, "..."], bias: Real[ArrayLike, "..."] = 0.0) -> Float[Array, "..."]:
    """Exponent with which later tokens come to their constants, -min(1 - q, 1/2).

    1 - q is the relaxation rate of the late dynamics (degenerate: factors ln^(l-2) t), 1/2 comes from the slope of
    Delta at 0. decay >= 0, bias finite; ValueError otherwise.  (derived here)
    """
    positive("decay", decay, "[)")
    finite(bias=bias)
    decay, bias = floats(decay, bias)
    return -jnp.minimum(_lost(decay, bias), 0.5)


def undamped_share(position: SupportsIndex, log_time: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """z_l at decay 0, to leading order: 1, 1/s, 1/(s ln s), 1/(s ln s ln ln s), ... with s = ln t.

    position >= 1; every iterated logarithm that enters must be positive; ValueError otherwise.  (derived here)
    """
    position = whole("position", position, 1)
    finite(log_time=log_time)
    (factor,) = floats(log_time)
    share = jnp.ones_like(factor)
    for depth in range(position - 1):
        positive("ln " * depth + "log_time", factor)
        share = share / factor
        factor = jnp.log(factor)
    return share


def attention_constant(
    position: SupportsIndex,
    source: SupportsIndex,
    decay: Real[ArrayLike, "..."],
    bias: Real[ArrayLike, "..."] = 0.0,
) -> Float[Array, "..."]:
    """Limit of t |P_lj|, sqrt(z_l z_j) q^(l-j)/2: the hidden attention of a convergent sequence, exponentially recent.

    Its sign is that of -x_l x_j. position >= source >= 1, decay >= 0, bias finite; ValueError otherwise.
    (derived here)
    """
    source = whole("source", source, 1)
    position = whole("position", position, source)
    shares = convergent_share(position, decay, bias) * convergent_share(source, decay, bias)
    kept = retention(decay, bias) ** (position - source)
    safe = jnp.where(shares > 0, shares, 1)
    return jnp.where(shares > 0, jnp.sqrt(safe), 0) * kept / 2


def sign_kept_step(influence: Real[ArrayLike, "..."], coupling: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """Largest Euler step (depth per layer) at which a token with G_l = `influence` keeps its sign, 1/(|mu| G_l).

    Above twice that step a layer of the convergent regime makes the token grow. influence > 0, coupling < 0;
    ValueError otherwise.  (derived here)
    """
    positive("influence", influence)
    finite(coupling=coupling)
    influence, coupling = floats(influence, coupling)
    positive("-coupling", -coupling)
    return 1 / (-coupling * influence)


def relaxation_log_time(
    decay: Real[ArrayLike, "..."], bias: Real[ArrayLike, "..."], remaining: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """ln t by which a deviation of order one has shrunk to `remaining`, ln(1/remaining)/min(1 - q, 1/2).

    Infinite at decay 0. decay >= 0, bias finite, remaining in (0, 1); ValueError otherwise.  (derived here)
    """
    positive("remaining", remaining)
    exponent = deviation_exponent(decay, bias)
    exponent, remaining = floats(exponent, remaining)
    safe = jnp.where(exponent < 0, exponent, -1)
    return jnp.where(exponent < 0, jnp.log(remaining) / safe, math.inf)
