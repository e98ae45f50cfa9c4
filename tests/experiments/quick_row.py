"""A row's quick data, swept once a worker for all tests that read them."""

from __future__ import annotations

import atexit
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import xarray as xr

from experiments.claim import Claim, judge
from experiments.finding import Finding
from experiments.ledger import Ledger, ledger_of
from paper_repro.reproduce import Session


@cache
def session() -> Session:
    """A quick session in a folder of its own, removed when the tests end."""
    folder = tempfile.TemporaryDirectory(prefix="separatrix-")
    atexit.register(folder.cleanup)
    return Session(Path(folder.name))


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
