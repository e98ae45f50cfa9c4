"""The training loop of every row: seeds side by side are seeds alone, kept and taken up."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import jax.random as jr
import optax
import pytest
from flax import nnx
from numpy.testing import assert_allclose, assert_array_equal

from dynamics.sharing import shared_among
from dynamics.training import advance, start, start_seeds, train_with_checkpoints

STEPS, SEEDS, DECAY = 5, 2, 0.5
KEY = jr.key(2)


class Line(nnx.Module):
    """y = a x + b."""

    def __init__(self, key):
        self.slope, self.offset = nnx.Param(jr.normal(key, ())), nnx.Param(jnp.zeros(()))

    def __call__(self, x):
        return self.slope[...] * x + self.offset[...]


def loss(model, key):
    x = jr.normal(key, (8,))
    return jnp.mean((model(x) - (2 * x + 1)) ** 2)


def several():
    return start_seeds(Line, loss, optax.sgd(0.1), KEY, STEPS, SEEDS, averaging=DECAY)


@pytest.fixture(scope="module")
def trained_seeds():
    training, course = several()
    return jax.jit(lambda course: advance(training, course, STEPS))(course)


def test_seeds_side_by_side_are_seeds_alone(trained_seeds):
    training, _ = several()
    assert trained_seeds.losses.shape == (SEEDS, STEPS)
    assert int(trained_seeds.done) == STEPS
    for i in range(SEEDS):
        weight_key, batch_key = jr.split(jr.fold_in(KEY, i))
        alone, course = start(Line(weight_key), loss, optax.sgd(0.1), batch_key, STEPS, averaging=DECAY)
        course = advance(alone, course, STEPS)
        assert_allclose(trained_seeds.losses[i], course.losses, rtol=1e-12)
        assert_allclose(training.model(trained_seeds).slope[...][i], alone.model(course).slope[...], rtol=1e-12)
        assert_allclose(training.averaged(trained_seeds).slope[...][i], alone.averaged(course).slope[...], rtol=1e-12)


def test_seeds_are_kept_and_taken_up(tmp_path, trained_seeds):
    training, course = several()
    half = jax.jit(lambda course, until: advance(training, course, until))
    told = []
    kept = train_with_checkpoints(
        training._replace(steps=2), course, tmp_path, every=2, settings={}, watch=lambda *seen: told.append(seen)
    )
    jax.tree.map(assert_array_equal, kept, half(course, 2))
    whole = train_with_checkpoints(training, course, tmp_path, every=4, settings={})
    jax.tree.map(assert_array_equal, whole, half(half(course, 2), STEPS))
    assert_allclose(whole.losses, trained_seeds.losses, rtol=1e-12)
    assert told == [(2, pytest.approx(float(jnp.mean(kept.losses[:, 1]))))]


def test_no_seeds_are_refused():
    with pytest.raises(ValueError, match="`seeds` must be at least 1, but is 0"):
        start_seeds(Line, loss, optax.sgd(0.1), KEY, STEPS, 0)


def missed(model, key, x):
    del key
    return jnp.mean((model(x) - (2 * x + 1)) ** 2)


def shared(devices):
    """The training of several seeds, whose batches so many devices share."""
    mesh = jax.make_mesh((devices,), ("batch",), devices=jax.local_devices()[:devices])
    on_share = shared_among(mesh, missed, 8)

    def loss(model, key):
        return on_share(model, key, jr.normal(key, (8,)))

    return mesh, *start_seeds(Line, loss, optax.sgd(0.1), KEY, STEPS, SEEDS, averaging=DECAY)


def test_devices_share_a_batch_and_a_training_killed_on_them_goes_on(tmp_path, trained_seeds):
    """Four devices take two of eight each: the losses of one device, and the bits of a run never interrupted."""
    mesh, training, course = shared(4)

    def trained(folder, steps):
        own = training._replace(steps=steps)
        return train_with_checkpoints(own, course, tmp_path / folder, every=2, settings={}, mesh=mesh)

    whole = trained("whole", STEPS)
    assert_allclose(whole.losses, trained_seeds.losses, rtol=1e-12)
    assert all(leaf.devices() == set(mesh.devices.flat) for leaf in jax.tree.leaves(whole))
    trained("killed", 2)
    jax.tree.map(assert_array_equal, trained("killed", STEPS), whole)


def test_a_batch_that_devices_cannot_share_is_refused():
    with pytest.raises(ValueError, match="`batch` must divide among 3 devices, but is 8"):
        shared(3)
    assert shared_among(None, missed, 8) is missed


def test_a_training_that_blows_up_says_at_which_step(tmp_path):
    """The square of an offset that grows a thousandfold a step leaves double precision; the leg before is kept."""

    class Offset(nnx.Module):
        def __init__(self):
            self.offset = nnx.Param(jnp.ones(()))

    def square(model, key):
        del key
        return model.offset[...] ** 2

    # Steps of 500.5 times twice the offset: it is multiplied by -1000, its square passes 1e308 at the 53rd step.
    training, course = start(Offset(), square, optax.sgd(500.5), KEY, 60)
    with pytest.raises(ValueError, match=r"loss at step 53 is not finite; what is kept ends at step 40"):
        train_with_checkpoints(training, course, tmp_path, every=20, settings={})
    assert sorted(int(step.name) for step in tmp_path.iterdir()) == [20, 40]
