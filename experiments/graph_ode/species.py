"""Systems of two species: lambda-omega waves and their side bands, Brusselator and Gray-Scott about their states."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np

from dynamics.graph_ode.fields import (
    advanced,
    brusselator_stepper,
    gray_scott_stepper,
    lambda_omega_stepper,
    to_grid,
    to_spectrum,
)
from experiments.experiment import Experiment, Quantity
from experiments.graph_ode.responses import KICK, rates, response
from experiments.space import Space, cases, grid, listing
from theory import graph_ode as theory

HALVING = "change when the steps are halved"

# ---- lambda-omega: a plane wave of eight wavelengths, side bands n apart
WAVE_POINTS, WAVE_LENGTH, WAVES, BANDS = 64, 20.0, 8, 6
WAVENUMBER = 2 * math.pi * WAVES / WAVE_LENGTH
PERTURBATIONS = tuple(2 * math.pi * n / WAVE_LENGTH for n in range(1, BANDS + 1))
SETTLING, WATCHED, WAVE_STEPS = 12, 1, 20


def _wave(shear, diffusion, steps):
    """Amplitude, frequency, growth rates (band,) of a settled wave, with so many steps a time unit."""
    step = lambda_omega_stepper((WAVE_POINTS,), (WAVE_LENGTH,), 1.0 / steps, shear, diffusion)
    angle = 2 * np.pi * WAVES * np.arange(WAVE_POINTS) / WAVE_POINTS
    modes = lambda fields: jnp.fft.fft(fields[..., 0, :] + 1j * fields[..., 1, :]) / WAVE_POINTS  # noqa: E731
    fields_of = lambda z: jnp.stack([jnp.real(z), jnp.imag(z)])  # noqa: E731
    base = advanced(step, fields_of(0.8 * jnp.exp(1j * jnp.asarray(angle))), SETTLING * steps)
    bands = np.arange(1, BANDS + 1)
    kicks = [jnp.zeros(WAVE_POINTS, complex).at[WAVES + sign * bands].set(KICK) for sign in (1, -1)]
    turn = modes(base)[WAVES] / jnp.abs(modes(base)[WAVES])
    states = jnp.stack([base, *(base + fields_of(jnp.fft.ifft(kick) * WAVE_POINTS * turn) for kick in kicks)])
    ends = modes(jax.vmap(lambda state: advanced(step, state, WATCHED * steps))(states))
    turned = ends[0, WAVES] / jnp.abs(ends[0, WAVES])
    above, below = ((ends[1:, WAVES + sign * bands] / turned / KICK).T for sign in (1, -1))
    growth, _, other = rates(jnp.stack([above, jnp.conj(below)], axis=1), WATCHED)
    frequency = -jnp.angle(turned / turn) / WATCHED
    return {"amplitude": jnp.abs(modes(base)[WAVES]), "frequency": frequency, "growth": growth, "other": other}


def _halved(measure, steps):
    """A measurement with 2 `steps`, and how far it is from that with `steps`."""
    # One after the other in the same program, which then compiles once.
    both = jax.lax.map(measure, jnp.array([steps, 2 * steps]))
    fine = {name: values[1] for name, values in both.items()}
    return fine | {f"{name}_change": jnp.abs(values[1] - values[0]) for name, values in both.items()}


def _with_changes(outputs):
    changes = {
        f"{name}_change": Quantity(q.symbol, f"{q.meaning}: {HALVING}", dims=q.dims) for name, q in outputs.items()
    }
    return outputs | changes


def lo_waves(key, *, shear, share):
    """A plane wave of z_t = (1 - |z|^2) z - i beta |z|^2 z + D lap z with D k^2 = `share`, and its side bands."""
    del key
    return _halved(lambda steps: _wave(shear, share / WAVENUMBER**2, steps), WAVE_STEPS)


BAND = ("perturbation",)
# Five percent to either side of the limits 1/3, 2/7, 1/5 and 1/11 of the four shears, and between.
_SHARES = (0.0864, 0.0955, 0.19, 0.21, 0.2714, 0.3, 0.3167, 0.35)
_SHEARS = (0.0, 0.5, 1.0, 2.0)

LO_WAVES = Experiment(
    name="graph_ode/lo-waves",
    title="Plane waves and their side bands",
    cell=lo_waves,
    parameters={"shear": Quantity(r"\beta", "shear"), "share": Quantity("Dk^2", "diffusion of the wave")},
    outputs=_with_changes(
        {
            "amplitude": Quantity("A", "amplitude of the wave"),
            "frequency": Quantity(r"\Omega", "frequency of the wave"),
            "growth": Quantity(r"\sigma", "growth rate of the pair of side bands", dims=BAND),
            "other": Quantity(r"\sigma_2", "rate of the other combination", dims=BAND),
        }
    ),
    coordinates={"perturbation": PERTURBATIONS},
    scales={
        "quick": Space((listing("shear", _SHEARS), listing("share", _SHARES))),
        "paper": Space(
            (listing("shear", (*_SHEARS, 3.0)), listing("share", sorted((*_SHARES, 0.0452, 0.05, 0.15, 0.25))))
        ),
    },
)

# ---- Brusselator: every mode of a line that holds four wavelengths of the first pattern
LINE = 32
FIRST = math.sqrt(3 / math.sqrt(32))
LINE_LENGTH = 4 * 2 * math.pi / FIRST
LINE_MODES = 9
LINE_WAVENUMBERS = tuple(FIRST * n / 4 for n in range(LINE_MODES))
BRUSSELATOR_TIME, BRUSSELATOR_STEPS = 0.5, 128


def brusselator_growth(key, *, feed, drive, diffusion_u, diffusion_v):
    """Rates of every mode about the state (a, b / a), and how far that state moved by itself."""
    del key
    rest = to_spectrum(jnp.stack([jnp.full(LINE, feed), jnp.full(LINE, drive / feed)]), 1)

    def measure(steps):
        size = BRUSSELATOR_TIME / steps
        step = brusselator_stepper((LINE,), (LINE_LENGTH,), size, feed, drive, (diffusion_u, diffusion_v))
        growth, frequency, _ = rates(response(step, rest, LINE_MODES, steps), BRUSSELATOR_TIME)
        return {"growth": growth, "frequency": frequency}

    return _halved(measure, BRUSSELATOR_STEPS)


_TURING_DRIVE = (1 + 3 * math.sqrt(1 / 8)) ** 2
_FACTORS = (0.9, 0.97, 1.03, 1.1)
_HOPF_DRIVES = (1.8, 1.96, 2.0, 2.04, 2.2)


def _brusselators(factors, drives):
    rows = [(3.0, factor * _TURING_DRIVE, 2.0, 16.0) for factor in factors] + [(1.0, b, 0.1, 0.1) for b in drives]
    feed, drive, diffusion_u, diffusion_v = zip(*rows, strict=True)
    return Space((cases("case", feed=feed, drive=drive, diffusion_u=diffusion_u, diffusion_v=diffusion_v),))


MODE = ("wavenumber",)

BRUSSELATOR = Experiment(
    name="graph_ode/brusselator-growth",
    title="Modes about the Brusselator's state",
    cell=brusselator_growth,
    parameters={
        "feed": Quantity("a", "feed"),
        "drive": Quantity("b", "drive"),
        "diffusion_u": Quantity("D_u", "diffusion of u"),
        "diffusion_v": Quantity("D_v", "diffusion of v"),
    },
    outputs=_with_changes(
        {
            "growth": Quantity(r"\sigma", "leading growth rate of each mode", dims=MODE),
            "frequency": Quantity(r"\omega", "its frequency", dims=MODE),
        }
    ),
    coordinates={"wavenumber": LINE_WAVENUMBERS},
    scales={
        "quick": _brusselators(_FACTORS, _HOPF_DRIVES),
        "paper": _brusselators((0.8, *_FACTORS, 1.2), (1.5, *_HOPF_DRIVES, 2.5)),
    },
)

# ---- Gray-Scott: does a uniform mixture survive, and how does its upper state answer
SURVIVAL_STEPS = 6000


def gray_scott_fate(key, *, feed, kill):
    """v at the end of a uniform mixture that starts just above where the two states meet, (1/2, sqrt F)."""
    del key
    step = gray_scott_stepper((4, 4), (4.0, 4.0), 1.0, feed, kill, (0.16, 0.08))
    start = jnp.stack([jnp.full((4, 4), 0.45), 1.1 * jnp.sqrt(feed) * jnp.ones((4, 4))])
    return {"v": jnp.mean(to_grid(advanced(step, to_spectrum(start, 2), SURVIVAL_STEPS), (4, 4))[1])}


FEED, KILL = Quantity("F", "feed rate"), Quantity("k", "kill rate")
# Two percent to either side of sqrt(F) / 2 - F for F = 0.08, 0.09, 0.12, and between.
_KILLS = (0.05, 0.0521, 0.0543, 0.0588, 0.0602, 0.0612, 0.0627, 0.065)

GRAY_SCOTT_FATE = Experiment(
    name="graph_ode/gray-scott-fate",
    title="Uniform Gray-Scott mixtures that survive",
    cell=gray_scott_fate,
    parameters={"feed": FEED, "kill": KILL},
    outputs={"v": Quantity("v", "second species at the end")},
    scales={
        "quick": Space((listing("feed", (0.08, 0.09, 0.12)), listing("kill", _KILLS))),
        "paper": Space((listing("feed", (0.08, 0.09, 0.1, 0.12)), listing("kill", _KILLS))),
    },
    packages=("exponax",),
)

GRAY_SCOTT_SIDE, GRAY_SCOTT_POINTS, GRAY_SCOTT_MODES = 64.0, 16, 5
GRAY_SCOTT_WAVENUMBERS = tuple(2 * math.pi * n / GRAY_SCOTT_SIDE for n in range(GRAY_SCOTT_MODES))
GRAY_SCOTT_TIME, GRAY_SCOTT_STEPS = 8.0, 32


def gray_scott_growth(key, *, feed, kill):
    """Rates of modes about the upper state as theory gives it, and how far that state moved by itself."""
    del key
    points, extent = (GRAY_SCOTT_POINTS,) * 2, (GRAY_SCOTT_SIDE,) * 2
    upper = theory.gray_scott_state(feed, kill)
    rest = to_spectrum(jnp.stack([value * jnp.ones(points) for value in upper]), 2)

    def measure(steps):
        step = gray_scott_stepper(points, extent, GRAY_SCOTT_TIME / steps, feed, kill, (0.16, 0.08))
        growth, frequency, _ = rates(response(step, rest, GRAY_SCOTT_MODES, steps), GRAY_SCOTT_TIME)
        moved = to_grid(advanced(step, rest, steps), points) - to_grid(rest, points)
        return {"growth": growth, "frequency": frequency, "moved": jnp.max(jnp.abs(moved))}

    return _halved(measure, GRAY_SCOTT_STEPS)


GRAY_SCOTT = Experiment(
    name="graph_ode/gray-scott-growth",
    title="Modes about Gray and Scott's upper state",
    cell=gray_scott_growth,
    parameters={"feed": FEED, "kill": KILL},
    outputs=_with_changes(
        {
            "growth": Quantity(r"\sigma", "leading growth rate of each mode", dims=MODE),
            "frequency": Quantity(r"\omega", "its frequency", dims=MODE),
            "moved": Quantity(r"\Delta", "how far the state moved by itself"),
        }
    ),
    coordinates={"wavenumber": GRAY_SCOTT_WAVENUMBERS},
    scales={
        "quick": Space((grid("kill", 0.0573, 0.0593, 5),), {"feed": 0.04}),
        "paper": Space((grid("kill", 0.0573, 0.0593, 11),), {"feed": 0.04}),
    },
    packages=("exponax",),
)

EXPERIMENTS = (LO_WAVES, BRUSSELATOR, GRAY_SCOTT_FATE, GRAY_SCOTT)
