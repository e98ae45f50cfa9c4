"""Probes, their graph against loops over pixels and pairs, and lifting."""

import functools

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from dynamics import graph_ode
from dynamics.graph_ode.probes import pairs_multiplied

SHAPE, CODES, KEY = (7, 9), 5, jr.key(3)
GHOST = 4


@pytest.fixture(scope="module")
def codes():
    """Three code maps without code 4."""
    return np.asarray(jr.randint(KEY, (3, SHAPE[0] * SHAPE[1]), 0, GHOST))


@pytest.fixture(scope="module")
def histories():
    return np.asarray(jr.uniform(jr.key(4), (3, SHAPE[0] * SHAPE[1], 10)))


@functools.cache
def graphs(how):
    def one(key, codes, histories):
        probes = graph_ode.choose_probes(key, codes, CODES, SHAPE, how, draws=3)
        return probes, graph_ode.probe_graph(probes, histories, SHAPE)

    run = jax.jit(jax.vmap(one))
    return lambda *arguments: jax.tree.map(np.asarray, run(*arguments))


co_occurrence = jax.jit(graph_ode.co_occurrence, static_argnums=1)


def counted(codes):
    """Ordered 8-neighbour pairs, pixel by pixel."""
    counts = np.zeros((CODES, CODES))
    for y in range(SHAPE[0]):
        for x in range(SHAPE[1]):
            for dy in (-1, 0, 1):
                for dx in (-1, 0, 1):
                    if 0 <= y + dy < SHAPE[0] and 0 <= x + dx < SHAPE[1]:
                        counts[codes[y, x], codes[y + dy, x + dx]] += 1
    return counts * (1 - np.eye(CODES))


def weighed(counts):
    """W pair by pair."""
    ratios = {(i, j): counts[i, j] / max(np.sum(counts[i] > 0), 1) for i in range(CODES) for j in range(CODES)}
    off = [ratios[i, j] for i in range(CODES) for j in range(CODES) if i != j]
    return np.array(
        [
            [(ratios[i, j] - min(off)) / (max(off) - min(off)) if i != j else 0 for j in range(CODES)]
            for i in range(CODES)
        ]
    )


def test_t18_graphs_are_those_of_loops_over_pixels_and_pairs(codes, histories):
    _, seen = graphs("mean")(jr.split(KEY, 3), codes, histories)
    for b in range(3):
        grid = np.asarray(codes[b]).reshape(SHAPE)
        counts = np.asarray(co_occurrence(codes[b].reshape(SHAPE), CODES))
        assert_array_equal(counts, counted(grid))
        assert_array_equal(counts, counts.T)
        half = np.asarray(pairs_multiplied(CODES, jnp.asarray(grid)))
        assert_array_equal(np.where(np.eye(CODES), 0, half + half.T), counts)
        weights = np.asarray(seen.edges[b, ..., 2])
        assert_allclose(weights, weighed(counted(grid)), rtol=1e-6)
        y, x = np.divmod(np.arange(grid.size), SHAPE[1])
        for k in range(GHOST):
            members = grid.ravel() == k
            assert_allclose(seen.values[b, k], histories[b][members].mean(axis=0), rtol=1e-12)
            place = [x[members].mean() / SHAPE[1], y[members].mean() / SHAPE[0]]
            assert_allclose(seen.coordinates[b, k], place, rtol=1e-6)
            assert_allclose(seen.edges[b, 0, k, :2], seen.coordinates[b, k] - seen.coordinates[b, 0], atol=1e-7)


@pytest.mark.parametrize("how", ["mean", "random", "random_n"])
def test_ghosts_are_masked(codes, histories, how):
    probes, seen = graphs(how)(jr.split(KEY, 3), codes, histories)
    assert_array_equal(seen.present, np.arange(CODES)[None].repeat(3, 0) != GHOST)
    assert_array_equal(seen.present[0], graph_ode.present_codes(jnp.asarray(codes[0]), CODES))
    assert_array_equal(seen.values[:, GHOST], 0)
    assert_array_equal(seen.coordinates[:, GHOST], -1)
    assert_array_equal(seen.edges[:, GHOST, :, 2], 0)
    if how == "mean":
        assert probes.members is None


