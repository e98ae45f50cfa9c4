"""Section 3.3 of the specification, table T5 and figure F3: the level map and the recursion over levels."""

import jax
import numpy as np
import pytest
from hypothesis import given
from numpy.testing import assert_allclose

from theory import synergy

from .digits import assert_all_digits, assert_digits, table
from .domain import signed, unit

EPS = float(np.finfo(float).eps)
fan_ins = pytest.mark.parametrize("fan_in", [3, 9, 51])

level = jax.jit(synergy.level_map, static_argnums=0)
level_slope = jax.jit(synergy.level_slope, static_argnums=0)
gain = jax.jit(synergy.effective_gain, static_argnums=0)


@fan_ins
@given(correlation=unit, fidelity=unit, bias=signed)
def test_eq_3_3_level_is_the_shared_map_of_the_received_bias(fan_in, correlation, fidelity, bias):
    received = fidelity * bias
    majority = float(synergy.majority_map(fan_in, received))
    expected = correlation * received + (1 - correlation) * majority
    assert_allclose(level(fan_in, correlation, fidelity, bias), expected, rtol=8 * EPS)
    assert_allclose(synergy.shared_map(fan_in, correlation, received), expected, rtol=8 * EPS)


@fan_ins
@given(correlation=unit, fidelity=unit)
def test_eq_22_gain_is_the_slope_at_zero(fan_in, correlation, fidelity):
    alpha = float(gain(fan_in, correlation, fidelity))
    assert_allclose(level_slope(fan_in, correlation, fidelity, 0.0), alpha, rtol=4 * EPS)
    slope = float(synergy.majority_slope(fan_in))
    assert_allclose(alpha, fidelity * (correlation + (1 - correlation) * slope), rtol=4 * EPS)
    if fidelity > 0:
        exponent = float(synergy.organisation_exponent(fan_in, correlation, fidelity))
        # The exponent is rounded to eps of itself, hence its power to eps of log alpha.
        assert_allclose(fan_in**exponent, alpha, rtol=8 * EPS * (1 + abs(np.log(alpha))))
        assert exponent <= 0.5


first = jax.jit(jax.grad(synergy.level_map, argnums=3), static_argnums=0)
second = jax.jit(jax.grad(synergy.level_slope, argnums=3), static_argnums=0)


@pytest.mark.parametrize("fan_in", [3, 9])
@given(correlation=unit, fidelity=unit, bias=signed)
def test_eq_3_3_derivatives_of_the_level_map(fan_in, correlation, fidelity, bias):
    slope = level_slope(fan_in, correlation, fidelity, bias)
    assert_allclose(first(fan_in, correlation, fidelity, bias), slope, rtol=1e-12)
    bend = synergy.level_curvature(fan_in, correlation, fidelity, bias)
    # Differentiating (1 - u)(1 + u) leaves eps where the slope of 1 - u^2 is smaller than that.
    scale = fan_in**1.5
    assert_allclose(second(fan_in, correlation, fidelity, bias), bend, rtol=1e-9, atol=8 * EPS * scale)


@fan_ins
@given(correlation=unit, fidelity=unit, bias=unit)
def test_eq_4_2_cubic_bounds_the_level_map_from_below(fan_in, correlation, fidelity, bias):
    alpha = float(gain(fan_in, correlation, fidelity))
    kappa = float(synergy.cubic_coefficient(fan_in, correlation, fidelity))
    value = float(level(fan_in, correlation, fidelity, bias))
    slack = 8 * EPS * alpha * bias
    assert alpha * bias - kappa * bias**3 - slack <= value <= alpha * bias + slack


def test_cubic_coefficient_is_minus_a_sixth_of_the_third_derivative():
    third = jax.jit(jax.grad(jax.grad(jax.grad(synergy.level_map, 3), 3), 3), static_argnums=0)
    for fan_in in (3, 9):
        expected = -third(fan_in, 0.2, 0.7, 0.0) / 6
        assert_allclose(synergy.cubic_coefficient(fan_in, 0.2, 0.7), expected, rtol=1e-13)


