"""Intervals against exact enumeration, mpmath and the digits of the budgeted-synergy notes, section 8.4."""

import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from experiments.evidence import Bracket, Crossing, Exact, Mean, Proportion, Variance

GRID = xr.DataArray([0.1, 0.2, 0.3, 0.4, 0.5], dims="rho", coords={"rho": [0.1, 0.2, 0.3, 0.4, 0.5]})


def ends(evidence, level):
    return [end.values for end in evidence.interval(level)]


def test_8_4_clopper_pearson_digits():
    low, high = ends(Proportion([53, 5210, 0], [100, 10000, 20]), 0.05)
    np.testing.assert_allclose(low, [0.427581485, 0.511153907, 0.0], rtol=0, atol=5e-10)
    np.testing.assert_allclose(high, [0.630594836, 0.530833856, 0.168433471], rtol=0, atol=5e-10)


@pytest.mark.parametrize("trials", [1, 5, 20, 60])
@pytest.mark.parametrize("level", [0.05, 1e-4])
def test_clopper_pearson_covers_every_proportion_by_enumeration(trials, level):
    counts = np.arange(trials + 1)
    low, high = ends(Proportion(counts, trials), level)
    truth = np.linspace(0, 1, 401)[:, None]
    covered = (low <= truth) & (truth <= high)
    coverage = np.sum(stats.binom.pmf(counts, trials, truth) * covered, axis=1)
    assert coverage.min() >= 1 - level - 1e-12  # rounding of a sum of `trials` probabilities


def test_clopper_pearson_ends_are_binomial_tails_at_the_levels_of_a_house():
    won, trials, level = np.array([3, 400, 9_990]), np.array([50, 1000, 10_000]), 1e-10
    low, high = ends(Proportion(won, trials), level)
    np.testing.assert_allclose(stats.binom.sf(won - 1, trials, low), level / 2, rtol=1e-8)
    np.testing.assert_allclose(stats.binom.cdf(won, trials, high), level / 2, rtol=1e-8)


def test_a_proportion_never_or_always_seen_ends_at_0_or_1():
    low, high = ends(Proportion([0, 20], 20), 1e-6)
    assert (low[0], high[1]) == (0.0, 1.0)
    np.testing.assert_allclose([1 - high[0], low[1]], (5e-7) ** (1 / 20), rtol=1e-12)


def test_bias_of_a_proportion_is_twice_it_minus_1():
    share, bias = Proportion([53, 0], [100, 20]), Proportion([53, 0], [100, 20]).as_bias()
    np.testing.assert_array_equal(bias.value, 2 * share.value - 1)
    np.testing.assert_array_equal(ends(bias, 1e-3), 2 * np.array(ends(share, 1e-3)) - 1)
    assert (bias.random, bias.comparisons, bias.because) == (True, 2, share.because)
    np.testing.assert_array_equal(bias.samples, [100, 20])


def test_a_decreasing_map_swaps_the_ends():
    low, high = ends(Proportion(30, 100).mapped(lambda share: 1 - 2 * share), 0.05)
    share_low, share_high = ends(Proportion(30, 100), 0.05)
    assert (low, high) == (1 - 2 * share_high, 1 - 2 * share_low)


@pytest.mark.parametrize("dof", [3, 40])
def test_student_interval_leaves_half_the_level_in_each_tail(dof):
    low, high = ends(Mean(1.0, 0.5, dof=dof), 1e-8)
    q = (mpmath.mpf(float(high)) - 1) / 0.5
    tail = mpmath.betainc(dof / 2, 0.5, 0, dof / (dof + q**2), regularized=True) / 2
    assert float(tail) == pytest.approx(5e-9, rel=1e-7)
    assert 1 - low == pytest.approx(high - 1, rel=1e-14)


