"""Figures of sampling, codes and ageing, drawn from quick data."""

import numpy as np
import pytest

from figures import style
from figures.graph_ode import codes, sampling, staleness
from tests.experiments.graph_ode.quick import session

FIGURES = {figure.name: figure for figure in (*codes.FIGURES, *sampling.FIGURES, *staleness.FIGURES)}


@pytest.fixture(scope="module")
def drawn():
    pictures = {}
    for name, figure in FIGURES.items():
        with style.house_style():
            picture = figure.draw(*(session().dataset(experiment) for experiment in figure.experiments))
            picture.draw_without_rendering()
        pictures[name.removeprefix("graph_ode/")] = picture
    return pictures


@pytest.mark.parametrize("name", ["codebook-sweep", "linear-probes", "ageing-partitions"])
def test_panels_are_labelled(drawn, name):
    for panel in drawn[name].axes:
        assert panel.get_xlabel()
    assert drawn[name].axes[0].get_ylabel()


def points_of(container):
    return tuple(np.asarray(values, float) for values in container.lines[0].get_data())


def test_f7_points_of_linear_growth_stand_on_their_lines(drawn):
    panel = drawn["ageing-partitions"].axes[0]
    lines = [line for line in panel.lines if len(line.get_xdata()) == 41]
    for line, container in zip(lines, panel.containers, strict=True):
        x, y = points_of(container)
        expected = np.interp(x, *(np.asarray(values, float) for values in line.get_data()))
        np.testing.assert_allclose(y, expected, rtol=0.05)


def test_f8_interpolated_fields_stand_on_their_line(drawn):
    for panel in drawn["linear-probes"].axes:
        x, y = points_of(panel.containers[0])
        line = next(line for line in panel.lines if "P18" in str(line.get_label()))
        at, value = (np.asarray(values, float) for values in line.get_data())
        # Periodograms of few fields stand for their spectrum on both sides; aliases beat as they happen to.
        np.testing.assert_allclose(y, value[np.searchsorted(at, x)], rtol=0.5)


def test_f4_guide_lines_have_their_slopes(drawn):
    panel = drawn["codebook-sweep"].axes[0]
    guides = [line for line in panel.lines if str(line.get_label()).startswith("$K")]
    for line, slope in zip(guides, (-1.0, -0.5), strict=True):
        x, y = (np.log(np.asarray(values, float)) for values in line.get_data())
        np.testing.assert_allclose(np.diff(y) / np.diff(x), slope)
