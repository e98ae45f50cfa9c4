"""What judging a claim found, in a form that can be stored and printed."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import Any

VERDICTS = ("holds", "loose", "refuted", "inconclusive", "toothless")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Verdict on one claim, with the numbers at the point that told most.

    predicted, observed, low, high: at that point, whose names are in `at`.  points: how many were compared.
    because: where the interval comes from, with its level if it is random.
    teeth: how far the decoy was rejected, in half-widths of the interval at its most telling point: above 1
    is rejected; from 2 on it is rejected whenever the intervals hold the truth.  None if the decoy was not
    judged.
    factor: for a bound that is not crossed, by how much its tightest point misses.
    samples_needed: per point, to decide an inconclusive claim; None where samples are not what is missing.
    sharp_holds: None if there is no sharp version or it was not judged.
    """

    id: str
    verdict: str
    predicted: float
    observed: float
    low: float
    high: float
    at: dict[str, Any]
    points: int
    because: str
    note: str
    teeth: float | None = None
    decoy_rejected: bool | None = None
    factor: float | None = None
    samples_needed: int | None = None
    sharp_holds: bool | None = None

    def __post_init__(self):
        if self.verdict not in VERDICTS:
            raise ValueError(f"`verdict` must be one of {VERDICTS}, but is {self.verdict!r}.")

    def to_dict(self) -> dict[str, Any]:
        """Plain values that any JSON reader takes: infinities, which JSON lacks, become {"float": "inf"}."""
        return {name: _encoded(entry) for name, entry in asdict(self).items()}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Finding:
        """Inverse of `to_dict`; raises ValueError if the keys are not those of a finding."""
        unknown = set(stored) ^ {f.name for f in fields(cls)}
        if unknown:
            raise ValueError(f"A stored finding has missing or unknown keys: {sorted(unknown)}.")
        return cls(**{name: _decoded(entry) for name, entry in stored.items()})


def _encoded(entry):
    if isinstance(entry, dict):
        return {name: _encoded(inner) for name, inner in entry.items()}
    return {"float": str(entry)} if isinstance(entry, float) and not math.isfinite(entry) else entry


def _decoded(entry):
    if isinstance(entry, dict):
        if entry.keys() == {"float"} and isinstance(entry["float"], str):
            return float(entry["float"])
        return {name: _decoded(inner) for name, inner in entry.items()}
    return entry
