"""Swift-Hohenberg equation u_t = r u - (1 + lap)^2 u + g u^2 - u^3: linear growth, stripes, hexagons, uniform states.

The residual in the official code of arXiv 2505.17459 leaves out the -u of the expanded square: `released=True` is that
equation, the same one with r + 1 in place of r.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Real
from jaxtyping import ArrayLike as Like

from theory import _arguments as arguments
from theory.graph_ode._roots import real_root

# Where 3 theta, 5 theta, ... of a stripe of wavenumber 1 are damped: (1 - 9)^2 and (1 - 25)^2.
_THIRD, _FIFTH = 64.0, 576.0


def sh_growth_rate(
    wavenumber: Real[Like, "..."], control: Real[Like, "..."], *, released: bool = False
) -> Float[Array, "..."]:
    """Linear growth rate sigma(k) = r - (1 - k^2)^2 of a small mode; r + 1 in place of r if `released`.

    wavenumber: k, [0, inf).  control: r, real.
    """
    arguments.positive("wavenumber", wavenumber, "[)")
    arguments.within("control", control, -jnp.inf, jnp.inf)
    k, r = arguments.floats(wavenumber, control)
    return r + (1.0 if released else 0.0) - (1 - k**2) ** 2


class Band(NamedTuple):
    """Wavenumbers between which modes grow."""

    low: Float[Array, "..."]
    high: Float[Array, "..."]


def sh_unstable_band(control: Real[Like, "..."]) -> Band:
    """Modes with 1 - sqrt(r) < k^2 < 1 + sqrt(r) grow; from r = 1 on that reaches down to k = 0.

    control: r, [0, inf); of the released equation, r + 1.
    """
    arguments.positive("control", control, "[)")
    root = jnp.sqrt(arguments.floats(control)[0])
    # The root's slope is infinite at k = 0, where the band has no lower end.
    low = jnp.where(root < 1, jnp.sqrt(jnp.where(root < 1, 1 - root, 1.0)), 0.0)
    return Band(low, jnp.sqrt(1 + root))


def sh_unstable_modes(control: Real[Like, "..."], box: Real[Like, "..."]) -> Float[Array, "..."]:
    """How many modes of a periodic square grow, by the area of the band: (L^2 / 4 pi) (k_high^2 - k_low^2).

    control: r, [0, inf).  box: side L, (0, inf).
    """
    arguments.positive("box", box)
    band = sh_unstable_band(control)
    return arguments.floats(box)[0] ** 2 / (4 * jnp.pi) * (band.high**2 - band.low**2)


def sh_leading_stripe(control: Real[Like, "..."], wavenumber: Real[Like, "..."] = 1.0) -> Float[Array, "..."]:
    """Amplitude of stripes a cos kx at g = 0 to leading order, a = 2 sqrt((r - (1 - k^2)^2) / 3); 0 where none exist.

    control: r, real.  wavenumber: k, [0, inf).
    """
    growth = sh_growth_rate(wavenumber, control)
    exists = growth > 0
    return jnp.where(exists, 2 * jnp.sqrt(jnp.where(exists, growth, 1.0) / 3), 0.0)


class Stripe(NamedTuple):
    """Amplitudes of cos x and cos 3x."""

    first: Float[Array, "..."]
    third: Float[Array, "..."]


def sh_stripe(control: Real[Like, "..."]) -> Stripe:
    """Stripes of wavenumber 1 at g = 0 with their third harmonic and what it does back to them (derived here).

    With b = a_3: r = 3/4 a^2 + 3/4 a b + 3/2 b^2 and (64 - r) b = -(a^3 / 4 + 3/2 a^2 b + 3/4 b^3), by iteration.
    To leading order b = -(a^3 / 4) / (64 - r). `sh_stripe_remainder` bounds what the fifth harmonic would change.
    control: r, [0, 64).
    """
    arguments.within("control", control, 0.0, _THIRD, "[)")
    (r,) = arguments.floats(control)
    inside = r > 0
    safe = jnp.where(inside, r, 1.0)
    first, third = sh_leading_stripe(safe), jnp.zeros_like(safe)
    # A contraction: each pass gains a factor of about (3/2) a^2 / 64.
    for _ in range(12):
        third = -(first**3 / 4 + 0.75 * third**3) / (_THIRD - safe + 1.5 * first**2)
        ratio = third / first
        first = jnp.sqrt(safe / (0.75 + 0.75 * ratio + 1.5 * ratio**2))
    return Stripe(jnp.where(inside, first, 0.0), jnp.where(inside, third, 0.0))


def sh_stripe_remainder(control: Real[Like, "..."]) -> Float[Array, "..."]:
    """Relative change of the third harmonic by the fifth, (3 a^2 / 4)^2 / ((64 - r) (576 - r)), its leading order.

    The first harmonic changes by less: |a_3 / a| times this. control: r, [0, 64).
    """
    stripe = sh_stripe(control)
    (r,) = arguments.floats(control)
    return (0.75 * stripe.first**2) ** 2 / ((_THIRD - r) * (_FIFTH - r))


def sh_hexagon(control: Real[Like, "..."], quadratic: Real[Like, "..."]) -> Float[Array, "..."]:
    """Amplitude A of each of the three modes of hexagons, A = (g + sqrt(g^2 + 15 r)) / 15; NaN below the saddle-node.

    The upper root of 0 = r A + 2 g A^2 - 15 A^3, of u = A (e^(i k_1 x) + e^(i k_2 x) + e^(i k_3 x) + conjugates).
    control: r, real.  quadratic: g, real.
    """
    arguments.within("control", control, -jnp.inf, jnp.inf)
    arguments.within("quadratic", quadratic, -jnp.inf, jnp.inf)
    r, g = arguments.floats(control, quadratic)
    return (g + real_root(g**2 + 15 * r)) / 15


# The damped modes of a hexagonal pattern: k^2, how many, and how often pairs and triples of the six vectors add up to
# one of them. All triples are 216 = 12 + 6 * 15 + 6 * 6 + 6 * 6 + 12 * 3 + 6, the 15 being those of the pattern itself.
_SQUARE, _MODES, _PAIRS, _TRIPLES = np.array([(0, 1, 6, 12), (3, 6, 2, 6), (4, 6, 1, 6), (7, 12, 0, 3), (9, 6, 0, 1)]).T
_EACH = _MODES / (1.0 - _SQUARE) ** 2


def sh_hexagon_remainder(control: Real[Like, "..."], quadratic: Real[Like, "..."]) -> Float[Array, "..."]:
    """Size of what the next order of the amplitude equation changes in A (derived here); NaN as `sh_hexagon`.

    Eliminating the damped modes 0, sqrt 3, 2, sqrt 7 and 3 adds to the right side minus a sixth of the A-derivative of
    -1/2 sum_q |g pairs_q A^2 - triples_q A^3|^2 / (1 - q^2)^2, that is 128/9 g^2 A^3 - 235/3 g A^4 + c A^5. Their sizes
    are added here, not the terms, which may cancel, and divided by the leading equation's slope 2 A sqrt(g^2 + 15 r).
    control: r.  quadratic: g; both real.
    """
    amplitude = sh_hexagon(control, quadratic)
    r, g = arguments.floats(control, quadratic)
    third = float(np.sum(_EACH * _PAIRS**2)) / 3 * g**2
    fourth = 5 * float(np.sum(_EACH * _PAIRS * _TRIPLES)) / 6 * jnp.abs(g)
    fifth = float(np.sum(_EACH * _TRIPLES**2)) / 2
    size = (third + (fourth + fifth * amplitude) * amplitude) * amplitude**2
    return size / (2 * real_root(g**2 + 15 * r))


def sh_hexagon_onset(quadratic: Real[Like, "..."]) -> Float[Array, "..."]:
    """Saddle-node of hexagons, r = -g^2 / 15: they outlive the uniform state's stability. quadratic: g, real."""
    arguments.within("quadratic", quadratic, -jnp.inf, jnp.inf)
    (g,) = arguments.floats(quadratic)
    return -(g**2) / 15


