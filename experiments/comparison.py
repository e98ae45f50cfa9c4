"""How a prediction is held against evidence.

One rule serves predictions, decoys and sharp versions alike: `departure` measures at each point how far the
prediction stands against the interval, in units of the part of the interval on that side; a departure above 1
refutes. Only a prediction that nothing refutes is settled further, into holds, loose or inconclusive.
"""

from __future__ import annotations

import abc
import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from experiments.evidence import Evidence
from experiments.labels import aligned

# Sample sizes are told with a quarter to spare, because the half-width they start from is itself an estimate.
SPARE = 1.25


@dataclass(frozen=True, eq=False)
class Seen:
    """Evidence at one level, flattened to a list of points."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    samples: np.ndarray | None
    random: bool

    @classmethod
    def of(cls, evidence: Evidence, level: float) -> Seen:
        """Raises ValueError unless low <= value <= high everywhere, which NaN ends fail too."""
        low, high = (np.ravel(end.values) for end in evidence.interval(level))
        value = np.ravel(evidence.value.values)
        if not np.all((low <= value) & (value <= high)):
            raise ValueError("The interval of the observation does not enclose its value everywhere.")
        samples = evidence.samples
        samples = None if samples is None else np.ravel(aligned(samples, evidence.value, "samples").values)
        return cls(value, low, high, samples, evidence.random)

    @property
    def half_width(self) -> np.ndarray:
        return (self.high - self.low) / 2

    def samples_for(self, half_width: np.ndarray, where: np.ndarray) -> int | None:
        """Samples per point that shrink the interval (as 1/sqrt(samples)) to this half-width."""
        if self.samples is None or not self.random:
            return None
        needed = np.max((SPARE * self.samples * _ratio(self.half_width, half_width) ** 2)[where])
        return math.ceil(needed) if np.isfinite(needed) else None


@dataclass(frozen=True)
class Ruling:
    """Verdict of a comparison and the flat index of the point that told most."""

    verdict: str
    point: int
    why: str
    factor: float | None = None
    samples_needed: int | None = None


class Comparison(abc.ABC):
    """Rule that turns a prediction and evidence into a verdict."""

    def rule(self, predicted: np.ndarray, seen: Seen) -> Ruling:
        departure = self.departure(predicted, seen)
        if np.max(departure) > 1:
            # Several infinite departures (evidence without error) are told apart by plain distance.
            point = int(np.lexsort((abs(predicted - seen.value), departure))[-1])
            why = f"the data stand {departure[point]:.3g} half-widths away from it"
            return Ruling("refuted", point, why)
        return self.settle(predicted, seen)

    @abc.abstractmethod
    def departure(self, predicted: np.ndarray, seen: Seen) -> np.ndarray:
        """How far the data stand against the prediction at each point; above 1 refutes."""

    @abc.abstractmethod
    def settle(self, predicted: np.ndarray, seen: Seen) -> Ruling:
        """Verdict on a prediction that no point refutes."""


@dataclass(frozen=True)
class Agreement(Comparison):
    """The prediction lies in the interval at every point.

    resolution: the departure that would matter, absolute or `relative` to the prediction; a larger half-width
    decides nothing. Random evidence must have one.
    """

    resolution: float | None = None
    relative: bool = False
    kinds: ClassVar = ("equality", "rate", "threshold", "identity")

    def __post_init__(self):
        _check_resolution(self.resolution)

    def departure(self, predicted: np.ndarray, seen: Seen) -> np.ndarray:
        return np.maximum(_above(predicted, seen), _below(predicted, seen))

    def settle(self, predicted: np.ndarray, seen: Seen) -> Ruling:
        everywhere = np.ones(predicted.shape, bool)
        if vague := _too_wide(self.resolution, self.relative, predicted, seen, everywhere):
            return vague
        departure = self.departure(predicted, seen)
        point = int(np.argmax(departure))
        return Ruling("holds", point, f"the closest call uses {departure[point]:.0%} of the half-width")


@dataclass(frozen=True)
class Bound(Comparison):
    """The prediction bounds the observation from one side at every point, and misses it by some factor.

    The factor is 1 + gap / scale. By default the scale is the smaller of the two, so that the factor is their
    ratio and both must be positive; signed quantities need a `scale`, the gap that would count as one. The
    verdict is `holds` if the tightest point misses by no more than the factor `tight`, else `loose`.
    resolution: as for Agreement; it matters only where the interval reaches across the bound.
    """

    side: str
    tight: float = 2.0
    resolution: float | None = None
    relative: bool = False
    scale: float | None = None
    kinds: ClassVar = ("bound",)

    def __post_init__(self):
        if self.side not in ("upper", "lower"):
            raise ValueError(f"`side` must be 'upper' or 'lower', but is {self.side!r}.")
        if not self.tight >= 1:
            raise ValueError(f"`tight` must be at least 1, but is {self.tight}.")
        if self.scale is not None and not 0 < self.scale < np.inf:
            raise ValueError(f"`scale` must be positive, but is {self.scale}.")
        _check_resolution(self.resolution)

    def departure(self, predicted: np.ndarray, seen: Seen) -> np.ndarray:
        return _below(predicted, seen) if self.side == "upper" else _above(predicted, seen)

    def settle(self, predicted: np.ndarray, seen: Seen) -> Ruling:
        across = seen.high > predicted if self.side == "upper" else seen.low < predicted
        if vague := _too_wide(self.resolution, self.relative, predicted, seen, across):
            return vague
        near, far = (seen.high, seen.low) if self.side == "upper" else (seen.low, seen.high)
        self._check_signs(predicted, seen)
        factors = self._factor(predicted, seen.value)
        point = int(np.argmin(factors))
        factor = float(factors[point])
        told = f"its tightest point misses by a factor {factor:.4g}"
        if np.min(self._factor(predicted, far)) <= self.tight:
            return Ruling("holds", point, f"it is not crossed; {told}", factor)
        if np.min(self._factor(predicted, near)) > self.tight:
            return Ruling("loose", point, f"it is not crossed, but {told}", factor)
        # Half of the way to the factor in question, so that the estimate may move by the other half.
        room = abs(seen.value - self._at_tight(predicted)) / 2
        needed = seen.samples_for(room, np.arange(predicted.size) == point)
        told = f"{told}, where the interval straddles {self.tight:g}"
        return Ruling("inconclusive", point, f"it is not crossed; {told}", factor, needed)

    def _check_signs(self, predicted: np.ndarray, seen: Seen) -> None:
        negative = (predicted < 0) | (seen.high < 0)
        if self.scale is None and negative.any():
            raise ValueError("A bound on a signed quantity needs a `scale`: the gap that counts as 1.")

    def _factor(self, predicted: np.ndarray, observed: np.ndarray) -> np.ndarray:
        if self.scale is None:
            observed = np.maximum(observed, 0.0)
        gap = np.maximum(predicted - observed if self.side == "upper" else observed - predicted, 0.0)
        smaller = observed if self.side == "upper" else predicted
        return 1 + _ratio(gap, smaller if self.scale is None else np.full(gap.shape, self.scale))

    def _at_tight(self, predicted: np.ndarray) -> np.ndarray:
        """Observation at which the factor is just `tight`."""
        if self.scale is None:
            return predicted / self.tight if self.side == "upper" else predicted * self.tight
        return predicted + (self.tight - 1) * self.scale * (-1 if self.side == "upper" else 1)


@dataclass(frozen=True)
class Ordering(Comparison):
    """The observed effect (A minus B on the same seeds) exceeds prediction + margin at every point.

    The prediction is the effect to be exceeded, 0 for "A beats B"; its decoy is an overstated effect, which
    the data must refute.
    """

    margin: float = 0.0
    kinds: ClassVar = ("ordering",)

    def __post_init__(self):
        if not np.isfinite(self.margin):
            raise ValueError(f"`margin` must be finite, but is {self.margin}.")

    def departure(self, predicted: np.ndarray, seen: Seen) -> np.ndarray:
        return _above(predicted + self.margin, seen)

    def settle(self, predicted: np.ndarray, seen: Seen) -> Ruling:
        line = predicted + self.margin
        lead = seen.value - line
        clear = np.where(lead > 0, _ratio(np.maximum(lead, 0), seen.value - seen.low), lead)
        point, unsure = int(np.argmin(clear)), seen.low <= line
        if not unsure.any():
            return Ruling("holds", point, f"the smallest lead is {clear[point]:.3g} half-widths")
        # A half-width as large as the lead would decide every second draw; half as large, nearly every one.
        needed = seen.samples_for(abs(lead) / 2, unsure)
        why = "the interval reaches across the line between the two orders"
        return Ruling("inconclusive", point, why, None, needed)


def _ratio(distance: np.ndarray, room: np.ndarray) -> np.ndarray:
    """distance / room for both >= 0, with 0/0 = 0 (no departure) and x/0 = inf."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(distance == 0, 0.0, distance / room)


