"""Figures of forecasts, drawn from data made up to be recognised."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from experiments.graph_ode import ablations, forecasts, panel, trade_off
from figures import style
from figures.graph_ode import forecasts as figures
from figures.graph_ode.pipeline_panel import pipeline_panel

SIZES = {"trajectory": 5, "frame": 6, "block": 3, "y": 12, "x": 12, "code": 4, "other": 4, "axis": 2}


def made_up(experiment):
    """A dataset shaped like an experiment's at the scale quick, of noise about 0.5."""
    rng, space = np.random.default_rng(0), experiment.space("quick")
    own = {axis.name: len(axis) for axis in space.axes} | {n: len(v) for n, v in experiment.coordinates.items()}
    coordinates = {axis.name: list(axis.columns[axis.name]) for axis in space.axes}
    coordinates |= {name: list(values) for name, values in experiment.coordinates.items()}
    data = {}
    for name, quantity in experiment.outputs.items():
        dims = (*(axis.name for axis in space.axes), *quantity.dims)
        data[name] = (dims, rng.uniform(0.4, 0.6, [own.get(dim) or SIZES[dim] for dim in dims]))
    return xr.Dataset(data, coordinates)


def drawn(draw, *datasets):
    with style.house_style():
        figure = draw(*datasets)
        figure.draw_without_rendering()
    return figure


def test_f2_shows_errors_of_all_models_with_what_they_fit():
    ds = made_up(forecasts.FORECASTS)
    figure = drawn(figures.horizon, ds)
    assert len(figure.axes[0].lines) == ds.sizes["model"]
    assert "RMSE" in figure.axes[0].get_ylabel()
    assert "SSIM" in figure.axes[1].get_ylabel()
    assert len(figure.axes[2].get_yticklabels()) == ds.sizes["model"]


def test_f6_shows_strides_and_rules_against_their_number_and_time():
    ds = made_up(trade_off.TRADE_OFF)
    idle = [str(name) for name in ds.rule.values if str(name).startswith("dist")][-1]
    ds["square"] = ds.square.where(ds.rule != idle, ds.square.sel(rule="never", drop=True))
    figure = drawn(figures.trade_off, ds, made_up(trade_off.STRIDED))
    assert {text.get_text() for text in figure.axes[0].get_legend().get_texts()} == {
        "fixed stride", r"distance $>\delta$", r"consistency $\chi<\tau$"
    }  # fmt: skip
    decoders = [text.get_text() for text in figure.axes[1].get_legend().get_texts()]
    assert decoders == ["lifting alone", "Wiener decoder"]
    assert "encoding" in figure.axes[-1].get_xlabel()


def test_f3_shows_each_change_beside_the_whole():
    figure = drawn(figures.ablations, made_up(ablations.ABLATIONS))
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names[0] == "as is"
    assert "ODE: none (as released)" in names
    # The names stand at the left panel alone: both must put a variant at one height.
    assert figure.axes[0].get_ylim() == figure.axes[1].get_ylim()


def test_f1_takes_a_block_apart():
    ds = made_up(panel.PANEL)
    ds["codes"] = (ds.codes.dims, np.arange(144).reshape(1, 12, 12) % 4.0)
    ds["present"] = ds.present.round() + 1
    figure = drawn(pipeline_panel, ds)
    titles = {axes.get_title(loc="right") for axes in figure.axes}
    assert {"field seen", "4 codes", "weights", "lifted forecast", "decoded", "truth"} <= titles


@pytest.mark.parametrize("piped", [True, False])
def test_a_users_errors_are_drawn(piped):
    rng = np.random.default_rng(0)
    models = ["persistence", "wiener-every"] if piped else ["persistence"]
    dims = ("model", "window", "lead")
    scores = {n: (dims, rng.uniform(0.1, 0.2, (len(models), 3, 5))) for n in ("rmse", "correlation")}
    ds = xr.Dataset(scores, {"model": models, "name": ("model", models), "lead": np.arange(5)})
    figure = drawn(figures.error_growth, ds)
    assert len(figure.axes[0].lines) == len(models)
