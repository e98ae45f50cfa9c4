"""Graph heat flow: spectra, kernels, bounds, steps and the five-point symbol, one test a numbered law."""

import jax
import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.linalg import expm

from tests.theory.battery import Battery
from theory import graph_ode
from theory.graph_ode import heat_flow as module

RING = 2 * np.eye(5) - np.roll(np.eye(5), 1, axis=1) - np.roll(np.eye(5), -1, axis=1)
BATTERY = Battery(
    module,
    {
        "nodes": 6,
        "laplacian": RING,
        "first": 0.7,
        "second": 0.4,
        "time": 0.8,
        "gap": 1.3,
        "distance": 2.0,
        "order": 3,
        "z": -0.6,
        "reduced_step": 0.7,
        "steps": 3,
        "largest": 4.2,
        "degree": 2.1,
        "spacing": 0.9,
        "angle": 0.3,
    },
    special={"product_spectrum": {"first": np.arange(2.0), "second": np.arange(3.0)}},
    one_at_a_time=frozenset({"heat_kernel"}),
    elsewhere=("_arguments",),
)
# Spectra of a fixed size have no continuous argument, and are no scalars.
WALKED = [name for name in BATTERY.functions if name in BATTERY.continuous]


@pytest.mark.parametrize("name", WALKED)
def test_contract(name):
    BATTERY.check(name)


@pytest.mark.parametrize("name", WALKED)
def test_nan_is_refused(name):
    BATTERY.check_nan_is_refused(name)


def spectrum(weights):
    return np.linalg.eigvalsh(np.diag(weights.sum(axis=1)) - weights)


def joined(nodes, pairs):
    weights = np.zeros((nodes, nodes))
    for i, j in pairs:
        weights[i, j] = weights[j, i] = 1.0
    return weights


@given(st.integers(3, 40))
def test_p1_and_t1_spectra_of_simple_graphs(n):
    path = [(i, i + 1) for i in range(n - 1)]
    assert_allclose(graph_ode.path_spectrum(n), spectrum(joined(n, path)), atol=1e-12 * n)
    assert_allclose(graph_ode.ring_spectrum(n, 0.5), 4 * spectrum(joined(n, [*path, (n - 1, 0)])), atol=1e-12 * n)
    assert_allclose(graph_ode.star_spectrum(n), spectrum(joined(n, [(0, i) for i in range(1, n)])), atol=1e-12 * n)
    assert_allclose(graph_ode.complete_spectrum(n), spectrum(np.ones((n, n)) - np.eye(n)), atol=1e-12 * n)


def test_p1_torus_of_5_by_7_has_the_printed_ends():
    torus = graph_ode.product_spectrum(graph_ode.ring_spectrum(5), graph_ode.ring_spectrum(7))
    assert f"{torus[-1]:.5f}" == "7.41997"
    assert f"{torus[1]:.5f}" == "0.75302"


@pytest.mark.parametrize("time", [0.1, 1.0, 5.0])
def test_p2_kernel_is_the_exponential_and_decays_with_the_gap(time):
    rng = np.random.default_rng(3)
    weights = np.triu(rng.random((7, 7)), 1)
    weights = weights + weights.T
    laplacian = np.diag(weights.sum(axis=1)) - weights
    kernel = np.asarray(graph_ode.heat_kernel(laplacian, time))
    assert_allclose(kernel, expm(-time * laplacian), atol=1e-13)
    assert_allclose(kernel.sum(axis=0), 1, atol=1e-13)
    assert kernel.min() >= 0
    gap = float(graph_ode.spectral_gap(laplacian))
    centred = kernel - 1 / 7
    assert_allclose(np.linalg.norm(centred, 2), graph_ode.deviation_bound(gap, time), rtol=1e-9)
    assert_allclose(graph_ode.energy_bound(gap, time), graph_ode.deviation_bound(gap, time) ** 2, rtol=1e-14)


