"""From a name to what a user wanted: the datasets behind it, the figure files, the verdicts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import jax
import xarray as xr

from experiments import engines, store
from experiments.claim import ClaimError, judge
from experiments.errors import UserError
from experiments.experiment import Experiment
from experiments.finding import Finding
from experiments.ledger import compare
from experiments.space import Space
from experiments.sweep import Outcome, Progress, dataset_of, run_sweep
from figures import style
from figures.figure import Figure
from paper_repro.registry import Paper, paper_of

# Protocols of networks, scaled down or as published, are something that only costly experiments have.
INSTEAD = {"small": "quick", "faithful": "paper"}


@dataclass
class Session:
    """One command's settings and the datasets it has already at hand."""

    root: Path
    scale: str = "quick"
    seed: int = 0
    engine: engines.Engine = engines.serial
    watch: Callable[[Progress], None] = lambda progress: None
    datasets: dict[str, xr.Dataset] = field(default_factory=dict)
    runs: dict[str, store.Run] = field(default_factory=dict)

    def sweep(self, experiment: Experiment, space: Space, scale: str) -> Outcome:
        """Run, or finish, one sweep in this session's store."""
        return run_sweep(
            experiment, space, scale=scale, root=self.root, seed=self.seed, engine=self.engine, watch=self.watch
        )

    def dataset(self, name: str) -> xr.Dataset:
        """An experiment's stored data at this session's scale, computed first where missing."""
        if name not in self.datasets:
            experiment = experiment_named(name)
            scale = self.scale if self.scale in experiment.scales else INSTEAD.get(self.scale, self.scale)
            outcome = self.sweep(experiment, experiment.space(scale), scale)
            self.datasets[name], self.runs[name] = dataset_of(outcome), outcome.run
        return self.datasets[name]


def _one(things: dict[str, object], kind: str, name: str):
    if name not in things:
        raise UserError(f"Unknown {kind} `{name}`: choose from {', '.join(things)}.")
    return things[name]


def experiment_named(name: str) -> Experiment:
    """The experiment `paper/name`."""
    return _one(paper_of(name).experiments(), "experiment", name)


def figure_named(name: str) -> Figure:
    """The figure `paper/name`."""
    return _one(paper_of(name).figures(), "figure", name)


def draw(session: Session, figure: Figure) -> list[Path]:
    """Draw one figure from its datasets and write it in every format; the files' paths."""
    datasets = [session.dataset(name) for name in figure.experiments]
    paths = []
    with style.house_style(), jax.enable_x64(True):
        drawn = figure.draw(*datasets)
        for form in style.FORMATS:
            path = session.root / "figures" / f"{figure.name}.{form}"
            store.write_whole(path, style.rendered(drawn, form))
            paths.append(path)
    return paths


def verdicts(session: Session, paper: Paper) -> tuple[list[Finding], list[str]]:
    """Judge every claim of a paper on its stored data; the findings, and how they differ from the ledger."""
    findings, broken = [], []
    for claim in paper.claims():
        datasets = [session.dataset(name) for name in claim.experiments]
        try:
            with jax.enable_x64(True):
                findings.append(judge(claim, *datasets))
        except ClaimError as error:
            broken.append(str(error))
    store.write_whole(
        session.root / "verdicts" / f"{paper.name}.json",
        json.dumps([finding.to_dict() for finding in findings], indent=1).encode(),
    )
    return findings, broken + [str(difference) for difference in compare(findings, paper.ledger().at(session.scale))]


def runs(root: Path) -> Iterable[store.Run]:
    """Every run below an output folder, in the order of their paths."""
    return (store.Run.open(path.parent) for path in sorted((root / "data").glob("*/*/*/manifest.json")))
