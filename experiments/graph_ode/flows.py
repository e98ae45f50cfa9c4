"""Flows: exact solutions of the forced and the free equation, a residual without pressure, the cylinder's wake."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from dynamics.graph_ode import recipe
from dynamics.graph_ode.fields import advanced, lattice_boltzmann, navier_stokes_stepper, to_grid, to_spectrum
from dynamics.graph_ode.fields.navier_stokes import diagonal_forcing, velocity_spectra
from dynamics.graph_ode.fields.residuals import flow_residuals
from experiments.experiment import Experiment, Quantity
from experiments.space import Space, grid, listing

POINTS, UNIT = (16, 16), (1.0, 1.0)
LAMINAR_TIME, LAMINAR_STEPS = 5.0, 50
VORTEX_TIME, VORTEX_STEPS, STRENGTH = 0.5, 20, 0.1


def _size(field):
    return jnp.sqrt(jnp.mean(field**2))


def ns_exact(key, *, viscosity, shift, speed):
    """The forced flow from rest, and the Taylor-Green vortex with its residuals."""
    del key
    forcing = diagonal_forcing(POINTS, UNIT, STRENGTH, shift)
    laminar = navier_stokes_stepper(POINTS, UNIT, LAMINAR_TIME / LAMINAR_STEPS, viscosity, forcing)
    flow = to_grid(advanced(laminar, jnp.zeros((16, 9), complex), LAMINAR_STEPS), POINTS)
    gain = jnp.sum(flow * forcing) / jnp.sum(forcing**2)

    x = 2 * np.pi * np.arange(16) / 16
    vortex = to_spectrum(speed * 4 * np.pi * jnp.asarray(np.sin(x) * np.sin(x)[:, None]), 2)
    size = VORTEX_TIME / VORTEX_STEPS
    step = navier_stokes_stepper(POINTS, UNIT, size, viscosity)
    before = advanced(step, vortex, VORTEX_STEPS)
    now = step(before)
    after = step(now)
    found = flow_residuals(now, POINTS, UNIT, viscosity)
    velocities = [to_grid(velocity_spectra(w, POINTS, UNIT), POINTS) for w in (before, now, after)]
    change = (velocities[2] - velocities[0]) / (2 * size)
    return {
        "gain": gain,
        "rest": jnp.max(jnp.abs(flow - gain * forcing)),
        "speed_then": 2 * _size(velocities[1]),
        "released": _size(found.released),
        "full": _size(found.released + found.pressure_gradient + change),
    }


NS_EXACT = Experiment(
    name="graph_ode/ns-exact",
    title="Exact flows and a residual without pressure",
    cell=ns_exact,
    parameters={
        "viscosity": Quantity(r"\nu", "viscosity"),
        "shift": Quantity("s", "shift of the forcing"),
        "speed": Quantity("U", "speed of the vortex at the start"),
    },
    outputs={
        "gain": Quantity("w/f", "vorticity over forcing"),
        "rest": Quantity(r"\epsilon", "largest vorticity not proportional to the forcing"),
        "speed_then": Quantity("U(t)", "speed of the vortex when it is measured"),
        "released": Quantity("R", "root mean square of u . grad u - nu lap u"),
        "full": Quantity("R_p", "root mean square of the residual with pressure and time derivative"),
    },
    scales={
        "quick": Space((listing("viscosity", (1e-3, 1e-2)), listing("shift", (0.0, 0.2))), {"speed": 0.5}),
        "paper": Space((grid("viscosity", 1e-3, 1e-2, 6), listing("shift", (0.0, 0.2, 0.4))), {"speed": 0.5}),
    },
)

# ---- vortex shedding behind a cylinder
STRIDE = 10


def cylinder_wake(key, *, reynolds, height, width, diameter, settling, watched):
    """Strouhal number of the wake, by its upward crossings at a point behind the body.

    settling, watched: samples, ten steps apart, before and while it is watched.
    """
    plan = recipe("cylinder", points=(height, width), diameter=diameter).changed(reynolds=reynolds)
    system = lattice_boltzmann.SYSTEM
    step, row = system.stepper(plan), height // 2
    column = round(7 * diameter)

    def sample(state, _):
        state = advanced(step, state, STRIDE)
        return state, jnp.mean(lattice_boltzmann.moments(state[:, row - 1 : row + 1, column])[1][1])

    start = advanced(step, system.start(key, plan), settling * STRIDE)
    across = jax.lax.scan(sample, start, None, length=watched)[1]
    upward = (across[:-1] < 0) & (across[1:] >= 0)
    times = jnp.arange(watched - 1) + jnp.where(upward, across[:-1] / (across[:-1] - across[1:]), 0.0)
    count = jnp.sum(upward)
    first = jnp.min(jnp.where(upward, times, jnp.inf))
    last = jnp.max(jnp.where(upward, times, -jnp.inf))
    period = STRIDE * (last - first) / (count - 1)
    return {
        "strouhal": diameter / (plan["speed"] * period),
        "span": STRIDE * (last - first),
        "swing": jnp.max(jnp.abs(across)) / plan["speed"],
    }


_SMALL = {"height": 48, "width": 64, "diameter": 8.0}

CYLINDER = Experiment(
    name="graph_ode/cylinder-wake",
    title="Vortices shed by a cylinder",
    cell=cylinder_wake,
    parameters={
        "reynolds": Quantity("Re", "Reynolds number"),
        "height": Quantity("H", "sites across"),
        "width": Quantity("W", "sites along, of the frames"),
        "diameter": Quantity("D", "diameter of the cylinder", "sites"),
        "settling": Quantity("n_0", "samples before it is watched"),
        "watched": Quantity("n", "samples"),
    },
    outputs={
        "strouhal": Quantity("St", "frequency in units of U / D"),
        "span": Quantity("T", "from the first to the last crossing", "steps"),
        "swing": Quantity("v/U", "largest transverse velocity"),
    },
    scales={
        "quick": Space((listing("reynolds", (60.0, 90.0, 140.0)),), _SMALL | {"settling": 500, "watched": 200}),
        "paper": Space(
            (listing("reynolds", (60.0, 90.0, 120.0, 160.0)),),
            {"height": 64, "width": 128, "diameter": 10.0, "settling": 600, "watched": 300},
        ),
    },
    static=("height", "width", "diameter", "settling", "watched"),
    precision="float32",
    side_by_side=False,
)

EXPERIMENTS = (NS_EXACT, CYLINDER)
