"""Sections 1.4, 5.2, 5.3 and 5.6 of the specification: costs, what a budget buys, thresholds of whole depth."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from theory import synergy

from .digits import assert_digits, table

EPS = float(np.finfo(float).eps)

# B: single; best tree (L, x) of (b, m, rho, gamma, beta, k) = (5, 8, .1, .9, .2, .05)
FRONTIER = """
160   .13797297 .13950974 1 16
300   .15645673 .17046452 1 44
1000  .19905359 .23383694 2 20.8
3000  .24796721 .31638017 2 100.8
1e4   .31547867 .44251945 3 60.16
3e4   .39300154 .57585428 4 28.032
1e5   .5        .71959438 4 140.032
3e5   .62286547 .85474331 5 76.0064
1e6   .7924466  .93965443 6 44.00128
2.5e6 .95182697 .96505079 6 140.00128
"""
# B: best star of the window W = 64 (seven agents). The notes' last row reads .80695586; it is .80695583.
STARS = "300 .17849016; 1000 .24198358; 3000 .30390527; 1e4 .38349972; 1e5 .57793380; 1e6 .80695583"
BUDGETS = np.array([float(row[0]) for row in table(FRONTIER)])
BESIDE = {150.0: ".1362035", 3e6: ".98717524"}


@pytest.fixture(scope="module")
def roots():
    """Root biases of depths 0 to 8 at the budgets of table 5.6, and beside the window."""
    law = jax.jit(
        lambda budget, depth: synergy.tree_bias_at_budget(5, 0.1, 0.9, 8.0, 0.2, 0.05, budget, depth), static_argnums=1
    )
    return np.array([law(np.concatenate([BUDGETS, list(BESIDE)]), depth) for depth in range(9)])


@pytest.mark.parametrize(("place", "row"), list(enumerate(table(FRONTIER))), ids=lambda at: str(at)[:3])
def test_table_5_6_frontier(roots, place, row):
    budget, single, best, depth, compute = row
    assert_digits(roots[0, place], single)
    assert int(np.argmax(roots[:, place])) == int(depth)
    assert_digits(roots[int(depth), place], best)
    assert_digits(synergy.tree_leaf_compute(5, int(depth), 8.0, float(budget)), compute)


def test_table_5_6_no_tree_beside_the_window(roots):
    for place, (budget, single) in enumerate(BESIDE.items(), len(BUDGETS)):
        assert_digits(synergy.leaf_bias(0.2, 0.05, budget), single)
        assert max(roots[1:, place]) < float(single)


def test_table_5_6_stars():
    assert synergy.star_size_limit(64, 8) == 8
    for budget, bias in table(STARS.replace(";", "\n")):
        assert_digits(synergy.star_bias_at_budget(7, 0.1, 0.9, 8.0, 0.2, 0.05, float(budget)), bias)


def test_table_5_6_growth_formula_over_predicts():
    exponent, overhead = synergy.organisation_exponent(5, 0.1, 0.9), 20.0
    for budget, text in ((160, ".139718"), (1000, ".240088"), (1e4, ".47401"), (1e5, ".93585"), (3e5, "1.29")):
        assert_digits(synergy.optimal_growth_bias(exponent, 0.2, 0.05, overhead, budget), text)


@given(st.floats(1.5, 60), st.floats(0, 6), st.floats(0, 200), st.floats(0.1, 100))
def test_eq_1_4_the_papers_cost_overcharges_by_one_overhead(fan_in, depth, compute, length):
    exact = synergy.tree_cost(fan_in, depth, compute, length)
    approximate = synergy.tree_cost_approximate(fan_in, depth, compute, length)
    overhead = synergy.communication_overhead(fan_in, length)
    assert_allclose(approximate - exact, overhead, atol=1e-13 * float(approximate) + 1e-12)


def test_eq_1_4_costs_of_small_organisations_by_hand():
    # Nine leaves, twelve edges, four aggregators.
    assert_allclose(synergy.tree_cost(3, 2, 10.0, 4.0), 9 * 10 + 12 * 8, rtol=1e-14)
    assert_allclose(synergy.tree_cost(3, 2, 10.0, 4.0, 5.0), 9 * 10 + 12 * 8 + 4 * 5, rtol=1e-14)
    assert_allclose(synergy.tree_edges(3, 2), 12, rtol=1e-14)
    assert_allclose(synergy.star_cost(7, 10.0, 4.0), 7 * 18, rtol=1e-15)
    assert_allclose(synergy.star_cost(7, 10.0, 4.0), synergy.tree_cost(7, 1, 10.0, 4.0), rtol=1e-14)
    assert_allclose(synergy.chain_cost(3, 10.0, 4.0), 4 * 10 + 3 * 8, rtol=1e-15)
    assert synergy.tree_cost(3, 0, 10.0, 4.0) == 10


@given(st.integers(0, 5), st.floats(0, 50), st.floats(0.1, 50), st.floats(0, 9))
def test_eq_1_4_leaf_compute_inverts_the_costs(depth, compute, length, internal):
    budget = float(synergy.tree_cost(5, depth, compute, length, internal))
    assert_allclose(synergy.tree_leaf_compute(5, depth, length, budget, internal), compute, atol=1e-12 * budget)
    star = float(synergy.star_cost(9, compute, length))
    assert_allclose(synergy.star_leaf_compute(9, length, star), compute, atol=1e-13 * star)
    chain = float(synergy.chain_cost(depth, compute, length))
    assert_allclose(synergy.chain_leaf_compute(depth, length, chain), compute, atol=1e-13 * chain)


def test_a_budget_below_the_talk_buys_nothing_and_has_a_gradient():
    assert synergy.tree_leaf_compute(5, 2, 8.0, 100.0) == 0
    slope = jax.grad(lambda budget: synergy.tree_bias_at_budget(5, 0.1, 0.9, 8.0, 0.2, 0.05, budget, 2))(100.0)
    assert slope == 0
    assert synergy.leaf_bias(0.2, 0.05, 0.0) == 0
    assert synergy.leaf_bias(0.2, 0.05, 1e9) == 1


@pytest.mark.parametrize("depth", [1, 2, 4])
@given(st.floats(0.1, 0.45), st.floats(1.001, 1.3), st.floats(0.5, 50))
def test_eq_5_2_thresholds_are_where_a_tree_breaks_even(depth, beta, ratio, length):
    gain = 5**beta * ratio
    budget = float(synergy.integer_depth_threshold(5, length, gain, beta, depth))
    compute = float(synergy.tree_leaf_compute(5, depth, length, budget))
    # The leaf's compute is what a nearly equal cost of talk leaves of the budget.
    lost = 64 * EPS * budget / (compute * 5**depth)
    assert_allclose(gain**depth * (compute / budget) ** beta, 1, rtol=1e-12 + lost)
    approximate = float(synergy.integer_depth_threshold_approximate(5, length, gain, beta, depth))
    overhead = float(synergy.communication_overhead(5, length))
    compute = approximate / 5**depth - overhead
    lost = 64 * EPS * overhead / compute
    assert_allclose(gain**depth * (compute / approximate) ** beta, 1, rtol=1e-12 + lost)
    assert budget < approximate
    assert budget < float(synergy.integer_depth_threshold(5, length, gain, beta, depth + 1))


def test_eq_5_2_depth_one_in_its_own_form():
    gain = float(synergy.effective_gain(5, 0.1, 0.9))
    expected = 2 * 8 * 5 / (1 - 5 * gain ** (-1 / 0.2))
    assert_allclose(synergy.integer_depth_threshold(5, 8.0, gain, 0.2, 1), expected, rtol=1e-13)
    assert np.isinf(synergy.integer_depth_threshold(5, 8.0, 5**0.2 * 0.999, 0.2, 1))
    assert np.isinf(synergy.integer_depth_threshold_approximate(5, 8.0, 1.0, 0.2, 1))


@given(st.floats(0, 1), st.floats(0.3, 1), st.floats(0.05, 0.45), st.floats(1e-3, 0.3), st.floats(0, 3))
def test_eq_5_3_no_tree_helps_from_the_saturation_budget_on(correlation, fidelity, beta, scale, more):
    settled = synergy.fixed_point(5, correlation, fidelity)
    budget = float(synergy.saturation_budget(settled, beta, scale)) * 10**more + 1e-9
    single = float(synergy.leaf_bias(beta, scale, budget))
    for depth in (1, 2, 5):
        root = synergy.tree_bias_at_budget(5, correlation, fidelity, 1e-3, beta, scale, budget, depth)
        assert float(root) <= single * (1 + 1e-12)


def test_eq_5_3_saturation_budget_of_f11():
    settled = synergy.fixed_point(5, 0.1, 0.9)
    assert_digits(synergy.saturation_budget(settled, 0.2, 0.05), "2978465.574")
    assert synergy.saturation_budget(0.0, 0.2, 0.05) == 0


def test_chain_is_below_one_agent():
    bias = synergy.chain_bias_at_budget(0.9, 8.0, 0.2, 0.05, 1000.0, 3)
    assert_allclose(bias, 0.9**3 * 0.05 * ((1000 - 48) / 4) ** 0.2, rtol=1e-14)
    assert bias < synergy.leaf_bias(0.2, 0.05, 1000.0)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: synergy.tree_bias_at_budget(4, 0.1, 0.9, 8.0, 0.2, 0.05, 1e3, 2), "`fan_in` must be an odd integer"),
        (lambda: synergy.tree_bias_at_budget(5, 1.1, 0.9, 8.0, 0.2, 0.05, 1e3, 2), "`correlation`"),
        (lambda: synergy.tree_bias_at_budget(5, 0.1, 0.9, 8.0, -0.2, 0.05, 1e3, 2), "`leaf_exponent`"),
        (lambda: synergy.tree_bias_at_budget(5, 0.1, 0.9, 8.0, 0.2, 0.05, -1e3, 2), "`budget`"),
        (lambda: synergy.star_bias_at_budget(6, 0.1, 0.9, 8.0, 0.2, 0.05, 1e3), "`agents`"),
        (lambda: synergy.star_size_limit(0.0, 8.0), "`window`"),
        (lambda: synergy.saturation_budget(1.2, 0.2, 0.1), "`settled_bias`"),
        (lambda: synergy.integer_depth_threshold(5, 8.0, 0.0, 0.2, 1), "`gain`"),
    ],
)
def test_bad_arguments_are_refused_by_name(build, message):
    with pytest.raises(ValueError, match=message):
        build()