def test_random_probes_are_members_and_read_themselves(codes, histories):
    for how, draws in (("random", 1), ("random_n", 3)):
        probes, seen = graphs(how)(jr.split(KEY, 3), codes, histories)
        assert probes.members.shape == (3, CODES, draws)
        later = jax.jit(jax.vmap(graph_ode.read_probes))(probes, histories**2)
        for b in range(3):
            for k in range(GHOST):
                members = np.asarray(probes.members[b, k])
                assert_array_equal(codes[b][members], k)
                assert_allclose(seen.values[b, k], histories[b][members].mean(axis=0), rtol=1e-12)
                own = np.stack(np.divmod(members, SHAPE[1])[::-1], 1).mean(axis=0) / (SHAPE[1], SHAPE[0])
                assert_allclose(seen.coordinates[b, k], own, rtol=1e-6)
                # The same functional reads frames to come.
                assert_allclose(later[b, k], (histories[b] ** 2)[members].mean(axis=0), rtol=1e-12)


def test_every_member_is_drawn_equally_often():
    codes = jnp.asarray([0, 1, 0, 0, 1, 0])
    drawn = np.asarray(graph_ode.random_members(KEY, codes, 2, 40_000))
    for code, members in ((0, [0, 2, 3, 5]), (1, [1, 4])):
        seen = np.bincount(drawn[code], minlength=6)
        share = 1 / len(members)
        assert seen.sum() == seen[members].sum()
        assert np.all(abs(seen[members] - 40_000 * share) < 4.5 * np.sqrt(40_000 * share * (1 - share)))


def test_a_batch_as_one_graph_has_nodes_of_its_own(codes, histories):
    _, seen = graphs("mean")(jr.split(KEY, 3), codes, histories)
    pairs, attributes, real = graph_ode.joined(jax.tree.map(jnp.asarray, seen))
    assert pairs.shape == (3 * CODES * (CODES - 1), 2)
    assert len(set(map(tuple, np.asarray(pairs).tolist()))) == len(pairs)
    for pair, attribute, joins in zip(np.asarray(pairs), np.asarray(attributes), np.asarray(real), strict=True):
        (b, i), (other, j) = (divmod(node, CODES) for node in pair)
        assert b == other
        assert i != j
        assert_array_equal(attribute, seen.edges[b, i, j])
        assert joins == (GHOST not in (i, j))


def test_codes_that_touch_equally_have_no_weights():
    counts = co_occurrence(jnp.asarray([[0, 1], [0, 1]]), 2)
    assert_array_equal(counts, [[0, 4], [4, 0]])
    assert_array_equal(graph_ode.edge_weights(counts), np.zeros((2, 2)))


def test_edges_do_not_see_a_translation():
    places = jr.uniform(KEY, (CODES, 2))
    moved = graph_ode.edge_attributes(places + 0.25, jnp.zeros((CODES, CODES)))
    assert_allclose(moved, graph_ode.edge_attributes(places, jnp.zeros((CODES, CODES))), atol=1e-15)


def test_lifting_copies_or_adds_what_was_gained():
    codes, values = jnp.asarray([0, 2, 2]), jnp.asarray([1.0, 5.0, 3.0])
    assert_array_equal(graph_ode.lift(codes, values), [1, 3, 3])
    base, then = jnp.asarray([0.5, 2.0, 4.0]), jnp.asarray([0.5, 0.0, 2.5])
    assert_array_equal(graph_ode.lift(codes, values, "increment", base, then), [1, 2.5, 4.5])
    assert_array_equal(graph_ode.lift(codes, then, "increment", base, then), base)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: graph_ode.lift(jnp.zeros(3, int), jnp.zeros(2), "paste"), "`mode` must be one of copy, increment"),
        (lambda: graph_ode.lift(jnp.zeros(3, int), jnp.zeros(2), "increment"), "`base` and `base_values`"),
        (lambda: graph_ode.choose_probes(KEY, jnp.zeros(4, int), 2, (2, 2), "first"), "`how` must be one of mean"),
        (lambda: graph_ode.choose_probes(KEY, jnp.zeros(4, int), 2, (2, 3)), "`shape` must have 4 pixels"),
        (lambda: graph_ode.choose_probes(KEY, jnp.zeros(4, int), 2, (2, 2), draws=0), "`draws` must be at least 1"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_pixels_stand_row_by_row_in_the_unit_square():
    assert_array_equal(graph_ode.pixel_coordinates((2, 2)), [[0, 0], [0.5, 0], [0, 0.5], [0.5, 0.5]])
