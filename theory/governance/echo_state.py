"""When a driven reservoir forgets where it started: the paper's sufficient condition is none."""

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from .body import square

# Found by search over random matrices of spectral radius 0.9 (derived here).
_MATRIX = ((2.2078, 0.7172, -0.9228), (-1.4695, -1.398, 1.1898), (2.442, -0.3858, -0.169))
_DRIVE = (0.2757, 1.7937, 2.424)
_STARTS = ((-1.0, 1.0, 0.0), (1.0, 1.0, 1.0))


def echo_state_counterexample() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A matrix W with rho(W) = 0.9, a constant drive u, and two starts that x -> tanh(W x + u) keeps apart for ever.

    They end at (-0.692, 0.951, 0.306) and (0.957, 0.615, 1.000): the paper's remark that rho(W) < 1 suffices for
    the echo state property is false.  (derived here, against arXiv 2602.20846, Remark echo state)
    """
    return np.array(_MATRIX), np.array(_DRIVE), np.array(_STARTS)


def forgetting_bound(recurrent: Float[ArrayLike, "d d"]) -> Float[Array, ""]:
    """sigma_max(W): two states of one drive approach each other by at least this factor a step; below 1 it suffices.

    recurrent finite and square; ValueError otherwise.  (Jaeger 2001; tanh is 1-Lipschitz)
    """
    return jnp.linalg.norm(square("recurrent", recurrent), 2)
