"""Sections 3.4 and 3.5 of the specification and table T4: the fixed point of the recursion."""

from functools import partial

import jax
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from theory import synergy

from .digits import assert_digits, table
from .domain import unit

EPS = float(np.finfo(float).eps)
FAN_INS = (3, 5, 21, 101)


@partial(jax.jit, static_argnums=0)
def solve(*arguments):
    """Bias, slope and gain in one compilation."""
    return (
        synergy.fixed_point(*arguments),
        synergy.slope_at_fixed_point(*arguments),
        synergy.effective_gain(*arguments),
    )


def fixed_point(*arguments):
    return solve(*arguments)[0]


def slope_there(*arguments):
    return solve(*arguments)[1]


def gain(*arguments):
    return solve(*arguments)[2]


level = jax.jit(synergy.level_map, static_argnums=0)
gradient = jax.jit(jax.grad(synergy.fixed_point, argnums=(1, 2)), static_argnums=0)

T4 = """
3 0 0 - .539949247156 .9 .883883476483 .6 .979907892987 .3 .995689792555 .15 .999845911911 .03
3 .1 0 - .311739843194 .97 .833333333333 .68 .964228355050 .39 .989160608742 .245 .998699956334 .129
3 .2 0 - 0 - .765465544620 .76 .944262872888 .48 .980938017154 .34 .997265660095 .228
3 .4 0 - 0 - .510310363080 .92 .881657830684 .66 .955845931273 .53 .992950340586 .426
5 0 .699115873536 .76393202 .911138657394 .46187391 .978338924911 .22514823 .997530098462 .063508327 .999693888752 .01712544 .999997516887 .0007354532
5 .1 .555555555556 .86 .853993410636 .55784094 .950332638115 .32040821 .985753939279 .15884869 .994064591810 .11376179 .998886733224 .099814548
5 .2 .305839031787 .96040821 .779959399008 .65731895 .915387841424 .41804534 .971187215946 .25519232 .987085669226 .21074629 .997501439767 .19891271
5 .4 0 - .522854366107 .87065231 .809559619622 .62333705 .928308202992 .45233032 .966496357306 .40633054 .993366330228 .39720262
7 0 .886427833059 .48404994 .968891834860 .24113258 .994041885795 .086931576 .999607517137 .013639651 .999974213235 .0019288894 .999999956772 1.706664e-5
7 .2 .708365662150 .69757875 .874436846581 .43954121 .940975415461 .2739094 .974777586479 .19924939 .987595907189 .19285492 .997506130494 .19802637
7 .4 .314809882560 .94618247 .717417453683 .66420138 .857109890038 .47617232 .935389800787 .38919483 .967578385599 .38464971 .993377163316 .39604602
9 .1 .884997324177 .41325686 .950045418045 .22001877 .975579525960 .12136104 .988907050960 .093721863 .994471463861 .095280489 .998890120786 .099000521
9 .4 .573896235085 .77475813 .777066959773 .53406278 .872071383157 .40198621 .936966627175 .36925676 .967719227393 .38080604 .993377473978 .3960017
11 .2 .853444516332 .40404786 .917950962165 .24574901 .950873618459 .183005 .975574254378 .18122977 .987653630937 .19005045 .997506234361 .19800002
"""  # noqa: E501


@pytest.mark.parametrize("row", table(T4), ids=lambda row: f"b{row[0]}-rho{row[1]}")
def test_table_t4_fixed_points_and_slopes(row):
    fan_in, correlation = int(row[0]), float(row[1])
    fidelities = np.array([0.6, 0.7, 0.8, 0.9, 0.95, 0.99])
    biases, slopes, _ = solve(fan_in, correlation, fidelities)
    for bias, slope, bias_text, slope_text in zip(biases, slopes, row[2::2], row[3::2], strict=True):
        if slope_text == "-":
            assert bias == 0
        else:
            assert_digits(bias, bias_text)
            assert_digits(slope, slope_text)


