"""Trained denoisers end to end: expected verdicts, decoys rejected, and verdicts that can turn."""

import pytest

from experiments.graph_ode import denoising_networks_claims
from tests.experiments.graph_ode.quick import dataset, finding, shortcomings

CLAIMS = denoising_networks_claims.CLAIMS
BY_ID = {claim.id.removeprefix("graph_ode/"): claim for claim in CLAIMS}


def test_claims_get_the_verdicts_of_the_ledger_and_reject_their_decoys():
    assert not shortcomings(CLAIMS)


WRONG = {
    "P34-network": ("network_loss", 0.3),
    "P34-exact": ("exact_loss", 0.3),
    "P34-excess": ("network_loss", 0.5),
    "P34-patterns": ("network_loss", 5.0),
    "P36-network": ("decoded", 2.0),
}


@pytest.mark.parametrize("name", WRONG)
def test_claims_are_refuted_by_data_that_are_wrong(name):
    changed, factor = WRONG[name]
    ds = dataset("trained-denoiser")
    found = finding(BY_ID[name], trained_denoiser=ds.assign({changed: ds[changed] * factor}))
    assert found.verdict == "refuted"
