"""What we expect: the verdict of every claim, and the titles and costs that a listing shows.

Each paper keeps it in `experiments/<paper>/ledger.toml`, read here without importing that paper's code or
jax:

    [claims.C7]
    title = "one level adds shared and independent errors"
    expect = "holds"

    [claims.C30]
    title = "a small effect, which takes the samples of the scale paper"
    expect = "inconclusive"
    at_paper = "holds"

    [experiments.one-level]
    title = "one majority level"
    quick_seconds = 3.0
    paper_seconds = 40.0

    [figures.F6]
    name = "simulation"
    title = "bias after 10 and 30 levels"
    experiments = ["depth-sweep"]
"""

from __future__ import annotations

import dataclasses
import importlib.resources
import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.finding import VERDICTS, Finding

if TYPE_CHECKING:  # xarray and scipy take a second to import, which a listing does not have
    from experiments.claim import Claim

EXPECTED = tuple(verdict for verdict in VERDICTS if verdict != "toothless")


class LedgerError(ValueError):
    """A ledger that cannot be read; the message names the file and the entry."""


@dataclass(frozen=True)
class ClaimEntry:
    """expect: holds, loose, refuted or inconclusive.  factor: by which a loose bound misses, if watched.

    at_paper, at_small: what is expected at those scales, where the samples of `quick` are too few to decide, or where
    its smaller protocol refutes what the larger one shows.
    """

    title: str
    expect: str
    factor: float | None = None
    at_paper: str | None = None
    at_small: str | None = None

    def __post_init__(self):
        _text(self, "title")
        if self.expect not in EXPECTED:
            raise ValueError(f"`expect` must be one of {', '.join(EXPECTED)}, but is {self.expect!r}")
        for name in ("at_paper", "at_small"):
            later = getattr(self, name)
            if later is not None and (
                self.expect not in ("inconclusive", "refuted") or later not in EXPECTED[:-1] or later == self.expect
            ):
                raise ValueError(
                    f"`{name}` must be one of {', '.join(EXPECTED[:-1])} beside `expect` inconclusive or refuted, "
                    f"but is {later!r} beside {self.expect!r}"
                )
        if self.factor is not None and self.expect != "loose":
            raise ValueError(f"`factor` belongs to a claim expected loose, not {self.expect}")
        if self.factor is not None and not (_number(self.factor) and self.factor >= 1):
            raise ValueError(f"`factor` must be a number from 1, but is {self.factor!r}")


@dataclass(frozen=True)
class ExperimentEntry:
    """Measured cost of an experiment at its two scales."""

    title: str
    quick_seconds: float
    paper_seconds: float

    def __post_init__(self):
        _text(self, "title")
        for name in ("quick_seconds", "paper_seconds"):
            if not (_number(getattr(self, name)) and getattr(self, name) >= 0):
                raise ValueError(f"`{name}` must be a number from 0, but is {getattr(self, name)!r}")


@dataclass(frozen=True)
class FigureEntry:
    """A figure under its short name and the experiments it draws."""

    name: str
    title: str
    experiments: tuple[str, ...] = ()

    def __post_init__(self):
        _text(self, "name")
        _text(self, "title")
        if isinstance(self.experiments, str) or not all(isinstance(name, str) for name in self.experiments):
            raise ValueError(f"`experiments` must be a list of names, but is {self.experiments!r}")
        object.__setattr__(self, "experiments", tuple(self.experiments))


@dataclass(frozen=True)
class Ledger:
    """The entries of one paper under their short names: claim C7 of paper synergy has the id synergy/C7."""

    paper: str
    claims: dict[str, ClaimEntry]
    experiments: dict[str, ExperimentEntry]
    figures: dict[str, FigureEntry]

    def at(self, scale: str) -> Ledger:
        """The ledger of one scale: at `small` and `paper` larger samples may decide what `quick` leaves open."""
        if scale not in ("small", "paper", "faithful"):
            return self
        later = "at_small" if scale == "small" else "at_paper"
        claims = {
            key: dataclasses.replace(entry, expect=getattr(entry, later) or entry.expect, at_paper=None, at_small=None)
            for key, entry in self.claims.items()
        }
        return dataclasses.replace(self, claims=claims)

    def __post_init__(self):
        names = Counter(figure.name for figure in self.figures.values())
        if twice := [name for name, count in names.items() if count > 1]:
            raise LedgerError(f"{self.paper}: figures share the name {twice}.")
        for key, figure in self.figures.items():
            if strange := set(figure.experiments) - set(self.experiments):
                raise LedgerError(f"{self.paper}: figures.{key} draws unknown experiments {sorted(strange)}.")


@dataclass(frozen=True)
class Difference:
    """One way in which what was found is not what the ledger expects."""

    id: str
    expected: str
    found: str
    note: str = ""

    def __str__(self) -> str:
        note = f" ({self.note})" if self.note else ""
        return f"{self.id}: expected {self.expected}, found {self.found}{note}"


def ledger_of(paper: str) -> Ledger:
    """The ledger that a paper of the house keeps beside its experiments; the paper's code is not imported."""
    file = importlib.resources.files("experiments").joinpath(paper, "ledger.toml")
    if not file.is_file():
        raise LedgerError(f"{paper}: there is no experiments/{paper}/ledger.toml.")
    return parse_ledger(paper, file.read_text(encoding="utf-8"))


