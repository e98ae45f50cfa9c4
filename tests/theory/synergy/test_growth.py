"""Section 5.1 and table 5.4 of the specification: the growth law, its optimum, the critical budget in both forms."""

import jax
import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from theory import synergy

from .digits import assert_all_digits, table

# (b, m, rho, gamma, beta); s; c0; x*; kappa; B_crit; N at B_crit; B_1 exact; B_2 exact
TABLE = """
3 8 0 1 .2     .3690702464 24          28.39056606 .7752866455 108.1455607 2.064218 79.34693878 227.5080368
5 8 .1 .9 .2   .2954183422 20          41.92066126 .8303986837 140.2552817 2.265080 149.2564757 611.7027497
5 16 .2 .95 .25 .2978275539 40         209.0844958 .8770109045 621.9238547 2.496839 603.7448928 2087.893747
7 10 .1 .9 .3  .3194310101 23.33333333 360.2488992 .9293888212 1010.805486 2.635173 1182.257911 5026.653458
9 4 .3 .85 .1  .2466259931 9           6.138065845 .8466109437 28.01842714 1.850859 74.9911806 721.1473314
11 10 0 .99 .35 .4111114568 22         125.9992873 .8412937083 372.001974  2.513539 643.1113541 4654.849805
5 8 .1 .9 .29  .2954183422 20          1070.438118 .9733280087 2936.893369 2.693315 2700.602859 8223.612678
"""


@pytest.mark.parametrize("row", table(TABLE), ids=lambda row: f"b{row[0]}-beta{row[4]}")
def test_table_5_4(row):
    fan_in, (length, rho, gamma, beta) = int(row[0]), map(float, row[1:5])
    exponent = synergy.organisation_exponent(fan_in, rho, gamma)
    overhead = synergy.communication_overhead(fan_in, length)
    gain = synergy.effective_gain(fan_in, rho, gamma)
    values = [
        exponent,
        overhead,
        synergy.optimal_leaf_compute(exponent, beta, overhead),
        synergy.growth_factor(exponent, beta),
        synergy.critical_budget_growth(exponent, beta, overhead),
        synergy.critical_agents(exponent, beta),
        *(synergy.integer_depth_threshold(fan_in, length, gain, beta, depth) for depth in (1, 2)),
    ]
    assert_all_digits(values, row[5:])


exponents = st.tuples(st.floats(0.01, 0.49), st.floats(1.001, 20)).map(lambda pair: (pair[0], pair[0] * pair[1]))
value = jax.jit(jax.value_and_grad(synergy.growth_bias, argnums=4))
optimum = jax.jit(synergy.optimal_growth_bias)


@given(exponents, st.floats(1, 100), st.floats(1, 1e6))
def test_eq_34_35_the_optimum_is_stationary_and_its_value_the_law_there(pair, overhead, budget):
    beta, exponent = pair
    compute = synergy.optimal_leaf_compute(exponent, beta, overhead)
    bias, slope = value(exponent, beta, 0.01, overhead, compute, budget)
    assert_allclose(optimum(exponent, beta, 0.01, overhead, budget), bias, rtol=1e-12)
    assert abs(slope * compute / bias) < 1e-11
    for step in (0.9, 1.1):
        assert value(exponent, beta, 0.01, overhead, step * compute, budget)[0] <= bias * (1 + 1e-14)


@given(exponents, st.floats(1, 100))
def test_eq_37_critical_budget_in_both_forms(pair, overhead):
    beta, exponent = pair
    budget = float(synergy.critical_budget_product(exponent, beta, overhead))
    # The published form divides a difference of logarithms by s - beta.
    assert_allclose(synergy.critical_budget_growth(exponent, beta, overhead), budget, rtol=1e-11)
    assert_allclose(optimum(exponent, beta, 0.01, overhead, budget), 0.01 * budget**beta, rtol=1e-10)
    agents = float(synergy.critical_agents(exponent, beta))
    assert 1 < agents < np.e
    assert_allclose(synergy.optimal_agents(exponent, beta, overhead, budget), agents, rtol=1e-12)


