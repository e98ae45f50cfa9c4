"""The figures of the transition, drawn from quick data: symbols on the axes, boundaries where the tables put them."""

import numpy as np
import pytest

from figures import style
from figures.synergy.transition import FIGURES
from tests.experiments.synergy.quick import session


@pytest.fixture(scope="module")
def drawn():
    """Every figure of the topic by its short name, laid out."""
    figures = {}
    with style.house_style():
        for figure in FIGURES:
            made = figure.draw(*(session().dataset(name) for name in figure.experiments))
            made.draw_without_rendering()
            figures[figure.name.removeprefix("synergy/")] = made
    return figures


def line(panel, label):
    (found,) = [line for line in panel.lines if str(line.get_label()) == label]
    return found.get_data()


def texts(panel):
    return " ".join(text.get_text() for text in panel.texts)


@pytest.mark.parametrize(
    ("name", "x", "y"),
    [
        ("cobweb", r"\mu_l", r"\mu_{l+1}"),
        ("phase-diagram", r"\rho", r"\gamma"),
        ("message-phase-diagram", "$m$ (tokens)", r"\rho"),
    ],
)
def test_axes_carry_the_papers_symbols(drawn, name, x, y):
    panel = drawn[name].axes[0]
    assert x in panel.get_xlabel()
    assert y in panel.get_ylabel()


def test_f3_cobweb_has_the_fixed_point_and_the_orbits(drawn):
    above, below, orbits = drawn["cobweb"].axes
    assert "1.0725" in above.get_title()
    assert "0.915" in below.get_title()
    assert "0.556" in texts(above)
    assert "0.556" in texts(orbits)
    level, bias = line(orbits, r"$\rho=0.1$")
    np.testing.assert_allclose(bias[level == 20], 0.191824767189, rtol=1e-10)


def test_f4_boundaries_stand_where_the_tables_put_them(drawn):
    panels = drawn["phase-diagram"].axes[:3]
    for panel, critical in zip(panels, (2 / 3, 8 / 15, 0.406349206349), strict=True):
        rho, gamma = line(panel, r"$\alpha=1$")
        np.testing.assert_allclose(gamma[0], critical, rtol=1e-11)
        assert rho[-1] == 0.95
        assert r"\alpha=1" in texts(panel)
    rho, gamma = line(panels[1], r"$\alpha=b^\beta$, $\beta=0.2$")
    np.testing.assert_allclose(np.interp(0.2, rho, gamma), 0.8116056832, rtol=1e-5)  # linear between 400 points
    np.testing.assert_allclose(np.interp(1.0, gamma, rho), 0.566023244044, rtol=1e-5)


def test_f5_curves_and_the_window(drawn):
    panel = drawn["message-phase-diagram"].axes[0]
    m, rho = line(panel, r"$m_c$: $\alpha=1$")
    np.testing.assert_allclose(m[0], 6.097120416, rtol=1e-9)
    np.testing.assert_allclose(np.interp(0.5, rho, m), 9.516672535, rtol=1e-5)
    m, rho = line(panel, r"$m_\mathrm{syn}$: $\alpha=b^\beta$, $\beta=0.2$")
    np.testing.assert_allclose(m[0], 10.65008149, rtol=1e-9)
    assert rho[-1] < 0.566023244044
    assert "=25$" in texts(panel)
    assert any(np.array_equal(np.asarray(seen.get_xdata(), float), [25, 25]) for seen in panel.lines)
