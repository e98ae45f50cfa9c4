"""The network of the diffusion decoder: periodic convolutions by two routes, its sizes, and its training."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from flax import nnx
from jax.sharding import Mesh
from numpy.testing import assert_allclose, assert_array_equal

from dynamics.graph_ode.convolutions import Convolution, Draws, convolved
from dynamics.graph_ode.denoiser_training import (
    FAITHFUL_DENOISER,
    DenoiserSchedule,
    NetworkDenoiser,
    begin,
    drawn_loss,
    held_out_loss,
    noise_loss,
    reached,
    train_denoiser,
    train_denoiser_in,
)
from dynamics.graph_ode.unet import UNet, UNetShape, published_unet, small_unet, time_features, weights_of

TINY = UNetShape(base=4, multipliers=(1, 2), groups=2)
SCHEDULE = DenoiserSchedule(steps=4, batch=2, n_max=50, warm_up=1)
FRAMES = jr.uniform(jr.key(9), (6, 1, 8, 8), jnp.float32)


@pytest.mark.parametrize(("stride", "size"), [(1, 3), (2, 3), (1, 1)])
def test_convolutions_are_sums_over_neighbours_by_either_route(stride, size):
    x, kernel = jr.normal(jr.key(0), (2, 3, 5, 6)), jr.normal(jr.key(1), (4, size, size, 2))
    reach = size // 2
    wanted = sum(
        np.einsum("oc,cfhw->ofhw", kernel[:, i, j], np.roll(x, (reach - i, reach - j), (2, 3)))
        for i in range(size)
        for j in range(size)
    )[:, :, ::stride, ::stride]
    for layout in ("matmul", "xla"):
        assert_allclose(convolved(x, kernel, stride, layout), wanted, atol=1e-12)


def test_an_unknown_layout_is_refused():
    with pytest.raises(ValueError, match="`layout` must be one of matmul, xla, but is 'fft'"):
        Convolution(1, 1, Draws(), layout="fft")
    with pytest.raises(ValueError, match="`base` must be a multiple of `groups` = 4 from 4, but is 6"):
        UNetShape(base=6)
    with pytest.raises(ValueError, match="are 'clock' and 'matmul'"):
        UNetShape(time="clock")


@pytest.mark.parametrize(("shape", "weights"), [(small_unet(), 58_501), (published_unet(), 25_833_985)])
def test_section_5_2_sizes(shape, weights):
    """25.8 million of the published network "by our count", which Table 3 says to be 26.3 million."""
    model = nnx.eval_shape(lambda: UNet(shape, jr.key(0)))
    assert weights_of(model) == weights


def test_section_5_2_time_features():
    features = np.asarray(time_features(jnp.array([0.0, 0.7]), 64))
    frequencies = 10000.0 ** (-np.arange(64) / 63)
    assert_allclose(features[1], np.concatenate([np.sin(0.7 * frequencies), np.cos(0.7 * frequencies)]), atol=1e-12)
    assert_array_equal(features[0], np.repeat([0.0, 1.0], 64))
    model, whole = (UNet(UNetShape(base=4, groups=2, time=time), jr.key(0)) for time in ("released", "level"))
    level = jnp.array([500])
    assert_allclose(model.embedded(level * 1000, jnp.float32), whole.embedded(level, jnp.float32), rtol=1e-5)


def noisy(shape):
    """A network with weights that are not silent, in float64."""
    structure, weights = nnx.split(UNet(shape, jr.key(0), jnp.float64))
    rng = np.random.default_rng(0)
    return nnx.merge(structure, jax.tree.map(lambda leaf: jnp.asarray(0.3 * rng.normal(size=leaf.shape)), weights))


@pytest.fixture(scope="module")
def whole():
    """A network with every part there is."""
    shape = UNetShape(base=4, multipliers=(1, 2), groups=2, attention=(1,), deep=True, middle=True, dropout=0.3)
    return noisy(shape)


def test_a_network_is_blind_to_where_a_periodic_field_begins(whole):
    x, level = jr.normal(jr.key(2), (2, 1, 8, 8)), jnp.array([3, 700])
    run = jax.jit(lambda x, level: whole(x, level))
    found = run(x, level)
    # The halved grid starts at every second pixel.
    assert_allclose(run(jnp.roll(x, (2, 4), (2, 3)), level), jnp.roll(found, (2, 4), (2, 3)), atol=1e-9)
    # Frames of a batch know nothing of each other.
    assert_allclose(run(jnp.stack([x[1], 0 * x[1]]), level[::-1])[0], found[1], atol=1e-9)


def test_dropout_needs_a_key_and_keeps_the_mean(whole):
    block = whole.down[0][0].residual
    x, told = jr.normal(jr.key(3), (4, 1, 8, 8)), jnp.zeros((1, 16))
    run = jax.jit(jax.vmap(lambda key: block(x, told, key)))
    dropped, kept = run(jr.split(jr.key(0), 2000)), jax.jit(lambda: block(x, told, None))()
    assert float(dropped.std(0).max()) > 0.01
    assert_allclose(dropped.mean(0), kept, atol=6 * float(dropped.std(0).max()) / np.sqrt(2000))


def test_layouts_are_one_network_on_any_size():
    x, level = jr.normal(jr.key(2), (2, 1, 7, 9)), jnp.array([3, 700])
    first, second = (
        noisy(UNetShape(base=4, multipliers=(1, 2), groups=2, layout=layout)) for layout in ("matmul", "xla")
    )
    assert weights_of(first) == weights_of(second)
    outs = [jax.jit(lambda model, x: model(x, level))(model, x) for model in (first, second)]
    assert outs[0].shape == x.shape
    assert_allclose(*outs, atol=1e-9)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A training in two legs, each on disk when it is done."""
    folder, told = tmp_path_factory.mktemp("training"), []
    denoise, losses = train_denoiser_in(
        folder, jr.key(0), TINY, SCHEDULE, FRAMES, every=2, watch=lambda done, loss: told.append(done)
    )
    assert told == [2, 4]
    return folder, denoise, losses


