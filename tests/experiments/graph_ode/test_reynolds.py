"""F5: which wakes are trained on and tested on, and what the claims make of scores."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from experiments.claim import judge
from experiments.graph_ode import reynolds, reynolds_claims
from experiments.ledger import compare
from figures import style
from figures.graph_ode import reynolds as drawn
from tests.experiments.quick_row import QuickRow

ROW = QuickRow("graph_ode")
CLAIMS = {claim.id.split("/")[1]: claim for claim in reynolds_claims.CLAIMS}


def scores(pipeline, cnn=0.95, persistence=0.7):
    """Scores of these models with a scatter of a hundredth, lower by a tenth where nothing was trained."""
    means = {"persistence": persistence, "cnn": cnn, "wiener-every": pipeline}
    numbers = np.array(reynolds.ALL)
    rng = np.random.default_rng(0)
    likeness = np.stack([mean + 0.01 * rng.normal(size=(1, numbers.size, 3, 3)) for mean in means.values()], axis=1)
    trained = np.isin(numbers, reynolds.TRAINED)
    likeness = likeness - 0.1 * ~trained[:, None, None]
    dims = ("seed", "model", "number", "wake", "frame")
    data = {"ssim": (dims, likeness), "square": (dims, (1 - likeness) ** 2)}
    data["trained"] = (("seed", "model", "number"), np.broadcast_to(trained * 1.0, (1, 3, numbers.size)))
    return xr.Dataset(data, {"number": numbers, "model": list(means)})


def test_wakes_are_tested_at_numbers_trained_on_and_at_others():
    for scale in ("quick", "small"):
        wakes = reynolds.WAKES[scale]()
        assert set(wakes.data.values[0]) < set(wakes.data.values[2])
        assert set(reynolds.NEW).isdisjoint(wakes.data.values[0])
        assert wakes.data.plan.frames == wakes.sizes.history + wakes.horizon
        assert wakes.data.of_split(2)[: len(reynolds.ALL)] == list(reynolds.ALL)


def test_scores_get_the_verdicts_they_deserve():
    found = scores(0.9)
    assert judge(CLAIMS["F5-unseen"], found).verdict == "holds"
    ranking = judge(CLAIMS["F5-ranking"], found)
    assert (ranking.verdict, ranking.sharp_holds) == ("refuted", True)
    assert judge(CLAIMS["F5-unseen"], scores(0.65)).verdict == "refuted"
    assert judge(CLAIMS["F5-ranking"], scores(0.99)).verdict == "holds"


def test_the_figure_marks_what_was_trained_on():
    with style.house_style():
        figure = drawn.reynolds(scores(0.9))
    dotted = [line.get_xdata()[0] for line in figure.axes[0].lines if line.get_linestyle() == ":"]
    assert set(reynolds.TRAINED) <= set(dotted)


@pytest.mark.slow
def test_trained_forecasts_get_the_verdicts_expected():
    findings = [ROW.finding(claim) for claim in reynolds_claims.CLAIMS]
    told = "; ".join(f"{f.id} {f.verdict} {f.observed:.4g} in {f.low:.4g} .. {f.high:.4g}" for f in findings)
    assert not [str(d) for d in compare(findings, ROW.ledger_for(reynolds_claims.CLAIMS))], told
    assert min(finding.teeth for finding in findings) > 2, told