def test_normal_interval_leaves_half_the_level_in_each_tail():
    low, high = ends(Mean([1.0, 2.0], [0.5, 1.0]), 1e-8)
    assert float(mpmath.erfc((high[0] - 1) / 0.5 / mpmath.sqrt(2)) / 2) == pytest.approx(5e-9, rel=1e-9)
    np.testing.assert_allclose((high - low)[1], 2 * (high - low)[0], rtol=1e-14)


@pytest.mark.parametrize("samples", [2, 30])
def test_variance_interval_leaves_half_the_level_in_each_tail(samples):
    low, high = ends(Variance(2.0, samples), 1e-6)
    half_dof, scaled = (samples - 1) / 2, samples - 1  # (n - 1) s^2 / sigma^2 is chi-square; s^2 = 2 here
    above = mpmath.gammainc(half_dof, scaled / float(low), mpmath.inf, regularized=True)
    below = mpmath.gammainc(half_dof, 0, scaled / float(high), regularized=True)
    assert [float(above), float(below)] == pytest.approx([5e-7, 5e-7], rel=1e-9)
    deviation = ends(Variance(2.0, samples).as_deviation(), 1e-6)
    np.testing.assert_allclose(np.square(deviation), [low, high], rtol=1e-14)


def test_deterministic_evidence_ignores_the_level_and_makes_no_comparison():
    exact, bracket = Exact(GRID, 0.01, "bound"), Bracket([1.0, 2.0], [1.5, 2.0], "bisection")
    np.testing.assert_array_equal(ends(exact, 0.5), ends(exact, 1e-9))
    np.testing.assert_array_equal(ends(exact, 0.5), [GRID - 0.01, GRID + 0.01])
    np.testing.assert_array_equal(ends(bracket, 0.5), [[1.0, 2.0], [1.5, 2.0]])
    np.testing.assert_array_equal(bracket.value, [1.25, 2.0])
    assert (exact.comparisons, bracket.comparisons) == (0, 0)


def test_every_point_of_random_evidence_is_a_comparison():
    square = xr.DataArray(np.full((4, 3), 5), dims=("rho", "depth"))
    assert Proportion(square, 10).comparisons == Mean(square, 0.1).comparisons == 12


def test_exact_crossing_is_the_grid_cell_with_the_sign_change():
    crossing = Crossing(Exact(GRID - 0.37, 1e-3, "bound"), "rho")
    np.testing.assert_array_equal(ends(crossing, 0.5), [0.3, 0.4])
    assert crossing.value == pytest.approx(0.37, abs=4e-16)
    assert crossing.comparisons == 0


def test_random_crossing_spans_all_signs_in_doubt_at_a_shared_level():
    margin = Mean(GRID - 0.37, 0.02)
    low, high = ends(Crossing(margin, "rho"), 1e-6)
    # At 1e-6 / 5 per sign a half-width is 5.2 * 0.02 = 0.104: 0.3 and 0.4 are in doubt, 0.2 and 0.5 are sure.
    assert (low, high) == (0.2, 0.5)
    assert Crossing(margin, "rho").comparisons == 1


def test_the_signs_along_a_crossing_share_its_level():
    # The ends are 0.15 away from 0: sure at 1e-6 (half-width 0.145), in doubt at 1e-6 / 5 (0.154).
    margin = Mean(GRID - 0.35, 0.0297)
    np.testing.assert_array_equal(ends(Crossing(margin, "rho"), 1e-6), [0.1, np.inf])


def test_crossing_is_found_per_row_and_either_way_up():
    truth = xr.DataArray([0.15, 0.45], dims="depth", coords={"depth": [10, 30]})
    tilt = xr.DataArray([1.0, -1.0], dims="depth", coords={"depth": [10, 30]})
    crossing = Crossing(Exact((GRID - truth) * tilt, 0.0, "exact"), "rho")
    np.testing.assert_allclose(crossing.value, truth, rtol=1e-14)
    np.testing.assert_array_equal(ends(crossing, 0.5), [[0.1, 0.4], [0.2, 0.5]])
    assert crossing.value.dims == ("depth",)