def test_a_training_is_taken_up_from_its_folder(kept):
    folder, denoise, losses = kept
    again, same = train_denoiser_in(folder, jr.key(0), TINY, SCHEDULE, FRAMES, every=2)
    assert_array_equal(losses, same)
    jax.tree.map(assert_array_equal, denoise, again)
    with pytest.raises(ValueError, match="holds another training: it differs in key"):
        train_denoiser_in(folder, jr.key(1), TINY, SCHEDULE, FRAMES)


def test_a_denoiser_is_its_network_and_knows_nothing_at_first(kept):
    _, denoise, losses = kept
    assert losses.shape == (4,)
    # The last convolution is all but silent: the noise itself is what is missed.
    assert_allclose(losses[0], 1.0, atol=0.3)
    training, course = begin(jr.key(0), TINY, SCHEDULE, FRAMES)
    fresh = reached(training, course)
    assert isinstance(fresh, NetworkDenoiser)
    assert jax.tree.structure(fresh) == jax.tree.structure(denoise)
    missed = jax.jit(lambda denoise: held_out_loss(denoise, SCHEDULE, FRAMES, jr.key(1), draws=2))
    assert_allclose(missed(fresh), 1.0, atol=0.1)
    assert missed(denoise) != missed(fresh)
    x, level = 2 * FRAMES[:2] - 1, jnp.array([1, 50])
    assert_allclose(noise_loss(lambda x, level, key: 0 * x, SCHEDULE.table(), x, level, jnp.ones_like(x)), 1.0)


def test_a_training_in_one_piece_gives_the_same_things(kept):
    def whole(key, frames):
        return train_denoiser(key, TINY, SCHEDULE, frames)

    # Traced only: the loop itself is the one above.
    denoise, losses = jax.eval_shape(whole, jr.key(0), FRAMES)
    assert losses.shape == kept[2].shape
    assert jax.tree.structure(denoise) == jax.tree.structure(kept[1])


def test_two_devices_share_a_batch():
    """One frame each, in double precision."""
    mesh = Mesh(np.array(jax.local_devices()[:2]), ("batch",))
    structure, weights = nnx.split(noisy(TINY))

    def lost(mesh, weights):
        loss = drawn_loss(SCHEDULE, mesh)
        return loss(nnx.merge(structure, weights), jr.key(3), FRAMES.astype(float))

    assert_allclose(*(jax.jit(partial(lost, given))(weights) for given in (None, mesh)), rtol=1e-9)
    with pytest.raises(ValueError, match="`batch` must divide among 2 devices, but is 3"):
        drawn_loss(replace(SCHEDULE, batch=3), mesh)


def test_seeds_start_side_by_side():
    training, course = begin(jr.key(0), TINY, SCHEDULE, FRAMES, seeds=2)
    assert (training.seeds, course.losses.shape) == (2, (2, 4))
    kernel = training.model(course).enter.kernel[...]
    assert kernel.shape[0] == 2
    assert float(jnp.abs(kernel[0] - kernel[1]).max()) > 0.01


def test_what_cannot_be_trained_on_is_refused():
    with pytest.raises(ValueError, match="`frames` must have 1 channels, but has 2"):
        begin(jr.key(0), TINY, SCHEDULE, jnp.zeros((3, 2, 8, 8)))
    with pytest.raises(ValueError, match=r"has values from -0\.5 to -0\.5"):
        begin(jr.key(0), TINY, SCHEDULE, jnp.full((1, 1, 8, 8), -0.5))
    with pytest.raises(ValueError, match="`frames` must lie in"):
        begin(jr.key(0), TINY, SCHEDULE, jnp.full((1, 1, 8, 8), jnp.nan))
    with pytest.raises(ValueError, match=r"`n_max` must lie in \[1, 1000\], but is 0"):
        DenoiserSchedule(n_max=0)
    with pytest.raises(ValueError, match="`steps`, `batch` from 1"):
        DenoiserSchedule(steps=0)
    assert callable(drawn_loss(FAITHFUL_DENOISER))
    assert FAITHFUL_DENOISER.steps == 312_500
