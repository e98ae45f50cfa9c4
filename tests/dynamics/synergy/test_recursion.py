"""The recursion against high-precision vote counts, SciPy's laws and the specification's tables."""

from functools import partial

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis.strategies import floats, sampled_from
from scipy import integrate, stats

from dynamics import synergy
from dynamics.synergy import (
    BETA_BINOMIAL,
    GLOBAL_CAUSE,
    INDEPENDENT,
    LEAVES_COPIED,
    PROBIT,
    RECEIVED_COPIED,
    SENT_COPIED,
    Sharing,
    Urn,
)

EPS = np.finfo(float).eps
trajectory = jax.jit(synergy.trajectory, static_argnames=("fan_in", "depth", "sharing"))
final_bias = jax.jit(synergy.final_bias, static_argnames=("fan_in", "depth", "sharing"))
level_map = jax.jit(synergy.level_map, static_argnames=("fan_in", "sharing"))
LAWS = [RECEIVED_COPIED, SENT_COPIED, LEAVES_COPIED, GLOBAL_CAUSE, INDEPENDENT, BETA_BINOMIAL, PROBIT]


def counted_majority(fan_in, u):
    """P(more right than wrong) - P(more wrong than right) for independent votes, with 40 digits."""
    with mpmath.workdps(40):
        p = (1 + mpmath.mpf(u)) / 2
        right = range((fan_in + 1) // 2, fan_in + 1)
        return 2 * sum(mpmath.binomial(fan_in, j) * p**j * (1 - p) ** (fan_in - j) for j in right) - 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("fan_in", "ulps"), [(1, 1), (3, 2), (5, 2), (9, 3), (51, 8), (101, 16)])
def test_eq_17_majority_counts_votes_at_every_scale(fan_in, ulps, dtype):
    u = np.concatenate([np.logspace(-8, 0, 17), np.linspace(0.3, 1, 15)]).astype(dtype)
    value = np.asarray(level_map(fan_in, dtype(0), dtype(1), u))
    exact = np.array([float(counted_majority(fan_in, float(x))) for x in u])
    assert value.dtype == dtype
    # Horner over k = (b-1)/2 positive terms; measured 13 eps at fan-in 101
    np.testing.assert_allclose(value.astype(float), exact, rtol=ulps * np.finfo(dtype).eps)


def test_eq_18_slope_at_zero_is_table_t1():
    slopes = [jax.grad(partial(level_map, b, 0.0, 1.0))(0.0) for b in (3, 5, 7, 9, 11, 13)]
    np.testing.assert_allclose(slopes, [3 / 2, 15 / 8, 35 / 16, 315 / 128, 693 / 256, 3003 / 1024], rtol=4 * EPS)


T5 = {  # rho: (mu_10, mu_30), b=5, gamma=.6, mu0=.05
    0.0: (0.158964296768, 0.658448465820),
    0.05: (0.126249797193, 0.516710056015),
    0.1: (0.099538753037, 0.333079374272),
    0.15: (0.0779207461583, 0.179934605355),
    0.2: (0.0605650212598, 0.087973884367),
    5 / 21: (0.0497446975468, 0.0492456132218),
    0.25: (0.0467367012069, 0.0409058682893),
    0.3: (0.0357998429683, 0.0184355907936),
    0.4: (0.0205211544535, 0.00347080742307),
    0.5: (0.0113745096333, 0.000590310503359),
    0.6: (0.00607303525133, 8.97635e-5),
    0.7: (0.0031083160367, 1.20275e-5),
    0.8: (0.00151598898406, 1.39469e-6),
}


def test_table_t5_figure_11_of_the_paper():
    rhos = jnp.array(list(T5))
    paths = jax.jit(jax.vmap(lambda rho: trajectory(5, rho, 0.6, 0.05, 30)))(rhos)
    expected = np.array(list(T5.values()))
    np.testing.assert_allclose(paths[:, 10], expected[:, 0], rtol=5e-11)  # 11 digits are given
    np.testing.assert_allclose(paths[:10, 30], expected[:10, 1], rtol=1e-11)
    np.testing.assert_allclose(paths[10:, 30], expected[10:, 1], rtol=5e-6)  # 6 digits are given
    np.testing.assert_allclose(final_bias(5, rhos, 0.6, 0.05, 30), paths[:, 30], rtol=100 * EPS)


