"""The figure of the two floors, drawn from quick data."""

import numpy as np
import pytest

from figures import style
from figures.synergy.continuous import FIGURES
from tests.experiments.synergy.quick import session


@pytest.fixture(scope="module")
def panel():
    (figure,) = FIGURES
    with style.house_style():
        drawn = figure.draw(*(session().dataset(name) for name in figure.experiments))
        drawn.draw_without_rendering()
    return drawn.axes[0]


def line(panel, label):
    (found,) = [line for line in panel.lines if line.get_label() == label]
    return found.get_ydata()


def test_axes_carry_the_papers_symbols(panel):
    assert "$L$" in panel.get_xlabel()
    assert "v_L" in panel.get_ylabel()
    assert panel.get_yscale() == "log"


def test_spec_2_8_values_are_on_the_lines(panel):
    tree = line(panel, "tree, $v_0=1$")
    np.testing.assert_allclose(tree[[1, 2, 3, 4, 8]], [0.37, 0.1432, 0.061552, 0.03215872, 0.0159027030065], rtol=1e-9)
    star = line(panel, "star, $v_0=1$")
    np.testing.assert_allclose(star[[1, 2, 3, 4, 8]], [0.37, 0.234, 0.2068, 0.20136, 0.200002176], rtol=1e-9)
    np.testing.assert_allclose(line(panel, "chain, $v_0=1$"), 1 + 0.05 * np.arange(13), rtol=1e-12)
    assert np.all(np.diff(line(panel, "tree, $v_0=0.005$")) > 0)


def test_both_floors_are_drawn_and_labelled(panel):
    heights = {round(float(line.get_ydata()[0]), 9) for line in panel.lines if len(line.get_ydata()) == 2}
    assert {0.015625, 0.2} <= heights
    words = " ".join(text.get_text() for text in panel.texts)
    assert "0.015625" in words
    assert r"\rho v_0" in words


def test_simulated_points_stand_at_their_means(panel):
    drawn = session().dataset("synergy/gaussian-organisations")
    means = drawn.sibling_tree.isel(setting=0).astype(float).mean("replicate").values
    points = [bars.lines[0].get_ydata() for bars in panel.containers]
    # The stored means are single precision.
    assert any(np.allclose(y, means, rtol=32 * np.finfo(np.float32).eps) for y in points)
    assert len(points) == 5
