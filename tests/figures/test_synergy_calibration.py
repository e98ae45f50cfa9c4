"""The figures of calibration: of the study, and of one table."""

import numpy as np
import pytest

from experiments.synergy.calibration import Estimate
from figures import style
from figures.synergy.calibration_study import FIGURES
from tests.experiments.synergy.quick import session


@pytest.fixture(scope="module")
def drawn():
    (figure,) = FIGURES
    with style.house_style():
        drawn = figure.draw(*(session().dataset(name) for name in figure.experiments))
        drawn.draw_without_rendering()
    return drawn


def test_axes_carry_the_papers_symbols(drawn):
    labels = " ".join(panel.get_xlabel() + panel.get_ylabel() for panel in drawn.axes)
    for symbol in (r"\beta", r"\rho", r"\alpha", r"s=\log_b\alpha"):
        assert symbol in labels


def test_f16_power_line_ends_at_one(drawn):
    line = next(line for line in drawn.axes[3].lines if line.get_label() == "large samples")
    assert line.get_ydata()[-1] > 0.999


def test_an_estimate_is_the_middle_of_its_draws():
    found = Estimate.of(0.5, range(1001))
    np.testing.assert_allclose([found.low, found.high], [25.0, 975.0])