@pytest.mark.parametrize(
    ("fan_in", "rho", "gamma", "start", "values"),
    [
        (5, 0.1, 0.6, 0.05, {1: 0.0535946332012, 5: 0.07068089217, 20: 0.191824767189, 40: 0.466875381523}),
        (5, 0.4, 0.6, 0.05, {1: 0.0457297554675, 5: 0.0320170423349, 40: 0.00142769924776}),
        (5, 0.2, 0.6, 0.9, {1: 0.77431095072, 10: 0.46891415236, 40: 0.335440217394}),
        (3, 0.2, 0.9, 0.02, {10: 0.198570528985, 20: 0.902393119702, 40: 0.944262852581}),
        (7, 0.5, 0.6, 0.5, {10: 0.233637586554, 40: 0.0536499702116}),
    ],
)
def test_figure_f3_trajectories(fan_in, rho, gamma, start, values):
    path = trajectory(fan_in, rho, gamma, start, 40)
    np.testing.assert_allclose(path[jnp.array(list(values))], list(values.values()), rtol=1e-11)


def test_figure_f7_finite_size_sharpening():
    rhos = jnp.array([0.15, 0.2, 0.22, 5 / 21, 0.26, 0.3])
    rows = {
        10: [0.47018064, 0.39954165, 0.37210608, 0.34789562, 0.31952316, 0.27084216],
        40: [0.45489185, 0.32643899, 0.26976243, 0.21930835, 0.16326763, 0.085282709],
        160: [0.4539969, 0.30598542, 0.21707663, 0.11917571, 0.03392148, 0.0015831908],
        320: [0.45399689, 0.30583926, 0.21310217, 0.085632979, 0.005278084, 8.01e-6],
    }
    for depth, row in rows.items():
        np.testing.assert_allclose(final_bias(5, rhos, 0.6, 0.5, depth)[:5], row[:5], atol=5.1e-9)
        np.testing.assert_allclose(final_bias(5, 0.3, 0.6, 0.5, depth), row[5], rtol=1e-3)


SLOPES_7_2 = {
    (RECEIVED_COPIED, 3, 0.2): 1.4,
    (BETA_BINOMIAL, 3, 0.2): 1.266667,
    (PROBIT, 3, 0.2): 1.272423,
    (BETA_BINOMIAL, 5, 0.1): 1.582365,
    (PROBIT, 5, 0.1): 1.586709,
    (BETA_BINOMIAL, 5, 0.5): 1.111458,
    (PROBIT, 5, 0.5): 1.124343,
    (BETA_BINOMIAL, 7, 0.3): 1.310018,
    (PROBIT, 7, 0.3): 1.326001,
}


@pytest.mark.parametrize(("law", "fan_in", "rho"), SLOPES_7_2)
def test_7_2_slopes_by_joint_law(law, fan_in, rho):
    slope = jax.grad(lambda u: level_map(fan_in, rho, 1.0, u, law))(0.0)
    assert abs(slope - SLOPES_7_2[law, fan_in, rho]) < 1e-6  # six decimals, cut off rather than rounded


@pytest.mark.parametrize(
    ("fan_in", "gamma", "sent", "urn"),
    [
        (3, 0.8, 0.78125, 0.2192235936),
        (5, 0.6, 0.5190167746, 0.0658693917),
        (7, 0.6, 0.8241294556, 0.1191306449),
        (9, 0.5, 0.7019565925, 0.0637391740),
    ],
)
def test_7_2_critical_correlation_by_law(fan_in, gamma, sent, urn):
    for law, rho in ((SENT_COPIED, sent), (BETA_BINOMIAL, urn)):
        gain = jax.grad(lambda u, law=law, rho=rho: level_map(fan_in, rho, gamma, u, law))(0.0)
        assert abs(gain - 1) < 5e-10 * 20  # rho has 10 digits and d gain/d rho is below 20


