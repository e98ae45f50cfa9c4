"""What organisations make of a budget: spending, the contest with one agent, the growth law's optimum."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dynamics import synergy

EPS = float(np.finfo(np.float64).eps)
# (b, m, rho, gamma, beta, k) of the specification's frontier.
SYSTEM = (5, 8.0, 0.1, 0.9, 0.2, 0.05)


def test_a_budget_is_spent_whole_on_leaves_and_twice_on_every_edge():
    spent = synergy.spend(3, 4.0, 0.1, 0.9, 0.2, 0.05, np.array([1000.0, 50.0]), 3, aggregator_compute=2.0)
    leaves, edges, hubs = np.array([3, 9, 27]), np.array([3, 12, 39]), np.array([1, 4, 13])
    left = 1000 - 8 * edges - 2 * hubs
    np.testing.assert_allclose(spent.compute[:, 0] * leaves, left, rtol=4 * EPS)
    # 50 tokens pay the messages of one level only.
    assert np.all(np.asarray(spent.compute[:, 1]) == np.array([(50 - 24 - 2) / 3, 0, 0]))
    assert np.all(np.asarray(spent.bias[1:, 1]) == 0)


def test_root_biases_are_climbed_from_the_leaves():
    spent = synergy.spend(*SYSTEM, 1e4, 5)
    for level in range(5):
        start = synergy.skill(spent.compute[level], 0.2, 0.05)
        wanted = synergy.final_bias(5, 0.1, 0.9, start, level + 1)
        np.testing.assert_allclose(spent.bias[level], wanted, rtol=4 * EPS)


def test_spec_5_6_best_depths():
    choice = synergy.best_tree(*SYSTEM, np.array([160.0, 1e4, 1e6]), deepest=8)
    assert choice.levels.tolist() == [1, 3, 6]
    np.testing.assert_allclose(choice.bias, [0.13950974, 0.44251945, 0.93965443], atol=5.1e-9)
    np.testing.assert_allclose(choice.single, [0.13797297, 0.31547867, 0.7924466], atol=5.1e-9)
    np.testing.assert_allclose(choice.compute, [16, 60.16, 44.00128], rtol=1e-12)


def test_skill_is_capped_silent_without_compute_and_differentiable_there():
    assert synergy.skill(np.array([0.0, 1e12]), 0.2, 0.05).tolist() == [0.0, 1.0]
    assert jax.grad(lambda x: synergy.skill(x, 0.2, 0.05))(0.0) == 0.0


def test_contest_encloses_both_ends_of_the_window():
    found = jax.jit(lambda scale: synergy.contest(*SYSTEM[:5], scale, places=400, deepest=8))
    open_, closed = found(0.05), found(0.25)
    assert bool(open_.exists)
    for end, value in ((open_.first, 151.7), (open_.last, 2.6973e6)):
        assert float(end.high / end.low) - 1 < 1e-12
        assert float(end.low) == pytest.approx(value, rel=1e-3)
    assert float(open_.ratio) == pytest.approx(1.481, abs=1e-3)
    assert not bool(closed.exists)
    assert float(closed.ratio) < 1
    assert [float(place) for place in (*closed.first, *closed.last)] == [0, 0, 0, 0]


def test_the_growth_optimum_is_enclosed_where_its_slope_changes_sign():
    low, high = synergy.growth_optimum(0.295, 0.2, 20.0, 9.0)
    best = 0.2 * 20 / (0.295 - 0.2)
    assert float(low) <= np.log(best) + 1e-12
    assert float(high) >= np.log(best) - 1e-12
    assert float(high - low) < 1e-14 * 80
    values = [float(synergy.growth(jnp.log(x), 0.295, 0.2, 20.0, 9.0)) for x in (0.9 * best, best, 1.1 * best)]
    assert values[1] > max(values[0], values[2])


def test_an_enclosed_root_keeps_the_sign_at_its_ends():
    low, high = synergy.enclosed_root(lambda x: x**3 - 2, jnp.asarray(0.0), jnp.asarray(2.0))
    assert low**3 <= 2 <= high**3
    assert float(high - low) <= 4 * EPS


def test_measured_exponents_are_logarithms_of_measured_gains():
    gain = float(synergy.measured_gain(5, 0.1, 0.9))
    assert float(synergy.measured_exponent(5, 0.1, 0.9)) == pytest.approx(np.log(gain) / np.log(5), rel=4 * EPS)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: synergy.spend(4, 8.0, 0.1, 0.9, 0.2, 0.05, 1e3, 2), "`fan_in` must be odd"),
        (lambda: synergy.spend(5, 8.0, 1.1, 0.9, 0.2, 0.05, 1e3, 2), "`correlation`"),
        (lambda: synergy.spend(5, 8.0, 0.1, np.nan, 0.2, 0.05, 1e3, 2), "`fidelity`"),
        (lambda: synergy.spend(*SYSTEM, 1e3, 0), "`deepest`"),
        (lambda: synergy.contest(*SYSTEM, places=1), "`places`"),
    ],
)
def test_bad_arguments_are_refused_by_name(build, message):
    with pytest.raises(ValueError, match=message):
        build()
