"""One battery for every cell of the house: traced or not, alone or in company, in either precision, it is one cell."""

from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path

import numpy as np
import pytest

from experiments import codes
from experiments.shard import evaluate, plan_shards
from paper_repro.registry import PAPERS

EXPERIMENTS = {name: experiment for paper in PAPERS for name, experiment in paper.experiments().items()}

COSTS = {f"{p.name}/{name}": e.quick_seconds for p in PAPERS for name, e in p.ledger().experiments.items()}
# Cells that take long to compile are met in `make test` by the sweeps of their claims, and here in `make test-all`.
CELLS = [
    pytest.param(name, marks=pytest.mark.slow if COSTS[name] > 1.5 and "smoke" not in experiment.scales else ())
    for name, experiment in EXPERIMENTS.items()
]

NEAR = {"float64": {"rtol": 1e-9, "atol": 1e-12}, "float32": {"rtol": 1e-3, "atol": 1e-5}}


def cheapest_shard(experiment):
    """The cheapest shard of the quick space, whole, as the sweeps of the claims' tests have compiled it; of a
    smaller space, where there is one."""
    space = experiment.scales.get("smoke") or experiment.space("quick")
    return plan_shards(experiment, space, 0, "test", Path("unused"))[0]


def test_every_experiment_can_be_sent_to_worker_processes():
    for name, experiment in EXPERIMENTS.items():
        assert pickle.loads(pickle.dumps(cheapest_shard(experiment))).experiment.name == name


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_is_the_same_alone_and_in_company(name):
    experiment = EXPERIMENTS[name]
    spec = cheapest_shard(experiment)
    together = evaluate(spec)
    # Padded to the same length, so that nothing is compiled again: its company are copies of itself. The first stays in
    # its lane: instructions of other widths round apart, which adaptive solvers amplify to their tolerance.
    own = {name: values[:1] for name, values in spec.columns.items()}
    alone = dataclasses.replace(spec, cells=spec.cells[:1], columns=own)
    single = evaluate(alone)
    for output, quantity in experiment.outputs.items():
        if quantity.unit == "CPU s":
            continue  # measured while the cell ran, and so no number of the cell
        assert together[output].shape[1:] == single[output].shape[1:]
        assert together[output].ndim == 1 + len(quantity.dims), output
        # One program and one lane: the same bits. What is called point by point compiles anew and may sum on threads.
        near = {"rtol": 0, "atol": 0} if experiment.compiled else NEAR[experiment.precision]
        np.testing.assert_allclose(single[output][0], together[output][0], **near, err_msg=output)
    assert np.all(np.isin(together["code"][:3], (codes.OK, codes.UNBOUNDED)))
    wanted = np.dtype(experiment.precision)
    assert all(value.dtype == wanted for value in together.values() if value.dtype.kind == "f")
