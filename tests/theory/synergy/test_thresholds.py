"""Sections 3.4, 3.9 and 6.8 of the specification, tables T2 and T3: thresholds, message lengths."""

import jax
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from theory import synergy

from .digits import assert_all_digits, assert_digits, table
from .domain import unit

EPS = float(np.finfo(float).eps)

T2 = """
3  -             -             -             -             .142857142857 .333333333333 .5            .647058823529 .777777777778 .894736842105
5  -             .064935064935 .238095238095 .384615384615 .510204081633 .619047619048 .714285714286 .798319327731 .873015873016 .939849624060
7  .157894736842 .311004784689 .438596491228 .546558704453 .639097744361 .719298245614 .789473684211 .851393188854 .906432748538 .955678670360
9  .315508021390 .439961108410 .543672014260 .631427396133 .706646294882 .771836007130 .828877005348 .879207297892 .923945335710 .963974106389
11 .414187643021 .520698980653 .609458428680 .684562577011 .748937561295 .804729214340 .853546910755 .896621348768 .934909738113 .969167770685
15 .533166172783 .618045050459 .688777448522 .748627939191 .799928359764 .844388724261 .883291543196 .917617559903 .948129574754 .975429798568
"""  # noqa: E501

T3 = """
3 .666666666667 .689655172414 .714285714286 .740740740741 .769230769231 .8 .833333333333 .909090909091
5 .533333333333 .559440559441 .588235294118 .620155038760 .655737704918 .695652173913 .740740740741 .851063829787
7 .457142857143 .483383685801 .512820512821 .546075085324 .583941605839 .627450980392 .677966101695 .808080808081
9 .406349206349 .431994600067 .461095100865 .494399382001 .532889258951 .577878103837 .631163708087 .773881499395
11 .369408369408 .394270753119 .422721268164 .455597081331 .494017753763 .539515279241 .594243268338 .745486313337
15 .318259518260 .341543952104 .368504390384 .400085955967 .437588137259 .482848049039 .538550541706 .700075203391
"""


@pytest.mark.parametrize("row", table(T2), ids=lambda row: f"b{row[0]}")
def test_table_t2_critical_correlation(row):
    fidelities = np.array([0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95])
    for value, text in zip(synergy.critical_correlation(int(row[0]), fidelities), row[1:], strict=True):
        if text == "-":
            assert value <= 0
        else:
            assert_digits(value, text)


@pytest.mark.parametrize("row", table(T3), ids=lambda row: f"b{row[0]}")
def test_table_t3_critical_fidelity(row):
    correlations = np.array([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8])
    assert_all_digits(synergy.critical_fidelity(int(row[0]), correlations), row[1:])


def test_eq_3_4_noise_threshold_of_reliable_computation():
    assert_allclose(synergy.critical_flip_probability(3, 0.0), 1 / 6, rtol=8 * EPS)
    assert_allclose(synergy.critical_flip_probability(5, 0.0), 7 / 30, rtol=8 * EPS)
    assert_digits(synergy.reconstruction_fidelity(5), ".4472")
    assert_digits(synergy.critical_fidelity(5, 0.0), ".5333")


gain = jax.jit(synergy.effective_gain, static_argnums=0)


@pytest.mark.parametrize("fan_in", [3, 9, 51])
@given(correlation=unit, fidelity=st.floats(0.01, 1))
def test_claim_c9_thresholds_are_where_the_gain_is_one(fan_in, correlation, fidelity):
    at_fidelity = float(synergy.critical_fidelity(fan_in, correlation))
    assert_allclose(gain(fan_in, correlation, at_fidelity), 1, rtol=8 * EPS)
    at_correlation = float(synergy.critical_correlation(fan_in, fidelity))
    assume(abs(at_correlation - correlation) > 1e-12)
    assert (float(gain(fan_in, correlation, fidelity)) > 1) == (correlation < at_correlation)


@pytest.mark.parametrize("fan_in", [3, 5, 21])
def test_claim_c9_thresholds_by_bisection(fan_in):
    for fidelity in (0.7, 0.85, 0.99):
        low, high = 0.0, 1.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if gain(fan_in, middle, fidelity) > 1 else (low, middle)
        assert_allclose(synergy.critical_correlation(fan_in, fidelity), low, rtol=1e-10)


