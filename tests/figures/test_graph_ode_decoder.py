"""Figure F10, drawn from quick data."""

from figures import style
from figures.graph_ode.decoder import FIGURES
from tests.experiments.graph_ode.quick import session


def test_f10_has_the_four_filters_and_labelled_panels():
    (figure,) = FIGURES
    with style.house_style():
        picture = figure.draw(*(session().dataset(experiment) for experiment in figure.experiments))
        picture.draw_without_rendering()
    assert all(panel.get_xlabel() and panel.get_ylabel() for panel in picture.axes)
    curves = [line for line in picture.axes[0].lines if len(line.get_xdata()) == 241]
    # From modes without variance, where the two tables leave two floors, to the largest.
    floors = sorted(round(float(line.get_ydata()[0]), 2) for line in curves)
    assert floors == [0.0, 0.0, 0.05, 0.17]
