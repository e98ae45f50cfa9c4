"""The verdicts of the specification: on quick data where they are cheap, else on data made of the stored numbers."""

from functools import cache

import numpy as np
import pytest
import xarray as xr

from experiments.claim import judge
from experiments.governance import (
    attractor_claims,
    convergence_claims,
    filter_claims,
    gaussian_claims,
    optimum_claims,
    payoff_claims,
    responses_alone_claims,
    source_claims,
)
from experiments.governance.memory import MEMORIES
from tests.experiments.governance.made import made
from tests.experiments.governance.quick import dataset, finding, shortcomings
from tests.experiments.quick_row import scaled, shifted
from theory import governance as theory

FEEDBACK = tuple(claim for claim in responses_alone_claims.CLAIMS if claim.id == "governance/sentinel-feedback")
SWEPT = (*optimum_claims.CLAIMS, *source_claims.CLAIMS, *attractor_claims.CLAIMS, *FEEDBACK)
MADE = (*gaussian_claims.CLAIMS, *convergence_claims.CLAIMS, *payoff_claims.CLAIMS, *filter_claims.CLAIMS)
BY_ID = {claim.id.removeprefix("governance/"): claim for claim in (*SWEPT, *MADE)}


def test_claims_on_quick_data_get_the_verdicts_of_the_ledger_and_reject_their_decoys():
    assert not shortcomings(SWEPT)


def by_dimension(name, law):
    """A quantity of `sources` with these means and hardly any scatter."""
    return lambda ds: ds.assign({name: law(ds.dimension) + 1e-4 * (ds[name] - ds[name].mean("replicate"))})


# Data that contradict a statement that holds, or in which one of the text would be right.
OTHERWISE = {
    "variance-noise": (
        "sources",
        lambda ds: ds.assign(logit_variance=ds.logit_variance * ds.dimension**0.5),
        "refuted",
    ),
    "variance-pulses": ("sources", lambda ds: ds.assign(gain=ds.gain * ds.dimension), "refuted"),
    "variance-sum": (
        "sources",
        lambda ds: ds.assign(logit_variance=xr.where(ds.source == "both", 1.2, 1.0) * ds.logit_variance),
        "refuted",
    ),
    "C-dimension-grows": ("sources", by_dimension("sentinel_action", lambda d: 1 - 0.01 * np.log(d)), "holds"),
    "C-dimension-half": ("sources", by_dimension("sentinel_action", lambda d: 1 - 0.2 / d), "holds"),
    "one-rest": ("attractors", shifted("action", 1e-9), "refuted"),
    "two-rests": ("attractors", shifted("action", 1e-9), "refuted"),
    "C-untrained": ("attractors", shifted("fresh_action", 0.1), "refuted"),
    "C-linearisation": ("attractors", lambda ds: ds.assign(largest=0 * ds.largest + 0.72), "holds"),
    "C-first-radius": ("first-radius", lambda ds: ds.assign(radius=0 * ds.radius + 0.9), "holds"),
    "sentinel-feedback": ("sentinel-feedback", lambda ds: ds.assign(growth=xr.where(ds.slope < 2, 0.5, 2.0)), "holds"),
}


@pytest.mark.parametrize("name", OTHERWISE)
def test_verdicts_on_quick_data_turn_with_the_data(name):
    experiment, change, verdict = OTHERWISE[name]
    found = finding(BY_ID[name], **{experiment.replace("-", "_"): change(dataset(experiment))})
    assert found.verdict == verdict


def test_an_optimum_at_seven_tenths_would_show_in_the_payoffs():
    ds = dataset("kl-landscape")
    dear = ds.assign(payoff=ds.payoff - 30 * np.maximum(ds.share - 0.7, 0))
    assert finding(BY_ID["C-optimum"], kl_landscape=dear).verdict == "holds"


@cache
def consistent(name):
    """A made dataset in which payoffs, actions and rates fit together."""
    ds = made(name)
    if name in ("kl-landscape", "free-energy", "sensitivity", "memory", "dimension"):
        chance = 2e-3 * (ds.action - 0.5)
        ds = ds.assign(payoff=1 + 4 * ds.opponent - (1 + ds.opponent) * ds.action + chance)
    if name == "memory":
        filters = [f"g={memory:g}" for memory in MEMORIES]
        depth = xr.DataArray([0.0, *(memory**99 for memory in MEMORIES)], dims="agent")
        back = [0, *(min(int(theory.echo_recovery_rounds(memory, 100, 0.95)), 200) for memory in MEMORIES)]
        assert list(ds.agent.values[1:]) == filters
        ds = ds.assign(depth=0 * ds.depth + depth, recovery=0 * ds.recovery + xr.DataArray(back, dims="agent"))
    if name == "sentinel":
        opponent = (ds.opponent > 0.45).astype(float)
        ds = ds.assign(opponent=opponent, payoff=1 + 4 * opponent - (1 + opponent) * ds.action)
    if name in ("phase-diagram", "block-length"):
        lead = -2 * (ds.sentinel_kind - ds.mirror_kind) - (ds.sentinel_hostile - ds.mirror_hostile)
        ds = ds.assign(sentinel_payoff=ds.mirror_payoff + lead)
    if name == "convergence":
        # A dyad far from symmetric, so that its norm is not its radius.
        rows = xr.DataArray(np.repeat([0.1, 1.9], 15) / 15, dims="neuron")
        small = {"inputs": 0.2 * ds.inputs, "bias": 0.2 * ds.bias, "weights": 2 * ds.weights}
        ds = ds.assign(recurrent=ds.recurrent * rows, **small)
        steps = xr.DataArray(np.arange(ds.sizes["step"]), dims="step") - convergence_claims.FIRST
        ds = ds.assign(distance=1e-3 * np.exp(steps * convergence_claims._law(0)(ds)) + 0 * ds.distance)
    return ds


def judged(claim, change=lambda ds: ds):
    return judge(claim, *(change(consistent(name.removeprefix("governance/"))) for name in claim.experiments))


def test_claims_on_made_data_get_the_verdicts_of_the_ledger_and_reject_their_decoys():
    assert not shortcomings(MADE, map(judged, MADE))


BENT = {
    "C-trace": (scaled("trace_part", 0.2), "refuted"),
    "C-gaussian": (scaled("skewness", 0.08), "holds"),
    "C-gaussian-quiet": (scaled("quiet_skewness", 5.0), "refuted"),
    "T6-rate": (lambda ds: ds.assign(distance=ds.distance**0.8), "refuted"),
    "C-stationary": (
        lambda ds: ds.assign(body_action=ds.body_action.where(ds["round"] >= 5, ds.body_action - 0.1)),
        "refuted",
    ),
    "C-contraction": (lambda ds: ds.assign(recurrent=0.5 * ds.recurrent, weights=0.3 * ds.weights), "holds"),
    "payoff-everywhere": (shifted("payoff", 0.05), "refuted"),
    "lead-path": (scaled("sentinel_payoff", 1.001), "refuted"),
    "filters-depth": (shifted("depth", 1e-3), "refuted"),
    "filters-recovery": (shifted("recovery", 1), "refuted"),
    "filters-smooth": (scaled("variance", 1e4), "refuted"),
}


@pytest.mark.parametrize("name", BENT)
def test_verdicts_on_made_data_turn_with_the_data(name):
    change, verdict = BENT[name]

    def bent(ds):
        try:
            return change(ds)
        except (KeyError, AttributeError):
            return ds  # a claim reads several sweeps, of which one is bent

    assert judged(BY_ID[name], bent).verdict == verdict
