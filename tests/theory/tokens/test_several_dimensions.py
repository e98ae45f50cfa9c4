"""Sections 4, 5, 7 and 8.3: vectors, the sphere, and soft permutations."""

import jax
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.integrate import quad

from tests.theory.synergy.digits import assert_all_digits, assert_digits
from theory import tokens as theory

RNG = np.random.default_rng(3)
EYE = np.eye(3)


def inputs(tokens, matrix, slope, decay, bias=0.0):
    """dx_l/dt of the layer with one step size for all channels, by its double sum."""
    steps = np.log1p(np.exp(tokens @ slope + bias))
    out = np.zeros_like(tokens)
    for i in range(len(tokens)):
        for j in range(i + 1):
            weight = steps[j] * np.exp(-decay * np.sum(steps[j + 1 : i + 1]))
            out[i] += tokens[i] @ matrix @ tokens[j] * weight * tokens[j]
    return out


def test_eq_4_1_the_first_token_moves_along_itself():
    x, matrix, slope = RNG.normal(size=3), RNG.normal(size=(3, 3)), RNG.normal(size=3)
    radial = theory.radial_reduction(x, matrix, slope)
    force = inputs(x[None], matrix, slope, 0.5)[0]
    assert_allclose(force / np.linalg.norm(force), np.sign(radial.coupling) * x / np.linalg.norm(x), rtol=1e-12)
    step = np.log1p(np.exp(radial.slope * radial.radius))
    assert_allclose(np.linalg.norm(force), abs(radial.coupling) * radial.radius**3 * step, rtol=1e-12)


def test_claim_c18_counterexamples():
    ones = np.ones(2)
    a, c = np.array([[1.0, -4.0], [0.0, 1.5]]), np.array([[-1.0, 4.0], [0.0, -1.5]])
    assert_digits(ones @ a @ ones, "-1.5")
    assert bool(theory.first_token_converges(ones, a))
    assert not bool(theory.first_token_converges(ones, c))
    radial = theory.radial_reduction(ones, c, np.array([0.2, 0.3]))
    assert np.isfinite(theory.blow_up_time(radial.radius, radial.coupling, radial.slope))


def test_eq_4_1_cone_rate_governs_the_distance_to_the_cone():
    matrix, slopes = np.array([[1.0, 0.3], [-0.1, -1.0]]), np.array([[0.4, -0.2], [0.9, 0.5]])

    def force(x):
        steps = np.log1p(np.exp(slopes @ x))
        return x @ matrix @ x * steps * x

    x = np.array([0.7, 0.9])

    def change(y):
        return y @ matrix @ y

    rate = (change(x + 1e-6 * force(x)) - change(x - 1e-6 * force(x))) / 2e-6
    assert_allclose(rate, 2 * theory.cone_rate(x, matrix, slopes) * change(x), rtol=1e-8)


def test_claim_c15_energy_growth():
    for _ in range(5):
        tokens, slope = RNG.normal(size=(4, 3)), RNG.normal(size=3)
        matrix = RNG.normal(size=(3, 3))
        matrix = matrix + matrix.T
        growth = np.asarray(theory.energy_growth(tokens, matrix, slope, 0.7, 0.2))
        expected = 2 * np.sum(inputs(tokens, matrix, slope, 0.7, 0.2) @ matrix * tokens, axis=1)
        assert_allclose(growth, expected, rtol=1e-11, atol=1e-12)
        energies = np.einsum("ld,de,le->l", tokens, matrix, tokens)
        steps = np.log1p(np.exp(tokens @ slope + 0.2))
        assert np.all(growth >= 2 * steps * energies**2 * (1 - 1e-12))


def test_claim_c15_energy_bound_is_tight_for_a_constant_step():
    x = theory.constant_step_pair(7.0, 0.9, 1.0, -1.0, 0.6, 0.5).first
    assert_allclose(theory.energy_bound(7.0, -0.81, 0.6), x**2, rtol=1e-13)


