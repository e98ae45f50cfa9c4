"""The battery for the closed forms of fields: jit, vmap, gradients, float32, NaN, documentation."""

import inspect

import numpy as np
import pytest

from tests.theory.battery import Battery
from theory import graph_ode

OWN = ("swift_hohenberg", "lambda_omega", "brusselator", "gray_scott", "navier_stokes", "cylinder")

POINT = {
    "wavenumber": 0.9,
    "control": 0.7,
    "box": 30.0,
    "quadratic": 0.6,
    "field": np.sin(np.arange(48.0)).reshape(6, 8).astype(np.float32),
    "perturbation": 0.3,
    "shear": 0.8,
    "diffusion": 0.2,
    "feed": 1.7,
    "drive": 3.1,
    "diffusion_u": 0.4,
    "diffusion_v": 5.0,
    "kill": 0.055,
    "x": 0.2,
    "y": 0.35,
    "strength": 0.1,
    "shift": 0.15,
    "time": 3.0,
    "viscosity": 0.02,
    "speed": 0.8,
    "growth": 1.3,
    "spacing": 0.4,
    "reynolds": 90.0,
    "diameter": 10.0,
    "strouhal": 0.18,
}
SMALL = {"feed": 0.04}
PERIODIC = {"box": (5.0, 7.0)}
BATTERY = Battery(
    graph_ode,
    POINT,
    special={
        "gray_scott_state": SMALL,
        "gray_scott_hopf": SMALL,
        "gray_scott_saddle_node": SMALL,
        "gray_scott_growth_rate": {**SMALL, "wavenumber": 0.3},
        "sh_uniform_states": {"quadratic": 1.5},
        "sh_free_energy": PERIODIC,
        "sh_dissipation": PERIODIC,
    },
    one_at_a_time=frozenset({"sh_free_energy", "sh_dissipation"}),
    elsewhere=tuple(
        {law.__module__ for law in vars(graph_ode).values() if inspect.isfunction(law)}
        - {f"theory.graph_ode.{module}" for module in OWN}
    ),
)


@pytest.mark.parametrize("name", BATTERY.functions)
def test_contract(name):
    BATTERY.check(name)
    BATTERY.check_nan_is_refused(name)
    BATTERY.check_documented(name)
