"""A claim is one statement that data can contradict, with a nearby wrong one that the same data must reject.

Every part that looks at data is a function of the datasets its experiments stored:

    Claim(
        id="synergy/C7",
        kind="equality",
        statement="one level maps the bias u to rho u + (1 - rho) f_b(u)",
        source=Source("2601.17311", "Definition 2"),
        experiment="synergy/one-level",
        predict=lambda ds: elementwise(one_level, ds.bias, ds.correlation),
        observe=lambda ds: bias_of_votes(ds.positive, ds.votes),
        comparison=Agreement(resolution=0.01),
        decoy=Decoy("errors shared by nobody", lambda ds: elementwise(one_level, ds.bias, 0.0)),
    )

(`experiments.laws.elementwise` lets a function of plain arrays broadcast over named dimensions.)

A random decoy needs room: place it so that Finding.teeth comes out above 2, or enlarge the sample.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from experiments.comparison import Agreement as Agreement
from experiments.comparison import Bound as Bound
from experiments.comparison import Comparison, Seen
from experiments.comparison import Ordering as Ordering
from experiments.evidence import Evidence
from experiments.finding import Finding
from experiments.labels import Values, aligned, in_words, place

FAMILY_LEVEL = 1e-3
CAPACITY = 500

KINDS = {kind: rule for rule in (Agreement, Bound, Ordering) for kind in rule.kinds}

Predict = Callable[..., Values]
Observe = Callable[..., Evidence]


class ClaimError(ValueError):
    """A claim that is badly written or cannot be judged from its data; the message names the claim."""


def level_per_comparison(comparisons: int) -> float:
    """Two-sided miss probability for each interval of a claim that makes so many random comparisons.

    Correct code must pass with probability 0.999 over all claims of the house together, whatever their
    dependence: Boole's inequality asks that the miss probabilities of all intervals add up to at most
    FAMILY_LEVEL. To keep a verdict free of which other claims run beside it, each claim owns the fixed share
    FAMILY_LEVEL / CAPACITY (the house may hold no more than CAPACITY claims) and divides it evenly over its
    own comparisons. The prediction, the decoy and the sharp version are read against the same intervals, so
    they cost nothing more: while the intervals hold the truth, nothing true is refuted. Deterministic
    evidence makes no comparison and takes no share; its interval ignores the level.
    """
    if comparisons < 0:
        raise ValueError(f"`comparisons` must not be negative, but is {comparisons}.")
    return FAMILY_LEVEL / CAPACITY / max(comparisons, 1)


@dataclass(frozen=True)
class Source:
    """Where a statement was published: an arXiv id and the place in it, or "derived here"."""

    arxiv: str
    where: str = ""

    def __post_init__(self):
        if self.arxiv == "derived here":
            return
        if not re.fullmatch(r"\d{4}\.\d{4,5}(v\d+)?", self.arxiv):
            raise ClaimError(f"`arxiv` must be an arXiv id or 'derived here', but is {self.arxiv!r}.")
        if not self.where.strip():
            raise ClaimError(f"`where` must name the theorem, equation or section of {self.arxiv}.")

    def __str__(self) -> str:
        paper = self.arxiv if self.arxiv == "derived here" else f"arXiv {self.arxiv}"
        return f"{paper}, {self.where}" if self.where else paper


@dataclass(frozen=True)
class Decoy:
    """A nearby wrong prediction: `what` is wrong with it, and what it predicts."""

    what: str
    predict: Predict

    def __post_init__(self):
        if not self.what.strip():
            raise ClaimError("`what` must say in words what is wrong with the decoy.")


@dataclass(frozen=True)
class Sharp:
    """The true statement in place of a published one that is false or loose.

    It is held against the same evidence under the claim's comparison, or under its own if it says something
    of another form (a bound that is crossed may be sharpened into an equality).
    """

    statement: str
    predict: Predict
    comparison: Comparison | None = None

    def __post_init__(self):
        if not self.statement.strip():
            raise ClaimError("`statement` must say in words what is true instead.")


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One statement of a paper, or a sharper one of ours, that data can contradict.

    id: "paper/name".  kind: equality, bound, rate, threshold, ordering or identity.  experiment: the name, or
    names, whose datasets `predict`, `observe`, `decoy.predict` and `sharp.predict` take, in that order.
    Raises ClaimError on a part that does not fit.
    """

    id: str
    kind: str
    statement: str
    source: Source
    experiment: str | tuple[str, ...]
    predict: Predict
    observe: Observe
    comparison: Comparison
    decoy: Decoy
    sharp: Sharp | None = None

    def __post_init__(self):
        def check(good: bool, what: str) -> None:
            if not good:
                raise ClaimError(f"{self.id}: {what}")

        check(_is_name(self.id), "`id` must read 'paper/name'.")
        check(self.kind in KINDS, f"`kind` must be one of {', '.join(KINDS)}, but is {self.kind!r}.")
        rule, found = KINDS[self.kind], type(self.comparison).__name__
        check(isinstance(self.comparison, rule), f"{self.kind} is judged by {rule.__name__}, not {found}.")
        named = bool(self.experiments) and all(map(_is_name, self.experiments))
        check(named, f"`experiment` must be one or more 'paper/name', but is {self.experiment!r}.")
        check(isinstance(self.source, Source), "`source` must be a Source.")
        check(isinstance(self.decoy, Decoy), "`decoy` must be a Decoy.")
        check(self.sharp is None or isinstance(self.sharp, Sharp), "`sharp` must be a Sharp or None.")
        parts = [self.decoy] if self.sharp is None else [self.decoy, self.sharp]
        check(bool(self.statement.strip()), "`statement` must say in words what is claimed.")
        check(callable(self.observe), "`observe` must be a function of the datasets.")
        functions = [self.predict] + [part.predict for part in parts]
        check(all(map(callable, functions)), "every `predict` must be a function of the datasets.")

    @property
    def experiments(self) -> tuple[str, ...]:
        return (self.experiment,) if isinstance(self.experiment, str) else tuple(self.experiment)


