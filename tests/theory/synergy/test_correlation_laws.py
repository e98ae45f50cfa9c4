"""Sections 7.1 and 7.2 of the specification: where votes are shared, and by which joint law."""

import itertools
from functools import partial

import jax
import mpmath
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from theory import synergy

from .digits import assert_all_digits, assert_digits, table
from .domain import signed, unit

EPS = float(np.finfo(float).eps)

CRITICAL = """
3 .8 .5           .78125      .2192235936
5 .6 .2380952381  .5190167746 .0658693917
5 .7 .5102040816  .8544700747 .1790352085
7 .6 .4385964912  .8241294556 .1191306449
9 .5 .3155080214  .7019565925 .0637391740
"""


@pytest.mark.parametrize("row", table(CRITICAL), ids=lambda row: f"b{row[0]}-gamma{row[1]}")
def test_eq_7_2_critical_correlation_by_law(row):
    fan_in, fidelity = int(row[0]), float(row[1])
    assert_digits(synergy.critical_correlation(fan_in, fidelity), row[2])
    assert_digits(synergy.pre_channel_critical_correlation(fan_in, fidelity), row[3])
    polya = float(synergy.beta_binomial_critical_correlation(fan_in, fidelity))
    assert_digits(polya, row[4])
    probit = float(synergy.probit_critical_correlation(fan_in, fidelity))
    assert polya < probit < synergy.critical_correlation(fan_in, fidelity)
    # Each is the root of its own gain.
    assert_allclose(gains(fan_in, polya, fidelity)[1], 1, rtol=16 * EPS)
    assert_allclose(gains(fan_in, probit, fidelity)[2], 1, rtol=64 * EPS)
    at_pre = synergy.pre_channel_critical_correlation(fan_in, fidelity)
    assert_allclose(synergy.pre_channel_gain(fan_in, at_pre, fidelity), 1, rtol=16 * EPS)


SLOPES = """
3 .2 1.4     1.266667 1.272423
5 .1 1.7875  1.582365 1.586709
5 .2 1.7     1.395238 1.404989
5 .3 1.6125  1.267039 1.280074
5 .5 1.4375  1.111458 1.124343
7 .1 2.06875 1.726003 1.732107
7 .2 1.95    1.471429 1.483944
7 .3 1.83125 1.310018 1.326001
7 .5 1.59375 1.125409 1.14056
"""


@partial(jax.jit, static_argnums=0)
def gains(*point):
    laws = (synergy.effective_gain, synergy.beta_binomial_gain, synergy.probit_gain)
    return [law(*point) for law in laws]


@pytest.mark.parametrize("fan_in", [3, 5, 7])
def test_eq_7_2_slopes_by_law(fan_in):
    rows = [row for row in table(SLOPES) if int(row[0]) == fan_in]
    correlation = np.array([float(row[1]) for row in rows])
    mixture, polya, probit = gains(fan_in, correlation, 1.0)
    assert_all_digits(mixture, [row[2] for row in rows])
    assert_all_digits(polya, [row[3] for row in rows])
    # The specification cuts these off instead of rounding them.
    assert_all_digits(np.floor(probit * 1e6) / 1e6, [row[4] for row in rows])


def test_claim_c43_same_correlation_opposite_phase():
    point = (5, 0.2, 0.6)
    assert_digits(synergy.effective_gain(*point), "1.02")
    assert_digits(synergy.beta_binomial_gain(*point), ".837")
    assert_digits(synergy.probit_gain(*point), ".843")
    assert synergy.pre_channel_gain(*point) > 1


pre = jax.jit(synergy.pre_channel_map, static_argnums=0)
polya = jax.jit(synergy.beta_binomial_map, static_argnums=0)
probit = jax.jit(synergy.probit_map, static_argnums=0)
majority = jax.jit(synergy.majority_map, static_argnums=0)


