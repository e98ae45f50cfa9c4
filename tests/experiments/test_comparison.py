"""Every kind of claim through every verdict."""

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from experiments.claim import Agreement, Bound, ClaimError, Ordering, level_per_comparison
from experiments.estimates import paired_difference, power_law_slope, rounding
from experiments.evidence import Crossing, Mean, Variance
from tests.experiments.constant_claims import RHO, exact, verdict, votes_at

# equality


def test_equality_holds_and_names_its_closest_call():
    observed = votes_at(RHO, 1_000_000)
    finding = verdict(predict=RHO, observe=observed, comparison=Agreement(0.01), decoy=RHO * 1.1)
    assert finding.verdict == "holds"
    departure = abs(observed.value - RHO) / (observed.interval(level_per_comparison(4))[1] - observed.value)
    assert finding.at == {"rho": RHO.values[int(departure.values.argmax())]}
    assert finding.low <= finding.predicted <= finding.high
    assert finding.points == 4
    assert finding.because == "Clopper-Pearson interval, level 5e-07 per point"
    # The decoy is 10% off at 0.4, where a half-width is 5.03 standard errors sqrt(1 - 0.4^2) / 1000.
    assert finding.teeth == pytest.approx(0.04 / (5.03 * 0.84**0.5 / 1000), rel=0.1)


def test_equality_refuted_at_the_point_that_is_off():
    off = xr.where(RHO == 0.3, 0.35, RHO)
    finding = verdict(predict=off, observe=votes_at(RHO, 1_000_000), comparison=Agreement(0.01), decoy=1.1 * RHO)
    assert (finding.verdict, finding.at, finding.predicted) == ("refuted", {"rho": 0.3}, 0.35)
    assert finding.note.startswith("refuted at rho=0.3: the data stand ")


@pytest.mark.parametrize("seed", range(5))
def test_inconclusive_equality_names_a_sample_that_decides(seed):
    few = verdict(predict=RHO, observe=votes_at(RHO, 500, seed), comparison=Agreement(0.02), decoy=1.2 * RHO)
    assert (few.verdict, few.teeth, few.decoy_rejected, few.sharp_holds) == ("inconclusive", None, None, None)
    many = votes_at(RHO, few.samples_needed, seed + 100)
    assert verdict(predict=RHO, observe=many, comparison=Agreement(0.02), decoy=1.2 * RHO).verdict == "holds"
    assert f"{few.samples_needed} samples per point would decide" in few.note


def test_the_sample_needed_follows_the_square_of_the_half_width():
    half = stats.norm.isf(1e-6)  # the level of a single comparison, two-sided
    finding = verdict(observe=Mean(0.0, 1.0, samples=10), comparison=Agreement(half / 3))
    assert finding.samples_needed == pytest.approx(1.25 * 10 * 9, abs=1)
    ordered = verdict("ordering", 0.0, Mean(1.0, 1.0, samples=10))
    assert ordered.samples_needed == pytest.approx(1.25 * 10 * (2 * half) ** 2, abs=1)
    unknown = verdict(observe=Mean(0.0, 1.0), comparison=Agreement(half / 3))
    assert (unknown.verdict, unknown.samples_needed) == ("inconclusive", None)


def test_points_that_are_sharp_enough_ask_for_no_more_samples():
    half = stats.norm.isf(5e-7)
    observed = Mean([0.0, 0.0], [1.0, 0.4], samples=[10, 10**6])
    assert verdict(observe=observed, comparison=Agreement(half / 2)).samples_needed == pytest.approx(50, abs=1)


def test_a_wide_interval_that_excludes_the_prediction_still_refutes():
    finding = verdict(predict=9.0, observe=Mean(0.0, 1.0, samples=10), comparison=Agreement(0.1), decoy=12.0)
    assert finding.verdict == "refuted"


def test_resolution_may_be_relative_to_the_prediction():
    observed = Mean([1.0, 100.0], [0.01, 1.0])
    held = {"predict": np.array([1.0, 100.0]), "observe": observed, "decoy": np.array([1.2, 100.0])}
    assert verdict(**held, comparison=Agreement(0.06, relative=True)).verdict == "holds"
    assert verdict(**held, comparison=Agreement(0.06)).at == {"dim_0": 1}


def test_equality_of_a_standard_deviation():
    observed = Variance(4.0, 4000).as_deviation()
    assert verdict(predict=2.0, observe=observed, comparison=Agreement(0.2), decoy=2.5).verdict == "holds"
    assert verdict(predict=2.5, observe=observed, comparison=Agreement(0.2), decoy=3.0).verdict == "refuted"


