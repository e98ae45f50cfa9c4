"""Patterns, species and flows end to end: expected verdicts, decoys rejected, and verdicts that can turn."""

import numpy as np
import pytest

from experiments.graph_ode.flows_claims import CLAIMS as FLOWS
from experiments.graph_ode.patterns_claims import CLAIMS as PATTERNS
from experiments.graph_ode.responses import eigenvalues
from experiments.graph_ode.species_claims import CLAIMS as SPECIES
from tests.experiments.graph_ode.quick import dataset, finding, finding_on, shortcomings
from tests.experiments.quick_row import scaled, shifted

CLAIMS = (*PATTERNS, *SPECIES, *FLOWS)
BY_ID = {claim.id.removeprefix("graph_ode/"): claim for claim in CLAIMS}


def test_claims_get_the_verdicts_of_the_ledger_and_reject_their_decoys():
    assert not shortcomings(CLAIMS)


WRONG = {
    "P32-sh-growth": ("sh-growth", shifted("growth", 1e-7)),
    "P32-sh-stripes": ("sh-stripes", scaled("first", 1 + 1e-6)),
    "P32-sh-third-harmonic": ("sh-stripes", scaled("third", 1 + 1e-3)),
    "P32-sh-hexagons": ("sh-hexagons", scaled("amplitude", 1.03)),
    "P32-sh-hexagon-onset": ("sh-hexagons", shifted("amplitude", -0.006)),
    "P32-sh-descent": ("sh-descent", lambda ds: ds.isel(sample=slice(None, None, -1))),
    "P32-sh-uniform": ("sh-uniform", scaled("end", 1 + 1e-9)),
    "P32-lo-wave": ("lo-waves", scaled("frequency", 1.0001)),
    "P32-lo-side-bands": ("lo-waves", scaled("growth", 1.01)),
    "P32-lo-limit": ("lo-waves", lambda ds: ds.assign_coords(share=1.15 * ds.share)),
    "P32-brusselator-growth": ("brusselator-growth", shifted("growth", 1e-3)),
    "P32-turing": ("brusselator-growth", shifted("growth", -0.1)),
    "P32-hopf": ("brusselator-growth", shifted("growth", -0.05)),
    "P32-gray-scott-saddle-node": ("gray-scott-fate", shifted("v", -0.25)),
    "P32-gray-scott-hopf": ("gray-scott-growth", shifted("growth", -0.003)),
    "P33-laminar": ("ns-exact", scaled("gain", 1 + 1e-9)),
    "wake-rises": ("cylinder-wake", lambda ds: ds.assign(strouhal=ds.strouhal[::-1].values + 0 * ds.strouhal)),
    "wake-blocked": ("cylinder-wake", scaled("strouhal", 0.9)),
}


@pytest.mark.parametrize("name", WRONG)
def test_claims_are_refuted_by_data_that_are_slightly_wrong(name):
    experiment, change = WRONG[name]
    assert finding_on(BY_ID[name], experiment, change).verdict == "refuted"


def test_refuted_statements_would_hold_of_other_data():
    growth = dataset("sh-growth")
    assert finding(BY_ID["oddity-5"], sh_growth=growth.assign(derivative=-growth.derivative)).verdict == "holds"
    flow = dataset("ns-exact")
    assert finding(BY_ID["P33-residual"], ns_exact=flow.assign(released=0 * flow.released)).verdict == "holds"


def test_p33_pressure_and_time_derivative_complete_the_residual():
    flow = dataset("ns-exact")
    # The central difference of e^(-8 pi^2 nu t) leaves (8 pi^2 nu h)^2 / 6 of u_t.
    rate = 8 * np.pi**2 * flow.viscosity
    left = rate * (rate * 0.025) ** 2 / 6 * flow.speed_then / 2
    np.testing.assert_allclose(flow.full, left + 0 * flow.full, rtol=1e-3)
    assert float(flow.rest.max()) < 1e-13


def test_the_response_of_a_known_matrix_has_its_eigenvalues():
    matrix = np.array([[[0.9, 0.2], [0.1, 0.5]], [[0.0, -2.0], [2.0, 0.0]]])
    leading, other = eigenvalues(matrix)
    expected = [sorted(np.linalg.eigvals(m), key=abs) for m in matrix]
    np.testing.assert_allclose(np.abs(leading), [abs(pair[1]) for pair in expected])
    np.testing.assert_allclose(np.abs(other), [abs(pair[0]) for pair in expected])
