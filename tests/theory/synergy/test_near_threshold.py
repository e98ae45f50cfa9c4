"""The second order against exact fixed points in forty digits, and against the numbers of the specification."""

import mpmath
import numpy as np
import pytest

from theory import synergy


def exact(fan_in, correlation, fidelity):
    """mu* and T'(mu*) in forty digits; the parameters are taken as the floats they are."""
    with mpmath.workdps(40):
        rho, gamma = mpmath.mpf(correlation), mpmath.mpf(fidelity)
        terms = [mpmath.binomial(2 * j, j) / mpmath.mpf(4) ** j for j in range((fan_in + 1) // 2)]

        def level(u):
            v = gamma * u
            return rho * v + (1 - rho) * v * mpmath.fsum(t * (1 - v * v) ** j for j, t in enumerate(terms))

        start = float(synergy.fixed_point(fan_in, correlation, fidelity))
        root = mpmath.findroot(lambda u: level(u) / u - 1, (start, start * 1.0001))
        return root, mpmath.diff(level, root)


def near(distance, fan_in, fidelity=0.75):
    """The correlation at which alpha - 1 is `distance`."""
    slope = float(synergy.majority_slope(fan_in))
    return (slope - (1 + distance) / fidelity) / (slope - 1)


@pytest.mark.parametrize("fan_in", [3, 5, 9, 21])
def test_errors_shrink_with_the_distance_from_threshold(fan_in):
    errors = []
    for distance in (1e-2, 1e-3):
        point = (fan_in, near(distance, fan_in), 0.75)
        root, slope = exact(*point)
        law = float(synergy.near_threshold_fixed_point(*point) * (1 + synergy.near_threshold_correction(*point)))
        errors.append([float(law / root - 1), float(float(synergy.near_threshold_slope(*point)) - slope)])
    wide, narrow = np.abs(errors)
    # Second order is left in mu*, third in its slope; 1e-13 is what a root near a flat map keeps.
    assert np.all(narrow <= wide * np.array([0.02, 0.002]) + 1e-13)
    assert np.all(wide <= [5e-4, 5e-5])


def test_claims_c13_and_c14_at_fan_in_five():
    correlation = near(1e-4, 5, 0.6)
    correction = float(synergy.near_threshold_correction(5, correlation, 0.6))
    assert correction == pytest.approx(2.62e-5, abs=1e-7)  # spec: 1.0000262
    slope = float(synergy.near_threshold_slope(5, correlation, 0.6))
    assert (slope - 1 + 2e-4) / 1e-8 == pytest.approx(1.04985, abs=3e-4)  # remainder O(alpha - 1)


def test_below_threshold_nothing_is_left():
    assert synergy.near_threshold_correction(5, 0.4, 0.6) == 0
    assert synergy.near_threshold_slope(5, 0.4, 0.6) == 1
    with pytest.raises(ValueError, match="`fan_in` must be an odd integer of at least 3"):
        synergy.near_threshold_slope(4, 0.4, 0.6)