# identity


def test_identity_within_rounding():
    other = np.cumsum(np.full(10, 0.1))  # not the doubles of k / 10
    held = {"kind": "identity", "observe": rounding(other, 4), "decoy": other * (1 + 1e-13)}
    finding = verdict(predict=np.arange(1, 11) / 10, **held)
    assert (finding.verdict, finding.because) == ("holds", "4 rounding errors of float64")
    assert verdict(predict=np.arange(1, 11) / 10 + 1e-14, **held).verdict == "refuted"


def test_identity_of_whole_numbers_has_no_error_and_infinite_teeth():
    depths = xr.DataArray([4, 7, 12], dims="budget", coords={"budget": [64, 256, 1024]})
    held = {"kind": "identity", "observe": exact(depths), "decoy": depths + 1}
    assert verdict(predict=depths, **held).teeth == np.inf
    finding = verdict(predict=xr.where(depths == 7, 9, xr.where(depths == 12, 13, depths)), **held)
    assert (finding.verdict, finding.at, finding.observed) == ("refuted", {"budget": 256}, 7.0)


def test_identity_takes_no_random_evidence():
    with pytest.raises(ClaimError, match=r"synergy/C7: an identity compares exact routes"):
        verdict("identity", observe=Mean(0.0, 1.0), comparison=Agreement(9.0))


def test_a_deterministic_error_above_the_resolution_is_inconclusive():
    finding = verdict("identity", observe=exact(0.0, 0.1), comparison=Agreement(0.01))
    assert (finding.verdict, finding.samples_needed) == ("inconclusive", None)


# rate


def test_rate_from_a_fit():
    depth = xr.DataArray(2.0 ** np.arange(4, 10), dims="depth", coords={"depth": 2 ** np.arange(4, 10)})
    noise = xr.DataArray(np.random.default_rng(1).normal(0, 1e-3, 6), dims="depth")
    data = depth**-0.5 * (1 + noise)

    def rate(exponent, sigma, resolution):
        evidence = power_law_slope(depth, data, sigma * data, samples=100)
        return verdict("rate", exponent, evidence, Agreement(resolution), decoy=exponent - 0.1)

    assert rate(-0.5, 1e-3, 0.01).verdict == "holds"
    assert rate(-0.55, 1e-3, 0.01).verdict == "refuted"
    vague = rate(-0.5, 1e-2, 0.01)
    assert vague.verdict == "inconclusive"
    assert rate(-0.5, 1e-2 * (100 / vague.samples_needed) ** 0.5, 0.01).verdict == "holds"


# threshold


def test_threshold_located_from_votes():
    grid = xr.DataArray(np.linspace(0, 0.5, 51), dims="rho", coords={"rho": np.linspace(0, 0.5, 51)})
    critical = 5 / 21

    def at(predict, votes, seed=3):
        crossing = Crossing(votes_at(critical - grid, votes, seed), "rho")
        return verdict("threshold", predict, crossing, Agreement(0.03), decoy=critical + 0.1)

    assert at(critical, 200_000).verdict == "holds"
    assert at(critical + 0.06, 200_000).verdict == "refuted"
    assert at(critical, 5_000).verdict == "inconclusive"


# bound


def test_bound_holds_loosely_or_tightly_and_names_its_tightest_point():
    factors = np.array([3.0, 1.5, 8.0, 2.5])
    held = {"kind": "bound", "predict": RHO * factors, "observe": exact(RHO, 1e-9), "decoy": RHO * 0.99}
    tight = verdict(**held, comparison=Bound("upper"))
    assert (tight.verdict, tight.at, tight.factor) == ("holds", {"rho": 0.2}, pytest.approx(1.5))
    loose = verdict(**held, comparison=Bound("upper", tight=1.2))
    assert (loose.verdict, loose.at, loose.factor) == ("loose", {"rho": 0.2}, pytest.approx(1.5))


def test_bound_crossed_anywhere_is_refuted():
    crossed = RHO * xr.where(RHO == 0.4, 0.9, 2.0)
    finding = verdict("bound", crossed, exact(RHO, 0.01), Bound("upper"), decoy=RHO * 0.5)
    assert (finding.verdict, finding.at, finding.factor) == ("refuted", {"rho": 0.4}, None)


def test_lower_bounds_mirror_upper_ones():
    for factor, expected in [(1.5, "holds"), (4.0, "loose"), (0.9, "refuted")]:
        finding = verdict("bound", RHO / factor, exact(RHO), Bound("lower"), decoy=RHO * 1.2)
        assert finding.verdict == expected
        assert finding.factor == (None if factor < 1 else pytest.approx(factor))


