"""Spectral radii: exact, and as the official code estimates them."""

from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from dynamics import _check

ITERATIONS = 300


def spectral_radius(matrix: Float[Array, "d d"], doublings: int = 20) -> Float[Array, ""]:
    """max |eigenvalue| by Gelfand's formula ||W^n||^(1/n) at n = 2^doublings, by repeated squaring.

    Its relative error is at most ln(C)/n with C = sup_n ||W^n||/rho^n, a few for the matrices met here. It uses only
    products, hence runs batched on any device, which a general eigensolver does not.
    """
    _check.whole("doublings", doublings, 1)

    def square(k, carry):
        power, log = carry
        norm = jnp.linalg.norm(power)
        power = power / jnp.where(norm == 0, 1, norm)
        return power @ power, log + jnp.log(norm) * 0.5**k

    power, log = jax.lax.fori_loop(0, doublings, square, (matrix, jnp.zeros((), matrix.dtype)))
    # A nilpotent matrix ends as exact zeros, of logarithm -inf and radius 0.
    return jnp.exp(log + jnp.log(jnp.linalg.norm(power)) * 0.5**doublings)


@partial(jax.jit, static_argnames="iterations")
def power_iteration(
    matrix: Float[Array, "d d"], start: Float[Array, " d"], iterations: int = ITERATIONS
) -> Float[Array, ""]:
    """The last ||W v|| of so many normalised iterations: the official code's "spectral radius".

    It is none when the leading eigenvalues are a complex pair: the norm then oscillates for ever.
    """
    _check.whole("iterations", iterations, 1)

    def iterate(_, carry):
        vector, _ = carry
        image = matrix @ vector
        norm = jnp.linalg.norm(image)
        return image / jnp.where(norm == 0, 1, norm), norm

    vector = start / jnp.linalg.norm(start)
    return jax.lax.fori_loop(0, iterations, iterate, (vector, jnp.zeros((), matrix.dtype)))[1]
