"""Quantisation, level sets and staleness: one test per law, against counting, quadrature and high precision."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from theory import graph_ode as theory


def test_p19_a_uniform_step():
    x = (np.arange(1000) + 0.5) / 1000 - 0.5
    assert_allclose(theory.uniform_step_error(0.3), 0.3 * np.sqrt(np.mean(x**2)), rtol=1e-6)


def test_p19_panter_dite():
    """Printed in the specification: 0.003023 at K = 30, where Lloyd's error is 0.002845 and Shannon's bound 0.00111."""
    x, step = np.linspace(-12, 12, 4001, retstep=True)
    gaussian = np.exp(-(x**2) / 2)
    assert_allclose(theory.panter_dite_gaussian(1.0, 30), 0.003023, atol=5e-7)
    assert_allclose(theory.panter_dite(gaussian, step, 30), theory.panter_dite_gaussian(1.0, 30), rtol=1e-9)
    assert_allclose(theory.shannon_error(1.0, math.log2(30)), 0.00111, atol=5e-6)
    # A uniform density gives the uniform step.
    assert_allclose(theory.panter_dite(np.ones(50), 0.02, 7), float(theory.uniform_step_error(1 / 7)) ** 2)


def test_p20_members():
    assert_allclose([float(theory.member_factor(n)) for n in (1, 2, math.inf)], [2, 1.5, 1])
    # A single random pixel costs 41 % of the root mean square error of the mean.
    assert_allclose(math.sqrt(theory.member_factor(1)), 1.41, atol=5e-3)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40).filter(lambda shares: sum(shares) > 1e-3))
def test_p21_entropy_is_at_most_the_logarithm_of_the_number_of_codes(shares):
    shares = np.array(shares) / np.sum(shares)
    # Codes that no pixel has add nothing; one length is compiled once.
    entropy = float(theory.code_entropy(np.pad(shares, (0, 40 - len(shares)))))
    assert -1e-12 <= entropy <= math.log2(len(shares)) + 1e-12
    reference = mpmath.fsum(-mpmath.mpf(p) * mpmath.log(p, 2) for p in shares if p > 0)
    assert_allclose(entropy, float(reference), atol=1e-12)


def test_p21_the_code_map_is_nearly_all_of_the_information():
    equal = float(theory.code_entropy(np.full(30, 1 / 30)))
    assert_allclose(equal, 4.9, atol=0.01)
    bits = float(theory.bits_per_pixel(equal, 30, 128**2))
    assert_allclose(bits - equal, 30 * 32 / 128**2)
    # 1 % of 32 bits.
    assert bits > 15 * 0.32


def test_p23_exponents_and_cells():
    assert_allclose([float(theory.zador_exponent(d)) for d in (1, 2)], [-1, -0.5])
    assert_allclose(theory.hexagon_error(1.0, 1), 0.1604, atol=5e-5)
    # A hexagon of unit area: twelve right triangles with short side r and angle pi/6.
    with mpmath.workdps(30):
        r = mpmath.sqrt(1 / (2 * mpmath.sqrt(3)))
        moment = 12 * mpmath.quad(lambda x: (x**2 * x / mpmath.sqrt(3)) + (x / mpmath.sqrt(3)) ** 3 / 3, [0, r])
    assert_allclose(theory.hexagon_error(1.0, 1), float(moment), rtol=1e-12)
    assert_allclose(theory.square_error(3.0, 2), 3 / 2 / 6)


def test_p24_bandwidths():
    """The specification's jump makes 2, 3 and 6 of 6, 12 and 30 codes of one range."""
    assert [float(theory.band_bound(0.19, 1 / k)) for k in (6, 12, 30)] == [2, 3, 6]
    assert float(theory.band_bound(0.1, 0.1)) == 1


def test_p7_weights_of_a_path():
    assert_array_equal(theory.path_weights(4), [[0, 1, 0, 0], [0.5, 0, 0.5, 0], [0, 0.5, 0, 0.5], [0, 0, 1, 0]])
    assert_array_equal(theory.ramp_counts(3, 5), [[0, 13, 0], [13, 0, 13], [0, 13, 0]])


def test_p25_crossings_of_polygons_and_ellipses():
    turn = np.linspace(0, 2 * math.pi, 4001)
    for a, b in ((40.0, 40.0), (30.0, 70.0)):
        edges = np.diff(np.stack([a * np.cos(turn), b * np.sin(turn)], axis=1), axis=0)
        assert_allclose(theory.straight_crossings(edges), theory.ellipse_crossings(a, b), rtol=1e-5)
    assert_allclose(theory.ellipse_crossings(1.0, 1.0), (8, 8 * math.sqrt(2)))
    square = np.array([[7.0, 0], [0, 4], [-7, 0], [0, -4]])
    along, diagonal = theory.straight_crossings(square)
    exact = theory.rectangle_crossings(4.0, 7.0)
    # The four corners take one pair each.
    assert (float(along), float(diagonal)) == (float(exact[0]), float(exact[1]) + 4)


