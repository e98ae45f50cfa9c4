"""Several dimensions end to end: expected verdicts, decoys rejected, and verdicts that can turn."""

import pytest

from experiments.tokens import frames_claims, layer_checks_claims, plane_claims, sphere_claims
from figures import style
from figures.tokens import plane, sphere
from tests.experiments.quick_row import scaled, shifted
from tests.experiments.tokens.quick import finding_on, session, shortcomings

CLAIMS = (*plane_claims.CLAIMS, *frames_claims.CLAIMS, *sphere_claims.CLAIMS, *layer_checks_claims.CLAIMS)
BY_ID = {claim.id.removeprefix("tokens/"): claim for claim in CLAIMS}


def test_claims_get_the_verdicts_of_the_ledger_and_reject_their_decoys():
    assert not shortcomings(CLAIMS)


WRONG = {
    "C14-scale": ("symmetries", scaled("from_scaled", 1 + 1e-9)),
    "C14-turn": ("symmetries", scaled("from_turned", 1 + 1e-9)),
    "C14-causal": ("symmetries", shifted("later_influence", 1e-12)),
    "C15": ("energy", scaled("growth", 1 + 1e-9)),
    "C15-bound": ("frame", scaled("share", 1.1)),
    "C16": ("first-token", scaled("inverse_time", 1 + 1e-4)),
    "C17": ("first-token", shifted("form", 0.05)),
    "C18-half": ("first-token", lambda ds: ds.assign(growth=-abs(ds.growth))),
    "C18-table": ("three-tokens", lambda ds: ds.assign(converges=1 - ds.converges)),
    "C19": ("frame", scaled("share", 1.05)),
    "C19-rank": ("frame", scaled("share", 1.05)),
    "C19-frame": ("frame", shifted("cosine", 0.1)),
    "C20": ("sphere-pair", shifted("second", 1e-6)),
    "C20-collapse": ("sphere-frame", scaled("rank", 1.001)),
    "C20-rank": ("sphere-frame", scaled("rank", 1.001)),
    "C20-frame": ("sphere-frame", shifted("cosine", 0.01)),
    "C20-layers": ("random-layers", scaled("share", 0.3)),
    "C20-negative": ("random-layers", shifted("share", 0.5)),
    "C22": ("layer-forms", scaled("chunked", 1 + 1e-6)),
    "C22-range": ("exponent-range", shifted("first_bad", 1)),
}


@pytest.mark.parametrize("name", WRONG)
def test_claims_are_refuted_by_data_that_are_wrong(name):
    experiment, change = WRONG[name]
    assert finding_on(BY_ID[name], experiment, change).verdict == "refuted"


@pytest.mark.parametrize("figure", [*plane.FIGURES, *sphere.FIGURES], ids=lambda figure: figure.name)
def test_figures_are_drawn_with_labelled_axes(figure):
    with style.house_style():
        drawn = figure.draw(*(session().dataset(name) for name in figure.experiments))
        drawn.draw_without_rendering()
    assert all(panel.get_xlabel() or panel.get_ylabel() or panel.get_title() for panel in drawn.axes)