def test_table_t5_fixed_points():
    correlations = np.array([0, 0.05, 0.1, 0.15, 0.2])
    printed = [".699115873536", ".634417594161", ".555555555556", ".453996894155", ".305839031787"]
    for value, text in zip(fixed_point(5, correlations, 0.6), printed, strict=True):
        assert_digits(value, text)
    assert np.all(fixed_point(5, np.array([0.25, 0.4, 0.8, 1.0]), 0.6) == 0)
    # 5/21 and 0.6 are rounded, so alpha - 1 is zero only to eps and mu* to its square root.
    assert fixed_point(5, 5 / 21, 0.6) <= 4 * EPS**0.5


@pytest.mark.parametrize("fan_in", FAN_INS)
@given(correlation=unit, fidelity=unit)
def test_eq_3_4_phase_transition(fan_in, correlation, fidelity):
    bias = float(fixed_point(fan_in, correlation, fidelity))
    alpha = float(gain(fan_in, correlation, fidelity))
    # Within rounding of alpha = 1 either answer is right.
    assume(abs(alpha - 1) > 8 * EPS)
    if alpha < 1:
        assert bias == 0
        assert_allclose(slope_there(fan_in, correlation, fidelity), alpha, rtol=4 * EPS)
        return
    assert 0 < bias <= 1
    slope = float(slope_there(fan_in, correlation, fidelity))
    assert 0 <= slope < 1
    # The residual of T(u) = u moves the root by the residual over 1 - T'.
    residual = float(level(fan_in, correlation, fidelity, bias)) - bias
    assert abs(residual) <= 32 * EPS * bias


@pytest.mark.parametrize(("fan_in", "closed_form"), [(3, synergy.fixed_point_three), (5, synergy.fixed_point_five)])
@given(correlation=unit, fidelity=unit)
def test_claim_c10_closed_forms(fan_in, closed_form, correlation, fidelity):
    bias = fixed_point(fan_in, correlation, fidelity)
    assert_allclose(closed_form(correlation, fidelity), bias, rtol=1e-13)


def test_eq_3_5_closed_forms_as_printed():
    correlation, fidelity = 0.2, 0.9
    alpha = float(gain(3, correlation, fidelity))
    expected = (2 * (alpha - 1) / (fidelity**3 * (1 - correlation))) ** 0.5
    assert_allclose(synergy.fixed_point(3, correlation, fidelity), expected, rtol=1e-14)
    assert_allclose(synergy.slope_at_fixed_point(3, correlation, fidelity), 3 - 2 * alpha, rtol=1e-14)
    height = (1 / fidelity - correlation) / (1 - correlation)
    expected = ((5 - (24 * height - 20) ** 0.5) / 3) ** 0.5 / fidelity
    assert_allclose(synergy.fixed_point(5, correlation, fidelity), expected, rtol=1e-14)


@pytest.mark.parametrize("fan_in", FAN_INS)
@given(correlation=st.floats(0, 0.999999))
def test_claim_c11_perfect_channel(fan_in, correlation):
    assert_allclose(fixed_point(fan_in, correlation, 1.0), 1, rtol=4 * EPS)
    # T' at 1 inherits the rounding of mu* times its slope there.
    assert_allclose(slope_there(fan_in, correlation, 1.0), correlation, rtol=8 * EPS, atol=100 * EPS)
    # At fidelity 1/2 the deficit 1 - mu* is above eps for every fan-in here.
    assert fixed_point(fan_in, correlation, 0.5) < 1


def test_claim_c12_infinite_fan_in():
    limit = float(synergy.fixed_point_limit(0.3, 0.8))
    assert_allclose(limit, (1 - 0.3) / (1 - 0.8 * 0.3), rtol=4 * EPS)
    error = float(synergy.fixed_point(51, 0.3, 0.8)) - limit
    assert_digits(error, "-2.0e-10")
    assert_allclose(synergy.slope_at_fixed_point(201, 0.3, 0.8), 0.8 * 0.3, rtol=1e-12)


