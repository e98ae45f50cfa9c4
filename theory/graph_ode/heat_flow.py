"""Heat on a graph, x' = -L x with L = D - W: spectra, kernels, rates, explicit steps, and the five-point symbol.

`nodes` is static; `eigenvalue` is one of L, `gap` its second smallest; `order` is that of an explicit Runge-Kutta
method with as many stages (1 Euler, 2 Heun, 3 Kutta, 4 classical or 3/8 rule: on linear problems all of one order are
one polynomial). The specification says that a five-point grid of spacing 0.98175 moves the wavenumber that
Swift-Hohenberg selects by 4 % along an axis and 2 % along a diagonal; it is 4.5 % and 2.1 %.
"""

import math
from typing import SupportsIndex

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import floats, positive, whole, within

# Largest x with |1 - x + x^2/2 - x^3/6 + x^4/24| <= 1, the real root of x^3 - 4 x^2 + 12 x - 24; Cardano.
RK4_REACH = (4 + (172 + 36 * math.sqrt(29)) ** (1 / 3) - (36 * math.sqrt(29) - 172) ** (1 / 3)) / 3
# The real interval [-reach, 0] on which each order is stable; order 3: the root of x^3 - 3 x^2 + 6 x - 12.
REACH = {1: 2.0, 2: 2.0, 3: 1 + (4 + math.sqrt(17)) ** (1 / 3) - (math.sqrt(17) - 4) ** (1 / 3), 4: RK4_REACH}
# Nodes of the trapezoidal rule behind the chain's kernel; what it folds back is the kernel at this distance.
CHAIN_NODES = 1024


def ring_spectrum(nodes: SupportsIndex, spacing: float = 1.0) -> Float[Array, " nodes"]:
    """Eigenvalues of a ring, (2 - 2 cos(2 pi k/n))/h^2, ascending; nodes >= 3, spacing > 0.  (P1; derived here)"""
    nodes = whole("nodes", nodes, 3)
    k = (np.arange(nodes) + 1) // 2
    return _sine_squares(k / nodes, spacing)


def path_spectrum(nodes: SupportsIndex, spacing: float = 1.0) -> Float[Array, " nodes"]:
    """Eigenvalues of a path without flux at its ends, (2 - 2 cos(pi k/n))/h^2; nodes >= 2.  (P1; derived here)"""
    nodes = whole("nodes", nodes, 2)
    return _sine_squares(np.arange(nodes) / (2 * nodes), spacing)


def _sine_squares(turns: np.ndarray, spacing: float) -> Float[Array, " nodes"]:
    positive("spacing", spacing)
    # The numbers are NumPy's, so that nothing is compiled once a size.
    return jnp.asarray((2 * np.sin(np.pi * turns)) ** 2 / spacing**2, float)


def complete_spectrum(nodes: SupportsIndex) -> Float[Array, " nodes"]:
    """Eigenvalues of the complete graph: 0 once, n for the rest; nodes >= 2.  (P1; derived here)"""
    nodes = whole("nodes", nodes, 2)
    return jnp.asarray(np.where(np.arange(nodes), nodes, 0), float)


def star_spectrum(nodes: SupportsIndex) -> Float[Array, " nodes"]:
    """Eigenvalues of a star of n nodes: 0, then 1 (n - 2 times), then n; nodes >= 3.  (P1; derived here)"""
    nodes = whole("nodes", nodes, 3)
    return jnp.asarray([0, *[1] * (nodes - 2), nodes], float)


def product_spectrum(first: Float[ArrayLike, " a"], second: Float[ArrayLike, " b"]) -> Float[Array, " ab"]:
    """Eigenvalues of a product graph (torus: two rings, grid: two paths): all sums, ascending.  (P1; derived here)"""
    first, second = (jnp.asarray(part, float) for part in (first, second))
    return jnp.sort((first[:, None] + second).ravel())


def spectral_gap(laplacian: Float[ArrayLike, "nodes nodes"]) -> Float[Array, ""]:
    """lambda_2, the second smallest eigenvalue of a symmetric Laplacian: positive iff its graph is connected."""
    return jnp.linalg.eigvalsh(jnp.asarray(laplacian, float))[1]


def heat_kernel(laplacian: Float[ArrayLike, "nodes nodes"], time: Real[ArrayLike, ""]) -> Float[Array, "nodes nodes"]:
    """e^(-t L) of a symmetric Laplacian by its eigenvectors; time >= 0.  (P2; derived here)"""
    positive("time", time, "[)")
    laplacian = jnp.asarray(laplacian, jnp.result_type(float, time))
    values, vectors = jnp.linalg.eigh(laplacian)
    return (vectors * jnp.exp(-time * values)) @ vectors.T


