"""Field data of a user's own, from .nc, .npy or .zarr: what is wrong with them ends in one sentence, not a traceback.

Nothing is read but shapes until it is asked for, so that a file may be larger than memory: of such a one, stretches of
time drawn at random are read, as many as fit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from experiments.errors import UserError

ROLES = ("trajectory", "time", "y", "x")
ALIASES = {
    "trajectory": ("trajectory", "trajectories", "sample", "batch", "member", "run", "ensemble", "case", "realization"),
    "time": ("time", "t", "frame", "frames", "step", "date", "month", "day", "year"),
    "y": ("y", "lat", "latitude", "height", "row", "rows", "nlat"),
    "x": ("x", "lon", "longitude", "width", "column", "columns", "nlon"),
}
LEAST_SIDE = 4


@dataclass(frozen=True)
class Fields:
    """Variables of one shape, (trajectory, time, y, x) each, still in their file."""

    names: tuple[str, ...]
    variables: tuple[Any, ...]

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Trajectories, frames, rows, columns."""
        return tuple(self.variables[0].shape)

    @property
    def bytes(self) -> int:
        """What all of it takes in single precision."""
        return 4 * math.prod(self.shape) * len(self.names)

    def read(self, trajectory: int, start: int, stop: int) -> np.ndarray:
        """(frames, channels, y, x) of one stretch, in single precision; UserError where values are missing."""
        parts = []
        for name, variable in zip(self.names, self.variables, strict=True):
            with np.errstate(over="ignore"):
                # What single precision cannot hold is infinite here, and refused with the rest.
                part = np.asarray(variable[trajectory, start:stop]).astype(np.float32)
            if not np.isfinite(part).all():
                missing = int((~np.isfinite(part)).sum())
                raise UserError(
                    f"`{name}` has {missing} missing or infinite values in frames {start} to {stop - 1} of trajectory "
                    f"{trajectory}: fill the gaps, or cut them out, first."
                )
            parts.append(part)
        return np.stack(parts, axis=1)


class _Viewed:
    """An array of fewer dimensions seen as (trajectory, time, y, x), without reading it."""

    def __init__(self, array, order: tuple[int | None, ...], channel: tuple[int, int] | None = None):
        self.array, self.order, self.channel = array, order, channel
        self.shape = tuple(1 if axis is None else array.shape[axis] for axis in order)

    def __getitem__(self, places):
        trajectory, times = places
        index: list[Any] = [slice(None)] * self.array.ndim
        if self.order[0] is not None:
            index[self.order[0]] = trajectory
        index[self.order[1]] = times
        if self.channel is not None:
            index[self.channel[0]] = self.channel[1]
        part = np.asarray(self.array[tuple(index)])
        gone = [axis for axis in (self.order[0], self.channel and self.channel[0]) if axis is not None]
        # Axes that an index removed shift those behind them.
        places = [axis - sum(g < axis for g in gone) for axis in self.order[1:]]
        return part.transpose(places)


def opened(path: Path, names: tuple[str, ...] = (), dims: tuple[str, ...] = ()) -> Fields:
    """The variables of a file by name (all that are fields, if none is named), none of them read yet.

    dims: the file's own names of its dimensions in the order trajectory, time, y, x, or the last three of these.
    UserError, in one sentence, for a file that is missing, unreadable, or holds no such fields.
    """
    path = Path(path)
    if not path.exists():
        raise UserError(f"Cannot read {path}: no such file.")
    kind = path.suffix.lower()
    if kind == ".npy":
        fields = _from_numpy(path, names)
    elif kind in (".nc", ".nc4", ".netcdf", ".cdf", ".zarr"):
        fields = _from_dataset(_dataset(path, kind), path, names, dims)
    else:
        raise UserError(f"{path} must end in .nc, .npy or .zarr.")
    if len(set(fields.names)) < len(fields.names) or any("/" in name for name in fields.names):
        raise UserError(f"Variables must have different names without a slash, but are {', '.join(fields.names)}.")
    if min(fields.shape[2:]) < LEAST_SIDE:
        raise UserError(
            f"Fields must have at least {LEAST_SIDE} x {LEAST_SIDE} points, but have {fields.shape[2]} x "
            f"{fields.shape[3]}."
        )
    return fields


