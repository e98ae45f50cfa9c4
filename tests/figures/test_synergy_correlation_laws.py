"""The figure of gains by law on quick data: lines and stars at the specification's values (7.2)."""

import numpy as np
import pytest

from figures import style
from figures.synergy.correlation_laws import FIGURES, LAWS
from tests.experiments.synergy.quick import dataset

# rho: slopes of the mixture, the beta-binomial and the probit law at b = 5, without the channel.
SLOPES = {0.1: (1.7875, 1.582365, 1.586709), 0.2: (1.7, 1.395238, 1.404989), 0.5: (1.4375, 1.111458, 1.124343)}
CRITICAL = {0.6: (0.2380952381, 0.5190167746, 0.0658693917), 0.7: (0.5102040816, 0.8544700747, 0.1790352085)}


@pytest.fixture(scope="module")
def drawn():
    (figure,) = FIGURES
    with style.house_style():
        return figure.draw(dataset("law-gains"))


def test_f15_lines_are_the_gains_of_their_laws(drawn):
    for axes, fidelity in zip(drawn.axes, CRITICAL, strict=True):
        by_label = {line.get_label(): line for line in axes.lines}
        drawn_laws = [by_label[label] for label, _, _ in LAWS.values()]
        for rho, slopes in SLOPES.items():
            at = [line.get_ydata()[np.isclose(line.get_xdata(), rho)].item() for line in drawn_laws]
            assert [at[0], at[2], at[3]] == pytest.approx([fidelity * slope for slope in slopes], rel=1e-6)
            assert at[4] == pytest.approx(fidelity * 1.875)


def test_f15_stars_stand_at_the_critical_correlations(drawn):
    for axes, expected in zip(drawn.axes, CRITICAL.values(), strict=True):
        stars = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "*"]
        assert stars[:3] == pytest.approx(expected, abs=1e-9)


def test_f15_axes_carry_the_symbols(drawn):
    assert all(r"$\rho$" in axes.get_xlabel() for axes in drawn.axes)
    assert r"$\alpha$" in drawn.axes[0].get_ylabel()
    assert [axes.get_title() for axes in drawn.axes] == [r"$\gamma=0.6$", r"$\gamma=0.7$"]
