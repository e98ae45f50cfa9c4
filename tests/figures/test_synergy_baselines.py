"""The figure of star, chain and tree, drawn from quick data."""

import numpy as np
import pytest

from figures import style
from figures.synergy.baselines import FIGURES
from tests.experiments.synergy.quick import session


@pytest.fixture(scope="module")
def panels():
    (figure,) = FIGURES
    with style.house_style():
        drawn = figure.draw(*(session().dataset(name) for name in figure.experiments))
        drawn.draw_without_rendering()
    return drawn.axes


def line(panel, start):
    (found,) = [line for line in panel.lines if str(line.get_label()).startswith(start)]
    return found.get_data()


def test_axes_carry_the_papers_symbols_and_panels_their_letters(panels):
    assert all("$N$" in panel.get_xlabel() for panel in panels)
    assert "$v$" in panels[0].get_ylabel()
    assert all(r"\mu" in panel.get_ylabel() for panel in panels[1:])
    assert [panel.get_title(loc="left") for panel in panels] == ["(a)", "(b)", "(c)", "(d)"]


def test_only_siblings_correlated_afresh_pass_below_the_star(panels):
    agents, star = line(panels[0], "star")
    _, afresh = line(panels[0], "tree: siblings afresh")
    _, alike = line(panels[0], "tree: all leaves correlated")
    beyond = agents >= 25
    assert np.all(afresh[beyond] < star[beyond])
    assert np.all(alike[agents >= 5] >= star[agents >= 5] * (1 - 1e-12))


@pytest.mark.parametrize(
    ("panel", "values"),
    [(1, (0.089892, 1.0)), (2, (0.0869028, 0.906)), (3, (0.0809244, 0.718))],
)
def test_spec_4_6_star_values_are_on_the_lines(panels, panel, values):
    agents, star = line(panels[panel], "star")
    np.testing.assert_allclose(star[agents == 3], values[0], rtol=1e-6)
    limits = [line.get_ydata()[0] for line in panels[panel].lines if len(line.get_ydata()) == 2]
    assert np.isclose(limits, values[1], rtol=1e-12).any()
    assert abs(star[-1] - values[1]) < 1e-4


def test_t5_tree_without_shared_errors_grows_by_its_gain(panels):
    seats, bias = line(panels[1], "tree, $b=5$")
    assert list(seats[:3]) == [1, 5, 25]
    assert 1.1 < bias[1] / bias[0] <= 1.125
    _, shrinking = line(panels[1], "tree, $b=3$")
    assert np.all(np.diff(shrinking) < 0)
