"""The report: one self-contained HTML file with the figures, the verdicts and where every number comes from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2

from experiments import store
from paper_repro.registry import Paper
from paper_repro.tables import brief, number, span

if TYPE_CHECKING:
    from experiments.finding import Finding
    from figures.figure import Figure
    from paper_repro.reproduce import Session

Row = tuple[Paper, Sequence[tuple["Figure", Sequence[Path]]], Sequence["Finding"], Sequence[str]]


def inline_svg(path: Path, prefix: str) -> str:
    """An SVG file as an element of a page: no XML header, and ids that cannot clash with another figure's."""
    text = path.read_text()
    text = text[text.index("<svg") :]
    # A page needs each id once; matplotlib numbers them per file.
    text = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', text)
    text = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", text)
    return re.sub(r'href="#([^"]+)"', rf'href="#{prefix}-\1"', text)


def _figure(figure: Figure, paths: Sequence[Path]) -> dict:
    anchor = figure.name.replace("/", "-")
    svg = next(path for path in paths if path.suffix == ".svg")
    return {
        "name": figure.name,
        "anchor": anchor,
        "svg": inline_svg(svg, anchor),
        "caption": figure.caption,
        "counterpart": figure.counterpart,
    }


def _paper(session: Session, row: Row) -> dict:
    paper, drawn, findings, differences = row
    titles = {f"{paper.name}/{name}": entry.title for name, entry in paper.ledger().claims.items()}
    claims = {claim.id: claim for claim in paper.claims()}
    return {
        "paper": paper,
        "figures": [_figure(figure, paths) for figure, paths in drawn],
        "differences": differences,
        "findings": [
            {
                "finding": finding,
                "claim": claims[finding.id],
                "title": titles.get(finding.id, ""),
            }
            for finding in findings
        ],
        "runs": [(name, run.certificate()) for name, run in session.runs.items() if name.startswith(paper.name + "/")],
    }


def write(session: Session, rows: Sequence[Row]) -> Path:
    """Render the report of the papers given into the session's output folder; the file's path."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("paper_repro", "."), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters |= {"brief": brief, "number": number, "span": span}
    page = environment.get_template("report.html").render(
        rows=[_paper(session, row) for row in rows], scale=session.scale
    )
    path = session.root / "report.html"
    store.write_whole(path, page.encode())
    return path
