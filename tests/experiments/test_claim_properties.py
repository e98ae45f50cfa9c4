"""What holds of any verdict, whatever the data."""

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from experiments.claim import Agreement, Bound, Ordering
from experiments.evidence import Mean
from tests.experiments.constant_claims import exact, verdict

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