def near_threshold(excess, fan_in=5, fidelity=0.6):
    """The correlation at which alpha - 1 = excess."""
    slope = float(synergy.majority_slope(fan_in))
    return (slope - (1 + excess) / fidelity) / (slope - 1)


def test_claim_c13_square_root_law():
    for excess, text in ((1e-2, "1.0025842"), (1e-3, "1.0002621"), (1e-4, "1.0000262")):
        correlation = near_threshold(excess)
        law = synergy.near_threshold_fixed_point(5, correlation, 0.6)
        assert_digits(synergy.fixed_point(5, correlation, 0.6) / law, text)


def test_claim_c14_slope_near_threshold():
    for excess in (1e-2, 1e-3):
        slope = float(synergy.slope_at_fixed_point(5, near_threshold(excess), 0.6))
        # The next term of the expansion is cubic.
        assert abs(slope - (1 - 2 * excess + 1.05 * excess**2)) < 2 * excess**3
    slope = float(synergy.slope_at_fixed_point(5, near_threshold(1e-4), 0.6))
    assert_digits((slope - 1 + 2e-4) / 1e-8, "1.0499", units=1.5)


@pytest.mark.parametrize("fan_in", [3, 5, 21, 101])
@pytest.mark.parametrize("excess", [1e-3, 1e-6, 1e-9])
def test_fixed_point_is_accurate_near_threshold(fan_in, excess):
    fidelity = 0.75
    correlation = near_threshold(excess, fan_in, fidelity)
    law = float(synergy.near_threshold_fixed_point(fan_in, correlation, fidelity))
    bias = float(fixed_point(fan_in, correlation, fidelity))
    # Both see the same rounded alpha - 1, so the ratio shows the method's own error; the law is low.
    assert -4 * EPS <= bias / law - 1 <= fan_in * excess


@pytest.mark.parametrize("fan_in", [3, 9, 51])
@given(correlation=st.floats(0, 0.95), fidelity=st.floats(0.05, 1), start=st.sampled_from([0.001, 0.5, 1.0]))
def test_claim_c8_monotone_convergence(fan_in, correlation, fidelity, start):
    alpha = float(gain(fan_in, correlation, fidelity))
    assume(abs(alpha - 1) > 0.03)
    limit = float(fixed_point(fan_in, correlation, fidelity))
    orbit = np.asarray(trajectory(fan_in, correlation, fidelity, start, 800))
    # At alpha >= 1.03 the rise takes at most 240 levels, and then a level shrinks the distance by .95.
    assert_allclose(orbit[-1], limit, atol=1e-8)
    steps = np.diff(orbit)
    slack = 8 * EPS
    assert np.all(steps >= -slack) if start < limit else np.all(steps <= slack)


trajectory = jax.jit(synergy.bias_trajectory, static_argnums=(0, 4))


@pytest.mark.parametrize("fan_in", [3, 21])
@given(correlation=st.floats(0, 0.9), fidelity=st.floats(0.05, 0.95), step=st.floats(1e-3, 0.05))
def test_eq_3_5_monotone_in_every_parameter(fan_in, correlation, fidelity, step):
    bias = float(fixed_point(fan_in, correlation, fidelity))
    slack = 16 * EPS
    assert float(fixed_point(fan_in, correlation, fidelity + step)) >= bias - slack
    assert float(fixed_point(fan_in, correlation + step, fidelity)) <= bias + slack
    assert float(fixed_point(fan_in + 2, correlation, fidelity)) >= bias - slack


def test_eq_3_5_sensitivities_as_printed():
    assert_digits(synergy.fixed_point(5, 0.2, 0.8), ".915387841424")
    by_fidelity, by_correlation = synergy.fixed_point_sensitivity(5, 0.2, 0.8)
    assert_digits(by_fidelity, ".82195754303")
    # The exact value is -.393238468963: the last digit printed in the specification, 7, is a 6.
    assert_digits(by_correlation, "-.39323846896")


