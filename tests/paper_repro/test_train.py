"""`separatrix train`: what it leaves behind can be read, gone on with, and is refused to another training."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from experiments.errors import UserError
from experiments.tokens.architecture import architecture_of
from experiments.tokens.checkpoint import Checkpoint
from paper_repro.tools.training import train


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("trained") / "run"


SMALL = {"steps": 4, "every": 2, "width": 8, "depth": 1}


def test_a_training_leaves_weights_that_inspect_reads_and_its_losses(folder, capsys):
    assert train(folder, "negative", **SMALL) == 0
    assert "step 4 of 4" in capsys.readouterr().out
    read = architecture_of(Checkpoint.open(folder / "model.safetensors"), None)
    assert (read.layers, read.width) == (1, 8)
    losses = xr.open_dataset(folder / "losses.nc", engine="h5netcdf").loss.values
    assert losses.shape == (4,)
    assert np.all(np.isfinite(losses))


def test_a_finished_training_is_not_done_again(folder, capsys):
    before = (folder / "model.safetensors").read_bytes()
    assert train(folder, "negative", **SMALL) == 0
    assert "step" not in capsys.readouterr().out
    assert (folder / "model.safetensors").read_bytes() == before


def test_a_folder_of_another_training_is_refused(folder):
    with pytest.raises(UserError, match="holds another training: it differs in variant"):
        train(folder, "positive", **SMALL)
