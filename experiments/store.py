"""The result store: one netCDF file per shard, written whole or not at all, and collected into one Dataset.

A run is a folder: `manifest.json` (the recipe and the list of shards, written before anything is computed),
`shards/*.nc`, `journal.jsonl` (who computed what, when, in how many seconds) and `dataset.nc`. Shards and
dataset are the same bytes however often the run was interrupted; times live in the journal alone.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from experiments import codes
from experiments.errors import StoreError
from experiments.space import Space


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is either complete under its name or not there; `StoreError` says what stopped it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        if path.parent.is_dir():
            temporary.unlink(missing_ok=True)
        raise StoreError(
            f"Cannot write {path}: {error.strerror or error}. Everything already stored is untouched."
        ) from error


def sweep_leftovers(folder: Path) -> None:
    """Remove temporary files of processes that no longer run."""
    for path in folder.glob("**/.*.tmp"):
        pid = path.name.split(".")[-2]
        if pid.isdigit() and not _alive(int(pid)):
            path.unlink(missing_ok=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _content_hash(dataset: xr.Dataset) -> str:
    state = hashlib.blake2b(digest_size=16)
    for name in sorted(map(str, dataset.variables)):
        values = dataset[name].values
        state.update(f"{name}{values.shape}".encode())
        state.update("\0".join(values.ravel()).encode() if values.dtype.kind in "OUS" else values.tobytes())
    return state.hexdigest()


def netcdf_bytes(dataset: xr.Dataset) -> bytes:
    """A Dataset as the bytes of a netCDF file; equal Datasets give equal bytes."""
    buffer = io.BytesIO()
    dataset.to_netcdf(buffer, engine="h5netcdf")
    return buffer.getvalue()


def read_netcdf(path: Path) -> xr.Dataset:
    """A netCDF file in memory, its numbers as they were stored (no times decoded, no file kept open)."""
    with xr.open_dataset(
        io.BytesIO(path.read_bytes()), engine="h5netcdf", decode_times=False, decode_timedelta=False
    ) as dataset:
        return dataset.load()


def write_shard(path: Path, shard: str, dataset: xr.Dataset) -> None:
    """Store one shard with its own name and the hash of its content, by which `read_shard` verifies it."""
    attributes = {"shard": shard, "content": _content_hash(dataset)}
    write_whole(path, netcdf_bytes(dataset.assign_attrs(attributes)))


def read_shard(path: Path, shard: str) -> xr.Dataset:
    """A finished shard. `FileNotFoundError` if there is none; `ValueError` says why a file is not that shard."""
    try:
        dataset = read_netcdf(path)
    except FileNotFoundError:
        raise
    except Exception as error:  # h5py raises whatever the damaged bytes make it raise
        raise ValueError("truncated or damaged") from error
    if dataset.attrs.get("shard") != shard:
        raise ValueError("foreign: it belongs to another sweep")
    if dataset.attrs.get("content") != _content_hash(dataset):
        raise ValueError("damaged: its content does not match its own hash")
    return dataset


def append_entry(path: Path, entry: dict) -> None:
    """Append one line of JSON to a file; `StoreError` where that cannot be done."""
    try:
        with open(path, "a") as file:
            file.write(json.dumps(entry) + "\n")
    except OSError as error:
        raise StoreError(f"Cannot write {path}: {error.strerror}.") from error


def entries_of(path: Path) -> list[dict]:
    """The lines of such a file, none if there is no file; one torn by a kill is passed over."""
    entries = []
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            entries.append(json.loads(line))
        except ValueError:
            continue
    return entries


@dataclass(frozen=True)
class Run:
    """A run's folder and what its manifest says."""

    folder: Path
    manifest: dict

    @staticmethod
    def open(folder: Path) -> Run:
        """Read a run's manifest; `StoreError` where there is none or it cannot be read."""
        path = folder / "manifest.json"
        try:
            return Run(folder, json.loads(path.read_text()))
        except (OSError, ValueError) as error:
            raise StoreError(f"No readable run in {folder}: {path.name} is missing or damaged.") from error

    @property
    def shard_names(self) -> list[str]:
        return [shard["id"] for shard in self.manifest["shards"]]

    def shard_path(self, index: int) -> Path:
        return self.folder / "shards" / f"{index:05d}.nc"

    def finished(self) -> tuple[dict[int, xr.Dataset], dict[int, str]]:
        """The finished shards, and for files that are no finished shard of this run the reason."""
        good, bad = {}, {}
        for index, name in enumerate(self.shard_names):
            try:
                good[index] = read_shard(self.shard_path(index), name)
            except FileNotFoundError:
                continue
            except ValueError as reason:
                bad[index] = str(reason)
        return good, bad

    def present(self) -> int:
        """How many shard files there are; cheap, for watching."""
        return sum(self.shard_path(i).exists() for i in range(len(self.shard_names)))

    def note(self, **entry) -> None:
        """Append one line to the journal."""
        append_entry(self.folder / "journal.jsonl", entry)

    def journal(self) -> list[dict]:
        """The journal's entries; a line torn by a kill is passed over."""
        return entries_of(self.folder / "journal.jsonl")

    def certificate(self) -> dict:
        """The birth certificate: the recipe, the devices and the seconds spent."""
        entries = [e for e in self.journal() if "seconds" in e]
        devices = sorted({e["devices"] for e in entries if "devices" in e})
        return {
            **self.manifest["recipe"],
            "wall_seconds": round(sum(e["seconds"] for e in entries), 3),
            "devices": devices,
        }


