"""A battery for laws of whole sequences and vectors: jit, vmap, directional gradients, float32, NaN."""

import inspect
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from theory import tokens as theory

# Compilation is nearly all that these tests cost.
quickly = partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})
ARRAY_MODULES = ("blow_up", "slow", "several_dimensions", "sphere", "reordering")
SLOW = np.array([-1.25, -2.5, -0.75])
UNIT = np.array([0.48, 0.6, 0.64])
OTHER = np.array([0.0, 0.8, -0.6])
M = np.array([[1.0, -0.5, 0.25], [0.75, -1.5, 0.5], [0.0, 0.25, 0.5]])
S = np.array([0.3, -0.2, 0.1])
SLOPES = np.array([[0.3, -0.2, 0.1], [0.5, 0.1, -0.4], [-0.3, 0.2, 0.6]])
SAMPLES = {
    "slow_limits": (SLOW, 0.8, 0.6, 0.3),
    "slow_tokens": (3.0, SLOW, 0.7, 0.8, 0.6, 0.3),
    "sink_share": (np.array([1.25, -0.5, 0.75]), 0.8, 0.6, 0.3),
    "blow_up_times": (np.array([0.9, -0.7, 0.8]), 0.7, 0.8, 0.6, 0.3),
    "blow_up": (np.array([0.9, -0.7, 0.8]), 0.7, 0.8, 0.6, 0.3),
    "radial_reduction": (UNIT, M, S),
    "cone_rate": (UNIT, M, SLOPES, 0.3),
    "first_token_converges": (UNIT, M),
    "energy_bound": (2.0, -0.7, 0.4),
    "energy_growth": (np.stack([UNIT, OTHER, -UNIT]), M, S, 0.6, 0.3),
    "frame_share": (4, 3, 0.6, 0.3),
    "frame_gram": (5, 2),
    "null_space_exponent": (2, 0.6, 0.3),
    "angle_rate": (UNIT, OTHER, 0.7, S, 0.6, 0.3),
    "recency_bound": (3.0, 0.7, 1.2, 0.5, 0.6, 0.2),
    "sphere_cotangent": (0.8, 0.3, 0.5, -0.2),
    "sphere_second_token": (1.5, UNIT, OTHER, M, S, 0.6, 0.3),
    "sphere_limit": (UNIT, OTHER, M),
    "alignment_rate": (UNIT, M, S, 0.6, 0.3, -1.0),
    "sphere_first_token": (UNIT, np.array([0.3, 0.5, 0.2]), 2.0),
    "softsort_rows": (np.array([0.4, -1.0, 0.1, 2.0]), 0.7),
    "row_support": (np.array([[0.2, 0.8], [0.5, 0.5]]),),
    "softsort_support": (1.3,),
}


def test_every_law_of_these_modules_is_here():
    modules = tuple(f"tokens.{name}" for name in ARRAY_MODULES)
    public = [
        name for name, law in vars(theory).items() if inspect.isfunction(law) and law.__module__.endswith(modules)
    ]
    assert sorted(public) == sorted(SAMPLES)


def moving(name):
    """The law of its floating arguments alone, and these."""
    sample = SAMPLES[name]
    whole = [isinstance(value, int) for value in sample]
    fixed = [value for value, w in zip(sample, whole, strict=True) if w]
    free = [value for value, w in zip(sample, whole, strict=True) if not w]
    return (lambda *values: getattr(theory, name)(*fixed, *values)), free


def finite_sum(law):
    def total(*values):
        leaves = [leaf for leaf in jax.tree.leaves(law(*values)) if jnp.issubdtype(leaf.dtype, jnp.floating)]
        # Weighted, so that normalised outputs have a gradient at all; what is infinite has none.
        parts = [
            jnp.where(jnp.isfinite(leaf), leaf, 0) @ np.cos(np.arange(leaf.size)) for leaf in map(jnp.ravel, leaves)
        ]
        return jnp.asarray(sum(parts), float)

    return total


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_contract(name):
    law, free = moving(name)
    eager = jax.tree.leaves(law(*free))
    if not free:
        return
    rng = np.random.default_rng(1)
    direction = [rng.normal(size=np.shape(value)) for value in free]
    if name in ("sphere_second_token", "sphere_limit", "sphere_first_token"):
        # Stay on the sphere.
        direction = [
            d - v * (d @ v) if np.shape(v) == (3,) and abs(v @ v - 1) < 1e-9 else d
            for d, v in zip(direction, free, strict=True)
        ]
    lanes = [np.stack([v, v + 1e-5 * d, v - 1e-5 * d]) for v, d in zip(free, direction, strict=True)]

    def both(*values):
        total, gradient = jax.value_and_grad(finite_sum(law), argnums=tuple(range(len(free))))(*values)
        return law(*values), total, gradient

    values, totals, gradients = quickly(jax.vmap(both))(*lanes)
    for value, expected in zip(jax.tree.leaves(values), eager, strict=True):
        assert_allclose(np.asarray(value[0], float), np.asarray(expected, float), rtol=1e-12, atol=1e-14)
    slope = sum(float(np.sum(g[0] * d)) for g, d in zip(gradients, direction, strict=True))
    assert_allclose(slope, (totals[1] - totals[2]) / 2e-5, rtol=1e-6, atol=1e-8 * (1 + abs(float(totals[0]))))

    single = jax.tree.leaves(quickly(law)(*[np.asarray(value, np.float32) for value in free]))
    for value, expected in zip(single, eager, strict=True):
        if jnp.issubdtype(value.dtype, jnp.floating):
            assert value.dtype == jnp.float32
        assert_allclose(np.asarray(value, float), np.asarray(expected, float), rtol=3e-4, atol=1e-6)


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_nan_never_passes_silently(name):
    law, free = moving(name)
    if free:
        with pytest.raises(ValueError, match="nan"):
            law(*[np.full(np.shape(value), np.nan) for value in free])
