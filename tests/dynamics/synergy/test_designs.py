"""Designs by exhaustion against a plain loop, and designs by gradient against both."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dynamics import synergy

WINDOW, FAN_INS, DEEPEST = 40, (3, 5, 7), 12
BUDGETS = np.array([20.0, 120.0, 500.0, 3e3, 2e4, 1e6])
FIDELITIES = 1 - np.exp(-np.arange(1, WINDOW + 1) / 4)
LEAF = (0.2, 0.05)


def exponential(length):
    return -jnp.expm1(-length / 4)


def polynomial_majority(fan_in, u):
    """f_3, f_5 and f_7 as printed in the specification, 3.2 iv."""
    return {
        3: (3 * u - u**3) / 2,
        5: (15 * u - 10 * u**3 + 3 * u**5) / 8,
        7: (35 * u - 35 * u**3 + 21 * u**5 - 5 * u**7) / 16,
    }[fan_in]


def plain_loop(budget, correlation):
    """Every design in turn; the best, the best star and one agent as (fan-in, length, levels, compute, bias)."""
    single = min(LEAF[1] * budget ** LEAF[0], 1.0)
    best, star = (0, 0, 0, budget, single), (0, 0, 0, 0.0, -1.0)
    for fan_in in FAN_INS:
        for levels in range(1, DEEPEST + 1):
            for length in range(1, WINDOW // fan_in + 1):
                edges = sum(fan_in**level for level in range(1, levels + 1))
                compute = max((budget - 2 * length * edges) / fan_in**levels, 0.0)
                bias = min(LEAF[1] * compute ** LEAF[0], 1.0) if compute > 0 else 0.0
                for _ in range(levels):
                    u = FIDELITIES[length - 1] * bias
                    bias = correlation * u + (1 - correlation) * polynomial_majority(fan_in, u)
                found = (fan_in, length, levels, compute, bias)
                best = found if bias > best[4] else best
                if levels == 1:
                    star = found if bias > star[4] else star
    return best, star, single


@pytest.fixture(scope="module")
def designs():
    return synergy.enumerate_designs(BUDGETS, WINDOW, FIDELITIES, 0.1, *LEAF, FAN_INS, DEEPEST)


@pytest.mark.parametrize("place", range(len(BUDGETS)))
def test_exhaustion_is_the_plain_loop(designs, place):
    best, star, single = plain_loop(BUDGETS[place], 0.1)
    for found, wanted in ((designs.best, best), (designs.star, star)):
        at = [np.asarray(column)[place] for column in found]
        if wanted[4] > 0:
            assert tuple(at[:3]) == wanted[:3]
        np.testing.assert_allclose(at[3:], wanted[3:], rtol=1e-13)
    np.testing.assert_allclose(designs.single[place], single, rtol=1e-15)


def test_one_agent_is_among_the_designs(designs):
    assert (int(designs.best.levels[0]), float(designs.best.compute[0])) == (0, 20.0)
    assert np.all(designs.best.bias >= designs.single)
    assert np.all(designs.best.bias >= designs.star.bias)


def test_designs_of_traced_budgets_are_the_same(designs):
    traced = jax.jit(
        lambda budgets: synergy.enumerate_designs(budgets, WINDOW, FIDELITIES, 0.1, *LEAF, FAN_INS, DEEPEST)
    )(BUDGETS)
    for a, b in zip(jax.tree.leaves(traced), jax.tree.leaves(designs), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13)


def test_levels_at_odd_fan_ins_are_the_counted_ones():
    level = jax.jit(synergy.relaxed_level)
    for fan_in in (3, 9, 63):
        for u in (1e-4, 0.3, 1.0):
            wanted = float(synergy.level_map(fan_in, 0.2, 0.9, u))
            assert float(level(float(fan_in), 0.2, 0.9, u)) == pytest.approx(wanted, rel=1e-12)


@partial(jax.jit, static_argnums=3)
def objective_and_slope(point, budget, window, saturating):
    """One program for the tests of both gradients, on many points at once."""

    def value(at):
        return synergy.relaxed_objective(at, budget, window, exponential, 0.1, *LEAF, saturating)

    return jax.vmap(jax.value_and_grad(value))(point)


def test_the_relaxed_objective_has_the_gradient_of_its_differences():
    point, steps = np.array([np.log(60.0), np.log(5.0), -1.5]), 1e-5 * np.eye(3)
    around = np.concatenate([point[None], point + steps, point - steps])
    for saturating in (False, True):
        values, slopes = map(np.asarray, objective_and_slope(around, 3e3, 40.0, saturating))
        np.testing.assert_allclose(slopes[0], (values[1:4] - values[4:]) / 2e-5, rtol=1e-5, atol=1e-8)


def test_spec_6_7_gradient_of_the_growth_objective_in_closed_form():
    x, m, b, budget = 60.0, 4.0, 5.0, 1e5
    place = float(np.log((b - 3) / (63 - b)))
    # Seven copies: the shape of the program above.
    points = np.tile([np.log(x), np.log(m), place], (7, 1))
    slope = objective_and_slope(points, budget, 1e3, False)[1][0]
    gamma = 1 - np.exp(-m / 4)
    s, c0 = np.log(gamma * (0.1 + 0.9 * 1.875)) / np.log(b), 2 * m * b / (b - 1)
    agents = budget / (x + c0)
    by_m = np.exp(-m / 4) / 4 / (gamma * np.log(b)) * np.log(agents) - s * c0 / (m * (x + c0))
    np.testing.assert_allclose(slope[:2], [x * (0.2 / x - s / (x + c0)), m * by_m], rtol=1e-9)


def test_gradient_designs_are_realisable_and_near_exhaustion(designs):
    system = (WINDOW, exponential, 0.1, *LEAF)

    def both(budget):
        relaxed, rounded = synergy.gradient_design(budget, *system, "growth", 7)
        ends = synergy.ascend(budget, *system, False, 7)
        return relaxed, rounded, synergy.best_rounding(ends, budget, *system, 7, reach=2)

    relaxed, rounded, wider = jax.jit(jax.vmap(both))(BUDGETS)
    assert np.all(rounded.fan_in * rounded.message_length <= WINDOW)
    assert np.all(rounded.bias <= wider.bias)
    assert np.all(wider.bias <= designs.best.bias * (1 + 1e-12))
    # The claim measures the loss; here it may be a few percent.
    assert np.all(rounded.bias >= 0.95 * designs.best.bias)
    assert np.all(relaxed.fan_in * relaxed.message_length <= WINDOW * 1.05)
    alone = np.asarray(rounded.levels) == 0
    np.testing.assert_allclose(rounded.bias[alone], designs.single[alone], rtol=1e-14)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: synergy.enumerate_designs(BUDGETS, 2, FIDELITIES, 0.1, *LEAF, FAN_INS), "`window`"),
        (lambda: synergy.enumerate_designs(BUDGETS, 40, FIDELITIES, 0.1, *LEAF, (4,)), "`fan_ins` must be odd"),
        (lambda: synergy.enumerate_designs(BUDGETS, 40, FIDELITIES, 0.1, *LEAF, (41,)), "`fan_ins` must hold odd"),
        (lambda: synergy.enumerate_designs(BUDGETS, 40, FIDELITIES[:5], 0.1, *LEAF, FAN_INS), "`fidelities`"),
        (lambda: synergy.enumerate_designs(-BUDGETS, 40, FIDELITIES, 0.1, *LEAF, FAN_INS), "`budgets`"),
        (lambda: synergy.enumerate_designs(BUDGETS, 40, FIDELITIES, np.nan, *LEAF, FAN_INS), "`correlation`"),
        (lambda: synergy.gradient_design(1e3, 40, exponential, 1.5, *LEAF), "`correlation`"),
        (lambda: synergy.gradient_design(1e3, 40, exponential, 0.1, *LEAF, "best"), "`objective`"),
        (lambda: synergy.gradient_design(1e3, 40, exponential, 0.1, *LEAF, widest=65), "`widest`"),
        (lambda: synergy.gradient_design(1e3, 4, exponential, 0.1, *LEAF), "`window`"),
        (lambda: synergy.gradient_design(0.0, 40, exponential, 0.1, *LEAF), "`budget`"),
    ],
)
def test_bad_arguments_are_refused_by_name(build, message):
    with pytest.raises(ValueError, match=message):
        build()
