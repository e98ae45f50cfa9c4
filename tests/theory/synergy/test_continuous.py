"""Section 2 of the specification: the continuous warm-up."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from theory import synergy

from .digits import assert_all_digits, assert_digits, table

EPS = float(np.finfo(float).eps)
correlations = st.one_of(st.just(0.0), st.floats(1e-6, 0.999))
fan_ins = st.integers(2, 30)
variances = st.one_of(st.just(0.0), st.floats(1e-6, 10))
depths = st.integers(0, 40)

tree = jax.jit(synergy.tree_variance)
tree_post = jax.jit(synergy.tree_variance_post_channel)
tree_global = jax.jit(synergy.tree_variance_global)
star = jax.jit(synergy.star_variance)
chain = jax.jit(synergy.chain_variance)
floor_of = jax.jit(synergy.communication_floor)
depth_of = jax.jit(synergy.depth_to_floor)

REFERENCE = """
3 0 .05 .333333333333 .025 .35 .13333333 .0611111111 .037037037 .0251486053955 5.43 6 1
5 .2 .05 .36 .015625 .37 .1432 .061552 .03215872 .0159027030065 6.31 7 .634787611028
5 .5 .02 .6 .01 .604 .3664 .22384 .138304 .0266281984 13.50 14 .317393805514
9 .1 .1 .2 .0138888889 .2111111 .05333333 .02177778 .01546667 .0138914133333 4.08 5 .732486760359
"""


@pytest.mark.parametrize("row", table(REFERENCE), ids=lambda row: f"b{row[0]}-rho{row[1]}")
def test_eq_2_8_reference_numbers(row):
    fan_in, correlation, noise = float(row[0]), float(row[1]), float(row[2])
    assert_digits(synergy.contraction(fan_in, correlation), row[3])
    assert_digits(floor_of(fan_in, correlation, noise), row[4])
    assert_all_digits(tree(fan_in, correlation, noise, 1.0, np.array([1, 2, 3, 4, 8])), row[5:10])
    depth = float(depth_of(fan_in, correlation, noise, 1.0, 0.1))
    assert_digits(depth, row[10])
    assert np.ceil(depth) == int(row[11])
    assert_digits(synergy.variance_exponent(fan_in, correlation), row[12])


def test_eq_2_8_star_rows():
    depths = np.array([1, 2, 3, 4, 8])
    values = star(5.0**depths, 0.2, 0.05, 1.0)
    assert_all_digits(values, ".37 .234 .2068 .20136 .200002176")
    depths = np.array([1, 2, 3, 4, 8])
    assert_all_digits(star(9.0**depths, 0.1, 0.1, 1.0), ".2111111 .1123457 .1013717 .1001524 .1000000232")


GROWTH = """
5 8 .2 .3 17.92181013 74.22888893 1.957419 95.91755855
3 8 .1 .5 35.92343633 128.8890591 2.150896 92.30769231
9 4 .4 .2 12.25616314 44.9916162  2.116639 89.90942458
5 8 0  .8 80          244.140625  2.441406 241.5023657
"""


@pytest.mark.parametrize("row", table(GROWTH), ids=lambda row: f"b{row[0]}-rho{row[2]}")
def test_eq_2_8_growth_numbers(row):
    fan_in, length, correlation, beta = (float(word) for word in row[:4])
    point = (fan_in, correlation, length, beta)
    assert_digits(synergy.continuous_optimal_compute(*point), row[4])
    assert_digits(synergy.continuous_critical_budget(*point), row[5])
    assert_digits(synergy.continuous_critical_agents(fan_in, correlation, beta), row[6])
    assert_digits(synergy.continuous_one_level_budget(*point), row[7])


def test_eq_2_5_optimal_compute_and_budgets_solve_their_equations():
    fan_in, correlation, length, beta = 5.0, 0.2, 8.0, 0.3
    exponent = float(synergy.variance_exponent(fan_in, correlation))
    overhead = 2 * length * fan_in / (fan_in - 1)
    best = float(synergy.continuous_optimal_compute(fan_in, correlation, length, beta))

    def log_risk(compute, budget):
        return -beta * np.log(compute) - exponent * np.log(budget / (compute + overhead))

    budget = float(synergy.continuous_critical_budget(fan_in, correlation, length, beta))
    assert log_risk(best, budget) < min(log_risk(best * 1.001, budget), log_risk(best / 1.001, budget))
    assert_allclose(log_risk(best, budget), -beta * np.log(budget), rtol=1e-12)
    agents = float(synergy.continuous_critical_agents(fan_in, correlation, beta))
    assert_allclose(agents, budget / (best + overhead), rtol=1e-12)
    # One level with exact edges: b leaves of compute B/b - 2m against one agent.
    budget = float(synergy.continuous_one_level_budget(fan_in, correlation, length, beta))
    leaf = budget / fan_in - 2 * length
    assert_allclose(-beta * np.log(leaf) - exponent * np.log(fan_in), -beta * np.log(budget), rtol=1e-12)


@given(fan_in=st.integers(3, 30), correlation=st.floats(0, 0.99), beta=st.floats(0.01, 1.2))
def test_eq_2_5_trees_pay_below_the_synergy_correlation(fan_in, correlation, beta):
    threshold = float(synergy.continuous_synergy_correlation(fan_in, beta))
    if abs(threshold - correlation) < 1e-9:
        return
    pays = correlation < threshold
    point = (fan_in, correlation, 8.0, beta)
    assert (float(synergy.variance_exponent(fan_in, correlation)) > beta) == pays
    for budget in (
        synergy.continuous_optimal_compute(*point),
        synergy.continuous_critical_budget(*point),
        synergy.continuous_one_level_budget(*point),
    ):
        assert bool(np.isfinite(budget)) == pays
    if pays:
        assert 1 < synergy.continuous_critical_agents(fan_in, correlation, beta) < np.e


@given(fan_in=fan_ins, correlation=st.floats(0, 1), noise=variances, leaf=variances, depth=depths)
def test_claim_c26_closed_forms_are_the_recursions(fan_in, correlation, noise, leaf, depth):
    contraction = correlation + (1 - correlation) / fan_in
    pre, post, shared = leaf, leaf, leaf
    common = correlation * leaf
    own = (1 - correlation) * leaf
    for _ in range(depth):
        pre = contraction * pre + noise / fan_in
        post = contraction * (post + noise)
        own = own / fan_in + noise / fan_in
        shared = common + own
    rtol = 200 * EPS
    assert_allclose(tree(fan_in, correlation, noise, leaf, depth), pre, rtol=rtol)
    assert_allclose(tree_post(fan_in, correlation, noise, leaf, depth), post, rtol=rtol)
    assert_allclose(tree_global(fan_in, correlation, noise, leaf, depth), shared, rtol=rtol)


@given(fan_in=fan_ins, correlation=correlations, noise=variances, leaf=variances)
def test_claim_c26_floor_is_fixed_and_approached_at_rate_a(fan_in, correlation, noise, leaf):
    floor = float(floor_of(fan_in, correlation, noise))
    assert_allclose(synergy.tree_level(fan_in, correlation, noise, floor), floor, rtol=16 * EPS)
    contraction = float(synergy.contraction(fan_in, correlation))
    distance = np.asarray(tree(fan_in, correlation, noise, leaf, np.arange(9))) - floor
    expected = contraction ** np.arange(9) * (leaf - floor)
    assert_allclose(distance, expected, atol=100 * EPS * (leaf + floor))


@given(fan_in=fan_ins, correlation=correlations, noise=st.floats(1e-6, 10), fraction=st.floats(0, 0.999))
def test_claim_c27_deeper_is_worse_below_the_floor(fan_in, correlation, noise, fraction):
    floor = float(floor_of(fan_in, correlation, noise))
    risks = np.asarray(tree(fan_in, correlation, noise, fraction * floor, np.arange(12)))
    assert np.all(np.diff(risks) >= -8 * EPS * floor)
    assert np.all(risks <= floor * (1 + 8 * EPS))


@given(
    fan_in=fan_ins,
    correlation=correlations,
    noise=st.floats(1e-6, 1),
    leaf=variances,
    excess=st.floats(1e-3, 5),
)
def test_claim_c28_depth_to_floor_is_minimal(fan_in, correlation, noise, leaf, excess):
    floor = float(floor_of(fan_in, correlation, noise))
    target = (1 + excess) * floor
    depth = float(depth_of(fan_in, correlation, noise, leaf, excess))
    levels = np.ceil(depth * (1 - 1e-12))
    slack = 1e-9
    assert tree(fan_in, correlation, noise, leaf, levels) <= target * (1 + slack)
    if levels > 0:
        assert tree(fan_in, correlation, noise, leaf, levels - 1) >= target * (1 - slack)
    else:
        assert leaf <= target * (1 + slack)


@given(agents=st.integers(1, 200), correlation=st.floats(0, 1), noise=variances, leaf=variances)
def test_claim_c24_star_is_the_mean_of_its_covariance_matrix(agents, correlation, noise, leaf):
    covariance = leaf * (correlation + (1 - correlation) * np.eye(agents)) + noise * np.eye(agents)
    assert_allclose(star(agents, correlation, noise, leaf), covariance.mean(), rtol=1e-13, atol=1e-300)
    assert_allclose(chain(noise, leaf, agents), leaf + agents * noise, rtol=4 * EPS)


@given(fan_in=fan_ins, correlation=correlations, noise=variances, leaf=variances)
def test_eq_2_7_floors_of_the_other_readings(fan_in, correlation, noise, leaf):
    # After enough levels that a^L is below eps: the floors themselves.
    depth = 60 / -np.log1p(-(1 - correlation) * (1 - 1 / fan_in))
    post = synergy.communication_floor_post_channel(fan_in, correlation, noise)
    everywhere = synergy.communication_floor_global(fan_in, correlation, noise, leaf)
    rtol, atol = 1e-12, 1e-24 * leaf
    assert_allclose(tree_post(fan_in, correlation, noise, leaf, depth), post, rtol=rtol, atol=atol)
    assert_allclose(tree_global(fan_in, correlation, noise, leaf, depth), everywhere, rtol=rtol, atol=atol)
    expected = noise * (1 + (fan_in - 1) * correlation) / ((fan_in - 1) * (1 - correlation))
    assert_allclose(post, expected, rtol=1e-13)


@given(fan_in=fan_ins, correlation=st.floats(0, 1), noise=variances, leaf=variances, depth=depths)
def test_disputed_d2_star_is_never_worse_under_one_global_correlation(fan_in, correlation, noise, leaf, depth):
    agents = float(fan_in) ** min(depth, 20)
    risk = tree_global(fan_in, correlation, noise, leaf, min(depth, 20))
    # A star pays the channel once; with no level there is no channel to pay.
    if depth > 0:
        assert star(agents, correlation, noise, leaf) <= risk * (1 + 64 * EPS)


def test_disputed_d2_sibling_correlation_undercuts_the_star():
    depths = np.arange(2, 41)
    assert np.all(tree(5.0, 0.2, 0.05, 1.0, depths) < star(5.0**depths, 0.2, 0.05, 1.0))
    assert np.all(tree(5.0, 0.0, 0.05, 1.0, depths) >= star(5.0**depths, 0.0, 0.05, 1.0))
    assert_digits(tree(5.0, 0.2, 0.05, 1.0, 3), ".0616")
    assert_digits(star(125.0, 0.2, 0.05, 1.0), ".2068")


def test_eq_2_6_recursion_numbers():
    values = [tree(3, 0.1, 0.05, 1.0, 4), tree(5, 0.2, 0.05, 1.0, 3), tree(5, 0.5, 0.02, 1.0, 5)]
    assert_all_digits(values, ".05267 .06155 .0870")


def test_correlation_one_is_an_ordinary_point():
    assert tree(5, 1.0, 0.5, 2.0, 10) == 2.0 + 10 * 0.1
    gradient = jax.grad(synergy.tree_variance, argnums=(1, 2, 3))(5.0, 1.0, 0.5, 2.0, 10.0)
    assert np.all(np.isfinite(gradient))
    assert synergy.variance_exponent(5, 1.0) == 0


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: synergy.communication_floor(5, 1.0, 0.1), r"`correlation` must lie in \[0, 1\), but is 1.0"),
        (lambda: synergy.tree_variance(1, 0.1, 0.1, 1.0, 2), r"`fan_in` must lie in \(1, inf\), but is 1"),
        (lambda: synergy.tree_variance(5, 0.1, -0.1, 1.0, 2), r"`noise_variance` must lie in \[0, inf\)"),
        (lambda: synergy.star_variance(0, 0.1, 0.1, 1.0), r"`agents` must lie in \[1, inf\), but is 0"),
        (lambda: synergy.depth_to_floor(5, 0.1, 0.0, 1.0, 0.1), r"`noise_variance` must lie in \(0, inf\)"),
        (
            lambda: synergy.chain_variance(0.1, np.nan, 3),
            r"`leaf_variance` must lie in \[0, inf\), but is nan",
        ),
    ],
)
def test_bad_arguments_are_refused_by_name(build, message):
    with pytest.raises(ValueError, match=message):
        build()
