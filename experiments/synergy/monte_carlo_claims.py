"""What simulations of nodes, pools and broadcast trees must show, and which error bars they deserve."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from scipy import stats

import theory.synergy as theory
from experiments.claim import Claim, Decoy, Sharp, Source
from experiments.comparison import Agreement
from experiments.estimates import bias_of_votes
from experiments.evidence import Mean, Proportion, Variance
from experiments.laws import elementwise

PAPER = "2601.17311"
HERE = Source("derived here")
FIGURE_DEPTHS = (10, 30)
SPREAD_LEVELS = (2, 5, 10)


def _along(axis: xr.DataArray | xr.IndexVariable, parts: Sequence[xr.DataArray]) -> xr.DataArray:
    return xr.concat(parts, axis)


def _at_levels(ds: xr.Dataset, levels: tuple[int, ...]) -> xr.Dataset:
    return ds.isel(level=list(levels)).assign_coords(level=list(levels))


def _by_level(levels: tuple[int, ...], law: Callable[[int], xr.DataArray]) -> xr.DataArray:
    return _along(xr.IndexVariable("level", list(levels)), [law(level) for level in levels])


def _tree(ds: xr.Dataset) -> dict:
    return {"fan_in": int(ds.fan_in), "fidelity": float(ds.fidelity), "initial_bias": float(ds.initial_bias)}


def _root_bias(ds: xr.Dataset, depth: int) -> xr.DataArray:
    return elementwise(lambda rho: theory.root_bias(correlation=rho, depth=depth, **_tree(ds)), ds.correlation)


def _pool_error(ds: xr.Dataset, depth: int) -> theory.PoolError:
    size = int(ds.pool_size)
    found = theory.pool_error(correlation=ds.correlation.values, depth=depth, pool_size=size, **_tree(ds))
    return theory.PoolError(*(ds.correlation.copy(data=np.asarray(part)) for part in found))


def _pool_law(ds: xr.Dataset, depth: int, reading: Callable) -> xr.DataArray:
    """`reading(law, correlation)` of the pool's law at each correlation, one after another to save memory."""

    def read(rho):
        law = theory.pool_law(correlation=rho, depth=depth, pool_size=int(ds.pool_size), **_tree(ds))
        return reading(law, rho)

    found = jax.jit(lambda rhos: jax.lax.map(read, rhos))(jnp.asarray(ds.correlation.values))
    return xr.DataArray(np.asarray(found), {"correlation": ds.correlation}, ("correlation", "bars")[: found.ndim])


def _pool_mean(ds: xr.Dataset) -> xr.DataArray:
    return _by_level(FIGURE_DEPTHS, lambda depth: _pool_law(ds, depth, lambda law, rho: law.mean[-1]))


def _share_beyond(ds: xr.Dataset) -> xr.DataArray:
    """Probability that a pool's mean lies beyond `bars` naive standard errors of the root bias."""
    bars, size = jnp.asarray(ds.bars.values), int(ds.pool_size)

    def at(depth: int) -> xr.DataArray:
        def reading(law, rho):
            exact = theory.root_bias(correlation=rho, depth=depth, **_tree(ds))
            reach = bars * theory.binomial_standard_error(exact, size)
            return law.outside(exact - reach, exact + reach)

        return _pool_law(ds, depth, reading).assign_coords(bars=ds.bars)

    return _by_level(FIGURE_DEPTHS, at)


def _normal_share_beyond(ds: xr.Dataset, levels_of_noise: Callable[[int], int]) -> xr.DataArray:
    """The same if the error is normal, with the variance of so many levels' independent votes."""

    def at(depth: int) -> xr.DataArray:
        share = 2 * stats.norm.sf(ds.bars / np.sqrt(levels_of_noise(depth)))
        return ds.correlation * 0 + ds.bars.copy(data=share)

    return _by_level(FIGURE_DEPTHS, at)


def _spread(ds: xr.Dataset, fresh: float) -> xr.DataArray:
    """Variance by the recursion, with the share `fresh` of the last level's own noise."""

    def at(level: int) -> xr.DataArray:
        own = (1 - _root_bias(ds, level) ** 2) / ds.pool_size
        return _pool_error(ds, level).variance - (1 - fresh) * own

    return _by_level(SPREAD_LEVELS, at)


def _node(law: Callable) -> Callable[[xr.Dataset], xr.DataArray]:
    """A map of one level at every fan-in, correlation and bias."""

    def predict(ds: xr.Dataset) -> xr.DataArray:
        gamma = float(ds.fidelity)
        return _along(
            ds.fan_in,
            [elementwise(lambda rho, u, b=b: law(b, rho, gamma, u), ds.correlation, ds.bias) for b in ds.fan_in.values],
        )

    return predict


def _drawn(ds: xr.Dataset) -> xr.Dataset:
    """The figure's pools from rho = 0.2 on: nearer to 0 a pool's mean is too skew at depth 30 for a normal interval."""
    return ds.sel(correlation=slice(0.199, None))


def _drawn_mean(ds: xr.Dataset, shared: bool) -> xr.DataArray:
    ds = _drawn(ds)
    seen = ds if shared else ds.assign_coords(correlation=ds.correlation * 0)
    means = [_root_bias(seen, depth) + _pool_error(seen, depth).bias for depth in ds.depth.values]
    return _along(ds.depth, means).assign_coords(correlation=ds.correlation)


def _drawn_points(ds: xr.Dataset) -> Mean:
    ds = _drawn(ds)
    seeds = ds.sizes["replicate"]
    return Mean(ds.root_bias.mean("replicate"), ds.standard_error.mean("replicate") / np.sqrt(seeds))


