"""Predictors end to end: quick sweeps, verdicts as the ledger expects, and claims that can fail."""

import numpy as np
import pytest

from experiments.synergy import predictors_claims
from tests.experiments.synergy import quick

CLAIMS = {claim.id.split("/")[1]: claim for claim in predictors_claims.CLAIMS}


def _scaled(factor):
    ds = quick.dataset("predictor-scan")
    return {"predictor_scan": ds.assign(root_bias=ds.root_bias * factor)}


def test_every_verdict_is_the_one_expected():
    findings = [quick.finding(claim) for claim in CLAIMS.values()]
    assert not quick.shortcomings(CLAIMS.values(), findings)
    # The exhibit of the notes: fan-in 51, correlation .95, a perfect channel.
    worst = next(finding for finding in findings if finding.id == "synergy/C23")
    assert (worst.at["fan_in"], worst.at["correlation"], worst.at["fidelity_share"]) == (51, 0.95, 1.0)
    assert worst.predicted * 2**0.5 / worst.observed == pytest.approx(2.36, abs=0.005)


@pytest.mark.parametrize(("name", "factor"), [("C22", 1 + 1e-9), ("C22-lower", 1 - 1e-9), ("C22-ratio", 0.99)])
def test_a_claim_refuses_perturbed_data(name, factor):
    assert quick.finding(CLAIMS[name], **_scaled(factor)).verdict == "refuted"


def test_c23_its_sharp_version_refuses_perturbed_data():
    assert quick.finding(CLAIMS["C23"], **_scaled(0.7)).sharp_holds is False


def test_eq_4_5_the_examples_are_the_published_ones():
    ds = quick.dataset("predictor-examples")
    for example, depths, biases in [
        (0, [5, 12, 20], [0.070680892, 0.11394502, 0.19182477]),
        (1, [8, 12, 20], [0.12627349, 0.30793058, 0.90239312]),
        (2, [5, 8], [0.092078531, 0.33440606]),
    ]:
        seen = ds.root_bias.isel(example=example).sel(depth=[float(depth) for depth in depths])
        np.testing.assert_allclose(seen, biases, rtol=1e-7)


def test_the_scan_starts_where_growth_takes_the_promised_number_of_levels():
    ds = quick.dataset("predictor-scan")
    grown = ds.initial_bias * ds.gain**ds.growth_levels
    np.testing.assert_allclose(grown, ds.resting_bias.transpose(*grown.dims), rtol=300 * np.finfo(float).eps)
    assert (ds.code == 0).all()
