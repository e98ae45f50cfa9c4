"""The Monte Carlo claims on quick data: the verdicts the ledger expects, and that other data would change them."""

import jax
import numpy as np
import pytest

from experiments.synergy.monte_carlo import BARS, EXPLICIT_POOLS
from experiments.synergy.monte_carlo_claims import CLAIMS, FIGURE_DEPTHS, SPREAD_LEVELS
from tests.experiments.synergy.quick import dataset, finding, finding_on, shortcomings
from theory.synergy import pool_error, pool_law

BY_ID = {claim.id.removeprefix("synergy/"): claim for claim in CLAIMS}


def test_verdicts_are_those_of_the_ledger_and_every_decoy_is_rejected():
    assert not shortcomings(CLAIMS)


@pytest.mark.parametrize(
    ("id", "experiment", "change"),
    [
        ("C7", "copied-votes", lambda ds: ds.assign(right=ds.right - 4000)),
        ("C7-correlation", "copied-votes", lambda ds: ds.assign(pair_correlation=1.05 * ds.pair_correlation)),
        ("C46", "explicit-pools", lambda ds: ds.assign(variance=1.4 * ds.variance)),
        ("C46-bias", "collapsed-pools", lambda ds: ds.assign(mean=ds["mean"] + 0.006)),
        ("C47-points", "pools", lambda ds: ds.assign(root_bias=ds.root_bias + 0.05)),
        ("C52", "broadcast", lambda ds: ds.assign(right=ds.right - 400)),
    ],
)
def test_perturbed_data_refute_the_claim(id, experiment, change):
    assert finding_on(BY_ID[id], experiment, change).verdict == "refuted"


def test_c47_would_hold_for_independent_votes():
    ds = dataset("collapsed-pools")
    shares = np.array([0.31731, 0.04550, 6.8e-6])
    independent = ds.assign(beyond=ds.beyond * 0 + np.round(int(ds.pools) * shares).astype(int))
    found = finding(BY_ID["C47"], collapsed_pools=independent)
    assert (found.verdict, found.sharp_holds) == ("holds", False)


def test_c47_a_fifth_of_the_grid_lies_beyond_four_and_a_half_naive_bars():
    far = dataset("collapsed-pools").beyond.isel(level=list(FIGURE_DEPTHS)).sel(bars=BARS[-1])
    # The specification's own 136 pools gave about 18%; their share has a standard error of 3%.
    assert abs(float(far.mean()) / int(dataset("collapsed-pools").pools) - 0.18) < 0.06


def test_c46_the_terms_that_the_variance_recursion_leaves_out_are_small_here():
    ds = dataset(EXPLICIT_POOLS.name.removeprefix("synergy/"))
    fixed = int(ds.fan_in), float(ds.fidelity), float(ds.initial_bias)
    depth, size = max(SPREAD_LEVELS), int(ds.pool_size)

    @jax.vmap
    def ratio(rho):
        law = pool_law(fixed[0], rho, *fixed[1:], depth, size, points=401)
        return law.variance[-1] / pool_error(fixed[0], rho, *fixed[1:], depth, size).variance

    np.testing.assert_allclose(jax.jit(ratio)(ds.correlation.values), 1, atol=0.012)
