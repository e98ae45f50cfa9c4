"""The unit of work: some cells of one static shape, evaluated in one compiled call and written to one file."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import jax
import numpy as np
import xarray as xr
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from experiments import codes, keys, store
from experiments.errors import UserError
from experiments.experiment import Experiment
from experiments.fingerprint import digest
from experiments.space import Space, Value


@dataclass(frozen=True)
class ShardSpec:
    """All that `run_shard` needs; the file it writes depends on nothing else."""

    experiment: Experiment
    index: int
    shard: str
    path: Path
    seed: int
    cells: np.ndarray
    columns: dict[str, np.ndarray]
    lanes: int

    @property
    def static(self) -> dict[str, Value]:
        return {name: self.columns[name][0].item() for name in self.experiment.static}

    @property
    def kept(self) -> Path:
        """What cells of its row keep for later sweeps: a folder beside those of the row's experiments."""
        run = self.path.parent.parent
        return run.parent.parent / "kept"


@dataclass(frozen=True)
class Receipt:
    """What a finished shard reports to the host."""

    index: int
    seconds: float
    devices: str
    failed_cells: int


def plan_shards(experiment: Experiment, space: Space, seed: int, fingerprint: str, folder: Path) -> list[ShardSpec]:
    """Cut a space into shards: one static shape each, sorted by expected cost, of nearly equal size.

    Lanes of a vmapped adaptive solver wait for the slowest, so neighbours in cost share a shard; shards of one
    shape are padded to one length, so that each shape is compiled once.
    """
    # Cost and price are told here and before: closures or not, they are not sent to worker processes.
    sent = replace(experiment, cost=None, price=None)
    columns = space.columns()
    for name, values in columns.items():
        if values.dtype.kind in "US" and name not in experiment.static:
            raise UserError(f"Parameter `{name}` of {experiment.name} is text and must be listed as static.")
    cost = np.zeros(space.size) if experiment.cost is None else np.broadcast_to(experiment.cost(columns), space.size)
    order = np.argsort(cost, kind="stable")
    shape = np.zeros(space.size, int)
    if experiment.static:
        rows = [tuple(map(str, row)) for row in zip(*(columns[n] for n in experiment.static), strict=True)]
        shape = np.unique(np.array(rows), axis=0, return_inverse=True)[1].reshape(-1)
    specs: list[ShardSpec] = []
    for kind in dict.fromkeys(shape[order].tolist()):
        group = order[shape[order] == kind]
        parts = np.array_split(group, -(-len(group) // experiment.shard_cells))
        for cells in parts:
            own = {name: values[cells] for name, values in columns.items()}
            index = len(specs)
            shard = f"{fingerprint}-{index}-{digest({'cells': cells.tolist()})}"
            path = folder / "shards" / f"{index:05d}.nc"
            specs.append(ShardSpec(sent, index, shard, path, seed, cells, own, len(parts[0])))
    return specs


# Two fifths less time to compile, for programs that run a sixth longer.
LIGHTLY = {"xla_backend_optimization_level": 1}


@lru_cache(maxsize=64)
def _compiled(
    cell: Callable, static: tuple[tuple[str, Value], ...], side_by_side: bool, lightly: bool, mesh: Mesh
) -> Callable:
    options = LIGHTLY if lightly and mesh.devices.flat[0].platform == "cpu" else None

    def one(root, words, swept):
        return codes.with_code(cell(keys.fold_words(root, words), **dict(static), **swept))

    if side_by_side:
        return jax.jit(jax.vmap(one, in_axes=(None, 0, 0)), compiler_options=options)

    def in_turn(root, words, swept):
        return jax.lax.map(lambda lane: one(root, *lane), (words, swept))

    cells = PartitionSpec("cells")
    # Without shard_map the loop over lanes would run on every device for the lanes of all.
    laid = jax.shard_map(in_turn, mesh=mesh, in_specs=(PartitionSpec(), cells, cells), out_specs=cells, check_vma=False)
    return jax.jit(laid, compiler_options=options)


def crew(devices: Sequence[jax.Device], cores: int) -> list[jax.Device]:
    """The devices a shard is laid over: all of them, but of a CPU's fewer than it has cores.

    A batched factorisation on a CPU holds one thread of XLA's pool until others have done their part. On as many
    devices as there are threads each could hold one, and the program would wait forever.
    """
    return [d for i, d in enumerate(devices) if d.platform != "cpu" or i < max(1, cores - 1)]


def sharers(batch: int, devices: Sequence[jax.Device] | None = None) -> Mesh | None:
    """As many of the devices (default: this process's accelerators) as share a batch evenly; None if that is one.

    A CPU trains on one device, so that what a cell stores does not depend on the number of its cores.
    """
    devices = [d for d in jax.local_devices() if d.platform != "cpu"] if devices is None else devices
    count = max((n for n in range(1, len(devices) + 1) if batch % n == 0), default=1)
    return Mesh(np.array(devices[:count]), ("batch",)) if count > 1 else None


def evaluate(spec: ShardSpec, devices: Sequence[jax.Device] | None = None) -> dict[str, np.ndarray]:
    """The outputs of a shard's cells, laid over the devices (default: `crew`); padding copies the last cell."""
    devices = crew(jax.local_devices(), os.cpu_count() or 1) if devices is None else devices
    experiment = spec.experiment
    unseen = {"replicate", *experiment.static}
    with jax.enable_x64(experiment.precision == "float64"):
        if not experiment.compiled:
            return _described(experiment, _one_by_one(spec))
        real = np.dtype(experiment.precision)
        swept = {
            name: values.astype(np.int32 if values.dtype.kind in "iu" else real)
            for name, values in spec.columns.items()
            if name not in unseen
        }
        words = keys.cell_words(experiment.name, spec.columns)
        lanes = -(-spec.lanes // len(devices)) * len(devices)
        place = np.minimum(np.arange(lanes), len(spec.cells) - 1)
        # Auto axes: Diffrax's adaptive loops fail under explicit ones.
        mesh = Mesh(np.array(devices), ("cells",), axis_types=(AxisType.Auto,))
        laid = NamedSharding(mesh, PartitionSpec("cells"))
        words, swept = jax.device_put(jax.tree.map(lambda a: a[place], (words, swept)), laid)
        root = jax.device_put(keys.root_key(spec.seed), NamedSharding(mesh, PartitionSpec()))
        static, way = tuple(spec.static.items()), (experiment.side_by_side, experiment.lightly)
        run = _compiled(experiment.cell, static, *way, mesh)
        outputs = run(root, words, swept)
        return _described(experiment, {n: np.asarray(v)[: len(spec.cells)] for n, v in outputs.items()})


def _one_by_one(spec: ShardSpec) -> dict[str, np.ndarray]:
    root, words = keys.root_key(spec.seed), keys.cell_words(spec.experiment.name, spec.columns)
    names = [name for name in spec.columns if name != "replicate"]
    rows = []
    more = {"kept": spec.kept} if spec.experiment.keeps else {}
    for i, word in enumerate(words):
        parameters = {name: spec.columns[name][i].item() for name in names} | more
        rows.append(codes.with_code(spec.experiment.cell(keys.fold_words(root, word), **parameters)))
    return {name: np.stack([np.asarray(row[name]) for row in rows]) for name in rows[0]}


def _described(experiment: Experiment, outputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The outputs, if they are the ones the experiment describes."""
    got, wanted = set(outputs) - {"code"}, set(experiment.outputs)
    if got != wanted:
        raise UserError(f"The cell of {experiment.name} returns {sorted(got)}, but {sorted(wanted)} are described.")
    return outputs


def run_shard(spec: ShardSpec) -> Receipt:
    """Evaluate one shard and write its file. Errors of the cell propagate; a full disk is a `StoreError`."""
    start = time.perf_counter()
    outputs = evaluate(spec)
    described = spec.experiment.outputs
    variables = {
        name: (("cell", *(described[name].dims if name in described else ())), values)
        for name, values in outputs.items()
    }
    coordinates = {"cell": spec.cells} | {name: ("cell", values) for name, values in spec.columns.items()}
    store.write_shard(spec.path, spec.shard, xr.Dataset(variables, coordinates))
    used = crew(jax.local_devices(), os.cpu_count() or 1)
    devices = f"{len(used)} x {used[0].platform} ({used[0].device_kind}), {os.cpu_count()} cores"
    failed = int(np.sum(outputs["code"] != codes.OK))
    return Receipt(spec.index, time.perf_counter() - start, devices, failed)