def _from_numpy(path: Path, names: tuple[str, ...]) -> Fields:
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise UserError(f"{path} is no .npy file of numbers ({str(error)[:80]}).") from None
    orders = {3: (None, 0, 1, 2), 4: (0, 1, 2, 3), 5: (0, 1, 3, 4)}
    if array.ndim not in orders:
        raise UserError(
            f"{path} must have dimensions (time, y, x), (trajectory, time, y, x) or (trajectory, time, channel, y, x), "
            f"but has {array.ndim}."
        )
    _refuse_kind(array.dtype, path.name)
    count = array.shape[2] if array.ndim == 5 else 1
    names = names or tuple(f"u{i}" if count > 1 else "u" for i in range(count))
    if len(names) != count:
        raise UserError(f"{path} has {count} channels, but `--vars` names {len(names)}: {', '.join(names)}.")
    channels = [(2, i) if array.ndim == 5 else None for i in range(count)]
    return Fields(names, tuple(_Viewed(array, orders[array.ndim], channel) for channel in channels))


def _dataset(path: Path, kind: str) -> xr.Dataset:
    # Times are only counted, and calendars that xarray cannot decode alone are common.
    how: dict[str, Any] = {"decode_times": False}
    if kind == ".zarr":
        try:
            import zarr  # noqa: F401
        except ImportError:
            raise UserError(
                f"Reading {path} needs the package zarr, which is not installed: pip install -e '.[zarr]'."
            ) from None
        how |= {"engine": "zarr", "consolidated": False}
    try:
        return xr.open_dataset(path, **how)
    except Exception as error:
        if type(error).__name__ == "ContainsArrayError":
            raise UserError(f"{path} is one array without named dimensions: save it as .npy, or by xarray.") from None
        told = (str(error).splitlines() or [""])[0][:100]
        raise UserError(f"{path} cannot be opened ({type(error).__name__}: {told}).") from None


def _refuse_kind(dtype: np.dtype, name: str) -> None:
    if dtype.kind not in "fiub":
        raise UserError(f"`{name}` must hold real numbers, but holds {dtype}.")


def _from_dataset(data: xr.Dataset, path: Path, names: tuple[str, ...], dims: tuple[str, ...]) -> Fields:
    if dims and len(dims) not in (3, 4):
        raise UserError(f"`--dims` must name (trajectory, time, y, x) or (time, y, x), but is {','.join(dims)}.")
    if len(set(dims)) < len(dims):
        raise UserError(f"`--dims` must name different dimensions, but is {','.join(dims)}.")
    roles = dict(zip(dims, ROLES[-len(dims) :], strict=True)) if dims else {}
    known = {alias: role for role, own in ALIASES.items() for alias in own}
    # Others of one entry (a height, a depth) say nothing.
    single = [d for d, size in data.sizes.items() if size == 1 and d not in dims and str(d).lower() not in known]
    data = data.isel(dict.fromkeys(single, 0), drop=True)

    def order(variable: xr.DataArray):
        """Which axis plays which role; None if one is missing or left over."""
        found = {
            roles.get(str(dim)) or (None if dims else known.get(str(dim).lower())): i
            for i, dim in enumerate(variable.dims)
        }
        left = [size for i, size in enumerate(variable.shape) if i not in found.values() or None in found]
        if None in found or len(found) < len(variable.dims) or not {"time", "y", "x"} <= set(found) or left:
            return None
        return tuple(found.get(role) for role in ROLES)

    if not names:
        names = tuple(str(name) for name, variable in data.data_vars.items() if order(variable) is not None)
        if not names:
            listed = "; ".join(f"{name} ({', '.join(map(str, v.dims))})" for name, v in data.data_vars.items())
            raise UserError(
                f"{path} holds no variable with dimensions (trajectory,) time, y, x: it has {listed[:300] or 'none'}. "
                "Name them with --dims."
            )
        # A zarr store lists them in any order.
        names = tuple(sorted(name for name in names if data[name].shape == data[names[0]].shape))
    variables = []
    for name in names:
        if name not in data:
            raise UserError(f"{path} has no variable `{name}`: it has {', '.join(map(str, data.data_vars)) or 'none'}.")
        axes = order(data[name])
        if axes is None:
            raise UserError(
                f"`{name}` must have dimensions (trajectory,) time, y, x, but has "
                f"({', '.join(map(str, data[name].dims))}): name them in this order with --dims."
            )
        _refuse_kind(data[name].dtype, name)
        variables.append(_Viewed(data[name].variable, axes))
    shapes = {variable.shape for variable in variables}
    if len(shapes) > 1:
        raise UserError(f"The variables {', '.join(names)} must have one shape, but have {sorted(shapes)}.")
    return Fields(tuple(names), tuple(variables))


