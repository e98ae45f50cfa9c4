"""Section 5.5 of the specification: exact windows of synergy, empty ones included."""

import jax
import numpy as np
import pytest
from numpy.testing import assert_allclose

from theory import synergy

# One compilation a fan-in: all rows of one fan-in are batched.
window = jax.jit(synergy.synergy_window, static_argnums=0)
# fan-in; m rho gamma beta k; first last (none: empty); largest ratio. The notes' .840 for k = .2 of (5, 16)
# was read beyond B = 625, where one agent is certain; below, the largest is .8245.
TABLE = """
5 8 .1 .9 .2 .001 149.4 9.30e14 5.19
5 8 .1 .9 .2 .01 149.4 9.26e9 2.47
5 8 .1 .9 .2 .05 151.8 2.695e6 1.481
5 8 .1 .9 .2 .1 160.5 6.63e4 1.191
5 8 .1 .9 .2 .2 319.5 460 1.0013
5 16 .2 .95 .25 .01 607.5 6.59e7 1.333
5 16 .2 .95 .25 .05 719 3.50e4 1.046
5 16 .2 .95 .25 .1 none none .966
5 16 .2 .95 .25 .2 none none .8245
5 8 .1 .9 .29 .001 2709 1.34e9 1.043
5 8 .1 .9 .29 .01 3659 4.8e4 1.0022
5 8 .1 .9 .29 .03 none none .983
5 8 .1 .9 .05 .02 80.3 7.13e33 -
5 8 .1 .9 .1 .02 83.9 8.4e16 -
5 8 .1 .9 .15 .02 101.3 1.93e11 -
5 8 .1 .9 .2 .02 149.7 2.85e8 -
5 8 .1 .9 .25 .02 321.5 3.39e6 -
5 8 .1 .9 .28 .02 1120 5.9e4 -
5 8 .1 .9 .29 .02 none none .9932
5 8 0 .9 .2 .02 126.3 3.08e8 -
5 8 .2 .9 .2 .02 199.5 2.31e8 -
5 8 .3 .9 .2 .02 364.6 8.8e7 -
5 8 .4 .9 .2 .02 none none .9899
5 8 .5 .9 .2 .02 none none .9335
7 10 .1 .9 .3 .001 1183 4.50e9 1.210
7 10 .1 .9 .3 .01 1231 7.85e5 1.054
7 10 .1 .9 .3 .03 none none .998
7 10 .1 .9 .3 .1 none none .874
11 10 0 .99 .35 .01 651 4.04e5 1.226
11 10 0 .99 .35 .03 732 7672 1.056
11 10 0 .99 .35 .05 none none .983
9 4 .3 .85 .1 .001 75.2 5.2e29 35.7
9 4 .3 .85 .1 .05 75.1 5.39e12 3.48
"""
ROWS = [line.split() for line in TABLE.strip().splitlines()]


@pytest.mark.parametrize("fan_in", [5, 7, 9, 11])
def test_table_5_5(fan_in):
    rows = [row for row in ROWS if int(row[0]) == fan_in]
    length, rho, gamma, beta, scale = np.array([row[1:6] for row in rows], float).T
    found = window(fan_in, rho, gamma, length, beta, scale)
    for row, first, last, exists, ratio in zip(rows, *map(np.asarray, found), strict=True):
        assert bool(exists) == (row[6] != "none"), row
        if exists:
            # The table's scan is good to "3 to 4 digits", of which some rows print two.
            assert_allclose((first, last), (float(row[6]), float(row[7])), rtol=1.2e-2)
        else:
            assert (first, last) == (np.inf, 0)
        if row[8] != "-":
            assert_allclose(ratio, float(row[8]), rtol=2e-3)


def test_spec_d3_the_published_threshold_is_no_sufficient_budget():
    """At B = 145 > B_crit = 140.26 no tree beats one agent, for any leaf scale."""
    assert synergy.critical_budget_growth(synergy.organisation_exponent(5, 0.1, 0.9), 0.2, 20.0) < 145
    found = window(5, 0.1, 0.9, 8.0, 0.2, np.geomspace(1e-6, 0.15, 24))
    assert np.all(found.first > 149.25)


def test_ends_are_break_even_and_the_window_lies_between_first_threshold_and_saturation():
    found = window(5, 0.1, 0.9, 8.0, 0.2, 0.05)
    gain = synergy.effective_gain(5, 0.1, 0.9)
    assert synergy.integer_depth_threshold(5, 8.0, gain, 0.2, 1) < found.first
    assert found.last < synergy.saturation_budget(synergy.fixed_point(5, 0.1, 0.9), 0.2, 0.05)
    for budget in (float(found.first), float(found.last)):
        single = synergy.leaf_bias(0.2, 0.05, budget)
        trees = [synergy.tree_bias_at_budget(5, 0.1, 0.9, 8.0, 0.2, 0.05, budget, depth) for depth in range(1, 9)]
        assert_allclose(max(map(float, trees)), single, rtol=1e-12)


def test_gradients_are_finite_differences():
    point = np.array([0.1, 0.9, 8.0, 0.2, 0.05])

    def logs(parameters):
        found = window(5, *parameters)
        return np.log(1) + jax.numpy.log(jax.numpy.stack([found.first, found.last, found.ratio]))

    slopes = jax.jacfwd(logs)(point)
    for i, step in enumerate(1e-5 * point):
        nudge = step * np.eye(5)[i]
        difference = (logs(point + nudge) - logs(point - nudge)) / (2 * step)
        assert_allclose(slopes[:, i], difference, rtol=2e-5, atol=1e-6)


def test_aggregators_that_compute_shrink_the_window():
    free, charged = (window(5, 0.1, 0.9, 8.0, 0.2, 0.05, aggregator_compute=cost) for cost in (0.0, 40.0))
    assert charged.first > free.first
    assert charged.ratio < free.ratio
    assert not window(5, 0.1, 0.9, 8.0, 0.2, 0.05, aggregator_compute=1e9).exists


def test_bad_arguments_are_refused_by_name():
    good = {"correlation": 0.1, "fidelity": 0.9, "message_length": 8.0, "leaf_exponent": 0.2, "leaf_scale": 0.05}
    for name, value in [*((name, np.nan) for name in good), ("leaf_scale", 0.0), ("message_length", -1.0)]:
        with pytest.raises(ValueError, match=f"`{name}`"):
            synergy.synergy_window(5, **{**good, name: value})
    with pytest.raises(ValueError, match="`deepest`"):
        synergy.synergy_window(5, **good, deepest=0)
    with pytest.raises(ValueError, match="`aggregator_compute`"):
        synergy.synergy_window(5, **good, aggregator_compute=-1.0)
