"""Calibration of a million rows against the same numbers by plain pandas and NumPy."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from experiments.synergy.agents_table import read_table
from experiments.synergy.calibration import calibrate

TASKS, AGENTS, COMPUTES, RESAMPLES = 50_000, 5, (1, 4, 16, 64), 200
SECONDS = 10.0


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A million answers: four computes, five agents whose errors agree because a task has its own accuracy."""
    rng = np.random.default_rng(0)
    hard = rng.normal(size=(TASKS, 1, 1))
    level = np.array([0.25, 0.4, 0.6, 0.9])[None, :, None]
    right = rng.normal(size=(TASKS, len(COMPUTES), AGENTS)) + 0.5 * hard < level
    task, compute, agent = np.meshgrid(np.arange(TASKS), COMPUTES, np.arange(AGENTS), indexing="ij")
    columns = {"task": task, "agent": agent, "compute": compute, "correct": right.astype(int)}
    frame = pd.DataFrame({name: values.ravel() for name, values in columns.items()})
    path = tmp_path_factory.mktemp("calibration") / "million.csv"
    frame.to_csv(path, index=False)
    return path


def plain(path):
    """rho with a bootstrap over tasks, straight from a groupby: no checks of the table, no leaf law, no test."""
    frame = pd.read_csv(path)
    groups = frame.groupby(["task", "compute"])["correct"].agg(["size", "sum"]).reset_index()
    groups["signed"] = 2 * groups["sum"] - groups["size"]
    signed = groups.pivot(index="task", columns="compute", values="signed").to_numpy(float)
    size = groups["size"].iloc[0]
    pairs = (signed**2 - size) / (size * (size - 1))
    rng = np.random.default_rng(0)
    draws = []
    for resample in range(RESAMPLES + 1):
        tasks = rng.integers(0, len(signed), len(signed)) if resample else np.arange(len(signed))
        own = signed[tasks]
        count = len(own)
        between = (own.sum(axis=0) ** 2 - (own**2).sum(axis=0)) / (size**2 * count * (count - 1))
        draws.append((pairs[tasks].mean(axis=0) - between).sum() / (1 - between).sum())
    return draws[0], np.quantile(draws[1:], [0.025, 0.975])


def test_million_rows(race, path):
    """10^6 rows: read, checked and calibrated in at most ten seconds after compilation, the same rho and interval."""

    seconds = []

    def ours():
        start = time.perf_counter()
        found = calibrate(read_table(path), resamples=RESAMPLES)
        seconds.append(time.perf_counter() - start)
        return found

    found = ours()
    value, (low, high) = plain(path)
    np.testing.assert_allclose(found.correlation.value, value, rtol=1e-9)
    # Ends of two bootstraps of 200 draws each.
    np.testing.assert_allclose([found.correlation.low, found.correlation.high], [low, high], atol=0.5 * (high - low))
    race(ours, lambda: plain(path), rounds=3)
    # The best run: the first ones compile, and others may use the machine.
    assert min(seconds) <= SECONDS