@pytest.mark.parametrize("fan_in", [3, 9])
@given(correlation=unit, fidelity=unit, bias=signed)
def test_eq_7_1_pre_channel_map(fan_in, correlation, fidelity, bias):
    cleaned, separate = float(majority(fan_in, fidelity)), float(majority(fan_in, fidelity * bias))
    expected = correlation * bias * cleaned + (1 - correlation) * separate
    assert_allclose(pre(fan_in, correlation, fidelity, bias), expected, rtol=16 * EPS)
    alpha = float(synergy.pre_channel_gain(fan_in, correlation, fidelity))
    assert alpha >= float(synergy.effective_gain(fan_in, correlation, fidelity)) * (1 - 8 * EPS)


@given(correlation=unit, fidelity=unit, bias=signed)
def test_eq_7_1_received_correlation(correlation, fidelity, bias):
    value = float(synergy.received_correlation(correlation, fidelity, bias))
    assert -1e-300 <= value <= correlation * (1 + 8 * EPS)
    if abs(fidelity * bias) < 0.999:
        # Received votes: covariance gamma^2 rho (1 - u^2), variance 1 - gamma^2 u^2.
        expected = fidelity**2 * correlation * (1 - bias**2) / (1 - fidelity**2 * bias**2)
        assert_allclose(value, expected, rtol=1e-9, atol=1e-15)


def test_eq_7_1_root_biases():
    point = (5, 0.3, 0.7, 0.2)
    assert_allclose(synergy.pre_channel_root_bias(*point, 2), pre(5, 0.3, 0.7, float(pre(*point))), rtol=4e-15)
    first = float(synergy.level_map(*point))
    leaf_only = [float(synergy.leaf_only_root_bias(*point, depth)) for depth in range(3)]
    assert_allclose(leaf_only, [0.2, first, float(majority(5, 0.7 * first))], rtol=4e-15)
    shared = synergy.root_bias(5, 0.0, 0.7, 1.0, 3)
    separate = synergy.root_bias(5, 0.0, 0.7, 0.2, 3)
    expected = 0.3 * 0.2 * float(shared) + 0.7 * float(separate)
    assert_allclose(synergy.global_root_bias(*point, 3), expected, rtol=4e-15)


def test_eq_7_1_thresholds_that_forget_the_correlation():
    correlations = np.linspace(0, 1, 6)
    alone = float(synergy.critical_fidelity(5, 0.0))
    assert_allclose(synergy.independent_gain(5, alone), 1, rtol=4 * EPS)
    limit = float(synergy.fixed_point(5, 0.0, alone + 0.05))
    deep = synergy.leaf_only_root_bias(5, correlations, alone + 0.05, 0.1, 300)
    assert_allclose(deep, limit, rtol=1e-10)
    deep = synergy.global_root_bias(5, correlations, alone + 0.05, 0.1, 300)
    assert_allclose(deep, limit * (0.1 * correlations + 1 - correlations), rtol=1e-10)
    assert_allclose(deep, synergy.global_root_bias_limit(5, correlations, alone + 0.05, 0.1), rtol=1e-10)
    for root_bias in (synergy.leaf_only_root_bias, synergy.global_root_bias):
        assert np.all(root_bias(5, correlations, alone - 0.05, 0.1, 300) < 1e-10)
    assert np.all(synergy.global_root_bias_limit(5, correlations, alone - 0.05, 0.1) == 0)