@pytest.mark.parametrize("fan_in", FAN_INS)
@given(correlation=unit, fidelity=unit)
def test_implicit_derivative_is_the_closed_form(fan_in, correlation, fidelity):
    alpha = float(gain(fan_in, correlation, fidelity))
    assume(abs(alpha - 1) > 1e-6)
    by_correlation, by_fidelity = gradient(fan_in, correlation, fidelity)
    expected = sensitivity(fan_in, correlation, fidelity)
    # 1 - T' ~ 2 (alpha - 1) is where the closed form cancels.
    rtol = 1e-12 + 64 * fan_in * EPS / abs(alpha - 1)
    assert_allclose(by_fidelity, expected.fidelity, rtol=rtol, atol=1e-12)
    assert_allclose(by_correlation, expected.correlation, rtol=rtol, atol=1e-12)


sensitivity = jax.jit(synergy.fixed_point_sensitivity, static_argnums=0)


def test_implicit_derivative_against_differences_and_second_order():
    step = 1e-5
    for fan_in, correlation, fidelity in ((3, 0.1, 0.9), (5, 0.2, 0.62), (21, 0.5, 0.7)):
        up, down = (fixed_point(fan_in, correlation, fidelity + sign * step) for sign in (1, -1))
        here = fixed_point(fan_in, correlation, fidelity)
        _, by_fidelity = gradient(fan_in, correlation, fidelity)
        assert_allclose(by_fidelity, (up - down) / (2 * step), rtol=1e-6)
        if fan_in == 5:
            second = jax.jit(jax.grad(jax.grad(synergy.fixed_point, 2), 2), static_argnums=0)
            difference = (up - 2 * here + down) / step**2
            assert_allclose(second(fan_in, correlation, fidelity), difference, rtol=1e-3)


def test_degenerate_corners_are_finite():
    for fan_in in (3, 21):
        for correlation, fidelity in ((1.0, 1.0), (1.0, 0.0), (0.0, 0.0), (1.0, 0.5)):
            assert fixed_point(fan_in, correlation, fidelity) == 0
            assert np.all(np.isfinite(gradient(fan_in, correlation, fidelity)))
    assert np.isnan(fixed_point(5, np.nan, 0.8))
    assert np.isnan(fixed_point(5, 0.2, np.nan))


@pytest.mark.parametrize("fan_in", [5, 51])
def test_float32_is_near_float64(fan_in):
    correlation, fidelity = np.meshgrid(np.linspace(0, 0.9, 7), np.linspace(0.7, 1, 7))
    exact = np.asarray(fixed_point(fan_in, correlation, fidelity))
    rough = fixed_point(fan_in, correlation.astype(np.float32), fidelity.astype(np.float32))
    assert rough.dtype == np.float32
    alpha = np.asarray(gain(fan_in, correlation, fidelity))
    # Rounding the inputs moves alpha - 1 by eps A and so mu* by half of its relative share.
    clear = alpha > 1.02
    assert_allclose(rough[clear], exact[clear], rtol=64 * float(np.finfo(np.float32).eps) / 0.02)
    assert np.all(np.asarray(rough)[alpha < 0.999] == 0)


def test_bad_arguments_are_refused_by_name():
    with pytest.raises(ValueError, match="`fan_in` must be an odd integer of at least 3, but is 8"):
        synergy.fixed_point(8, 0.1, 0.9)
    with pytest.raises(ValueError, match=r"`correlation` must lie in \[0, 1\), but is 1.0"):
        synergy.fixed_point_limit(1.0, 0.9)
    with pytest.raises(ValueError, match=r"`fidelity` must lie in \[0, 1\], but is 1.2"):
        synergy.fixed_point_three(0.1, 1.2)
