"""Every cell returns what its experiment describes; the official ones are run, the others traced."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from dynamics import governance as gov
from experiments.governance import EXPERIMENTS, common, dimension, habituating, sentinel
from experiments.governance.stored_claims import CLAIMS, STORED
from tests.experiments.governance.quick import dataset, finding

TRACED = [experiment for experiment in EXPERIMENTS if experiment.compiled]


@pytest.mark.parametrize("experiment", TRACED, ids=lambda experiment: experiment.name)
def test_cells_return_what_is_described_in_its_dimensions(experiment):
    columns = {name: values[-1].item() for name, values in experiment.space("paper").columns().items()}
    columns.pop("replicate", None)
    static = {name: value for name, value in columns.items() if name in experiment.static}
    traced = {name: jnp.asarray(value) for name, value in columns.items() if name not in experiment.static}
    found = jax.eval_shape(lambda key, traced: experiment.cell(key, **static, **traced), jax.random.key(0), traced)
    assert set(found) == set(experiment.outputs)
    for name, quantity in experiment.outputs.items():
        assert len(found[name].shape) == len(quantity.dims), name
        for dim, size in zip(quantity.dims, found[name].shape, strict=True):
            assert size == len(experiment.coordinates.get(dim, range(size))), (name, dim)


def test_t17_official_rows_of_experiment_2_end_to_end():
    ds = dataset("official-rows")
    assert_allclose(ds.neighbour_kl, STORED[:, 0], atol=0.51e-6)
    claim = next(claim for claim in CLAIMS if claim.id == "governance/T17")
    assert finding(claim).verdict == "holds"
    assert finding(claim, official_rows=ds.assign(variance=ds.variance + 2e-8)).verdict == "refuted"


def test_settings_of_experiment_7_move_one_parameter_each():
    assert len(sentinel.MOVED) == 21
    defaults = gov.sentinel()
    for name, value in zip(sentinel.MOVED, sentinel.VALUES, strict=True):
        moved = gov.sentinel(**{name: value})
        differing = [f for f in moved._fields if float(getattr(moved, f)) != float(getattr(defaults, f))]
        assert differing in ([], [name])


def test_official_offsets_are_floors_of_the_scaled_value():
    assert common.scaled(7000, common.shares(21), 1000) == [7000 + 50 * i for i in range(21)]
    assert common.scaled(10_000, (0.6, 0.85), 100) == [10_060, 10_085]


def test_two_shapes_serve_all_dimensions():
    for experiment, widest in ((dimension.DIMENSION_SWEEP, 100), (dimension.PHASE_DIAGRAM, 75)):
        columns = experiment.space("paper").columns()
        assert np.all(columns["width"] >= columns["dimension"])
        assert set(columns["width"].tolist()) == {30, widest}


def test_modes_of_experiment_4_habituate_under_their_own_share():
    assert dict(zip(habituating.MODES, habituating.MODE_SHARES, strict=True))["sentinel"] == 0.85
