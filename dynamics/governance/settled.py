"""Where habituation ends, without running it: the fixed point of Oja's rule and the clamp under Gaussian moments.

At rest W_ij = M_ij / (kappa + M_ii), M = m m^T + Sigma being the second moments of the driven states and kappa > 0
what the clamp makes of the rate; M in turn is made by W. Both are iterated together, with Sigma and the saturation of
tanh in the Gaussian closure (tanh's mean and mean slope over the pre-activation's spread). A neuron whose drive nearly
vanishes keeps a memory of its early history, which no fixed point knows of.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Real

from dynamics import _check
from dynamics.governance.body import Body
from dynamics.governance.habituation import HIGHEST

Noise = Real[Array, " d"] | Real[Array, ""] | float
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(15)


def closed_moments(
    body: Body, mean: Float[Array, " d"], covariance: Float[Array, "d d"], noise: Noise = 0.15
) -> tuple[Float[Array, " d"], Float[Array, "d d"]]:
    """One step of the state's mean and covariance under (1, 1), the pre-activation taken for Gaussian."""
    spread = body.recurrent @ covariance @ body.recurrent.T
    centre = body.recurrent @ mean + body.inputs.sum(1) + body.bias
    reached = jnp.tanh(centre[:, None] + jnp.sqrt(jnp.diag(spread))[:, None] * jnp.asarray(_NODES, mean.dtype))
    weights = jnp.asarray(_WEIGHTS / _WEIGHTS.sum(), mean.dtype)
    gain = (1 - reached**2) @ weights
    return reached @ weights, gain[:, None] * spread * gain + noise**2 * jnp.eye(len(mean), dtype=mean.dtype)


def settled_weights(body: Body, noise: Noise = 0.15, iterations: int = 400) -> Float[Array, "d d"]:
    """Recurrent weights after endless habituation of this body under cooperation; its own W is only where to start.

    noise: of every neuron, or one each: neurons that only pad a body must have none, or rounding wakes them.
    """
    _check.whole("iterations", iterations, 1)
    dtype = body.bias.dtype
    eye = jnp.eye(len(body.bias), dtype=dtype)

    def iterate(_, carry):
        weights, mean, covariance = carry
        mean, covariance = closed_moments(body._replace(recurrent=weights), mean, covariance, noise)
        moments = jnp.outer(mean, mean) + covariance
        own = jnp.diag(moments)
        kappa = _kappa(moments, own, mean)
        return moments / (kappa + own)[:, None], mean, covariance

    start = (body.recurrent, jnp.zeros(len(eye), dtype), noise**2 * eye)
    return jax.lax.fori_loop(0, iterations, iterate, start)[0]


def _kappa(moments, own, start, steps: int = 8):
    """The root of rho(M / (kappa + diag M)) = 0.99, by Newton's method.

    M / (kappa + diag M) is similar to a symmetric matrix, whose leading eigenvector gives radius and slope alike.
    """

    def improve(_, carry):
        kappa, vector = carry
        root = 1 / jnp.sqrt(kappa + own)
        symmetric = root[:, None] * moments * root
        for _ in range(3):
            vector = symmetric @ vector
            vector = vector / jnp.linalg.norm(vector)
        radius = vector @ symmetric @ vector
        slope = -radius * jnp.sum(vector**2 / (kappa + own))
        return jnp.maximum(kappa - (radius - HIGHEST) / slope, 0.1 * kappa), vector

    guess = (start @ start / HIGHEST, start / jnp.linalg.norm(start))
    return jax.lax.fori_loop(0, steps, improve, guess)[0]
