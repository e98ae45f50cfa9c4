"""The ridge readout without samples: two classes of states, known by their means and covariances."""

import math
from typing import NamedTuple

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import floats, positive
from .body import finite
from .moments import Moments

# logit 0.95, the target of the cooperative class; the other's is its negative.
_TARGET = math.log(19.0)


class Readout(NamedTuple):
    """Weights w and offset b_o of the logit of the action."""

    weights: Float[Array, " d"]
    offset: Float[Array, ""]


def population_readout(
    cooperative: Moments, defective: Moments, ridge: Float[ArrayLike, ""], target: Float[ArrayLike, ""] = _TARGET
) -> Readout:
    """w = (Sig + lambda I)^-1 (y_C/2) Delta, b_o = -w . (m_C + m_D)/2, the ridge readout of infinitely many states.

    Delta = m_C - m_D, Sig = (S_C + S_D)/2 + Delta Delta^T/4: half the states are driven by mutual cooperation and aim
    at y_C = logit 0.95, half by mutual defection at -y_C.  ridge lambda >= 0; ValueError otherwise.  (derived here)
    """
    for name, part in (("cooperative", cooperative), ("defective", defective)):
        finite(f"{name}.mean", part.mean)
        finite(f"{name}.covariance", part.covariance)
    positive("ridge", ridge, "[)")
    apart = cooperative.mean - defective.mean
    pooled = (cooperative.covariance + defective.covariance) / 2 + jnp.outer(apart, apart) / 4
    eye = jnp.eye(apart.size, dtype=apart.dtype)
    weights = jnp.linalg.solve(pooled + ridge * eye, target / 2 * apart)
    return Readout(weights, -weights @ (cooperative.mean + defective.mean) / 2)


def isotropic_readout_power(
    separation: Real[ArrayLike, "..."], variance: Real[ArrayLike, "..."], ridge: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """||w||^2 = (y_C/2)^2 delta/(s^2 + lambda + delta/4)^2 for covariances s^2 I; about 4 y_C^2/delta at large d.

    separation delta = ||m_C - m_D||^2, variance s^2 and ridge lambda >= 0, not all 0; ValueError otherwise.
    (derived here)
    """
    for name, value in (("separation", separation), ("variance", variance), ("ridge", ridge)):
        positive(name, value, "[)")
    separation, variance, ridge = floats(separation, variance, ridge)
    return (_TARGET / 2) ** 2 * separation / (variance + ridge + separation / 4) ** 2