def test_eq_37_forty_digits_near_equal_exponents():
    with mpmath.workdps(40):
        exponent, beta = mpmath.mpf(0.25 + 2**-40), mpmath.mpf(0.25)
        lead = exponent - beta
        kappa = beta**beta * lead**lead * exponent**-exponent
        budget = 20 * kappa ** (-1 / lead)
        assert_allclose(synergy.critical_budget_product(float(exponent), 0.25, 20.0), float(budget), rtol=1e-12)
        assert_allclose(synergy.critical_agents(float(exponent), 0.25), np.e, rtol=1e-10)


def test_eq_5_1_envelope_identities_are_the_derivatives_of_the_optimum():
    point = (0.3, 0.2, 0.01, 20.0, 5e3)
    logs = synergy.growth_elasticities(0.3, 0.2, 20.0, 5e3)
    bias = synergy.optimal_growth_bias(*point)
    slopes = jax.grad(synergy.optimal_growth_bias, argnums=(0, 3, 4))(*point)
    assert_allclose(logs.tree_exponent, slopes[0] / bias, rtol=1e-12)
    assert_allclose(logs.overhead, slopes[1] * 20 / bias, rtol=1e-12)
    assert_allclose(logs.budget, slopes[2] * 5e3 / bias, rtol=1e-12)
    assert_allclose(logs.tree_exponent, np.log(synergy.optimal_agents(0.3, 0.2, 20.0, 5e3)), rtol=1e-14)


def test_one_big_agent_where_the_exponent_is_no_larger():
    assert np.isinf(synergy.optimal_leaf_compute(0.2, 0.2, 20.0))
    assert np.isinf(synergy.critical_budget_growth(0.1, 0.2, 20.0))
    assert np.isinf(synergy.critical_budget_product(-0.1, 0.2, 20.0))
    assert np.isinf(synergy.critical_agents(0.2, 0.2))
    assert synergy.optimal_agents(0.1, 0.2, 20.0, 1e3) == 0
    assert_allclose(synergy.optimal_growth_bias(0.1, 0.2, 0.01, 20.0, 1e3), 0.01 * 1e3**0.2, rtol=1e-14)
    assert synergy.growth_factor(0.1, 0.2) == 1
    assert_allclose(np.array(synergy.growth_elasticities(0.1, 0.2, 20.0, 1e3)), [0.2, 0, 0])
    assert np.all(np.isfinite(jax.grad(synergy.optimal_growth_bias, argnums=(0, 1))(0.1, 0.2, 0.01, 20.0, 1e3)))


def test_spec_d10_aggregators_that_compute_and_edges_paid_once():
    assert_allclose(synergy.communication_overhead(5, 8.0, 12.0), 20 + 12 / 4, rtol=1e-15)
    assert_allclose(synergy.communication_overhead(5, 8.0, 0.0, 1.0), 10, rtol=1e-15)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: synergy.communication_overhead(1.0, 8.0), r"`fan_in` must lie in \(1, inf\)"),
        (lambda: synergy.communication_overhead(5, 0.0), r"`message_length`"),
        (lambda: synergy.communication_overhead(5, 1.0, -1.0), r"`aggregator_compute`"),
        (lambda: synergy.optimal_leaf_compute(0.3, 0.0, 1.0), r"`leaf_exponent`"),
        (lambda: synergy.optimal_leaf_compute(0.3, 0.1, -1.0), r"`overhead`"),
        (lambda: synergy.growth_bias(0.3, 0.2, 0.0, 1.0, 1.0, 1.0), r"`leaf_scale`"),
        (lambda: synergy.optimal_agents(0.3, 0.2, 1.0, 0.0), r"`budget`"),
    ],
)
def test_bad_arguments_are_refused_by_name(build, message):
    with pytest.raises(ValueError, match=message):
        build()
