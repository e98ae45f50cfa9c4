"""T25, T26, T27 and P36: the decoders that need no training, against filters worked out by hand."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose

from dynamics.graph_ode.gauss_ddim import GaussianDenoiser, gauss_ddim, gaussian_fields
from dynamics.graph_ode.noise_table import noise_table, released_table, strided
from dynamics.graph_ode.samplers import STARTS, Diffusion, Guidance, ddim, from_noise, released_decoder, started
from dynamics.graph_ode.wiener import Lifted, Prior, Wiener, fit_prior, fit_wiener, fit_wiener_to_pairs, wiener_gain

SIDE = 8
TABLE = noise_table()
K = np.sqrt(np.fft.fftfreq(SIDE)[:, None] ** 2 + np.fft.rfftfreq(SIDE) ** 2)
PRIOR = Prior(jnp.array([0.5, 0.4]), jnp.asarray(0.05 * np.stack([np.exp(-20 * K), np.exp(-9 * K)])))
FLAT = Prior(jnp.zeros(1), jnp.full((1, SIDE, SIDE // 2 + 1), 1e8))
LEVELS = (20, 16, 12, 8, 4, 0)


run = eqx.filter_jit(lambda decoder, *given: decoder(*given))


@pytest.fixture(scope="module")
def frames():
    return gaussian_fields(jr.key(3), PRIOR, 4000, SIDE)


def test_the_spectrum_of_drawn_fields_is_the_prior(frames):
    found = fit_prior(frames)
    assert_allclose(found.mean, PRIOR.mean, atol=5 * 0.23 / np.sqrt(4000 * SIDE**2))
    # Chi-square of at least one degree of freedom a frame.
    assert_allclose(found.spectrum, PRIOR.spectrum, rtol=5 * np.sqrt(2 / 4000))


def test_t26_the_wiener_gains_are_the_least_of_all_multipliers(frames):
    noise = 0.1
    lifted = frames + noise * jr.normal(jr.key(5), frames.shape)
    best = fit_wiener_to_pairs(frames, lifted)
    decoder = fit_wiener(frames, noise)
    assert_allclose(best.gain, decoder.gain, atol=0.1)

    def error(gain):
        filtered = jax.vmap(Wiener(best.mean, gain).filtered)(lifted)
        return jnp.mean((filtered - frames) ** 2)

    errors = jax.jit(jax.vmap(error))(
        jnp.stack([best.gain, 1.1 * best.gain, 0.9 * best.gain, best.gain + 0.05, jnp.ones_like(best.gain)])
    )
    assert np.all(errors[1:] > errors[0])
    assert_allclose(error(decoder.gain), errors[0], rtol=0.01)


def test_wiener_without_noise_is_the_identity_and_without_data_the_mean():
    field = jr.uniform(jr.key(0), (2, SIDE, SIDE))
    assert_allclose(Wiener(PRIOR.mean, wiener_gain(PRIOR.spectrum, 0.0))(field), field, atol=1e-12)
    assert wiener_gain(jnp.zeros(()), 0.0) == 0
    dead = Wiener(PRIOR.mean, wiener_gain(0 * PRIOR.spectrum, 0.1))
    assert_allclose(dead(field), jnp.broadcast_to(PRIOR.mean[:, None, None], field.shape), atol=1e-12)
    with pytest.raises(ValueError, match="`noise` must not be negative"):
        fit_wiener(field[None], -1.0)
    with pytest.raises(ValueError, match="no frame"):
        fit_wiener(field[None][:0], 1.0)


def by_hand(x, target, levels, pulls):
    """The released update mode by mode, for the prior on the scale of the diffusion."""
    mean, spectrum = 2 * np.asarray(PRIOR.mean)[:, None, None] - 1, 4 * np.asarray(PRIOR.spectrum)
    abar = np.concatenate([[1.0], np.cumprod(1 - np.linspace(1e-4, 0.02, 1000))])
    for here, there, pull in zip(abar[list(levels)], abar[list(levels[1:])], pulls, strict=False):
        modes = np.fft.rfft2(x - np.sqrt(here) * mean)
        eps = np.fft.irfft2(np.sqrt(1 - here) * modes / (here * spectrum + 1 - here), s=(SIDE, SIDE))
        clean = (x - np.sqrt(1 - here) * eps) / np.sqrt(here)
        x = np.sqrt(there) * clean + np.sqrt(1 - there) * eps - pull * (x - target)
    return x


def test_p36_the_released_sampler_step_by_step():
    target = 2 * np.asarray(gaussian_fields(jr.key(7), PRIOR, 1, SIDE)[0]) - 1
    decoder = released_decoder(gauss_ddim(PRIOR, TABLE, strided()).denoise, TABLE, pull=0.61)
    decoder = Diffusion(decoder.denoise, TABLE, decoder.levels, "raw", decoder.guidance, clip=False)
    pulls = [0.61 if level > 100 else 0.061 for level in strided()[:-1]]
    assert_allclose(run(decoder.sampled, jnp.asarray(target)), by_hand(target, target, strided(), pulls), atol=1e-11)


@pytest.mark.parametrize("start", STARTS)
def test_t27_range_and_starts(start):
    field = jr.uniform(jr.key(1), (2, SIDE, SIDE)) * 1.4 - 0.2
    decoder = gauss_ddim(PRIOR, TABLE, LEVELS, start=start)
    out = run(decoder, field, jr.key(2))
    assert float(out.min()) >= 0
    assert float(out.max()) <= 1
    first = started(field, TABLE, 20, start, jr.key(2))
    noise = jr.normal(jr.key(2), field.shape)
    wanted = {
        "raw": field,
        "scaled": TABLE.signal[20] * field,
        "sdedit": TABLE.signal[20] * field + TABLE.noise[20] * noise,
    }
    assert_allclose(first, wanted[start], atol=1e-15)


def test_t27_constants_go_through_where_the_prior_is_flat():
    decoder = gauss_ddim(FLAT, TABLE, LEVELS)
    for value in (0.0, 0.3, 1.0):
        field = jnp.full((1, SIDE, SIDE), value)
        assert_allclose(run(decoder, field), field, atol=1e-6)
    assert_allclose(Lifted()(jnp.full((1, 2, 2), 1.5)), 1.0)


def test_oddity_7_without_the_clip_values_leave_the_range():
    target = jnp.ones((1, SIDE, SIDE))
    loose, held = (
        ddim(GaussianDenoiser(FLAT, TABLE), TABLE, target, strided(), clip=clip).max() for clip in (False, True)
    )
    assert_allclose(loose, 1 / TABLE.signal[197], rtol=1e-5)
    assert_allclose(held, 1.0, rtol=1e-12)


def test_oddity_6_the_last_step_of_the_released_table_leaves_noise():
    table = released_table()
    x = jr.normal(jr.key(0), (1, SIDE, SIDE))

    def told(x, level):
        return jnp.ones_like(x)

    clean = (x - table.noise[4]) / table.signal[4]
    assert_allclose(ddim(told, table, x, (4, 0), clip=False), table.signal[0] * clean + 0.01, atol=1e-12)
    assert_allclose(ddim(told, TABLE, x, (4, 0), clip=False), (x - TABLE.noise[4]) / TABLE.signal[4], atol=1e-12)


def test_guidance_in_its_parts():
    before, target = jnp.full((1, 2, 2), 0.5), jnp.zeros((1, 2, 2))
    guidance = Guidance(weight=3.0, residual=lambda x: 2 * x)
    assert_allclose(guidance.change(before, target, False), 0.5 * 10000 / 128**2)
    # The gradient of mean((2 x)^2) over four pixels is 2 x.
    assert_allclose(guidance.change(before, target, True), 0.05 * 10000 / 128**2 + 3.0 * 1.0)
    masked = Guidance(pull=1.0, mask=jnp.array([[[1.0, 0.0], [0.0, 0.0]]]))
    assert_allclose(masked.change(before, target, False), [[[0.5, 0.0], [0.0, 0.0]]])


def test_from_noise_draws_the_prior_and_the_pull_holds_it_to_the_target():
    denoise = gauss_ddim(PRIOR, TABLE, LEVELS).denoise
    shape = jnp.zeros((2, SIDE, SIDE))
    draw = jax.jit(jax.vmap(lambda key: from_noise(denoise, TABLE, shape, key, clip=False)))
    drawn = draw(jr.split(jr.key(4), 300))
    assert_allclose(drawn.mean((0, 2, 3)), 2 * PRIOR.mean - 1, atol=5 * 0.5 / np.sqrt(300))
    # DDIM of 100 steps makes too little of every mode: a hundredth or two of the larger ones.
    found = fit_prior((drawn + 1) / 2).spectrum
    large = PRIOR.spectrum > 0.01
    assert_allclose(found[large], PRIOR.spectrum[large], rtol=0.5)
    held = jax.jit(
        lambda key: from_noise(denoise, TABLE, shape, key, steps=50, guidance=Guidance(pull=0.9), clip=False)
    )
    assert float(jnp.abs(held(jr.key(0))).mean()) < 0.2


def test_what_cannot_be_sampled_is_refused():
    denoise, field = GaussianDenoiser(FLAT, TABLE), jnp.zeros((1, SIDE, SIDE))
    for levels in ((3,), (3, 3, 0), (0, 3), (1001, 0)):
        with pytest.raises(ValueError, match=r"`levels` must be two or more that fall inside 0\.\.1000"):
            ddim(denoise, TABLE, field, levels)
    with pytest.raises(ValueError, match="`target` must be the field"):
        ddim(denoise, TABLE, field, (3, 0), guidance=Guidance())
    with pytest.raises(ValueError, match="`start` must be one of scaled, raw, sdedit, but is 'cold'"):
        started(field, TABLE, 3, "cold")
    with pytest.raises(ValueError, match="`key` must be a key where `start` is 'sdedit'"):
        started(field, TABLE, 3, "sdedit")
