"""Tokens of D channels, dx_l/dt = sum_{j<=l} (x_l^T M x_j) w_lj x_j: what of the one-dimensional theory survives.

Not the spectrum of M but the sign of theta^T M theta, theta the direction of the token, decides about the first token.
`matrix` is M (D x D), `slope` the row S_Delta of a step size that all channels share, `slopes` its rows (D x D) when
each channel has its own.
"""

from typing import NamedTuple, SupportsIndex

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, Real

from .._arguments import floats, positive, whole
from ._checks import finite, typed
from .step_size import retention


class Radial(NamedTuple):
    """The one-dimensional law that a first token obeys along its own direction."""

    radius: Float[Array, ""]
    coupling: Float[Array, ""]
    slope: Float[Array, ""]


def radial_reduction(
    token: Real[ArrayLike, " channels"],
    matrix: Real[ArrayLike, "channels channels"],
    slope: Real[ArrayLike, " channels"],
) -> Radial:
    """|x|, mu_eff = theta^T M theta and s_eff = S_Delta theta: shared step size freezes theta = x/|x|.

    `token_at`, `blow_up_time` and the rest hold for the radius with these. token not all 0, all finite; ValueError
    otherwise.  (derived here)
    """
    finite(token=token, matrix=matrix, slope=slope)
    token, matrix, slope = typed(token, matrix, slope)
    radius = jnp.linalg.norm(token)
    positive("|token|", radius)
    direction = token / radius
    return Radial(radius, direction @ matrix @ direction, slope @ direction)


def cone_rate(
    token: Real[ArrayLike, " channels"],
    matrix: Real[ArrayLike, "channels channels"],
    slopes: Real[ArrayLike, "channels channels"],
    bias: Real[ArrayLike, "..."] = 0.0,
) -> Float[Array, ""]:
    """g = x^T M_sym (Delta o x); with d(x^T M x)/dt = 2 g x^T M x a point of the cone x^T M x = 0 attracts iff g < 0.

    Then at the rate 2|g|: with a step size for each channel the first token has a third outcome, a finite limit that
    is not 0. bias: one for all, or one for each channel. All finite; ValueError otherwise.  (derived here)
    """
    finite(token=token, matrix=matrix, slopes=slopes, bias=bias)
    token, matrix, slopes, bias = typed(token, matrix, slopes, bias)
    steps = jax.nn.softplus(slopes @ token + bias)
    return token @ ((matrix + matrix.T) / 2) @ (steps * token)


def first_token_converges(
    token: Real[ArrayLike, " channels"], matrix: Real[ArrayLike, "channels channels"]
) -> Bool[Array, ""]:
    """Whether the first token converges to 0 (else it diverges, or rests): theta^T M theta < 0, for a shared step size.

    The published reading asks the eigenvalues of M, which decide only if M is symmetric and definite. All finite;
    ValueError otherwise.  (derived here; against arXiv 2410.03292, figure 6)
    """
    finite(token=token, matrix=matrix)
    token, matrix = typed(token, matrix)
    return token @ matrix @ token < 0


