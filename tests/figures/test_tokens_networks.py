"""Figures of the trained networks, drawn from data made up to be recognised."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from experiments.tokens import networks, reordering
from figures import style
from figures.tokens.networks import FIGURES

SEEDS = 6


def made_up(experiment, seed=0):
    """A dataset shaped like an experiment's at the scale quick, of noise about 1."""
    rng = np.random.default_rng(seed)
    space = experiment.space("quick")
    sizes = {axis.name: (SEEDS if axis.name == "replicate" else len(axis)) for axis in space.axes}
    coordinates = {axis.name: list(axis.columns[axis.name]) for axis in space.axes if axis.name != "replicate"}
    coordinates |= {name: list(values) for name, values in experiment.coordinates.items()} | dict(space.fixed)
    data = {}
    for name, quantity in experiment.outputs.items():
        dims = (*sizes, *quantity.dims)
        shape = [sizes.get(dim) or len(experiment.coordinates[dim]) for dim in dims]
        data[name] = (dims, 1 + 0.01 * rng.normal(size=shape))
    return xr.Dataset(data, coordinates)


@pytest.fixture(scope="module")
def sign_figure():
    mamba, selective = made_up(networks.MAMBA_LANGUAGE), made_up(networks.SELECTIVE_LANGUAGE)
    mamba["surprise"] = mamba.surprise + xr.where(mamba["variant"] == "unconstrained", -0.5, 0.0)
    with style.house_style():
        drawn = FIGURES[0].draw(mamba, selective)
        drawn.draw_without_rendering()
    return drawn


def test_f10_shows_gaps_from_the_positive_block_with_the_noise_floor(sign_figure):
    panel = sign_figure.axes[0]
    assert "ell_{positive}" in panel.get_ylabel()
    means = [float(container[0].get_ydata()[0]) for container in panel.containers]
    np.testing.assert_allclose(means, [0, 0, 0, -0.5, 0], atol=0.03)
    assert [text.get_text() for text in panel.texts] == ["noise\nfloor"]
    assert len(panel.get_xticklabels()) == 5
    assert len(sign_figure.axes[1].get_xticklabels()) == 3
    assert "participation ratio" in sign_figure.axes[3].get_ylabel()


def test_reordering_is_shown_beside_all_its_controls_and_the_ceiling():
    ds = made_up(reordering.REORDERING)
    ds["correct"] = ds.correct * 0.25 * float(ds.asked)
    with style.house_style():
        drawn = FIGURES[1].draw(ds)
        drawn.draw_without_rendering()
    shares = drawn.axes[3]
    means = [float(container[0].get_ydata()[0]) for container in shares.containers]
    np.testing.assert_allclose(means, 0.25, atol=0.02)
    assert any("9/16" in text.get_text() for text in shares.texts)
    assert not any("9/16" in text.get_text() for text in drawn.axes[2].texts)
    assert len(drawn.axes[1].get_legend().get_texts()) == 6