def _above(line: np.ndarray, seen: Seen) -> np.ndarray:
    return _ratio(np.maximum(line - seen.value, 0), seen.high - seen.value)


def _below(line: np.ndarray, seen: Seen) -> np.ndarray:
    return _ratio(np.maximum(seen.value - line, 0), seen.value - seen.low)


def _check_resolution(resolution: float | None) -> None:
    if resolution is not None and not 0 < resolution < np.inf:
        raise ValueError(f"`resolution` must be positive, but is {resolution}.")


def _too_wide(
    resolution: float | None, relative: bool, predicted: np.ndarray, seen: Seen, where: np.ndarray
) -> Ruling | None:
    """An inconclusive ruling if the interval is wider than the resolution at one of these points."""
    if resolution is None:
        if seen.random:
            raise ValueError("Random evidence needs a `resolution`: intervals of any width would pass.")
        return None
    allowed = resolution * abs(predicted) if relative else np.full(predicted.shape, resolution)
    if np.any(allowed == 0):
        raise ValueError("A relative `resolution` means nothing where the prediction is 0.")
    excess = np.where(where, _ratio(seen.half_width, allowed), 0.0)
    point = int(np.argmax(excess))
    if excess[point] <= 1:
        return None
    why = f"the interval's half-width is {excess[point]:.3g} times the departure that would matter"
    return Ruling("inconclusive", point, why, None, seen.samples_for(allowed, where & (excess > 1)))