def energy_bound(
    time: Real[ArrayLike, "..."], energy: Real[ArrayLike, "..."], least_step: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """|V_l(t)| <= 1/(1/|V_l(0)| + 2 Delta_min t) for V = x^T M x, M symmetric negative definite, shared step size.

    The O(1/sqrt t) theorem in any dimension, from dV_l/dt >= 2 Delta(x_l) V_l^2. time >= 0, energy < 0,
    least_step >= 0 the smallest step size on the way; ValueError otherwise.  (derived here)
    """
    positive("time", time, "[)")
    positive("least_step", least_step, "[)")
    finite(energy=energy)
    time, energy, least_step = floats(time, energy, least_step)
    positive("-energy", -energy)
    return 1 / (-1 / energy + 2 * least_step * time)


def energy_growth(
    tokens: Real[ArrayLike, "tokens channels"],
    matrix: Real[ArrayLike, "channels channels"],
    slope: Real[ArrayLike, " channels"],
    decay: Real[ArrayLike, ""],
    bias: Real[ArrayLike, ""] = 0.0,
) -> Float[Array, " tokens"]:
    """dV_l/dt = 2 sum_{j<=l} w_lj (x_l^T M x_j)^2 >= 0 for symmetric M and a shared step size, V_l = x_l^T M x_l.

    decay >= 0, all finite; ValueError otherwise. M is symmetrised.  (derived here)
    """
    finite(tokens=tokens, matrix=matrix, slope=slope, bias=bias)
    positive("decay", decay, "[)")
    tokens, matrix, slope, decay, bias = typed(tokens, matrix, slope, decay, bias)
    steps = jax.nn.softplus(tokens @ slope + bias)
    pairs = (tokens @ ((matrix + matrix.T) / 2) @ tokens.T) ** 2 * steps

    def carry_on(state, row):
        gate, place = row
        # Only the columns of earlier tokens are older than this one.
        state = gate * state
        return jnp.where(jnp.arange(state.shape[0]) == place, 1.0, state), state

    places = jnp.arange(tokens.shape[0])
    _, weights = jax.lax.scan(carry_on, jnp.zeros(tokens.shape[0], tokens.dtype), (jnp.exp(-decay * steps), places))
    return 2 * jnp.sum((weights + jnp.eye(tokens.shape[0], dtype=tokens.dtype)) * pairs, axis=1)


def frame_share(
    position: SupportsIndex, rank: SupportsIndex, decay: Real[ArrayLike, "..."], bias: Real[ArrayLike, "..."] = 0.0
) -> Float[Array, "..."]:
    """Limit of 2 softplus(b) t |x_l^T M x_l| for M negative semidefinite of a rank: 1 for l <= rank, 1 - q^rank after.

    Tokens become M-orthogonal and repeat, up to sign, with period `rank` = min(N, D); rank 1 is the one-dimensional
    law. position and rank >= 1, decay >= 0, bias finite; ValueError otherwise.  (derived here)
    """
    position, rank = whole("position", position, 1), whole("rank", rank, 1)
    kept = retention(decay, bias)
    decay, bias, kept = floats(decay, bias, kept)
    repeated = -jnp.expm1(-rank * decay * jax.nn.softplus(bias))
    return repeated if position > rank else jnp.ones_like(repeated)


def frame_gram(count: SupportsIndex, rank: SupportsIndex) -> Float[Array, "tokens tokens"]:
    """Limit of |cos| between all pairs of `count` tokens in the norm of |M|: 1 where l - m is a multiple of the rank.

    count and rank >= 1; ValueError otherwise.  (derived here)
    """
    count, rank = whole("count", count, 1), whole("rank", rank, 1)
    places = jnp.arange(count)
    return ((places[:, None] - places) % rank == 0).astype(jnp.result_type(float))


def null_space_exponent(
    rank: SupportsIndex, decay: Real[ArrayLike, "..."], bias: Real[ArrayLike, "..."] = 0.0
) -> Float[Array, "..."]:
    """-(1 - q^rank)/2, with which a token behind the first `rank` ones decays in the null space of M: not t^(-1/2).

    Against the published O(1/sqrt t) where the state is smaller than the model. rank >= 1, decay >= 0, bias finite;
    ValueError otherwise.  (derived here)
    """
    rank = whole("rank", rank, 1)
    return -frame_share(rank + 1, rank, decay, bias) / 2


def angle_rate(
    first: Real[ArrayLike, " channels"],
    second: Real[ArrayLike, " channels"],
    coupling: Real[ArrayLike, ""],
    slope: Real[ArrayLike, " channels"],
    decay: Real[ArrayLike, ""],
    bias: Real[ArrayLike, ""] = 0.0,
) -> Float[Array, ""]:
    """d ln|cot phi|/dt = mu Delta(x_1) exp(-a Delta(x_2)) |x_1|^2, phi the angle of two tokens under M = mu I.

    mu > 0 aligns, mu < 0 orthogonalises; |x_1| tan phi is conserved at decay 0. Tokens not 0, decay >= 0, all finite;
    ValueError otherwise.  (derived here)
    """
    finite(first=first, second=second, coupling=coupling, slope=slope, bias=bias)
    positive("decay", decay, "[)")
    first, second, coupling, slope, decay, bias = typed(first, second, coupling, slope, decay, bias)
    steps = jax.nn.softplus(jnp.stack([first, second]) @ slope + bias)
    return coupling * steps[0] * jnp.exp(-decay * steps[1]) * first @ first


def recency_bound(
    distance: Real[ArrayLike, "..."],
    sizes: Real[ArrayLike, "..."],
    norm: Real[ArrayLike, "..."],
    step: Real[ArrayLike, "..."],
    decay: Real[ArrayLike, "..."],
    least_step: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """|P_lj| <= |x_l| |x_j| |M| Delta(x_j) exp(-a (l-j) Delta_min), the exponential recency of hidden attention.

    distance: l - j; sizes: |x_l| |x_j|; norm: |M|; step: Delta(x_j). All >= 0; ValueError otherwise.  (derived here)
    """
    names = ("distance", "sizes", "norm", "step", "decay", "least_step")
    for name, value in zip(names, (distance, sizes, norm, step, decay, least_step), strict=True):
        positive(name, value, "[)")
    distance, sizes, norm, step, decay, least_step = floats(distance, sizes, norm, step, decay, least_step)
    return sizes * norm * step * jnp.exp(-decay * distance * least_step)
