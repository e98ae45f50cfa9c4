"""The race: two ways to the same numbers, timed in turn in one process, compared by their medians."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import pytest

RACES: list[str] = []


@pytest.fixture
def race(benchmark):
    """`race(ours, theirs, rounds) -> median(theirs) / median(ours)`; both run once before the clock starts.

    The rounds alternate, so that a machine whose speed drifts slows both alike. pytest-benchmark records our own
    times; the ratio is what is printed and held against the bar.
    """

    def run(ours: Callable[[], object], theirs: Callable[[], object], rounds: int = 7) -> float:
        ours()
        theirs()
        ratios: dict[str, list[float]] = {"ours": [], "theirs": []}
        for _ in range(rounds):
            for name, function in (("theirs", theirs), ("ours", ours)):
                start = time.perf_counter()
                function()
                ratios[name].append(time.perf_counter() - start)
        benchmark.pedantic(ours, rounds=1)
        medians = {name: statistics.median(times) for name, times in ratios.items()}
        ratio = medians["theirs"] / medians["ours"]
        benchmark.extra_info["ratio"] = ratio
        RACES.append(
            f"{benchmark.name}: peer {medians['theirs']:.3f} s / ours {medians['ours']:.3f} s = {ratio:.2f}"
            f" (medians of {rounds})"
        )
        return ratio

    return run


def pytest_terminal_summary(terminalreporter):
    for line in RACES:
        terminalreporter.write_line(line)
