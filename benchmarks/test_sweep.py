"""The sweep engine against bare `jit(vmap(cell))`: keys from names, shards, codes and files included."""

from __future__ import annotations

import jax
import jax.random as jr
import numpy as np

from dynamics.synergy import right_vote_counts, summary
from experiments.experiment import Experiment, Quantity
from experiments.space import Space, grid, replicates
from experiments.sweep import dataset_of, run_sweep

CELLS, SHARD = 100_000, 10_000
NODES = 500


def cell(key, *, correlation, bias):
    """One level of 500 nodes: as cheap as a random cell of the row gets."""
    return {"decision": summary(right_vote_counts(key, 5, correlation, 0.8, bias, NODES)).decision}


EXPERIMENT = Experiment(
    name="benchmark/cheap",
    title="Cheap cells",
    cell=cell,
    parameters={
        "correlation": Quantity(r"\rho", "correlation"),
        "bias": Quantity("u", "bias"),
        "replicate": Quantity("r", "replicate"),
    },
    outputs={"decision": Quantity(r"\mu", "bias of the node")},
    scales={"quick": Space((grid("correlation", 0, 0.9, 100), grid("bias", 0, 0.9, 100), replicates(10)))},
    shard_cells=SHARD,
)


def test_engine_overhead(race, tmp_path):
    """10^5 cheap cells in 10 shards, collected and written: at most 15 % over the bare compiled call."""
    columns = EXPERIMENT.space("quick").columns()
    with jax.enable_x64(True):
        bare = jax.jit(jax.vmap(lambda key, rho, u: cell(key, correlation=rho, bias=u)))
        keys = jr.split(jr.key(0), CELLS)

        def theirs():
            for start in range(0, CELLS, SHARD):
                part = slice(start, start + SHARD)
                np.asarray(bare(keys[part], columns["correlation"][part], columns["bias"][part])["decision"])

        runs = iter(range(100))

        def ours():
            folder = tmp_path / str(next(runs))
            dataset_of(run_sweep(EXPERIMENT, EXPERIMENT.space("quick"), scale="quick", root=folder))

        ratio = race(ours, theirs, rounds=5)
    assert 1 / ratio <= 1.15
