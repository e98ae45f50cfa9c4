"""Reaction-diffusion systems, flows and the stand-in for weather: known solutions, orders, and Exponax."""

import math

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from dynamics.graph_ode import fields
from dynamics.graph_ode.fields import lattice_boltzmann as lattice
from dynamics.graph_ode.fields import navier_stokes as flow
from dynamics.graph_ode.fields.advected import _shape

SQUARE = ((16, 16), (1.0, 1.0))


def test_lambda_omega_turns_uniformly_and_its_splitting_is_of_second_order():
    line = ((16,), (10.0,))
    x = jnp.arange(16) * 10.0 / 16
    start = jnp.stack([0.6 + 0.3 * jnp.cos(2 * jnp.pi * x / 10), 0.2 * jnp.sin(2 * jnp.pi * x / 10)])

    def end(state, count):
        step = fields.lambda_omega_stepper(*line, 1.0 / count, 0.8, 0.4)
        return fields.advanced(step, state, count)

    ends = jax.jit(jax.vmap(end, (None, 0)))
    *coarse, finest = np.asarray(ends(start, jnp.array([8, 16, 32, 512])))
    errors = [np.abs(each - finest).max() for each in coarse]
    assert np.allclose(np.log2(np.divide(errors[:-1], errors[1:])), 2, atol=0.15)
    # |z| = 1 stays and turns by -beta t.
    turned = np.asarray(ends(jnp.stack([jnp.ones(16), jnp.zeros(16)]), jnp.array([8, 16, 32, 512])))[-1, :, 0]
    np.testing.assert_allclose(turned, [math.cos(0.8), -math.sin(0.8)], atol=1e-10)


def test_brusselator_rests_at_its_state_and_its_step_is_of_second_order():
    line = ((16,), (10.0,))
    rest = fields.to_spectrum(jnp.stack([jnp.full(16, 2.0), jnp.full(16, 1.5)]), 1)
    wave = 0.3 * jnp.cos(2 * jnp.pi * jnp.arange(16) / 16)

    def end(state, count):
        step = fields.brusselator_stepper(*line, 1.0 / count, 2.0, 3.0, (0.5, 2.0))
        return fields.to_grid(fields.advanced(step, state, count), line[0])

    ends = jax.jit(jax.vmap(end, (None, 0)))
    counts = jnp.array([32, 64, 128, 1024])
    np.testing.assert_allclose(ends(rest, counts)[0], fields.to_grid(rest, line[0]), rtol=1e-13)
    *coarse, finest = np.asarray(ends(rest + fields.to_spectrum(wave, 1), counts))
    errors = [np.abs(each - finest).max() for each in coarse]
    assert np.allclose(np.log2(np.divide(errors[:-1], errors[1:])), 2, atol=0.2)


def test_gray_scott_by_exponax_follows_the_reaction():
    step = fields.gray_scott_stepper((4, 4), (4.0, 4.0), 0.01, 0.04, 0.06, (0.16, 0.08))
    start = np.array([0.6, 0.3])

    def rate(s):
        made = s[0] * s[1] ** 2
        return np.array([0.04 * (1 - s[0]) - made, made - 0.1 * s[1]])

    expected, h = start, 0.01
    for _ in range(100):
        first = rate(expected)
        expected = expected + h * rate(expected + h / 2 * first)
    spectrum = fields.to_spectrum(jnp.asarray(np.broadcast_to(start[:, None, None], (2, 4, 4))), 2)
    seen = fields.to_grid(jax.jit(lambda s: fields.advanced(step, s, 100))(spectrum), (4, 4))
    # Both are of second order with rates below 1: h^2 / 6.
    np.testing.assert_allclose(seen[:, 0, 0], expected, atol=h**2 / 6)
    with pytest.raises(ValueError, match="square for Exponax"):
        fields.gray_scott_stepper((4, 8), (1.0, 2.0), 0.1, 0.04, 0.06, (0.16, 0.08))


def test_forced_vorticity_agrees_with_exponax_and_its_velocity_is_free_of_divergence():
    import exponax

    points = SQUARE[0]
    # Exponax's vorticity is minus the curl where its first axis is x: so that axis is our y. It forces along the other,
    # by k gamma, as if the box were 2 pi long.
    forcing = jnp.asarray(np.broadcast_to(-2 * 0.3 * np.cos(4 * np.pi * np.arange(16) / 16), (16, 16)))
    start = fields.to_spectrum(5 * jr.normal(jr.key(0), points), 2)
    start = start * (fields.squared_wavenumber(*SQUARE) < (2 * np.pi * 2.5) ** 2)

    @jax.jit
    def both(start):
        theirs = exponax.stepper.KolmogorovFlowVorticity(
            2, 1.0, 16, 1e-3, diffusivity=0.02, drag=0.0, injection_mode=2, injection_scale=0.3
        )
        ours = fields.navier_stokes_stepper(*SQUARE, 1e-3, 0.02, forcing)
        steps = (ours, lambda spectrum: theirs.step_fourier(spectrum[None])[0])
        return [fields.to_grid(fields.advanced(step, start, 20), points) for step in steps]

    ours, theirs = both(start)
    assert np.abs(ours - fields.to_grid(start, points)).max() > 0.1
    # They differ in which corners of the products they keep, which 20 steps fill a little.
    np.testing.assert_allclose(ours, theirs, atol=1e-4)
    velocity = flow.velocity_spectra(start, *SQUARE)
    ky, kx = fields.wavenumbers(*SQUARE)
    np.testing.assert_allclose(kx * velocity[0] + ky * velocity[1], 0, atol=1e-11)
    np.testing.assert_allclose(1j * (kx * velocity[1] - ky * velocity[0])[1:, 1:], start[1:, 1:], atol=1e-11)


