"""What was observed, and how far the truth may lie from it.

An evidence has a `value` and, for every `level`, an interval that misses the truth at a given point with at
most that probability. Deterministic evidence (`Exact`, `Bracket`) never misses and says `because` of what.
Random evidence takes its width from the data alone: from the estimator's own standard error or from an exact
interval.

All of them take scalars, arrays or xr.DataArrays and refuse NaN, infinities and empty arrays. Cells that
failed (a result code other than success) must be left out, or made a claim of their own, before they become
evidence.
"""

from __future__ import annotations

import abc
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import xarray as xr
from scipy import stats

from experiments.labels import Values, aligned, in_words, labelled, place

Interval = tuple[xr.DataArray, xr.DataArray]


class Evidence(abc.ABC):
    """An observed `value`, the number of `samples` behind each of its points (if that has a meaning) and
    `because`, which says where the interval comes from."""

    value: Values
    samples: Values = None
    because: str
    random: bool = True

    @abc.abstractmethod
    def interval(self, level: float) -> Interval:
        """Ends (low, high) that enclose the truth at each point but with probability `level`, in (0, 1)."""

    @property
    def comparisons(self) -> int:
        """How many random intervals this evidence offers, among which the level must be shared."""
        return self.value.size if self.random else 0

    def mapped(self, function: Callable[[np.ndarray], np.ndarray]) -> Monotone:
        """The same evidence about a strictly monotone function of the quantity."""
        return Monotone(self, function)


@dataclass(frozen=True, eq=False)
class Exact(Evidence):
    """Deterministic: |truth - value| <= error, which comes of the dtype's rounding, a solver tolerance or a
    proven bound; `because` says which."""

    value: Values
    error: Values
    because: str
    random = False

    def __post_init__(self):
        _say_because(self.because)
        _set(self, value=labelled(self.value, "value"))
        _set(self, error=aligned(self.error, self.value, "error"))
        _require(self.error, self.error >= 0, "error", "not negative")

    def interval(self, level: float) -> Interval:
        return self.value - self.error, self.value + self.error


@dataclass(frozen=True, eq=False)
class Bracket(Evidence):
    """Deterministic: low <= truth <= high, as a bisection leaves it; `because` says what ensures it."""

    low: Values
    high: Values
    because: str
    value: Values = field(init=False)
    random = False

    def __post_init__(self):
        _say_because(self.because)
        _set(self, low=labelled(self.low, "low"))
        _set(self, high=aligned(self.high, self.low, "high"))
        _require(self.high, self.high >= self.low, "high", "at least `low`")
        _set(self, value=self.low + (self.high - self.low) / 2)

    def interval(self, level: float) -> Interval:
        return self.low, self.high


@dataclass(frozen=True, eq=False)
class Mean(Evidence):
    """A normal estimator with its standard error; Student's t if that error was itself estimated (`dof`).

    At the levels of a whole house (1e-7 and below) the far tails count: a mean of few, skewed samples is not
    normal there. Votes and counts belong in `Proportion`, which is exact.
    """

    value: Values
    standard_error: Values
    samples: Values = None
    dof: Values = None

    def __post_init__(self):
        _set(self, value=labelled(self.value, "value"))
        for name in ("standard_error", "samples", "dof"):
            if (given := getattr(self, name)) is not None:
                given = aligned(given, self.value, name)
                _require(given, given > 0, name, "positive (no spread in the samples is no proof of no error)")
                _set(self, **{name: given})

    @property
    def because(self) -> str:
        return "standard error, normal" if self.dof is None else "standard error, Student t"

    def interval(self, level: float) -> Interval:
        tail = _tail(level)
        quantile = stats.norm.isf(tail) if self.dof is None else stats.t.isf(tail, self.dof.values)
        return self.value - quantile * self.standard_error, self.value + quantile * self.standard_error


@dataclass(frozen=True, eq=False)
class Proportion(Evidence):
    """Successes among independent trials, with the exact interval of Clopper and Pearson.

    Votes that share errors are not independent: a resampled population is no `Proportion`.
    """

    successes: Values
    trials: Values
    value: Values = field(init=False)
    because = "Clopper-Pearson interval"

    def __post_init__(self):
        _set(self, successes=labelled(self.successes, "successes"))
        _set(self, trials=aligned(self.trials, self.successes, "trials"))
        _require(self.trials, (self.trials >= 1) & (self.trials % 1 == 0), "trials", "a whole number from 1")
        whole = (self.successes >= 0) & (self.successes <= self.trials) & (self.successes % 1 == 0)
        _require(self.successes, whole, "successes", "a whole number from 0 to `trials`")
        _set(self, value=self.successes / self.trials, samples=self.trials)

    def interval(self, level: float) -> Interval:
        tail, won, lost = _tail(level), self.successes.values, (self.trials - self.successes).values
        # The fallbacks stand in where one end is 0 or 1 whatever the level.
        low = np.where(won > 0, stats.beta.ppf(tail, np.maximum(won, 1), lost + 1), 0.0)
        high = np.where(lost > 0, stats.beta.isf(tail, won + 1, np.maximum(lost, 1)), 1.0)
        return self.value.copy(data=low), self.value.copy(data=high)

    def as_bias(self) -> Monotone:
        """The bias 2p - 1 of votes in {-1, 1}, of which a share p is +1."""
        return self.mapped(lambda share: 2 * share - 1)


