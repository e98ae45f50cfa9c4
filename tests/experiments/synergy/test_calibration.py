"""From a table to estimates: known parameters come back, exact cases are exact, poor tables are told apart."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import optimize

from experiments.errors import UserError
from experiments.synergy.agents_table import AgentsTable, read_table
from experiments.synergy.calibration import Estimate, calibrate
from experiments.synergy.estimation import (
    VoteTotals,
    cousin_correlation,
    fit_counts,
    fit_leaf_law,
    fit_log_log,
    group_totals,
    moment_correlation,
    pearson,
    weighed,
)
from experiments.synergy.example_tables import TRUTH, synthetic_table
from theory import synergy


def test_beta_by_likelihood_is_exact_on_exact_shares_and_the_best_of_all_on_others():
    computes, votes = jnp.array([1.0, 4.0, 16.0]), jnp.array([500.0, 400.0, 0.0])
    law = jax.jit(fit_leaf_law)(computes, votes, votes * (1 + 0.1 * computes**0.3) / 2)
    # Two levels, two parameters; the level without votes plays no part.
    np.testing.assert_allclose([law.scale, law.exponent], [0.1, 0.3], rtol=1e-7)

    right, votes = jnp.array([270.0, 255.0, 330.0]), jnp.array([500.0, 400.0, 450.0])
    law = jax.jit(fit_leaf_law)(computes, votes, right)

    def loss(point):
        bias = np.exp(point[0]) * np.asarray(computes) ** point[1]
        return -np.sum(right * np.log1p(bias) + (votes - right) * np.log1p(-bias)) if bias.max() < 1 else np.inf

    best = optimize.minimize(loss, [-2.0, 0.1], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12})
    np.testing.assert_allclose([jnp.log(law.scale), law.exponent], best.x, atol=1e-6)


def test_the_log_log_line_leaves_out_levels_that_are_no_better_than_chance():
    computes, votes = np.array([1.0, 2.0, 4.0, 8.0]), np.full(4, 100.0)
    right = np.array([45.0, *(50 * (1 + 0.1 * computes[1:] ** 0.5))])
    line = fit_log_log(*map(jnp.asarray, (computes, votes, right)))
    np.testing.assert_allclose([line.scale, line.exponent], [0.1, 0.5], rtol=1e-12)


def hands_of(tasks) -> VoteTotals:
    """One hand a task, from its groups of votes."""
    sums = [
        (
            sum(map(len, groups)),
            sum(map(sum, groups)),
            sum(map(len, groups)) ** 2,
            sum(map(sum, groups)) ** 2,
            sum(len(g) * (len(g) - 1) for g in groups),
            sum(sum(g) ** 2 - len(g) for g in groups),
        )
        for groups in tasks
    ]
    return VoteTotals(*(jnp.asarray(column, float)[:, None] for column in zip(*sums, strict=True)))


def test_moment_correlation_is_the_plain_double_sum():
    """Three tasks, groups of different sizes, two on one task: products of pairs within and between, one by one."""
    tasks = [[[1, 1, -1], [1, -1]], [[-1, -1]], [[1, 1, 1, 1]]]
    within = [a * b for groups in tasks for g in groups for i, a in enumerate(g) for j, b in enumerate(g) if i != j]
    flat = [[vote for group in groups for vote in group] for groups in tasks]
    between = [a * b for i, one in enumerate(flat) for j, two in enumerate(flat) if i != j for a in one for b in two]
    expected = (np.mean(within) - np.mean(between)) / (1 - np.mean(between))
    hands = hands_of(tasks)
    np.testing.assert_allclose(moment_correlation(weighed(hands, jnp.ones(3))), expected, rtol=1e-12)


def test_cousins_correlation_is_the_plain_double_sum_over_groups():
    tasks = [[[1, 1, -1], [1, -1]], [[-1, -1], [-1, 1]], [[1, 1], [1, 1]]]
    across = [
        a * b for g in tasks for i, one in enumerate(g) for j, two in enumerate(g) if i != j for a in one for b in two
    ]
    flat = [[vote for group in groups for vote in group] for groups in tasks]
    between = [a * b for i, one in enumerate(flat) for j, two in enumerate(flat) if i != j for a in one for b in two]
    expected = (np.mean(across) - np.mean(between)) / (1 - np.mean(between))
    np.testing.assert_allclose(cousin_correlation(hands_of(tasks), jnp.ones(3)), expected, rtol=1e-12)
    alone = hands_of([[[1, 1, -1]], [[-1, 1]]])
    assert np.isnan(cousin_correlation(alone, jnp.ones(2)))


def test_strata_of_different_accuracy_are_no_correlation():
    """Independent votes at biases 0 and 0.8, as exact expected counts: pooled they would look correlated."""
    counts = [np.asarray(synergy.copied_vote_counts(3, 0.0, bias)) * 1e9 for bias in (0.0, 0.8)]
    sums = [VoteTotals(*(jnp.asarray(own) @ column for column in group_totals(jnp.asarray(own)))) for own in counts]
    both = VoteTotals(*(jnp.concatenate(pair) for pair in zip(*sums, strict=True)))
    assert abs(moment_correlation(both)) < 1e-8
    mixed = VoteTotals(*(a + b for a, b in zip(*sums, strict=True)))
    expected = synergy.inflated_correlation(0.0, 0.4, 0.16)
    np.testing.assert_allclose(moment_correlation(mixed), expected, rtol=1e-6)


@pytest.mark.parametrize("law", [synergy.copied_vote_counts, synergy.beta_binomial_vote_counts])
def test_likelihood_returns_the_parameters_of_exact_counts(law):
    biases = (0.1, 0.4)
    counts = jnp.stack([1000.0 * law(5, 0.2, bias) for bias in biases])
    fit = fit_counts(law, counts)
    np.testing.assert_allclose([fit.correlation, *fit.bias], [0.2, *biases], rtol=1e-7)
    np.testing.assert_allclose(pearson(counts, fit.expected), 0, atol=1e-8)
    if law is synergy.copied_vote_counts:
        both = [synergy.correlation_deviation_bound(5, 0.2, bias, 1000) for bias in biases]
        expected = (both[0] ** -2 + both[1] ** -2) ** -0.5
        np.testing.assert_allclose(fit.deviation, expected, rtol=1e-6)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("calibration") / "agents.csv"
    synthetic_table().to_csv(path, index=False)
    return read_table(path)


@pytest.fixture(scope="module")
def found(table):
    return calibrate(table, resamples=400)


def test_known_parameters_come_back_within_their_intervals(found):
    for estimate, name in (
        (found.beta, "beta"),
        (found.scale, "scale"),
        (found.fidelity, "fidelity"),
        (found.correlation, "correlation"),
        (found.correlation_likelihood, "correlation"),
    ):
        # 95 % intervals of a fixed seed: twice their width holds the truth for any but an absurd draw.
        reach = estimate.high - estimate.low
        assert estimate.low - reach / 2 <= TRUTH[name] <= estimate.high + reach / 2, name
        assert estimate.low < estimate.value < estimate.high
    assert found.fan_in == 5
    assert found.probability_above_one == 1
    np.testing.assert_allclose(
        found.alpha.value, synergy.effective_gain(5, found.correlation.value, found.fidelity.value), rtol=1e-12
    )
    np.testing.assert_allclose(
        found.saturation.value, synergy.fixed_point(5, found.correlation.value, found.fidelity.value), rtol=1e-9
    )
    growth = (found.exponent.value, found.beta.value, synergy.communication_overhead(5, 1.0))
    np.testing.assert_allclose(found.leaf_compute.value, synergy.optimal_leaf_compute(*growth), rtol=1e-9)
    np.testing.assert_allclose(found.critical_budget.value, synergy.critical_budget_growth(*growth), rtol=1e-9)
    # Of this table s falls below beta, so no budget has an upper end.
    assert 0 < found.critical_budget.low < np.inf
    assert found.critical_budget.high == np.inf
    assert found.mixture_test["copy_mixture"].p > 1e-3
    assert found.mixture_test["beta_binomial"].p < 1e-3


def test_the_spread_of_alpha_is_what_propagation_says(found):
    """Section 9.5 with the bootstrap's own spreads of rho and gamma; quantiles of 400 draws err by about a tenth."""
    errors = [(e.high - e.low) / (2 * 1.96) for e in (found.correlation, found.fidelity)]
    expected = synergy.gain_deviation(5, found.correlation.value, found.fidelity.value, *errors)
    np.testing.assert_allclose((found.alpha.high - found.alpha.low) / (2 * 1.96), expected, rtol=0.25)