def test_claim_c19_frame_constants():
    assert_digits(theory.frame_share(8, 3, 0.6), ".71283")
    assert theory.frame_share(3, 3, 0.6) == 1
    assert_digits(theory.frame_share(3, 2, 0.6), ".56472")
    assert_digits(theory.null_space_exponent(2, 0.6), "-.28236")
    for position in (1, 4):
        assert theory.frame_share(position, 1, 0.6, 0.4) == theory.convergent_share(position, 0.6, 0.4)
    assert_array_equal(theory.frame_gram(5, 2)[0], [1, 0, 1, 0, 1])
    # Aligned or orthogonal tokens with these shares stand still: sum over aligned ones of z_m q^(l-m) = 1.
    rank, kept = 3, 0.7
    decay = -np.log(kept) / np.log(2)
    z = np.array([float(theory.frame_share(i, rank, decay)) for i in range(1, 11)])
    gram = np.asarray(theory.frame_gram(10, rank))
    lag = np.arange(10)[:, None] - np.arange(10)
    assert_allclose(np.sum(gram * z * np.where(lag >= 0, kept ** np.maximum(lag, 0), 0), axis=1), 1, rtol=1e-13)


def test_eq_4_2_angle_of_two_tokens():
    first, second, slope = np.array([0.8, -0.3]), np.array([0.5, 0.9]), np.array([0.4, 0.7])

    def log_cot(pair):
        cosine = pair[0] @ pair[1]
        return np.log(abs(cosine)) - np.log(abs(pair[0][0] * pair[1][1] - pair[0][1] * pair[1][0]))

    pair = np.stack([first, second])
    force = inputs(pair, -0.7 * np.eye(2), slope, 0.5)
    rate = (log_cot(pair + 1e-6 * force) - log_cot(pair - 1e-6 * force)) / 2e-6
    assert_allclose(rate, theory.angle_rate(first, second, -0.7, slope, 0.5), rtol=1e-8)


def test_eq_7_recency_bound():
    tokens, matrix, slope = RNG.normal(size=(5, 3)), RNG.normal(size=(3, 3)), RNG.normal(size=3)
    steps, sizes = np.log1p(np.exp(tokens @ slope)), np.linalg.norm(tokens, axis=1)
    for j in range(5):
        attention = abs(tokens[4] @ matrix @ tokens[j]) * steps[j] * np.exp(-0.6 * np.sum(steps[j + 1 :]))
        bound = theory.recency_bound(4 - j, sizes[4] * sizes[j], np.linalg.norm(matrix, 2), steps[j], 0.6, steps.min())
        assert attention <= bound * (1 + 1e-12)


@pytest.mark.parametrize(
    ("sign", "time", "printed"),
    [
        (1, 1.0, "0.8050664303 0.5931846616 0"),
        (1, 5.0, "0.9971289411 0.0757223540 0"),
        (-1, 1.0, "0.3779110557 0.9258419055 0"),
        (-1, 5.0, "0.0332546508 0.9994469111 0"),
    ],
)
def test_spec_17_5_second_token_on_the_sphere(sign, time, printed):
    second = np.array([0.6, 0.8, 0.0])
    found = theory.sphere_second_token(time, EYE[0], second, sign * EYE, np.array([0.3, -0.2, 0.1]), 0.5)
    assert_all_digits(found, printed)


def test_claim_c20_general_matrix():
    matrix, slope = RNG.normal(size=(3, 3)), np.array([0.3, -0.2, 0.1])
    first, second = EYE[0], np.array([0.6, 0.48, 0.64])
    at = jax.jit(theory.sphere_second_token)
    x, step = np.asarray(at(0.7, first, second, matrix, slope, 0.5)), 1e-5
    slope_seen = (
        np.asarray(at(0.7 + step, first, second, matrix, slope, 0.5))
        - at(0.7 - step, first, second, matrix, slope, 0.5)
    ) / (2 * step)
    force = inputs(np.stack([first, x]), matrix, slope, 0.5)[1]
    assert_allclose(slope_seen, force - (x @ force) * x, atol=1e-8)
    for sign in (1, -1):
        turned = sign * np.sign(matrix[0, 0]) * matrix
        late = at(400.0, first, second, turned, slope, 0.5)
        assert_allclose(late, theory.sphere_limit(first, second, turned), atol=1e-8)
    # tan phi shrinks at the alignment rate.
    side = float(np.sign(theory.sphere_limit(first, second, turned * -1)[0]))
    rate = float(theory.alignment_rate(first, -turned, slope, 0.5, 0.0, side))
    tangents = [
        np.linalg.norm((y := np.asarray(at(t, first, second, -turned, slope, 0.5)))[1:]) / abs(y[0])
        for t in (8 / rate, 9 / rate)
    ]
    assert_allclose(np.log(tangents[0] / tangents[1]), 1, rtol=2e-3)