@pytest.mark.parametrize("fan_in", [3, 9, 51])
@given(correlation=unit, fidelity=st.floats(0.01, 1), leaf_exponent=st.floats(0, 0.6))
def test_eq_3_4_synergy_boundaries(fan_in, correlation, fidelity, leaf_exponent):
    level = fan_in**leaf_exponent
    at_fidelity = float(synergy.synergy_fidelity(fan_in, correlation, leaf_exponent))
    slope = float(synergy.majority_slope(fan_in))
    assert_allclose(at_fidelity * (correlation + (1 - correlation) * slope), level, rtol=1e-13)
    at_correlation = float(synergy.synergy_correlation(fan_in, fidelity, leaf_exponent))
    assert_allclose(fidelity * (at_correlation + (1 - at_correlation) * slope), level, rtol=1e-11)


@pytest.mark.parametrize("fan_in", [3, 9, 51, 201])
@given(correlation=unit, fidelity=st.floats(0.01, 1))
def test_eq_3_9_exponent_bounds(fan_in, correlation, fidelity):
    exponent = float(synergy.organisation_exponent(fan_in, correlation, fidelity))
    bound = float(synergy.exponent_bound(fan_in, fidelity))
    assert exponent <= bound + 8 * EPS
    assert bound < 0.5
    assert float(synergy.reconstruction_fidelity(fan_in)) <= float(synergy.critical_fidelity(fan_in, 0.0))


def test_eq_3_9_constants_of_the_sharper_bound():
    for fan_in, text in ((3, "-.1438"), (100001, "-.2258")):
        log_ratio = (synergy.exponent_bound(fan_in, 1.0) - 0.5) * np.log(fan_in)
        assert_digits(log_ratio, text)


EXPONENTIAL = """
0  .5333333333 6.097120416 .7358558194 10.65008149
.1 .5594405594 6.557679231 .7718767337 11.82295324
.2 .5882352941 7.09842556  .8116056832 13.35374466
.3 .6201550388 7.74393685  .8556463017 15.48391002
.4 .6557377049 8.530811412 .9047407616 18.80922623
.5 .6956521739 9.516672535 .9598119384 25.71348242
"""


@pytest.mark.parametrize("row", table(EXPONENTIAL), ids=lambda row: f"rho{row[0]}")
def test_eq_6_8_exponential_channel(row):
    channel = synergy.ExponentialChannel(8.0)
    correlation = float(row[0])
    assert_digits(synergy.critical_fidelity(5, correlation), row[1])
    assert_digits(synergy.critical_message_length(channel, 5, correlation), row[2])
    assert_digits(synergy.synergy_fidelity(5, correlation, 0.2), row[3])
    assert_digits(synergy.synergy_message_length(channel, 5, correlation, 0.2), row[4])


def test_eq_6_8_impossible_synergy():
    channel = synergy.ExponentialChannel(8.0)
    assert_digits(synergy.critical_fidelity(5, 0.6), ".7407407407")
    assert_digits(synergy.critical_message_length(channel, 5, 0.6), "10.79941374")
    assert synergy.synergy_fidelity(5, 0.6, 0.2) > 1
    assert np.isinf(synergy.synergy_message_length(channel, 5, 0.6, 0.2))
    assert_digits(synergy.synergy_correlation(5, 1.0, 0.2), ".566023244044")


def test_eq_6_8_hyperbolic_channel():
    channel = synergy.HyperbolicChannel(8.0)
    lengths = [synergy.critical_message_length(channel, fan_in, 0.0) for fan_in in (3, 5, 7)]
    assert_all_digits(lengths, "16 9.142857143 6.736842105")


def test_eq_6_8_repetition_channel():
    fan_ins = (3, 5, 7, 9, 11)
    for token, expected in ((0.2, (23, 13, 9, 7, 7)), (0.1, (93, 53, 37, 29, 23))):
        channel = synergy.RepetitionChannel(token)
        lengths = [int(synergy.critical_message_length(channel, fan_in, 0.0)) for fan_in in fan_ins]
        assert lengths == list(expected)


