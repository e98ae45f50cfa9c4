"""One battery for every public function: jit, vmap, gradients, float32, NaN, documentation."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from theory import synergy

# Arguments at a generic supercritical point; integers are static, floats are continuous and batched.
POINT = {
    "fan_in": 5,
    "correlation": 0.2,
    "fidelity": 0.8,
    "bias": 0.3,
    "initial_bias": 0.15,
    "initial_share": 0.4,
    "depth": 4,
    "agents": 9,
    "noise_variance": 0.05,
    "leaf_variance": 0.9,
    "variance": 0.4,
    "message_length": 6.5,
    "leaf_exponent": 0.25,
    "shortfall": 0.05,
    "loss": 0.1,
    "excess": 0.3,
    "exponent": 0.7,
    "pool_size": 400.0,
    "samples": 300.0,
    "miss_probability": 0.02,
    "third_moment_slope": 0.3,
    "channel": synergy.ExponentialChannel(8.0),
}
REAL_FAN_IN = {
    "majority_map_real",
    "majority_slope_real",
    "majority_slope_gamma",
    "majority_slope_asymptotic",
    "level_map_real",
    "effective_gain_real",
    "organisation_exponent_real",
    "contraction",
    "variance_exponent",
    "tree_level",
    "tree_variance",
    "tree_variance_post_channel",
    "tree_variance_global",
    "communication_floor",
    "communication_floor_post_channel",
    "communication_floor_global",
    "depth_to_floor",
    "continuous_synergy_correlation",
    "continuous_optimal_compute",
    "continuous_critical_budget",
    "continuous_critical_agents",
    "continuous_one_level_budget",
}
# Whole numbers of levels, or functions of nothing continuous.
STEPWISE = {"mixing_depth", "mixing_depth_bounds"}
# Teams come as arrays of biases, a pool's law is one law at a time: their own tests do what the battery does.
OWN_BATTERY = ("heterogeneous", "pool_law")
FUNCTIONS = sorted(
    name
    for name, value in vars(synergy).items()
    if inspect.isfunction(value) and not name.startswith("_") and not value.__module__.endswith(OWN_BATTERY)
)


def split(name):
    """The function of its continuous arguments alone, and their values."""
    function = getattr(synergy, name)
    fixed, continuous, values = {}, [], []
    for argument, parameter in inspect.signature(function).parameters.items():
        if parameter.default is not inspect.Parameter.empty:
            continue
        value = POINT[argument]
        if argument == "fan_in" and name in REAL_FAN_IN:
            value = 5.0
        if argument == "agents" and name == "star_variance":
            value = 9.0
        if isinstance(value, float):
            continuous.append(argument)
            values.append(value)
        else:
            fixed[argument] = value

    def of_continuous(*arguments):
        named = dict(zip(continuous, arguments, strict=True))
        return function(**fixed, **named)

    return of_continuous, np.array(values)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_contract(name):
    """jit = no jit, vmap = loop, gradient = finite difference, float32 and broadcasting near float64."""
    function, point = split(name)
    if not point.size:
        assert function().shape == ()
        assert np.isfinite(function())
        return
    eager = jax.tree.leaves(function(*point))

    def summed(arguments):
        leaves = jax.tree.leaves(function(*arguments))
        total = sum(jnp.sum(leaf) for leaf in leaves if jnp.issubdtype(leaf.dtype, jnp.floating))
        return jnp.asarray(total, float), leaves

    # All lanes in one compilation: the point itself, a second one, and the nudges of the finite differences.
    step = 1e-5 * np.eye(point.size)
    lanes = np.concatenate([[point, 0.97 * point], point + step, point - step])
    (totals, values), gradients = jax.jit(jax.vmap(jax.value_and_grad(summed, has_aux=True)))(lanes)
    for value, expected in zip(values, eager, strict=True):
        assert np.all(np.isfinite(expected))
        assert_allclose(value[0], expected, rtol=1e-13)
    assert np.all(np.isfinite(gradients))
    if name not in STEPWISE:
        up, down = np.split(np.asarray(totals[2:]), 2)
        # Central differences: h^2 f''' and eps/h, relative to the largest slope.
        scale = np.max(np.abs(gradients[0])) + abs(totals[0])
        assert_allclose(gradients[0], (up - down) / 2e-5, atol=1e-8 * scale, rtol=1e-6)

    rough = jax.tree.leaves(jax.jit(function)(*lanes[:2].T.astype(np.float32)))
    for value, expected in zip(rough, values, strict=True):
        expected = np.moveaxis(np.asarray(expected[:2]), 0, -1)
        assert value.shape == expected.shape
        if jnp.issubdtype(value.dtype, jnp.floating):
            assert value.dtype == jnp.float32
        # Rounding of up to five inputs, and a condition number of at most about ten at this point.
        assert_allclose(value, expected, rtol=100 * float(np.finfo(np.float32).eps))


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if split(name)[1].size])
def test_nan_never_passes_silently(name):
    function, point = split(name)
    with pytest.raises(ValueError, match="nan"):
        function(*np.full(point.shape, np.nan))


@pytest.mark.parametrize("name", [name for name in dir(synergy) if name[0] != "_" and name not in dir(inspect)])
def test_public_names_are_documented(name):
    value = getattr(synergy, name)
    if inspect.ismodule(value):
        return
    assert value.__module__.startswith("theory.synergy.")
    assert len(inspect.getdoc(value)) > 40
