"""The simulation figure on quick data: its lines are the exact values of the specification's table T5."""

import numpy as np
import pytest

from figures import style
from figures.synergy.monte_carlo import FIGURES
from tests.experiments.synergy.quick import dataset

# rho: mu_10, mu_30 at b = 5, gamma = 0.6, mu_0 = 0.05.
TABLE_T5 = {
    0.0: (0.158964296768, 0.658448465820),
    0.05: (0.126249797193, 0.516710056015),
    0.1: (0.099538753037, 0.333079374272),
    0.15: (0.0779207461583, 0.179934605355),
    0.2: (0.0605650212598, 0.087973884367),
    0.25: (0.0467367012069, 0.0409058682893),
    0.3: (0.0357998429683, 0.0184355907936),
    0.4: (0.0205211544535, 0.00347080742307),
    0.5: (0.0113745096333, 0.000590310503359),
    0.6: (0.00607303525133, 8.97635e-5),
    0.7: (0.0031083160367, 1.20275e-5),
    0.8: (0.00151598898406, 1.39469e-6),
}


@pytest.fixture(scope="module")
def drawn():
    (figure,) = FIGURES
    with style.house_style():
        return figure.draw(*(dataset(name.removeprefix("synergy/")) for name in figure.experiments))


def lines(axes, dash):
    return [line for line in axes.lines if line.get_linestyle() == dash and len(line.get_xdata()) > 2]


def test_f6_curves_pass_through_table_t5(drawn):
    for column in (0, 1):
        (curve,) = lines(drawn.axes[column], "-")
        for rho, values in TABLE_T5.items():
            place = np.flatnonzero(np.isclose(curve.get_xdata(), rho))
            assert curve.get_ydata()[place] == pytest.approx([values[column]], rel=1e-5)


def test_f6_marks_the_threshold_in_every_panel(drawn):
    for axes in drawn.axes:
        uprights = [line.get_xdata()[0] for line in axes.lines if list(line.get_ydata()) == [0, 1]]
        assert any(np.isclose(x, 5 / 21) for x in uprights)


def test_f6_shows_which_point_is_a_tree_and_which_a_pool(drawn):
    trees, pools = dataset("exact-trees"), dataset("pools")
    squares = [c.lines[0] for c in drawn.axes[0].containers if c.lines[0].get_marker() == "s"]
    circles = [c.lines[0] for c in drawn.axes[0].containers if c.lines[0].get_marker() == "o"]
    assert sorted(squares[0].get_xdata()) == sorted(trees.correlation.values)
    assert set(circles[0].get_xdata()) == set(pools.correlation.values) - set(trees.correlation.values)
    labels = [text.get_text() for text in drawn.legends[0].get_texts()]
    assert any("exact trees" in label for label in labels)
    assert any("pool of 50,000 votes" in label for label in labels)


def test_f6_true_bars_are_up_to_fourteen_times_the_naive_ones(drawn):
    (solid,), (dotted,) = lines(drawn.axes[3], "-"), lines(drawn.axes[3], ":")
    assert 13.5 < max(solid.get_ydata()) < 14
    # Spec 8.2 at rho = 0 and 0.2: 0.01782 and 0.03250, against sqrt((1 - mu^2)/n).
    for place, deviation, bias in ((0, 0.01782, TABLE_T5[0.0][1]), (8, 0.03250, TABLE_T5[0.2][1])):
        naive = ((1 - bias**2) / 50_000) ** 0.5
        assert dotted.get_ydata()[place] == pytest.approx(deviation / naive, rel=3e-4)


def test_f6_axes_carry_the_symbols(drawn):
    assert [axes.get_ylabel() for axes in drawn.axes[:2]] == [
        r"bias of the root $\mu_{10}$",
        r"bias of the root $\mu_{30}$",
    ]
    assert all(r"$\rho$" in axes.get_xlabel() for axes in drawn.axes[2:])
