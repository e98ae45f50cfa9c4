"""Spaces: the cells they span, the ranges a user types, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.errors import UserError
from experiments.space import Space, cases, grid, listing, parse_axis, random_design, replicates

SPACE = Space((grid("x", 0.0, 1.0, 3), cases("case", a=(1, 2), b=(0.1, 0.2)), replicates(2)), {"depth": 5})


def test_cells_are_numbered_in_c_order_of_the_axes():
    columns = SPACE.columns()
    assert SPACE.shape == (3, 2, 2)
    assert SPACE.size == 12
    np.testing.assert_array_equal(columns["x"].reshape(SPACE.shape)[:, 0, 0], [0.0, 0.5, 1.0])
    np.testing.assert_array_equal(columns["a"].reshape(SPACE.shape)[0, :, 0], [1, 2])
    np.testing.assert_array_equal(columns["b"].reshape(SPACE.shape)[0, :, 1], [0.1, 0.2])
    np.testing.assert_array_equal(columns["depth"], np.full(12, 5))


def test_a_space_survives_json_to_the_bit():
    again = Space.from_json(SPACE.to_json())
    for name, values in SPACE.columns().items():
        np.testing.assert_array_equal(again.columns()[name], values)
        assert again.columns()[name].dtype == values.dtype


def test_a_random_design_fills_its_box_and_is_the_same_every_time():
    design = random_design("sample", 500, seed=3, rho=(0.1, 0.2), gamma=(-1.0, 1.0))
    rho = np.array(design.columns["rho"])
    assert design == random_design("sample", 500, seed=3, rho=(0.1, 0.2), gamma=(-1.0, 1.0))
    assert rho.min() >= 0.1
    assert rho.max() <= 0.2
    # Uniform: the mean lies within 4.5 standard errors of the middle.
    assert abs(rho.mean() - 0.15) < 4.5 * 0.1 / math.sqrt(12 * 500)


def test_own_ranges_replace_an_axis_or_open_a_new_one():
    own = SPACE.with_parameter("x", parse_axis("x", "0:0.9:4", 0.0))
    assert own.shape == (4, 2, 2)
    deeper = SPACE.with_parameter("depth", parse_axis("depth", "5,10", 5))
    assert deeper.shape == (3, 2, 2, 2)
    assert deeper.columns()["depth"].dtype.kind == "i"
    assert SPACE.with_parameter("depth", parse_axis("depth", "9", 5)).fixed["depth"] == 9


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.integers(2, 50))
def test_a_typed_grid_holds_its_ends(start, stop, count):
    if start == stop:
        return
    values = parse_axis("x", f"{start!r}:{stop!r}:{count}", 0.0).columns["x"]
    assert (values[0], values[-1], len(values)) == (start, stop, count)


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: listing("rho", ()), "Axis `rho` is empty"),
        (lambda: grid("rho", 0.0, 1.0, 0), "Axis `rho` is empty"),
        (lambda: grid("rho", 0.5, 0.5, 3), "Axis `rho` is empty"),
        (lambda: grid("rho", 0.0, math.inf, 3), "`rho` must be finite"),
        (lambda: listing("rho", (0.1, math.nan)), "`rho` must be finite, but is nan"),
        (lambda: grid("m", 0.0, 1.0, 3, log=True), "logarithmic"),
        (lambda: cases("case", a=(1, 2), b=(1,)), "different lengths"),
        (lambda: Space((listing("a", (1,)),), {"a": 2}), "`a` is set twice"),
        (lambda: Space((grid("a", 0, 1, 10**5), grid("b", 0, 1, 10**5))), "more than"),
        (lambda: SPACE.with_parameter("q", listing("q", (1,))), "Unknown axis `q`"),
        (lambda: SPACE.with_parameter("a", listing("a", (1,))), "table `case`"),
        (lambda: parse_axis("rho", "0:1", 0.0), "Cannot read `rho=0:1`"),
        (lambda: parse_axis("rho", "many", 0.0), "Cannot read `rho=many`"),
        (lambda: parse_axis("rho", "nan", 0.0), "`rho` must be finite"),
        (lambda: parse_axis("rho", "", 0.0), "Axis `rho` is empty"),
        (lambda: parse_axis("b", "3,3.5", 5), "`b` must be a whole number"),
    ],
)
def test_what_cannot_be_a_space_is_refused_in_one_sentence(build, sentence):
    with pytest.raises(UserError, match=sentence.replace("(", r"\(")) as error:
        build()
    assert "\n" not in str(error.value)
