"""How far a training of hours is: said when a checkpoint stands on disk, and read by whoever asks from elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from experiments import store

PROGRESS = "progress.jsonl"


def telling(folder: Path, steps: int) -> Callable[[int, float], None]:
    """A watcher for the training of so many steps in `folder`: a line there and one on standard error a checkpoint."""
    reached: list[tuple[int, float]] = []

    def watch(done: int, loss: float) -> None:
        reached.append((done, time.monotonic()))
        store.append_entry(folder / PROGRESS, {"done": done, "steps": steps, "loss": loss, "finished": time.time()})
        # From the first checkpoint on: before it programs are compiled.
        (first, since), (_, now) = reached[0], reached[-1]
        left = f", {(now - since) / (done - first) * (steps - done) / 3600:.1f} h left" if done > first else ""
        print(f"{folder.name}: {done:,} of {steps:,} steps, loss {loss:.4g}{left}", file=sys.stderr, flush=True)

    return watch


def trainings(root: Path) -> Iterable[tuple[Path, dict]]:
    """Every training below an output folder with the last that it told."""
    for path in sorted((root / "data").glob(f"*/kept/*/*/{PROGRESS}")):
        if entries := store.entries_of(path):
            yield path.parent, entries[-1]
