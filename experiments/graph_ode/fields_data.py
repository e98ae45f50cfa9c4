"""Trajectories of fields for training and testing, each set cached as one netCDF file that carries its recipe.

    dataset = load(data_recipe("sh_release", "small"), folder)
    train = normalised(dataset, "train")              # (trajectory, time, channel, y, x), in [0, 1] by its own extremes
    test = normalised(dataset, "test")                # by those of the training set

A file is named after its recipe's digest: it is computed again exactly when the recipe changes. Sets are made and
written a few trajectories at a time, so that memory stays bounded, and appear under their name only when complete.
SEVIR's measured images are not here: `advected`, a drifting Gaussian field, stands in for them and is called so.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import h5netcdf
import h5py
import jax
import jax.random as jr
import numpy as np
import xarray as xr

from dynamics.graph_ode import Recipe, recipe, simulate
from dynamics.graph_ode.fields import channels
from experiments.errors import StoreError, UserError
from experiments.store import sweep_leftovers

SPLITS = ("train", "validation", "test")
DIMS = ("trajectory", "time", "channel", "y", "x")
# Raised when the layout of the files changes.
LAYOUT = 1
# Bytes of frames made in one compiled call.
AT_ONCE = 2**26
SCALES = {"quick": (16, 4, 4), "small": (60, 12, 16), "paper": (100, 25, 50)}
# The cylinder is learned at some Reynolds numbers and tested between and beyond them.
REYNOLDS = ((60.0, 80.0, 100.0, 120.0), (70.0, 110.0), (70.0, 90.0, 110.0, 130.0, 140.0))
CYLINDERS = {"quick": (4, 2, 5), "small": (12, 4, 10), "paper": (40, 10, 25)}


@dataclass(frozen=True)
class DataRecipe:
    """A set of trajectories.

    counts: how many to train, validate and test with.  varied: a setting that differs between trajectories, with
    `values` for each split, taken in turn.
    """

    name: str
    plan: Recipe
    counts: tuple[int, int, int]
    seed: int = 1
    varied: str = ""
    values: tuple[tuple[float, ...], ...] = ()

    def __post_init__(self):
        if min(self.counts) < 1:
            raise UserError(f"Argument `counts` must be at least 1 in each split, but is {self.counts}.")
        if self.varied and (len(self.values) != len(SPLITS) or not all(self.values)):
            raise UserError(f"Argument `values` must list values of `{self.varied}` for each of {SPLITS}.")

    def record(self) -> dict:
        """Everything that decides the file's content, as plain values."""
        return {"layout": LAYOUT, **json.loads(json.dumps(dataclasses.asdict(self)))}

    @property
    def digest(self) -> str:
        return hashlib.blake2b(json.dumps(self.record(), sort_keys=True).encode(), digest_size=8).hexdigest()

    def of_split(self, split: int) -> list[float]:
        """The varied setting of each trajectory of a split; zeros where nothing varies."""
        values = self.values[split] if self.varied else (0.0,)
        return [values[i % len(values)] for i in range(self.counts[split])]


def data_recipe(name: str, scale: str = "quick", **changes) -> DataRecipe:
    """The set of a system at a scale: half the box at `quick`, 64 by 64 at `small`, 128 by 128 at `paper`.

    changes: fields or settings of the recipe, replaced.
    """
    if scale not in SCALES:
        raise UserError(f"Argument `scale` must be one of {', '.join(SCALES)}, but is {scale!r}.")
    plan = recipe(name)
    if name == "cylinder":
        sizes = {"quick": ((48, 64), 8.0), "small": ((48, 64), 8.0), "paper": ((64, 128), 10.0)}
        points, diameter = sizes[scale]
        extent = tuple(map(float, points))
        plan = plan.changed(points=points, extent=extent, diameter=diameter, skipped=100).changed(**changes)
        return DataRecipe(name, plan, CYLINDERS[scale], varied="reynolds", values=REYNOLDS)
    factor = {"quick": 0.5, "small": 1.0, "paper": 2.0}[scale]
    # Flows keep their box, which sets their forcing; patterns keep their spacing.
    grown = 1.0 if name == "navier_stokes" else factor
    plan = plan.changed(
        points=tuple(round(n * factor) for n in plan.points), extent=tuple(length * grown for length in plan.extent)
    )
    return DataRecipe(name, plan.changed(**changes), SCALES[scale])


def path_of(data: DataRecipe, folder: Path) -> Path:
    """Where the set is stored."""
    return folder / f"{data.name}-{data.digest}.nc"


