"""Sections 2.11, 4.9 and 5.7 of the specification: divergences (T10, T15) and the free energy's optimum."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.stats import norm

from theory import governance
from theory.governance.free_energy import minimiser

from .bodies import compiled, fresh, grown, quickly

kl, mixed = compiled("gaussian_divergence"), compiled("mixture_divergence")


def moments(seed, size=4):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(size, size))
    return governance.Moments(rng.normal(size=size), root @ root.T + 0.1 * np.eye(size))


def joined(p, q):
    blocks = np.block([[p.covariance, np.zeros((4, 4))], [np.zeros((4, 4)), q.covariance]])
    return governance.Moments(np.concatenate([p.mean, q.mean]), blocks)


@pytest.mark.parametrize("seed", range(5))
def test_t10_gaussian_divergence_properties(seed):
    p, q, r, s = (moments(4 * seed + i) for i in range(4))
    assert kl(p, q) > 0
    assert_allclose(kl(p, p), 0, atol=1e-13)
    spread = np.random.default_rng(seed).normal(size=(4, 4)) + 3 * np.eye(4)
    moved = [governance.Moments(spread @ m.mean + 2, spread @ m.covariance @ spread.T) for m in (p, q)]
    assert_allclose(kl(*moved), kl(p, q), rtol=1e-9)
    assert_allclose(kl(joined(p, r), joined(q, s)), kl(p, q) + kl(r, s), rtol=1e-10)


def test_eq_2_11_as_printed():
    p, q = moments(1), moments(2)
    inverse, apart = np.linalg.inv(q.covariance), q.mean - p.mean
    volumes = np.linalg.slogdet(q.covariance)[1] - np.linalg.slogdet(p.covariance)[1]
    terms = [np.trace(inverse @ p.covariance) - 4, apart @ inverse @ apart, volumes]
    parts = governance.gaussian_divergence_parts(p, q)
    assert_allclose(parts, np.array(terms) / 2, rtol=1e-10)
    assert_allclose(parts.total, sum(terms) / 2, rtol=1e-10)


def test_eq_5_7_rank_one():
    direction = np.random.default_rng(0).normal(size=30)
    direction /= np.linalg.norm(direction)
    quiet = governance.Moments(np.zeros(30), np.eye(30))
    for strength in (0.01, 1.0, 10.0):
        pulsed = governance.Moments(np.zeros(30), np.eye(30) + strength * np.outer(direction, direction))
        assert_allclose(governance.rank_one_divergence(strength), kl(pulsed, quiet), rtol=1e-11, atol=30 * 1e-15)
    assert_allclose(governance.rank_one_divergence(10.0), 3.80, atol=5e-3)
    # (s - ln(1 + s))/2 = s^2/4 - s^3/6 for small s, where the difference cancels.
    with mpmath.workdps(40):
        exact = (mpmath.mpf("1e-4") - mpmath.log1p(mpmath.mpf("1e-4"))) / 2
    assert_allclose(governance.rank_one_divergence(1e-4), float(exact), rtol=1e-11)


def test_eq_5_7_mixture_divergence_in_one_dimension():
    weights, means, deviations = np.array([0.6, 0.3, 0.1]), np.array([0.0, 1.0, -3.0]), np.array([1.0, 0.5, 0.7])
    mixture = governance.Mixture(weights, means[:, None], (deviations**2)[:, None, None])
    reference = governance.Moments(np.array([0.2]), np.array([[1.3]]))

    def integrand(x):
        density = weights @ norm.pdf(x, means, deviations)
        return density * (np.log(density) - norm.logpdf(x, 0.2, 1.3**0.5))

    exact = quad(integrand, -9, 9, epsabs=1e-10, limit=200)[0]
    normals = np.random.default_rng(0).normal(size=(20_000, 1))
    found = mixed(mixture, reference, normals)
    assert abs(found.value - exact) < 4 * found.standard_error
    assert found.standard_error < 0.005
    assert found.lower <= exact <= found.upper


def test_eq_5_7_one_component_is_a_gaussian():
    p, q = moments(1), moments(2)
    single = governance.Mixture(np.ones(1), p.mean[None], p.covariance[None])
    found = mixed(single, q, np.random.default_rng(1).normal(size=(8, 4)))
    assert_allclose(found.value, kl(p, q), rtol=1e-12)
    assert_allclose([found.lower, found.upper], kl(p, q), rtol=1e-12)
    assert_allclose(found.standard_error, 0, atol=1e-14)


def test_eq_5_7_a_history_without_weight_adds_nothing():
    p, q = moments(1), moments(2)
    normals = np.random.default_rng(1).normal(size=(8, 4))
    both = governance.Mixture(np.array([1.0, 0.0]), np.stack([p.mean, q.mean]), np.stack([p.covariance, q.covariance]))
    assert_allclose(mixed(both, q, normals).value, kl(p, q), rtol=1e-12)
    slope = quickly(jax.grad(lambda w: governance.mixture_divergence(both._replace(weights=w), q, normals).value))(
        both.weights
    )
    assert np.all(np.isfinite(slope))


def test_eq_5_7_falls_with_the_share_of_the_body():
    """Exact divergences are several times the published estimates, and highest for tit-for-tat."""
    normals = np.random.default_rng(0).normal(size=(24, 30))

    @quickly
    def curve(body):
        def at(share):
            mixture = governance.history_mixture(body, share, 0.9)
            return governance.mixture_divergence(mixture, governance.quiet_moments(body), normals)

        return jax.lax.map(at, jnp.array([0.0, 0.5, 1.0]))

    for seed in range(2):
        found = curve(grown(30, seed))
        assert np.all(found.lower <= found.value)
        assert np.all(found.value <= found.upper)
        assert found.value[0] > found.value[1] > 0.9 * found.value[2]
        assert found.value[0] > 2  # 4.55 on average over 20 reservoirs; the published estimate is 1.23


def test_t15_gradient_of_the_cost_by_differences():
    body = fresh(6)
    cost = quickly(jax.value_and_grad(lambda share: governance.state_cost(body, share, 0.9)))
    step = 1e-5
    assert_allclose(cost(0.4)[1], (cost(0.4 + step)[0] - cost(0.4 - step)[0]) / (2 * step), rtol=1e-5)


def test_prop_4_10_optimum_is_where_the_slope_turns():
    body = grown(6)
    shares = np.linspace(0, 1, 201)
    energy = quickly(jax.vmap(governance.free_energy, (None, 0, None, None)))
    for price in (1.0, 3.0):
        curve = np.asarray(energy(body, shares, 0.9, price))
        assert abs(compiled("optimal_share")(body, 0.9, price) - shares[np.argmin(curve)]) <= 0.005 + 1e-12


def test_prop_4_10_optimum_moves_implicitly_and_stops_at_the_ends():
    @quickly
    @jax.value_and_grad
    def best(centre):
        return minimiser(lambda share: jnp.cosh(3 * (share - centre)))

    assert_allclose(best(0.37), (0.37, 1.0), rtol=1e-12)
    assert_allclose(best(1.4), (1.0, 0.0))
    assert_allclose(best(-0.3), (0.0, 0.0))


def test_prop_4_10_parts_of_the_free_energy():
    body, share, price = grown(6), 0.4, 3.0
    energy = compiled("free_energy")
    earned = governance.expected_payoff(compiled("action_law")(body, share, 0.9).mean, 0.9)
    expected = price * compiled("state_cost")(body, share, 0.9) - earned
    assert_allclose(energy(body, share, 0.9, price), expected, rtol=1e-12)
    free = energy(body, share, 0.9, 0.0)
    assert_allclose(free, -earned, rtol=1e-12)


def test_bad_arguments_are_refused_by_name():
    p, q = moments(1), moments(2, size=3)
    with pytest.raises(ValueError, match=r"`q` must have shapes \(4,\)"):
        governance.gaussian_divergence(p, q)
    with pytest.raises(ValueError, match=r"`p\.mean` must be finite"):
        governance.gaussian_divergence(p._replace(mean=np.full(4, np.inf)), p)
    single = governance.Mixture(np.ones(1), p.mean[None], p.covariance[None])
    with pytest.raises(ValueError, match=r"`normals` must have shape \(draws >= 2, 4\)"):
        governance.mixture_divergence(single, p, np.ones((1, 4)))
    with pytest.raises(ValueError, match="`strength` must lie"):
        governance.rank_one_divergence(-1.0)
    with pytest.raises(ValueError, match="`price` must lie"):
        governance.free_energy(fresh(4), 0.5, 0.9, -1.0)
