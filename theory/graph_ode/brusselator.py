"""Brusselator u_t = a - (b + 1) u + u^2 v + D_u lap u, v_t = b u - u^2 v + D_v lap v, about its state (a, b / a)."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Real
from jaxtyping import ArrayLike as Like

from theory import _arguments as arguments
from theory.graph_ode._roots import leading_rate, real_root


class State(NamedTuple):
    """Values of the two species."""

    u: Float[Array, "..."]
    v: Float[Array, "..."]


def _checked(**given):
    for name, value in given.items():
        arguments.positive(name, value, "[)" if name == "wavenumber" else "()")
    return arguments.floats(*given.values())


def brusselator_state(feed: Real[Like, "..."], drive: Real[Like, "..."]) -> State:
    """The uniform state (a, b / a). feed: a, (0, inf).  drive: b, (0, inf)."""
    a, b = _checked(feed=feed, drive=drive)
    return State(a, b / a)


def brusselator_growth_rate(
    wavenumber: Real[Like, "..."],
    feed: Real[Like, "..."],
    drive: Real[Like, "..."],
    diffusion_u: Real[Like, "..."],
    diffusion_v: Real[Like, "..."],
) -> Float[Array, "..."]:
    """Largest real part of the two rates of a mode k, of the matrix [[b - 1 - D_u k^2, a^2], [-b, -a^2 - D_v k^2]].

    wavenumber: k, [0, inf).  feed: a.  drive: b.  diffusion_u, diffusion_v: D_u, D_v; all (0, inf).
    """
    k, a, b, d_u, d_v = _checked(
        wavenumber=wavenumber, feed=feed, drive=drive, diffusion_u=diffusion_u, diffusion_v=diffusion_v
    )
    q = k**2
    first, last = b - 1 - d_u * q, -(a**2) - d_v * q
    return leading_rate(first + last, first * last + a**2 * b)


def brusselator_hopf(feed: Real[Like, "..."]) -> Float[Array, "..."]:
    """Uniform oscillations start at b = 1 + a^2, with frequency a. feed: a, (0, inf)."""
    (a,) = _checked(feed=feed)
    return 1 + a**2


class Turing(NamedTuple):
    """Where a pattern starts: the drive b_T and the wavenumber k_T."""

    drive: Float[Array, "..."]
    wavenumber: Float[Array, "..."]


def brusselator_turing(
    feed: Real[Like, "..."], diffusion_u: Real[Like, "..."], diffusion_v: Real[Like, "..."]
) -> Turing:
    """b_T = (1 + a sqrt(D_u / D_v))^2 at k_T^2 = a / sqrt(D_u D_v); arguments as in `brusselator_growth_rate`."""
    a, d_u, d_v = _checked(feed=feed, diffusion_u=diffusion_u, diffusion_v=diffusion_v)
    return Turing((1 + a * jnp.sqrt(d_u / d_v)) ** 2, jnp.sqrt(a / jnp.sqrt(d_u * d_v)))


class Edges(NamedTuple):
    """Ends of the band of growing wavenumbers; NaN where there is none."""

    low: Float[Array, "..."]
    high: Float[Array, "..."]


def brusselator_band(
    feed: Real[Like, "..."],
    drive: Real[Like, "..."],
    diffusion_u: Real[Like, "..."],
    diffusion_v: Real[Like, "..."],
) -> Edges:
    """The stationary band: roots q = k^2 of D_u D_v q^2 - ((b - 1) D_v - a^2 D_u) q + a^2 = 0.

    Arguments as in `brusselator_growth_rate`.
    """
    a, b, d_u, d_v = _checked(feed=feed, drive=drive, diffusion_u=diffusion_u, diffusion_v=diffusion_v)
    middle, product = (b - 1) * d_v - a**2 * d_u, d_u * d_v
    under = jnp.where(middle > 0, middle**2 - 4 * product * a**2, -1.0)
    high = jnp.sqrt((middle + real_root(under)) / (2 * product))
    # The product of the roots is a^2 / (D_u D_v), free of the difference that cancels.
    return Edges(a / jnp.sqrt(product) / high, high)


def brusselator_turing_limit(feed: Real[Like, "..."]) -> Float[Array, "..."]:
    """Patterns come before oscillations as b grows iff sqrt(D_u / D_v) < (sqrt(1 + a^2) - 1) / a. feed: a, (0, inf)."""
    (a,) = _checked(feed=feed)
    return a / (jnp.sqrt(1 + a**2) + 1)