def load(data: DataRecipe, folder: Path) -> xr.Dataset:
    """The stored set, made first if it is not there; numbers are read when they are used."""
    path = path_of(data, folder)
    sweep_leftovers(folder)
    if not _stored(data, path):
        write(data, path)
    return xr.open_dataset(path, engine="h5netcdf")


def normalised(dataset: xr.Dataset, split: str) -> np.ndarray:
    """Frames of one split, (trajectory, time, channel, y, x); the training extremes of a channel become 0 and 1."""
    if split not in SPLITS:
        raise UserError(f"Argument `split` must be one of {', '.join(SPLITS)}, but is {split!r}.")
    chosen = dataset.field.isel(trajectory=np.flatnonzero(dataset.split.values == split)).values
    low, high = (dataset[name].values[:, None, None] for name in ("low", "high"))
    # A constant channel becomes zero.
    return (chosen - low) / np.where(high > low, high - low, 1.0).astype(chosen.dtype)


def trajectories(data: DataRecipe, split: int) -> Iterator[np.ndarray]:
    """The trajectories of one split in order, a few at a time; StoreError where one is not finite.

    A trajectory is known by its split and place, so that larger sets begin with the smaller ones.
    """
    plan = data.plan
    each = 4 * plan.frames * len(channels(plan)) * math.prod(plan.points)
    group = max(1, min(data.counts[split], 8, AT_ONCE // each))

    def one(key, value):
        return simulate(key, plan.changed(**{data.varied: value}) if data.varied else plan)

    values = data.of_split(split)
    with jax.enable_x64(False):
        run, root = jax.jit(jax.vmap(one)), jr.fold_in(jr.key(data.seed), split)
        for begin in range(0, len(values), group):
            # The last group is filled up with copies, so that nothing is compiled again.
            places = np.minimum(np.arange(begin, begin + group), len(values) - 1)
            keys = jax.vmap(lambda place: jr.fold_in(root, place))(places)
            made = np.asarray(run(keys, np.asarray(values, np.float32)[places]))[: len(values) - begin]
            if not np.isfinite(made).all():
                raise StoreError(f"A trajectory of {data.name} is not finite: take more substeps than {plan.substeps}.")
            yield made


def write(data: DataRecipe, path: Path) -> None:
    """Make the set and store it; the file appears under its name once it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    names, total = channels(data.plan), sum(data.counts)
    try:
        with h5netcdf.File(temporary, "w") as file:
            sizes = (total, data.plan.frames, len(names), *data.plan.points)
            file.dimensions = dict(zip(DIMS, sizes, strict=True))
            field = file.create_variable("field", DIMS, np.float32)
            low, high = np.full(len(names), np.inf, np.float32), np.full(len(names), -np.inf, np.float32)
            place = 0
            for split, name in enumerate(SPLITS):
                for made in trajectories(data, split):
                    field[place : place + len(made)] = made
                    place += len(made)
                    if name == "train":
                        low = np.minimum(low, made.min(axis=(0, 1, 3, 4)))
                        high = np.maximum(high, made.max(axis=(0, 1, 3, 4)))
            _describe(file, data, low, high)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _describe(file: h5netcdf.File, data: DataRecipe, low: np.ndarray, high: np.ndarray) -> None:
    def put(name, dims, values):
        values = np.asarray(values)
        if values.dtype.kind == "U":
            values = values.astype(object)
            variable = file.create_variable(name, dims, dtype=h5py.string_dtype())
        else:
            variable = file.create_variable(name, dims, values.dtype)
        variable[...] = values

    put("time", ("time",), (np.arange(data.plan.frames) + data.plan.skipped) * data.plan.spacing)
    put("channel", ("channel",), channels(data.plan))
    put("split", ("trajectory",), [name for name, count in zip(SPLITS, data.counts, strict=True) for _ in range(count)])
    put("low", ("channel",), low)
    put("high", ("channel",), high)
    if data.varied:
        put(data.varied, ("trajectory",), [v for split in range(len(SPLITS)) for v in data.of_split(split)])
    file.attrs["recipe"] = json.dumps(data.record(), sort_keys=True)
    file.attrs["comment"] = "low and high are the extremes of the training trajectories"


def _stored(data: DataRecipe, path: Path) -> bool:
    """Whether a whole file of this recipe is there."""
    if not path.exists():
        return False
    try:
        with h5netcdf.File(path, "r") as file:
            return json.loads(file.attrs["recipe"]) == data.record()
    except (OSError, KeyError, ValueError):
        return False
