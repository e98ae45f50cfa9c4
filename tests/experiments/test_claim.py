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
<<<<<<< HEAD
from experiments.estimates import bias_of_votes, mean_of, paired_difference, power_law_slope, rounding
from experiments.evidence import Crossing, Exact, Mean, Proportion, Variance
from experiments.finding import Finding

RHO = xr.DataArray([0.1, 0.2, 0.3, 0.4], dims="rho", coords={"rho": [0.1, 0.2, 0.3, 0.4]})
EMPTY = xr.Dataset()


def claim(kind="equality", predict=0.0, observe=None, comparison=None, decoy=1.0, sharp=None, **changes):
    """A claim whose parts may be constants instead of functions of a dataset."""
    parts = {
        "id": "synergy/C7",
        "kind": kind,
        "statement": "a statement",
        "source": Source("2601.17311", "eq. 8"),
        "experiment": "synergy/one-level",
        "predict": predict if callable(predict) else lambda ds: predict,
        "observe": observe if callable(observe) else lambda ds: observe,
        "comparison": comparison or KINDS[kind](),
        "decoy": Decoy("a constant a few percent off", decoy if callable(decoy) else lambda ds: decoy),
        "sharp": None if sharp is None else Sharp("the true one", lambda ds: sharp),
    }
    return Claim(**(parts | changes))


def verdict(*args, **kwargs):
    return judge(claim(*args, **kwargs), EMPTY)


def exact(value, error=0.0):
    return Exact(value, error, "bound")


# equality


def votes_at(bias, votes, seed=0):
    positive = np.random.default_rng(seed).binomial(votes, (1 + bias) / 2)
    return bias_of_votes(xr.zeros_like(bias) + positive, votes)


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
    unknown = verdict(observe=Mean(0.0, 1.0), comparison=Agreement(half / 3))
    assert (unknown.verdict, unknown.samples_needed) == ("inconclusive", None)


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

=======
from experiments.estimates import mean_of
from experiments.evidence import Mean, Proportion
from tests.experiments.constant_claims import EMPTY, RHO, claim, exact, verdict, votes_at
>>>>>>> claims

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


<<<<<<< HEAD
# findings on disk


def test_findings_survive_json_infinities_included():
    unbounded = Crossing(Mean(RHO - 0.25, xr.where(RHO < 0.25, 1.0, 1e-6)), "rho")
    findings = [
        verdict("identity", observe=exact(RHO * 0), decoy=RHO),
        verdict("threshold", 0.25, unbounded, Agreement(0.1)),
        verdict("bound", RHO, exact(RHO * 0), Bound("upper"), decoy=-RHO),
    ]
    assert [findings[0].teeth, findings[1].low, findings[2].factor] == [np.inf, -np.inf, np.inf]
    for finding in findings:
        text = json.dumps(finding.to_dict(), allow_nan=False)
        assert Finding.from_dict(json.loads(text)) == finding


def test_a_stored_finding_of_another_make_is_refused():
    stored = verdict(observe=exact(0.0)).to_dict()
    with pytest.raises(ValueError, match=r"missing or unknown keys: \['teeth'\]"):
        Finding.from_dict({name: entry for name, entry in stored.items() if name != "teeth"})
    with pytest.raises(ValueError, match="`verdict` must be one of"):
        Finding.from_dict(stored | {"verdict": "fine"})


# properties

finite = st.floats(-1e6, 1e6)
points = st.lists(st.tuples(finite, finite), min_size=1, max_size=6)


@given(points, st.floats(0, 1e3), st.floats(1, 1e3))
def test_agreement_is_monotone_in_the_error(pairs, error, growth):
    predicted, observed = np.array(pairs).T
    narrow, wide = (
        verdict(predict=predicted, observe=exact(observed, size), decoy=observed + 1e9).verdict
        for size in (error, error * growth)
    )
    assert (narrow, wide) in {("holds", "holds"), ("refuted", "holds"), ("refuted", "refuted")}


COMPARISONS = [
    ("equality", Agreement(0.5)),
    ("bound", Bound("upper", resolution=0.5, scale=1.0)),
    ("bound", Bound("lower", resolution=0.5, scale=1.0)),
    ("ordering", Ordering()),
]


@given(points, st.floats(1e-3, 1e3), st.sampled_from(COMPARISONS), st.booleans())
def test_a_decoy_equal_to_the_prediction_never_gives_a_verdict(pairs, error, rule, random):
    predicted, observed = np.array(pairs).T
    evidence = Mean(observed, error) if random else exact(observed, error)
    finding = verdict(rule[0], predicted, evidence, rule[1], decoy=predicted)
    assert finding.verdict in ("toothless", "inconclusive")


@given(points, st.floats(0, 10), st.sampled_from(COMPARISONS), st.randoms(use_true_random=False))
def test_no_verdict_depends_on_the_order_of_the_points(pairs, error, rule, random):
    order = random.sample(range(len(pairs)), len(pairs))
    predicted, observed = np.array(pairs).T
    finding, shuffled = (
        verdict(rule[0], p, exact(o, error), rule[1], decoy=p + (3 if rule[1] != COMPARISONS[1][1] else -3))
        for p, o in ((predicted, observed), (predicted[order], observed[order]))
    )
    for name in ("verdict", "teeth", "factor", "decoy_rejected"):
        assert getattr(finding, name) == getattr(shuffled, name)


@given(points, st.floats(0, 10))
def test_an_upper_bound_is_a_lower_bound_of_the_opposite(pairs, error):
    predicted, observed = np.array(pairs).T
    upper = verdict("bound", predicted, exact(observed, error), Bound("upper", scale=1.0), decoy=observed - 99)
    lower = verdict("bound", -predicted, exact(-observed, error), Bound("lower", scale=1.0), decoy=99 - observed)
    assert (upper.verdict, upper.factor, upper.teeth) == (lower.verdict, lower.factor, lower.teeth)


@given(finite, finite, st.floats(1e-3, 1e3), st.floats(-1e3, 1e3))
def test_ordering_is_unmoved_by_a_common_shift(effect, line, error, shift):
    assume(abs(abs(effect - line) - error) > 1e-6)  # a rounding of the shift may not decide
    first, second = (
        verdict("ordering", line + s, exact(effect + s, error), decoy=effect + s + 2 * error) for s in (0, shift)
    )
    assert first.verdict == second.verdict


=======
>>>>>>> claims
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
