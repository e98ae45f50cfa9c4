"""What judging promises: a level, a decoy that fails, and no data that pass silently."""

import dataclasses

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from experiments.claim import (
    CAPACITY,
    FAMILY_LEVEL,
    Agreement,
    Bound,
    ClaimError,
    Decoy,
    Ordering,
    Sharp,
    Source,
    judge,
    level_per_comparison,
)
from experiments.estimates import mean_of
from experiments.evidence import Mean, Proportion
from tests.experiments.constant_claims import EMPTY, RHO, claim, exact, verdict, votes_at

# decoys and sharp versions


def test_a_decoy_the_data_cannot_tell_apart_is_toothless():
    observed = votes_at(RHO, 1_000_000)
    finding = verdict(predict=RHO, observe=observed, comparison=Agreement(0.01), decoy=RHO * 1.001)
    assert (finding.verdict, finding.decoy_rejected) == ("toothless", False)
    assert finding.teeth < 1
    assert "the decoy (a constant a few percent off) survives" in finding.note


@pytest.mark.parametrize(
    ("kind", "comparison", "decoy"),
    [("bound", Bound("upper"), 1.05), ("bound", Bound("lower"), 0.95), ("ordering", Ordering(), 0.95)],
)
def test_a_weaker_bound_or_effect_is_no_decoy(kind, comparison, decoy):
    predict = {"bound": 1.0, "ordering": 0.0}[kind]
    assert verdict(kind, predict, exact(1.0), comparison, decoy=decoy).verdict == "toothless"
    assert verdict(kind, predict, exact(1.0), comparison, decoy=2 - decoy).verdict == "holds"


def test_a_decoy_equal_to_a_refuted_prediction_proves_nothing():
    assert verdict(predict=5.0, observe=exact(0.0), decoy=5.0).verdict == "toothless"


def test_a_refuted_claim_shows_whether_its_sharp_version_holds():
    held = {"predict": 2.0, "observe": exact(1.0, 0.01), "decoy": 1.1}
    assert verdict(**held, sharp=1.005).sharp_holds is True
    assert verdict(**held, sharp=1.02).sharp_holds is False
    assert verdict(**held).sharp_holds is None


def test_a_sharp_version_may_have_a_comparison_of_its_own():
    bound = {"kind": "bound", "comparison": Bound("upper"), "observe": exact(1.0, 0.01), "decoy": 0.9}
    published = claim(**bound, predict=5.0)
    for value, attained in [(1.0, True), (1.5, False)]:  # 1.5 would do as a bound
        sharp = Sharp("it is attained", lambda ds, value=value: value, Agreement(0.1))
        finding = judge(dataclasses.replace(published, sharp=sharp), EMPTY)
        assert (finding.verdict, finding.sharp_holds) == ("loose", attained)


# the level


def test_the_levels_of_a_full_house_add_up_to_the_family_level():
    assert level_per_comparison(1) == FAMILY_LEVEL / CAPACITY == 2e-6
    assert CAPACITY * 70 * level_per_comparison(70) == pytest.approx(FAMILY_LEVEL)
    assert level_per_comparison(0) == level_per_comparison(1)
    with pytest.raises(ValueError, match="`comparisons` must not be negative"):
        level_per_comparison(-1)


def test_a_true_claim_is_refuted_with_less_than_its_share_by_enumeration():
    trials, truth = 120, 0.3
    refuted = [
        verdict(predict=truth, observe=Proportion(won, trials), comparison=Agreement(1.0), decoy=2.0).verdict
        == "refuted"
        for won in range(trials + 1)
    ]
    chance = np.sum(stats.binom.pmf(np.flatnonzero(refuted), trials, truth))
    assert 0 < chance <= level_per_comparison(1)


def test_more_points_share_the_level_of_one_claim():
    def half_width(points):
        finding = verdict(observe=Mean(np.zeros(points), 1.0), comparison=Agreement(99.0), decoy=9.0)
        return (finding.high - finding.low) / 2

    assert half_width(1) == pytest.approx(stats.norm.isf(1e-6), rel=1e-12)
    assert half_width(50) == pytest.approx(stats.norm.isf(1e-6 / 50), rel=1e-12)


# what must not pass silently

