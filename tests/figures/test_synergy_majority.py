"""The figure of the majority maps, drawn from quick data."""

import numpy as np
import pytest

from figures import style
from figures.synergy.majority import FIGURES
from tests.experiments.synergy.quick import session


@pytest.fixture(scope="module")
def panel():
    (figure,) = FIGURES
    with style.house_style():
        drawn = figure.draw(*(session().dataset(name) for name in figure.experiments))
        drawn.draw_without_rendering()
    return drawn.axes[0]


def lines(panel, prefix):
    return [line for line in panel.lines if str(line.get_label()).startswith(prefix)]


def test_axes_carry_the_papers_symbols(panel):
    assert "$u$" in panel.get_xlabel()
    assert "f_b(u)" in panel.get_ylabel()


def test_f1_lines_pass_through_the_check_values(panel):
    (five,) = lines(panel, "$b=5$")
    x, y = five.get_data()
    np.testing.assert_allclose(y[np.argmin(abs(x - 0.3))], 0.52966125, rtol=1e-8)
    assert len(x) == 401
    assert len(lines(panel, "$b=")) == 4


def test_tangents_start_with_the_slope_and_end_at_one(panel):
    ends = [line.get_xydata()[-1] for line in panel.lines if len(line.get_xdata()) == 2]
    np.testing.assert_allclose(sorted(1 / x for x, y in ends if y == 1), [1.5, 1.875, 2.1875, 2.70703125])
