"""Running a sweep: plan, resume, compute what is missing, keep what failed, collect."""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import xarray as xr

from experiments import engines, store
from experiments.errors import StoreError, UserError
from experiments.experiment import Experiment, Quantity
from experiments.fingerprint import digest, recipe
from experiments.shard import Receipt, ShardSpec, plan_shards
from experiments.space import Space


@dataclass(frozen=True)
class Progress:
    """One step of a sweep, for whoever watches: shards done of all, and what just happened."""

    experiment: str
    done: int
    total: int
    event: str
    failed_cells: int = 0


@dataclass
class Outcome:
    """How a sweep ended: the run, how many shards were computed now, why files were computed again, what failed."""

    run: store.Run
    computed: int = 0
    recomputed: dict[str, str] = field(default_factory=dict)
    failures: dict[int, str] = field(default_factory=dict)


class ShardFailures(UserError):
    """Some shards still fail after their retries; everything else is stored."""


def _attributes(quantity: Quantity) -> dict[str, str]:
    return {"symbol": quantity.symbol, "long_name": quantity.meaning, "units": quantity.unit}


def prepare(
    experiment: Experiment, space: Space, *, scale: str, root: Path, seed: int
) -> tuple[store.Run, list[ShardSpec]]:
    """The run of this space and its shards; the folder is named after all that the numbers depend on."""
    experiment.check_space(space, scale)
    birth = recipe(experiment, space, seed)
    fingerprint = digest(birth)
    folder = root / "data" / experiment.name / f"{scale}-{fingerprint}"
    specs = plan_shards(experiment, space, seed, fingerprint, folder)
    manifest = {
        "title": experiment.title,
        "scale": scale,
        "recipe": birth,
        "parameters": {name: _attributes(q) for name, q in experiment.parameters.items()},
        "outputs": {n: {"dims": list(q.dims), "attrs": _attributes(q)} for n, q in experiment.outputs.items()},
        "coordinates": {dim: list(values) for dim, values in experiment.coordinates.items()},
        "shards": [{"id": spec.shard, "cells": len(spec.cells)} for spec in specs],
    }
    return store.Run(folder, manifest), specs


def run_sweep(
    experiment: Experiment,
    space: Space,
    *,
    scale: str,
    root: Path,
    seed: int = 0,
    engine: engines.Engine = engines.serial,
    retries: int = 1,
    watch: Callable[[Progress], None] = lambda progress: None,
) -> Outcome:
    """Compute every shard of a space that is not stored yet; stop at any instant and call again to go on.

    A shard that raises is kept with its traceback in `failures/`, tried again `retries` times, and reported in
    the outcome. `StoreError` ends the sweep at once; what was stored stays. The watcher is told the price of a space
    that has one before anything runs.
    """
    run, specs = prepare(experiment, space, scale=scale, root=root, seed=seed)
    manifest = json.dumps(run.manifest, indent=1).encode()
    path = run.folder / "manifest.json"
    store.sweep_leftovers(run.folder)
    if not path.exists() or path.read_bytes() != manifest:
        store.write_whole(path, manifest)
    good, bad = run.finished()
    outcome = Outcome(run, recomputed={run.shard_path(index).name: why for index, why in bad.items()})
    for name, why in outcome.recomputed.items():
        watch(Progress(experiment.name, len(good), len(specs), f"{name} is {why}; computing it again"))
    waiting, done = [spec for spec in specs if spec.index not in good], len(good)
    watch(Progress(experiment.name, done, len(specs), "start"))
    if waiting and experiment.price is not None and (told := experiment.price(space)):
        watch(Progress(experiment.name, done, len(specs), told))
    for attempt in range(retries + 1):
        again = []
        for spec, result in engine(waiting) if waiting else ():
            if isinstance(result, StoreError | UserError):
                raise result
            if isinstance(result, Receipt):
                done += 1
                outcome.computed += 1
                outcome.failures.pop(spec.index, None)
                run.note(shard=spec.index, seconds=result.seconds, devices=result.devices, finished=time.time())
                watch(Progress(experiment.name, done, len(specs), "shard", result.failed_cells))
            else:
                again.append(spec)
                text = "".join(traceback.format_exception(result))
                outcome.failures[spec.index] = f"{type(result).__name__}: {result}"
                store.write_whole(run.folder / "failures" / f"{spec.index:05d}-{attempt}.txt", text.encode())
                watch(Progress(experiment.name, done, len(specs), f"shard {spec.index} failed, attempt {attempt + 1}"))
        waiting = again
    return outcome


def dataset_of(outcome: Outcome) -> xr.Dataset:
    """The Dataset of a finished sweep, stored beside its shards; `ShardFailures` names the shards that failed."""
    if outcome.failures:
        index, why = next(iter(outcome.failures.items()))
        raise ShardFailures(
            f"{len(outcome.failures)} of {len(outcome.run.shard_names)} shards failed, the first (shard {index}) with "
            f"{why}; the tracebacks are in {outcome.run.folder / 'failures'}, everything else is stored."
        )
    dataset = store.collect(outcome.run)
    store.write_dataset(outcome.run, dataset)
    return dataset