@pytest.mark.parametrize(("distance", "time"), [(0, 0.0), (0, 2.3), (3, 2.3), (-3, 2.3), (40, 0.5), (256, 4000.0)])
def test_p3_chain_kernel_is_a_bessel_function(distance, time):
    with mpmath.workdps(40):
        exact = float(mpmath.exp(-2 * time) * mpmath.besseli(abs(distance), 2 * time))
    assert_allclose(graph_ode.chain_kernel(distance, time), exact, atol=1e-15, rtol=1e-12)


def test_p4_reach_of_each_order_is_where_its_polynomial_has_modulus_one():
    for order, sign in ((1, -1), (2, 1), (3, -1), (4, 1)):
        limit = float(graph_ode.stable_step(order, 1.0))
        assert_allclose(graph_ode.step_polynomial(order, -limit), sign, atol=1e-14)
        inside = np.linspace(0, 0.999 * limit, 1000)
        assert np.all(np.abs(graph_ode.step_polynomial(order, -inside)) <= 1)
        assert abs(float(graph_ode.step_polynomial(order, -1.001 * limit))) > 1
    assert graph_ode.stable_step(4, 1.0) == pytest.approx(2.785293563405282, rel=1e-15)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_p4_modes_are_powers_of_the_truncated_exponential(order):
    z = np.linspace(0, 4, 41)
    one = sum((-z) ** k / np.prod(np.arange(1, k + 1)) for k in range(order + 1))
    assert_allclose(graph_ode.mode_after(order, z, 5), one**5, rtol=1e-11, atol=1e-12)


def test_p4_monotone_euler_step_leaves_no_negative_weight():
    step = float(graph_ode.monotone_step(RING.diagonal().max()))
    assert (np.eye(5) - step * RING).min() >= 0
    assert (np.eye(5) - 1.01 * step * RING).min() < 0


def test_p6_symbol_at_the_papers_spacing():
    side = np.sqrt(0.5)
    assert f"{graph_ode.grid_symbol(1.0, 0.0, 0.98175):.4f}" == "0.9222"
    assert f"{graph_ode.grid_symbol(side, side, 0.98175):.4f}" == "0.9605"
    assert f"{graph_ode.selected_wavenumber(0.0, 0.98175) - 1:.3f}" == "0.045"
    assert f"{graph_ode.selected_wavenumber(np.pi / 4, 0.98175) - 1:.3f}" == "0.021"


def test_p6_selected_wavenumber_has_symbol_one():
    angle, spacing = np.meshgrid(np.linspace(0, np.pi / 2, 13), np.linspace(0.01, 1.5, 12))
    k = np.asarray(graph_ode.selected_wavenumber(angle, spacing))
    assert_allclose(graph_ode.grid_symbol(k * np.cos(angle), k * np.sin(angle), spacing), 1, rtol=1e-11)
    assert k.min() >= 1 - 1e-12


def test_p6_and_t6_the_symbols_defect_is_of_second_order_with_its_constant():
    spacings = np.array([0.4, 0.2, 0.1, 0.05])
    defect = 1.0 - np.asarray(graph_ode.grid_symbol(0.6, 0.8, spacings))
    assert np.all(abs(np.log2(defect[:-1] / defect[1:]) - 2) < 0.02)
    lead = np.asarray(graph_ode.symbol_defect(0.6, 0.8, spacings))
    assert np.all(defect <= lead)
    assert_allclose(defect, lead, rtol=0.02)


def test_arguments_are_refused_by_name():
    for call, words in (
        (lambda: graph_ode.ring_spectrum(2), "`nodes` must be at least 3"),
        (lambda: graph_ode.path_spectrum(4, 0.0), "`spacing` must lie in"),
        (lambda: graph_ode.step_polynomial(5, -1.0), r"`order` must lie in \[1, 4\], but is 5"),
        (lambda: graph_ode.chain_kernel(300, 1.0), "`distance` must lie in"),
        (lambda: graph_ode.heat_kernel(RING, -1.0), "`time` must lie in"),
    ):
        with pytest.raises(ValueError, match=words):
            call()


def test_the_kernel_has_a_gradient_in_time():
    slope = jax.jacfwd(lambda t: graph_ode.heat_kernel(RING, t))(0.7)
    assert_allclose(slope, -RING @ expm(-0.7 * RING), atol=1e-12)
