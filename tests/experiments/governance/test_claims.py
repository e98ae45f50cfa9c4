"""The claims on simulation, judged on data made of the stored numbers, and on the same data bent."""

import pytest
import xarray as xr

from experiments.claim import judge
from experiments.governance.dimension_claims import CLAIMS as DIMENSION
from experiments.governance.habituation_claims import CLAIMS as HABITUATION
from experiments.governance.sentinel_claims import CLAIMS as SENTINEL
from experiments.governance.stored_claims import CLAIMS as STORED
from tests.experiments.governance.made import made
from tests.experiments.governance.quick import shortcomings
from tests.experiments.quick_row import scaled, shifted

CLAIMS = (*STORED, *HABITUATION, *SENTINEL, *DIMENSION)
BY_ID = {claim.id.removeprefix("governance/"): claim for claim in CLAIMS}


def judged(claim, change=lambda ds: ds):
    return judge(claim, *(change(made(name.removeprefix("governance/"))) for name in claim.experiments))


def test_claims_get_the_verdicts_of_the_ledger_and_reject_their_decoys():
    assert not shortcomings(CLAIMS, map(judged, CLAIMS))


WRONG = {
    "T17": shifted("payoff", 2e-6),
    "T16-kl": shifted("neighbour_kl", 2.0),
    "T16-payoff": shifted("payoff", 0.1),
    "T16-body": shifted("body_action", -0.2),
    "T16-smoothing": lambda ds: ds.assign(variance=ds.variance.where(ds.share < 1, 0.01 * ds.variance)),
    "C-order": scaled("neighbour_kl", -1.0),
    "C-insulation": lambda ds: ds.assign(body_action=ds.body_action.where(ds.agent != "AllC", ds.body_action - 0.2)),
    "C-rank-one": shifted("second", 0.002),
    "C-centred": scaled("second", 0.5),
    "C-totals": shifted("total", 0.05),
    "T14-total": shifted("mirror_payoff", 0.5),
    "C-drop": lambda ds: ds.assign(body_action=ds.body_action.where(ds["round"] < 200, ds.body_action - 0.6)),
}


@pytest.mark.parametrize("name", WRONG)
def test_claims_are_refuted_by_data_that_are_wrong(name):
    assert judged(BY_ID[name], WRONG[name]).verdict == "refuted"


# Data in which the paper's text would be right.
TOLD = {
    "C-drop": lambda ds: ds.assign(
        body_action=xr.where(ds["round"] < 200, 0.98, 0.96) + 0.05 * (ds.body_action - ds.body_action.mean("replicate"))
    ),
    "C-text-payoff": shifted("payoff", -0.19),
    "C-clamp": lambda ds: ds.assign(unclamped=ds.unclamped * 0 + 0.97),
    "C-lead": lambda ds: ds.assign(lead=ds.lead + 20.0),
    "C-detection": lambda ds: ds.assign(detection=ds.detection * 5),
    "C-conjecture": lambda ds: ds.assign(detection=ds.detection.where(ds.dimension > 5, 10.0)),
    "C-erosion": lambda ds: ds.assign(sentinel_payoff=ds.sentinel_payoff + 0.065 * ds.length),
    "C-readout": lambda ds: ds.assign(weights_squared=ds.weights_squared**-0.5),
}


@pytest.mark.parametrize("name", TOLD)
def test_statements_of_the_text_would_hold_on_data_that_are_as_it_says(name):
    found = judged(BY_ID[name], TOLD[name])
    assert found.verdict in ("holds", "loose")
    assert found.teeth >= 2
