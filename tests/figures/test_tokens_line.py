"""Figures of tokens on a line, drawn from quick data."""

import numpy as np
import pytest

from figures import style
from figures.tokens import blow_up, blur, convergence, euler, slow
from tests.experiments.tokens.quick import session

FIGURES = {figure.name: figure for topic in (blow_up, blur, convergence, euler, slow) for figure in topic.FIGURES}


def drawn(name):
    figure = FIGURES[name]
    with style.house_style():
        picture = figure.draw(*(session().dataset(experiment) for experiment in figure.experiments))
        picture.draw_without_rendering()
    return picture


@pytest.mark.parametrize("name", sorted(FIGURES))
def test_panels_are_labelled(name):
    panels = drawn(name).axes
    for panel in panels:
        if panel.axison:
            assert panel.get_xlabel()
            assert panel.get_ylabel()


def test_f1_late_tokens_stand_on_the_two_constants():
    units = drawn("tokens/convergence").axes[1]
    ends = sorted(line.get_ydata()[-1] for line in units.lines if len(line.get_xdata()) > 50)
    np.testing.assert_allclose(ends[:9], 0.541196, atol=2e-3)
    np.testing.assert_allclose(ends[9], 1, atol=1e-6)


def test_f2_ratios_end_on_their_limits():
    ratios = drawn("tokens/slow-growth").axes[1]
    levels = sorted(line.get_ydata()[0] for line in ratios.lines if len(line.get_xdata()) == 2)
    np.testing.assert_allclose(levels, [1, 1.6626997, 1.7560283, 3.4052848], atol=1e-6)


def test_f4_table_has_the_printed_lives():
    (table,) = drawn("tokens/sign-patterns").axes[0].tables
    cells = {place: cell.get_text().get_text() for place, cell in table.get_celld().items()}
    assert cells[1, 3] == "0.3331192"
    assert cells[8, 3] == "∞"
    assert cells[4, 6] == "follows, power"