def test_level_map_real_agrees_at_odd_fan_in_and_differentiates():
    arguments = (0.3, 0.8, 0.4)
    for fan_in in (3, 7, 21):
        assert_allclose(synergy.level_map_real(fan_in, *arguments), synergy.level_map(fan_in, *arguments), rtol=1e-13)
        assert_allclose(
            synergy.effective_gain_real(fan_in, 0.3, 0.8),
            synergy.effective_gain(fan_in, 0.3, 0.8),
            rtol=1e-14,
        )
        assert_allclose(
            synergy.organisation_exponent_real(fan_in, 0.3, 0.8),
            synergy.organisation_exponent(fan_in, 0.3, 0.8),
            rtol=1e-12,
        )
    real = jax.jit(jax.grad(synergy.level_map_real, argnums=(1, 2, 3)))(5.0, *arguments)
    static = jax.grad(synergy.level_map, argnums=(1, 2, 3))(5, *arguments)
    assert_allclose(real, static, rtol=1e-12)


def test_eq_3_9_bigger_fan_in_raises_the_exponent():
    slope = jax.jit(jax.vmap(jax.value_and_grad(synergy.organisation_exponent_real)))
    fan_ins, correlations, fidelities = (
        grid.ravel()
        for grid in np.meshgrid(
            np.geomspace(3, 201, 40), np.linspace(0, 0.95, 20), np.linspace(0.2, 1, 17), indexing="ij"
        )
    )
    exponent, by_fan_in = slope(fan_ins, correlations, fidelities)
    assert np.sum(exponent > 0) > 5000
    assert np.all(by_fan_in[exponent > 0] > 0)


def test_eq_3_6_even_fan_in_pays_for_a_wasted_vote():
    assert_allclose(
        synergy.fair_tie_exponent(4, 0.1, 0.9),
        np.log(0.9 * (0.1 + 0.9 * 1.5)) / np.log(4),
        rtol=1e-14,
    )
    assert_allclose(synergy.fair_tie_exponent(5, 0.1, 0.9), synergy.organisation_exponent(5, 0.1, 0.9))
    assert synergy.fair_tie_exponent(2, 0.1, 1.0) == 0


T5 = """
0    .158964296768  .658448465820
.05  .126249797193  .516710056015
.1   .099538753037  .333079374272
.15  .0779207461583 .179934605355
.2   .0605650212598 .087973884367
.25  .0467367012069 .0409058682893
.3   .0357998429683 .0184355907936
.4   .0205211544535 .00347080742307
.5   .0113745096333 .000590310503359
.6   .00607303525133 8.97635e-5
.7   .0031083160367 1.20275e-5
.8   .00151598898406 1.39469e-6
"""


def test_table_t5_root_biases():
    rows = [*table(T5), [5 / 21, ".0497446975468", ".0492456132218"]]
    correlations = np.array([float(row[0]) for row in rows])
    for column, depth in ((1, 10), (2, 30)):
        values = synergy.root_bias(5, correlations, 0.6, 0.05, depth)
        assert_all_digits(values, [row[column] for row in rows])


F3 = """
5 .1 .6 .05 1 .0535946332012 5 .07068089217 10 .099538753037 20 .191824767189 40 .466875381523
5 .4 .6 .05 1 .0457297554675 5 .0320170423349 10 .0205211544535 20 .00843815538857 40 .00142769924776
5 .2 .6 .9 1 .77431095072 5 .566668441806 10 .46891415236 20 .388640026618 40 .335440217394
3 .2 .9 .02 10 .198570528985 20 .902393119702 40 .944262852581
7 .5 .6 .5 10 .233637586554 40 .0536499702116
"""


