"""Unequal levels end to end: expected verdicts, decoys rejected, and verdicts that can turn."""

import pytest

from experiments.synergy.schedules_claims import CLAIMS
from tests.experiments.synergy.quick import finding_on, shortcomings

BY_ID = {claim.id.removeprefix("synergy/"): claim for claim in CLAIMS}


def test_claims_get_the_verdicts_of_the_ledger_and_reject_their_decoys():
    assert not shortcomings(CLAIMS)


def scaled(factor, *names):
    return lambda ds: ds.assign({name: ds[name] * factor for name in names})


WRONG = {
    "levels": ("level-orders", scaled(1 + 1e-9, "given")),
    "levels-bound": ("level-orders", scaled(1.001, "rising")),
    "levels-order": ("level-orders", scaled(1 - 1e-9, "rising")),
    "levels-cycle": ("alternating-levels", scaled(1 + 1e-6, "before_low", "before_high")),
}


@pytest.mark.parametrize("name", WRONG)
def test_claims_are_refuted_by_data_that_are_slightly_wrong(name):
    experiment, change = WRONG[name]
    assert finding_on(BY_ID[name], experiment, change).verdict == "refuted"