@dataclass(frozen=True, eq=False)
class Variance(Evidence):
    """Sample variance (divisor samples - 1) of independent normal data, with its chi-square interval."""

    value: Values
    samples: Values
    because = "chi-square interval of a normal variance"

    def __post_init__(self):
        _set(self, value=labelled(self.value, "value"))
        _set(self, samples=aligned(self.samples, self.value, "samples"))
        _require(self.value, self.value > 0, "value", "positive")
        _require(self.samples, self.samples >= 2, "samples", "at least 2")

    def interval(self, level: float) -> Interval:
        tail, dof = _tail(level), (self.samples - 1).values
        return self.value * (dof / stats.chi2.isf(tail, dof)), self.value * (dof / stats.chi2.ppf(tail, dof))

    def as_deviation(self) -> Monotone:
        """The standard deviation."""
        return self.mapped(np.sqrt)


@dataclass(frozen=True, eq=False)
class Monotone(Evidence):
    """Evidence about function(quantity), the function being strictly monotone where the quantity lives."""

    of: Evidence
    function: Callable[[np.ndarray], np.ndarray]
    value: Values = field(init=False)

    def __post_init__(self):
        _set(self, value=labelled(self._image(self.of.value), "value"), samples=self.of.samples)
        _set(self, random=self.of.random, because=self.of.because)

    def interval(self, level: float) -> Interval:
        low, high = (self._image(end) for end in self.of.interval(level))
        return low.where(low <= high, high), high.where(low <= high, low)

    def _image(self, array: xr.DataArray) -> xr.DataArray:
        return array.copy(data=np.asarray(self.function(array.values), float))


@dataclass(frozen=True, eq=False)
class Crossing(Evidence):
    """Where along a coordinate the quantity behind `margin` changes sign, once.

    The interval runs from the last position before which every sign is sure to the first after which every
    sign is sure; it is infinite on a side where none is. All signs together are wrong with probability
    `level`.
    """

    margin: Evidence
    along: str
    value: Values = field(init=False)

    def __post_init__(self):
        grid = self.margin.value
        if self.along not in grid.dims or self.along not in grid.coords:
            raise ValueError(f"`along` must be a dimension with coordinates, but is {self.along!r}.")
        if np.any(np.diff(grid[self.along].values) <= 0):
            raise ValueError(f"`{self.along}` must increase strictly.")
        if np.any(self._rows(grid)[:, 0] * self._rows(grid)[:, -1] >= 0):
            raise ValueError(f"The margin must have opposite signs at the two ends of `{self.along}`.")
        _set(self, value=self._reduced([self._zero(row) for row in self._rows(grid)]))
        _set(self, random=self.margin.random, because=f"sign change on a grid; {self.margin.because}")

    def interval(self, level: float) -> Interval:
        low, high = self.margin.interval(level / self.margin.value.sizes[self.along])
        sure = np.where(self._rows(low) > 0, 1, np.where(self._rows(high) < 0, -1, 0))
        start = np.sign(self._rows(self.margin.value)[:, :1])
        before = np.cumprod(sure == start, axis=1).sum(axis=1)
        after = np.cumprod(sure[:, ::-1] == -start, axis=1).sum(axis=1)
        edges = np.concatenate([[-np.inf], self.margin.value[self.along].values, [np.inf]])
        return self._reduced(edges[before]), self._reduced(edges[edges.size - 1 - after])

    def _rows(self, array: xr.DataArray) -> np.ndarray:
        moved = array.transpose(..., self.along)
        return moved.values.reshape(-1, moved.sizes[self.along])

    def _reduced(self, data) -> xr.DataArray:
        shape = self.margin.value.isel({self.along: 0}, drop=True)
        return shape.copy(data=np.reshape(np.asarray(data, float), shape.shape))

    def _zero(self, row: np.ndarray) -> float:
        x = self.margin.value[self.along].values
        k = int(np.argmax(np.sign(row) != np.sign(row[0])))
        return x[k - 1] + (x[k] - x[k - 1]) * row[k - 1] / (row[k - 1] - row[k])


def _set(evidence: Evidence, **fields) -> None:
    for name, entry in fields.items():
        object.__setattr__(evidence, name, entry)


def _require(array: xr.DataArray, good: xr.DataArray, name: str, what: str) -> None:
    bad = np.flatnonzero(~good.values)
    if bad.size:
        where = in_words(place(array, int(bad[0])))
        raise ValueError(f"`{name}` must be {what}, but is {array.values.flat[bad[0]]:.6g}{where}.")


def _say_because(because: str) -> None:
    if not because.strip():
        raise ValueError("`because` must say where the error comes from: rounding, a solver tolerance or a bound.")


def _tail(level: float) -> float:
    if not 0 < level < 1:
        raise ValueError(f"`level` must lie in (0, 1), but is {level}.")
    return level / 2
