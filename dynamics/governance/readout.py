"""Development: a readout fitted once, by ridge regression, to what the fresh body does under constant actions."""

import jax
import jax.numpy as jnp
from jax.scipy.linalg import cho_factor, cho_solve
from jaxtyping import Array, Float, Real

from dynamics import _check
from dynamics.governance.body import Body, Readout, drive

# Cooperation and defection are taught as the actions 0.95 and 0.05.
TARGET = 0.95
RIDGE = 0.001


def ridge(
    cooperating: Float[Array, "c d"], defecting: Float[Array, "n d"], strength: Real[Array, ""] | float = RIDGE
) -> Readout:
    """Least squares of logit(0.95) on the first states and logit(0.05) on the second, penalised by strength * n |w|^2.

    n counts all states and the intercept is free, which makes it the ridge of centred data: the solution of
    (X^T X + strength n diag(1, .., 1, 0)) [w; b_o] = X^T y. (arXiv 2602.20846, Sec. "Development"; official code)
    """
    _check.within(0.0, float("inf"), strength=strength)
    states = jnp.concatenate([cooperating, defecting])
    logit = jnp.log(TARGET / (1 - TARGET))
    targets = jnp.concatenate([jnp.full(len(cooperating), logit), jnp.full(len(defecting), -logit)]).astype(
        states.dtype
    )
    centre, height = states.mean(0), targets.mean()
    centred = states - centre
    normal = centred.T @ centred + strength * len(states) * jnp.eye(states.shape[1], dtype=states.dtype)
    weights = cho_solve(cho_factor(normal), centred.T @ (targets - height))
    return Readout(weights, height - centre @ weights)


@jax.jit
def driven_apart(body: Body, noise: Float[Array, "2 rounds *copies d"]) -> Float[Array, "2 rounds *copies d"]:
    """States of two copies of a body, from rest, under constant (1, 1) and under constant (0, 0), by their noises."""
    rest = jnp.zeros(noise.shape[2:], noise.dtype)
    return jax.vmap(lambda action, xi: drive(body, rest, action, action, xi))(jnp.array([1.0, 0.0], noise.dtype), noise)
