"""One battery for every public function: jit = no jit, vmap = loop, float32 near float64, gradients, documentation."""

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
# No derivative with respect to the fan-in: the incomplete beta function has none.
FUNCTIONS = sorted(
    name
    for name, value in vars(synergy).items()
    if inspect.isfunction(value) and not name.startswith("_") and not inspect.isclass(value)
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


def flat(tree):
    return [np.asarray(leaf, dtype=float) for leaf in jax.tree.leaves(tree)]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_contract(name):
    function, point = split(name)
    if not point.size:
        value = function()
        assert value.shape == ()
        assert np.isfinite(value)
        return
    eager = flat(function(*point))
    # Two lanes at different points, in one compilation that also differentiates.
    lanes = np.stack([point, point * 0.97])

    def summed(arguments):
        leaves = jax.tree.leaves(function(*arguments))
        total = sum(jnp.sum(leaf) for leaf in leaves if jnp.issubdtype(leaf.dtype, jnp.floating))
        return jnp.asarray(total, float), leaves

    batched = jax.jit(jax.vmap(jax.value_and_grad(summed, has_aux=True)))
    (totals, values), gradients = batched(lanes)
    for value, expected in zip(values, eager, strict=True):
        assert np.all(np.isfinite(expected))
        assert_allclose(np.asarray(value[0], dtype=float), expected, rtol=1e-13, atol=1e-300)
    broadcast = flat(function(*lanes.T))
    for value, expected in zip(values, broadcast, strict=True):
        moved = np.moveaxis(np.asarray(value, dtype=float), 0, -1)
        assert_allclose(moved, expected, rtol=1e-13, atol=1e-300)
    assert np.all(np.isfinite(gradients))
    if name not in STEPWISE:
        step = 1e-5
        nudged = np.concatenate([point + step * np.eye(point.size), point - step * np.eye(point.size)])
        if name == "depth_to_floor":
            assert np.all(nudged > 0)
        up, down = np.split(np.asarray(batched(nudged)[0][0]), 2)
        # Central differences: h^2 f''' and eps/h, relative to the largest slope.
        scale = np.max(np.abs(gradients[0])) + abs(totals[0])
        assert_allclose(gradients[0], (up - down) / (2 * step), atol=1e-8 * scale, rtol=1e-6)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_float32_is_near_float64(name):
    function, point = split(name)
    if not point.size:
        return
    exact = jax.tree.leaves(function(*point))
    rough = jax.tree.leaves(function(*(np.float32(value) for value in point)))
    for value, expected in zip(rough, exact, strict=True):
        if not jnp.issubdtype(expected.dtype, jnp.floating):
            assert value == expected
            continue
        assert value.dtype == jnp.float32
        # Rounding of up to five inputs, and a condition number of at most about ten at this point.
        assert_allclose(value, expected, rtol=100 * float(np.finfo(np.float32).eps))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_nan_never_passes_silently(name):
    function, point = split(name)
    if not point.size:
        return
    with pytest.raises(ValueError, match="nan"):
        function(*np.full(point.shape, np.nan))


@pytest.mark.parametrize("name", [name for name in dir(synergy) if name[0] != "_" and name not in dir(inspect)])
def test_public_names_are_documented(name):
    value = getattr(synergy, name)
    if inspect.ismodule(value):
        return
    assert value.__module__.startswith("theory.synergy.")
    assert len(inspect.getdoc(value)) > 40
