"""Training of the small networks: legs make the whole, and a killed process ends where an unbroken one does."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
import pytest
from flax import nnx
from numpy.testing import assert_array_equal

from dynamics.tokens.networks import (
    LanguageModel,
    adam,
    mean_surprise,
    sign_variant,
    start,
    train_with_checkpoints,
    validation_texts,
)
from dynamics.tokens.networks.text import KNOWN, VOCABULARY, even_windows, help_topics, random_windows
from dynamics.training import Moving, advance

STEPS, LEG = 6, 2
KEY = jr.key(8)


def guess(model, key):
    return mean_surprise(model, random_windows(key, help_topics().training, 9, 2))


def tiny():
    model = LanguageModel("selective", sign_variant("negative", 2), KEY, width=4, states=2, depth=1)
    return start(model, guess, adam(STEPS, 1e-2), KEY, STEPS)


KILLED = """
import os, signal, sys
import jax
jax.config.update("jax_enable_x64", True)
from tests.dynamics.tokens.test_networks_training import LEG, tiny
from dynamics.tokens.networks import train_with_checkpoints

def watch(done, loss):
    if done == 2 * LEG:
        os.kill(os.getpid(), signal.SIGKILL)

train_with_checkpoints(*tiny(), sys.argv[1], every=LEG, settings={"model": "tiny"}, watch=watch)
"""


@pytest.fixture(scope="module")
def unbroken():
    training, course = tiny()
    return jax.jit(lambda course, until: advance(training, course, until))(course, STEPS)


def test_a_killed_training_resumes_and_ends_in_the_same_weights(tmp_path, unbroken):
    root = Path(__file__).parents[3]
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], cwd=root, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    seen = []
    course = train_with_checkpoints(
        *tiny(), tmp_path, every=LEG, settings={"model": "tiny"}, watch=lambda done, loss: seen.append(done)
    )
    assert seen == [STEPS]  # four steps were done and kept before the kill
    jax.tree.map(assert_array_equal, course, unbroken)
    assert course.losses[-1] < course.losses[0]
    again = train_with_checkpoints(
        *tiny(), tmp_path, every=LEG, settings={"model": "tiny"}, watch=lambda done, loss: seen.append(done)
    )
    assert seen == [STEPS]
    jax.tree.map(assert_array_equal, again, unbroken)
    with pytest.raises(ValueError, match="`folder` holds another training: it differs in model, steps"):
        train_with_checkpoints(*tiny(), tmp_path, every=LEG, settings={"model": "large", "steps": 3})


def test_a_training_of_no_steps_is_refused():
    training, course = tiny()
    with pytest.raises(ValueError, match="`steps` must be at least 1, but is 0"):
        start(training.model(course), guess, training.optimiser, KEY, 0)


def test_legs_of_no_steps_are_refused(tmp_path):
    with pytest.raises(ValueError, match="`every` must be at least 1, but is 0"):
        train_with_checkpoints(*tiny(), tmp_path, every=0, settings={})


class Follower(nnx.Module):
    """One weight, and a memory of the data that moves by itself."""

    def __init__(self):
        self.weight = nnx.Param(jnp.zeros(()))
        self.memory = Moving(jnp.zeros(()))


def test_what_moves_by_itself_and_the_average_of_the_weights_are_kept():
    def loss(model, key, target):
        model.memory[...] = 0.5 * model.memory[...] + 0.5 * target
        return (model.weight[...] - target) ** 2

    training, course = start(Follower(), loss, optax.sgd(0.25), KEY, 3, data=(jnp.asarray(8.0),), averaging=0.5)
    course = advance(training, course, 3)
    # w halves its distance to 8 at each step: 4, 6, 7; the memory does the same, the average follows the weight.
    assert (float(training.model(course).weight[...]), float(training.model(course).memory[...])) == (7.0, 7.0)
    assert float(training.averaged(course).weight[...]) == 0.125 * 4 + 0.25 * 6 + 0.5 * 7
    with pytest.raises(ValueError, match=r"`averaging` must lie in \[0, 1\), but is 1.0"):
        start(Follower(), loss, optax.sgd(0.25), KEY, 3, averaging=1.0)
    unaveraged, begun = start(Follower(), loss, optax.sgd(0.25), KEY, 3)
    with pytest.raises(ValueError, match="no average of the weights was kept"):
        unaveraged.averaged(begun)


def test_weights_decay_where_the_reference_lets_them():
    training, course = tiny()
    still = jax.tree.map(jnp.zeros_like, course.weights)
    change, _ = jax.jit(training.optimiser.update)(still, course.memory, course.weights)
    moved = {
        jax.tree_util.keystr(path): bool(jnp.any(leaf != 0))
        for path, leaf in jax.tree_util.tree_leaves_with_path(change)
    }
    unmoved = {name for name, any_change in moved.items() if not any_change}
    assert {name.rsplit("'", 2)[-2] for name in unmoved} == {"log_decay", "gain", "bias"}
    assert any("table" in name for name in set(moved) - unmoved)


def test_the_text_is_numbered_by_frequency_and_split_nine_to_one():
    corpus = help_topics()
    assert corpus.training.size == 9 * (corpus.training.size + corpus.validation.size) // 10
    counts = np.bincount(np.concatenate(corpus), minlength=VOCABULARY)
    assert counts.size == KNOWN + 1
    assert np.all(np.diff(counts[1:]) <= 0)
    # The blank is the commonest character of any English text.
    assert counts[1] > 0.1 * counts.sum()


def test_windows_are_stretches_of_the_text():
    text = np.arange(100, dtype=np.uint8)
    windows = np.asarray(random_windows(KEY, text, 7, 30))
    assert_array_equal(np.diff(windows, axis=0), 1)
    assert len(set(windows[0])) > 15
    even = np.asarray(even_windows(text, 10, 4))
    assert_array_equal(even[0], [0, 30, 60, 90])
    assert validation_texts(3, 8).shape == (9, 3)
    with pytest.raises(ValueError, match="`count` must be at most 10, but is 11"):
        even_windows(text, 10, 11)


def test_a_model_that_knows_nothing_is_surprised_by_the_size_of_the_alphabet():
    model = LanguageModel("selective", sign_variant("negative", 2), KEY, width=4, states=2, depth=1)
    model.table[...] = jnp.zeros_like(model.table[...])
    assert abs(float(jax.jit(mean_surprise)(model, validation_texts(2, 8))) - np.log(VOCABULARY)) < 1e-5
