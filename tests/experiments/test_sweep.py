"""Sweeps: one answer however they are run, resumed, damaged or interrupted."""

from __future__ import annotations

import dataclasses
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest
import xarray as xr

from experiments import codes, engines, shard, store
from experiments.errors import StoreError, UserError
from experiments.space import Space, listing
from experiments.sweep import ShardFailures, dataset_of, prepare, run_sweep
from tests.experiments.toys import GROWTH, MOODY, POWERS, TALLY

QUICK = POWERS.space("quick")
SHARDS = 9  # 14 cells of each of 3 degrees, 5 cells a shard


def sweep(root, experiment=POWERS, space=None, **options):
    return run_sweep(experiment, space or experiment.space("quick"), scale="quick", root=root, **options)


def files(outcome):
    return {path.name: path.read_bytes() for path in sorted((outcome.run.folder / "shards").iterdir())}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """An uninterrupted sweep: the bytes every other way of running must end in."""
    outcome = sweep(tmp_path_factory.mktemp("finished"))
    dataset_of(outcome)
    return outcome


def test_the_dataset_has_the_axes_as_dimensions_and_says_what_it_is(finished):
    dataset = xr.open_dataset(finished.run.folder / "dataset.nc", engine="h5netcdf")
    assert dataset["power"].dims == ("x", "degree", "replicate")
    assert dataset["path"].dims == ("x", "degree", "replicate", "level")
    assert dataset["noise"].attrs == {"symbol": r"\xi_0", "long_name": "a draw", "units": "1"}
    expected = dataset["x"] ** dataset["degree"]
    # x^d in float64: two roundings a multiplication.
    np.testing.assert_allclose(dataset["power"].isel(replicate=0), expected, rtol=8 * np.finfo(float).eps)
    assert np.all(dataset["code"] == codes.OK)
    assert len(np.unique(dataset["noise"])) == QUICK.size


def test_the_birth_certificate_names_all_a_number_depends_on(finished):
    certificate = finished.run.certificate()
    for name in ("space", "code", "versions", "precision", "root_seed", "devices", "wall_seconds", "keys"):
        assert certificate[name] not in (None, "", {}, []), name


def test_processes_write_the_same_bytes_as_serial(finished, tmp_path):
    assert files(sweep(tmp_path, engine=engines.named("processes", 2))) == files(finished)


def test_cells_do_not_depend_on_order_or_batch(finished, tmp_path):
    shuffled = Space((QUICK.axes[2], listing("x", QUICK.axes[0].columns["x"][::-1]), QUICK.axes[1]))
    alone = dataclasses.replace(POWERS, shard_cells=1000)
    ours, theirs = dataset_of(finished), dataset_of(sweep(tmp_path, alone, shuffled))
    theirs = theirs.transpose("x", "degree", "replicate", "level").sortby("x")
    np.testing.assert_array_equal(theirs["noise"], ours["noise"])
    np.testing.assert_allclose(theirs["power"], ours["power"], rtol=8 * np.finfo(float).eps)


@pytest.mark.parametrize("side_by_side", [True, False])
def test_one_device_is_eight_to_rounding(side_by_side):
    assert jax.local_device_count() == 8
    powers = dataclasses.replace(POWERS, side_by_side=side_by_side)
    _, specs = prepare(powers, QUICK, scale="quick", root=Path("unused"), seed=0)
    for spec in specs[::4]:
        one, eight = (shard.evaluate(spec, jax.local_devices()[:n]) for n in (1, 8))
        for name in one:
            np.testing.assert_allclose(one[name], eight[name], rtol=4 * np.finfo(float).eps)


@pytest.mark.parametrize(("cores", "used"), [(1, 1), (2, 1), (8, 7), (64, 8)])
def test_of_a_cpus_devices_fewer_than_cores_are_used(cores, used):
    assert shard.crew(jax.local_devices(), cores) == jax.local_devices()[:used]


@pytest.mark.parametrize(("batch", "used"), [(32, 8), (12, 6), (7, 7), (1, None)])
def test_as_many_devices_share_a_training_as_divide_its_batch(batch, used):
    mesh = shard.sharers(batch, jax.local_devices())
    assert (mesh and mesh.size) == used
    assert shard.sharers(batch) is None  # cores of a CPU do not


