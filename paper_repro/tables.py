"""Tables for the terminal: what there is, how far it is, and what the verdicts are."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.console import Console, JustifyMethod
from rich.table import Table

from paper_repro.registry import Paper

if TYPE_CHECKING:
    from pathlib import Path

    from experiments.finding import Finding
    from experiments.store import Run


VERDICT_COLOURS = {"holds": "green", "loose": "cyan", "refuted": "yellow"}


def titled(title: str, *columns: str, justify: JustifyMethod = "left") -> Table:
    """An empty table as every command prints it: a bold title, no frame, long entries folded."""
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold", box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold", justify=justify)
    return table


def number(value: float | None) -> str:
    """A number as a table shows it: six significant digits, nothing for none."""
    return "" if value is None else f"{value:.6g}"


def brief(value: float | None) -> str:
    """A number of which only the size matters."""
    return "" if value is None else f"{value:.2g}"


def span(seconds: float | None) -> str:
    """A measured cost as people say it."""
    if seconds is None:
        return "not measured"
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.1f} min"


def show_catalogue(papers: Sequence[Paper], console: Console) -> None:
    """Every experiment, figure and claim of the papers, with the measured cost on two cores."""
    for paper in papers:
        book = paper.ledger()
        console.print(f"\n[bold]{paper.name}[/]  {paper.title} (arXiv {paper.arxiv})")
        table = titled("Experiments", "name", "what", "quick", "paper")
        for name, entry in book.experiments.items():
            table.add_row(f"{paper.name}/{name}", entry.title, span(entry.quick_seconds), span(entry.paper_seconds))
        console.print(table)
        table = titled("Figures", "name", "", "what")
        for name, entry in book.figures.items():
            table.add_row(f"{paper.name}/{entry.name}", name, entry.title)
        console.print(table)
        table = titled("Claims", "id", "expected", "what")
        for name, entry in book.claims.items():
            expected = f"{entry.expect} (paper: {entry.at_paper})" if entry.at_paper else entry.expect
            table.add_row(f"{paper.name}/{name}", expected, entry.title)
        console.print(table)


def show_verdicts(paper: Paper, findings: Sequence[Finding], differences: Sequence[str], console: Console) -> None:
    """The verdict table of one paper, and every way in which it differs from the ledger."""
    book = paper.ledger()
    table = titled(
        f"{paper.title} (arXiv {paper.arxiv})", "claim", "verdict", "teeth", "predicted", "observed", "interval", "what"
    )
    claims = {claim.id: claim for claim in paper.claims()}
    remarks = []
    for finding in findings:
        name = finding.id.split("/")[1]
        entry = book.claims.get(name)
        expected = not any(difference.startswith(f"{finding.id}: ") for difference in differences)
        colour = VERDICT_COLOURS.get(finding.verdict, "red") if expected else "bold red"
        table.add_row(
            name,
            f"[{colour}]{finding.verdict}{'' if expected else ' (!)'}[/]",
            brief(finding.teeth),
            number(finding.predicted),
            number(finding.observed),
            f"{number(finding.low)} .. {number(finding.high)}",
            entry.title if entry else "",
        )
        if finding.verdict != "holds":
            remarks.append(f"[bold]{name}[/] {finding.note}")
            sharp = claims[finding.id].sharp
            if sharp is not None and finding.sharp_holds is not None:
                remarks.append(f"   instead ({'holds' if finding.sharp_holds else 'fails'}): {sharp.statement}")
    console.print(table)
    for remark in remarks:
        console.print(remark)
    for difference in differences:
        console.print(f"[bold red]differs:[/] {difference}")


def show_runs(runs: Iterable[Run], console: Console) -> int:
    """How far each run in an output folder is; the number of runs."""
    table = titled("Runs", "experiment", "scale", "shards", "state", "last shard", "seconds", "folder")
    count = 0
    for run in runs:
        count += 1
        entries, total, present = run.journal(), len(run.shard_names), run.present()
        last = max((e["finished"] for e in entries if "finished" in e), default=None)
        failed = (run.folder / "failures").exists() and present < total
        state = "finished" if present == total else "failed" if failed else "unfinished"
        table.add_row(
            run.manifest["recipe"]["experiment"],
            run.manifest["scale"],
            f"{present}/{total}",
            state,
            "" if last is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(last)),
            f"{sum(e.get('seconds', 0.0) for e in entries):.1f}",
            run.folder.name,
        )
    console.print(table)
    return count


def show_trainings(trainings: Iterable[tuple[Path, dict]], console: Console) -> None:
    """How far trainings of hours are within their cells; nothing if there are none."""
    table = titled("Trainings", "training", "steps", "loss", "last checkpoint", "folder")
    for folder, told in trainings:
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(told["finished"]))
        steps = f"{told['done']:,}/{told['steps']:,}"
        table.add_row(f"{folder.parents[2].name}/{folder.name}", steps, f"{told['loss']:.4g}", when, folder.parent.name)
    if table.row_count:
        console.print(table)