def test_unbounded_estimates_keep_their_ends():
    draws = np.arange(1.0, 101.0)
    whole = Estimate.of_unbounded(50.0, draws)
    assert (whole.value, abs(whole.low - 3) < 1, abs(whole.high - 98) < 1) == (50.0, True, True)
    half = Estimate.of_unbounded(np.inf, np.where(draws > 40, np.inf, draws))
    assert (half.value, half.high) == (np.inf, np.inf)
    assert 3 < half.low < 4


def changed(table: AgentsTable, **fields) -> AgentsTable:
    return replace(table, **fields)


def test_one_compute_gives_no_leaf_law_but_all_else(table):
    one = changed(
        table,
        strata=tuple((1.0, str(compute)) for compute, _ in table.strata),
        flips=0,
        transmissions=0,
    )
    found = calibrate(one, resamples=400, fidelity=0.8)
    assert found.beta is None
    assert found.probability_beyond_leaf is None
    assert found.leaf_compute is None
    assert found.critical_budget is None
    assert "at least two" in found.remarks[0]
    assert found.fidelity is None
    assert found.assumed_fidelity == 0.8
    np.testing.assert_allclose(found.alpha.value, synergy.effective_gain(5, found.correlation.value, 0.8), rtol=1e-12)


def test_bad_options_are_refused(table):
    with pytest.raises(UserError, match="`--fan-in` must be an odd number of at least 3, but is 4"):
        calibrate(table, fan_in=4)
    with pytest.raises(UserError, match="`--fidelity` is measured"):
        calibrate(table, fidelity=0.5)
    with pytest.raises(UserError, match="`--resamples` must be at least 100"):
        calibrate(table, resamples=3)
