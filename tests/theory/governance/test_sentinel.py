"""Sections 4.6, 4.7 and 5.9 of the specification: the sentinel (T12)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from theory import governance

PAPER = governance.Sentinel()


def walk(start, discomforts, rule=PAPER):
    """Shares after each update, straight from the rule."""
    share, found = start, []
    for discomfort in discomforts:
        share = (
            share + rule.recovery * (rule.baseline - share) - rule.intervention * max(0, discomfort - rule.threshold)
        )
        share = min(max(share, rule.floor), 1)
        found.append(share)
    return np.array(found)


def test_prop_4_6_equilibrium_digits():
    found = governance.sentinel_equilibrium(np.array([0.05, 0.12, 0.15, 0.18, 0.5]))
    assert_allclose(found, [0.85, 0.65, 0.35, 0.05, 0.05], atol=1e-14)
    assert_allclose(governance.discomfort_at_floor(), 0.18, rtol=1e-15)


@given(discomfort=st.floats(0, 1), start=st.floats(0.05, 1))
def test_prop_4_6_is_where_the_walk_ends(discomfort, start):
    rest = float(governance.sentinel_equilibrium(discomfort))
    assert_allclose(walk(start, [discomfort] * 700)[-1], rest, atol=1e-13)
    assert_allclose(governance.sentinel_step(rest, discomfort), rest, atol=1e-14)


@given(discomfort=st.floats(0.1, 0.175), start=st.floats(0.05, 0.85))
def test_prop_4_6_geometric_rate(discomfort, start):
    rest = float(governance.sentinel_equilibrium(discomfort))
    path = walk(start, [discomfort] * 12)
    assert_allclose(path - rest, (start - rest) * 0.95 ** np.arange(1, 13), atol=1e-13)
    assert_allclose(governance.share_after(np.arange(1, 13), start, discomfort), path, atol=1e-13)


def test_remark_4_7_band():
    low, high = governance.stability_band(0.05, 0.5)
    assert_allclose([low, high], [-0.1, 3.9], rtol=1e-14)


@given(slope=st.floats(-3, 8), recovery=st.floats(0.01, 0.5), intervention=st.floats(0.05, 1))
def test_remark_4_7_band_is_the_linear_map_below_one(slope, recovery, intervention):
    low, high = governance.stability_band(recovery, intervention)
    factor = 1 - recovery - intervention * slope
    if abs(abs(factor) - 1) > 1e-9:
        assert bool(low < slope < high) == (abs(factor) < 1)


def test_remark_4_7_published_condition_misses_both_ways():
    low, high = governance.stability_band(0.05, 0.5)
    slopes = np.array([-0.5, 3.0])
    assert list(governance.is_stable_as_published(slopes, 0.5)) == [True, False]
    assert list((low < slopes) & (slopes < high)) == [False, True]


def test_eq_5_9_rounds_to_the_floor():
    discomforts = np.array([0.40, 0.42, 0.44, 0.46, 0.48, 0.50])
    assert list(governance.rounds_to_floor(discomforts)) == [7, 6, 6, 5, 5, 5]
    assert np.isinf(governance.rounds_to_floor(0.18))
    assert np.isinf(governance.rounds_to_floor(0.05))


@given(discomfort=st.floats(0.19, 1))
def test_eq_5_9_counts_agree_with_the_walk(discomfort):
    path = walk(0.85, [discomfort] * 100)
    assert int(governance.rounds_to_floor(discomfort)) == 1 + np.flatnonzero(path <= 0.05 + 1e-14)[0]
    assert int(governance.rounds_to_fall(0.4, discomfort)) == 1 + np.flatnonzero(path <= 0.4 + 1e-14)[0]


def test_eq_5_9_detection_is_in_the_second_round_of_a_block():
    # The paper's D in a block is about 0.42; a defection is felt one round late, so the index counts the updates.
    assert list(governance.rounds_to_fall(0.75, np.array([0.31, 0.42, 0.6]))) == [1, 1, 1]


@given(start=st.floats(0.05, 0.84), level=st.floats(0.05, 0.84))
def test_eq_5_9_recovery_counts(start, level):
    path = np.concatenate([[start], walk(start, [0.0] * 200)])
    above = path > level
    counted = int(governance.rounds_to_recover(start, level))
    # A path that stands on the level but for rounding counts either way.
    assert abs(counted - np.flatnonzero(above)[0]) <= bool(np.min(np.abs(path - level)) < 1e-12)


def test_eq_5_9_recovery_from_the_floor():
    assert governance.rounds_to_recover(0.05, 0.7) == 33


@given(seed=st.integers(0, 99))
def test_eq_5_9_path_identity(seed):
    discomforts = np.random.default_rng(seed).uniform(0.06, 0.14, 200)
    after = walk(0.85, discomforts)
    before = np.concatenate([[0.85], after[:-1]])
    assert after.min() > 0.06
    assert_allclose(governance.mean_drift(before, discomforts), (after[-1] - 0.85) / 200, atol=1e-15)
    excess = np.maximum(discomforts - 0.1, 0).mean()
    drift = (0.85 - after[-1]) / 200 / 0.05
    assert_allclose(governance.mean_share(excess) + drift, before.mean(), atol=1e-12)


def test_eq_5_9_quiet_discomfort_and_restlessness():
    # The published means of the cooperative phase of experiment 6: 0.1496, 0.0040, 0.0187 make 0.0536.
    assert_allclose(governance.discomfort(0.1496, 0.0040, 0.0187), 0.0536, atol=6e-5)
    assert_allclose(governance.restless_body_action(0.15), 0.8625, rtol=1e-14)
    quiet = governance.discomfort(0.15, 0.0, 1 - 0.8625)
    assert_allclose(quiet, PAPER.threshold, rtol=1e-14)


def test_eq_5_9_baseline_drift():
    assert_allclose(governance.baseline_drift(np.array([0, 50, 200])), 1 - 0.98 ** np.array([0, 50, 200]), atol=1e-15)


def test_bad_arguments_are_refused_by_name():
    with pytest.raises(ValueError, match="`discomfort` must lie"):
        governance.sentinel_equilibrium(-0.1)
    with pytest.raises(ValueError, match="`level` must lie"):
        governance.rounds_to_recover(0.1, 0.9)
    with pytest.raises(ValueError, match="`recovery` must lie"):
        governance.stability_band(0.0, 0.5)
