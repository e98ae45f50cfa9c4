"""A user's files: read as meant, or refused in one sentence."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import xarray as xr

from experiments.errors import UserError
from experiments.graph_ode import own_files


def waves(n=5, frames=40, height=6, width=8):
    time = np.arange(frames)[None, :, None, None]
    return np.sin(0.3 * time + np.arange(n)[:, None, None, None] + np.arange(width) + np.arange(height)[:, None])


def split(fields, **options):
    return own_files.split(fields, **{"history": 4, "horizon": 6, "unroll": 2, "seed": 0, "memory": 1.0, **options})


def saved(path, array):
    np.save(path, array)
    return path


def test_arrays_of_three_four_and_five_dimensions(tmp_path):
    data = waves()
    for array, shape, names in (
        (data[0], (1, 40, 6, 8), ("u",)),
        (data, (5, 40, 6, 8), ("u",)),
        (np.stack([data, -data], axis=2), (5, 40, 6, 8), ("u0", "u1")),
    ):
        fields = own_files.opened(saved(tmp_path / "a.npy", array))
        assert (fields.shape, fields.names) == (shape, names)
        first = fields.read(0, 3, 5)
        np.testing.assert_allclose(first[:, 0], data[0, 3:5].astype("f4"))
    assert fields.read(2, 0, 1)[0, 1] == pytest.approx(-data[2, 0], abs=1e-6)


def test_netcdf_dimensions_are_known_by_name_in_any_order(tmp_path):
    path, data = tmp_path / "a.nc", waves()
    ds = xr.Dataset({"u": (("lon", "lat", "time", "member"), data.T), "mask": (("lat", "lon"), data[0, 0])})
    ds.to_netcdf(path, engine="h5netcdf")
    fields = own_files.opened(path)
    assert (fields.names, fields.shape) == (("u",), (5, 40, 6, 8))
    np.testing.assert_allclose(fields.read(3, 10, 12)[:, 0], data[3, 10:12].astype("f4"))
    strange = ds.u.rename(lon="east", lat="north", time="hours").to_dataset()
    path = tmp_path / "b.nc"
    strange.to_netcdf(path, engine="h5netcdf")
    with pytest.raises(UserError, match="no variable with dimensions"):
        own_files.opened(path)
    assert own_files.opened(path, (), ("member", "hours", "north", "east")).shape == (5, 40, 6, 8)
    with pytest.raises(UserError, match="has no variable `w`: it has u"):
        own_files.opened(path, ("w",))
    with pytest.raises(UserError, match="`u` must have dimensions"):
        own_files.opened(path, ("u",))


def test_a_zarr_store_is_read_piece_by_piece(tmp_path):
    zarr = pytest.importorskip("zarr")
    path, data = tmp_path / "a.zarr", waves(height=7)
    ds = xr.Dataset({"u": (("trajectory", "time", "y", "x"), data), "v": (("trajectory", "time", "y", "x"), -data)})
    ds.to_zarr(path, consolidated=False, encoding={"u": {"chunks": (1, 10, 7, 8)}})
    fields = own_files.opened(path)
    assert (fields.names, fields.shape) == (("u", "v"), (5, 40, 7, 8))
    np.testing.assert_allclose(fields.read(3, 5, 8), np.stack([data[3, 5:8], -data[3, 5:8]], 1).astype("f4"))
    assert split(fields).training.shape == (3, 40, 2, 7, 8)
    zarr.save_array(tmp_path / "b.zarr", data)
    with pytest.raises(UserError, match="is one array without named dimensions"):
        own_files.opened(tmp_path / "b.zarr")
    (tmp_path / "c.zarr").mkdir()
    with pytest.raises(UserError, match="cannot be opened"):
        own_files.opened(tmp_path / "c.zarr")


def test_a_zarr_store_without_its_package_is_one_sentence(tmp_path, monkeypatch):
    (tmp_path / "a.zarr").mkdir()
    monkeypatch.setitem(sys.modules, "zarr", None)
    with pytest.raises(UserError, match=r"needs the package zarr, which is not installed: pip install -e '\.\[zarr\]'"):
        own_files.opened(tmp_path / "a.zarr")


def test_dimensions_of_one_entry_say_nothing_and_names_must_differ(tmp_path):
    path, data = tmp_path / "a.nc", waves(1)
    ds = xr.Dataset({"u": (("level", "time", "lat", "lon"), data), "v": (("level", "time", "lat", "lon"), -data)})
    ds.to_netcdf(path, engine="h5netcdf")
    fields = own_files.opened(path)
    assert (fields.names, fields.shape) == (("u", "v"), (1, 40, 6, 8))
    with pytest.raises(UserError, match="must have different names without a slash, but are u, u"):
        own_files.opened(path, ("u", "u"))
    with pytest.raises(UserError, match="`--dims` must name different dimensions"):
        own_files.opened(path, (), ("time", "lat", "lat"))


def test_trajectories_or_the_end_of_time_are_held_out(tmp_path):
    many = split(own_files.opened(saved(tmp_path / "a.npy", waves())))
    assert many.training.shape[:2] == (3, 40)
    assert set(many.unit) <= set(range(5))
    assert many.past.shape[1] == 4
    assert many.future.shape[1] == 6
    single = split(own_files.opened(saved(tmp_path / "b.npy", waves(1)[0])))
    assert single.training.shape[:2] == (1, 30)
    assert "the last 10 of 40 frames" in single.told
    # Windows of one trajectory are no independent ones.
    assert set(single.unit) == {0}
    np.testing.assert_allclose(single.future[-1, :, 0], waves(1)[0, 34:40].astype("f4"))


def test_what_exceeds_memory_is_read_in_stretches(tmp_path):
    fields = own_files.opened(saved(tmp_path / "a.npy", waves(5, 200, 16, 16)))
    part = split(fields, memory=200 * 16 * 16 * 4 / 2**30)
    assert part.training.shape[0] * part.training.shape[1] <= 200
    assert "random stretches" in part.told
    with pytest.raises(UserError, match="too large for"):
        split(fields, memory=1e-6)
    few = split(fields, memory=22 * 16 * 16 * 4 / 2**30)
    assert len(few.past) == 2
    with pytest.raises(UserError, match="One window of 24 frames of 16 x 16 is too large"):
        split(fields, horizon=20, memory=22 * 16 * 16 * 4 / 2**30)
    with pytest.raises(UserError, match="`--memory` must be positive and finite"):
        split(fields, memory=float("inf"))


def gap(data):
    data[2, 7, 1, 1] = np.nan
    return data


@pytest.mark.parametrize(
    ("array", "sentence"),
    [
        (gap(waves()), "`u` has 1 missing or infinite values"),
        (1e300 * waves(), "`u` has .* missing or infinite values"),
        (np.ones((5, 40, 6, 8)), "`u` is constant"),
        (waves(5, 8), "too few frames: 8"),
        (waves(1, 12)[0], "too few frames: 12"),
        (waves()[0, 0], "but has 2"),
        (waves(5, 40, 2, 8), "at least 4 x 4 points, but have 2 x 8"),
        (waves().astype(complex), "must hold real numbers"),
    ],
)
def test_what_cannot_be_forecast_is_one_sentence(tmp_path, array, sentence):
    with pytest.raises(UserError, match=sentence):
        split(own_files.opened(saved(tmp_path / "a.npy", array)))


def test_files_that_are_none_are_one_sentence(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        own_files.opened(tmp_path / "a.npy")
    for name in ("a.npy", "a.nc"):
        (tmp_path / name).write_bytes(b"not at all")
        with pytest.raises(UserError, match=r"is no \.npy file|cannot be opened"):
            own_files.opened(tmp_path / name)
    (tmp_path / "a.txt").write_text("1 2 3")
    with pytest.raises(UserError, match=r"must end in \.nc, \.npy or \.zarr"):
        own_files.opened(tmp_path / "a.txt")
