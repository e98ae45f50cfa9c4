"""Keys from names: a cell's draw belongs to its parameters alone."""

from __future__ import annotations

import jax
import jax.random as jr
import numpy as np
import pytest

from experiments.errors import UserError
from experiments.keys import cell_words, fold_words, root_key, value_words


def bits(experiment, columns, seed=0):
    words = cell_words(experiment, {name: np.asarray(values) for name, values in columns.items()})
    keys = jax.vmap(fold_words, (None, 0))(root_key(seed), words)
    return np.asarray(jr.key_data(keys))


def test_the_same_cell_gets_the_same_key_in_any_company():
    together = bits("a/b", {"x": [0.1, 0.2, 0.3], "n": [1, 2, 3]})
    np.testing.assert_array_equal(bits("a/b", {"n": [2], "x": [0.2]})[0], together[1])
    np.testing.assert_array_equal(bits("a/b", {"x": [0.3, 0.1], "n": [3, 1]}), together[[2, 0]])


def test_five_and_five_point_zero_are_one_cell_and_so_are_both_zeros():
    np.testing.assert_array_equal(bits("a/b", {"x": [5]}), bits("a/b", {"x": [5.0]}))
    np.testing.assert_array_equal(bits("a/b", {"x": [0.0]}), bits("a/b", {"x": [-0.0]}))


def test_everything_in_a_name_counts():
    columns = {"x": [0.1], "law": ["mixture"]}
    base = bits("a/b", columns)
    others = [
        bits("a/c", columns),
        bits("a/b", columns, seed=1),
        bits("a/b", columns | {"x": [np.nextafter(0.1, 1)]}),
        bits("a/b", columns | {"law": ["probit"]}),
        bits("a/b", {"y": [0.1], "law": ["mixture"]}),
        bits("a/b", columns | {"replicate": [0]}),
    ]
    assert all(np.any(base != other) for other in others)


def test_a_hundred_thousand_cells_have_as_many_keys():
    keys = bits("a/b", {"x": np.repeat(np.linspace(0, 1, 1000), 100), "replicate": np.tile(np.arange(100), 1000)})
    assert len(np.unique(keys, axis=0)) == 100_000


def test_the_draws_of_neighbouring_cells_are_independent():
    keys = jax.vmap(fold_words, (None, 0))(root_key(0), cell_words("a/b", {"replicate": np.arange(20_000)}))
    draws = np.asarray(jax.vmap(jr.normal)(keys))
    # Mean, variance and lag-one correlation, each within 4.5 standard errors.
    assert abs(draws.mean()) < 4.5 / 20_000**0.5
    assert abs(draws.var() - 1) < 4.5 * (2 / 20_000) ** 0.5
    assert abs(np.mean(draws[1:] * draws[:-1])) < 4.5 / 20_000**0.5


def test_whole_numbers_that_float64_cannot_hold_are_refused():
    with pytest.raises(UserError, match=r"below 2\*\*53"):
        value_words(np.array([2**53 + 2]))
