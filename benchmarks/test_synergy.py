"""The synergy row against the same computations in vectorised NumPy."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from dynamics.synergy import enumerate_designs, final_bias, population_pool

FAN_IN, POINTS, LEVELS = 9, 512, 64
# f_9(u) = u * polynomial in 1 - u^2 (arXiv 2601.17311, Lemma 1; derived here).
SERIES = [1.0, 1 / 2, 3 / 8, 5 / 16, 35 / 128]


def phase_grid_numpy(rho, gamma, start):
    mu = np.full((POINTS, POINTS), start)
    for _ in range(LEVELS):
        u = gamma * mu
        y = 1 - u * u
        majority = u * (SERIES[0] + y * (SERIES[1] + y * (SERIES[2] + y * (SERIES[3] + y * SERIES[4]))))
        mu = rho * u + (1 - rho) * majority
    return mu


def test_phase_grid(race):
    """512 x 512 points, 64 levels, fan-in 9, float64: the sweep's compiled cell at least 5 times faster than NumPy."""
    with jax.enable_x64(True):
        rho, gamma = np.linspace(0, 0.95, POINTS)[:, None], np.linspace(0.3, 1, POINTS)[None, :]
        cell = jax.vmap(jax.vmap(lambda r, g: final_bias(FAN_IN, r, g, 0.05, LEVELS), (None, 0)), (0, None))
        grid = jax.jit(lambda r, g: cell(r[:, 0], g[0]))
        ours = np.asarray(grid(rho, gamma))
        # Rounding of 64 levels, amplified by at most the largest gain.
        np.testing.assert_allclose(ours, phase_grid_numpy(rho, gamma, 0.05), rtol=1e-10)
        ratio = race(
            lambda: jax.block_until_ready(grid(rho, gamma)), lambda: phase_grid_numpy(rho, gamma, 0.05), rounds=9
        )
    assert ratio >= 5


SIZE, DEPTH, SEEDS = 50_000, 30, 8
RHOS = np.linspace(0.0, 0.8, 17)


def pool_numpy(rng, rho, fan_in=5, gamma=0.6, start=0.05):
    pool = np.where(rng.random(SIZE) < (1 + start) / 2, 1, -1).astype(np.int8)
    for _ in range(DEPTH):
        votes = pool[rng.integers(0, SIZE, (SIZE, fan_in))]
        votes = np.where(rng.random((SIZE, fan_in)) < (1 - gamma) / 2, -votes, votes)
        shared = rng.random(SIZE) < rho
        pool = np.where(shared, votes[:, 0], np.sign(votes.sum(axis=1))).astype(np.int8)
    return pool.mean()


def ours_pool(depth):
    def one(key, rho):
        return population_pool(key, 5, rho, 0.6, 0.05, depth, SIZE).means[-1]

    return jax.jit(lambda keys, rhos: jax.lax.map(lambda lane: one(*lane), (keys, rhos)))


def test_pool(race):
    """n = 50 000, L = 30, 17 correlations, 8 seeds: the explicit pool at least 3 times faster than NumPy."""
    keys, rhos = jr.split(jr.key(0), len(RHOS) * SEEDS), jnp.tile(jnp.asarray(RHOS), SEEDS)
    run = ours_pool(DEPTH)

    def numpy_pools():
        rng = np.random.default_rng(0)
        return [pool_numpy(rng, rho) for _ in range(SEEDS) for rho in RHOS]

    ratio = race(lambda: jax.block_until_ready(run(keys, rhos)), numpy_pools, rounds=3)
    assert ratio >= 3


def test_pool_memory_does_not_grow_with_depth(benchmark):
    """Scratch memory of the compiled pool at depth 300 against depth 10; only the list of means is longer."""
    key, rho = jr.split(jr.key(0), 1), jnp.zeros(1)

    def scratch(depth):
        return ours_pool(depth).lower(key, rho).compile().memory_analysis().temp_size_in_bytes

    shallow = scratch(10)
    deep = benchmark.pedantic(scratch, args=(300,), rounds=1)
    benchmark.extra_info["bytes"] = {"depth 10": shallow, "depth 300": deep}
    # One key and a few numbers for each further level, against 50 000 votes.
    assert deep - shallow < 290 * 64


WINDOW, FAN_INS, DEEPEST = 512, tuple(range(3, 64, 2)), 14
BUDGETS = np.geomspace(2.0**6, 2.0**24, 200)
FIDELITIES = 1 - np.exp(-np.arange(1, WINDOW + 1) / 8)
CORRELATION, LEAF_EXPONENT, LEAF_SCALE = 0.1, 0.2, 0.03


def series_coefficients(fan_in):
    """C(2j, j)/4^j, highest j first (arXiv 2601.17311, Lemma 1; derived here)."""
    terms = [1.0]
    for j in range((fan_in - 1) // 2):
        terms.append(terms[-1] * (2 * j + 1) / (2 * j + 2))
    return terms[::-1]


def designs_numpy():
    """Every design in a loop, all budgets of one design at once; designs that no budget pays are skipped."""
    best = np.minimum(LEAF_SCALE * BUDGETS**LEAF_EXPONENT, 1)
    chosen = np.zeros((3, BUDGETS.size), int)
    for fan_in in FAN_INS:
        terms = series_coefficients(fan_in)
        for levels in range(1, DEEPEST + 1):
            leaves = fan_in**levels
            edges = fan_in * (leaves - 1) // (fan_in - 1)
            for length in range(1, WINDOW // fan_in + 1):
                compute = (BUDGETS - 2 * length * edges) / leaves
                if compute[-1] <= 0:
                    break
                bias = np.minimum(LEAF_SCALE * np.maximum(compute, 0) ** LEAF_EXPONENT, 1)
                for _ in range(levels):
                    u = FIDELITIES[length - 1] * bias
                    y, total = 1 - u * u, terms[0]
                    for term in terms[1:]:
                        total = total * y + term
                    bias = CORRELATION * u + (1 - CORRELATION) * u * total
                won = bias > best
                best = np.where(won, bias, best)
                chosen = np.where(won, np.array([[fan_in], [length], [levels]]), chosen)
    return best, chosen


def test_design_enumeration(race):
    """W = 512, fan-ins 3 to 63, L <= 14, 200 budgets in one call: at least 10 times faster than a NumPy loop."""
    with jax.enable_x64(True):

        def ours():
            found = enumerate_designs(
                BUDGETS, WINDOW, FIDELITIES, CORRELATION, LEAF_EXPONENT, LEAF_SCALE, FAN_INS, DEEPEST
            )
            return jax.block_until_ready(found)

        found, (best, chosen) = ours().best, designs_numpy()
        # Rounding of at most 14 levels.
        np.testing.assert_allclose(found.bias, best, rtol=1e-12)
        designs = np.stack([found.fan_in, found.message_length, found.levels])
        np.testing.assert_array_equal(designs, chosen)
        ratio = race(ours, designs_numpy, rounds=3)
    assert ratio >= 10
