"""What the continuous warm-up claims (arXiv 2601.17311, sec. 3), held against drawn errors and covariance matrices."""

from __future__ import annotations

from functools import cache

import jax
import numpy as np
import xarray as xr

from experiments.claim import Agreement, Claim, Decoy, Ordering, Sharp, Source
from experiments.estimates import mean_of, paired_difference, rounding
from experiments.evidence import Exact
from theory import synergy

EPS = float(np.finfo(np.float64).eps)
# A level sums b^2 <= 81 positive numbers and three more factors: half an eps each.
LEVEL_ERRORS = 42
# Half of what the rival reading of the correlation adds to the risk at the third level (19 per cent).
RESOLUTION = 0.1

DRAWN, LEVELS = "synergy/gaussian-organisations", "synergy/continuous-levels"


@cache
def _compiled(law):
    return jax.jit(law)


def _on(law, *coordinates):
    """A closed form on a dataset's coordinates, compiled once instead of operation by operation."""
    return xr.apply_ufunc(_compiled(law), *coordinates)


def _tree(law):
    """A closed form of (fan_in, correlation, noise_variance, leaf_variance, depth) on the drawn organisations."""
    return lambda ds: _on(law, ds.fan_in, ds.correlation, ds.noise_variance, ds.leaf_variance, ds.depth)


def _level(law):
    """The same on every level of the covariance recursion."""
    return lambda ds: _on(law, ds.fan_in, ds.correlation, ds.noise_variance, ds.leaf_variance, ds.level).transpose(
        *ds.risk.dims
    )


def _star(ds):
    agents = ds.fan_in**ds.depth
    return _on(synergy.star_variance, agents, ds.correlation, ds.noise_variance, ds.leaf_variance)


def _chain(ds, edges=0):
    return _on(synergy.chain_variance, ds.noise_variance, ds.leaf_variance, ds.depth + edges)


def _risk(name):
    return lambda ds: mean_of(ds[name], "replicate")


def _readings(post, everywhere):
    reading = xr.IndexVariable("reading", ["received copies", "equicorrelated leaves"])
    return xr.concat([post, everywhere], reading)


def _deeper(ds):
    """Organisations of two levels or more, since with one a tree is a star, in the setting of the two floors."""
    setting = (ds.correlation == 0.2) & (ds.noise_variance == 0.05) & (ds.leaf_variance == 1)
    return ds.isel(organisation=np.flatnonzero(ds.depth >= 2), setting=np.flatnonzero(setting))


def _floor(ds):
    return _on(synergy.communication_floor, ds.fan_in, ds.correlation, ds.noise_variance)


def _starting(ds, below: bool):
    return ds.isel(design=np.flatnonzero((ds.leaf_variance < 0.01) == below))


def _step_ratio(ds):
    steps = ds.risk.diff("level")
    ratio = steps.isel(level=1, drop=True) / steps.isel(level=0, drop=True)
    largest = ds.risk.isel(level=slice(3)).max("level")
    # Two differences of risks two levels deep, the second weighed by a ratio below 1.
    error = 2 * 2 * 2 * LEVEL_ERRORS * EPS * largest / abs(steps.isel(level=0, drop=True))
    return Exact(ratio, error, "rounding of the two differences, two levels of positive sums")


def _increments(ds):
    risk = _starting(ds, below=True).risk.isel(level=slice(9))
    steps = risk.diff("level", label="lower")
    error = 2 * 8 * LEVEL_ERRORS * EPS * risk.isel(level=slice(1, None)).assign_coords(level=steps.level)
    return Exact(steps, error, "rounding of a difference, at most eight levels of positive sums")


def _first_increments(ds):
    low = _starting(ds, below=True)
    first = _level(synergy.tree_variance)(low).diff("level", label="lower").isel(level=0, drop=True)
    return first.expand_dims(level=np.arange(8)).transpose("fan_in", "design", "level")


