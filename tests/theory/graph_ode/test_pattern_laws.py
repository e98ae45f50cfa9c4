"""P32 and P33: linear theory of the pattern-forming equations and the flow, against independent routes."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis.strategies import floats
from numpy.testing import assert_allclose

from theory import graph_ode as theory

SEVERAL = np.linspace(0.05, 0.95, 7)


def leading(matrix):
    return np.linalg.eigvals(matrix).real.max()


def test_p32_swift_hohenberg_growth_and_its_band():
    assert_allclose(
        theory.sh_growth_rate(np.array([0.0, 0.5, 1.0, 1.4]), 0.7), [-0.3, 0.1375, 0.7, -0.2216], atol=1e-15
    )
    assert_allclose(theory.sh_growth_rate(0.0, 0.7, released=True), 0.7)
    band = theory.sh_unstable_band(SEVERAL)
    assert_allclose(theory.sh_growth_rate(np.stack(band), SEVERAL), 0, atol=1e-14)
    assert theory.sh_unstable_band(1.7).low == 0


@pytest.mark.parametrize(("control", "published"), [(0.1, 795), (0.7, 2103), (1.7, 2895)])
def test_p18_numbers_of_unstable_modes(control, published):
    box = 40 * np.pi
    assert abs(theory.sh_unstable_modes(control, box) - published) < 1
    k = np.fft.fftfreq(128, box / 128) * 2 * np.pi
    counted = np.sum(theory.sh_growth_rate(np.hypot(k[:, None], k), control) > 0)
    # Lattice points of a disc: the boundary's length in modes, to the power 2/3.
    assert abs(counted - published) < 128 ** (2 / 3)


def test_p32_stripes_satisfy_the_projected_equation():
    r = 0.7
    first, third = map(float, theory.sh_stripe(r))
    angle = 2 * np.pi * np.arange(64) / 64
    cubic = (first * np.cos(angle) + third * np.cos(3 * angle)) ** 3
    for mode, amplitude, damping in ((1, first, 0.0), (3, third, 64.0)):
        assert_allclose((r - damping) * amplitude, 2 * np.mean(cubic * np.cos(mode * angle)), rtol=1e-12)
    # The specification's relative errors of the leading law, a^2 / (8 (64 - r)) to their order.
    for control, published in ((0.01, 3e-5), (0.1, 2.6e-4), (0.3, 7.8e-4), (0.7, 1.8e-3)):
        excess = theory.sh_stripe(control).first / theory.sh_leading_stripe(control) - 1
        assert_allclose(excess, published, rtol=0.2)
    assert theory.sh_stripe(0.0).first == theory.sh_leading_stripe(-0.1) == 0


def test_p32_hexagons_and_the_sums_behind_their_remainder():
    six = [np.array([np.cos(angle), np.sin(angle)]) for angle in np.arange(6) * np.pi / 3]
    for square, modes, pairs, triples in ((0, 1, 6, 12), (3, 6, 2, 6), (4, 6, 1, 6), (7, 12, 0, 3), (9, 6, 0, 1)):
        for count, times in ((2, pairs), (3, triples)):
            sums = [sum(chosen) for chosen in itertools.product(six, repeat=count)]
            assert sum(abs(total @ total - square) < 1e-9 for total in sums) == modes * times
    # Next order by the elimination itself, at the amplitude.
    r, g = 0.01, 0.1
    amplitude = float(theory.sh_hexagon(r, g))
    assert_allclose(r + 2 * g * amplitude - 15 * amplitude**2, 0, atol=1e-15)
    terms = 128 / 9 * g**2 * amplitude**3 + 235 / 3 * g * amplitude**4
    fifth = 0.5 * (144 + 6 * 36 / 4 + 6 * 36 / 9 + 12 * 9 / 36 + 6 / 64) * amplitude**5
    slope = 2 * amplitude * np.sqrt(g**2 + 15 * r)
    assert_allclose(theory.sh_hexagon_remainder(r, g), (terms + fifth) / slope, rtol=1e-12)
    assert_allclose(theory.sh_hexagon(theory.sh_hexagon_onset(0.3), 0.3), 0.3 / 15, rtol=1e-6)
    assert np.isnan(theory.sh_hexagon(-0.01, 0.1))


def test_p32_uniform_states():
    assert_allclose(theory.sh_uniform_states(0.7, 1.0, released=True), [1.4747, -0.4747], atol=5e-5)
    assert np.isnan(theory.sh_uniform_states(0.7, 1.0).upper)
    u = np.stack(theory.sh_uniform_states(1.3, 0.5))
    assert_allclose(0.3 * u + 0.5 * u**2 - u**3, 0, atol=1e-15)


def test_p32_free_energy_of_a_stripe_and_what_it_loses():
    x = np.arange(32) * 2 * np.pi / 32
    field = np.broadcast_to(0.5 * np.cos(x), (4, 32))
    box = (1.0, 2 * np.pi)
    # mean cos^2 = 1/2 and mean cos^4 = 3/8; the bending vanishes at k = 1.
    assert_allclose(theory.sh_free_energy(field, box, 0.7, 0.3), -0.7 * 0.25 / 4 + 3 / 8 / 64, rtol=1e-12)
    slope = 0.7 * field + 0.3 * field**2 - field**3
    assert_allclose(theory.sh_dissipation(field, box, 0.7, 0.3), np.mean(slope**2), rtol=1e-12)


@given(q=floats(-1, 1), k=floats(-1, 1), beta=floats(-2, 2))
def test_p32_lambda_omega_side_bands_are_eigenvalues(q, k, beta):
    square, d = 1 - 0.3 * k**2, 0.3
    c = np.complex128(square * (1 + 1j * beta))
    matrix = -np.array([[c + d * (q**2 + 2 * k * q), c], [c.conj(), c.conj() + d * (q**2 - 2 * k * q)]])
    found = theory.lo_perturbation_growth(q, k, beta, d)
    # At a double eigenvalue a rounding error moves both by its square root.
    assert_allclose(sorted(found), sorted(np.linalg.eigvals(matrix).real), atol=1e-7)


def test_p32_lambda_omega_waves_and_their_limit():
    assert_allclose(theory.lo_stability_limit(np.array([0, 0.5, 1, 2])), [0.3333, 0.2857, 0.2, 0.0909], atol=5e-5)
    wave = theory.lo_plane_wave(1.5, 0.8, 0.1)
    assert_allclose(wave, [np.sqrt(1 - 0.225), 0.8 * (1 - 0.225)])
    assert np.isnan(theory.lo_plane_wave(4.0, 0.8, 0.1).amplitude)
    for beta in (0.0, 0.5, 1.0, 2.0):
        below, above = (np.sqrt(f * theory.lo_stability_limit(beta)) for f in (0.98, 1.02))
        q = np.linspace(0.005, 1.0, 200)
        assert np.max(theory.lo_perturbation_growth(q, below, beta, 1.0).leading) < 0
        assert np.max(theory.lo_perturbation_growth(q, above, beta, 1.0).leading) > 0
    assert_allclose(theory.lo_perturbation_growth(0.4, 0.0, 1.3, 0.1), [-0.016, -2.016], atol=1e-14)


@given(a=floats(0.3, 4), b=floats(0.5, 8), k=floats(0, 2))
def test_p32_brusselator_rates_are_eigenvalues(a, b, k):
    matrix = np.array([[b - 1 - 2 * k**2, a**2], [-b, -(a**2) - 16 * k**2]])
    assert_allclose(theory.brusselator_growth_rate(k, a, b, 2.0, 16.0), leading(matrix), atol=1e-6)


def test_p32_brusselator_thresholds():
    turing = theory.brusselator_turing(3.0, 2.0, 16.0)
    assert_allclose(turing.wavenumber, 0.73, atol=5e-3)
    k = np.linspace(0.05, 2, 400)
    for factor, sign in ((0.999, -1), (1.001, 1)):
        top = np.max(
            theory.brusselator_growth_rate(np.append(k, turing.wavenumber), 3.0, factor * turing.drive, 2.0, 16.0)
        )
        assert np.sign(top) == sign
    band = theory.brusselator_band(3.0, 1.1 * turing.drive, 2.0, 16.0)
    assert_allclose(theory.brusselator_growth_rate(np.stack(band), 3.0, 1.1 * turing.drive, 2.0, 16.0), 0, atol=1e-13)
    assert np.isnan(theory.brusselator_band(3.0, 0.9 * turing.drive, 2.0, 16.0).low)
    assert_allclose(theory.brusselator_state(2.0, 5.0), [2, 2.5])
    hopf, ratio = theory.brusselator_hopf(3.0), theory.brusselator_turing_limit(3.0)
    for factor in (0.99, 1.01):
        drive = theory.brusselator_turing(3.0, (factor * ratio) ** 2, 1.0).drive
        assert (drive < hopf) == (factor < 1)


def test_p32_gray_scott_states_and_thresholds():
    f, k = 0.04, np.array([0.03, 0.05, 0.0599])
    for upper in (True, False):
        u, v = theory.gray_scott_state(f, k, upper=upper)
        assert_allclose(-u * v**2 + f * (1 - u), 0, atol=1e-17)
        assert_allclose(u * v, f + k, rtol=1e-13)
    assert np.isnan(theory.gray_scott_state(f, 0.0601).v)
    assert_allclose(theory.gray_scott_saddle_node(f), 0.06)
    assert_allclose(theory.gray_scott_hopf(f), 0.05826, atol=5e-6)
    assert_allclose(theory.gray_scott_growth_rate(0.0, f, theory.gray_scott_hopf(f), 0.16, 0.08), 0, atol=1e-14)
    assert_allclose(theory.gray_scott_hopf(1 / 16 * (1 - 1e-12)), 1 / 16, rtol=1e-5)
    assert np.isnan(theory.gray_scott_hopf(0.07))
    u, v = theory.gray_scott_state(f, 0.05)
    matrix = np.array([[-(v**2) - f - 0.16 * 0.09, -2 * u * v], [v**2, 2 * u * v - f - 0.05 - 0.08 * 0.09]])
    assert_allclose(theory.gray_scott_growth_rate(0.3, f, 0.05, 0.16, 0.08), leading(matrix), rtol=1e-9)


def test_p33_flow_and_residuals():
    nu, t, dt = 1e-3, 5.0, 1e-4
    gain = [float(theory.ns_laminar_gain(s, nu)) for s in (t - dt, t, t + dt)]
    assert_allclose((gain[2] - gain[0]) / (2 * dt), 1 - 8 * np.pi**2 * nu * gain[1], rtol=1e-9)
    assert_allclose(theory.ns_diagonal_forcing(0.25, 0.0, 0.1), 0.1)
    assert_allclose(theory.ns_diagonal_forcing(0.2, 0.3, 0.1, 0.1), theory.ns_diagonal_forcing(0.3, 0.3, 0.1))
    x = np.arange(32) * 2 * np.pi / 32
    y = x[:, None]
    u, v = 0.8 * np.sin(2 * x) * np.cos(2 * y), -0.8 * np.cos(2 * x) * np.sin(2 * y)
    advected = 0.8**2 * np.stack(np.broadcast_arrays(np.sin(4 * x), np.sin(4 * y)))
    residual = advected + 0.05 * 8 * np.stack([u, v])
    found = theory.taylor_green_residual(0.8, 2.0, 0.05)
    assert_allclose(found.steady, np.sqrt(np.mean(residual**2)), rtol=1e-13)
    assert_allclose(found.pressure, np.sqrt(np.mean(advected**2)), rtol=1e-13)


def test_oddity_5_the_correlated_difference_has_the_wrong_sign():
    times = np.arange(5) * 0.05
    for growth in (0.0, 0.05, 1.7):
        u = np.exp(growth * times)
        seen = np.correlate(u, np.array([1, 0, -1]) / 0.1, "valid")
        assert_allclose(seen, theory.backward_difference_gain(growth, 0.05) * growth * u[1:-1], atol=1e-13)
    assert_allclose(np.correlate(3 * times, np.array([1, 0, -1]) / 0.1, "valid"), -3)


def test_lattice_and_shedding_numbers():
    assert_allclose(theory.lattice_relaxation(np.array([60.0, 160.0]), 0.1, 10.0), [0.55, 0.51875])
    assert_allclose(theory.shedding_period(0.2, 0.1, 10.0), 500)
    re = np.linspace(60, 150, 10)
    # The two fits are of the same wake.
    assert_allclose(theory.strouhal_roshko(re), theory.strouhal_williamson(re), rtol=0.02)
