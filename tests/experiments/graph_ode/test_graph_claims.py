"""Graph flows end to end: expected verdicts, decoys rejected, and verdicts that can turn."""

import pytest

from experiments.graph_ode import attention_claims, graph_flow_claims
from figures import style
from figures.graph_ode.attention import FIGURES
from tests.experiments.graph_ode.quick import dataset, finding, shortcomings
from tests.experiments.quick_row import scaled, shifted

TOPICS = (graph_flow_claims, attention_claims)
BY_ID = {claim.id.removeprefix("graph_ode/"): claim for topic in TOPICS for claim in topic.CLAIMS}


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.__name__.rsplit(".", 1)[-1])
def test_claims_get_the_verdicts_of_the_ledger_and_reject_their_decoys(topic):
    assert not shortcomings(topic.CLAIMS)


WRONG = {
    "P1": ("spectra", scaled("eigenvalues", 1 + 1e-10)),
    "P2": ("heat", scaled("deviation", 1.2)),
    "P2-energy": ("heat", scaled("energy", 1.4)),
    "P3": ("chain", scaled("heat", 1 + 1e-10)),
    "P4": ("explicit-steps", lambda ds: ds.assign(rate=ds.rate + 0.2 * (ds.reduced > 1))),
    "P4-modes": ("explicit-steps", scaled("growth", 1 + 1e-10)),
    "P4-monotone": ("explicit-steps", shifted("own", 0.1)),
    "P5": ("heat", shifted("relabelled", 1e-10)),
    "P6": ("five-point", scaled("symbol", 1 + 1e-12)),
    "P6-order": ("five-point", scaled("symbol", 1 - 1e-4)),
    "P8": ("attention-flow", scaled("kernel", 1 + 1e-9)),
    "P9": ("attention-flow", scaled("state", 2.0)),
    "P9-logits": ("attention-flow", scaled("state", 2.0)),
    "P9-uniform": ("attention-flow", scaled("state", 1 + 1e-9)),
    "P10": ("one-step", scaled("weights", 1 + 1e-9)),
    "P11": ("one-step", scaled("weights", 1 + 1e-9)),
    "P11-positive": ("one-step", lambda ds: ds.assign(weights=ds.weights - 0.05 * (ds.step > 0.8))),
    "P12": ("cycle-modes", shifted("rate", 0.005)),
    "P12-orders": ("cycle-modes", shifted("rate", -0.1)),
    "P13": ("cycle-modes", scaled("real_part", 1 + 1e-9)),
    "P14": ("pinned-diagonal", scaled("self_weight", 1 + 1e-9)),
    "P15-exact": ("released-step", scaled("state_exact", 1 + 1e-9)),
    "P15-gradient": ("released-step", shifted("gradient_released", 1e-300)),
    "P15-differs": ("released-step", lambda ds: ds.assign(value_exact=ds.value_released)),
}


@pytest.mark.parametrize("name", WRONG)
def test_claims_are_refuted_by_data_that_are_slightly_wrong(name):
    experiment, change = WRONG[name]
    found = finding(BY_ID[name], **{experiment.replace("-", "_"): change(dataset(experiment))})
    assert found.verdict == ("inconclusive" if name == "P15-differs" else "refuted")


def test_a_step_that_integrates_would_bear_the_published_equation_out():
    data = dataset("released-step")
    found = finding(BY_ID["P15"], released_step=data.assign(state_released=data.state_exact))
    assert (found.verdict, found.sharp_holds) == ("holds", False)


def test_every_claim_can_turn():
    assert {*WRONG, "P15"} == set(BY_ID)


def test_figure_f9_draws_what_the_sweeps_stored():
    (figure,) = FIGURES
    with style.house_style():
        drawn = figure.draw(*(dataset(name.split("/")[1]) for name in figure.experiments))
    assert len(drawn.axes) == 3