def judge(claim: Claim, *datasets: xr.Dataset) -> Finding:
    """The verdict on a claim, from the datasets of its experiments in their order.

    `refuted` if a point contradicts the prediction, else `holds`, `loose` or `inconclusive` as its comparison
    rules; `toothless` instead of the first three if the comparison does not refute the decoy, or the decoy
    predicts the same.
    Raises ClaimError, naming the claim, when a part of it fails or returns NaN, nothing, or the wrong shape.
    """
    if len(datasets) != len(claim.experiments):
        wanted = ", ".join(claim.experiments)
        raise ClaimError(f"{claim.id}: needs the datasets of {wanted}, but {len(datasets)} were given.")
    evidence = _call(claim, "observe", lambda: claim.observe(*datasets))
    if not isinstance(evidence, Evidence):
        raise ClaimError(f"{claim.id}: `observe` must return Evidence, not {type(evidence).__name__}.")
    if claim.kind == "identity" and evidence.random:
        raise ClaimError(f"{claim.id}: an identity compares exact routes, but this evidence is random.")
    level = level_per_comparison(evidence.comparisons)
    seen = _call(claim, "observe", lambda: Seen.of(evidence, level))

    def points(part: str, function: Predict) -> np.ndarray:
        values = _call(claim, part, lambda: aligned(function(*datasets), evidence.value, "prediction"))
        return np.ravel(values.values)

    predicted = points("predict", claim.predict)
    ruling = _call(claim, "comparison", lambda: claim.comparison.rule(predicted, seen))
    at = place(evidence.value, ruling.point)
    found: dict[str, Any] = {
        "id": claim.id,
        "predicted": float(predicted[ruling.point]),
        "observed": float(seen.value[ruling.point]),
        "low": float(seen.low[ruling.point]),
        "high": float(seen.high[ruling.point]),
        "at": at,
        "points": seen.value.size,
        "because": evidence.because + (f", level {level:.2g} per point" if evidence.random else ""),
        "factor": ruling.factor,
        "samples_needed": ruling.samples_needed,
    }
    told = f"{ruling.verdict}{in_words(at)}: {ruling.why}"
    if ruling.verdict == "inconclusive":
        more = f"; {ruling.samples_needed} samples per point would decide" if ruling.samples_needed else ""
        return Finding(**found, verdict="inconclusive", note=f"{told}{more}.")

    decoy = points("decoy.predict", claim.decoy.predict)
    teeth = float(np.max(claim.comparison.departure(decoy, seen)))
    rejected = teeth > 1 and not np.array_equal(decoy, predicted)
    sharp_holds = None
    if (sharp := claim.sharp) is not None:
        sharpened, rule = points("sharp.predict", sharp.predict), sharp.comparison or claim.comparison
        sharp_holds = _call(claim, "sharp", lambda: rule.rule(sharpened, seen)).verdict == "holds"
    if not rejected:
        told = f"toothless: the decoy ({claim.decoy.what}) survives, at most {teeth:.3g} half-widths away"
    return Finding(
        **found,
        verdict=ruling.verdict if rejected else "toothless",
        note=f"{told}.",
        teeth=teeth,
        decoy_rejected=rejected,
        sharp_holds=sharp_holds,
    )


def _is_name(text: str) -> bool:
    return re.fullmatch(r"[a-z][a-z0-9_]*/[A-Za-z0-9][A-Za-z0-9._-]*", text) is not None


def _call(claim: Claim, part: str, function: Callable[[], Any]) -> Any:
    try:
        return function()
    except Exception as error:  # whatever a row's function raises must reach the report with the claim's name
        raise ClaimError(f"{claim.id}: `{part}` failed: {type(error).__name__}: {error}") from error
