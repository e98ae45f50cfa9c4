"""Reorderings, their controls, and the recall tasks: what each of them can and cannot know."""

from __future__ import annotations

import itertools

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from dynamics.tokens.networks import (
    ORDERS,
    SYMBOLS,
    UNORDERED_CEILING,
    VALUES,
    ReorderingNetwork,
    blur,
    correct,
    exact_permutation,
    marked_values,
    recall_loss,
    soft_permutation,
)
from dynamics.tokens.networks.reordering import straight_through

KEY = jr.key(5)
SCORES = jnp.array([0.3, -1.2, 2.0, 0.9])
soft = jax.jit(soft_permutation)


@given(
    scores=st.lists(st.floats(-5, 5), min_size=6, max_size=6),
    temperature=st.floats(0.05, 20),
)
def test_section_8_2_rows_of_soft_sort_are_shares(scores, temperature):
    mixing = soft(jnp.array(scores), temperature)
    assert np.all(mixing >= 0)
    assert_allclose(mixing.sum(axis=1), 1.0, rtol=1e-12)


def test_section_8_2_the_most_important_token_comes_last():
    assert_array_equal(exact_permutation(SCORES) @ SCORES, jnp.sort(SCORES))
    assert_array_equal(jnp.argmax(exact_permutation(SCORES), axis=1), [1, 0, 3, 2])
    ties = jnp.array([1.0, 0.0, 1.0])
    assert_array_equal(jnp.argmax(exact_permutation(ties), axis=1), [1, 0, 2])


def test_section_8_2_soft_sort_tends_to_the_permutation_and_to_the_mean():
    # The smallest gap is 0.6: at temperature 0.01 the next token weighs e^-60.
    assert_allclose(soft(SCORES, 0.01), exact_permutation(SCORES), atol=1e-25)
    assert_allclose(soft(SCORES, 1e9), 0.25, atol=1e-8)


def test_straight_through_has_the_value_of_one_and_the_gradient_of_the_other():
    assert_allclose(straight_through(SCORES, 0.5), exact_permutation(SCORES), atol=1e-15)

    def read(mixing):
        return lambda scores: jnp.sum(mixing(scores, 0.5) * jnp.arange(16.0).reshape(4, 4))

    assert_allclose(jax.grad(read(straight_through))(SCORES), jax.grad(read(soft_permutation))(SCORES), rtol=1e-12)


@pytest.fixture(scope="module")
def networks():
    return [ReorderingNetwork(i, SYMBOLS, VALUES, KEY, dtype=jnp.float64) for i in range(len(ORDERS))]


answers = jax.jit(lambda network, symbols, key: network(symbols, key))
mixings = jax.jit(lambda network, symbols, key: network.mixing(symbols, key))


def test_section_18_6_controls_mix_as_they_are_called(networks):
    symbols, _ = marked_values(KEY, 1, 6, 3)
    found = dict(zip(ORDERS, (np.asarray(mixings(network, symbols, KEY)) for network in networks), strict=True))
    assert_array_equal(found["none"], np.broadcast_to(np.eye(6), (3, 6, 6)))
    assert_array_equal(found["mean"], np.full((3, 6, 6), 1 / 6))
    for name in ("random", "hard"):
        assert_allclose(found[name].sum(axis=1), 1.0, rtol=1e-12)
        assert_allclose(np.sort(found[name])[..., -1], 1.0, rtol=1e-12)
    assert not np.array_equal(found["random"][0], found["random"][1])
    assert blur(jnp.asarray(found["none"])) == pytest.approx(1 / 6)
    assert blur(jnp.asarray(found["mean"])) == pytest.approx(1.0)
    assert 1 / 6 < blur(jnp.asarray(found["sharp"])) < blur(jnp.asarray(found["soft"])) < 1


def test_a_reordered_network_sees_its_tokens_as_a_set_and_the_last_of_them(networks):
    symbols, _ = marked_values(KEY, 2, 8, 4)
    shuffled = jnp.concatenate([jr.permutation(KEY, symbols[:-1]), symbols[-1:]])
    for name, network in zip(ORDERS, networks, strict=True):
        first, second = answers(network, symbols, KEY), answers(network, shuffled, KEY)
        if name in ("soft", "sharp", "hard", "mean"):
            assert_allclose(first, second, atol=1e-12, err_msg=name)
        else:
            assert np.max(abs(first - second)) > 1e-4, name


@pytest.mark.parametrize("marks", [1, 2])
def test_section_11_3_the_last_marked_value_of_the_first_half_is_due(marks):
    symbols, due = (np.asarray(part) for part in marked_values(KEY, marks, 12, 200))
    marked = symbols >= VALUES
    assert_array_equal(marked.sum(axis=0), marks)
    assert not marked[6:].any()
    last = np.array([np.flatnonzero(column)[-1] for column in marked.T])
    assert_array_equal(symbols[last, np.arange(200)] - VALUES, due)
    assert set(last) == set(range(marks - 1, 6))


def test_the_ceiling_is_what_two_marked_values_without_their_order_allow():
    pairs = itertools.product(range(VALUES), repeat=2)
    # Of an unordered pair either value was the later one equally often.
    best = np.mean([1.0 if first == second else 0.5 for first, second in pairs])
    assert best == UNORDERED_CEILING


def test_correct_counts_answers():
    assert correct(jnp.eye(3), jnp.array([0, 1, 0])) == 2


def test_the_loss_can_be_learned_from(networks):
    loss = recall_loss(1, length=6, batch=4)
    value, slope = jax.jit(jax.value_and_grad(lambda table: _with_table(networks[3], table, loss)))(
        networks[3].table[...]
    )
    assert 0.5 * np.log(VALUES) < value < 2 * np.log(VALUES)
    assert jnp.any(slope != 0)


def _with_table(network, table, loss):
    copy = jax.tree.map(lambda leaf: leaf, network)
    copy.table[...] = table
    return loss(copy, KEY)