@dataclass(frozen=True)
class Split:
    """Stretches of time to train on, (n, frames, C, y, x), and held-out windows: pasts and what came.

    unit: which held-out trajectory each window belongs to.  told: how the split was made, in words.
    """

    training: np.ndarray
    past: np.ndarray
    future: np.ndarray
    unit: np.ndarray
    told: str


HELD_OUT, MOST_WINDOWS = 0.2, 24


def split(fields: Fields, history: int, horizon: int, *, unroll: int, seed: int, memory: float) -> Split:
    """Hold out a fifth of the trajectories, or the last part of time where there are fewer than four.

    memory: GiB that the training data, and the held-out windows, may take; of larger data stretches are drawn at
    random.
    UserError where there are too few frames, or a channel is constant.
    """
    count, frames = fields.shape[:2]
    whole = history + horizon
    by_time = count < 4
    tail = max(whole, round(HELD_OUT * frames)) if by_time else 0
    least = tail + history + max(unroll, 1) + 1 if by_time else max(whole, history + unroll + 1)
    if frames < least:
        raise UserError(
            f"There are too few frames: {frames}, but a history of {history}, a horizon of {horizon} and what is held "
            f"out need at least {least}; take a shorter --horizon or --history."
        )
    draw = np.random.default_rng(seed)
    order = draw.permutation(count)
    held = np.sort(order) if by_time else np.sort(order[: max(2, round(HELD_OUT * count))])
    kept = np.sort(order) if by_time else np.sort(np.setdiff1d(order, held))
    stretch, told = _trained(fields, kept, frames - tail, history + unroll + 1, draw, memory)
    first = frames - tail if by_time else 0
    starts = np.arange(first + history, frames - horizon + 1, horizon)
    each = max(1, MOST_WINDOWS // len(held))
    starts = starts[np.unique(np.linspace(0, len(starts) - 1, min(each, len(starts))).astype(int))]
    windows = [(t, s) for t in held for s in starts]
    room = _room(fields, memory) // whole
    windows = [windows[i] for i in np.unique(np.linspace(0, len(windows) - 1, min(room, len(windows))).astype(int))]
    if not windows:
        raise UserError(
            f"One window of {whole} frames of {fields.shape[2]} x {fields.shape[3]} is too large for {memory:g} GiB: "
            "give --memory more."
        )
    cut = np.stack([fields.read(int(t), int(s) - history, int(s) + horizon) for t, s in windows])
    spread = stretch.std(axis=(0, 1, 3, 4))
    for name, size in zip(fields.names, spread, strict=True):
        if not size > 0:
            raise UserError(f"`{name}` is constant: there is nothing to forecast.")
    unit = np.array([t for t, _ in windows])
    where = f"the last {tail} of {frames} frames" if by_time else f"{len(held)} of {count} trajectories"
    told = f"held out: {where}, {len(windows)} windows; trained on {told}"
    return Split(stretch, cut[:, :history], cut[:, history:], unit, told)


def _room(fields: Fields, memory: float) -> int:
    """How many frames fit."""
    if not 0 < memory < math.inf:
        raise UserError(f"`--memory` must be positive and finite, but is {memory}.")
    return int(memory * 2**30 / (4 * len(fields.names) * fields.shape[2] * fields.shape[3]))


def _trained(fields: Fields, kept: np.ndarray, frames: int, least: int, draw, memory: float) -> tuple[np.ndarray, str]:
    """The training stretches: all of the time of all trajectories, or random ones where that is too much."""
    room = _room(fields, memory)
    if room < 2 * least:
        raise UserError(
            f"Fields of {fields.shape[2]} x {fields.shape[3]} are too large for {memory:g} GiB: give --memory more."
        )
    if len(kept) * frames <= room:
        return np.stack([fields.read(int(t), 0, frames) for t in kept]), f"{len(kept)} x {frames} frames"
    length = min(frames, max(least, min(100, room // 8)))
    number = room // length
    places = [(int(draw.choice(kept)), int(draw.integers(0, frames - length + 1))) for _ in range(number)]
    stretches = np.stack([fields.read(t, s, s + length) for t, s in places])
    return stretches, f"{number} random stretches of {length} frames, as the data exceed --memory"
