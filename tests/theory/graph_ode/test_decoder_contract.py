"""The battery for the closed forms of the diffusion decoder: jit, vmap, gradients, float32, NaN, documentation."""

import inspect

import numpy as np
import pytest

from tests.theory.battery import Battery
from theory import graph_ode

OWN = ("gaussian_diffusion", "spectral_decoder")

SIGNALS = np.array([0.6, 0.7, 0.9, 1.0], np.float32)
POINT = {
    "level": 200.0,
    "variance": 0.7,
    "signal": 0.6,
    "signals": SIGNALS,
    "pulls": np.array([0.6, 0.06, 0.06], np.float32),
    "noise": 0.3,
    "gain": 0.5,
    "value": 0.3,
}
BATTERY = Battery(
    graph_ode,
    POINT,
    elsewhere=tuple(
        {law.__module__ for law in vars(graph_ode).values() if inspect.isfunction(law)}
        - {f"theory.graph_ode.{module}" for module in OWN}
    ),
)


@pytest.mark.parametrize("name", BATTERY.functions)
def test_contract(name):
    BATTERY.check(name)
    BATTERY.check_documented(name)
    if name in BATTERY.continuous:
        BATTERY.check_nan_is_refused(name)