class Uniform(NamedTuple):
    """Uniform states other than zero; NaN where they do not exist."""

    upper: Float[Array, "..."]
    lower: Float[Array, "..."]


def sh_uniform_states(control: Real[Like, "..."], quadratic: Real[Like, "..."], *, released: bool = False) -> Uniform:
    """u = (g +- sqrt(g^2 + 4 (r - 1))) / 2; with r in place of r - 1 if `released`.

    control: r, real.  quadratic: g, real.
    """
    arguments.within("control", control, -jnp.inf, jnp.inf)
    arguments.within("quadratic", quadratic, -jnp.inf, jnp.inf)
    r, g = arguments.floats(control, quadratic)
    root = real_root(g**2 + 4 * (r - (0.0 if released else 1.0)))
    return Uniform((g + root) / 2, (g - root) / 2)


def sh_free_energy(
    field: Float[Like, "height width"],
    box: tuple[float, float],
    control: Real[Like, ""],
    quadratic: Real[Like, ""],
    *,
    released: bool = False,
) -> Float[Array, ""]:
    """F = mean(-r u^2 / 2 + ((1 + lap) u)^2 / 2 - g u^3 / 3 + u^4 / 4), which the flow never raises: u_t = -dF/du.

    field: u on a periodic grid.  box: its lengths.  control, quadratic: r and g; r + 1 in place of r if `released`.
    """
    arguments.within("control", control, -jnp.inf, jnp.inf)
    arguments.within("quadratic", quadratic, -jnp.inf, jnp.inf)
    height, width = field.shape
    field = jnp.asarray(field, jnp.result_type(field, control, quadratic))
    ky = 2 * np.pi * np.fft.fftfreq(height, box[0] / height)[:, None]
    kx = 2 * np.pi * np.fft.rfftfreq(width, box[1] / width)[None]
    bend = jnp.asarray(1 - kx**2 - ky**2, field.dtype)
    bent = jnp.fft.irfft2(bend * jnp.fft.rfft2(field), s=field.shape)
    r = control + (1.0 if released else 0.0)
    return jnp.mean(-r * field**2 / 2 + bent**2 / 2 - quadratic * field**3 / 3 + field**4 / 4)


def sh_dissipation(
    field: Float[Like, "height width"],
    box: tuple[float, float],
    control: Real[Like, ""],
    quadratic: Real[Like, ""],
    *,
    released: bool = False,
) -> Float[Array, ""]:
    """-dF/dt = mean(u_t^2), from the gradient of `sh_free_energy`; arguments as there."""
    field = jnp.asarray(field, jnp.result_type(field, control, quadratic))
    slope = jax.grad(sh_free_energy)(field, box, control, quadratic, released=released) * field.size
    return jnp.mean(slope**2)
