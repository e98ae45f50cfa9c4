"""One battery for every public function: jit, vmap, gradients, float32, NaN, documentation."""

import inspect

import numpy as np
import pytest

from tests.theory.battery import Battery
from tests.theory.tokens.test_array_laws import ARRAY_MODULES
from theory import tokens

# A generic point of the slow regime; sequences and positions are fixed, floats are batched and differentiated.
# Fixed arrays are single, so that they promote nothing.
POINT = {
    "time": 2.0,
    "log_time": 30.0,
    "log_scaled_time": 30.0,
    "token": -1.3,
    "tokens": np.array([-1.25, -2.5, -0.75], np.float32),
    "coupling": 0.7,
    "slope": 0.8,
    "decay": 0.6,
    "bias": 0.3,
    "hold_decay": 0.4,
    "step": 0.9,
    "scaled": 20.0,
    "influence": 1.3,
    "remaining": 0.05,
    "position": 3,
    "source": 2,
    "first": 0.8,
    "second": -0.9,
    "log_leader": 40.0,
    "invariant": -0.7,
    "leader": 1.1,
    "follower": 0.6,
    "spread": 1.5,
    "side": 1.0,
}
BURSTING = {"token": 1.3}
CONVERGENT = {"coupling": -0.7}
SPECIAL = {
    "blow_up_time": BURSTING,
    "blow_up_time_bounds": BURSTING,
    "blow_up_time_sensitivity": BURSTING,
    "convergent_token": {"coupling": -0.7, "time": 200.0},
    "convergent_constant": CONVERGENT,
    "exact_hold_convergent_constant": CONVERGENT,
    "sign_kept_step": CONVERGENT,
    "growth_bound": {"position": 2.0},
    "order_threshold": BURSTING,
    "constant_step_pair": CONVERGENT,
    "constant_step_tokens": CONVERGENT,
}
# Every optional argument takes part too.
OPTIONAL = {
    name: {
        argument: POINT[argument]
        for argument, parameter in inspect.signature(function).parameters.items()
        if parameter.default is not inspect.Parameter.empty
    }
    for name, function in vars(tokens).items()
    if inspect.isfunction(function)
}
BATTERY = Battery(
    tokens,
    POINT,
    special={name: OPTIONAL[name] | SPECIAL.get(name, {}) for name in OPTIONAL},
    one_at_a_time=frozenset({"regimes", "constant_step_tokens"}),
    # Laws of arrays go through `test_array_laws`, spectra of weights through tests of their own.
    elsewhere=("low_rank", *(f"tokens.{name}" for name in ARRAY_MODULES)),
)


@pytest.mark.parametrize("name", BATTERY.functions)
def test_contract(name):
    BATTERY.check(name)


@pytest.mark.parametrize("name", BATTERY.continuous)
def test_nan_never_passes_silently(name):
    BATTERY.check_nan_is_refused(name)


@pytest.mark.parametrize("name", BATTERY.public)
def test_public_names_are_documented(name):
    BATTERY.check_documented(name)
