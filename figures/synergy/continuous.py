"""F2: the floor of a tree that averages, and the floor of a star."""

from __future__ import annotations

import matplotlib.figure
import numpy as np
import xarray as xr

from experiments.estimates import mean_of
from figures import style
from figures.figure import Figure
from theory import synergy

DEPTH = 12


def two_floors(ds: xr.Dataset) -> matplotlib.figure.Figure:
    """Error variance against depth: three kinds of leaves, one floor; the star and the chain beside them.

    ds: gaussian-organisations.  Drawn for the fan-in of the first organisation and the correlation and noise of the
    first setting; leaves of other settings that share both are drawn too.
    """
    shared = (ds.correlation == ds.correlation[0]) & (ds.noise_variance == ds.noise_variance[0])
    ds = ds.isel(organisation=np.flatnonzero(ds.fan_in == ds.fan_in[0]), setting=np.flatnonzero(shared))
    fan_in, rho, noise = int(ds.fan_in[0]), float(ds.correlation[0]), float(ds.noise_variance[0])
    levels = np.arange(DEPTH + 1)
    drawing, ((panel,),) = style.canvas(width=5.4, height=3.9)

    for i, leaf in enumerate(ds.leaf_variance.values):
        risk = synergy.tree_variance(fan_in, rho, noise, leaf, levels)
        style.theory_line(panel, levels, risk, i, label=f"tree, $v_0={leaf:g}$")
        _points(panel, ds.isel(setting=i), "sibling_tree", i)
    first = ds.isel(setting=0)
    leaf = float(first.leaf_variance)
    star = synergy.star_variance(fan_in**levels, rho, noise, leaf)
    for index, name, risk in ((5, "star", star), (6, "chain", synergy.chain_variance(noise, leaf, levels))):
        style.theory_line(panel, levels, risk, index, label=f"{name}, $v_0={leaf:g}$")
        _points(panel, first, name, index)
    floor = float(synergy.communication_floor(fan_in, rho, noise))
    for height, words in (
        (floor, rf"tree's floor $v^*=\sigma^2/((b-1)(1-\rho))={floor:.6g}$"),
        (rho * leaf, rf"star's floor $\rho v_0={rho * leaf:g}$"),
    ):
        style.phase_boundary(panel, height, words, vertical=False)
        panel.texts[-1].set(position=(0, -3), va="top")
    panel.legend(loc="center", bbox_to_anchor=(0.66, 0.735), ncols=2, handlelength=3.2)
    panel.set(
        yscale="log",
        xlim=(-0.3, DEPTH + 0.3),
        xlabel=r"depth $L$ (star: $N=b^L$ leaves; chain: $L$ edges)",
        ylabel=r"error variance of the root $v_L$",
    )
    return drawing


def _points(panel, ds: xr.Dataset, name: str, index: int, **options) -> None:
    """Means over replicates with 95% intervals."""
    seen = mean_of(ds[name], "replicate")
    style.simulation_points(panel, ds.depth.values, seen.value.values, seen.interval(0.05), index, **options)


FIGURES = (
    Figure(
        name="synergy/two-floors",
        experiments=("synergy/gaussian-organisations",),
        draw=two_floors,
        caption="Two floors. Error variance of the root against depth for b = 5, rho = 0.2, sigma2 = 0.05 and leaves "
        "of variance v0 = 1, 0.2 and 0.005; lines: closed forms, points: drawn Gaussian errors, siblings copying one "
        "another with probability rho before the channel, means with 95% intervals (Student t over replicates). Every "
        "tree ends at v*, from below as well, so that depth harms leaves that are better than v*. The star's rho v0 is "
        "the floor of leaves that are all correlated with one another, which siblings correlated afresh at each level "
        "are not: see star-chain-tree.",
        counterpart="v1 Fig. 3",
    ),
)
