"""The continuous warm-up end to end: expected verdicts, decoys rejected, and verdicts that can turn."""

import numpy as np
import pytest
import xarray as xr

from experiments.synergy.continuous_claims import CLAIMS
from tests.experiments.quick_row import scaled
from tests.experiments.synergy.quick import dataset, finding, finding_on, shortcomings
from theory import synergy

BY_ID = {claim.id.removeprefix("synergy/"): claim for claim in CLAIMS}


def test_claims_get_the_verdicts_of_the_ledger_and_reject_their_decoys():
    assert not shortcomings(CLAIMS)


WRONG = {
    "C24-gaussian-star": ("gaussian-organisations", scaled("star", 1.1)),
    "C24-gaussian-chain": ("gaussian-organisations", scaled("chain", 1.1)),
    "C26": ("gaussian-organisations", scaled("sibling_tree", 1.1)),
    "C26-readings": ("gaussian-organisations", scaled("global_tree", 1.1)),
    "C26-levels": ("continuous-levels", scaled("risk", 1 + 1e-9)),
    "C26-floor": ("continuous-levels", scaled("floor", 1 + 1e-9)),
    "C26-rate": ("continuous-levels", lambda ds: ds.assign(risk=ds.risk**1.001)),
    "C27": ("continuous-levels", lambda ds: ds.assign(risk=-ds.risk + 2 * ds.risk.max("level"))),
    "C28": ("continuous-levels", lambda ds: ds.assign(depth_to_floor=ds.depth_to_floor + (ds.fan_in == 5))),
    "D2-siblings": ("gaussian-organisations", lambda ds: ds.assign(sibling_tree=ds.global_tree)),
}


@pytest.mark.parametrize("name", WRONG)
def test_claims_are_refuted_by_data_that_are_slightly_wrong(name):
    experiment, change = WRONG[name]
    assert finding_on(BY_ID[name], experiment, change).verdict == "refuted"


def test_the_disputed_claim_would_hold_of_siblings_correlated_afresh():
    ds = dataset("gaussian-organisations")
    found = finding(BY_ID["D2"], gaussian_organisations=ds.assign(global_tree=ds.sibling_tree))
    # The decoy is the lead of just these trees, so that here it survives.
    assert found.verdict == "toothless"
    assert found.observed - (found.high - found.low) / 2 > 0
    assert found.sharp_holds is False


def test_star_and_tree_of_the_disputed_claim_hear_the_same_leaves():
    # Over the same leaves the difference fluctuates far less than over independent ones.
    deep = dataset("gaussian-organisations").isel(organisation=-1, setting=0)
    paired = (deep.star - deep.global_tree).std("replicate")
    assert float(paired) < 0.5 * float(np.hypot(deep.star.std("replicate"), deep.global_tree.std("replicate")))


def test_no_design_lies_within_rounding_of_a_step_of_eq_13():
    ds = dataset("continuous-levels")
    high = ds.isel(design=np.flatnonzero(ds.leaf_variance > 0.01))
    parameters = (high.fan_in, high.correlation, high.noise_variance, high.leaf_variance, high.excess)
    real = xr.apply_ufunc(synergy.depth_to_floor, *parameters)
    assert float(abs(real - np.round(real)).min()) > 1e-9
    assert set(np.unique(high.depth_to_floor)) <= set(range(200))


def test_spec_2_8_table_is_drawn():
    drawn = dataset("gaussian-organisations").isel(setting=0)
    expected = {2: (0.1432, 0.234), 3: (0.061552, 0.2068)}
    for i, depth in enumerate(drawn.depth.values):
        for name, value in zip(("sibling_tree", "star"), expected[int(depth)], strict=True):
            samples = drawn[name].isel(organisation=i)
            error = float(samples.std("replicate", ddof=1)) / samples.sizes["replicate"] ** 0.5
            assert abs(float(samples.mean()) - value) <= 4.5 * error
