"""Gray-Scott model u_t = D_u lap u - u v^2 + F (1 - u), v_t = D_v lap v + u v^2 - (F + k) v: its uniform states.

The state (1, 0) is always stable. Two more, with u v = F + k, exist for small enough k.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Real
from jaxtyping import ArrayLike as Like

from theory import _arguments as arguments
from theory.graph_ode._roots import leading_rate, real_root

# Where the Hopf bifurcation meets the saddle-node.
MEETING = 1 / 16


def _checked(**given):
    for name, value in given.items():
        arguments.positive(name, value, "[)" if name == "wavenumber" else "()")
    return arguments.floats(*given.values())


class Pair(NamedTuple):
    """One of the two further states; NaN where they do not exist."""

    u: Float[Array, "..."]
    v: Float[Array, "..."]


def gray_scott_state(feed: Real[Like, "..."], kill: Real[Like, "..."], *, upper: bool = True) -> Pair:
    """u = (1 -+ d) / 2, v = F (1 +- d) / (2 (F + k)), d = sqrt(1 - 4 (F + k)^2 / F); `upper` is that with more v.

    feed: F, (0, inf).  kill: k, (0, inf).
    """
    f, k = _checked(feed=feed, kill=kill)
    d = (1.0 if upper else -1.0) * real_root(1 - 4 * (f + k) ** 2 / f)
    return Pair((1 - d) / 2, f * (1 + d) / (2 * (f + k)))


def gray_scott_saddle_node(feed: Real[Like, "..."]) -> Float[Array, "..."]:
    """The pair of states exists exactly when k <= sqrt(F) / 2 - F, i.e. F >= 4 (F + k)^2. feed: F, (0, inf)."""
    (f,) = _checked(feed=feed)
    return jnp.sqrt(f) / 2 - f


def gray_scott_growth_rate(
    wavenumber: Real[Like, "..."],
    feed: Real[Like, "..."],
    kill: Real[Like, "..."],
    diffusion_u: Real[Like, "..."],
    diffusion_v: Real[Like, "..."],
) -> Float[Array, "..."]:
    """Largest real part of the rates of a mode about the upper state; NaN where it does not exist.

    At wavenumber 0 the trace is k - v^2 and the determinant (F + k) (v^2 - F). wavenumber: [0, inf).  feed: F.
    kill: k.  diffusion_u, diffusion_v: D_u, D_v; all (0, inf).
    """
    q, f, k, d_u, d_v = _checked(
        wavenumber=wavenumber, feed=feed, kill=kill, diffusion_u=diffusion_u, diffusion_v=diffusion_v
    )
    square = gray_scott_state(feed, kill).v ** 2
    first, last = -square - f - d_u * q**2, f + k - d_v * q**2
    return leading_rate(first + last, first * last + 2 * (f + k) * square)


def gray_scott_hopf(feed: Real[Like, "..."]) -> Float[Array, "..."]:
    """The upper state loses its stability where v^2 = k, at the larger root of (F + k)^2 = F sqrt(k).

    It is stable below. For F >= 1/16 it is stable as long as it exists, and this is NaN. feed: F, (0, inf).
    """
    (f,) = _checked(feed=feed)
    below = f < MEETING
    safe = jnp.where(below, f, 0.5 * MEETING)

    def newton(s):
        return s - ((safe + s**2) ** 2 - safe * s) / (4 * s * (safe + s**2) - safe)

    # In s = sqrt(k) the difference is convex and positive at F^(1/3): Newton descends to its larger root.
    s = jax.lax.stop_gradient(safe ** (1 / 3))
    for _ in range(12):
        s = newton(jax.lax.stop_gradient(s))
    return jnp.where(below, s**2, jnp.nan)