@pytest.fixture(scope="module")
def lattice_run():
    """Populations of a sheared stream without a body, after 40 steps; the middle has not heard of the ends."""
    height, width, speed, relaxation = 16, 90, 0.1, 0.8
    y = jnp.arange(height, dtype=float)
    shear = 0.01 * jnp.cos(2 * jnp.pi * y / height)[:, None] * jnp.ones(width)
    start = lattice.equilibrium(jnp.ones((height, width)), jnp.stack([speed + shear, 0 * shear]))
    step = fields.lattice_boltzmann_stepper(np.zeros((height, width), bool), relaxation, speed)
    return start, jax.jit(lambda s: fields.advanced(step, s, 40))(start)


def test_the_lattice_gas_has_the_viscosity_of_its_relaxation_time(lattice_run):
    start, end = (lattice.moments(each)[1][0, :, 45] - 0.1 for each in lattice_run)
    k = 2 * np.pi / 16
    # nu = (tau - 1/2) / 3 up to the lattice's own dispersion, O(k^2).
    np.testing.assert_allclose(end, start * np.exp(-0.1 * k**2 * 40), rtol=0.1 * k**2 * 40 * k**2, atol=1e-15)
    density, velocity = lattice.moments(lattice_run[0])
    np.testing.assert_allclose(density, 1, rtol=1e-14)
    np.testing.assert_allclose(velocity[1], 0, atol=1e-16)


def test_the_cylinder_stands_in_the_stream_and_the_wake_starts_to_swing():
    recipe = fields.recipe("cylinder", points=(32, 40), extent=(32.0, 40.0), diameter=5.0, frames=3, skipped=10)
    frames = np.asarray(jax.jit(lambda key: fields.simulate(key, recipe))(jr.key(1)))
    assert frames.shape == (3, 2, 32, 40)
    assert np.isfinite(frames).all()
    wake, outside = frames[-1, 0, 15:17, :3].mean(), frames[-1, 0, [2, -3], :3].mean()
    assert wake < 0.05 < 0.1 < outside
    assert np.abs(frames[-1, 1]).max() > 1e-3
    body = lattice.cylinder_body((32, 80), 5.0)
    np.testing.assert_array_equal(body, body[::-1])
    assert abs(body.sum() - math.pi * 6.25) < 5
    assert lattice.lattice_points(fields.recipe("cylinder")) == (64, 200)
    with pytest.raises(ValueError, match="`relaxation` must lie in"):
        fields.lattice_boltzmann_stepper(body, 0.4, 0.1)


def test_the_stand_in_for_weather_is_stationary_and_forgets_at_the_stated_rate():
    recipe = fields.recipe("advected", points=(16, 16), extent=(16.0, 16.0), frames=12, wind=0.0)
    run = jax.jit(jax.vmap(lambda key: fields.simulate(key, recipe)[:, 0]))
    frames = np.asarray(run(jr.split(jr.key(2), 400)))
    power = _shape(recipe) ** 2
    twice = np.r_[1, np.full(7, 2), 1]
    np.testing.assert_allclose((power * twice).sum() / 256, 1, rtol=1e-12)
    scale = np.sqrt(1 + 64 * fields.squared_wavenumber(recipe.points, recipe.extent))
    lagged = [(power * twice * np.exp(-lag * scale / 40)).sum() / 256 for lag in (0, 11)]
    # Few modes carry the field, so the variance of one frame scatters by about its mean.
    error = np.sqrt(2 * (power**2 * twice).sum() / 256**2 / 400)
    seen = [(frames[:, 0] * frames[:, lag]).mean() for lag in (0, 11)]
    assert np.abs(np.subtract(seen, lagged)).max() < 4.5 * error


@pytest.mark.parametrize("name", ["brusselator_turing", "gray_scott_waves", "navier_stokes"])
def test_every_recipe_runs_small_in_single_precision(name):
    recipe = fields.recipe(name, points=(16, 16), frames=3, skipped=1)
    with jax.enable_x64(False):
        frames = np.asarray(jax.jit(lambda key: fields.simulate(key, recipe))(jr.key(0)))
    assert frames.dtype == np.float32
    assert frames.shape == (3, len(fields.channels(recipe)), 16, 16)
    assert np.isfinite(frames).all()
    assert frames.std() > 0


def test_a_setting_may_differ_between_the_lanes_of_a_batch():
    recipe = fields.recipe("lambda_omega", points=(8, 8), frames=2)

    def last(beta):
        return fields.simulate(jr.key(0), recipe.changed(beta=beta))[-1]

    batch = jax.jit(jax.vmap(last))(jnp.array([0.5, 1.0]))
    np.testing.assert_allclose(batch[1], jax.jit(last)(1.0), atol=1e-12)
    assert np.abs(batch[0] - batch[1]).max() > 1e-3
