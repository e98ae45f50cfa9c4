"""Findings on disk."""

import json

import numpy as np
import pytest
import xarray as xr

from experiments.claim import Agreement, Bound
from experiments.evidence import Crossing, Mean
from experiments.finding import Finding
from tests.experiments.constant_claims import RHO, exact, verdict


def test_findings_survive_json_infinities_included():
    unbounded = Crossing(Mean(RHO - 0.25, xr.where(RHO < 0.25, 1.0, 1e-6)), "rho")
    findings = [
        verdict("identity", observe=exact(RHO * 0), decoy=RHO),
        verdict("threshold", 0.25, unbounded, Agreement(0.1)),
        verdict("bound", RHO, exact(RHO * 0), Bound("upper"), decoy=-RHO),
    ]
    assert [findings[0].teeth, findings[1].low, findings[2].factor] == [np.inf, -np.inf, np.inf]
    for finding in findings:
        text = json.dumps(finding.to_dict(), allow_nan=False)
        assert Finding.from_dict(json.loads(text)) == finding


def test_a_stored_finding_of_another_make_is_refused():
    stored = verdict(observe=exact(0.0)).to_dict()
    with pytest.raises(ValueError, match=r"missing or unknown keys: \['teeth'\]"):
        Finding.from_dict({name: entry for name, entry in stored.items() if name != "teeth"})
    with pytest.raises(ValueError, match="`verdict` must be one of"):
        Finding.from_dict(stored | {"verdict": "fine"})