@pytest.mark.parametrize("way", [{"side_by_side": False}, {"compiled": False}, {"lightly": True}])
def test_cells_in_turn_or_uncompiled_or_hardly_optimised_are_the_same_cells(finished, tmp_path, way):
    ours, theirs = dataset_of(finished), dataset_of(sweep(tmp_path, dataclasses.replace(POWERS, **way)))
    for name in ("power", "noise", "path"):
        np.testing.assert_allclose(theirs[name], ours[name], rtol=8 * np.finfo(float).eps)


def test_float32_is_float32(tmp_path):
    single = dataclasses.replace(POWERS, precision="float32")
    dataset = dataset_of(sweep(tmp_path, single, Space((listing("x", (0.3,)),), {"degree": 2})))
    assert dataset["power"].dtype == np.float32


@pytest.mark.parametrize("done", [1, 4, 8])
def test_an_interrupted_sweep_computes_exactly_the_rest(finished, tmp_path, done):
    def stop(progress):
        if progress.event == "shard" and progress.done == done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(tmp_path, watch=stop)
    rest = sweep(tmp_path)
    assert rest.computed == SHARDS - done
    assert files(rest) == files(finished)
    assert sweep(tmp_path).computed == 0


KILLED = """
import os, signal, sys
from pathlib import Path
from experiments import store
from experiments.sweep import run_sweep
from tests.experiments.toys import POWERS

writes, fsync = 0, os.fsync
def kill_inside_a_write(fd):
    global writes
    writes += 1
    if writes == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    fsync(fd)
os.fsync = kill_inside_a_write
run_sweep(POWERS, POWERS.space("quick"), scale="quick", root=Path(sys.argv[1]))
"""


def run_and_kill(folder, write):
    """Sweep in a process of its own that dies inside its `write`-th write; the process's exit status."""
    command = [sys.executable, "-c", KILLED, str(folder), str(write)]
    return subprocess.run(command, cwd=Path(__file__).parents[2], check=False).returncode


def test_a_killed_sweep_leaves_only_whole_files_and_goes_on(finished, tmp_path):
    assert run_and_kill(tmp_path, 5) == -signal.SIGKILL
    assert list(tmp_path.glob("**/.*.tmp"))
    rest = sweep(tmp_path)
    # The manifest was the first write, the fifth died: three shards stood.
    assert rest.computed == SHARDS - 3
    assert files(rest) == files(finished)
    assert not list(tmp_path.glob("**/.*.tmp"))


