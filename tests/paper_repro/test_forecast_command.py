"""`separatrix forecast` on a small file, as a user types it."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from experiments.errors import UserError
from paper_repro.tools.graph_ode import forecast


@pytest.fixture(scope="module")
def waves(tmp_path_factory):
    path = tmp_path_factory.mktemp("own") / "waves.npy"
    time, place = np.arange(24)[:, None, None], np.arange(12)
    np.save(path, np.stack([np.sin(0.3 * time + phase + place + place[:, None]) for phase in range(5)]))
    return path


def test_a_table_forecasts_and_figures_come_of_it(waves, tmp_path, capsys):
    code = forecast(
        waves, vars="height", horizon=4, history=3, codes=4, steps=2, models="persistence,wiener-every", out=tmp_path
    )
    assert code == 0
    told = capsys.readouterr().out
    assert "height, 5 x 24 x 12 x 12; held out: 2 of 5 trajectories" in told
    for word in ("persistence", "graph ODE + Wiener", "RMSE", "95 %: over 2 held-out trajectories", "CPU s"):
        assert word in told
    folder = tmp_path / "forecast"
    assert {path.name for path in folder.iterdir()} == {
        "forecasts.nc", "error-growth.pdf", "error-growth.png", "probes.pdf", "probes.png"
    }  # fmt: skip
    with xr.open_dataset(folder / "forecasts.nc", engine="h5netcdf") as ds:
        assert ds.rmse.sizes["lead"] == 4
        assert ds.height_forecast.shape == ds.height_truth.shape
        assert float(abs(ds.height_truth).max()) > 0.9


def test_of_one_trajectory_no_interval_is_given(waves, tmp_path, capsys):
    single = tmp_path / "single.npy"
    np.save(single, np.load(waves)[0])
    assert forecast(single, horizon=2, history=3, models="persistence", out=tmp_path) == 0
    told = capsys.readouterr().out
    assert "Only one trajectory was held out" in told
    assert "windows, which depend on each other): no interval" in told
    assert "95 %: over" not in told


def test_wrong_requests_are_one_sentence(waves, tmp_path):
    with pytest.raises(UserError, match="Unknown model 'oracle'"):
        forecast(waves, horizon=4, history=3, models="oracle", out=tmp_path)
    with pytest.raises(UserError, match="Argument `horizon` must be at least 1"):
        forecast(waves, horizon=0, out=tmp_path)