def test_eq_1_2_erasure_channel():
    channel = synergy.ErasureChannel(0.5)
    assert_allclose(channel.fidelity(np.array([0, 1, 3])), [0, 0.5, 0.875], rtol=4 * EPS)
    expected = np.log(1 - 8 / 15) / np.log(0.5)
    assert_allclose(synergy.critical_message_length(channel, 5, 0.0), expected, rtol=8 * EPS)


@pytest.mark.parametrize(
    "channel",
    [synergy.ExponentialChannel(8.0), synergy.HyperbolicChannel(3.0), synergy.ErasureChannel(0.7)],
    ids=lambda channel: type(channel).__name__,
)
@given(fidelity=st.floats(0, 0.999), length=st.floats(0, 1e3), longer=st.floats(0, 1e3))
def test_eq_1_2_channels_are_monotone_and_inverted(channel, fidelity, length, longer):
    assert_allclose(channel.fidelity(channel.message_length(fidelity)), fidelity, rtol=1e-12, atol=1e-300)
    assert 0 <= channel.fidelity(length) <= channel.fidelity(length + longer) <= 1
    assert np.isinf(channel.message_length(1.0))


repeated = jax.jit(lambda token, length: synergy.RepetitionChannel(token).fidelity(length))
repeats = jax.jit(lambda token, target: synergy.RepetitionChannel(token).message_length(target))


@given(token=st.floats(0.05, 1), target=st.floats(0, 0.99))
def test_eq_1_2_repetition_inverse_is_the_smallest_odd_length(token, target):
    length = int(repeats(token, target))
    assert length % 2 == 1
    slack = 1e-13
    assert repeated(token, length) > target - slack
    if length > 1:
        assert repeated(token, length - 2) <= target + slack


def test_eq_1_2_repetition_is_a_majority_with_wasted_even_repeats():
    channel = synergy.RepetitionChannel(0.3)
    lengths = np.arange(0, 8)
    expected = [0, *(synergy.fair_tie_majority_map(int(m), 0.3) for m in lengths[1:])]
    assert_allclose(channel.fidelity(lengths), expected, rtol=1e-13)
    assert np.isinf(channel.message_length(1.0))
    assert synergy.RepetitionChannel(1.0).message_length(0.9) == 1


def test_eq_1_2_continuous_noise_families():
    assert_allclose(synergy.AveragedNoise(2.0).variance(np.array([1, 4])), [2, 0.5], rtol=4 * EPS)
    assert_allclose(synergy.QuantisedNoise(2.0, 0.5).variance(np.array([0, 1, 2])), [2, 1, 0.5], rtol=4 * EPS)


def test_channels_travel_as_pytrees():
    lengths = np.array([2.0, 5.0])
    scales = np.array([4.0, 8.0])
    batched = jax.jit(jax.vmap(lambda channel, m: channel.fidelity(m)))
    values = batched(synergy.ExponentialChannel(scales), lengths)
    assert_allclose(values, 1 - np.exp(-lengths / scales), rtol=8 * EPS)
    slope = jax.grad(lambda channel: channel.fidelity(2.0))(synergy.ExponentialChannel(4.0))
    assert_allclose(slope.scale, -2 / 16 * np.exp(-0.5), rtol=1e-14)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: synergy.ExponentialChannel(0.0), r"`scale` must lie in \(0, inf\)"),
        (lambda: synergy.HyperbolicChannel(-1.0), r"`scale` must lie in \(0, inf\)"),
        (lambda: synergy.ErasureChannel(1.0), r"`loss` must lie in \(0, 1\)"),
        (lambda: synergy.RepetitionChannel(0.0), r"`token_fidelity` must lie in \(0, 1\]"),
        (lambda: synergy.AveragedNoise(-1.0), r"`unit_variance` must lie in \[0, inf\)"),
        (lambda: synergy.ExponentialChannel(1.0).fidelity(-1.0), r"`message_length` must lie in \[0, inf\)"),
        (lambda: synergy.critical_correlation(5, 0.0), r"`fidelity` must lie in \(0, 1\]"),
        (lambda: synergy.synergy_fidelity(5, 0.2, -0.1), r"`leaf_exponent` must lie in \[0, inf\)"),
        (lambda: synergy.critical_fidelity(6, 0.2), r"`fan_in` must be an odd integer"),
    ],
)
def test_bad_arguments_are_refused_by_name(build, message):
    with pytest.raises(ValueError, match=message):
        build()