def test_damaged_and_foreign_shards_are_named_and_computed_again(finished, tmp_path):
    first = sweep(tmp_path)
    shards = first.run.folder / "shards"
    whole = (shards / "00002.nc").read_bytes()
    (shards / "00002.nc").write_bytes(whole[: len(whole) // 2])
    (shards / "00004.nc").write_bytes((shards / "00005.nc").read_bytes())
    altered = store.read_netcdf(shards / "00006.nc")
    altered["noise"][0] += 1e-9
    (shards / "00006.nc").write_bytes(store.netcdf_bytes(altered))
    news = []
    again = sweep(tmp_path, watch=lambda progress: news.append(progress.event))
    assert again.computed == 3
    assert set(again.recomputed) == {"00002.nc", "00004.nc", "00006.nc"}
    assert "truncated" in again.recomputed["00002.nc"]
    assert "foreign" in again.recomputed["00004.nc"]
    assert "own hash" in again.recomputed["00006.nc"]
    assert any("00002.nc is truncated" in event for event in news)
    assert files(again) == files(finished)


def test_a_failing_cell_is_a_code_in_the_data(tmp_path):
    dataset = dataset_of(sweep(tmp_path, GROWTH))
    np.testing.assert_array_equal(dataset["code"], [codes.NON_FINITE, codes.OK, codes.OK, codes.BLOW_UP])
    assert dataset["code"].attrs["flag_meanings"].split()[list(codes.MEANINGS).index(codes.BLOW_UP)] == "blow_up"


def test_a_failing_shard_is_kept_with_its_traceback_and_the_rest_is_stored(tmp_path, monkeypatch):
    trouble = tmp_path / "trouble"
    monkeypatch.setenv("MOODY", str(trouble))
    trouble.touch()
    failed = sweep(tmp_path, MOODY)
    assert (failed.computed, len(failed.failures)) == (0, 3)
    tracebacks = sorted((failed.run.folder / "failures").iterdir())
    assert len(tracebacks) == 6  # three shards, each tried twice
    assert "MemoryError: no room for this shard" in tracebacks[0].read_text()
    with pytest.raises(ShardFailures, match="3 of 3 shards failed"):
        dataset_of(failed)
    trouble.unlink()
    assert sweep(tmp_path, MOODY).computed == 3


def test_a_partial_run_can_be_looked_at_and_says_what_is_missing(tmp_path):
    def stop(progress):
        if progress.done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(tmp_path, watch=stop)
    run = store.Run.open(next(tmp_path.glob("data/*/*/*")))
    with pytest.raises(StoreError, match="4 of 9 shards"):
        store.collect(run)
    partial = store.collect(run, partial=True)
    missing = partial["code"] == codes.MISSING
    assert 0 < int(missing.sum()) < QUICK.size
    assert np.all(np.isnan(partial["power"]) == missing)


def test_an_unwritable_output_folder_is_one_sentence(tmp_path):
    (tmp_path / "data").write_text("a file where the folder should be")
    with pytest.raises(StoreError, match=r"Cannot write .*manifest\.json") as error:
        sweep(tmp_path)
    assert "\n" not in str(error.value)


def test_a_full_disk_stops_the_sweep_and_leaves_what_is_stored(finished, tmp_path):
    def fill(progress):
        if progress.done == 3:
            # No file may grow past this many bytes from now on: what a full disk does, for this process alone.
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with pytest.raises(StoreError, match=r"Cannot write .*\.nc: .* already stored is untouched"):
            sweep(tmp_path, watch=fill)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    stored = {path.name: path.read_bytes() for path in tmp_path.glob("data/**/*.nc")}
    assert len(stored) == 3
    assert all(files(finished)[name] == content for name, content in stored.items())
    assert sweep(tmp_path).computed == SHARDS - 3


@pytest.mark.parametrize(
    ("space", "sentence"),
    [
        (Space((listing("x", (0.1,)), listing("tilt", (1,))), {"degree": 2}), "Unknown axis `tilt`"),
        (Space((listing("x", (0.1,)),)), "`degree` .* is not set"),
    ],
)
def test_a_space_that_does_not_fit_the_cell_touches_nothing(tmp_path, space, sentence):
    with pytest.raises(UserError, match=sentence):
        sweep(tmp_path, POWERS, space)
    assert not os.listdir(tmp_path)


def test_a_cell_whose_parameters_are_not_described_is_refused():
    with pytest.raises(UserError, match="its cell takes"):
        dataclasses.replace(POWERS, parameters={"x": POWERS.parameters["x"]})


def test_an_output_with_the_name_of_a_parameter_is_refused():
    with pytest.raises(UserError, match=r"\['x'\] cannot be outputs"):
        dataclasses.replace(POWERS, outputs={**POWERS.outputs, "x": POWERS.parameters["x"]})


def test_a_symbol_names_its_parameter():
    assert POWERS.parameter_named("d") == "degree"
    with pytest.raises(UserError, match=r"Unknown axis `q`: toys/powers has x, degree \(d\)"):
        POWERS.parameter_named("q")


def test_an_unknown_engine_is_refused():
    with pytest.raises(UserError, match="Unknown engine 'cloud'"):
        engines.named("cloud")


@pytest.mark.slow
def test_a_storm_of_kills_ends_in_the_same_files(finished, tmp_path):
    # Every life but the first, which also writes the manifest, finishes two shards and dies writing the third.
    lives = 0
    while run_and_kill(tmp_path, 3) == -signal.SIGKILL:
        lives += 1
    assert lives == 4
    assert files(sweep(tmp_path)) == files(finished)


@pytest.mark.slow
def test_dask_writes_the_same_bytes_as_serial(finished, tmp_path):
    assert files(sweep(tmp_path, engine=engines.named("dask", 2))) == files(finished)


def test_a_cell_that_keeps_what_it_reached_finds_it_again_in_the_next_sweep(tmp_path):
    first, second = (
        dataset_of(sweep(tmp_path, TALLY, TALLY.space(scale))).visits.item() for scale in ("quick", "paper")
    )
    assert (first, second) == (1, 2)
    assert (tmp_path / "data" / "toys" / "kept" / "visits").read_text() == "xx"
