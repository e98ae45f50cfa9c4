"""Commands for people who run teams of agents: what their outcomes say of arXiv 2601.17311's parameters."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import tyro

Table = Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="TABLE.csv")]


def calibrate(
    table: Table,
    fan_in: int | None = None,
    fidelity: float | None = None,
    resamples: int = 2000,
    seed: int = 0,
    out: Path = Path("out"),
) -> int:
    """Read a table of your agents' outcomes; print and store beta, gamma, rho, alpha and the saturation level.

    Args:
        table: CSV with the columns task, agent, compute, correct and, optional, group, stratum, sent, received.
        fan_in: Votes that one aggregator of your tree will hear, odd; by default as many as a group of the table has.
        fidelity: Reliability gamma of one message where the table transmits none; 1 by default.
        resamples: Draws of the bootstrap over tasks.
        seed: The seed of these draws.
        out: The folder for calibration.json and the figure.
    """
    from rich.console import Console

    from experiments.synergy.agents_table import read_table
    from experiments.synergy.calibration import calibrate as estimate
    from paper_repro.compiled import keep_compiled
    from paper_repro.tools.calibration import show, write

    keep_compiled(out)
    found = estimate(read_table(table, seed), fan_in, fidelity, resamples, seed)
    console = Console()
    show(found, str(table), console)
    for path in write(found, str(table), out):
        console.print(str(path), soft_wrap=True, highlight=False)
    return 0


def example(kind: tyro.conf.Positional[Literal["synthetic", "digits"]], table: Table, seed: int = 0) -> int:
    """Write a table to try `calibrate` on: agents drawn from the paper's model, or classifiers of handwritten digits.

    Args:
        kind: What the table holds.
        table: Where to write it.
        seed: The seed of all draws.
    """
    from experiments.store import write_whole
    from experiments.synergy.example_tables import TABLES

    write_whole(table, TABLES[kind](seed=seed).to_csv(index=False, lineterminator="\n").encode())
    print(table)
    return 0


COMMANDS = {"calibrate": calibrate, "example": example}
