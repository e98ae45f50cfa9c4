"""Parameter spaces: named axes (grids, lists, random designs, tables of cases) and the cells they span."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from experiments.errors import UserError

Value = float | int | str
MAX_CELLS = 10**8


@dataclass(frozen=True)
class Axis:
    """One named dimension of a sweep and the parameters that vary along it.

    `columns` maps a parameter to its values; all columns have the same length. A plain axis has one column of
    its own name; a table of cases or a random design moves several parameters together.
    """

    name: str
    columns: Mapping[str, tuple[Value, ...]]

    def __post_init__(self):
        lengths = {len(values) for values in self.columns.values()}
        if lengths == {0} or not lengths:
            raise UserError(f"Axis `{self.name}` is empty: give at least one value.")
        if len(lengths) > 1:
            sizes = {name: len(values) for name, values in self.columns.items()}
            raise UserError(f"Axis `{self.name}` has columns of different lengths: {sizes}.")
        for parameter, values in self.columns.items():
            for value in values:
                if not isinstance(value, str) and not math.isfinite(value):
                    raise UserError(f"Parameter `{parameter}` must be finite, but is {value}.")

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))


def listing(name: str, values: Sequence[Value]) -> Axis:
    """An axis with the values given, in that order."""
    return Axis(name, {name: tuple(v.item() if isinstance(v, np.generic) else v for v in values)})


def grid(name: str, start: float, stop: float, count: int, *, log: bool = False) -> Axis:
    """`count` values from `start` to `stop`, both included, evenly spaced or evenly spaced in the logarithm."""
    if count < 1 or int(count) != count:
        raise UserError(f"Axis `{name}` is empty: the number of values must be at least 1, but is {count}.")
    for end in (start, stop):
        if not math.isfinite(end):
            raise UserError(f"Parameter `{name}` must be finite, but a range of it ends at {end}.")
    if count > 1 and start == stop:
        raise UserError(f"Axis `{name}` is empty: {count} values were asked for between {start} and {stop}.")
    if log and min(start, stop) <= 0:
        raise UserError(f"Axis `{name}` is logarithmic, so its ends must be positive, but are {start}, {stop}.")
    return listing(name, (np.geomspace if log else np.linspace)(start, stop, int(count)))


def cases(name: str, **columns: Sequence[Value]) -> Axis:
    """A table: row i of the axis `name` sets every column's parameter to its i-th value."""
    return Axis(name, {key: listing(key, values).columns[key] for key, values in columns.items()})


def random_design(name: str, count: int, seed: int, **ranges: tuple[float, float]) -> Axis:
    """`count` independent uniform points of a box, drawn once from `seed`: the same design on every machine."""
    draws = np.random.Generator(np.random.PCG64(seed)).random((count, len(ranges)))
    spans = {key: low + (high - low) * draws[:, i] for i, (key, (low, high)) in enumerate(ranges.items())}
    return cases(name, **spans)


def replicates(count: int) -> Axis:
    """Independent repetitions: the cell does not see the number, its key does."""
    return listing("replicate", range(count))


@dataclass(frozen=True)
class Space:
    """The product of its axes, with every other parameter fixed. Cells are numbered in C order of the axes."""

    axes: tuple[Axis, ...]
    fixed: Mapping[str, Value] = field(default_factory=dict)

    def __post_init__(self):
        seen: set[str] = set()
        for parameter in [*self.fixed, *(p for axis in self.axes for p in axis.columns)]:
            if parameter in seen:
                raise UserError(f"Parameter `{parameter}` is set twice in one space.")
            seen.add(parameter)
        for parameter, value in self.fixed.items():
            Axis(parameter, {parameter: (value,)})
        if self.size > MAX_CELLS:
            raise UserError(f"This space has {self.size} cells, more than {MAX_CELLS}: give its axes fewer values.")

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(len(axis) for axis in self.axes)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def parameters(self) -> tuple[str, ...]:
        return (*self.fixed, *(p for axis in self.axes for p in axis.columns))

    def columns(self) -> dict[str, np.ndarray]:
        """Every parameter's value in every cell, as arrays of length `size`."""
        places = np.unravel_index(np.arange(self.size), self.shape) if self.axes else ()
        swept = {
            parameter: np.asarray(values)[place]
            for axis, place in zip(self.axes, places, strict=True)
            for parameter, values in axis.columns.items()
        }
        return {p: np.full(self.size, v) for p, v in self.fixed.items()} | swept

    def with_parameter(self, parameter: str, values: Axis) -> Space:
        """The same space with one parameter's values replaced; several values of a fixed one make a new axis."""
        if parameter not in self.parameters:
            raise UserError(f"Unknown axis `{parameter}`: this experiment has {', '.join(sorted(self.parameters))}.")
        for i, axis in enumerate(self.axes):
            if parameter in axis.columns:
                if len(axis.columns) > 1:
                    raise UserError(
                        f"Parameter `{parameter}` is one column of the table `{axis.name}` and cannot be set alone."
                    )
                return replace(self, axes=(*self.axes[:i], values, *self.axes[i + 1 :]))
        fixed = dict(self.fixed)
        if len(values) == 1:
            fixed[parameter] = values.columns[parameter][0]
            return replace(self, fixed=fixed)
        del fixed[parameter]
        return Space((*self.axes, values), fixed)

    def to_json(self) -> dict:
        axes = [{"name": a.name, "columns": {k: list(v) for k, v in a.columns.items()}} for a in self.axes]
        return {"axes": axes, "fixed": dict(self.fixed)}

    @staticmethod
    def from_json(record: dict) -> Space:
        axes = tuple(Axis(a["name"], {k: tuple(v) for k, v in a["columns"].items()}) for a in record["axes"])
        return Space(axes, record["fixed"])


def parse_axis(parameter: str, text: str, like: Value) -> Axis:
    """Read `0:0.9:200`, `1:1000:7:log`, `0.1,0.2` or `0.3` as an axis whose values have the type of `like`.

    Raises `UserError` for anything else, for an empty or non-finite range, and for a fraction where the
    parameter counts something.
    """
    if isinstance(like, str):
        return listing(parameter, text.split(","))
    try:
        parts = text.split(":")
        if len(parts) == 1:
            axis = listing(parameter, [float(v) for v in text.split(",") if v.strip()])
        elif len(parts) == 3 or (len(parts) == 4 and parts[3] == "log"):
            axis = grid(parameter, float(parts[0]), float(parts[1]), int(parts[2]), log=len(parts) == 4)
        else:
            raise ValueError
    except UserError:
        raise
    except ValueError as error:
        form = "start:stop:count, start:stop:count:log, or values separated by commas"
        raise UserError(f"Cannot read `{parameter}={text}`: a range is {form}.") from error
    if not isinstance(like, int):
        return axis
    values = axis.columns[parameter]
    if any(v != round(v) for v in values):
        raise UserError(f"Parameter `{parameter}` must be a whole number, but `{text}` has other values.")
    return listing(parameter, [round(v) for v in values])
