"""Sections 6.1 to 6.3, 6.5 and 6.6 of the specification: message lengths by envelope, filter and elasticity."""

import jax
import numpy as np
import pytest
from numpy.testing import assert_allclose

from theory import synergy

from .digits import assert_all_digits, assert_digits, table

CHANNEL = synergy.ExponentialChannel(8.0)


@pytest.fixture(scope="module")
def lines():
    """The lines of 6.2: b = 5, W = 200, rho = .1, beta = .2, k = .01."""
    return synergy.message_length_lines(CHANNEL, 5, 0.1, 0.2, 0.01, 200 // 5)


def test_eq_44_lines_are_the_growth_optimum(lines):
    for budget in (300.0, 1e5):
        for m in (14, 30):
            exponent = synergy.organisation_exponent(5, 0.1, CHANNEL.fidelity(float(m)))
            overhead = synergy.communication_overhead(5, m)
            wanted = synergy.optimal_growth_bias(exponent, 0.2, 0.01, overhead, budget)
            got = np.exp(lines.slope[m - 1] * np.log(budget) + lines.intercept[m - 1])
            assert_allclose(got, wanted, rtol=1e-12)
    assert int(lines.message_length[np.argmax(lines.grows)]) == 12
    assert np.all(np.isneginf(lines.intercept[:11]))


def test_table_6_2_envelope(lines):
    pieces = synergy.message_length_envelope(lines)
    starts = "0 287.77 291.759 330.468 379.874 442.924 523.922 629.119 767.67 953.197 1206.36 1559.22"
    assert pieces.message_length[:12].tolist() == [12, *range(19, 30)]
    assert_all_digits(pieces.start[:12], starts)
    assert np.all(np.diff(pieces.message_length) > 0)


def test_eq_45_46_envelope_is_the_highest_line(lines):
    pieces = synergy.message_length_envelope(lines)
    for budget in np.geomspace(1, 1e9, 300):
        m = pieces.message_length[np.searchsorted(pieces.start, budget, "right") - 1]
        values = np.asarray(lines.slope) * np.log(budget) + np.asarray(lines.intercept)
        assert_allclose(values[m - 1], values.max(), rtol=1e-12)


def test_spec_6_2_the_leftmost_piece_wants_less_than_one_agent(lines):
    exponent = float(lines.slope[11])
    assert_digits(synergy.optimal_leaf_compute(exponent, 0.2, 30.0) + 30, "1527.6")
    twenty = synergy.optimal_agents(float(lines.slope[18]), 0.2, synergy.communication_overhead(5, 19), 287.77)
    assert_digits(twenty, "2.02")
    five = [
        synergy.optimal_agents(float(lines.slope[m - 1]), 0.2, synergy.communication_overhead(5, m), budget)
        for m, budget in ((26, 767.67), (27, 953.2))
    ]
    assert five[0] < 5 < five[1]


def test_spec_6_2_realisable_envelope_is_the_highest_line_that_can_be_built(lines):
    pieces = synergy.realisable_envelope(lines)
    built = np.asarray(lines.realisable_from)
    assert_allclose(pieces.start[0], built[np.asarray(lines.grows)].min())
    for budget in np.geomspace(pieces.start[0] * 1.0001, 1e9, 400):
        m = pieces.message_length[np.searchsorted(pieces.start, budget, "right") - 1]
        values = np.asarray(lines.slope) * np.log(budget) + np.asarray(lines.intercept)
        values = np.where(built <= budget, values, -np.inf)
        assert_allclose(values[m - 1], values.max(), rtol=1e-12)


def test_no_line_grows_beside_strong_correlation():
    lines = synergy.message_length_lines(CHANNEL, 5, 0.9, 0.2, 0.01, 10)
    assert not np.any(lines.grows)
    assert synergy.message_length_envelope(lines).message_length.size == 0
    assert synergy.realisable_envelope(lines).message_length.size == 0


def test_lines_come_in_batches_and_envelopes_one_by_one():
    lines = synergy.message_length_lines(CHANNEL, 5, np.array([0.0, 0.1]), 0.2, 0.01, 40)
    assert lines.slope.shape == (2, 40)
    with pytest.raises(ValueError, match=r"`lines` must be those of one system, but has shape \(2, 40\)"):
        synergy.message_length_envelope(lines)


# B: m*, s, N* (b=5, rho=.1, beta=.2, m0=8)
ELASTICITY = """
1e3 26.703221 .338417 6.1268
1e4 33.888873 .35183 50.936
1e5 38.145372 .355581 458.81
1e6 41.127284 .357236 4280.8
1e8 45.252318 .358707 391089
"""
optimal = jax.jit(synergy.optimal_message_length, static_argnums=1)


def test_table_6_3_elasticity_law():
    rows = table(ELASTICITY)
    lengths = optimal(CHANNEL, 5, 0.1, 0.2, np.array([float(row[0]) for row in rows]))
    for m, (budget, length, exponent, agents) in zip(lengths, rows, strict=True):
        # The notes' maximum is good to 2e-6; the balance below is the law itself.
        assert_digits(m, length, units=2.0)
        growth = synergy.organisation_exponent(5, 0.1, CHANNEL.fidelity(m))
        assert_digits(growth, exponent)
        number = synergy.optimal_agents(growth, 0.2, synergy.communication_overhead(5, m), float(budget))
        assert_digits(number, agents)
        balance = synergy.message_elasticity(CHANNEL, m) * np.log(number) / np.log(5)
        assert_allclose(balance, growth - 0.2, rtol=1e-9)


def test_eq_6_3_the_real_optimum_is_above_its_neighbours_and_has_a_gradient():
    def growth(m, budget):
        exponent = synergy.organisation_exponent(5, 0.1, CHANNEL.fidelity(m))
        return synergy.optimal_growth_bias(exponent, 0.2, 0.01, synergy.communication_overhead(5, m), budget)

    best = float(optimal(CHANNEL, 5, 0.1, 0.2, 1e4))
    assert growth(best, 1e4) > max(growth(best * 1.001, 1e4), growth(best / 1.001, 1e4))
    slope = jax.grad(lambda budget: optimal(CHANNEL, 5, 0.1, 0.2, budget))(1e4)
    step = 1e-2
    difference = (optimal(CHANNEL, 5, 0.1, 0.2, 1e4 + step) - optimal(CHANNEL, 5, 0.1, 0.2, 1e4 - step)) / (2 * step)
    assert_allclose(slope, difference, rtol=1e-6)
    assert np.all(np.isfinite(jax.grad(lambda rho: optimal(CHANNEL, 5, rho, 0.2, 1e4))(0.1)))


def test_eq_6_3_no_message_where_none_pays():
    assert optimal(CHANNEL, 5, 0.6, 0.2, 1e6) == 0
    assert optimal(CHANNEL, 5, 0.1, 0.2, 10.0) == 0


def test_message_elasticity_of_two_families():
    for m in (0.5, 8.0):
        wanted = (m / 8) / np.expm1(m / 8)
        assert_allclose(synergy.message_elasticity(CHANNEL, m), wanted, rtol=1e-14)
        assert_allclose(synergy.message_elasticity(synergy.HyperbolicChannel(8.0), m), 8 / (m + 8), rtol=1e-14)


# W: (b, m) s, gamma = 1 - exp(-m/8), m = floor(W/b)
SATURATION = {
    0.1: "32 3 10 .030934|64 3 21 .269764|128 3 42 .333423|256 9 28 .368046|512 17 30 .391461|1024 31 33 .408306|"
    "4096 117 35 .430931",
    0.3: "32 3 10 -.034|64 3 21 .204719|128 5 25 .268948|256 9 28 .306636|1024 33 31 .354963",
}


@pytest.mark.parametrize("correlation", SATURATION)
def test_table_6_6_largest_exponent_under_a_window(correlation):
    for entry in SATURATION[correlation].split("|"):
        window, fan_in, length, exponent = entry.split()
        found = synergy.widest_exponent(CHANNEL, correlation, int(window))
        assert (int(found.fan_in), int(found.message_length)) == (int(fan_in), int(length)), entry
        assert_digits(found.exponent, exponent)


def test_eq_6_4_a_larger_fan_in_raises_the_growth_optimum_of_two_agents_or_more():
    fan_ins = np.linspace(3, 60, 200)
    slope = jax.vmap(jax.grad(lambda b: synergy.organisation_exponent_real(b, 0.3, 0.85)))(fan_ins)
    assert np.all(slope > 0)
    overhead = jax.vmap(jax.grad(lambda b: synergy.communication_overhead(b, 8.0)))(fan_ins)
    assert np.all(overhead < 0)


def test_bad_arguments_are_refused_by_name():
    for build, name in [
        (lambda: synergy.message_length_lines(CHANNEL, 4, 0.1, 0.2, 0.01, 10), "fan_in"),
        (lambda: synergy.message_length_lines(CHANNEL, 5, 0.1, 0.2, 0.01, 0), "longest"),
        (lambda: synergy.message_length_lines(CHANNEL, 5, 0.1, 0.2, np.nan, 9), "leaf_scale"),
        (lambda: synergy.message_elasticity(CHANNEL, 0.0), "message_length"),
        (lambda: synergy.optimal_message_length(CHANNEL, 5, 0.1, 0.2, np.nan), "budget"),
        (lambda: synergy.optimal_message_length(CHANNEL, 5, np.nan, 0.2, 1e3), "correlation"),
        (lambda: synergy.widest_exponent(CHANNEL, 1.5, 64), "correlation"),
        (lambda: synergy.widest_exponent(CHANNEL, 0.1, 2), "window"),
    ]:
        with pytest.raises(ValueError, match=f"`{name}`"):
            build()