def test_sphere_cotangent_without_a_diagonal():
    assert_allclose(theory.sphere_cotangent(2.0, 0.3, 0.0, 0.4), 1.1, rtol=1e-15)
    assert_allclose(theory.sphere_cotangent(2.0, 0.3, 1e-8, 0.4), 1.1, rtol=1e-7)


def test_eq_5_first_token_of_channelwise_steps():
    x, steps = np.array([0.48, 0.6, 0.64]), np.array([0.3, 0.9, 0.5])
    change = (np.asarray(theory.sphere_first_token(x, steps, 1e-6)) - theory.sphere_first_token(x, steps, -1e-6)) / 2e-6
    assert_allclose(change, steps * x - (x @ (steps * x)) * x, atol=1e-9)
    assert_allclose(theory.sphere_first_token(x, steps, 200.0), EYE[1], atol=1e-15)
    assert_allclose(theory.sphere_first_token(x, steps, -400.0), EYE[0], atol=1e-15)


def test_claim_c24_support_of_softsort():
    def support(spread, row):
        """exp(entropy)/L by quadrature over normal scores."""

        def mean(function):
            density = lambda g: np.exp(-spread * abs(g - row) - g * g / 2) / np.sqrt(2 * np.pi) * function(g)  # noqa: E731
            return quad(density, row - 30, row, limit=200)[0] + quad(density, row, row + 30, limit=200)[0]

        mass = mean(lambda g: 1.0)
        return mass * np.exp(spread * mean(lambda g: abs(g - row)) / mass)

    expected = quad(lambda r: support(2.0, r) * np.exp(-r * r / 2) / np.sqrt(2 * np.pi), -8, 8, limit=60)[0]
    assert_allclose(theory.softsort_support(2.0), expected, rtol=1e-7)
    # Printed for 196 scores: within the 5/L that a row of so few tokens may deviate.
    printed = [0.999, 0.990, 0.943, 0.823, 0.453, 0.150]
    assert_allclose(theory.softsort_support(np.array([0.05, 0.2, 0.5, 1, 3, 10])), printed, atol=0.01)


def test_claim_c24_rows():
    scores = RNG.normal(size=7)
    rows = np.asarray(theory.softsort_rows(scores, 1.0))
    assert_allclose(rows.sum(axis=1), 1, rtol=1e-14)
    sharp = np.asarray(theory.softsort_rows(scores, 1e-4))
    assert_allclose(sharp @ np.arange(7), np.argsort(scores), atol=1e-12)
    assert_allclose(theory.row_support(np.full((4, 4), 0.25)), 1, rtol=1e-14)
    assert_allclose(theory.row_support(np.eye(4)), 0.25, rtol=1e-14)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.radial_reduction(np.zeros(2), np.eye(2), np.ones(2)), r"`\|token\|` must lie in"),
        (lambda: theory.sphere_limit(2 * EYE[0], EYE[1], EYE), r"`\|first\|` must lie in"),
        (lambda: theory.sphere_limit(EYE[0], EYE[0], EYE), "`sine of the angle between the tokens` must lie in"),
        (lambda: theory.frame_share(1, 0, 0.5), "`rank` must be at least 1, but is 0"),
        (lambda: theory.energy_bound(1.0, 1.0, 0.5), r"`-energy` must lie in \(0, inf\), but is -1.0"),
        (lambda: theory.softsort_rows(np.ones(3), 0.0), r"`temperature` must lie in \(0, inf\), but is 0.0"),
    ],
)
def test_bad_arguments_are_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
