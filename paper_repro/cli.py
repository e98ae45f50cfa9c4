"""The commands. Nothing heavy is imported until a command that computes is run, so `--help` and `list` are instant."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro
from rich.console import Console

from experiments.errors import UserError
from paper_repro import tools
from paper_repro.registry import paper_of, papers_named

Papers = Annotated[tyro.conf.Positional[tuple[str, ...]], tyro.conf.arg(metavar="PAPER ...")]
Name = Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="PAPER/NAME")]


@dataclass(frozen=True)
class Options:
    """Where results go and what computes them."""

    scale: Literal["quick", "small", "paper", "faithful"] = "quick"
    """How much to compute: a few minutes on two cores, a scaled-down protocol where a row has one, or the paper's.
    Faithful: networks at their published sizes, for hours of an accelerator; the cost is told before it starts."""
    out: Path = Path("out")
    """The output folder; data, figures and verdicts live below it."""
    engine: Literal["serial", "processes", "dask"] = "serial"
    """What runs the shards of a sweep."""
    workers: int | None = None
    """Processes of the engine; as many as there are cores by default."""
    address: str | None = None
    """The scheduler of a Dask cluster; a local cluster by default."""
    seed: int = 0
    """The root seed of all random draws."""


Flat = Annotated[Options, tyro.conf.arg(name="")]


def _session(options: Options, watch):
    from experiments import engines
    from paper_repro.compiled import keep_compiled
    from paper_repro.reproduce import Session

    keep_compiled(options.out)
    engine = engines.named(options.engine, options.workers, options.address)
    return Session(options.out, options.scale, options.seed, engine, watch)


def _say(text: str) -> None:
    print(text, flush=True)


def list_() -> int:
    """List papers, experiments, figures and claims, with measured costs."""
    from paper_repro.tables import show_catalogue

    show_catalogue(papers_named(()), Console())
    return 0


def reproduce(papers: Papers = (), options: Flat = Options()) -> int:
    """Run the sweeps of the papers named (default: all), draw their figures, judge their claims, write the report."""
    from paper_repro import report
    from paper_repro.progress import watching
    from paper_repro.reproduce import draw, verdicts
    from paper_repro.tables import show_verdicts

    rows, differ = [], False
    with watching() as watch:
        session = _session(options, watch)
        for paper in papers_named(papers):
            for name in paper.experiments():
                session.dataset(name)
            drawn = [(figure, draw(session, figure)) for figure in paper.figures().values()]
            rows.append((paper, drawn, *verdicts(session, paper)))
    for paper, drawn, findings, differences in rows:
        show_verdicts(paper, findings, differences, Console())
        _say(f"{len(drawn)} figures of {paper.name} in {options.out / 'figures' / paper.name}")
        differ |= bool(differences)
    _say(f"report: {report.write(session, rows)}")
    return int(differ)


def figure(name: Name, options: Flat = Options()) -> int:
    """Draw one figure (PDF, SVG and PNG) from stored data, computing what is missing."""
    from paper_repro.progress import watching
    from paper_repro.reproduce import draw, figure_named

    wanted = figure_named(name)
    with watching() as watch:
        paths = draw(_session(options, watch), wanted)
    for path in paths:
        _say(str(path))
    return 0


def check(papers: Papers = (), options: Flat = Options()) -> int:
    """Print the verdict table; the exit code is 1 when a verdict differs from the ledger."""
    from paper_repro.progress import watching
    from paper_repro.reproduce import verdicts
    from paper_repro.tables import show_verdicts

    judged = []
    with watching() as watch:
        session = _session(options, watch)
        for paper in papers_named(papers):
            judged.append((paper, *verdicts(session, paper)))
    for paper, findings, differences in judged:
        show_verdicts(paper, findings, differences, Console())
    return int(any(differences for _, _, differences in judged))


def sweep(
    name: Name,
    set: tyro.conf.UseAppendAction[tuple[str, ...]] = (),
    options: Flat = Options(),
) -> int:
    """Run one experiment, with your own ranges if you like, and print where its Dataset is.

    Args:
        name: The experiment, as paper/name.
        set: A parameter's values: NAME=start:stop:count, NAME=start:stop:count:log, NAME=a,b,c or NAME=a.
            NAME is a parameter or the paper's symbol for it. Repeat the option for several.
    """
    from experiments.space import parse_axis
    from experiments.sweep import dataset_of
    from paper_repro.progress import watching
    from paper_repro.reproduce import experiment_named

    experiment = experiment_named(name)
    space = experiment.space(options.scale)
    for text in set:
        given, equals, values = text.partition("=")
        if not equals:
            raise UserError(f"Cannot read `--set {text}`: write NAME=values.")
        parameter = experiment.parameter_named(given)
        like = space.columns()[parameter][0].item() if parameter in space.parameters else 0
        space = space.with_parameter(parameter, parse_axis(parameter, values, like))
    with watching() as watch:
        session = _session(options, watch)
        outcome = session.sweep(experiment, space, options.scale if not set else "own")
    dataset_of(outcome)
    _say(str(outcome.run.folder / "dataset.nc"))
    return 0


def status(out: Path = Path("out")) -> int:
    """Show how far each sweep in an output folder is, and each training of hours; works while another command computes.

    Args:
        out: The output folder.
    """
    from experiments.trainings import trainings
    from paper_repro.reproduce import runs
    from paper_repro.tables import show_runs, show_trainings

    console = Console()
    if not show_runs(runs(out), console):
        _say(f"No runs in {out}.")
    show_trainings(trainings(out), console)
    return 0


def report_(papers: Papers = (), options: Flat = Options()) -> int:
    """Write one self-contained HTML file with figures, verdicts and provenance, computing what is missing."""
    from paper_repro import report
    from paper_repro.progress import watching
    from paper_repro.reproduce import draw, verdicts

    with watching() as watch:
        session = _session(options, watch)
        rows = []
        for paper in papers_named(papers):
            drawn = [(figure, draw(session, figure)) for figure in paper.figures().values()]
            rows.append((paper, drawn, *verdicts(session, paper)))
    _say(str(report.write(session, rows)))
    return 0


def cite(papers: Papers = (), out: Path = Path("out")) -> int:
    """Print BibTeX for the papers named, or for those that were run into the output folder.

    Args:
        papers: Names of papers.
        out: The output folder.
    """
    if not papers:
        papers = tuple(dict.fromkeys(path.parent.name for path in sorted((out / "data").glob("*/*"))))
    if not papers:
        raise UserError(f"Nothing was run into {out} yet: name the papers to cite.")
    for paper in [paper_of(f"{name}/") for name in papers]:
        _say(paper.bibtex() + "\n")
    return 0


COMMANDS = {
    "list": list_,
    "reproduce": reproduce,
    "figure": figure,
    "check": check,
    "sweep": sweep,
    "status": status,
    "report": report_,
    "cite": cite,
    **tools.COMMANDS,
}


def main() -> None:
    """Run one command; a request that cannot be met ends with one sentence and exit code 2, never a traceback."""
    try:
        code = tyro.extras.subcommand_cli_from_dict(
            COMMANDS,
            prog="separatrix",
            description="A theory and the dynamics it describes, made to agree or shown not to.",
        )
    except UserError as error:
        print(f"separatrix: {error}", file=sys.stderr)
        code = 3 if type(error).__name__ == "ShardFailures" else 2
    except KeyboardInterrupt:
        print("separatrix: stopped; what is finished is stored, the same command goes on from there.", file=sys.stderr)
        code = 130
    sys.exit(code)
