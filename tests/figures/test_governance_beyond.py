"""The figures of section 11.6, and the controls in the paper's payoff plots."""

import numpy as np
import pytest

from figures import style
from figures.governance import guarding, landscape, reactive, two_bodies
from tests.experiments.governance.made import made
from tests.experiments.governance.made_beyond import made as made_beyond
from tests.experiments.governance.quick import dataset


def drawn(figure, data):
    with style.house_style():
        found = figure.draw(*(data(name.removeprefix("governance/")) for name in figure.experiments))
        found.draw_without_rendering()
    return found


@pytest.mark.parametrize(
    ("figure", "data"),
    [
        (reactive.FIGURES[0], made_beyond),
        (reactive.FIGURES[1], made_beyond),
        (guarding.FIGURES[0], made_beyond),
        (two_bodies.FIGURES[0], dataset),
    ],
    ids=lambda item: getattr(item, "name", ""),
)
def test_panels_name_their_axes(figure, data):
    panels = [axes for axes in drawn(figure, data).axes if axes.get_title(loc="left").startswith("(")]
    assert len(panels) >= 4
    for axes in panels:
        assert axes.get_ylabel()


def test_constant_actions_stand_in_the_plots_of_payoff():
    insets = drawn(landscape.FIGURES[0], made).axes[2].child_axes
    paid = [line.get_xydata() for inset in insets for line in inset.lines if line.get_marker() == style.MARKERS[6]]
    np.testing.assert_allclose(paid[0][[0, -1]], [[0.0, 4.6], [1.0, 2.7]])
    met = drawn(reactive.FIGURES[0], made_beyond)
    notes = [text.get_text() for axes in met.axes for text in axes.texts]
    assert notes.count("AllD") == 5
