"""Official mode as a user meets it: one body, its file, and requests that cannot be met."""

import numpy as np
import pytest
import xarray as xr

from experiments.errors import UserError
from experiments.governance import EXPERIMENTS
from experiments.governance.official_mode import OFFICIAL, bodies_of, official_of
from paper_repro.tools.governance import official


def test_one_body_is_printed_and_stored_like_a_sweep(capsys, tmp_path):
    assert official("convergence", 1, tmp_path) == 0
    printed = capsys.readouterr().out
    assert "1 of 10 bodies in" in printed
    assert "norm" in printed
    ds = xr.open_dataset(tmp_path / "official" / "convergence.nc", engine="h5netcdf")
    assert ds.sizes["round"] == 500
    assert ds.body_action.dtype == np.float64
    # The stored per-body means at alpha = 1 lie between 0.9683 and 0.9938.
    assert 0.968 < float(ds.body_action.sel(agent="alpha=1").mean()) < 0.994


def test_every_experiment_of_the_paper_has_an_official_mode():
    known = {experiment.name.removeprefix("governance/") for experiment in EXPERIMENTS}
    assert set(OFFICIAL) <= known
    # Ten experiments, the ninth in two parts.
    assert len(OFFICIAL) == 11


def test_requests_that_cannot_be_met_are_refused_by_name():
    with pytest.raises(UserError, match="Unknown experiment `sentinels`"):
        official_of("sentinels")
    with pytest.raises(UserError, match=r"`bodies` must lie in 1 .. 10, but is 11"):
        next(bodies_of(OFFICIAL["convergence"], 11))