def deviation_bound(gap: Real[ArrayLike, "..."], time: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """||x - mean|| <= e^(-lambda_2 t) ||x_0 - mean||; gap, time >= 0.  (P2; derived here)"""
    positive("gap", gap, "[)")
    positive("time", time, "[)")
    gap, time = floats(gap, time)
    return jnp.exp(-gap * time)


def energy_bound(gap: Real[ArrayLike, "..."], time: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """Dirichlet energy x^T L x <= e^(-2 lambda_2 t) times its value at 0; gap, time >= 0.  (P2; derived here)"""
    return deviation_bound(gap, time) ** 2


def chain_kernel(distance: Real[ArrayLike, "..."], time: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """e^(-2t) I_|j|(2t): heat a distance j from a unit source on the infinite chain.  (P3; derived here)

    Bessel's integral (1/pi) int_0^pi exp(-2t(1 - cos a)) cos(j a) da by the trapezoidal rule, which folds back only
    the kernel at distance 1024 - |j|.  distance a whole number in [-256, 256], time in [0, 4000]; ValueError otherwise.
    """
    within("distance", distance, -256.0, 256.0)
    within("time", time, 0.0, 4000.0)
    distance, time = floats(distance, time)
    angle = 2 * np.pi * jnp.arange(CHAIN_NODES, dtype=time.dtype) / CHAIN_NODES
    decay = jnp.exp(-4 * time[..., None] * jnp.sin(angle / 2) ** 2)
    return jnp.mean(decay * jnp.cos(distance[..., None] * angle), axis=-1)


def step_polynomial(order: SupportsIndex, z: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """R(z) = sum_(k <= s) z^k/k!: what one step does to x' = z x; order s in 1..4.  (P4; derived here)"""
    order = _order(order)
    within("z", z, -math.inf, math.inf, "()")
    (z,) = floats(z)
    total = jnp.ones_like(z)
    for k in range(order, 0, -1):
        total = 1 + z * total / k
    return total


def mode_after(order: SupportsIndex, reduced_step: Real[ArrayLike, "..."], steps: SupportsIndex) -> Float[Array, "..."]:
    """R(-h lambda)^m: what m steps make of an eigenvector; reduced_step h lambda >= 0.  (P4; derived here)"""
    positive("reduced_step", reduced_step, "[)")
    (reduced_step,) = floats(reduced_step)
    return step_polynomial(order, -reduced_step) ** whole("steps", steps, 0)


def stable_step(order: SupportsIndex, largest: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """Largest step that grows no eigenvector: 2/lambda_max (orders 1, 2), 2.5127../ (3), 2.7853../ (4); largest > 0.

    (P4; derived here)
    """
    positive("largest", largest)
    (largest,) = floats(largest)
    return REACH[_order(order)] / largest


def monotone_step(degree: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """Largest Euler step that keeps the maximum principle: 1/max degree, for I - h L >= 0.  degree > 0.  (P4)"""
    positive("degree", degree)
    (degree,) = floats(degree)
    return 1 / degree


def grid_symbol(
    first: Real[ArrayLike, "..."], second: Real[ArrayLike, "..."], spacing: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """kappa^2 = sum_d (2 - 2 cos(k_d h))/h^2, the five-point Laplacian's answer to |k|^2; spacing > 0.  (P6)"""
    positive("spacing", spacing)
    first, second, spacing = floats(first, second, spacing)
    return sum((2 * jnp.sin(k * spacing / 2) / spacing) ** 2 for k in (first, second))


def symbol_defect(
    first: Real[ArrayLike, "..."], second: Real[ArrayLike, "..."], spacing: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """|k|^2 - kappa^2 to leading order, h^2 (k_1^4 + k_2^4)/12; never less than the true defect.  (P6; derived here)"""
    positive("spacing", spacing)
    first, second, spacing = floats(first, second, spacing)
    return spacing**2 * (first**4 + second**4) / 12


def selected_wavenumber(angle: Real[ArrayLike, "..."], spacing: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """|k| in direction `angle` at which kappa^2 = 1, where a five-point Swift-Hohenberg grows fastest.  (P6; derived)

    Newton's method from |k| = 1; spacing in (0, 1.5]; ValueError otherwise.
    """
    within("spacing", spacing, 0.0, 1.5, "(]")
    angle, spacing = floats(angle, spacing)

    def miss(k):
        return grid_symbol(k * jnp.cos(angle), k * jnp.sin(angle), spacing) - 1

    k = jnp.ones_like(angle)
    # Five corrections: the first guess is 13 % off at worst, and each squares the error.
    for _ in range(5):
        value, slope = jax.jvp(miss, (k,), (jnp.ones_like(k),))
        k = k - value / slope
    return k


def _order(order: SupportsIndex) -> int:
    order = whole("order", order, 1)
    within("order", order, 1.0, 4.0)
    return order
