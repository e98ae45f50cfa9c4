"""Design end to end: expected verdicts, decoys rejected, verdicts that can turn, and the sawtooth of 6.5."""

import numpy as np
import pytest

from experiments.synergy.design_claims import CLAIMS, lines_of, on_steps
from tests.experiments.synergy.quick import dataset, finding, finding_on, shortcomings
from theory import synergy

BY_ID = {claim.id.removeprefix("synergy/"): claim for claim in CLAIMS}


@pytest.fixture(scope="module")
def findings():
    return {found.id.removeprefix("synergy/"): found for found in map(finding, CLAIMS)}


def test_claims_get_the_verdicts_of_the_ledger_and_reject_their_decoys(findings):
    assert not shortcomings(CLAIMS, findings.values())


def test_refuted_claims_have_sharp_versions_that_hold(findings):
    refuted = {name for name, found in findings.items() if found.verdict == "refuted"}
    assert refuted == {"C38", "C40", "C41-window", "C41-fan-in", "C54"}
    assert all(findings[name].sharp_holds for name in refuted)


def changed(name, by, at=slice(None)):
    """The values of one output, some of them replaced by `by` of themselves."""

    def change(ds):
        values = ds[name].values.copy()
        values[..., at] = by(values[..., at])
        return ds.assign({name: ds[name].copy(data=values)})

    return change


def grown(factor):
    return lambda values: values * factor


WRONG = {
    "C37": ("message-lengths", changed("growth_length", lambda m: m + 1, slice(70, 71))),
    "C37-monotone": ("message-lengths", changed("growth_length", lambda m: m - 2, slice(70, 71))),
    "C39": (
        "message-lengths",
        lambda ds: ds.assign({name: ds[name] + 1e-6 for name in ("log_length_low", "log_length_high")}),
    ),
    "C41": ("design-chart", changed("bias", grown(1 + 1e-9))),
    "C41-designs": ("design-chart", changed("levels", lambda depth: depth + 1, slice(-1, None))),
    "C54-near": ("gradient-design", changed("near_bias", grown(0.95))),
    "C54-saturating": ("gradient-design", changed("near_bias", grown(0.95))),
}


@pytest.mark.parametrize("name", WRONG)
def test_claims_are_refuted_by_data_that_are_slightly_wrong(name):
    experiment, change = WRONG[name]
    assert finding_on(BY_ID[name], experiment, change).verdict == "refuted"


def test_spec_6_5_sawtooth_drops_where_a_level_is_added():
    ds = dataset("message-lengths")
    lengths, levels = ds.whole_length.values, ds.whole_levels.values
    drops = np.flatnonzero(np.diff(lengths) < 0)
    drops = [at for at in drops if ds.log_budget.values[at] > 3]
    told = {2: (2265, 38, 23), 3: (1.297e4, 43, 27), 4: (7.06e4, 47, 30), 5: (3.74e5, 49, 32), 6: (1.96e6, 51, 33)}
    assert [int(levels[at + 1]) for at in drops] == list(told)
    for at, (budget, before, after) in zip(drops, told.values(), strict=True):
        assert levels[at + 1] == levels[at] + 1
        low, high = 10 ** ds.log_budget.values[[at, at + 1]]
        # The printed budgets have three or four digits.
        assert low * 0.999 <= budget <= high * 1.001
        # The grid may stop a step short of the peak, or begin a step after the valley.
        assert before - 1 <= lengths[at] <= before
        assert after <= lengths[at + 1] <= after + 1


def test_spec_6_2_the_realisable_envelope_wants_a_fan_in_of_agents():
    ds = dataset("message-lengths")
    pieces = synergy.realisable_envelope(lines_of(ds))
    lengths = on_steps(pieces, 10**ds.log_budget.values)
    assert np.isnan(lengths[0])
    built = np.isfinite(lengths)
    lines = lines_of(ds)
    places = lengths[built].astype(int) - 1
    assert np.all(10 ** ds.log_budget.values[built] >= np.asarray(lines.realisable_from)[places])
