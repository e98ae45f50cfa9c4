"""Closed forms against simulation, end to end: expected verdicts, decoys rejected, and verdicts that can turn."""

import pytest

from experiments.governance import closed_forms_claims, history_claims, responses_alone_claims
from figures import style
from figures.governance.histories import histories
from tests.experiments.governance.quick import dataset, finding, finding_on, shortcomings
from tests.experiments.quick_row import scaled, shifted

CLAIMS = (*closed_forms_claims.CLAIMS, *responses_alone_claims.CLAIMS, *history_claims.CLAIMS)
BY_ID = {claim.id.removeprefix("governance/"): claim for claim in CLAIMS}


def test_claims_get_the_verdicts_of_the_ledger_and_reject_their_decoys():
    assert not shortcomings(CLAIMS)


WRONG = {
    "history-variance": ("noisy-games", scaled("variance", 1.3)),
    "history-mean": ("noisy-games", shifted("mean_action", 0.01)),
    "linear-noise": ("weak-noise", scaled("variance", 1.1)),
    "smoothing-published": ("noisy-games", scaled("variance", 1e5)),
    "rest": ("at-rest", shifted("state", 1e-9)),
    "jacobian": ("at-rest", shifted("jacobian", 1e-9)),
    "response": ("at-rest", shifted("response", 1e-9)),
    "two-by-two": ("at-rest", scaled("dyad_jacobian", 1 + 1e-6)),
    "oja-rest": ("at-rest", scaled("oja_rest", 1.001)),
    "payoff-path": ("noisy-games", shifted("mean_payoff", 1e-9)),
    "payoff-line": ("noisy-games", shifted("mean_payoff", 0.02)),
    "sentinel-equilibrium": ("sentinel-response", shifted("shares", 1e-9)),
    "sentinel-path": ("sentinel-response", shifted("shares", 1e-9)),
    "sentinel-floor": ("sentinel-response", lambda ds: ds.roll(update=1)),
    "sentinel-recovery": ("sentinel-response", lambda ds: ds.roll(update=1)),
    "sentinel-drift": ("sentinel-response", shifted("felt", 1e-6)),
    "echo-variance": ("echo-filters", scaled("variance", 1.1)),
    "echo-depth": ("echo-filters", shifted("depth", 1e-9)),
    "history-alone": ("kl-landscape", scaled("variance", 2.0)),
    "echo-recovery": ("echo-filters", shifted("recovery", 1)),
}


@pytest.mark.parametrize("name", WRONG)
def test_claims_are_refuted_by_data_that_are_slightly_wrong(name):
    experiment, change = WRONG[name]
    assert finding_on(BY_ID[name], experiment, change).verdict == "refuted"


def test_published_falsehoods_hold_once_the_data_agree_with_them():
    ds = dataset("echo-states")
    # Where no two states are kept apart, the remark stands.
    forgetful = ds.assign(apart=0 * ds.apart)
    assert finding(BY_ID["echo-states"], echo_states=forgetful).verdict == "holds"
    small = dataset("at-rest").assign(readout=0.01 * dataset("at-rest").readout)
    assert finding(BY_ID["smoothing-vacuous"], at_rest=small).verdict != "refuted"


def test_figure_of_histories_is_drawn():
    with style.house_style():
        figure = histories(dataset("noisy-games"))
    left, right = figure.axes
    assert left.get_yscale() == "log"
    assert "alpha" in right.get_xlabel()
