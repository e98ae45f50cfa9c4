"""A battery for the laws of codes: jit, vmap, directional gradients, float32, NaN, documentation."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from theory import graph_ode as theory

MODULES = ("sampling", "quantisation", "level_sets", "staleness")
_SIDE = np.minimum(np.arange(6.0), 6 - np.arange(6.0))
SPECTRUM = np.exp(-0.3 * (_SIDE[:, None] ** 2 + 1.3 * _SIDE**2)) + 0.01
GRAM = np.array([[1.0, 0.6], [0.6, 1.3]])
SAMPLES = {
    "best_linear_error": (SPECTRUM, 5),
    "kriging_error": (SPECTRUM, 3),
    "interpolation_error": (SPECTRUM, 2),
    "folded_twice": (SPECTRUM, 3),
    "unstable_modes": (20.0, 0.7),
    "resolved_wavenumber": (20.0, 30.0),
    "probes_for_band": (20.0, 1.7),
    "uniform_step_error": (0.3,),
    "panter_dite": (np.array([0.2, 1.0, 0.7, 0.1]), 0.5, 8.0),
    "panter_dite_gaussian": (1.3, 30.0),
    "shannon_error": (1.3, 3.2),
    "member_factor": (3.0,),
    "code_entropy": (np.array([0.5, 0.3, 0.2]),),
    "bits_per_pixel": (4.6, 30.0, 4096.0, 32.0),
    "zador_exponent": (2.5,),
    "hexagon_error": (1.2, 40.0),
    "square_error": (1.2, 40.0),
    "band_bound": (0.35, 0.1),
    "path_weights": (5,),
    "ramp_counts": (4, 7.0),
    "straight_crossings": (np.array([[3.0, 0.4], [-1.0, 2.5], [-2.0, -2.9]]),),
    "ellipse_crossings": (3.0, 5.0),
    "rectangle_crossings": (3.0, 5.0),
    "frozen_growth": (0.01, 1.7, 0.8),
    "moments": (np.array([0.5, 0.2]), np.array([1.7, -0.4]), 0.8),
    "stale_error": (1.0, 3.0, 1.5, 0.01),
    "history_error": (GRAM, np.array([0.9, 1.0]), 1.9),
    "cosine_from_distance": (3.0, 32.0),
    "codeword_length": (32.0, 1.5),
    "join_partition": (np.array([0, 1, 1, 0]), np.array([2, 2, 3, 2])),
    "constant_on": (np.array([0, 1, 1, 0]), np.array([2, 2, 3, 2])),
    "growth_per_frame": (1.7, 1.0, 0.05),
    "horizon_error": (0.001, 1.09, 12.0),
    "saturated_error": (0.27,),
}
STEPWISE = ("band_bound",)


def test_every_law_of_these_modules_is_here():
    modules = tuple(f"graph_ode.{name}" for name in MODULES)
    public = [n for n, law in vars(theory).items() if inspect.isfunction(law) and law.__module__.endswith(modules)]
    assert sorted(public) == sorted(SAMPLES)
    assert all(len(inspect.getdoc(getattr(theory, name))) > 40 for name in public)


def moving(name):
    """The law of its floating arguments alone, and these."""
    sample = SAMPLES[name]
    free = [value for value in sample if np.asarray(value).dtype.kind == "f"]

    def law(*values):
        given = iter(values)
        whole = [next(given) if np.asarray(value).dtype.kind == "f" else value for value in sample]
        return getattr(theory, name)(*whole)

    return law, free


FREE = sorted(name for name in SAMPLES if moving(name)[1])


@pytest.mark.parametrize("name", FREE)
def test_contract(name):
    law, free = moving(name)
    eager = [np.asarray(leaf, float) for leaf in jax.tree.leaves(law(*free))]
    rng = np.random.default_rng(1)
    direction = [rng.normal(size=np.shape(value)) for value in free]
    lanes = [np.stack([v, v + 1e-5 * d, v - 1e-5 * d]) for v, d in zip(free, direction, strict=True)]

    def total(*values):
        leaves = jax.tree.leaves(law(*values))
        return sum(jnp.ravel(leaf) @ jnp.cos(jnp.arange(leaf.size)) for leaf in leaves), leaves

    both = jax.vmap(jax.value_and_grad(total, argnums=tuple(range(len(free))), has_aux=True))
    (totals, values), gradients = jax.jit(both)(*lanes)
    for value, expected in zip(values, eager, strict=True):
        assert np.all(np.isfinite(expected))
        assert_allclose(value[0], expected, rtol=1e-12, atol=1e-14)
    if name not in STEPWISE:
        slope = sum(float(np.sum(g[0] * d)) for g, d in zip(gradients, direction, strict=True))
        assert_allclose(slope, (totals[1] - totals[2]) / 2e-5, rtol=1e-6, atol=1e-8 * (1 + abs(float(totals[0]))))
    single = jax.tree.leaves(jax.jit(law)(*[np.asarray(value, np.float32) for value in free]))
    for value, expected in zip(single, eager, strict=True):
        assert name == "ramp_counts" or value.dtype == jnp.float32
        assert_allclose(np.asarray(value, float), expected, rtol=3e-4, atol=1e-6)


@pytest.mark.parametrize("name", FREE)
def test_nan_never_passes_silently(name):
    law, free = moving(name)
    with pytest.raises(ValueError, match="nan"):
        law(*[np.full(np.shape(value), np.nan) for value in free])
