"""Verdicts on forecasts: what the claims make of effects that are there, or not.

Trainings take a minute, so the claims meet data made up to one effect each, and true ones only in a slow test.
The claims on rollouts and scores are judged on true ones always.
"""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from experiments.claim import judge
from experiments.errors import UserError
from experiments.graph_ode import forecasts, forecasts_claims, reconstruction, rollout_checks_claims, trade_off
from experiments.graph_ode.contenders import Workshop
from experiments.ledger import compare
from figures import style
from figures.graph_ode import forecasts as forecasts_figures
from figures.graph_ode import pipeline_panel
from tests.experiments.quick_row import QuickRow

ROW = QuickRow("graph_ode")
CLAIMS = {claim.id.split("/")[1]: claim for claim in forecasts_claims.CLAIMS}
TEST, FRAMES = 16, 8
ERRORS = {
    "persistence": 0.2,
    "ar": 0.1,
    "dmd": 0.2,
    "pointwise": 0.07,
    "cnn": 0.03,
    "lifted-never": 0.1,
    "lifted-every": 0.1,
    "wiener-never": 0.1,
    "wiener-every": 0.08,
    "increment-every": 0.06,
}


def verdict(name, ds):
    return judge(CLAIMS[name], ds).verdict


def noisy(mean, *shape, scale=1e-3, seed=0):
    return np.abs(mean + scale * np.random.default_rng(seed).normal(size=shape))


def forecast(**changed):
    """Forecasts whose mean errors are those given, with noise of each trajectory."""
    errors = {**ERRORS, **{name.replace("_", "-"): error for name, error in changed.items()}}
    rmse = np.stack(
        [noisy(error, 1, TEST, 1, seed=i) * np.ones(FRAMES) for i, error in enumerate(errors.values())], axis=1
    )
    return xr.Dataset({"square": (("seed", "model", "trajectory", "frame"), rmse**2)}, {"model": list(errors)})


def rules(errors, gain=0.004):
    """A trade-off with these errors under never, every 4, 2 and 1; rules encode as often as every 2, and gain."""
    table = dict(zip(("never", "every:4", "every:2", "every:1"), errors, strict=True)) | {"every:8": errors[0]}
    counts = {"never": 0, "every:8": 1, "every:4": 3, "every:2": 7, "every:1": 15}
    names = list(trade_off.RULES)
    rmse = np.stack([noisy(table.get(name, errors[2] - gain), TEST, seed=i) for i, name in enumerate(names)])[
        None, None, :, :, None
    ]
    count = np.stack([np.full(TEST, counts.get(name, 7)) for name in names])[None, None]
    dims = ("seed", "decoder", "rule", "trajectory")
    data = {"square": ((*dims, "frame"), rmse**2 * np.ones(FRAMES)), "encodings": (dims, count)}
    return xr.Dataset(data, {"rule": names, "decoder": ["wiener"]})


def rebuilt(ratio, kept):
    lifted = noisy(1.0, 2, TEST, 4, scale=0.02) * np.array([1.0, ratio])[:, None, None]
    dims = ("seed", "decoder", "representative", "trajectory", "frame")
    data = {"lifted": (dims, lifted[None, None]), "decoded": (dims, kept**2 * lifted[None, None])}
    return xr.Dataset(data, {"representative": list(reconstruction.REPRESENTATIVES), "decoder": ["wiener"]})


def test_effects_as_found_get_the_verdicts_expected():
    found = forecast()
    for name in ("S12-horizon", "S12-encoding", "P29-lifting"):
        assert verdict(name, found) == "holds", name
    for name in ("ranking", "reduction"):
        finding = judge(CLAIMS[name], found)
        assert (finding.verdict, finding.sharp_holds) == ("refuted", True), name
    assert verdict("S12-monotone", rules((0.10, 0.09, 0.08, 0.07))) == "holds"
    assert verdict("S12-rules", rules((0.10, 0.09, 0.08, 0.07))) == "holds"
    assert verdict("S12-decoder", rebuilt(2.0, 0.7)) == "holds"
    assert verdict("P20-pipeline", rebuilt(2.0, 0.7)) == "holds"


def test_without_the_effects_they_turn():
    assert verdict("S12-horizon", forecast(wiener_every=0.19)) == "refuted"
    assert verdict("S12-encoding", forecast(wiener_every=0.11)) == "refuted"
    assert verdict("P29-lifting", forecast(lifted_every=0.08)) == "refuted"
    assert verdict("ranking", forecast(cnn=0.12)) == "holds"
    assert verdict("reduction", forecast(wiener_every=0.01)) == "holds"
    assert verdict("S12-monotone", rules((0.10, 0.09, 0.095, 0.07))) == "refuted"
    assert verdict("S12-rules", rules((0.10, 0.09, 0.08, 0.07), -0.004)) == "refuted"
    assert verdict("S12-decoder", rebuilt(2.0, 0.9)) == "refuted"
    assert verdict("P20-pipeline", rebuilt(2.5, 0.7)) == "refuted"


@pytest.mark.parametrize("claim", rollout_checks_claims.CLAIMS, ids=lambda claim: claim.id)
def test_rollouts_and_scores_are_what_they_must_be(claim):
    found = ROW.finding(claim)
    assert found.verdict == "holds", found.note
    assert found.teeth > 2


def test_wrong_rollouts_are_refuted():
    checks = ROW.dataset("rollout-checks")
    by_id = {claim.id.split("/")[1]: claim for claim in rollout_checks_claims.CLAIMS}
    assert (
        ROW.finding(by_id["P39-batch"], rollout_checks=checks.assign(together=checks.alone + 1e-6)).verdict == "refuted"
    )
    assert (
        ROW.finding(by_id["P39-gradient"], rollout_checks=checks.assign(slope=1.01 * checks.slope)).verdict == "refuted"
    )


@pytest.mark.slow
def test_trained_pipelines_get_the_verdicts_expected_and_their_figures():
    findings = [ROW.finding(claim) for claim in forecasts_claims.CLAIMS]
    told = "; ".join(f"{f.id} {f.verdict} {f.observed:.4g} in {f.low:.4g} .. {f.high:.4g}" for f in findings)
    for figure in (*forecasts_figures.FIGURES, *pipeline_panel.FIGURES):
        with style.house_style():
            figure.draw(*(ROW.dataset(name.removeprefix("graph_ode/")) for name in figure.experiments))
    assert not [str(d) for d in compare(findings, ROW.ledger_for(forecasts_claims.CLAIMS))], told
    assert min(finding.teeth for finding in findings) > 2, told


def test_all_claims_are_expected_of_the_ledger():
    claims = (*forecasts_claims.CLAIMS, *rollout_checks_claims.CLAIMS)
    assert {f"graph_ode/{name}" for name in ROW.ledger_for(claims).claims} == {claim.id for claim in claims}


def test_an_unknown_contender_is_refused():
    with pytest.raises(UserError, match="Unknown contender 'oracle'"):
        Workshop(None, None, None).contender("oracle")
    assert set(forecasts.QUICK) < set(forecasts.ALL)