def _depths(ds):
    depth = _starting(ds, below=False).depth_to_floor
    return Exact(depth, 0.0, "a whole number: no design lies within rounding of a step of the ceiling")


def _predicted_depth(ds, floor_subtracted=True):
    high = _starting(ds, below=False)
    floor = 0 if floor_subtracted else _floor(high)
    leaf = high.leaf_variance + floor
    real = _on(synergy.depth_to_floor, high.fan_in, high.correlation, high.noise_variance, leaf, high.excess)
    return np.ceil(real).transpose("fan_in", "design")


def _centre_lead(ds):
    """By how much the star's risk exceeds that of a tree over the very same leaves."""
    deep = _deeper(ds)
    return paired_difference(deep.star, deep.global_tree, "replicate")


def _no_lead(ds):
    return xr.zeros_like(_star(_deeper(ds)))


CLAIMS = (
    Claim(
        id="synergy/C24-gaussian-star",
        kind="equality",
        statement="a star of N averaging agents has risk v0 (1 + (N - 1) rho)/N + sigma2/N",
        source=Source("2601.17311", "eq. 7"),
        experiment=DRAWN,
        predict=_star,
        observe=_risk("star"),
        comparison=Agreement(resolution=RESOLUTION, relative=True),
        decoy=Decoy(
            "the hub's channels share one noise, which then is not averaged",
            lambda ds: _star(ds) + ds.noise_variance * (1 - 1 / ds.fan_in**ds.depth),
        ),
    ),
    Claim(
        id="synergy/C24-gaussian-chain",
        kind="equality",
        statement="a chain of L edges has risk v0 + L sigma2",
        source=Source("2601.17311", "eq. 8"),
        experiment=DRAWN,
        predict=_chain,
        observe=_risk("chain"),
        comparison=Agreement(resolution=RESOLUTION, relative=True),
        decoy=Decoy("one edge more", lambda ds: _chain(ds, edges=1)),
    ),
    Claim(
        id="synergy/C26",
        kind="equality",
        statement="a tree whose siblings share errors afresh at each level has risk "
        "a^L v0 + (sigma2/b)(1 - a^L)/(1 - a), a = rho + (1 - rho)/b",
        source=Source("2601.17311", "eqs. 9-10"),
        experiment=DRAWN,
        predict=_tree(synergy.tree_variance),
        observe=_risk("sibling_tree"),
        comparison=Agreement(resolution=RESOLUTION, relative=True),
        decoy=Decoy("copies are made after the channel, noise and all", _tree(synergy.tree_variance_post_channel)),
    ),
    Claim(
        id="synergy/C26-readings",
        kind="equality",
        statement="copies of received messages give v -> a (v + sigma2); one correlation among all leaves gives "
        "v0 (rho + (1 - rho)/N) + sigma2 (1 - 1/N)/(b - 1)",
        source=Source("derived here"),
        experiment=DRAWN,
        predict=lambda ds: _readings(
            _tree(synergy.tree_variance_post_channel)(ds), _tree(synergy.tree_variance_global)(ds)
        ),
        observe=lambda ds: mean_of(_readings(ds.received_tree, ds.global_tree), "replicate"),
        comparison=Agreement(resolution=RESOLUTION, relative=True),
        decoy=Decoy(
            "both as if siblings alone shared errors",
            lambda ds: _readings(_tree(synergy.tree_variance)(ds), _tree(synergy.tree_variance)(ds)),
        ),
    ),
    Claim(
        id="synergy/C26-levels",
        kind="identity",
        statement="the closed form of the risk is that of averaging covariance matrices, level by level",
        source=Source("2601.17311", "eqs. 9-10"),
        experiment=LEVELS,
        predict=_level(synergy.tree_variance),
        # Twelve levels, and in the closed form a power 12 log a <= 27 whose rounding the exponential magnifies.
        observe=lambda ds: rounding(ds.risk, 12 * LEVEL_ERRORS + 80),
        comparison=Agreement(),
        decoy=Decoy("copies are made after the channel, noise and all", _level(synergy.tree_variance_post_channel)),
    ),
    Claim(
        id="synergy/C26-floor",
        kind="identity",
        statement="whatever its leaves, an endless tree has risk sigma2/((b - 1)(1 - rho))",
        source=Source("2601.17311", "eq. 11"),
        experiment=LEVELS,
        predict=lambda ds: _floor(ds).transpose(*ds.floor.dims),
        # Each level passes on a <= 13/15 of the error it received.
        observe=lambda ds: rounding(ds.floor, LEVEL_ERRORS * 7.5 + 10),
        comparison=Agreement(),
        decoy=Decoy(
            "b in place of b - 1", lambda ds: (_floor(ds) * (ds.fan_in - 1) / ds.fan_in).transpose(*ds.floor.dims)
        ),
    ),
    Claim(
        id="synergy/C26-rate",
        kind="rate",
        statement="each level shrinks the distance to the floor by a = rho + (1 - rho)/b",
        source=Source("2601.17311", "eq. 12"),
        experiment=LEVELS,
        predict=lambda ds: _on(synergy.contraction, ds.fan_in, ds.correlation),
        observe=_step_ratio,
        comparison=Agreement(),
        decoy=Decoy("the shared part counted twice, rho + 1/b", lambda ds: ds.correlation + 1 / ds.fan_in),
    ),
    Claim(
        id="synergy/C27",
        kind="ordering",
        statement="leaves better than the floor are spoilt by depth: v_{L+1} > v_L wherever v0 < v*",
        source=Source("2601.17311", "after eq. 12"),
        experiment=LEVELS,
        predict=lambda ds: xr.zeros_like(_first_increments(ds)),
        observe=_increments,
        comparison=Ordering(),
        decoy=Decoy("every level adds as much as the first", _first_increments),
    ),
    Claim(
        id="synergy/C28",
        kind="equality",
        statement="the least depth within (1 + epsilon) of the floor is ceil(ln((v0 - v*)/(epsilon v*))/ln(1/a))",
        source=Source("2601.17311", "eq. 13"),
        experiment=LEVELS,
        predict=_predicted_depth,
        observe=_depths,
        comparison=Agreement(),
        decoy=Decoy("the floor not subtracted from v0", lambda ds: _predicted_depth(ds, floor_subtracted=False)),
    ),
    Claim(
        id="synergy/D2",
        kind="ordering",
        statement="trees evade the correlation floor of the star: over the same leaves, any two correlated by rho, "
        "the tree's risk lies below the star's",
        source=Source("2601.17311", "sec. 3, eqs. 7 and 10 compared at equal N and rho"),
        experiment=DRAWN,
        predict=_no_lead,
        observe=_centre_lead,
        comparison=Ordering(),
        decoy=Decoy(
            "the lead of a tree whose correlation is drawn afresh at each level",
            lambda ds: _star(_deeper(ds)) - _tree(synergy.tree_variance)(_deeper(ds)),
        ),
        sharp=Sharp(
            "the star is never worse: the tree adds sigma2 ((1 - 1/N)/(b - 1) - 1/N), the noise of its inner edges",
            lambda ds: _star(_deeper(ds)) - _tree(synergy.tree_variance_global)(_deeper(ds)),
            Agreement(resolution=0.005),
        ),
    ),
    Claim(
        id="synergy/D2-siblings",
        kind="ordering",
        statement="from two levels on, a tree whose siblings' correlation is drawn afresh at each level undercuts the "
        "star of the same N and rho, here at rho = .2, sigma2 = .05, v0 = 1",
        source=Source("derived here"),
        experiment=DRAWN,
        predict=_no_lead,
        observe=lambda ds: mean_of(_deeper(ds).star - _deeper(ds).sibling_tree, "replicate"),
        comparison=Ordering(),
        decoy=Decoy(
            "by as much as if it stood at its floor already", lambda ds: _star(_deeper(ds)) - _floor(_deeper(ds))
        ),
    ),
)
