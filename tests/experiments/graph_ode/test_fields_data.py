"""Sets of trajectories: cached by their recipe, whole or absent, normalised by the training set alone."""

import h5netcdf
import numpy as np
import pytest

from dynamics.graph_ode import recipe
from experiments.errors import StoreError, UserError
from experiments.graph_ode import fields_data
from experiments.graph_ode.fields_data import DataRecipe, data_recipe, load, normalised, path_of

TINY = DataRecipe(
    "lambda_omega",
    recipe("lambda_omega", points=(8, 8), frames=3, substeps=2),
    (5, 1, 2),
    varied="beta",
    values=((0.5, 1.0), (0.7,), (1.5,)),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fields")


@pytest.fixture(scope="module")
def dataset(folder):
    fields_data.AT_ONCE, before = 4 * 3 * 2 * 64 * 2, fields_data.AT_ONCE  # two trajectories a group
    yield load(TINY, folder)
    fields_data.AT_ONCE = before


def test_a_set_says_what_it_is(dataset):
    assert dataset.field.dims == fields_data.DIMS
    assert dataset.field.shape == (8, 3, 2, 8, 8)
    assert dataset.field.dtype == np.float32
    assert dataset.split.values.tolist() == ["train"] * 5 + ["validation"] + ["test"] * 2
    assert dataset.channel.values.tolist() == ["u", "v"]
    np.testing.assert_allclose(dataset.beta, [0.5, 1.0, 0.5, 1.0, 0.5, 0.7, 1.5, 1.5])
    np.testing.assert_allclose(dataset.time, [0, 0.25, 0.5])
    assert '"seed": 1' in dataset.attrs["recipe"]
    assert len({field.tobytes() for field in dataset.field.values}) == 8


def test_normalisation_comes_from_the_training_set_alone(dataset):
    train = normalised(dataset, "train")
    np.testing.assert_allclose(train.min(axis=(0, 1, 3, 4)), 0, atol=1e-7)
    np.testing.assert_allclose(train.max(axis=(0, 1, 3, 4)), 1, atol=1e-6)
    test = normalised(dataset, "test")
    spread = (dataset.high - dataset.low).values[:, None, None]
    raw = dataset.field.values[6:]
    np.testing.assert_allclose(test * spread + dataset.low.values[:, None, None], raw, atol=1e-6)
    constant = dataset.assign(low=dataset.low * 0, high=dataset.high * 0, field=dataset.field * 0)
    assert np.all(normalised(constant, "test") == 0)
    with pytest.raises(UserError, match="`split` must be one of"):
        normalised(dataset, "tset")


def test_a_set_is_made_again_exactly_when_its_recipe_changes(dataset, folder, monkeypatch):
    def refuse(*_):
        raise AssertionError("made again")

    monkeypatch.setattr(fields_data, "trajectories", refuse)
    np.testing.assert_array_equal(load(TINY, folder).field, dataset.field)
    changed = DataRecipe(TINY.name, TINY.plan.changed(D=0.2), TINY.counts, varied="beta", values=TINY.values)
    assert path_of(changed, folder) != path_of(TINY, folder)
    with pytest.raises(AssertionError, match="made again"):
        load(changed, folder)
    other = path_of(TINY, folder).with_name("foreign.nc")
    other.write_bytes(b"no netCDF")
    assert not fields_data._stored(TINY, other)
    with h5netcdf.File(other, "w") as file:
        file.attrs["recipe"] = "{}"
    assert not fields_data._stored(TINY, other)


def test_an_interrupted_set_leaves_no_file(dataset, folder, monkeypatch):
    whole = dataset.field.values

    def interrupted(*_):
        yield whole[:2]
        raise KeyboardInterrupt

    monkeypatch.setattr(fields_data, "trajectories", interrupted)
    empty = folder / "interrupted"
    with pytest.raises(KeyboardInterrupt):
        load(TINY, empty)
    assert list(empty.iterdir()) == []


def test_a_run_that_blows_up_is_told_and_not_stored(folder):
    wild = DataRecipe("lambda_omega", TINY.plan.changed(spacing=500.0), (1, 1, 1))
    with pytest.raises(StoreError, match="not finite: take more substeps than 2"):
        load(wild, folder / "wild")
    assert not path_of(wild, folder / "wild").exists()


def test_sets_are_offered_by_name_and_scale():
    assert data_recipe("sh_release", "small").plan.points == (64, 64)
    quick = data_recipe("sh_release", frames=40)
    assert quick.plan.points == (32, 32)
    np.testing.assert_allclose(quick.plan.extent, 10 * np.pi)
    assert data_recipe("navier_stokes", "paper").plan.extent == (1.0, 1.0)
    cylinder = data_recipe("cylinder", "small")
    assert cylinder.varied == "reynolds"
    assert cylinder.of_split(1) == [70.0, 110.0, 70.0, 110.0]
    assert set(cylinder.values[0]).isdisjoint(cylinder.values[2])
    for scale in fields_data.SCALES:
        assert data_recipe("advected", scale).counts == fields_data.SCALES[scale]
    with pytest.raises(UserError, match="`scale` must be one of"):
        data_recipe("sh_release", "huge")
    with pytest.raises(UserError, match="`counts` must be at least 1"):
        DataRecipe("lambda_omega", TINY.plan, (1, 0, 1))
    with pytest.raises(UserError, match="`values` must list values of `beta`"):
        DataRecipe("lambda_omega", TINY.plan, (1, 1, 1), varied="beta")
