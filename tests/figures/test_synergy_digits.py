"""The figure of the digits ensemble, drawn from quick data."""

import pytest

from figures import style
from figures.synergy.digits import FIGURES, LINES, SHOWN
from tests.experiments.synergy.quick import session


@pytest.fixture(scope="module")
def drawn():
    (figure,) = FIGURES
    with style.house_style():
        drawn = figure.draw(*(session().dataset(name) for name in figure.experiments))
        drawn.draw_without_rendering()
    return drawn


def test_axes_carry_the_papers_symbols(drawn):
    assert r"\mu_L" in drawn.axes[0].get_ylabel()
    assert r"\mu_3" in drawn.axes[2].get_ylabel()


def test_each_law_starts_at_the_measured_leaf_and_the_laws_are_ordered(drawn):
    for panel in drawn.axes[:2]:
        # The legend's markers are lines too, and the error bars' points repeat the starts.
        laws = [line for line in panel.lines if len(line.get_xdata()) == 4 and line.get_linestyle() != "None"]
        assert len(laws) == len(SHOWN) * len(LINES)
        lines = [line.get_ydata() for line in laws]
        starts = {round(float(line[0]), 9) for line in lines}
        assert len(starts) == len(SHOWN)
        tops = [max(float(line[-1]) for line in lines if round(float(line[0]), 9) == start) for start in starts]
        assert min(tops) > 0.5
