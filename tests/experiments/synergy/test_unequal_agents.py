"""Unequal committees end to end: expected verdicts, decoys rejected, and verdicts that can turn."""

import numpy as np
import pytest

from experiments.synergy.unequal_agents import TEAMS
from experiments.synergy.unequal_agents_claims import CLAIMS
from tests.experiments.quick_row import scaled
from tests.experiments.synergy.quick import dataset, finding_on, shortcomings

BY_ID = {claim.id.removeprefix("synergy/"): claim for claim in CLAIMS}


def test_claims_get_the_verdicts_of_the_ledger_and_reject_their_decoys():
    assert not shortcomings(CLAIMS)


def fewer(name):
    """One committee in a hundred decides wrongly instead."""
    return lambda ds: ds.assign({name: ds[name] - ds.nodes // 100})


WRONG = {
    "C44": ("unequal-agents", fewer("plain")),
    "C44-listed": ("unequal-rules", scaled("plain", 1 + 1e-9)),
    "C44-slope": ("unequal-rules", scaled("slope", 1 + 1e-9)),
    "C45": ("unequal-rules", scaled("log_odds", 1 - 1e-9)),
    "C45-weights": ("unequal-agents", fewer("log_odds")),
    "C45-plain": ("unequal-agents", lambda ds: ds.assign(plain=ds.best + 100, best=ds.plain)),
}


@pytest.mark.parametrize("name", WRONG)
def test_claims_are_refuted_by_data_that_are_slightly_wrong(name):
    experiment, change = WRONG[name]
    assert finding_on(BY_ID[name], experiment, change).verdict == "refuted"


@pytest.mark.parametrize(("team", "weighted", "plain"), [(0, 0.5, 0.4425), (1, 0.8, 0.584), (2, 0.6, 0.45688)])
def test_spec_7_4_table_is_drawn(team, weighted, plain):
    row = dataset("unequal-agents").isel(committee=team).sel(correlation=0.0)
    assert int(row.team) == team
    assert int(row.members) == len(TEAMS[team][0])
    trials = int(row.nodes) * row.sizes["replicate"]
    for name, value in (("log_odds", weighted), ("plain", plain), ("best", max(TEAMS[team][0]))):
        seen = 2 * float(row[name].sum()) / trials - 1
        # The printed digits end at 5e-6.
        assert abs(seen - value) <= 4.5 * np.sqrt((1 - value**2) / trials) + 5e-6