def test_crossing_without_a_sure_sign_on_one_side_is_unbounded_there():
    margin = Mean(GRID - 0.37, xr.where(GRID < 0.35, 1.0, 1e-6))
    np.testing.assert_array_equal(ends(Crossing(margin, "rho"), 1e-3), [-np.inf, 0.4])


def test_crossing_refuses_a_margin_that_never_changes_sign():
    with pytest.raises(ValueError, match="opposite signs at the two ends of `rho`"):
        Crossing(Exact(GRID, 0.0, "exact"), "rho")
    with pytest.raises(ValueError, match="`along` must be a dimension with coordinates, but is 'depth'"):
        Crossing(Exact(GRID - 0.3, 0.0, "exact"), "depth")


@given(level=st.floats(1e-12, 0.4), ratio=st.floats(1e-3, 0.99), won=st.integers(0, 50), dof=st.integers(1, 200))
def test_a_smaller_level_never_narrows_an_interval_nor_loses_the_value(level, ratio, won, dof):
    for evidence in (
        Proportion(won, 50),
        Mean(0.3, 0.1, dof=dof),
        Mean(0.3, 0.1),
        Variance(0.5, dof + 1).as_deviation(),
    ):
        (low, high), (lower, higher) = ends(evidence, level), ends(evidence, level * ratio)
        assert lower <= low <= high <= higher
        assert lower <= evidence.value <= higher or level * ratio > 1e-3


def test_jax_arrays_of_either_precision_are_taken():
    assert Exact(jnp.float32(0.5), 0.0, "exact").value.dtype == float
    np.testing.assert_array_equal(Proportion(jnp.array([1, 2]), jnp.int32(4)).value, [0.25, 0.5])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Exact(GRID.where(GRID != 0.2), 0.1, "x"),
            r"`value` must be finite, but is nan at rho=0\.2 \(1 of 5",
        ),
        (lambda: Exact([1.0, np.inf], 0.1, "x"), r"`value` must be finite, but is inf at dim_0=1"),
        (lambda: Exact([], 0.1, "x"), r"`value` is empty"),
        (lambda: Exact(1j, 0.1, "x"), r"`value` must be real"),
        (lambda: Exact(1.0, -0.1, "x"), r"`error` must be not negative, but is -0\.1"),
        (lambda: Exact(1.0, np.nan, "x"), r"`error` must be finite"),
        (lambda: Exact(1.0, 0.1, " "), r"`because` must say where the error comes from"),
        (lambda: Exact(np.ones(3), np.ones((3, 1)), "x"), r"`error` has shape \(3, 1\), but .* have \(3,\)"),
        (lambda: Exact(GRID, GRID.rename(rho="r"), "x"), r"`error` has dimensions \('r',\)"),
        (lambda: Exact(GRID, GRID.assign_coords(rho=GRID + 1), "x"), r"`error` has other coordinates"),
        (lambda: Bracket(1.0, 0.5, "x"), r"`high` must be at least `low`, but is 0\.5"),
        (
            lambda: Mean(GRID, xr.where(GRID == 0.3, 0.0, 1.0)),
            r"`standard_error` must be positive.* 0 at rho=0\.3",
        ),
        (lambda: Mean(1.0, 0.1, dof=0), r"`dof` must be positive"),
        (lambda: Proportion(5, 4), r"`successes` must be a whole number from 0 to `trials`, but is 5"),
        (lambda: Proportion(0.5, 4), r"`successes` must be a whole number"),
        (lambda: Proportion(0, 0), r"`trials` must be a whole number from 1, but is 0"),
        (lambda: Variance(0.0, 9), r"`value` must be positive, but is 0"),
        (lambda: Variance(1.0, 1), r"`samples` must be at least 2, but is 1"),
        (lambda: Mean(1.0, 0.1).interval(0.0), r"`level` must lie in \(0, 1\), but is 0\.0"),
    ],
)
def test_what_no_verdict_may_rest_on_is_refused_by_name(make, message):
    with pytest.raises(ValueError, match=message):
        make()
