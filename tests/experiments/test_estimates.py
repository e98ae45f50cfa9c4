"""Estimators against SciPy's and NumPy's own."""

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from experiments.estimates import (
    bias_of_votes,
    mean_of,
    paired_difference,
    power_law_slope,
    rounding,
    slope,
    variance_of,
    wilson_interval,
)

RNG = np.random.default_rng(20261123)
SAMPLES = xr.DataArray(RNG.normal([[1.0], [2.0]], 0.5, (2, 12)), dims=("rho", "seed"), coords={"rho": [0.1, 0.2]})


def test_8_4_wilson_digits():
    low, high = wilson_interval([53, 5210, 0, 26250], [100, 10000, 20, 50000])
    np.testing.assert_allclose(low, [0.432888570, 0.511202640, 0, 0.520621116], rtol=0, atol=5e-10)
    # The notes end 53/100 in ...821; mpmath and SciPy have 0.62489182041.
    np.testing.assert_allclose(high, [0.624891820, 0.530781232, 0.161125158, 0.529375043], rtol=0, atol=5e-10)


def test_wilson_agrees_with_scipy_and_stays_in_0_to_1():
    won = np.arange(8)
    low, high = wilson_interval(won, 7, 1e-6)
    theirs = [stats.binomtest(int(k), 7).proportion_ci(1 - 1e-6, "wilson") for k in won]
    np.testing.assert_allclose(low, [ci.low for ci in theirs], rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(high, [ci.high for ci in theirs], rtol=1e-9)
    assert (low[0], high[7]) == (0.0, 1.0)


@pytest.mark.parametrize(("samples", "dim"), [(SAMPLES, "seed"), (SAMPLES.values, 1), (SAMPLES.values, -1)])
def test_mean_of_gives_students_interval(samples, dim):
    evidence = mean_of(samples, dim)
    theirs = stats.ttest_1samp(SAMPLES.values, 0.0, axis=1).confidence_interval(1 - 1e-3)
    np.testing.assert_allclose(evidence.interval(1e-3), theirs, rtol=1e-12)
    np.testing.assert_array_equal(evidence.samples, [12, 12])


def test_variance_of_uses_the_unbiased_divisor():
    np.testing.assert_allclose(variance_of(SAMPLES, "seed").value, np.var(SAMPLES, axis=1, ddof=1), rtol=1e-14)


def test_bias_of_votes_is_the_mean_vote():
    votes = RNG.choice([-1, 1], (3, 40))
    evidence = bias_of_votes((votes > 0).sum(axis=1), 40)
    np.testing.assert_allclose(evidence.value, votes.mean(axis=1), rtol=0, atol=4e-16)


def test_pairing_removes_what_two_arms_share():
    shared = xr.DataArray(RNG.normal(0, 10, 30), dims="seed", coords={"seed": np.arange(30)})
    noise = xr.DataArray(RNG.normal(0, 0.1, 30), dims="seed", coords={"seed": np.arange(30)})
    effect = paired_difference(shared + 1 + noise, shared, "seed")
    theirs = stats.ttest_rel(shared + 1 + noise, shared).confidence_interval(0.99)
    np.testing.assert_allclose(effect.interval(0.01), theirs, rtol=1e-9)
    with pytest.raises(ValueError, match="`b` has other coordinates"):
        paired_difference(shared, shared.isel(seed=slice(5, None)), "seed")
    with pytest.raises(ValueError, match="equal dimensions"):
        paired_difference(shared, shared.mean(), "seed")


def test_slope_without_errors_is_linregress():
    x = np.arange(8.0)
    y = 3 - 0.5 * x + RNG.normal(0, 0.2, 8)
    ours, theirs = slope(x, y), stats.linregress(x, y)
    np.testing.assert_allclose([ours.value, ours.standard_error], [theirs.slope, theirs.stderr], rtol=1e-12)
    assert ours.dof == 6


def test_slope_with_errors_is_the_weighted_polynomial_fit():
    x, sigma = np.arange(8.0), np.linspace(0.1, 0.5, 8)
    y = 3 - 0.5 * x + sigma * RNG.normal(size=8)
    fit, covariance = np.polyfit(x, y, 1, w=1 / sigma, cov="unscaled")
    ours = slope(x, y, sigma)
    np.testing.assert_allclose([ours.value, ours.standard_error], [fit[0], covariance[0, 0] ** 0.5], rtol=1e-11)


def test_power_law_slope_reads_the_exponent_of_each_row():
    x = xr.DataArray([1.0, 10.0, 100.0], dims="depth", coords={"depth": [1, 10, 100]})
    exponent = xr.DataArray([-0.5, 2.0], dims="rho", coords={"rho": [0.1, 0.2]})
    evidence = power_law_slope(x, 3 * x**exponent, 0.01 * x**exponent, dim="depth", samples=50)
    np.testing.assert_allclose(evidence.value, exponent, rtol=1e-13)
    # sigma of log y is 0.01 / 3 at every point, and log x has the spread 2 log(10)^2 about its mean.
    np.testing.assert_allclose(evidence.standard_error, 0.01 / 3 / (np.log(10) * 2**0.5), rtol=1e-13)
    assert evidence.samples.shape == (2,)


def test_rounding_scales_with_the_values_own_dtype_and_with_cancelled_terms():
    for dtype in (np.float32, np.float64):
        error = rounding(np.array([2.0, 1e-3], dtype), 4, scale=0.5).error
        np.testing.assert_allclose(error, 4 * np.finfo(dtype).eps * np.array([2.0, 0.5]))
    assert rounding(np.float32(1), 4).because == "4 rounding errors of float32"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: mean_of(SAMPLES[:, :1], "seed"), "`seed` holds 1 sample"),
        (lambda: mean_of(SAMPLES, "depth"), r"`dim` must be one of \('rho', 'seed'\), but is 'depth'"),
        (lambda: mean_of(SAMPLES.where(SAMPLES > 1.0), "seed"), "`samples` must be finite, but is nan at"),
        (lambda: mean_of(np.ones(5), 0), "`standard_error` must be positive"),
        (lambda: slope([1.0, 2.0], [1.0, 2.0]), "A slope needs 3 points"),
        (lambda: slope([1.0, 1.0], [1.0, 2.0], 0.1), "`x` must take at least two values"),
        (lambda: slope([1.0, 2.0], [1.0, 2.0], [0.1, 0.0]), "`sigma` must be positive"),
        (lambda: slope(SAMPLES, SAMPLES), "`dim` must name the dimension to fit along"),
        (lambda: power_law_slope([0.0, 2.0], [1.0, 2.0], 0.1), "must be positive for a power law"),
        (lambda: rounding(3, 4), "`value` must be floating, not int"),
    ],
)
def test_bad_samples_are_refused_by_name(make, message):
    with pytest.raises(ValueError, match=message):
        make()
