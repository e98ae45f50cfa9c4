"""Telling the user how far a long command is: a bar on a terminal, plain lines in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from experiments.sweep import Progress

Watch = Callable[["Progress"], None]


@contextmanager
def watching() -> Iterator[Watch]:
    """A watcher for sweeps that suits where standard error goes."""
    if sys.stderr.isatty():
        with _bars() as watch:
            yield watch
    else:
        yield _lines()


@contextmanager
def _bars() -> Iterator[Watch]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description:<34}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("shards"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=Console(stderr=True)) as bars:
        tasks = {}

        def watch(progress: Progress) -> None:
            if progress.experiment not in tasks:
                tasks[progress.experiment] = bars.add_task(progress.experiment, total=progress.total)
            bars.update(tasks[progress.experiment], completed=progress.done)
            if progress.event not in ("start", "shard"):
                bars.console.print(f"{progress.experiment}: {progress.event}")

        yield watch


def _lines() -> Watch:
    begun = time.monotonic()
    said: dict[str, int] = {}

    def watch(progress: Progress) -> None:
        tenth = 10 * progress.done // progress.total
        news = progress.event not in ("start", "shard")
        # A finished sweep that is only read again is not news.
        if progress.event == "start":
            said[progress.experiment] = tenth if progress.done else -1
        if news or tenth > said.get(progress.experiment, -1):
            said[progress.experiment] = tenth
            note = f" ({progress.event})" if news else ""
            text = f"[{time.monotonic() - begun:6.1f} s] {progress.experiment}: {progress.done}/{progress.total} shards"
            print(text + note, file=sys.stderr, flush=True)

    return watch
