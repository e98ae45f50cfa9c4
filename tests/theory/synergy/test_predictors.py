"""Sections 4.4, 4.5 and 4.6 of the specification: predictors and binary baselines."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from theory import synergy

from .digits import assert_all_digits, assert_digits, table
from .domain import signed, unit

EPS = float(np.finfo(float).eps)
DEPTHS = np.arange(61)

EXAMPLES = """
5 .1 .6 .05 1.3750235 34 5  .070661195 .070680892 .070950671
5 .1 .6 .05 1.3750235 34 12 .1138134   .11394502  .11580775
5 .1 .6 .05 1.3750235 34 20 .19112962  .19182477  .20272907
3 .2 .9 .02 1.2809103 17 8  .12594871  .12627349  .12705576
3 .2 .9 .02 1.2809103 17 12 .30333527  .30793058  .32024071
3 .2 .9 .02 1.2809103 17 20 .85653556  .90239312  .94426287
7 .2 .8 .01 1.2779588 10 5  .091952587 .092078531 .09238958
7 .2 .8 .01 1.2779588 10 8  .32867548  .33440606  .35074928
"""

orbit_of = jax.jit(synergy.bias_trajectory, static_argnums=(0, 4))
clipped = jax.jit(synergy.clipped_predictor, static_argnums=0)
quadrature = jax.jit(synergy.quadrature_predictor, static_argnums=0)


@pytest.mark.parametrize("row", table(EXAMPLES), ids=lambda row: f"b{row[0]}-L{row[6]}")
def test_eq_4_5_examples(row):
    fan_in, (correlation, fidelity, bias) = int(row[0]), (float(word) for word in row[1:4])
    point = (fan_in, correlation, fidelity, bias)
    orbit, upper = orbit_of(*point, 60), clipped(*point, DEPTHS)
    ratio = np.asarray(upper / orbit)
    assert_digits(ratio.max(), row[4])
    assert ratio.argmax() == int(row[5])
    depth = int(row[6])
    assert_digits(quadrature(*point, DEPTHS)[depth], row[7])
    assert_digits(orbit[depth], row[8])
    assert_digits(upper[depth], row[9])


fixed_point = jax.jit(synergy.fixed_point, static_argnums=0)


@pytest.mark.parametrize("fan_in", [3, 9])
@given(share=unit, fidelity=unit, fraction=unit)
def test_claim_c22_predictors_enclose_the_root_bias(fan_in, share, fidelity, fraction):
    correlation = share * float(synergy.quadrature_validity_limit(fan_in))
    limit = float(fixed_point(fan_in, correlation, fidelity))
    bias = fraction * limit
    orbit = np.asarray(orbit_of(fan_in, correlation, fidelity, bias, 60))
    upper = np.asarray(clipped(fan_in, correlation, fidelity, bias, DEPTHS))
    lower = np.asarray(quadrature(fan_in, correlation, fidelity, bias, DEPTHS))
    slack = 2000 * EPS
    assert np.all(orbit <= upper * (1 + slack) + 1e-300)
    assert np.all(lower <= orbit * (1 + slack) + 1e-300)
    assert np.all(upper <= 2**0.5 * lower * (1 + slack) + 1e-300)


@pytest.mark.parametrize("fan_in", [3, 9])
@given(correlation=unit, fidelity=unit, bias=unit)
def test_eq_27_clipped_predictor_on_both_sides_of_the_fixed_point(fan_in, correlation, fidelity, bias):
    limit = float(fixed_point(fan_in, correlation, fidelity))
    orbit = np.asarray(orbit_of(fan_in, correlation, fidelity, bias, 60))
    predicted = np.asarray(clipped(fan_in, correlation, fidelity, bias, DEPTHS))
    slack = 2000 * EPS
    if bias <= limit:
        assert np.all(orbit <= predicted * (1 + slack) + 1e-300)
    else:
        assert np.all(predicted <= orbit * (1 + slack) + 1e-300)


def flow(alpha, limit, bias):
    """The map H whose exact flow the quadrature predictor is."""
    return alpha * bias / np.sqrt(1 + (alpha**2 - 1) * (bias / limit) ** 2)


def worst_margin(fan_in, correlation):
    """min (T - H)/H over biases, fidelities and correlations at most `correlation`."""
    # At correlation 1 nothing is supercritical.
    correlations = np.linspace(0, min(correlation, 0.999), 12)[:, None, None]
    alpha_c = np.asarray(synergy.critical_fidelity(fan_in, correlations))
    fidelities = alpha_c + (1 - alpha_c) * np.linspace(0.01, 1, 40)[None, :, None]
    limit = np.asarray(fixed_point(fan_in, correlations, fidelities))
    biases = limit * (1 - np.geomspace(1e-5, 1 - 1e-5, 200))
    alpha = np.asarray(synergy.effective_gain(fan_in, correlations, fidelities))
    level = np.asarray(synergy.level_map(fan_in, correlations, fidelities, biases))
    return np.min(level / flow(alpha, limit, biases) - 1)


@pytest.mark.parametrize("fan_in", [3, 5, 21])
def test_eq_4_5_validity_limit_is_sharp(fan_in):
    limit = float(synergy.quadrature_validity_limit(fan_in))
    assert worst_margin(fan_in, limit) > -32 * EPS
    if fan_in > 3:
        assert worst_margin(fan_in, limit + 2e-3) < -1e-10


def test_eq_4_5_validity_limit_against_the_grid_scan():
    fan_ins = (5, 7, 9, 11, 15, 21, 51)
    printed = (0.4629, 0.2972, 0.2179, 0.1716, 0.1202, 0.0827, 0.0322)
    limits = np.array([float(synergy.quadrature_validity_limit(fan_in)) for fan_in in fan_ins])
    # The scan overlooks violations below its resolution, so it reads high, by at most 3e-4.
    assert np.all(limits < np.array(printed) + 5e-5)
    assert_allclose(limits, printed, atol=3e-4)
    assert synergy.quadrature_validity_limit(3) == 1
    # The defining equation: slopes of T and H agree at the fixed point of a perfect channel.
    slopes = np.array([float(synergy.majority_slope(fan_in)) for fan_in in fan_ins])
    assert_allclose(limits * (limits + (1 - limits) * slopes) ** 2, 1, rtol=1e-13)


def test_eq_4_5_predictor_is_the_flow_of_its_map():
    alpha = float(synergy.effective_gain(5, 0.1, 0.6))
    limit = float(synergy.fixed_point(5, 0.1, 0.6))
    bias = 0.05
    for depth in range(8):
        assert_allclose(quadrature(5, 0.1, 0.6, 0.05, DEPTHS)[depth], bias, rtol=1e-13)
        bias = flow(alpha, limit, bias)


def test_claim_c23_clipped_ratio_grows_with_fan_in():
    biases = np.geomspace(1e-3, 0.5, 200)
    worst = {}
    for fan_in in (5, 51):
        orbit = orbit_of(fan_in, 0.95, 1.0, biases, 300)
        predicted = clipped(fan_in, 0.95, 1.0, biases, np.arange(301)[:, None])
        worst[fan_in] = float(np.max(np.asarray(predicted / orbit)))
    assert 2**0.5 < worst[5] < worst[51]
    assert_digits(worst[51], "2.36")


def test_predictors_at_zero_and_below_threshold():
    for predictor in (synergy.clipped_predictor, synergy.quadrature_predictor):
        both = jax.jit(jax.value_and_grad(predictor, argnums=3), static_argnums=0)
        assert both(5, 0.6, 0.6, 0.3, 10)[0] == 0
        assert both(5, 0.1, 0.6, 0.0, 10)[0] == 0
        assert np.isfinite(both(5, 0.1, 0.6, 0.05, 400)[1])
        assert np.isnan(both(5, 0.1, 0.6, np.nan, 10)[0])


STAR = """
3    .089892     .0869028    .0809244
5    .1122302916 .1070072624 .0965612041
9    .1469497924 .1382548132 .1208648547
21   .2193699044 .203432914  .1715589331
101  .4548425755 .415358318  .3363898029
1001 .9426326747 .8543694073 .6778428723
"""


@pytest.mark.parametrize("row", table(STAR), ids=lambda row: f"N{row[0]}")
def test_eq_4_6_star(row):
    assert_all_digits(synergy.star_bias(int(row[0]), np.array([0, 0.1, 0.3]), 0.6, 0.1), row[1:])


def test_claim_c25_star_limit():
    correlations = np.array([0, 0.1, 0.3])
    limit = synergy.star_bias_limit(correlations, 0.6, 0.1)
    assert_all_digits(limit, "1 .906 .718")
    # 301 votes of bias 0.54 err with probability below erfc(6.6).
    assert_allclose(
        synergy.star_bias(301, correlations, 0.6, 0.9),
        synergy.star_bias_limit(correlations, 0.6, 0.9),
        rtol=4e-15,
    )
    assert synergy.star_bias_limit(0.3, 0.6, -0.1) == -synergy.star_bias_limit(0.3, 0.6, 0.1)


@given(correlation=unit, fidelity=unit, bias=signed)
def test_claim_c24_star_and_chain(correlation, fidelity, bias):
    one_level = synergy.level_map(9, correlation, fidelity, bias)
    assert_allclose(synergy.star_bias(9, correlation, fidelity, bias), one_level, rtol=4 * EPS, atol=1e-300)
    assert_allclose(synergy.star_bias(1, correlation, fidelity, bias), fidelity * bias, rtol=8 * EPS, atol=1e-300)
    relayed = synergy.chain_bias(fidelity, bias, np.arange(5))
    assert_allclose(relayed, fidelity ** np.arange(5) * bias, rtol=16 * EPS, atol=1e-300)


@given(fidelity=st.floats(0.01, 1), bias=unit)
def test_prop_8_chain_never_beats_its_first_agent(fidelity, bias):
    assert np.all(synergy.chain_bias(fidelity, bias, np.arange(8)) <= bias)


def test_bad_arguments_are_refused_by_name():
    with pytest.raises(ValueError, match="`agents` must be an odd integer of at least 1, but is 4"):
        synergy.star_bias(4, 0.1, 0.6, 0.1)
    with pytest.raises(ValueError, match=r"`initial_bias` must lie in \[0, 1\], but is -0.1"):
        synergy.clipped_predictor(5, 0.1, 0.6, -0.1, 3)
    with pytest.raises(ValueError, match=r"`depth` must lie in \[0, inf\), but is -2"):
        synergy.chain_bias(0.5, 0.1, -2)
