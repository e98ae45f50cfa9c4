"""Star, chain and channels end to end: expected verdicts, decoys rejected, and verdicts that can turn."""

import numpy as np
import pytest

from experiments.synergy.baselines_claims import CLAIMS
from tests.experiments.synergy.quick import dataset, finding_on, shortcomings

BY_ID = {claim.id.removeprefix("synergy/"): claim for claim in CLAIMS}


def test_claims_get_the_verdicts_of_the_ledger_and_reject_their_decoys():
    assert not shortcomings(CLAIMS)


def moved(name, share, trials):
    """A share of the right votes, or a few more of them, as whole numbers."""

    def change(ds):
        return ds.assign({name: ds[name] + (share * trials(ds)).astype(int)})

    return change


WRONG = {
    "C24-chain": ("binary-organisations", moved("chain", 0.02, lambda ds: ds.roots * ds.fan_in)),
    "C24-star": ("binary-organisations", moved("star", 0.02, lambda ds: ds.roots)),
    "C25": ("wide-star", lambda ds: ds.assign(star=(0.97 * ds.star).astype(int))),
    "P7": ("binary-organisations", lambda ds: ds.assign(star=ds.tree, tree=ds.star)),
    "channels": ("channel-families", moved("erasure", -0.01, lambda ds: ds.votes)),
}


@pytest.mark.parametrize("name", WRONG)
def test_claims_are_refuted_by_data_that_are_slightly_wrong(name):
    experiment, change = WRONG[name]
    assert finding_on(BY_ID[name], experiment, change).verdict == "refuted"


@pytest.mark.parametrize(("fan_in", "depth", "stars"), [(3, 2, (0.1469497924, 0.1382548132, 0.1208648547))])
def test_spec_4_6_star_table_is_drawn(fan_in, depth, stars):
    ds = dataset("binary-organisations")
    (place,) = np.flatnonzero((ds.fan_in == fan_in) & (ds.depth == depth))
    row = ds.isel(organisation=place)
    trials = int(row.roots) * row.sizes["replicate"]
    seen = 2 * row.star.sum("replicate") / trials - 1
    assert np.all(abs(seen - np.array(stars)) <= 4.5 * np.sqrt((1 - np.array(stars) ** 2) / trials))
