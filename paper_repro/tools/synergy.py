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


def design(
    budget: float,
    window: int,
    calibration: Annotated[Path | None, tyro.conf.arg(name="from", metavar="calibration.json")] = None,
    beta: float | None = None,
    scale: float | None = None,
    correlation: float | None = None,
    fidelity: float | None = None,
    message_length: int | None = None,
    message_scale: float | None = None,
    widest: int = 31,
    deepest: int = 14,
    aggregator_compute: float = 0.0,
    out: Path = Path("out"),
) -> int:
    """Say what to build with a budget: the best tree beside the best star and one agent, which limit binds, and why.

    Args:
        budget: B, tokens for the whole organisation: leaves' compute, and every message written once and read once.
        window: W, tokens of messages that one aggregator can read.
        calibration: What `separatrix calibrate` wrote; its intervals are carried through. Options given win over it.
        beta: Leaf exponent: one agent of compute x has bias k x^beta.
        scale: Leaf scale k, the bias of an agent of one token.
        correlation: rho, the correlation of siblings' errors.
        fidelity: gamma of a message of --message-length tokens; the length is then fixed.
        message_length: Tokens of one message.
        message_scale: m0 of gamma = 1 - exp(-m/m0); the message length is then chosen.
        widest: Largest fan-in of the trees tried; stars of every size are tried.
        deepest: Largest number of levels tried.
        aggregator_compute: Tokens that an aggregator spends besides reading, 0 in the paper.
        out: The folder for advice.json and the figure.
    """
    from rich.console import Console

    from experiments.synergy.advice import advise, situation
    from paper_repro.compiled import keep_compiled
    from paper_repro.tools.advice import show, write

    asked = situation(
        budget,
        window,
        calibration,
        beta=beta,
        scale=scale,
        correlation=correlation,
        fidelity=fidelity,
        message_length=message_length,
        message_scale=message_scale,
        widest=widest,
        deepest=deepest,
        aggregator_compute=aggregator_compute,
    )
    keep_compiled(out)
    found, console = advise(asked), Console()
    show(found, console)
    for path in write(found, out):
        console.print(str(path), soft_wrap=True, highlight=False)
    return 0


COMMANDS = {"calibrate": calibrate, "design": design, "example": example}
