"""Vorticity equation w_t + u . grad w = nu lap w + f on the periodic unit square, and residuals that leave a term out.

The official code of arXiv 2505.17459 measures flows by u . grad u - nu lap u: neither the pressure gradient nor the
time derivative is in it, and it does not vanish on solutions.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Real
from jaxtyping import ArrayLike as Like

from theory import _arguments as arguments


def ns_diagonal_forcing(
    x: Real[Like, "..."], y: Real[Like, "..."], strength: Real[Like, "..."], shift: Real[Like, "..."] = 0.0
) -> Float[Array, "..."]:
    """f = a (sin 2 pi (x + y + s) + cos 2 pi (x + y + s)). strength: a, real.  shift: s, real."""
    for name, value in (("x", x), ("y", y), ("strength", strength), ("shift", shift)):
        arguments.within(name, value, -jnp.inf, jnp.inf)
    x, y, a, s = arguments.floats(x, y, strength, shift)
    angle = 2 * jnp.pi * (x + y + s)
    return a * (jnp.sin(angle) + jnp.cos(angle))


def ns_laminar_gain(time: Real[Like, "..."], viscosity: Real[Like, "..."]) -> Float[Array, "..."]:
    """From rest the flow is w(t) = f (1 - e^(-8 pi^2 nu t)) / (8 pi^2 nu) exactly, its advection being zero.

    A function of x + y alone has velocity along its own lines. time: t, [0, inf).  viscosity: nu, (0, inf).
    """
    arguments.positive("time", time, "[)")
    arguments.positive("viscosity", viscosity)
    t, nu = arguments.floats(time, viscosity)
    rate = 8 * jnp.pi**2 * nu
    return -jnp.expm1(-rate * t) / rate


class Residual(NamedTuple):
    """Root mean squares over the box and both components."""

    steady: Float[Array, "..."]
    pressure: Float[Array, "..."]


def taylor_green_residual(
    speed: Real[Like, "..."], wavenumber: Real[Like, "..."], viscosity: Real[Like, "..."]
) -> Residual:
    """What the pressure-free, steady residual is on the Taylor-Green vortex, an exact solution (derived here).

    Of u = U sin(k x) cos(k y), v = -U cos(k x) sin(k y) the advection is (U^2 k / 2) (sin 2kx, sin 2ky), minus the
    pressure gradient, and -nu lap u = 2 nu k^2 u; they are orthogonal. With the pressure gradient and u_t the residual
    is zero. speed: U at the time, real.  wavenumber: k, real.  viscosity: nu, [0, inf).
    """
    for name, value in (("speed", speed), ("wavenumber", wavenumber)):
        arguments.within(name, value, -jnp.inf, jnp.inf)
    arguments.positive("viscosity", viscosity, "[)")
    u, k, nu = arguments.floats(speed, wavenumber, viscosity)
    pressure = (u**2 * k) ** 2 / 8
    viscous = (2 * nu * k**2 * u) ** 2 / 4
    return Residual(jnp.sqrt(pressure + viscous), jnp.sqrt(pressure))


def backward_difference_gain(growth: Real[Like, "..."], spacing: Real[Like, "..."]) -> Float[Array, "..."]:
    """What cross-correlation with [1, 0, -1] / (2 h) makes of e^(s t): minus the derivative, -sinh(s h) / (s h) of it.

    The official code's residual takes this for u_t; convolution, which flips the kernel, would have the right sign.
    growth: s, real.  spacing: h, (0, inf).
    """
    arguments.within("growth", growth, -jnp.inf, jnp.inf)
    arguments.positive("spacing", spacing)
    s, h = arguments.floats(growth, spacing)
    z = s * h
    small = jnp.abs(z) < 1e-2
    safe = jnp.where(small, 1.0, z)
    return -jnp.where(small, 1 + z**2 / 6 * (1 + z**2 / 20), jnp.sinh(safe) / safe)
