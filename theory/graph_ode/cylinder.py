"""Vortex shedding behind a circular cylinder: what is known of its frequency, and the lattice's own numbers.

Both correlations were quoted to us from memory (Roshko 1954; Williamson 1988), without their reports at hand: read them
as orientation, not as published digits. They are fits to a cylinder in an unbounded stream.
"""

from jaxtyping import Array, Float, Real
from jaxtyping import ArrayLike as Like

from theory import _arguments as arguments


def strouhal_roshko(reynolds: Real[Like, "..."]) -> Float[Array, "..."]:
    """St = 0.212 (1 - 21.2 / Re), for 50 < Re < 150 (Roshko, from memory). reynolds: Re, (0, inf)."""
    arguments.positive("reynolds", reynolds)
    (re,) = arguments.floats(reynolds)
    return 0.212 * (1 - 21.2 / re)


def strouhal_williamson(reynolds: Real[Like, "..."]) -> Float[Array, "..."]:
    """St = -3.3265 / Re + 0.1816 + 1.6e-4 Re, for 50 < Re < 180 (Williamson, from memory). reynolds: Re, (0, inf)."""
    arguments.positive("reynolds", reynolds)
    (re,) = arguments.floats(reynolds)
    return -3.3265 / re + 0.1816 + 1.6e-4 * re


def lattice_relaxation(
    reynolds: Real[Like, "..."], speed: Real[Like, "..."], diameter: Real[Like, "..."]
) -> Float[Array, "..."]:
    """Relaxation time tau = 3 nu + 1/2 of a lattice gas of viscosity nu = U D / Re; stable only above 1/2.

    reynolds: Re.  speed: U, in sites a step.  diameter: D, in sites; all (0, inf).
    """
    for name, value in (("reynolds", reynolds), ("speed", speed), ("diameter", diameter)):
        arguments.positive(name, value)
    re, u, d = arguments.floats(reynolds, speed, diameter)
    return 3 * u * d / re + 0.5


def shedding_period(
    strouhal: Real[Like, "..."], speed: Real[Like, "..."], diameter: Real[Like, "..."]
) -> Float[Array, "..."]:
    """Steps between two vortices of the same side, D / (U St); arguments as in `lattice_relaxation`."""
    for name, value in (("strouhal", strouhal), ("speed", speed), ("diameter", diameter)):
        arguments.positive(name, value)
    st, u, d = arguments.floats(strouhal, speed, diameter)
    return d / (u * st)
