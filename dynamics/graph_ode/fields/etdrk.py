"""Exponential time differencing for u_t = L u + N(u), with L diagonal in the spectrum."""

import math
from collections.abc import Callable

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float, Real

Step = Callable[[Array], Array]

# Terms of the Taylor series of phi_1 and phi_2 on |z| <= 1: the first dropped one is below 1 / 18!.
_TERMS = 16


def phi(z: Float[Array, "..."]) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
    """phi_1 = (e^z - 1) / z and phi_2 = (e^z - 1 - z) / z^2 without cancellation, at z = 0 too."""
    near = jnp.abs(z) <= 1
    small, large = jnp.where(near, z, 0), jnp.where(near, 1, z)
    series = sum(small**n / float(math.factorial(n + 2)) for n in reversed(range(_TERMS)))
    first = jnp.where(near, 1 + small * series, jnp.expm1(large) / large)
    return first, jnp.where(near, series, (first - 1) / large)


def etdrk2(linear: Real[ArrayLike, "..."], nonlinear: Step, step: Real[ArrayLike, ""]) -> Step:
    """One step of second order: a = e^(hL) u + h phi_1 N(u), then a + h phi_2 (N(a) - N(u)).

    Its fixed points are exactly those of the semi-discrete equation, for every step h. linear: the real eigenvalues
    of L at the entries of the spectrum.  nonlinear: N, from spectrum to spectrum.
    """
    z = step * jnp.asarray(linear, float)
    decay, (first, second) = jnp.exp(z), phi(z)

    def advance(spectrum):
        slope = nonlinear(spectrum)
        middle = decay * spectrum + step * first * slope
        return middle + step * second * (nonlinear(middle) - slope)

    return advance