NAN = np.array([0.0, np.nan])
TWO = exact([0.0, 0.0])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"predict": lambda ds: NAN},
            r"`predict` failed: ValueError: `prediction` must be finite, but is nan at",
        ),
        ({"decoy": Decoy("x", lambda ds: NAN)}, r"`decoy\.predict` failed: .* must be finite"),
        ({"sharp": Sharp("x", lambda ds: NAN)}, r"`sharp\.predict` failed: .* must be finite"),
        ({"observe": lambda ds: exact(NAN)}, r"`observe` failed: ValueError: `value` must be finite"),
        ({"observe": lambda ds: exact([])}, r"`observe` failed: ValueError: `value` is empty"),
        ({"observe": lambda ds: ds.bias}, r"`observe` failed: AttributeError: .*bias"),
        ({"observe": lambda ds: 0.0}, r"`observe` must return Evidence, not float"),
        ({"predict": lambda ds: np.zeros(3)}, r"has shape \(3,\), but the points it is for have \(2,\)"),
        (
            {"predict": lambda ds: np.zeros((1, 2))},
            r"has shape \(1, 2\), but the points it is for have \(2,\)",
        ),
        (
            {"predict": lambda ds: RHO},
            r"has dimensions \('rho',\), but the points it is for have \('dim_0',\)",
        ),
        ({"observe": lambda ds: Mean(0.0, 1.0)}, r"Random evidence needs a `resolution`"),
        ({"observe": lambda ds: exact(0.0, 1.0).mapped(np.square)}, "does not enclose its value"),
        ({"comparison": Agreement(0.1, relative=True)}, "means nothing where the prediction is 0"),
    ],
)
def test_data_that_cannot_be_judged_raise_with_the_claims_name(changes, message):
    base = claim(predict=0.0, observe=TWO, comparison=Agreement())
    with pytest.raises(ClaimError, match=message) as caught:
        judge(dataclasses.replace(base, **changes), EMPTY)
    assert str(caught.value).startswith("synergy/C7: ")


def test_a_prediction_on_other_coordinates_is_refused_and_a_permuted_one_is_not_misread():
    observed = exact(RHO.expand_dims(depth=[1, 2]) * xr.DataArray([1.0, 2.0], dims="depth"))
    with pytest.raises(ClaimError, match="other coordinates"):
        verdict(predict=RHO.assign_coords(rho=RHO + 0.01), observe=observed)
    assert verdict(predict=observed.value.transpose("rho", "depth"), observe=observed, decoy=RHO).verdict == "holds"
    assert verdict(predict=RHO, observe=observed).at == {"depth": 2, "rho": 0.4}


def test_a_claim_may_read_several_experiments_and_wants_exactly_those():
    both = claim(
        experiment=("synergy/one-level", "synergy/depth"),
        predict=lambda a, b: a.bias,
        observe=lambda a, b: exact(b.bias),
        decoy=lambda a, b: a.bias + 1,
    )
    bias = xr.Dataset({"bias": RHO})
    assert judge(both, bias, bias).verdict == "holds"
    assert judge(both, bias, bias + 2).verdict == "refuted"
    with pytest.raises(ClaimError, match="needs the datasets of synergy/one-level, synergy/depth, but 1 were given"):
        judge(both, bias)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": "C7"}, "C7: `id` must read 'paper/name'"),
        ({"kind": "guess"}, "`kind` must be one of equality, rate, .* but is 'guess'"),
        ({"comparison": Bound("upper")}, "equality is judged by Agreement, not Bound"),
        ({"experiment": "one-level"}, "`experiment` must be one or more 'paper/name'"),
        ({"experiment": ()}, "`experiment` must be one or more 'paper/name'"),
        ({"source": "2601.17311"}, "`source` must be a Source"),
        ({"decoy": None}, "`decoy` must be a Decoy"),
        ({"sharp": 3.0}, "`sharp` must be a Sharp or None"),
        ({"statement": " "}, "`statement` must say in words"),
        ({"predict": 0.0}, "every `predict` must be a function"),
        ({"observe": exact(0.0)}, "`observe` must be a function"),
    ],
)
def test_a_badly_written_claim_is_refused(changes, message):
    good = claim(observe=exact(0.0))
    with pytest.raises(ClaimError, match=message):
        dataclasses.replace(good, **changes)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Source("hep"), "`arxiv` must be an arXiv id or 'derived here', but is 'hep'"),
        (lambda: Source("2601.17311"), "`where` must name the theorem"),
        (lambda: Decoy("", abs), "`what` must say in words"),
        (lambda: Sharp("", abs), "`statement` must say in words"),
        (lambda: Agreement(0.0), r"`resolution` must be positive, but is 0\.0"),
        (lambda: Bound("above"), "`side` must be 'upper' or 'lower', but is 'above'"),
        (lambda: Bound("upper", tight=0.5), r"`tight` must be at least 1, but is 0\.5"),
        (lambda: Bound("upper", scale=-1.0), r"`scale` must be positive, but is -1\.0"),
        (lambda: Ordering(np.nan), "`margin` must be finite, but is nan"),
    ],
)
def test_badly_written_parts_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_mean_of_seeds_end_to_end():
    outcomes = np.random.default_rng(4).normal(RHO.values[:, None], 0.05, (4, 200))
    ds = xr.Dataset({"bias": (("rho", "seed"), outcomes)}, {"rho": RHO})
    written = claim(
        predict=lambda ds: ds.rho,
        observe=lambda ds: mean_of(ds.bias, "seed"),
        comparison=Agreement(0.05),
        decoy=lambda ds: ds.rho**2,
    )
    assert judge(written, ds).verdict == "holds"
    assert judge(written, ds + 0.1).verdict == "refuted"
    assert judge(written, ds.isel(seed=slice(20))).verdict == "inconclusive"
