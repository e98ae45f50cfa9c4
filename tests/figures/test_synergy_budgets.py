"""Figures of budgets and design, drawn from quick data: what they show, and that nothing is forgotten."""

import numpy as np
import pytest

from figures import style
from figures.synergy import budgets, design
from tests.experiments.synergy.quick import session

FIGURES = {figure.name.removeprefix("synergy/"): figure for figure in (*budgets.FIGURES, *design.FIGURES)}


@pytest.fixture(scope="module")
def drawn():
    """Every figure once, its axes by name."""
    axes = {}
    with style.house_style():
        for name, figure in FIGURES.items():
            canvas = figure.draw(*(session().dataset(experiment) for experiment in figure.experiments))
            canvas.draw_without_rendering()
            axes[name] = canvas.axes
    return axes


def verticals(panel):
    """Positions of vertical lines."""
    return sorted(x[0] for x in (line.get_xdata() for line in panel.lines) if len(x) == 2 and x[0] == x[1])


def test_f11_verticals_are_the_published_and_the_exact_thresholds(drawn):
    places = verticals(drawn["frontier"][0])
    np.testing.assert_allclose(places, [140.2552817, 149.2564757, 151.7, 2.6973e6, 2978465.574], rtol=1e-3)


def test_f11_the_best_tree_rises_above_one_agent_and_falls_below(drawn):
    lower = drawn["frontier"][1]
    ratios = np.concatenate([line.get_ydata() for line in lower.lines if line.get_marker() not in ("None", None)])
    assert ratios.max() == pytest.approx(1.481, abs=0.01)
    assert ratios.min() < 1


def test_f12_regimes_are_all_there_and_curves_are_labelled(drawn):
    for panel in drawn["budget-phases"]:
        shades = np.unique(panel.collections[0].get_array())
        assert shades.tolist() == [0, 1, 2]
    assert "beta" in drawn["budget-phases"][0].get_ylabel()


def test_f13_the_realisable_length_falls_and_the_envelope_does_not(drawn):
    right = drawn["message-design"][1]
    lines = {str(line.get_label()): np.asarray(line.get_ydata(), float) for line in right.lines}
    envelope = next(values for label, values in lines.items() if label.startswith("growth law, $N$ real"))
    whole = next(values for label, values in lines.items() if label.startswith("growth law, whole"))
    assert np.all(np.diff(envelope) >= 0)
    assert np.any(np.diff(whole) < -10)


def test_f14_rows_and_columns_hold_every_window_and_correlation(drawn):
    axes = drawn["design-chart"]
    assert len(axes) == 10
    legends = [[text.get_text() for text in axes[place].get_legend().get_texts()] for place in (8, 9)]
    assert legends == [["$W=64$", "$W=128$", "$W=256$"], [r"$\rho=0$", r"$\rho=0.1$", r"$\rho=0.3$"]]


def test_f17_says_that_it_shows_model_curves(drawn):
    (panel,) = drawn["touchpoints"]
    assert panel.get_title().startswith("model curves")
    ends = [line.get_ydata()[-1] for line in panel.lines if len(line.get_xdata()) == 250]
    assert len(ends) == 2
    assert max(ends) < 0