def test_a_bound_on_a_signed_quantity_needs_a_scale():
    held = {"kind": "bound", "predict": 0.2, "observe": exact([-0.5, -0.1]), "decoy": -0.2}
    finding = verdict(**held, comparison=Bound("upper", scale=0.2))
    assert (finding.verdict, finding.factor) == ("loose", pytest.approx(2.5))
    with pytest.raises(ClaimError, match=r"synergy/C7: `comparison` failed.*signed quantity needs a `scale`"):
        verdict(**held, comparison=Bound("upper"))


def test_a_bound_attained_at_zero_is_tight():
    finding = verdict("bound", [0.0, 2.0], exact([0.0, 0.5]), Bound("upper"), decoy=[0.0, 0.4])
    assert (finding.verdict, finding.factor) == ("holds", 1.0)


def test_random_bound_is_inconclusive_only_where_its_interval_reaches_across():
    wide, narrow = Mean(1.0, 0.5, samples=40), Mean(1.0, 0.01, samples=40)
    held = {"kind": "bound", "decoy": 0.5, "comparison": Bound("upper", resolution=0.1)}
    assert verdict(**held, predict=1.5, observe=narrow).verdict == "holds"
    across = verdict(**held, predict=1.5, observe=wide)
    half = 0.5 * stats.norm.isf(1e-6)
    assert (across.verdict, across.samples_needed) == (
        "inconclusive",
        pytest.approx(1.25 * 40 * (half / 0.1) ** 2, abs=1),
    )
    held |= {"decoy": -9.0, "comparison": Bound("upper", resolution=0.1, scale=1.0)}
    beyond = verdict(**held, predict=9.0, observe=wide)
    assert beyond.verdict == "loose"


def test_a_factor_that_may_lie_on_either_side_of_tight_is_inconclusive_until_sampled():
    straddling = Mean(1.0, 0.1, samples=40)
    held = {"kind": "bound", "predict": 2.1, "decoy": 0.9, "comparison": Bound("upper", resolution=0.5)}
    finding = verdict(**held, observe=straddling)
    assert (finding.verdict, finding.factor) == ("inconclusive", pytest.approx(2.1))
    sharper = Mean(1.0, 0.1 * (40 / finding.samples_needed) ** 0.5)
    assert verdict(**held, observe=sharper).verdict == "loose"


def test_a_lower_bound_that_straddles_tight_asks_for_half_the_way_there():
    held = {"kind": "bound", "predict": 1.0, "comparison": Bound("lower", resolution=0.5), "decoy": 3.0}
    finding = verdict(**held, observe=Mean(2.1, 0.1, samples=40))
    half = 0.1 * stats.norm.isf(1e-6)
    assert finding.samples_needed == pytest.approx(1.25 * 40 * (half / 0.05) ** 2, rel=1e-3)


# ordering


def arms(effect, seeds, seed=0):
    rng = np.random.default_rng(seed)
    shared = rng.normal(0, 5, seeds)
    return shared + rng.normal(effect, 1, seeds), shared


@pytest.mark.parametrize("seed", range(5))
def test_inconclusive_ordering_names_a_sample_that_decides(seed):
    def beats(seeds, seed):
        return verdict("ordering", 0.0, paired_difference(*arms(1.0, seeds, seed), 0), decoy=2.5)

    few = beats(20, seed)
    assert few.verdict == "inconclusive"
    assert beats(few.samples_needed, seed + 100).verdict == "holds"


def test_ordering_holds_refuted_and_with_a_margin():
    better = paired_difference(*arms(1.0, 400), 0)
    worse = paired_difference(*arms(-1.0, 400), 0)
    assert verdict("ordering", 0.0, better, decoy=2.0).verdict == "holds"
    assert verdict("ordering", 0.0, worse, decoy=0.5).verdict == "refuted"
    assert verdict("ordering", 0.0, better, Ordering(margin=0.5), decoy=2.0).verdict == "holds"
    assert verdict("ordering", 0.0, better, Ordering(margin=1.5), decoy=2.0).verdict == "refuted"


def test_an_ordering_must_be_strict_at_every_point():
    steps = xr.DataArray([0.3, 0.0, 0.1], dims="depth", coords={"depth": [1, 2, 3]})
    finding = verdict("ordering", 0.0, exact(steps), decoy=0.2)
    assert (finding.verdict, finding.at) == ("inconclusive", {"depth": 2})
    assert verdict("ordering", 0.0, exact(steps + 0.01), decoy=0.2).verdict == "holds"