def test_p26_and_p27():
    """The specification's narrow band, 2.340, 5.474 and 29.96 at t = 0.5, 1, 2, is e^(1.7 t)."""
    assert_allclose([float(theory.frozen_growth(1.0, 1.7, t)) for t in (0.5, 1, 2)], [2.340, 5.474, 29.96], rtol=2e-4)
    spectrum, rates = np.array([0.3, 0.5, 0.2]), np.array([1.7, 0.4, -3.0])
    now, shared = theory.moments(spectrum, rates, 0.8)
    assert_allclose(now, np.sum(spectrum * np.exp(1.6 * rates)))
    # One rate: the general law is the narrow one.
    one = theory.moments(spectrum, np.full(3, 1.7), 0.8)
    narrow = float(theory.frozen_growth(1.0, 1.7, 0.8)) ** 2
    assert_allclose(theory.stale_error(1.0, *one, 0.01), 0.01 * narrow)
    # The best a code of the value alone can do is regression on it: a history of one frame.
    regression = theory.history_error(np.array([[1.0]]), np.array([float(shared)]), now)
    assert_allclose(theory.stale_error(1.0, now, shared, 0.0), regression)


def test_p27_a_longer_history_is_never_worse_and_two_frames_know_two_rates():
    spectrum, rates, spacing = np.array([0.6, 0.4]), np.array([1.7, 0.4]), 0.1

    def covariance(s, t):
        return np.sum(spectrum * np.exp(rates * (s + t)))

    times = [0.0, spacing]
    gram = np.array([[covariance(s, t) for t in times] for s in times])
    shared, now = np.array([covariance(1.0, t) for t in times]), covariance(1.0, 1.0)
    alone = theory.history_error(gram[1:, 1:], shared[1:], now)
    assert_allclose(theory.history_error(gram, shared, now), 0, atol=1e-10)
    assert float(alone) > 0.1


def test_p28_cosines():
    rng = np.random.default_rng(0)
    latents = rng.normal(size=(50, 32))
    latents *= math.sqrt(32) / np.linalg.norm(latents, axis=1, keepdims=True)
    a, b = latents[:2]
    assert_allclose(theory.cosine_from_distance(np.sum((a - b) ** 2), 32.0), a @ b / 32, atol=1e-14)
    mean = latents.mean(axis=0)
    within = np.mean(np.sum((latents - mean) ** 2, axis=1))
    assert_allclose(theory.codeword_length(32.0, within), mean @ mean, rtol=1e-12)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30))
def test_p29_the_join_is_the_coarsest_that_both_are_constant_on(pairs):
    first, second = np.array(pairs).T
    join = np.asarray(theory.join_partition(first, second))
    assert bool(theory.constant_on(join, first))
    assert bool(theory.constant_on(join, second))
    assert len(np.unique(join)) == len(set(pairs))
    if len(set(pairs)) > 1:
        assert not bool(theory.constant_on(np.zeros_like(join), join))


def test_p31_horizons():
    """A rate of 1.7 at frames of 0.05 makes 1.089 a frame, and 80 frames of 1e-3 about 10, in the specification."""
    factor = float(theory.growth_per_frame(1.7, 0.0, 0.05))
    assert_allclose(factor, 1.089, atol=5e-4)
    assert 9 < float(theory.horizon_error(1e-3, factor, 80)) < 11
    error = 0.0
    for _ in range(12):
        error = 1.2 * error + 1e-3
    assert_allclose(theory.horizon_error(1e-3, 1.2, 12), error, rtol=1e-12)
    assert_allclose(theory.horizon_error(1e-3, 1.0, 12), 12e-3)
    assert_allclose(theory.growth_per_frame(1.7, 1.0, 0.05), math.exp(0.05 * (1.7 + 1 / 3)))
    u = np.linspace(-3, 3, 60_001)
    assert_allclose(np.max(2 * u - 3 * u**2), 1 / 3, rtol=1e-8)
    assert_allclose(theory.saturated_error(2.0), math.sqrt(8))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.member_factor(0.5), r"`members` must lie in \[1, inf\]"),
        (lambda: theory.shannon_error(1.0, -1.0), "`bits` must lie in"),
        (lambda: theory.code_entropy(np.array([1.5])), "`shares` must lie in"),
        (lambda: theory.rectangle_crossings(0.5, 2.0), "`height` must lie in"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()
