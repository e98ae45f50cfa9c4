"""The race: two ways to the same numbers, timed in turn in one process, compared by their medians."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import jax
import pytest

RACES: list[str] = []


def pytest_configure():
    """Two devices of a CPU: what is not asked to share them runs on the first."""
    jax.config.update("jax_num_cpu_devices", 2)


def medians(rounds: int, **ways: Callable[[], object]) -> dict[str, float]:
    """Median seconds of each way, all run once before the clock starts and in turn while it runs."""
    for function in ways.values():
        function()
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, function in ways.items():
            start = time.perf_counter()
            function()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in seconds.items()}


@pytest.fixture
def race(benchmark):
    """`race(ours, theirs, rounds) -> median(theirs) / median(ours)`; both run once before the clock starts.

    The rounds alternate, so that a machine whose speed drifts slows both alike. pytest-benchmark records our own
    times; the ratio is what is printed and held against the bar.
    """

    def run(ours: Callable[[], object], theirs: Callable[[], object], rounds: int = 7) -> float:
        found = medians(rounds, theirs=theirs, ours=ours)
        benchmark.pedantic(ours, rounds=1)
        ratio = found["theirs"] / found["ours"]
        benchmark.extra_info["ratio"] = ratio
        RACES.append(
            f"{benchmark.name}: peer {found['theirs']:.3f} s / ours {found['ours']:.3f} s = {ratio:.2f}"
            f" (medians of {rounds})"
        )
        return ratio

    return run


def pytest_terminal_summary(terminalreporter):
    for line in RACES:
        terminalreporter.write_line(line)