@pytest.mark.parametrize("row", table(F3), ids=lambda row: "-".join(row[:4]))
def test_figure_f3_trajectories(row):
    trajectory = synergy.bias_trajectory(int(row[0]), *(float(word) for word in row[1:4]), 40)
    assert trajectory.shape == (41,)
    assert trajectory[0] == float(row[3])
    for level_index, text in zip(row[4::2], row[5::2], strict=True):
        assert_digits(trajectory[int(level_index)], text)


@fan_ins
@given(correlation=unit, fidelity=unit, bias=unit)
def test_eq_24_every_level_is_bounded_by_the_gain(fan_in, correlation, fidelity, bias):
    trajectory = np.asarray(jax_trajectory(fan_in, correlation, fidelity, bias))
    alpha = float(gain(fan_in, correlation, fidelity))
    powers = bias * alpha ** np.arange(13)
    assert np.all(trajectory <= powers * (1 + 200 * EPS) + 1e-300)
    bound = synergy.square_root_bound(fan_in, fidelity, bias, 12)
    assert trajectory[-1] <= float(bound) * (1 + 200 * EPS) + 1e-300


def jax_trajectory(fan_in, correlation, fidelity, bias):
    return compiled_trajectory(fan_in, correlation, fidelity, bias, 12)


compiled_trajectory = jax.jit(synergy.bias_trajectory, static_argnums=(0, 4))


def test_root_bias_is_the_end_of_the_trajectory_and_broadcasts():
    correlations = np.linspace(0, 1, 3)[:, None]
    biases = np.array([-0.5, 0.0, 0.2, 1.0])
    trajectory = synergy.bias_trajectory(5, correlations, 0.8, biases, 6)
    assert trajectory.shape == (7, 3, 4)
    assert_allclose(synergy.root_bias(5, correlations, 0.8, biases, 6), trajectory[-1], rtol=4 * EPS)
    assert_allclose(trajectory[:, :, 0], -synergy.bias_trajectory(5, correlations[:, 0], 0.8, 0.5, 6))
    assert_allclose(synergy.root_bias(5, 0.3, 0.8, 0.4, 0), 0.4)


def test_gradient_through_a_deep_recursion_against_differences():
    root = jax.jit(lambda *continuous: synergy.root_bias(5, *continuous, 30))
    point = np.array([0.15, 0.65, 0.1])
    gradient = jax.jit(jax.grad(lambda p: synergy.root_bias(5, p[0], p[1], p[2], 30)))(point)
    step = 1e-6
    for index in range(3):
        up, down = point.copy(), point.copy()
        up[index] += step
        down[index] -= step
        difference = (root(*up) - root(*down)) / (2 * step)
        assert_allclose(gradient[index], difference, rtol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((4, 0.1, 0.9, 0.5, 3), r"`fan_in` must be an odd integer of at least 3, but is 4"),
        ((1, 0.1, 0.9, 0.5, 3), r"`fan_in` must be an odd integer of at least 3, but is 1"),
        ((5, 1.1, 0.9, 0.5, 3), r"`correlation` must lie in \[0, 1\], but is 1.1"),
        ((5, np.nan, 0.9, 0.5, 3), r"`correlation` must lie in \[0, 1\], but is nan"),
        ((5, 0.1, -0.2, 0.5, 3), r"`fidelity` must lie in \[0, 1\], but is -0.2"),
        ((5, 0.1, 0.9, 2.0, 3), r"`initial_bias` must lie in \[-1, 1\], but is 2.0"),
        ((5, 0.1, 0.9, 0.5, -1), r"`depth` must be at least 0, but is -1"),
    ],
)
def test_bad_arguments_are_refused_by_name(arguments, message):
    with pytest.raises(ValueError, match=message):
        synergy.root_bias(*arguments)


def test_traced_fan_in_is_refused_by_name():
    with pytest.raises(ValueError, match="`fan_in` must be an odd integer"):
        jax.jit(synergy.effective_gain)(5, 0.1, 0.9)
