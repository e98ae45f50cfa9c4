"""Section 11.6 end to end: bodies in one loop from the quick sweeps, the rest from data made as theory has it."""

import numpy as np
import pytest
import xarray as xr

from experiments.claim import judge
from experiments.governance import company, reactive_claims, two_bodies_claims
from tests.experiments.governance.made_beyond import made
from tests.experiments.governance.quick import finding_on, shortcomings
from tests.experiments.quick_row import shifted

LOOPS = {claim.id.removeprefix("governance/"): claim for claim in two_bodies_claims.CLAIMS}
MEETINGS = {claim.id.removeprefix("governance/"): claim for claim in reactive_claims.CLAIMS}


def test_claims_of_two_bodies_get_the_verdicts_of_the_ledger_and_reject_their_decoys():
    assert not shortcomings(LOOPS.values())


WRONG_LOOPS = {
    "pair-rest": ("two-bodies", shifted("action", 1e-9)),
    "pair-rate": ("two-bodies", lambda ds: ds.assign(pushed=(1 + 1e-7) * ds.pushed)),
    "twin-fold": ("twins", lambda ds: ds.assign_coords(gain=1.1 * ds.gain)),
    "rule-rest": ("before-rules", shifted("other_action", 1e-6)),
    "rule-rate": ("before-rules", lambda ds: ds.assign(pushed=(1 + 1e-6) * ds.pushed)),
}


@pytest.mark.parametrize("name", WRONG_LOOPS)
def test_claims_of_two_bodies_are_refuted_by_data_that_are_slightly_wrong(name):
    experiment, change = WRONG_LOOPS[name]
    assert finding_on(LOOPS[name], experiment, change).verdict == "refuted"


def judged(claim, change=lambda ds: ds):
    return judge(claim, *(change(made(name.removeprefix("governance/"))) for name in claim.experiments))


def test_claims_of_meetings_hold_on_data_as_theory_has_them():
    assert not shortcomings(MEETINGS.values(), map(judged, MEETINGS.values()))


WRONG_MEETINGS = {
    "reactive-constants": shifted("payoff", 0.01),
    "reactive-defection": lambda ds: ds.assign(payoff=-ds.payoff),
    "reactive-shift": lambda ds: ds.assign(payoff=-ds.payoff),
    "guarded-share": lambda ds: ds.assign(payoff=-ds.payoff),
    "guard-threshold": lambda ds: ds.assign_coords(threshold=1.4 * ds.threshold),
    "turn-return": lambda ds: ds.assign(share_trusting=ds.share_trusting.where(ds.period < 4, 0.8)),
    "tuned-echo": lambda ds: ds.assign(held_payoff=-ds.held_payoff),
    "tuned-defection": lambda ds: ds.assign(held_payoff=-ds.held_payoff),
}


@pytest.mark.parametrize("name", WRONG_MEETINGS)
def test_claims_of_meetings_are_refuted_by_data_that_are_wrong(name):
    assert judged(MEETINGS[name], WRONG_MEETINGS[name]).verdict == "refuted"


def test_the_mended_law_of_exploitation_is_refuted_by_data_that_are_wrong():
    kinder = judged(
        MEETINGS["exploited-share"],
        lambda ds: ds.assign(other_action=ds.other_action.where(ds.agent != "alpha=0.4", 1.0)),
    )
    assert (kinder.verdict, kinder.sharp_holds) == ("refuted", False)


def test_a_sentinel_tuned_from_a_deaf_start_is_what_refutes_the_claim():
    claim = MEETINGS["tuned-published"]
    heard = judged(claim, lambda ds: ds.isel(start=[0, 1, 3]))
    assert heard.verdict == "holds"
    lost = judged(claim, lambda ds: ds.assign(held_payoff=-ds.held_payoff))
    assert (lost.verdict, lost.sharp_holds) == ("refuted", False)


def test_bodies_of_the_crowd_are_what_they_are_however_they_are_taken():
    whole, cut = company.body_of_size(10, 3), company.body_cut(10, 3)
    np.testing.assert_array_equal(whole.body.recurrent[:10, :10], cut.body.recurrent)
    np.testing.assert_array_equal(whole.readout.weights[:10], cut.readout.weights)
    assert np.abs(whole.readout.weights[10:]).max() == np.abs(whole.body.recurrent[10:]).max() == 0
    assert np.abs(np.linalg.eigvals(cut.body.recurrent)).max() == pytest.approx(0.99, abs=1e-3)
    assert isinstance(made("reactive"), xr.Dataset)