def read_ledger(path: Path) -> Ledger:
    """The ledger in a file; the paper is the name of its folder."""
    return parse_ledger(path.resolve().parent.name, path.read_text(encoding="utf-8"))


def parse_ledger(paper: str, text: str) -> Ledger:
    """A ledger from TOML; raises LedgerError naming the entry if a key is missing, unknown or mistyped."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LedgerError(f"{paper}: the ledger is not TOML: {error}") from error
    records = {"claims": ClaimEntry, "experiments": ExperimentEntry, "figures": FigureEntry}
    if strange := set(tables) - set(records):
        raise LedgerError(f"{paper}: unknown tables {sorted(strange)}; a ledger has {', '.join(records)}.")
    parsed = {}
    for kind, record in records.items():
        entries = tables.get(kind, {})
        if not isinstance(entries, dict):
            raise LedgerError(f"{paper}: {kind} must be a table of entries.")
        where = f"{paper}: {kind}"
        parsed[kind] = {key: _entry(record, entry, f"{where}.{key}") for key, entry in entries.items()}
    return Ledger(paper, **parsed)


def compare(findings: Iterable[Finding], ledger: Ledger, factor_slack: float = 0.05) -> list[Difference]:
    """Every difference between the findings on a paper's claims and its ledger; a run passes if there is
    none.

    A verdict other than expected (toothless never is), a claim without finding or entry, two findings on one
    claim, a sharp version that fails where the claim itself does not hold as expected or was not there to judge
    where a refutation is expected, and a factor off by more than the relative slack.
    """
    found: dict[str, Finding] = {}
    differences = []
    for finding in findings:
        if finding.id in found:
            differences.append(Difference(finding.id, "one finding", "several", finding.note))
        found[finding.id] = finding
    expected = {f"{ledger.paper}/{key}": entry for key, entry in ledger.claims.items()}
    for id, finding in found.items():
        if id not in expected:
            differences.append(Difference(id, "no such claim", finding.verdict, "not in the ledger"))
    for id, entry in expected.items():
        if id not in found:
            differences.append(Difference(id, entry.expect, "nothing", "the claim was not judged"))
            continue
        finding = found[id]
        if finding.verdict != entry.expect:
            differences.append(Difference(id, entry.expect, finding.verdict, finding.note))
        elif entry.factor and not abs((finding.factor or 0) / entry.factor - 1) <= factor_slack:
            wanted = f"a factor {entry.factor:g}"
            differences.append(Difference(id, wanted, f"{finding.factor}", finding.note))
        sharp_due = entry.expect == "refuted" and finding.verdict != "inconclusive"
        # What is refuted at one scale and expected to hold at this one has a sharp version that need not hold here.
        failed = finding.sharp_holds is False and not (entry.expect == finding.verdict == "holds")
        if failed or (sharp_due and finding.sharp_holds is None):
            state = "one that fails" if finding.sharp_holds is False else "none"
            differences.append(Difference(id, "a sharp version that holds", state, finding.note))
    return differences


def audit(claims: Iterable[Claim], ledger: Ledger) -> list[Difference]:
    """Every mismatch between a paper's claims as written and its ledger, before anything runs."""
    claims = list(claims)
    expected = {f"{ledger.paper}/{key}": entry for key, entry in ledger.claims.items()}
    known = {f"{ledger.paper}/{key}" for key in ledger.experiments}
    differences = [
        Difference(id, "one claim", f"{count} of that id")
        for id, count in Counter(claim.id for claim in claims).items()
        if count > 1
    ]
    written = {claim.id for claim in claims}
    differences += [Difference(id, "a claim", "none") for id in expected if id not in written]
    for claim in claims:
        if claim.id not in expected:
            differences.append(Difference(claim.id, "an entry in the ledger", "none"))
        elif "refuted" in (expected[claim.id].expect, expected[claim.id].at_paper) and claim.sharp is None:
            differences.append(Difference(claim.id, "a sharp version, because it will be refuted", "none"))
        for name in claim.experiments:
            if name.startswith(f"{ledger.paper}/") and name not in known:
                differences.append(Difference(claim.id, "an experiment of the ledger", name))
    return differences


def _entry(record: type, entry: Any, where: str):
    if not isinstance(entry, dict):
        raise LedgerError(f"{where} must be a table, but is {entry!r}.")
    fields = dataclasses.fields(record)
    if strange := set(entry) - {field.name for field in fields}:
        raise LedgerError(f"{where} has unknown keys {sorted(strange)}.")
    required = {field.name for field in fields if field.default is dataclasses.MISSING}
    if missing := required - set(entry):
        raise LedgerError(f"{where} lacks {sorted(missing)}.")
    try:
        return record(**entry)
    except (TypeError, ValueError) as error:
        raise LedgerError(f"{where}: {error}.") from error


def _text(record, name: str) -> None:
    if not (isinstance(getattr(record, name), str) and getattr(record, name).strip()):
        raise ValueError(f"`{name}` must be text, but is {getattr(record, name)!r}")


def _number(entry) -> bool:
    return isinstance(entry, int | float) and not isinstance(entry, bool) and abs(entry) < float("inf")
