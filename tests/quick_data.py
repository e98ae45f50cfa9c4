"""The quick sweeps of the house, run once for all tests of a session that ask for them."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path

import jax

from experiments.claim import Claim, judge
from experiments.finding import Finding
from paper_repro.reproduce import Session


@lru_cache(maxsize=1)
def quick_session() -> Session:
    """A session whose datasets are computed on first use, in a folder that goes with the process."""
    folder = tempfile.TemporaryDirectory(prefix="separatrix-")
    session = Session(Path(folder.name))
    session.folder = folder
    return session


def finding_of(claim: Claim, **changed) -> Finding:
    """The finding on the quick data, with some datasets (by the last part of their names) replaced."""
    datasets = [changed.get(name.split("/")[1].replace("-", "_")) for name in claim.experiments]
    datasets = [
        quick_session().dataset(name) if dataset is None else dataset
        for name, dataset in zip(claim.experiments, datasets, strict=True)
    ]
    with jax.enable_x64(True):
        return judge(claim, *datasets)
