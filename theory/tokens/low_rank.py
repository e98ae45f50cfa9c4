"""What a token map M = S_C^T S_B of low rank says of directions: its symmetric part, without ever forming M.

Of a direction theta only the sign of theta^T M theta = theta^T sym(M) theta enters the laws of the first token
(sections "several dimensions" and "sphere" of the row): negative directions converge in the unnormalised flow and
keep tokens diverse on the sphere, positive ones diverge and collapse tokens. Networks have thousands of channels
and a few dozen states, so everything happens in the 2N dimensions spanned by the rows of S_B and S_C.
"""

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

# Both tails of Imhof's integrand in ln u are below 1e-17 here (two eigenvalues of opposite sign: exp(-80/2)).
_LOW, _HIGH = -40.0, 80.0


def _nodes(modes: int) -> np.ndarray:
    """Nodes in ln u of a trapezoidal rule whose error is far below rounding.

    At Im ln u = delta the integrand, a product of (1 - i lambda u)^(-1/2), has grown by at most cos(delta)^(-modes/2),
    so a step h leaves exp(modes delta^2/4 - 2 pi delta/h): exp(-4 pi^2) at the best delta for h = 1/sqrt(modes).
    """
    step = min(0.25, modes**-0.5)
    return _LOW + step * np.arange(round((_HIGH - _LOW) / step) + 1)


def _on_span(s_b, s_c) -> Array:
    """M in an orthonormal basis of the span of the rows of S_B and S_C: M = Q (this) Q^T.

    From [S_B; S_C]^T = Q R, so that the conditioning is that of the weights and not of their squares.
    """
    stacked = jnp.concatenate([jnp.asarray(s_b, float), jnp.asarray(s_c, float)])
    to_b, to_c = jnp.split(jnp.linalg.qr(stacked.T, mode="r"), 2, axis=1)
    return to_c @ to_b.T


def symmetric_spectrum(
    s_b: Real[Array | np.ndarray, "states channels"], s_c: Real[Array | np.ndarray, "states channels"]
) -> Float[Array, " modes"]:
    """Eigenvalues of (M + M^T)/2 on the span of the rows of S_B and S_C, ascending; all others are zero.

    An eigenproblem of min(2N, D) dimensions. N: states, D: channels.  (derived here)
    """
    inside = _on_span(s_b, s_c)
    return jnp.linalg.eigvalsh((inside + inside.T) / 2)


def skew_share(
    s_b: Real[Array | np.ndarray, "states channels"], s_c: Real[Array | np.ndarray, "states channels"]
) -> Float[Array, ""]:
    """|M - M^T|^2 / (4 |M|^2) in Frobenius norm: 0 for a symmetric token map, near 1/2 for an unstructured one.

    0 also for M = 0. The theory of later tokens is complete for symmetric M only.  (derived here)
    """
    inside = _on_span(s_b, s_c)
    size = jnp.sum(inside**2)
    return jnp.sum((inside - inside.T) ** 2) / 4 / jnp.where(size > 0, size, 1.0)


def spectrum_resolution(
    s_b: Real[Array | np.ndarray, "states channels"],
    s_c: Real[Array | np.ndarray, "states channels"],
    unit: Real[ArrayLike, ""],
) -> Float[Array, ""]:
    """Bound on how far rounding the weights to a format of spacing `unit` moves any eigenvalue of sym(M).

    |delta M| <= (2 u + u^2) |S_B| |S_C| in Frobenius norm with u = unit/2, and Weyl's inequality: an eigenvalue
    below it cannot be told from zero.  unit: eps of the format the weights are stored in.  (derived here)
    """
    half = unit / 2
    size = jnp.linalg.norm(jnp.asarray(s_b, float)) * jnp.linalg.norm(jnp.asarray(s_c, float))
    return (2 * half + half**2) * size


def negative_share(eigenvalues: Real[Array | np.ndarray, "*batch modes"]) -> Float[Array, "*batch"]:
    """Share of directions theta, uniform on the sphere, with theta^T M theta < 0, given the spectrum of sym(M).

    The sign of sum_k lambda_k g_k^2 for standard normal g, by Imhof's inversion of its characteristic function,
    1/2 - (1/pi) integral_0^inf sin(sum_k arctan(lambda_k u)/2) / (u prod_k (1 + lambda_k^2 u^2)^(1/4)) du.
    It is the share of first tokens that converge (shared step sizes), 0 where no eigenvalue is negative: zeros
    change nothing, so the null space may be left out.  Two eigenvalues a > 0 > -b: (2/pi) arctan sqrt(b/a).
    (derived here; J. P. Imhof, Biometrika 48, 1961)
    """
    values = jnp.asarray(eigenvalues, float)
    size = jnp.abs(values)
    largest = jnp.max(size, axis=-1, keepdims=True, initial=0.0)
    seen = size > 0
    # The unused branch of `where` must stay finite, or its gradient would be NaN.
    log_size = jnp.log(jnp.where(seen, size / jnp.where(largest > 0, largest, 1.0), 1.0))[..., None]
    nodes = _nodes(values.shape[-1])
    place = jnp.asarray(nodes, values.dtype) + log_size
    angle = jnp.where(seen[..., None], jnp.sign(values)[..., None] * jnp.arctan(jnp.exp(place)), 0.0)
    damping = jnp.where(seen[..., None], jnp.logaddexp(0.0, 2 * place), 0.0)
    integrand = jnp.sin(angle.sum(-2) / 2) * jnp.exp(-damping.sum(-2) / 4)
    share = 0.5 - (nodes[1] - nodes[0]) * integrand.sum(-1) / jnp.pi
    negative, positive = jnp.any(values < 0, axis=-1), jnp.any(values > 0, axis=-1)
    share = jnp.where(negative & positive, share, jnp.where(negative, 1.0, 0.0))
    return jnp.where(jnp.isnan(values).any(axis=-1), jnp.nan, share).astype(values.dtype)
