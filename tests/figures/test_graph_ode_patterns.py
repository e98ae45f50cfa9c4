"""Figures of the fields, drawn from quick data."""

import numpy as np
import pytest

from figures import style
from figures.graph_ode import patterns
from tests.experiments.graph_ode.quick import session

FIGURES = {figure.name: figure for figure in patterns.FIGURES}


def drawn(name):
    figure = FIGURES[name]
    with style.house_style():
        picture = figure.draw(*(session().dataset(experiment) for experiment in figure.experiments))
        picture.draw_without_rendering()
    return picture


@pytest.mark.parametrize("name", sorted(FIGURES))
def test_panels_are_labelled_and_have_legends(name):
    for panel in drawn(name).axes:
        assert panel.get_xlabel()
        assert panel.get_ylabel()
        assert panel.get_legend() is not None


def test_f11_points_stand_on_their_lines():
    for panel in drawn("graph_ode/dispersion").axes:
        lines = [line for line in panel.lines if len(line.get_xdata()) == len(patterns.FINE)]
        assert len(lines) == len(panel.containers)
        for line, points in zip(lines, panel.containers, strict=True):
            x, y = (np.asarray(values, float) for values in points.lines[0].get_data())
            expected = np.interp(x, *(np.asarray(values, float) for values in line.get_data()))
            # Linear interpolation between 401 points, across one kink.
            np.testing.assert_allclose(y, expected, atol=2e-3)
