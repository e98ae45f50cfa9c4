"""A row's quick data, swept once for all tests, and all workers, that read them."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import xarray as xr

from experiments.claim import Claim, judge
from experiments.finding import Finding
from experiments.ledger import Ledger, audit, compare, ledger_of
from paper_repro.reproduce import Session
from tests.conftest import SHARED


class SharedSession(Session):
    """A session whose folder other workers use as well."""

    def dataset(self, name: str) -> xr.Dataset:
        """The stored data of an experiment; the first worker that asks computes them, others wait for it."""
        if name not in self.datasets:
            self.root.mkdir(exist_ok=True)
            with open(self.root / f"{name.replace('/', '-')}.lock", "w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                return super().dataset(name)
        return self.datasets[name]


@cache
def session() -> Session:
    """The quick session of this test run; its folder is removed when the tests end."""
    return SharedSession(Path(os.environ[SHARED]) / "quick")


@dataclass(frozen=True)
class QuickRow:
    """What the tests of one row ask for, by names without the row's own."""

    row: str

    def dataset(self, name: str) -> xr.Dataset:
        """The quick data of one experiment."""
        return session().dataset(f"{self.row}/{name}")

    def finding(self, claim: Claim, **changed: xr.Dataset) -> Finding:
        """The verdict on a claim, with the datasets of some experiments (underscores for hyphens) replaced."""
        names = [name.removeprefix(f"{self.row}/") for name in claim.experiments]
        return judge(claim, *(changed.get(name.replace("-", "_"), self.dataset(name)) for name in names))

    def ledger_for(self, claims: Iterable[Claim]) -> Ledger:
        """The ledger, restricted to these claims."""
        ids = {claim.id.removeprefix(f"{self.row}/") for claim in claims}
        whole = ledger_of(self.row)
        return replace(whole, claims={id: entry for id, entry in whole.claims.items() if id in ids})

    def finding_on(self, claim: Claim, experiment: str, change: Callable[[xr.Dataset], xr.Dataset]) -> Finding:
        """The verdict on a claim when one experiment had found other data."""
        return self.finding(claim, **{experiment.replace("-", "_"): change(self.dataset(experiment))})

    def shortcomings(self, claims: Iterable[Claim], findings: Iterable[Finding] | None = None) -> list[str]:
        """What keeps these claims from passing: other verdicts than the ledger's, and decoys that come near.

        findings: on other data; on the quick data unless given.
        """
        claims = list(claims)
        ledger = self.ledger_for(claims)
        findings = list(map(self.finding, claims) if findings is None else findings)
        near = [f"{f.id}: teeth {f.teeth}" for f in findings if f.verdict != "inconclusive" and (f.teeth or 0) < 2]
        return [str(difference) for difference in [*audit(claims, ledger), *compare(findings, ledger)]] + near


def scaled(name: str, factor: float) -> Callable[[xr.Dataset], xr.Dataset]:
    """A change of data: one output times a factor."""
    return lambda ds: ds.assign({name: ds[name] * factor})


def shifted(name: str, by: float) -> Callable[[xr.Dataset], xr.Dataset]:
    """A change of data: something added to one output."""
    return lambda ds: ds.assign({name: ds[name] + by})
