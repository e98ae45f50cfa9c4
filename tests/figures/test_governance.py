"""The figures of the governance row, drawn from data made of the stored numbers."""

import numpy as np
import pytest

from figures import style
from figures.governance import FIGURES, guarding, histories, published, reactive, two_bodies
from tests.experiments.governance.made import made


@pytest.fixture(scope="module")
def drawn():
    with style.house_style():
        figures = {}
        for figure in FIGURES:
            if figure in (*histories.FIGURES, *two_bodies.FIGURES, *reactive.FIGURES, *guarding.FIGURES):
                continue  # drawn in test_closed_forms and test_governance_beyond
            data = (made(name.removeprefix("governance/")) for name in figure.experiments)
            figures[figure.name.removeprefix("governance/")] = figure.draw(*data)
            figures[figure.name.removeprefix("governance/")].draw_without_rendering()
    return figures


def diamonds(axes):
    return np.concatenate([line.get_xydata() for line in axes.lines if line.get_marker() == "D"])


def test_every_panel_names_its_axes_and_every_figure_its_panels(drawn):
    assert len(drawn) == 11
    for name, figure in drawn.items():
        panels = [axes for axes in figure.axes if axes.get_title(loc="left").startswith("(")]
        assert panels, name
        for axes in panels:
            assert axes.get_ylabel(), name


@pytest.mark.parametrize(("name", "panel", "columns"), [("kl-landscape", 0, (0, 1)), ("kl-landscape", 1, (0, 4))])
def test_published_values_of_experiment_2_stand_beside_ours(drawn, name, panel, columns):
    stored = published.LANDSCAPE[:, list(columns)]
    seen = diamonds(drawn[name].axes[panel]).tolist()
    assert all(row in seen for row in stored.tolist())


def test_the_phase_diagram_shows_the_lead_and_the_published_mistake(drawn):
    texts = [text for axes in drawn["phase-diagram"].axes for text in (axes.get_ylabel(), axes.get_title())]
    assert any("3001 + L" in text for text in texts)
    ds = made("block-length")
    unrelated = (ds.block_payoff - ds.sentinel_payoff).mean("replicate").values
    inset = [line for axes in drawn["phase-diagram"].axes for child in axes.child_axes for line in child.lines]
    assert any(np.allclose(line.get_ydata(), unrelated) for line in inset)


def test_both_regimes_stand_in_the_dimension_figure(drawn):
    labels = [
        text.get_text()
        for axes in drawn["dimension"].axes
        for text in (axes.get_legend().get_texts() if axes.get_legend() else [])
    ]
    assert {"scaled", "fixed"} <= set(labels)
