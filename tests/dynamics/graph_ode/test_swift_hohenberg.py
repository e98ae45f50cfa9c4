"""The exponential stepper and the Swift-Hohenberg fields made with it."""

import math

import jax
import jax.numpy as jnp
import jax.random as jr
import mpmath
import numpy as np
import pytest

from dynamics.graph_ode import fields

LINE, TURN = (64,), (8 * math.pi,)


def test_phi_functions_agree_with_high_precision():
    z = np.concatenate([-np.logspace(-12, 3, 31), [0.0, -1.0, 1.0], np.logspace(-12, 1, 27)])
    first, second = jax.jit(fields.phi)(jnp.asarray(z))
    with mpmath.workdps(60):
        exact = [(mpmath.expm1(x) / x, (mpmath.expm1(x) - x) / x**2) if x else (1, 0.5) for x in map(mpmath.mpf, z)]
    # A few rounding errors, and the subtraction phi_1 - 1 which is harmless for |z| > 1.
    np.testing.assert_allclose(first, [float(a) for a, _ in exact], rtol=8e-16)
    np.testing.assert_allclose(second, [float(b) for _, b in exact], rtol=2e-15)


def test_etdrk2_is_of_second_order_on_a_scalar_equation():
    exact = 0.5 * math.e / math.sqrt(1 + 0.25 * (math.e**2 - 1))  # of u' = u - u^3 from 1/2, at t = 1

    def end(count):
        step = fields.etdrk2(1.0, lambda u: -(u**3), 1.0 / count)
        return fields.advanced(step, jnp.asarray(0.5), count)

    errors = np.abs(np.asarray(jax.jit(jax.vmap(end))(jnp.asarray([16, 32, 64]))) - exact)
    assert np.allclose(np.log2(np.divide(errors[:-1], errors[1:])), 2, atol=0.1)


def test_half_spectra_know_their_wavenumbers_and_return_the_field():
    k = fields.wavenumbers((6, 8), (2 * math.pi, 4 * math.pi))
    np.testing.assert_allclose(k[0].ravel(), [0, 1, 2, -3, -2, -1])
    np.testing.assert_allclose(k[1].ravel(), [0, 0.5, 1, 1.5, 2])
    np.testing.assert_allclose(fields.squared_wavenumber((6, 8), (2 * math.pi, 4 * math.pi)), k[0] ** 2 + k[1] ** 2)
    field = jr.normal(jr.key(0), (3, 6, 8))
    np.testing.assert_allclose(fields.to_grid(fields.to_spectrum(field, 2), (6, 8)), field, atol=1e-14)


@pytest.fixture(scope="module")
def stripe():
    """A stripe's amplitude in 1-D, r = 0.7, every 10 time units up to t = 200."""
    x = np.arange(64) * TURN[0] / 64
    step = fields.swift_hohenberg_stepper(LINE, TURN, 0.05, 0.7, 0.0)

    def visit(state, _):
        state = fields.advanced(step, state, 200)
        return state, jnp.abs(state[4]) * 2 / 64

    start = fields.to_spectrum(jnp.asarray(np.cos(x)), 1)
    return np.asarray(jax.jit(lambda s: jax.lax.scan(visit, s, None, length=20)[1])(start))


def test_t30_real_transforms_keep_the_stripe_amplitude_where_complex_ones_blow_up(stripe):
    settled = stripe[5:]  # t >= 60: the transient has died out as exp(-1.4 t)
    assert np.ptp(settled) < 1e-10
    # The released practice, a complex spectrum whose real part feeds the products: the imaginary part grows as e^(rt).
    k2 = (2 * np.pi * np.fft.fftfreq(64, TURN[0] / 64)) ** 2
    step = fields.etdrk2(0.7 - (1 - k2) ** 2, lambda s: jnp.fft.fft(-(jnp.fft.ifft(s).real ** 3)), 0.05)
    start = jnp.fft.fft(jnp.cos(jnp.arange(64) * TURN[0] / 64)).astype(complex)
    end = jax.jit(lambda s: fields.advanced(step, s, 2000))(start)
    assert np.abs(np.fft.ifft(end).imag).max() > 1e3


def test_exponax_and_the_own_stepper_agree():
    grid = ((32, 32), (10 * math.pi, 10 * math.pi))

    def end(build, released, start):
        step = build(*grid, 0.0125, 0.7, 1.0, released=released)
        return fields.to_grid(fields.advanced(step, start, 80), grid[0])

    @jax.jit
    def ends(start):
        builds = (fields.swift_hohenberg_stepper, fields.exponax_swift_hohenberg_stepper)
        return [[end(build, released, start) for build in builds] for released in (False, True)]

    start = fields.to_spectrum(0.1 * jr.normal(jr.key(1), grid[0]), 2)
    # Both start without the corners of the spectrum, which Exponax leaves out of the products.
    for own, other in ends(start * (fields.squared_wavenumber(*grid) < 2.9**2)):
        assert np.abs(own).max() > 0.1
        # What the products put into the corners decays there at a rate above 50.
        np.testing.assert_allclose(other, own, atol=1e-4)


@pytest.fixture(scope="module")
def release():
    """Three trajectories of the default recipe, single precision as in data sets."""
    recipe = fields.recipe("sh_release")
    with jax.enable_x64(False):
        run = jax.jit(jax.vmap(lambda key: fields.simulate(key, recipe)))
        return np.asarray(run(jr.split(jr.key(0), 3)))


def test_sh_release_has_the_statistics_of_the_specification(release):
    assert release.shape == (3, 100, 1, 64, 64)
    assert release.dtype == np.float32
    assert release.min() > -1.75
    assert release.max() < 2.5
    spread = release.std(axis=(0, 2, 3, 4)) / 3.95  # the range of the specification's training set
    np.testing.assert_allclose(spread[[0, 20, 40, 60, 80, 99]], [0.025, 0.042, 0.16, 0.25, 0.27, 0.274], rtol=0.1)


def test_recipes_are_refused_in_words():
    with pytest.raises(ValueError, match="`name` must be one of"):
        fields.recipe("sh")
    with pytest.raises(ValueError, match="`frame` is no part of this recipe"):
        fields.recipe("sh_release", frame=3)
    with pytest.raises(ValueError, match="`frames` must be at least 1, but is 0"):
        fields.recipe("sh_release", frames=0)
    with pytest.raises(ValueError, match="`r` must be finite"):
        fields.recipe("sh_release", r=math.nan)
    with pytest.raises(ValueError, match="one or two entries"):
        fields.wavenumbers((8, 8, 8), (1.0, 1.0, 1.0))
    with pytest.raises(ValueError, match="square for Exponax"):
        fields.exponax_swift_hohenberg_stepper((8, 16), (1.0, 2.0), 0.1, 0.7, 1.0)
    assert fields.recipe("sh_release", g=0.0)["g"] == 0.0
    assert fields.channels(fields.recipe("sh_release")) == ("u",)
    assert fields.recipe("sh_release", points=(16, 16)).step == 0.0125