def _broadcast(start: Callable) -> Callable[[xr.Dataset], xr.DataArray]:
    def predict(ds: xr.Dataset) -> xr.DataArray:
        theta = ds.edge_correlation
        trees = zip(ds.fan_in.values, ds.depth.values, strict=True)
        roots = [elementwise(lambda t, b=b, d=d: theory.root_bias(b, 0.0, t, start(t), d), theta) for b, d in trees]
        return _along(xr.IndexVariable("tree", np.arange(ds.sizes["tree"])), roots).drop_vars("tree")

    return predict


CLAIMS = (
    Claim(
        id="synergy/C7",
        kind="equality",
        statement="A node that hears votes of bias u, all copies of one with probability rho, else independent, "
        "decides with bias rho u + (1 - rho) f_b(u)",
        source=Source(PAPER, "Def. 2 and Lemma 3, eq. 19"),
        experiment="synergy/copied-votes",
        predict=_node(theory.level_map),
        observe=lambda ds: bias_of_votes(ds.right, ds.nodes),
        comparison=Agreement(resolution=0.02),
        decoy=Decoy("votes are copied before the channel, not after it", _node(theory.pre_channel_map)),
    ),
    Claim(
        id="synergy/C7-correlation",
        kind="equality",
        statement="Any two votes that a node hears are then correlated by exactly rho",
        source=Source(PAPER, "Lemma 15"),
        experiment="synergy/copied-votes",
        predict=lambda ds: ds.correlation,
        observe=lambda ds: Mean(ds.pair_correlation, ds.pair_correlation_error, samples=ds.nodes),
        comparison=Agreement(resolution=0.05),
        decoy=Decoy(
            "the channel thins the correlation, as it does when sent votes are copied",
            lambda ds: elementwise(
                lambda rho, u: theory.received_correlation(rho, float(ds.fidelity), u), ds.correlation, ds.bias
            ),
        ),
    ),
    Claim(
        id="synergy/C46",
        kind="equality",
        statement="The mean of a pool of n resampled votes has variance V_{l+1} = T'(mu_l)^2 V_l + (1 - mu_{l+1}^2)/n",
        source=HERE,
        experiment="synergy/explicit-pools",
        predict=lambda ds: _spread(ds, 1.0),
        observe=lambda ds: Variance(_at_levels(ds, SPREAD_LEVELS).variance, ds.pools),
        # An eighth of the standard deviation.
        comparison=Agreement(resolution=0.25, relative=True),
        decoy=Decoy("the last level adds no noise of its own", lambda ds: _spread(ds, 0.0)),
    ),
    Claim(
        id="synergy/C46-bias",
        kind="equality",
        statement="The mean of a pool is biased, by the amount that the Markov chain of its binomial levels gives",
        source=HERE,
        experiment="synergy/collapsed-pools",
        predict=_pool_mean,
        observe=lambda ds: Mean(
            _at_levels(ds, FIGURE_DEPTHS)["mean"],
            np.sqrt(_at_levels(ds, FIGURE_DEPTHS).variance / ds.pools),
            samples=ds.pools,
            dof=ds.pools - 1,
        ),
        comparison=Agreement(resolution=0.007),
        decoy=Decoy(
            "the pool is unbiased",
            lambda ds: _by_level(FIGURE_DEPTHS, lambda depth: _root_bias(ds, depth)),
        ),
    ),
    Claim(
        id="synergy/C47",
        kind="equality",
        statement="Votes resampled level by level carry the error bar sqrt((1 - mu_L^2)/n) of n independent votes: "
        "1, 2 and 4.5 bars leave out 32%, 4.6% and 7 in a million",
        source=Source(PAPER, "Fig. 11, n = 50,000; scheme not stated"),
        experiment="synergy/collapsed-pools",
        predict=lambda ds: _normal_share_beyond(ds, lambda depth: 1),
        observe=lambda ds: Proportion(_at_levels(ds, FIGURE_DEPTHS).beyond, ds.pools),
        comparison=Agreement(resolution=0.05),
        decoy=Decoy(
            "every level adds the noise of n votes and none amplifies it",
            lambda ds: _normal_share_beyond(ds, lambda depth: depth + 1),
        ),
        sharp=Sharp(
            "Each level carries the noise below it on by the slope T' and adds its own: the bars leave out what the "
            "Markov chain of binomial levels gives, up to 94%, 88% and 74%",
            _share_beyond,
        ),
    ),
    Claim(
        id="synergy/C47-points",
        kind="equality",
        statement="Pools of 50,000 explicit votes lie at mu_L + d_L within the bars of the variance recursion",
        source=HERE,
        experiment="synergy/pools",
        predict=lambda ds: _drawn_mean(ds, True),
        observe=_drawn_points,
        comparison=Agreement(resolution=0.14),
        decoy=Decoy("nobody's errors are shared", lambda ds: _drawn_mean(ds, False)),
    ),
    Claim(
        id="synergy/C52",
        kind="equality",
        statement="A bit broadcast down a b-ary tree of edge correlation theta is guessed back by recursive majority "
        "with bias T^L(1) at rho = 0, gamma = theta",
        source=HERE,
        experiment="synergy/broadcast",
        predict=_broadcast(jnp.ones_like),
        observe=lambda ds: bias_of_votes(ds.right, ds.roots),
        comparison=Agreement(resolution=0.045),
        decoy=Decoy("the leaves are read through one more edge", _broadcast(lambda theta: theta)),
    ),
)