def beta_binomial_reference(fan_in, correlation, bias):
    """Majority bias by the beta-binomial masses themselves, in 40 digits."""
    with mpmath.workdps(40):
        size = 1 / mpmath.mpf(correlation) - 1
        right, wrong = size * (1 + mpmath.mpf(bias)) / 2, size * (1 - mpmath.mpf(bias)) / 2
        total = mpmath.mpf(0)
        for votes in range((fan_in + 1) // 2, fan_in + 1):
            mass = mpmath.rf(right, votes) * mpmath.rf(wrong, fan_in - votes) / mpmath.rf(size, fan_in)
            total += mpmath.binomial(fan_in, votes) * mass
        return float(2 * total - 1)


@pytest.mark.parametrize("fan_in", [3, 9, 21])
@given(correlation=st.floats(1e-3, 0.999), bias=st.floats(-0.999, 0.999))
def test_eq_7_2_beta_binomial_map_against_forty_digits(fan_in, correlation, bias):
    assume(abs(bias) > 1e-20)
    expected = beta_binomial_reference(fan_in, correlation, bias)
    assert_allclose(polya(fan_in, correlation, 1.0, bias), expected, rtol=64 * EPS)


def test_eq_7_2_beta_binomial_three_votes():
    correlation = np.linspace(0, 1, 11)
    slope = (3 * correlation - correlation**2) / (1 + correlation)
    assert_allclose(
        synergy.beta_binomial_gain(3, correlation, 0.8), synergy.third_moment_gain(slope, 0.8), rtol=8 * EPS
    )
    assert_allclose(
        synergy.effective_gain(3, correlation, 0.8), synergy.third_moment_gain(correlation, 0.8), rtol=8 * EPS
    )


def probit_reference(fan_in, correlation, bias):
    """E f_b(2 P - 1) over the common factor, by adaptive quadrature in 30 digits."""
    with mpmath.workdps(30):
        common = mpmath.sin(mpmath.pi * mpmath.mpf(correlation) / 2)
        threshold = mpmath.sqrt(2) * mpmath.erfinv(mpmath.mpf(bias))
        terms = [mpmath.binomial(2 * j, j) / mpmath.mpf(4) ** j for j in range((fan_in + 1) // 2)]

        def integrand(factor):
            signal = mpmath.erf((threshold + mpmath.sqrt(common) * factor) / mpmath.sqrt(2 * (1 - common)))
            value = signal * sum(term * (1 - signal**2) ** j for j, term in enumerate(terms))
            return value * mpmath.npdf(factor)

        centre = -threshold / mpmath.sqrt(common)
        knots = sorted([-12, *(float(centre + k) for k in (-0.5, 0, 0.5) if abs(centre + k) < 11), 12])
        return float(mpmath.quad(integrand, knots))


@pytest.mark.parametrize(
    ("fan_in", "correlation", "bias"),
    [(3, 0.2, 0.3), (5, 0.01, 0.05), (5, 0.5, -0.6), (9, 0.9, 0.2), (9, 0.3, 0.95), (21, 0.6, 0.01)],
)
def test_eq_7_2_probit_map_against_thirty_digits(fan_in, correlation, bias):
    expected = probit_reference(fan_in, correlation, bias)
    assert_allclose(probit(fan_in, correlation, 1.0, bias), expected, rtol=1e-10)


def test_eq_7_2_three_probit_votes_in_closed_form():
    # Moving one of three thresholds flips its sign at zero: d E[S1 S2 S3]/du = 3 E[S2 S3 | latent 1 is 0].
    for correlation in (0.1, 0.2, 0.7):
        latent = np.sin(np.pi * correlation / 2)
        # Given one latent at 0 the other two have partial correlation r (1 - r)/(1 - r^2) = r/(1 + r).
        pair = 2 / np.pi * np.arcsin(latent / (1 + latent))
        assert_allclose(synergy.probit_gain(3, correlation, 0.9), synergy.third_moment_gain(3 * pair, 0.9), rtol=1e-11)


@pytest.mark.parametrize("law", [polya, probit], ids=["beta_binomial", "probit"])
@pytest.mark.parametrize("fan_in", [5])
@given(bias=signed, fidelity=unit)
def test_eq_7_2_laws_interpolate_between_majority_and_copies(law, fan_in, bias, fidelity):
    received = fidelity * bias
    assert_allclose(law(fan_in, 0.0, fidelity, bias), majority(fan_in, received), rtol=1e-10, atol=1e-300)
    assert_allclose(law(fan_in, 1.0, fidelity, bias), received, rtol=1e-10, atol=1e-300)


@pytest.mark.parametrize("law", [polya, probit], ids=["beta_binomial", "probit"])
@given(correlation=unit, fidelity=unit, bias=unit, more=unit)
def test_eq_7_2_laws_are_odd_increasing_and_lie_between_copy_and_majority(law, correlation, fidelity, bias, more):
    value = float(law(5, correlation, fidelity, bias))
    slack = 1e-10
    assert float(law(5, correlation, fidelity, -bias)) == pytest.approx(-value, rel=1e-13, abs=1e-300)
    received = fidelity * bias
    assert received * (1 - slack) - 1e-300 <= value <= float(majority(5, received)) * (1 + slack) + 1e-300
    assert float(law(5, correlation, fidelity, bias + more * (1 - bias))) >= value * (1 - slack)


def test_gains_are_the_slopes_of_the_maps():
    for law, gain in (
        (synergy.pre_channel_map, synergy.pre_channel_gain),
        (synergy.beta_binomial_map, synergy.beta_binomial_gain),
        (synergy.probit_map, synergy.probit_gain),
    ):
        both = jax.jit(lambda rho, law=law, gain=gain: (jax.grad(law, 3)(5, rho, 0.8, 0.0), gain(5, rho, 0.8)))
        for correlation in (0.0, 0.3, 1.0):
            assert_allclose(*both(correlation), rtol=1e-10)


@pytest.mark.parametrize(
    "critical",
    [
        synergy.critical_correlation,
        synergy.pre_channel_critical_correlation,
        synergy.beta_binomial_critical_correlation,
        synergy.probit_critical_correlation,
    ],
)
def test_critical_correlations_differentiate(critical):
    both = jax.jit(jax.vmap(jax.value_and_grad(lambda fidelity: critical(5, fidelity))))
    values, slopes = both(np.array([0.7, 0.7 + 1e-5, 0.7 - 1e-5, 0.5, 1.0]))
    assert_allclose(slopes[0], (values[1] - values[2]) / 2e-5, rtol=1e-7)
    # At gamma = 1 the two population laws touch gain 1 tangentially, a double root: good to the root of eps.
    assert_allclose(values[4], 1, rtol=20 * EPS**0.5)
    assert values[3] <= 0


def test_gradients_in_correlation_are_finite_at_the_ends_and_right_inside():
    for gain in (synergy.beta_binomial_gain, synergy.probit_gain):
        compiled, slope = (
            jax.jit(gain, static_argnums=0),
            jax.jit(jax.grad(gain, argnums=1), static_argnums=0),
        )
        for correlation in (0.0, 1.0):
            assert np.isfinite(slope(5, correlation, 0.8))
        difference = (compiled(5, 0.3 + 1e-5, 0.8) - compiled(5, 0.3 - 1e-5, 0.8)) / 2e-5
        assert_allclose(slope(5, 0.3, 0.8), difference, rtol=1e-8)
        # At zero correlation, against a one-sided difference of second order.
        values = [float(compiled(5, k * 1e-4, 0.8)) for k in range(3)]
        one_sided = (-3 * values[0] + 4 * values[1] - values[2]) / 2e-4
        assert_allclose(slope(5, 0.0, 0.8), one_sided, rtol=1e-5)


def test_pairwise_correlations_of_three_votes_are_the_parameter():
    # Mixture, Polya urn: E[S1 S2] by enumeration of three votes at zero bias.
    correlation = 0.3
    apart = 1 - correlation
    second = 0.0
    for votes in itertools.product((0, 1), repeat=2):
        first = 0.5
        following = (apart * 0.5 + correlation * (votes[1] == votes[0])) / 1.0
        second += first * following * (2 * votes[0] - 1) * (2 * votes[1] - 1)
    assert_allclose(second, correlation, rtol=1e-14)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: synergy.beta_binomial_map(4, 0.1, 0.9, 0.2), r"`fan_in` must be an odd integer"),
        (lambda: synergy.probit_gain(5, 1.2, 0.9), r"`correlation` must lie in \[0, 1\], but is 1.2"),
        (lambda: synergy.probit_critical_correlation(5, 0.0), r"`fidelity` must lie in \(0, 1\]"),
        (lambda: synergy.global_root_bias(5, 0.1, 0.9, 0.2, -1), r"`depth` must be at least 0"),
        (lambda: synergy.pre_channel_map(5, 0.1, 0.9, 1.2), r"`bias` must lie in \[-1, 1\]"),
    ],
)
def test_bad_arguments_are_refused_by_name(build, message):
    with pytest.raises(ValueError, match=message):
        build()