def test_beta_binomial_map_is_scipys_law():
    u = np.linspace(-0.9, 0.9, 7)
    for rho in (0.05, 0.3, 0.9):
        strength = 1 / rho - 1
        for fan_in in (3, 5, 9):
            law = stats.betabinom(fan_in, strength * (1 + u) / 2, strength * (1 - u) / 2)
            expected = 1 - 2 * law.cdf((fan_in - 1) // 2)
            np.testing.assert_allclose(level_map(fan_in, rho, 1.0, u, BETA_BINOMIAL), expected, atol=1e-12)


@pytest.mark.parametrize("rho", [0.05, 0.5, 0.9])
def test_probit_map_is_an_integral_over_the_common_factor(rho):
    latent, u = np.sin(np.pi * rho / 2), 0.3
    centre = stats.norm.ppf((1 + u) / 2)

    def integrand(z):
        p = stats.norm.cdf((centre + np.sqrt(latent) * z) / np.sqrt(1 - latent))
        return stats.norm.pdf(z) * (1 - 2 * stats.binom.cdf(2, 5, p))

    expected = integrate.quad(integrand, -9, 9, points=[-centre / np.sqrt(latent)], epsabs=1e-13, limit=400)[0]
    np.testing.assert_allclose(level_map(5, rho, 1.0, u, PROBIT), expected, atol=1e-11)


@pytest.mark.parametrize("law", LAWS)
def test_trivial_cases_are_exact(law):
    assert trajectory(5, 0.3, 0.7, 0.4, 0, law) == pytest.approx([0.4], abs=EPS)
    assert final_bias(5, 0.3, 0.7, 0.4, 0, law) == pytest.approx(0.4, abs=EPS)
    np.testing.assert_allclose(trajectory(5, 0.3, 1.0, 1.0, 3, law), np.ones(4), rtol=4 * EPS)  # never wrong
    np.testing.assert_allclose(trajectory(1, 0.3, 0.7, 0.4, 3, law), 0.4 * 0.7 ** np.arange(4), rtol=1e-12)  # chain
    assert np.all(np.asarray(trajectory(5, 0.3, 0.7, 0.0, 3, law)) < 1e-15)


def test_full_correlation_relays_one_child():
    np.testing.assert_allclose(trajectory(5, 1.0, 0.7, 0.4, 3), 0.4 * 0.7 ** np.arange(4), rtol=4 * EPS)
    for law in (RECEIVED_COPIED, BETA_BINOMIAL, PROBIT):
        np.testing.assert_allclose(level_map(5, 1.0, 0.7, 0.4, law), 0.28, rtol=4 * EPS)
    assert level_map(5, 1.0, 0.7, 0.4, SENT_COPIED) == pytest.approx(0.4 * float(counted_majority(5, 0.7)))


def test_7_1_leaf_and_global_sharing_unfold_into_simpler_recursions():
    leaves = trajectory(5, 0.3, 0.7, 0.2, 6, LEAVES_COPIED)
    first = level_map(5, 0.3, 0.7, 0.2)
    np.testing.assert_allclose(leaves[1:], trajectory(5, 0.0, 0.7, first, 5), rtol=4 * EPS)
    world = [trajectory(5, 0.0, 0.7, start, 6) for start in (1.0, 0.2)]
    expected = 0.3 * 0.2 * world[0] + 0.7 * world[1]
    np.testing.assert_allclose(trajectory(5, 0.3, 0.7, 0.2, 6, GLOBAL_CAUSE), expected, rtol=4 * EPS)
    for law in LAWS:
        path = trajectory(5, 0.3, 0.7, 0.2, 6, law)
        np.testing.assert_allclose(final_bias(5, 0.3, 0.7, 0.2, 6, law), path[-1], rtol=20 * EPS)


def test_7_5_schedules_act_leaves_first():
    fidelities, rhos = jnp.array([0.6, 0.9, 0.8]), jnp.array([0.0, 0.5, 0.2])
    u, expected = 0.3, [0.3]
    for gamma, rho in zip(fidelities, rhos, strict=True):
        u = level_map(5, rho, gamma, u)
        expected.append(float(u))
    np.testing.assert_allclose(trajectory(5, rhos, fidelities, 0.3, 3), expected, rtol=4 * EPS)


@given(
    b=sampled_from([1, 3, 5, 9]),
    law=sampled_from([RECEIVED_COPIED, SENT_COPIED, BETA_BINOMIAL]),
    rho=floats(0, 1),
    gamma=floats(0, 1),
    u=floats(-1, 1),
)
def test_every_level_map_is_odd_and_bounded(b, law, rho, gamma, u):
    up, down = level_map(b, rho, gamma, u, law), level_map(b, rho, gamma, -u, law)
    assert abs(up + down) <= 4 * EPS
    assert abs(up) <= 1 + 8 * EPS
    assert up * u >= 0


def test_float32_follows_float64():
    for law in LAWS:
        path = trajectory(5, np.float32(0.15), np.float32(0.7), np.float32(0.01), 20, law)
        assert path.dtype == jnp.float32
        # 20 levels of gain 1.2 amplify rounding of the parameters; the probit sum cancels
        exact = trajectory(5, np.float64(np.float32(0.15)), float(np.float32(0.7)), float(np.float32(0.01)), 20, law)
        np.testing.assert_allclose(path, exact, rtol=1e-3 if law is PROBIT else 4e-6)


@pytest.mark.parametrize("law", [RECEIVED_COPIED, GLOBAL_CAUSE, BETA_BINOMIAL])
def test_gradients_match_finite_differences(law):
    point, step = jnp.array([0.2, 0.7, 0.1]), 1e-5

    def root(x):
        return final_bias(5, x[0], x[1], x[2], 3, law)

    @jax.jit
    def slopes(x):
        sides = jax.vmap(root)(x + step * jnp.concatenate([jnp.eye(3), -jnp.eye(3)]))
        return (sides[:3] - sides[3:]) / (2 * step), jax.grad(root)(x), jax.jacfwd(root)(x)

    numeric, reverse, forward = slopes(point)
    np.testing.assert_allclose(reverse, numeric, rtol=1e-8, atol=1e-9)  # step^2 f_xxx and eps/step
    np.testing.assert_allclose(forward, reverse, rtol=100 * EPS)


def test_jit_and_vmap_change_nothing():
    rhos, gammas = jnp.linspace(0, 1, 5), jnp.linspace(0.2, 1, 4)
    grid = synergy.final_bias(9, rhos[:, None], gammas, 0.05, 12)
    mapped = jax.jit(jax.vmap(jax.vmap(lambda r, g: final_bias(9, r, g, 0.05, 12), (None, 0)), (0, None)))
    looped = [[trajectory(9, r, g, 0.05, 12)[-1] for g in gammas] for r in rhos]
    # 12 levels of Horner's rule, fused or not
    np.testing.assert_allclose(mapped(rhos, gammas), grid, rtol=200 * EPS)
    np.testing.assert_allclose(grid, looped, rtol=200 * EPS)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (dict(fan_in=4), "`fan_in` must be odd, but is 4"),
        (dict(fan_in=-1), "`fan_in` must be at least 1, but is -1"),
        (dict(correlation=1.2), r"`correlation` must lie in \[0.0, 1.0\], but is 1.2"),
        (dict(fidelity=-0.1), "`fidelity` must lie in"),
        (dict(initial_bias=np.nan), "`initial_bias` must lie in .* but is nan"),
        (dict(depth=-2), "`depth` must be at least 0, but is -2"),
        (dict(sharing=Sharing(Urn(), "sent")), "`sharing` must be a convention whose recursion closes"),
    ],
)
def test_refusals_name_the_argument(bad, words):
    good = dict(fan_in=5, correlation=0.1, fidelity=0.7, initial_bias=0.1, depth=3)
    for function in (synergy.trajectory, synergy.final_bias):
        with pytest.raises(ValueError, match=words):
            function(**{**good, **bad})
    with pytest.raises(ValueError, match="one number for a global cause"):
        synergy.trajectory(5, jnp.array([0.1, 0.2]), 0.7, 0.1, 2, GLOBAL_CAUSE)