def collect(run: Run, *, partial: bool = False) -> xr.Dataset:
    """All shards of a run as one Dataset with the axes as dimensions; attributes carry units, symbols, recipe.

    With `partial`, cells not computed yet have code `missing` and NaN (or zero, for whole numbers) as values;
    without it an incomplete run raises `StoreError`.
    """
    good, bad = run.finished()
    total = len(run.shard_names)
    if len(good) < total and not partial:
        damaged = f", {len(bad)} damaged" if bad else ""
        raise StoreError(
            f"{run.folder} holds {len(good)} of {total} shards{damaged}: run the sweep again to finish it."
        )
    space = Space.from_json(run.manifest["recipe"]["space"])
    outputs = run.manifest["outputs"]
    stored = {"code": np.full(space.size, codes.MISSING, np.int8)}
    for shard in good.values():
        for name in (*outputs, "code"):
            values = shard[name].values
            if name not in stored:
                empty = np.nan if values.dtype.kind == "f" else 0
                stored[name] = np.full((space.size, *values.shape[1:]), empty, values.dtype)
            stored[name][shard["cell"].values] = values
    axes = tuple(axis.name for axis in space.axes)
    variables = {
        name: (
            (*axes, *outputs[name]["dims"]),
            stored[name].reshape(space.shape + stored[name].shape[1:]),
            outputs[name]["attrs"],
        )
        for name in outputs
        if name in stored
    }
    flags = {
        "flag_values": np.array(list(codes.MEANINGS), np.int8),
        "flag_meanings": " ".join(codes.MEANINGS.values()),
    }
    variables["code"] = (
        axes,
        stored["code"].reshape(space.shape),
        {"long_name": "result code", **flags},
    )
    described = run.manifest["parameters"]
    coordinates = {
        parameter: (axis.name, np.asarray(values), described.get(parameter, {}))
        for axis in space.axes
        for parameter, values in axis.columns.items()
    }
    coordinates |= {p: ((), v, described.get(p, {})) for p, v in space.fixed.items()}
    coordinates |= {dim: (dim, np.asarray(values)) for dim, values in run.manifest["coordinates"].items()}
    recipe = run.manifest["recipe"]
    attributes = {
        "title": run.manifest["title"],
        "experiment": recipe["experiment"],
        "recipe": json.dumps(recipe, sort_keys=True),
    }
    return xr.Dataset(variables, coordinates, attributes)


def write_dataset(run: Run, dataset: xr.Dataset) -> Path:
    """Store the collected Dataset and, beside it, its birth certificate with the times."""
    path = run.folder / "dataset.nc"
    write_whole(path, netcdf_bytes(dataset))
    write_whole(run.folder / "certificate.json", json.dumps(run.certificate(), indent=1).encode())
    return path
