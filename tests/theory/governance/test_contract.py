"""One battery for every law of scalars, one compilation for every law of a body: jit, vmap, gradients, float32, NaN."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.theory.battery import Battery
from theory import governance

from .bodies import grown, quickly

ROUNDS = np.linspace(0.1, 0.9, 5)
POINT = {
    "action": 0.3,
    "opponent": 0.6,
    "opponents": np.array([1.0, 0.0, 1.0, 1.0, 0.0]),
    "actions": ROUNDS,
    "first": ROUNDS,
    "second": ROUNDS[::-1],
    "shares_before": ROUNDS,
    "discomforts": ROUNDS[::-1],
    "mean_action": 0.4,
    "cooperation": 0.8,
    "body_share": 0.6,
    "body_action": 0.95,
    "before": 20,
    "block": 5,
    "after": 20,
    "time": 4.0,
    "memory": 0.7,
    "rounds": 6,
    "fraction": 0.95,
    "discomfort": 0.13,
    "recovery": 0.05,
    "intervention": 0.5,
    "discomfort_slope": 0.7,
    "start": 0.6,
    "level": 0.4,
    "mean_excess": 0.02,
    "state_distance": 0.2,
    "output_distance": 0.1,
    "disagreement": 0.3,
    "own": 0.3,
    "other": 0.8,
    "share": 0.4,
    "horizon": 4,
    "rule": governance.Rule(0.9, 0.2, 0.7, 0.4),
}
BODY_MODULES = (
    "body",
    "dimension",
    "divergence",
    "echo_state",
    "encounters",
    "exploited",
    "fixed_points",
    "free_energy",
    "guard",
    "habituation",
    "histories",
    "linear_response",
    "moments",
    "readout",
    "smoothing",
    "twins",
    "two_bodies",
)
BATTERY = Battery(
    governance,
    POINT,
    special={
        "baseline_drift": {"block": 5.0},
        "share_after": {"rounds": 6.0},
        "rounds_to_fall": {"discomfort": 0.4},
        "rounds_to_floor": {"discomfort": 0.4},
    },
    # Whole numbers of rounds, and a condition.
    stepwise=frozenset(
        {"rounds_to_fall", "rounds_to_floor", "rounds_to_recover", "echo_recovery_rounds"}
        | {"best_reply", "best_cooperation"}
    ),
    one_at_a_time=frozenset({"best_reply"}),
    # Laws of arrays, which the second half of this file walks over.
    elsewhere=tuple(f"governance.{module}" for module in BODY_MODULES),
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


# Every law of a body, as a function of the body, a share, a chance of cooperation and a free number in (0, 1).
LAWS = {
    "closed_loop_map": lambda b, a, q, r: governance.closed_loop_map(b, jnp.full_like(b.bias, r), a, q),
    "closed_loop_state": lambda b, a, q, r: governance.closed_loop_state(b, a, q),
    "driven_state": lambda b, a, q, r: governance.driven_state(b.recurrent * r, b.bias),
    "body_action": lambda b, a, q, r: governance.body_action(b, jnp.full_like(b.bias, r)),
    "loop_jacobian": lambda b, a, q, r: governance.loop_jacobian(b, jnp.full_like(b.bias, r), a),
    "spectral_radius": lambda b, a, q, r: governance.spectral_radius(b.recurrent * r),
    "rank_one_spectrum": lambda b, a, q, r: governance.rank_one_spectrum(
        b.own_input * r, b.bias, b, jnp.full_like(b.bias, r)
    ),
    "global_contraction": lambda b, a, q, r: governance.global_contraction(b._replace(readout=r * b.readout)),
    "forgetting_bound": lambda b, a, q, r: governance.forgetting_bound(r * b.recurrent),
    "action_sensitivity": lambda b, a, q, r: governance.action_sensitivity(b, q),
    "discrete_lyapunov": lambda b, a, q, r: governance.discrete_lyapunov(r * b.recurrent, b.recurrent),
    "linear_response": lambda b, a, q, r: governance.linear_response(b, a, q),
    "pulse_response": lambda b, a, q, r: governance.pulse_response(b, q),
    "noise_covariance_bound": lambda b, a, q, r: governance.noise_covariance_bound(r, b.noise),
    "published_smoothing_bound": lambda b, a, q, r: governance.published_smoothing_bound(b, q),
    "smoothing_bound_parts": lambda b, a, q, r: governance.smoothing_bound_parts(b, q),
    "driven_moments": lambda b, a, q, r: governance.driven_moments(r * b.recurrent, b.bias, b.noise),
    "action_law": lambda b, a, q, r: governance.action_law(b, a, q, memory=2),
    "quiet_moments": lambda b, a, q, r: governance.quiet_moments(b._replace(noise=r * b.noise)),
    "variance_parts": lambda b, a, q, r: governance.variance_parts(b, q),
    "first_pulse_variance": lambda b, a, q, r: governance.first_pulse_variance(b, q),
    "pulse_strength": lambda b, a, q, r: governance.pulse_strength(b, q),
    "oja_rest": lambda b, a, q, r: governance.oja_rest(b.recurrent.T @ b.recurrent + r * _eye(b), 0.9),
    "rank_one_recurrent": lambda b, a, q, r: governance.rank_one_recurrent(b.own_input, r),
    "decoupled_state": lambda b, a, q, r: governance.decoupled_state(b.own_input, r),
    "critical_memory": lambda b, a, q, r: governance.critical_memory(b.own_input, r),
    "second_singular_share": lambda b, a, q, r: governance.second_singular_share(b.own_input, r),
    "forgetting_per_epoch": lambda b, a, q, r: governance.forgetting_per_epoch(18.0, r, 0.01),
    "population_readout": lambda b, a, q, r: governance.population_readout(
        *(governance.Moments(m, r * _eye(b)) for m in (b.own_input, b.bias)), r
    ),
    "isotropic_readout_power": lambda b, a, q, r: governance.isotropic_readout_power(r, q, a),
    "gaussian_divergence": lambda b, a, q, r: governance.gaussian_divergence(*_gaussians(b, r)),
    "gaussian_divergence_parts": lambda b, a, q, r: governance.gaussian_divergence_parts(*_gaussians(b, r)),
    "rank_one_divergence": lambda b, a, q, r: governance.rank_one_divergence(r),
    "mixture_moments": lambda b, a, q, r: governance.mixture_moments(_pair(b, r)),
    "mixture_divergence": lambda b, a, q, r: (
        governance.mixture_divergence(
            _pair(b, r), _gaussians(b, r)[0], jnp.stack([b.own_input, b.bias, b.readout])
        ).value
    ),
    "pair_response": lambda b, a, q, r: governance.pair_response(b, b, a, q, 1.0),
}
# Derivatives and values of these are tested where they are compiled anyway, by themselves or inside those above.
ALONE = {
    *("state_cost", "free_energy", "optimal_share", "history_mixture", "smoothing_bound", "pair_state"),
    *("pair_spectrum", "pair_map", "met_state", "met_spectrum", "mode", "twin_fold", "twin_gain"),
    *("exploited_cooperation", "exploited_share"),
    *("settled_discomfort", "discomfort_parts", "threshold_at", "pulse_discomfort", "turning_shares"),
    *("developed_body", "habituated_body", "habituated_recurrent", "echo_state_counterexample"),
}
NUMBERS = (0.6, 0.8, 0.7)


def _eye(body):
    return jnp.eye(body.bias.size, dtype=body.bias.dtype)


def _gaussians(body, number):
    eye = _eye(body)
    wide = governance.Moments(body.own_input, 2 * eye + jnp.outer(body.bias, body.bias))
    return wide, governance.Moments(body.bias * number, number * eye)


def _pair(body, number):
    each = _gaussians(body, number)
    weights = jnp.stack([number * 1.0, 1 - number])
    return governance.Mixture(weights, *(jnp.stack(parts) for parts in zip(*each, strict=True)))


def small():
    return grown(6)


def everything(body, numbers):
    """Every law at once: one compilation for the whole contract."""
    return {name: law(body, *numbers) for name, law in LAWS.items()}


@cache
def seen():
    """Values and their derivatives along one direction, at the point and at two neighbours on each side."""
    direction, step = jnp.array([0.3, -0.5, 0.4]), 1e-5
    lanes = jnp.array(NUMBERS) + jnp.array([0.0, step, -step])[:, None] * direction

    body = small()

    @quickly
    def derivative(numbers):
        return jax.jvp(lambda n: everything(body, n), (numbers,), (direction,))

    found = [derivative(numbers) for numbers in lanes]
    return jax.tree.map(lambda *each: np.stack(each), *found), 2 * step


@cache
def rough():
    body = jax.tree.map(np.float32, small())
    return quickly(everything)(body, [np.float32(number) for number in NUMBERS])


def test_every_law_of_a_body_is_listed():
    listed = {name for name in dir(governance) if callable(getattr(governance, name))}
    modules = tuple(f"governance.{module}" for module in BODY_MODULES)
    laws = {name for name in listed if getattr(governance, name).__module__.endswith(modules) and name.islower()}
    assert laws == LAWS.keys() | ALONE


@pytest.mark.parametrize("name", LAWS)
def test_body_law(name):
    (values, slopes), width = seen()
    values, slopes = values[name], slopes[name]
    single = rough()[name]
    for value, slope, low in zip(*map(jax.tree.leaves, (values, slopes, single)), strict=True):
        value, slope, low = map(np.asarray, (value, slope, low))
        assert np.all(np.isfinite(value))
        assert np.all(np.isfinite(slope))
        difference = (value[1] - value[2]) / width
        scale = np.abs(slope[0]).max() + np.abs(value[0]).max()
        # Central differences: h^2 f''' and eps/h, both relative to the largest entry.
        assert_allclose(slope[0], difference, rtol=1e-5, atol=3e-8 * scale)
        assert low.dtype == np.float32
        # Rounding of the inputs times a condition number of about a hundred: a critical neuron has 1/(1 - 0.95).
        assert_allclose(low, value[0], atol=400 * float(np.finfo(np.float32).eps) * max(np.abs(value[0]).max(), 1e-3))


@pytest.mark.parametrize("name", LAWS)
def test_body_law_refuses_nan(name):
    """Whatever a law looks at, NaN does not pass it unseen."""
    body = jax.tree.map(lambda leaf: np.full_like(leaf, np.nan), small())
    with pytest.raises(ValueError, match=r"nan|finite"):
        LAWS[name](body, *(np.float64("nan"),) * 3)
