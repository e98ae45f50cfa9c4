"""One battery for every public function: jit, vmap, gradients, float32, NaN, documentation."""

import pytest

from tests.theory.battery import Battery
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
    "groups": 500.0,
    "task_correlation": 0.15,
    "mean_bias": 0.25,
    "bias_variance": 0.05,
    "correlation_error": 0.03,
    "fidelity_error": 0.02,
    "channel": synergy.ExponentialChannel(8.0),
    "tree_exponent": 0.4,
    "overhead": 18.0,
    "leaf_scale": 0.05,
    "compute": 40.0,
    "budget": 900.0,
    "gain": 1.7,
    "window": 30.7,
    "settled_bias": 0.9,
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
    "communication_overhead",
    "tree_edges",
    "tree_cost",
    "tree_cost_approximate",
    "tree_leaf_compute",
    "integer_depth_threshold",
    "integer_depth_threshold_approximate",
}
BATTERY = Battery(
    synergy,
    POINT,
    special={name: {"fan_in": 5.0} for name in REAL_FAN_IN}
    | {name: {"agents": 9.0} for name in ("star_variance", "star_cost", "star_leaf_compute")}
    | {"star_bias_at_budget": {"agents": 5}},
    # Whole numbers of levels, or functions of nothing continuous.
    stepwise=frozenset({"mixing_depth", "mixing_depth_bounds"}),
    # Teams, schedules and levels come as arrays, a pool's law is one law at a time, windows and designs are searched
    # for: their own tests do what the battery does.
    elsewhere=(
        "heterogeneous",
        "pool_law",
        "leaf_fit",
        "windows",
        "message_design",
        "best_design",
        "schedules",
    ),
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
