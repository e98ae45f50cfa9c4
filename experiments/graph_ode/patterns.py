"""Swift-Hohenberg: growth of small modes, stripes, hexagons, descent of the free energy, uniform states."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import jax.random as jr

from dynamics.graph_ode import recipe, simulate
from dynamics.graph_ode.fields import advanced, swift_hohenberg_stepper, to_grid, to_spectrum
from dynamics.graph_ode.fields.residuals import released_time_derivative
from experiments.experiment import Experiment, Quantity
from experiments.space import Space, cases, listing, replicates

CONTROL = Quantity("r", "control parameter")
QUADRATIC = Quantity("g", "coefficient of u^2")
RELEASED = Quantity("released", "1 for the released residual's equation, without -u")

# ---- growth of small modes on a line of ten wavelengths
LINE, LENGTH, MODES, SMALL = (32,), (20 * math.pi,), 16, 1e-12
WAVENUMBERS = tuple(round(0.1 * mode, 1) for mode in range(MODES))
GROWTH_TIME, GROWTH_STEPS, SPACING = 1.0, 20, 0.05


def sh_growth(key, *, control, released):
    """Growth rate of every mode of a line, and what the released code makes of the fields' time derivative."""
    phases = jr.uniform(key, (MODES,), float, -1.0, 1.0)
    modes = SMALL * LINE[0] * jnp.exp(1j * jnp.pi * phases).at[0].set(1.0)
    step = swift_hohenberg_stepper(LINE, LENGTH, SPACING, control, 1.0, released=released)

    def frame(state, _):
        following = step(state)
        return following, following

    start = jnp.zeros(LINE[0] // 2 + 1, complex).at[:MODES].set(modes)
    end, frames = jax.lax.scan(frame, start, None, length=GROWTH_STEPS)
    growth = jnp.log(jnp.abs(end / start)[:MODES]) / GROWTH_TIME
    middle = frames[:3]
    derivative = to_spectrum(released_time_derivative(to_grid(middle, LINE), SPACING)[0], 1)
    return {"growth": growth, "derivative": jnp.real(derivative / middle[1])[:MODES]}


SH_GROWTH = Experiment(
    name="graph_ode/sh-growth",
    title="Growth of small Swift-Hohenberg modes",
    cell=sh_growth,
    parameters={"control": CONTROL, "released": RELEASED},
    outputs={
        "growth": Quantity(r"\sigma", "growth rate of each mode", dims=("wavenumber",)),
        "derivative": Quantity("d_t", "released time derivative over the mode itself", dims=("wavenumber",)),
    },
    coordinates={"wavenumber": WAVENUMBERS},
    scales={
        "quick": Space((listing("control", (0.1, 0.7)), listing("released", (0.0, 1.0)))),
        "paper": Space((listing("control", (-0.2, 0.01, 0.1, 0.3, 0.7, 1.5)), listing("released", (0.0, 1.0)))),
    },
)

# ---- stripes, one wavelength of a line
STRIPE_STEPS, STRIPE_STEP = 6000, 0.5


def sh_stripes(key, *, control):
    """First and third harmonic of stripes at g = 0, settled from nearby."""
    del key
    points, extent = (32,), (2 * math.pi,)
    x = jnp.arange(32) * extent[0] / 32
    start = to_spectrum(jnp.sqrt(control) * jnp.cos(x), 1)
    end = advanced(swift_hohenberg_stepper(points, extent, STRIPE_STEP, control, 0.0), start, STRIPE_STEPS)
    return {"first": 2 * jnp.real(end[1]) / 32, "third": 2 * jnp.real(end[3]) / 32}


SH_STRIPES = Experiment(
    name="graph_ode/sh-stripes",
    title="Amplitude and third harmonic of stripes",
    cell=sh_stripes,
    parameters={"control": CONTROL},
    outputs={
        "first": Quantity("a", "amplitude of cos x"),
        "third": Quantity("a_3", "amplitude of cos 3x"),
    },
    scales={
        "quick": Space((listing("control", (0.01, 0.1, 0.3, 0.7)),)),
        "paper": Space((listing("control", (0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)),)),
    },
)

# ---- hexagons, in the rectangle that holds them once
HEXAGON_STEPS = 6000


def sh_hexagons(key, *, control, quadratic, start, step):
    """Amplitude of the three modes, from `start` each, after many steps (states of rest do not depend on the step)."""
    del key
    points, extent = (12, 16), (4 * math.pi / math.sqrt(3), 4 * math.pi)
    cells = points[0] * points[1]
    # The modes (0, 1), (sqrt 3, 1) / 2 and (sqrt 3, -1) / 2 of the half spectrum.
    places = (jnp.array([0, 1, -1]), jnp.array([2, 1, 1]))
    spectrum = jnp.zeros((12, 9), complex).at[places].set(cells * start)
    end = advanced(swift_hohenberg_stepper(points, extent, step, control, quadratic), spectrum, HEXAGON_STEPS)
    return {"amplitude": jnp.real(end[places]) / cells}


def _hexagons(*rows):
    controls, quadratics, starts, steps = zip(*rows, strict=True)
    return Space((cases("case", control=controls, quadratic=quadratics, start=starts, step=steps),))


# Slow beside the saddle-node: there the steps are long, and the start lies just above its amplitude g / 15.
_BESIDE = tuple((control, 0.1, 0.01, 5.0) for control in (-0.0009, -0.0008, -0.0007, -0.0006, -0.0005, -0.0004))
_HEXAGONS = ((0.01, 0.05, 0.03, 1.0), (0.01, 0.1, 0.03, 1.0), (0.005, 0.1, 0.03, 1.0), (0.002, 0.05, 0.02, 1.0))

SH_HEXAGONS = Experiment(
    name="graph_ode/sh-hexagons",
    title="Amplitude of hexagons, and where they end",
    cell=sh_hexagons,
    parameters={
        "control": CONTROL,
        "quadratic": QUADRATIC,
        "start": Quantity("A(0)", "initial amplitude"),
        "step": Quantity("h", "time step"),
    },
    outputs={"amplitude": Quantity("A", "amplitude of each of the three modes", dims=("mode",))},
    scales={
        "quick": _hexagons(*_HEXAGONS, *_BESIDE),
        "paper": _hexagons(*_HEXAGONS, (0.02, 0.05, 0.04, 1.0), (0.004, 0.02, 0.02, 1.0), *_BESIDE),
    },
)

# ---- descent of the free energy from noise
SAMPLES = 24


def sh_descent(key, *, released, points, spacing):
    """A field at regular times while its pattern forms; r = 0.7, g = 1."""
    side = points * 20 * math.pi / 64
    plan = recipe("sh_release", points=(points, points), extent=(side, side), frames=SAMPLES, substeps=20)
    return {"field": simulate(key, plan.changed(released=released, spacing=spacing))[:, 0]}


SH_DESCENT = Experiment(
    name="graph_ode/sh-descent",
    title="A Swift-Hohenberg pattern forms",
    cell=sh_descent,
    parameters={
        "released": RELEASED,
        "points": Quantity("N", "points along a side, at the spacing of the data"),
        "spacing": Quantity("dt_f", "time between samples"),
        "replicate": Quantity("i", "replicate"),
    },
    outputs={"field": Quantity("u", "field", dims=("sample", "y", "x"))},
    scales={
        "quick": Space((listing("released", (0.0, 1.0)), replicates(2)), {"points": 16, "spacing": 0.5}),
        "paper": Space((listing("released", (0.0, 1.0)), replicates(8)), {"points": 64, "spacing": 0.5}),
    },
    static=("points", "spacing"),
    packages=("exponax",),
)

# ---- uniform states, in a box too short for patterns
UNIFORM_STEPS, UNIFORM_STEP = 1500, 0.1


def sh_uniform(key, *, released, start):
    """Where a uniform field goes; r = 0.7, g = 1."""
    del key
    step = swift_hohenberg_stepper((4,), (1.0,), UNIFORM_STEP, 0.7, 1.0, released=released)
    end = advanced(step, to_spectrum(jnp.full(4, start), 1), UNIFORM_STEPS)
    return {"end": jnp.mean(to_grid(end, (4,)))}


SH_UNIFORM = Experiment(
    name="graph_ode/sh-uniform",
    title="Where uniform Swift-Hohenberg fields go",
    cell=sh_uniform,
    parameters={"released": RELEASED, "start": Quantity("u(0)", "initial value")},
    outputs={"end": Quantity("u", "value at the end")},
    scales={
        scale: Space((listing("released", (0.0, 1.0)), listing("start", starts)))
        for scale, starts in (("quick", (-1.0, 1.0)), ("paper", (-2.0, -1.0, -0.1, 0.1, 1.0, 2.0)))
    },
)

EXPERIMENTS = (SH_GROWTH, SH_STRIPES, SH_HEXAGONS, SH_DESCENT, SH_UNIFORM)
