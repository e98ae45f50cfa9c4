"""The papers of the house: a plain tuple of records. A new paper is one more record and one file per folder."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from experiments.errors import UserError
from experiments.ledger import Ledger, ledger_of

if TYPE_CHECKING:
    from experiments.claim import Claim
    from experiments.experiment import Experiment
    from figures.figure import Figure


@dataclass(frozen=True)
class Paper:
    """One row of the house. `name` is its module in every folder; nothing is imported until it is asked for."""

    name: str
    title: str
    authors: tuple[str, ...]
    year: int
    arxiv: str

    def ledger(self) -> Ledger:
        """What is expected of the row; read without importing it."""
        return ledger_of(self.name)

    def experiments(self) -> dict[str, Experiment]:
        """The row's experiments by name."""
        return {e.name: e for e in importlib.import_module(f"experiments.{self.name}").EXPERIMENTS}

    def claims(self) -> tuple[Claim, ...]:
        """The row's claims."""
        return tuple(importlib.import_module(f"experiments.{self.name}").CLAIMS)

    def figures(self) -> dict[str, Figure]:
        """The row's figures by name."""
        return {f.name: f for f in importlib.import_module(f"figures.{self.name}").FIGURES}

    def bibtex(self) -> str:
        """The paper as a BibTeX entry."""
        key = f"{self.authors[0].split()[-1].lower()}{self.year}{self.name.replace('_', '')}"
        return "\n".join(
            [
                f"@misc{{{key},",
                f"  title         = {{{self.title}}},",
                f"  author        = {{{' and '.join(self.authors)}}},",
                f"  year          = {{{self.year}}},",
                f"  eprint        = {{{self.arxiv}}},",
                "  archiveprefix = {arXiv},",
                "}",
            ]
        )


PAPERS = (
    Paper(
        name="synergy",
        title="Phase Transition for Budgeted Multi-Agent Synergy",
        authors=("Bang Liu", "Linglong Kong", "Jian Pei"),
        year=2026,
        arxiv="2601.17311",
    ),
    Paper(
        name="tokens",
        title="Demystifying the Token Dynamics of Deep Selective State Space Models",
        authors=("Thieu N. Vo", "Tung D. Pham", "Xin T. Tong", "Tan Minh Nguyen"),
        year=2025,
        arxiv="2410.03292",
    ),
    Paper(
        name="governance",
        title="Body-Reservoir Governance in Repeated Games: Embodied Decision-Making, Dynamic Sentinel Adaptation, "
        "and Complexity-Regularized Optimization",
        authors=("Yuki Nakamura",),
        year=2026,
        arxiv="2602.20846",
    ),
    Paper(
        name="graph_ode",
        title="Sparse Diffusion Autoencoder for Test-time Adapting Prediction of Complex Systems",
        authors=("Jingwen Cheng", "Ruikun Li", "Huandong Wang", "Yong Li"),
        year=2025,
        arxiv="2505.17459",
    ),
)


def papers_named(names: Sequence[str]) -> tuple[Paper, ...]:
    """The papers asked for, all of them when none is named; an unknown name is refused with the known ones."""
    known = {paper.name: paper for paper in PAPERS}
    for name in names:
        if name not in known:
            raise UserError(f"Unknown paper `{name}`: choose from {', '.join(known)}.")
    return tuple(known[name] for name in names) if names else PAPERS


def paper_of(item: str) -> Paper:
    """The paper to which `paper/name` belongs."""
    if "/" not in item:
        raise UserError(f"`{item}` does not name one thing: write paper/name, as `separatrix list` prints it.")
    return papers_named([item.split("/")[0]])[0]
