"""The calibration study end to end: expected verdicts, decoys rejected, verdicts that can turn, printed numbers."""

import numpy as np
import pytest

from experiments.synergy.calibration_claims import CLAIMS, power
from experiments.synergy.calibration_study import CALIBRATED, DRAWS
from experiments.synergy.example_tables import TRUTH
from tests.experiments.quick_row import shifted
from tests.experiments.synergy.quick import dataset, finding_on, shortcomings
from theory import synergy

BY_ID = {claim.id.removeprefix("synergy/"): claim for claim in CLAIMS}


def test_claims_get_the_verdicts_of_the_ledger_and_reject_their_decoys():
    assert not shortcomings(CLAIMS)


def wider(name, factor):
    return lambda ds: ds.assign({name: ds[name].mean("replicate") + factor * (ds[name] - ds[name].mean("replicate"))})


def missed(name):
    """Every eighth interval misses."""
    return lambda ds: ds.assign({name: ds[name].where(ds.replicate % 8 > 0, 0)})


WRONG = {
    "C48": ("correlation-estimates", shifted("moment", 0.01)),
    "C48-deviation": ("correlation-estimates", wider("moment", 1.2)),
    "C48-likelihood": ("correlation-estimates", wider("likelihood", 1.2)),
    "C48-coverage": ("correlation-intervals", missed("moment")),
    "C48-fisher": ("correlation-intervals", missed("likelihood")),
    "C49": ("leaf-estimates", wider("likelihood", 1.2)),
    "C49-line": ("leaf-estimates", shifted("line", -0.02)),
    "C49-bias": ("leaf-estimates", shifted("line", 0.002)),
    "C50": ("mixed-difficulty", shifted("moment", 0.03)),
    "mixture-test": ("law-tests", lambda ds: ds.assign(copies=1.5 * ds.copies)),
    "mixture-power": ("law-tests", lambda ds: ds.assign(copies=0.4 * ds.copies)),
}


@pytest.mark.parametrize("name", WRONG)
def test_claims_are_refuted_by_data_that_are_wrong(name):
    experiment, change = WRONG[name]
    assert finding_on(BY_ID[name], experiment, change).verdict == "refuted"


def test_spec_9_1_printed_means_and_spreads():
    ds = dataset("leaf-estimates")
    count = ds.sizes["replicate"]
    # The specification's numbers are Monte Carlo themselves, of at least a thousand draws each: 4.5 joint errors.
    rows = {2000.0: ("likelihood", 0.2531, 0.0333), 20_000.0: ("likelihood", 0.2502, 0.0105)}
    lines = {2000.0: ("line", 0.2678, 0.067), 20_000.0: ("line", 0.2511, 0.0165)}
    for table in (rows, lines):
        for answers, (name, mean, spread) in table.items():
            own = ds[name].sel(answers=answers)
            error = 4.5 * spread * np.sqrt(1 / count + 1 / 1000)
            assert abs(float(own.mean()) - mean) < error
    for answers, (name, _, spread) in {**rows, 20_000.0: lines[20_000.0]}.items():
        own = float(ds[name].sel(answers=answers).std(ddof=1))
        assert abs(own / spread - 1) < 4.5 / np.sqrt(2 * 1000)


def test_spec_9_3_printed_spreads():
    ds = dataset("correlation-estimates")
    printed = (0.02391, 0.01957, 0.04788, 0.01067)
    own = ds.moment.std("replicate", ddof=1).values
    assert np.all(abs(own / printed - 1) < 4.5 * np.sqrt(1 / (2 * 1000) + 1 / (2 * ds.sizes["replicate"])))
    first = ds.moment.sel(setting=0)
    assert abs(float(first.mean()) - 0.19971) < 4.5 * float(first.std()) * np.sqrt(1 / 1000 + 1 / first.size)


def test_large_sample_power_grows_with_the_groups_and_lies_near_the_drawn_one():
    ds = dataset("law-tests")
    expected = power(ds)
    assert np.all(np.diff(expected) > 0)
    drawn = (ds.copies.sel(law="beta-binomial") > 7.814728).mean("replicate")
    np.testing.assert_allclose(expected, drawn, atol=0.05)


def test_whole_tables_hold_the_truth_in_their_intervals():
    ds = dataset("calibrated-tables")
    exponent = float(synergy.organisation_exponent(5, TRUTH["correlation"], TRUTH["fidelity"]))
    growth = (exponent, TRUTH["beta"], float(synergy.communication_overhead(5, 1.0)))
    truth = TRUTH | {
        "exponent": exponent,
        "leaf_compute": float(synergy.optimal_leaf_compute(*growth)),
        "critical_budget": float(synergy.critical_budget_growth(*growth)),
    }
    assert ds.beta.size == 16 * 3
    for name in ("beta", "correlation", "fidelity", "exponent", "leaf_compute", "critical_budget"):
        _, low, high = ds[name].transpose("end", ...).values
        held = np.sum((low <= truth[name]) & (truth[name] <= high))
        # Of sixteen 95 % intervals fewer than eleven hold the truth once in ten thousand times.
        assert held >= 11, name
    assert set(CALIBRATED) <= set(ds.data_vars)


def test_a_budget_is_unbounded_where_too_many_resamples_have_none():
    ds = dataset("calibrated-tables")
    for name in ("leaf_compute", "critical_budget"):
        _, _, high = ds[name].transpose("end", ...).values
        # Quantiles interpolate: at most one resample may stand between the two counts.
        decided = abs(ds.without_budget - 0.025) > 2 / DRAWS
        np.testing.assert_array_equal(
            np.isinf(high)[decided.values], (ds.without_budget > 0.025).values[decided.values]
        )
    assert float(ds.without_budget.sel(tasks=3000).median()) < float(ds.without_budget.sel(tasks=300).median())
