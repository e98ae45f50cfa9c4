"""Divergence of one law of states from another: Gaussian closed forms, and the mixture's own."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.linalg import solve_triangular
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import floats, within
from .body import finite
from .histories import Mixture, mixture_moments
from .moments import Moments


class DivergenceParts(NamedTuple):
    """The three terms of a Gaussian divergence, (tr(S_q^-1 S_p) - d)/2, the means' part, ln(det S_q/det S_p)/2."""

    trace: Float[Array, ""]
    mean: Float[Array, ""]
    log_volume: Float[Array, ""]

    @property
    def total(self) -> Float[Array, "..."]:
        """Their sum, never negative."""
        return self.trace + self.mean + self.log_volume


class MixtureDivergence(NamedTuple):
    """KL(mixture || Gaussian) in nats with the standard error of its integral, and bounds that need none."""

    value: Float[Array, ""]
    standard_error: Float[Array, ""]
    lower: Float[Array, ""]
    upper: Float[Array, ""]


def gaussian_divergence_parts(p: Moments, q: Moments) -> DivergenceParts:
    """KL(N_p || N_q) term by term.

    Finite moments of equal dimension; ValueError otherwise; NaN if a covariance is not positive definite.
    (arXiv 2602.20846, Cor. KL reduction)
    """
    _checked(p, q)
    factor_p, factor_q = jnp.linalg.cholesky(p.covariance), jnp.linalg.cholesky(q.covariance)
    whitened = solve_triangular(factor_q, factor_p, lower=True)
    apart = solve_triangular(factor_q, p.mean - q.mean, lower=True)
    logs = jnp.log(jnp.diagonal(factor_q)) - jnp.log(jnp.diagonal(factor_p))
    return DivergenceParts((jnp.sum(whitened**2) - p.mean.size) / 2, jnp.sum(apart**2) / 2, jnp.sum(logs))


def gaussian_divergence(p: Moments, q: Moments) -> Float[Array, ""]:
    """KL(N_p || N_q) = [tr(S_q^-1 S_p) - d + (m_q - m_p)^T S_q^-1 (m_q - m_p) + ln(det S_q/det S_p)]/2, in nats.

    Finite moments of equal dimension; ValueError otherwise; NaN if a covariance is not positive definite.
    (arXiv 2602.20846, Cor. KL reduction)
    """
    return gaussian_divergence_parts(p, q).total


def rank_one_divergence(strength: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """KL(N(0, I + s e e^T) || N(0, I)) = (s - ln(1 + s))/2 for a unit vector e, in any dimension.

    A pulse of the opponent has s = q (1 - q) ||D w2||^2/sigma_xi^2, which grows with d, and so does the cost.
    strength s > -1; ValueError otherwise.  (derived here)
    """
    within("strength", strength, -1.0, jnp.inf, "()")
    (strength,) = floats(strength)
    return (strength - jnp.log1p(strength)) / 2


def mixture_divergence(mixture: Mixture, q: Moments, normals: Float[ArrayLike, "draws d"]) -> MixtureDivergence:
    """KL(mixture || N_q) = sum_h p_h KL(N_h || N_q) - I(h; x), with the mutual information by Monte Carlo.

    Only I(h; x), the information that a state carries on its history, has no closed form: it is the mean over
    `normals`, standard normal draws shared by all histories and by all mixtures to be compared, and lies between 0 and
    the entropy of the weights. lower: the Gaussian of equal moments, and less the entropy; upper: I = 0.
    Finite arrays of fitting shapes; ValueError otherwise.  (derived here)
    """
    _checked(mixture_moments(mixture), q)
    finite("normals", normals)
    normals = jnp.asarray(normals)
    dimension = q.mean.size
    if normals.ndim != 2 or normals.shape[1] != dimension or normals.shape[0] < 2:
        raise ValueError(f"Argument `normals` must have shape (draws >= 2, {dimension}), but has {normals.shape}.")
    weights = mixture.weights
    # A history of chance zero adds nothing, and its logarithm must not make the derivative undefined.
    alive = weights > 0
    logs = jnp.log(jnp.where(alive, weights, 1))
    log_weights = jnp.where(alive, logs, -jnp.inf)
    factors = jnp.linalg.cholesky(mixture.covariances)
    log_volumes = jnp.sum(jnp.log(jnp.diagonal(factors, axis1=1, axis2=2)), axis=1)
    inverses = jax.vmap(lambda f: solve_triangular(f, jnp.eye(dimension, dtype=f.dtype), lower=True))(factors)

    def information(mean, factor, log_volume):
        """Mean and square of log N_h(x) - log p(x) over draws x of one component."""
        states = mean + normals @ factor.T

        def log_density(m, inverse, volume):
            white = (states - m) @ inverse.T
            return -jnp.sum(white**2, axis=1) / 2 - volume

        densities = jax.vmap(log_density)(mixture.means, inverses, log_volumes)
        whole = jax.nn.logsumexp(densities + log_weights[:, None], axis=0)
        return -jnp.sum(normals**2, axis=1) / 2 - log_volume - whole

    told = jax.lax.map(lambda h: information(*h), (mixture.means, factors, log_volumes))
    by_draw = jnp.where(alive, weights, 0) @ told
    parts = jax.vmap(lambda m, s: gaussian_divergence_parts(Moments(m, s), q).total)(mixture.means, mixture.covariances)
    upper = weights @ parts
    entropy = -jnp.sum(jnp.where(alive, weights * logs, 0))
    lower = jnp.maximum(gaussian_divergence(mixture_moments(mixture), q), upper - entropy)
    error = jnp.std(by_draw, ddof=1) / jnp.sqrt(jnp.asarray(normals.shape[0], by_draw.dtype))
    return MixtureDivergence(upper - jnp.mean(by_draw), error, lower, upper)


def _checked(p: Moments, q: Moments) -> None:
    for name, part in (("p", p), ("q", q)):
        finite(f"{name}.mean", part.mean)
        finite(f"{name}.covariance", part.covariance)
        size = p.mean.shape[-1]
        if part.mean.shape != (size,) or part.covariance.shape != (size, size):
            shapes = f"{part.mean.shape} and {part.covariance.shape}"
            raise ValueError(f"Argument `{name}` must have shapes ({size},) and ({size}, {size}), but has {shapes}.")
