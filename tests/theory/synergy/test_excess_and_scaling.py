"""How far clipping exceeds the bias, the mixing depth's limit law, and the log in the sharpening of the transition."""

import math
from fractions import Fraction

import jax
import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from theory import synergy

EPS = np.finfo(float).eps
excess_of = jax.jit(synergy.clipped_excess_bound, static_argnums=0)
orbit_of = jax.jit(synergy.bias_trajectory, static_argnums=(0, 4))
mixing_of = jax.jit(synergy.mixing_depth, static_argnums=(0, 5))
clipped_of = jax.jit(synergy.clipped_predictor, static_argnums=0)


def _exact_excess(fan_in, correlation, fidelity):
    """The product in 30 digits, its level by the binomial sum and its fixed point by bisection."""
    rho, gamma = mpmath.mpf(correlation), mpmath.mpf(fidelity)

    def level(u):
        p = (1 + gamma * u) / 2
        wins = range((fan_in + 1) // 2, fan_in + 1)
        right = mpmath.fsum(math.comb(fan_in, j) * p**j * (1 - p) ** (fan_in - j) for j in wins)
        return rho * gamma * u + (1 - rho) * (2 * right - 1)

    slope = Fraction(fan_in * math.comb(fan_in - 1, fan_in // 2), 2 ** (fan_in - 1))
    alpha = gamma * (rho + (1 - rho) * mpmath.mpf(slope.numerator) / slope.denominator)
    rest = 1 if fidelity == 1 else mpmath.findroot(lambda u: level(u) - u, (0.1, 1), solver="illinois")
    product = mpmath.mpf(1)
    u = rest / alpha
    # The factors that are left differ from 1 by less than 1e-20 together, and the binomial sum has no digits for them.
    while u > 1e-12:
        product *= alpha * u / level(u)
        u /= alpha
    return product


@pytest.mark.parametrize("case", [(5, 0.95, 1.0), (3, 0.2, 0.9), (9, 0.1, 0.7)])
def test_eq_4_4_the_excess_bound_is_its_product(case):
    with mpmath.workdps(40):
        exact = _exact_excess(*case)
    # The tail after 64 factors is bounded to first order in (kappa3/alpha) u_65^2, at most 0.001 here.
    assert float(excess_of(*case)) == pytest.approx(float(exact), rel=1e-5)
    assert float(excess_of(*case)) >= float(exact) * (1 - 1000 * EPS)


def test_eq_4_4_the_excess_bound_tends_to_sqrt_e_and_is_one_below_threshold():
    rho = synergy.critical_correlation(5, 0.8) - np.array([1e-2, 1e-3, 1e-4, -1e-3])
    errors = np.asarray(excess_of(5, rho, 0.8)) - math.sqrt(math.e)
    assert np.all(np.abs(errors[1:3]) < np.abs(errors[:2]) / 5)
    assert errors[3] == pytest.approx(1 - math.sqrt(math.e), abs=8 * EPS)


@pytest.mark.parametrize("fan_in", [5, 51])
@given(correlation=st.floats(0, 0.99), share=st.floats(0.01, 1), fraction=st.floats(1e-6, 1))
def test_eq_4_4_clipping_never_exceeds_the_bias_by_more(fan_in, correlation, share, fraction):
    threshold = float(synergy.critical_fidelity(fan_in, correlation))
    fidelity = threshold + (1 - threshold) * share
    start = fraction * float(clipped_of(fan_in, correlation, fidelity, 1.0, 0.0))
    orbit = np.asarray(orbit_of(fan_in, correlation, fidelity, start, 60))
    upper = np.asarray(clipped_of(fan_in, correlation, fidelity, start, np.arange(61.0)))
    # mu* carries an error of eps/(alpha - 1).
    slack = 1 + 100 * EPS / (share * (1 - threshold))
    assert np.all(upper <= orbit * excess_of(fan_in, correlation, fidelity) * slack)


def test_c20_scaled_mixing_depths_tend_to_their_law():
    law = float(synergy.mixing_depth_scaling(0.1, 0.01))
    assert law == pytest.approx(0.5 * math.log(0.9801 / 0.0199 * 0.99 / 0.01), rel=8 * EPS)
    errors = []
    for excess in (0.04, 0.01, 0.0025):
        rho = synergy.critical_correlation(5, 0.8) - excess / (0.8 * 0.875)
        rest = float(synergy.fixed_point(5, rho, 0.8))
        depth = int(mixing_of(5, rho, 0.8, 0.1 * rest, 0.01, 10_000))
        errors.append(abs(depth * excess - law))
    # An error of order alpha - 1, and one whole level of it.
    assert errors[1] < errors[0] / 2
    assert errors[2] < errors[1] / 2
    assert float(synergy.mixing_depth_scaling(0.95, 0.1)) == 0


def test_c17_the_remainder_of_the_log_slope_grows_like_log_depth():
    deep = jax.jit(lambda rho: jax.jvp(lambda r: synergy.bias_trajectory(5, r, 0.6, 0.5, 20_000), (rho,), (1.0,)))
    orbit, tangent = deep(5 / 21)
    depths = np.array([2500, 20_000])
    remainder = np.asarray(tangent / orbit)[depths] - np.asarray(synergy.log_slope_at_threshold(5, 0.6, depths))
    kappa3, kappa5 = 0.6**3 * (16 / 21) * 1.25, 0.6**5 * (16 / 21) * 0.375
    coefficient = 0.6 * 0.875 * (3 * kappa3**2 - 2 * kappa5) / (8 * kappa3**2)
    # The next term is of order log L/L relative to this one.
    assert remainder[0] - remainder[1] == pytest.approx(coefficient * math.log(8), rel=math.log(2500) / 2500 * 10)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: synergy.clipped_excess_bound(4, 0.1, 0.9), "fan_in"),
        (lambda: synergy.clipped_excess_bound(5, -0.1, 0.9), "correlation"),
        (lambda: synergy.mixing_depth_scaling(0.0, 0.1), "initial_share"),
        (lambda: synergy.mixing_depth_scaling(0.5, 1.0), "shortfall"),
    ],
)
def test_bad_arguments_are_named(call, named):
    with pytest.raises(ValueError, match=named):
        call()
