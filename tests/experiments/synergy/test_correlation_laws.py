"""The correlation-law claims on quick data: the verdicts the ledger expects, and that other data would change them."""

import pytest

from experiments.synergy.correlation_laws_claims import CLAIMS, LEVEL_MAPS
from tests.experiments.synergy.quick import dataset, finding, finding_on, shortcomings

BY_ID = {claim.id.removeprefix("synergy/"): claim for claim in CLAIMS}


def test_verdicts_are_those_of_the_ledger_and_every_decoy_is_rejected():
    assert not shortcomings(CLAIMS)


@pytest.mark.parametrize(
    ("id", "experiment", "change"),
    [
        ("C42", "law-trees", lambda ds: ds.assign(right=ds.right - 600)),
        ("C42-sent", "law-growth-by-correlation", lambda ds: ds.assign(growth=ds.growth + 0.01)),
        ("C42-elsewhere", "law-growth-by-fidelity", lambda ds: ds.assign(growth=ds.growth + 0.01)),
        ("C43-threshold", "law-growth-by-correlation", lambda ds: ds.assign(growth=ds.growth + 0.01)),
    ],
)
def test_perturbed_data_refute_the_claim(id, experiment, change):
    assert finding_on(BY_ID[id], experiment, change).verdict == "refuted"


def test_c43_would_hold_if_every_law_acted_as_copies_do():
    ds = dataset("law-gains")
    copies = ds.sel(law=["received"] * len(LEVEL_MAPS)).assign_coords(law=list(LEVEL_MAPS))
    found = finding(BY_ID["C43"], law_gains=copies)
    assert (found.verdict, found.sharp_holds) == ("holds", False)


def test_c43_opposite_phases_at_one_correlation():
    growth = dataset("law-growth-by-correlation").growth.sel(correlation=0.2, fidelity=0.6, method="nearest")
    assert {str(law): bool(growth.sel(law=law) > 0) for law in growth.law.values} == {
        "received": True,
        "sent": True,
        "beta-binomial": False,
        "probit": False,
    }
