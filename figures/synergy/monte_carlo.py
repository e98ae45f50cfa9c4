"""The paper's one data figure, with the error bars its points deserve."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import matplotlib.figure
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

import theory.synergy as theory
from figures import style
from figures.figure import Figure

# Two standard errors, for an interval of 95%.
REACH = 2.0
FAR = 4.5


def _tree(ds: xr.Dataset) -> dict:
    return {"fan_in": int(ds.fan_in), "fidelity": float(ds.fidelity), "initial_bias": float(ds.initial_bias)}


def _root_bias(ds: xr.Dataset, depth: int, correlation) -> np.ndarray:
    return np.asarray(theory.root_bias(correlation=correlation, depth=depth, **_tree(ds)))


def _naive(bias: np.ndarray, votes: int) -> np.ndarray:
    return np.asarray(theory.binomial_standard_error(bias, votes))


def _deviations(ds: xr.Dataset, depths: list[int], correlation: np.ndarray) -> np.ndarray:
    """Standard error of a pool's mean by its exact law, at each depth and correlation."""
    size = int(ds.pool_size)

    def one(rho):
        law = theory.pool_law(correlation=rho, depth=max(depths), pool_size=size, **_tree(ds))
        return jnp.sqrt(law.variance[jnp.asarray(depths)])

    return np.asarray(jax.jit(lambda rhos: jax.lax.map(one, rhos))(jnp.asarray(correlation))).T


def _bars(axes: Axes, x, y, deviation, index: int, **options) -> None:
    style.simulation_points(axes, x, y, (y - REACH * deviation, y + REACH * deviation), index, **options)


def _points(axes: Axes, pools: xr.Dataset, trees: xr.Dataset, depth: int, deviation: np.ndarray) -> None:
    """Trees where they could be grown, pools elsewhere; naive bars behind, the bars of the pool's law before them."""
    here = pools.sel(depth=depth)
    grown = trees.sel(correlation=trees.correlation if depth == int(trees.depth) else [])
    is_pool = ~np.isin(here.correlation.values, grown.correlation.values)
    rho, size = here.correlation.values[is_pool], int(pools.pool_size)
    bias = here.root_bias.values[is_pool]
    naive = _naive(_root_bias(pools, depth, rho), size)
    grey = {"color": style.PALE, "elinewidth": 2.4, "capsize": 0, "marker": "none", "zorder": 2.5}
    # Beside the pool's own bar, since behind it the naive one would vanish.
    _bars(axes, rho + 0.011, bias[:, 0], naive, 0, **grey)
    _bars(axes, rho, bias[:, 0], deviation[is_pool], 0)
    axes.plot(rho, bias[:, 1:], ".", color=style.COLOURS[0], markersize=2.5, zorder=3)
    if grown.correlation.size:
        seen = 2 * grown.right.values / int(grown.roots) - 1
        _bars(axes, grown.correlation.values, seen, _naive(seen, int(grown.roots)), 5, marker="s")
    z = abs(bias - _root_bias(pools, depth, rho)[:, None]) / naive[:, None]
    axes.annotate(
        f"{int((z > FAR).sum())} of {z.size} pools lie more than\n{FAR} naive standard errors\nfrom the exact curve",
        (0.98, 0.72),
        xycoords="axes fraction",
        ha="right",
        va="top",
        fontsize=7.0,
    )


def simulation(pools: xr.Dataset, trees: xr.Dataset, replicated: xr.Dataset) -> matplotlib.figure.Figure:
    """Root bias against correlation at each depth (above), and how much the naive bar must be stretched (below)."""
    depths = [int(depth) for depth in pools.depth.values]
    figure, axes = style.canvas(2, len(depths), height=5.4, sharex=True, height_ratios=(1.7, 1))
    threshold = float(theory.critical_correlation(int(pools.fan_in), float(pools.fidelity)))
    fine = np.linspace(0, float(pools.correlation.max()), 321)
    coarse = np.linspace(0, float(pools.correlation.max()), 33)
    at_points = _deviations(pools, depths, pools.correlation.values)
    on_line = _deviations(replicated, depths, coarse)
    for column, depth in enumerate(depths):
        above, below = axes[:, column]
        style.theory_line(above, fine, _root_bias(pools, depth, fine), 6, linestyle="-")
        _points(above, pools, trees, depth, at_points[column])
        style.phase_boundary(above, threshold, rf"$\rho_c={threshold:.4f}$")
        above.axhline(0, color=style.PALE, linewidth=0.6, zorder=0)
        above.set_ylabel(rf"bias of the root $\mu_{{{depth}}}$")
        above.set_title(f"$L={depth}$")

        size = int(replicated.pool_size)
        naive = _naive(_root_bias(replicated, depth, coarse), size)
        error = theory.pool_error(correlation=coarse, depth=depth, pool_size=size, **_tree(replicated))
        style.theory_line(below, coarse, on_line[column] / naive, 0)
        style.theory_line(below, coarse, np.sqrt(error.variance) / naive, 5, linestyle=":")
        rho = replicated.correlation.values
        measured = np.sqrt(replicated.variance.isel(level=depth)) / _naive(_root_bias(replicated, depth, rho), size)
        below.plot(rho, measured, **_measured())
        style.phase_boundary(below, threshold, "")
        below.axhline(1, color=style.PALE, linewidth=2.0, zorder=0)
        below.set_ylim(0, None)
        below.set_ylabel("standard error / naive")
        below.set_xlabel(r"correlation $\rho$")
        below.annotate(
            f"line: law of a pool\ncircles: spread of {int(replicated.pools):,} pools",
            (0.98, 0.95),
            xycoords="axes fraction",
            ha="right",
            va="top",
            fontsize=7.0,
        )
    style.label_panels(axes.ravel())
    figure.legend(handles=_legend(pools, trees), loc="outside lower center", ncols=3)
    return figure


def _measured() -> dict:
    return {
        "color": style.COLOURS[0],
        "marker": "o",
        "markerfacecolor": "white",
        "linestyle": "none",
        "markersize": 3.4,
    }


def _legend(pools: xr.Dataset, trees: xr.Dataset) -> list[Line2D]:
    blue, red = style.COLOURS[0], style.COLOURS[5]
    circle, square = ({"marker": marker, "markerfacecolor": "white"} for marker in "os")
    pool, tree = f"pool of {int(pools.pool_size):,} votes", f"{int(trees.roots):,} exact trees"
    return [
        Line2D([], [], color=style.COLOURS[6], label=r"exact recursion $\mu_L$"),
        Line2D([], [], color=blue, **circle, label=f"{pool}, 95% bar of its law"),
        Line2D([], [], color=blue, marker=".", markersize=3, linestyle="none", label="more such pools"),
        Line2D([], [], color=style.PALE, linewidth=2.4, label=r"naive 95% bar $2\sqrt{(1-\mu_L^2)/n}$"),
        Line2D([], [], color=red, **square, label=f"{tree}, naive bar"),
        Line2D([], [], color=red, linestyle=":", label=r"second-order recursion $\sqrt{V_L}$"),
    ]


FIGURES = (
    Figure(
        name="synergy/simulation",
        experiments=("synergy/pools", "synergy/exact-trees", "synergy/collapsed-pools"),
        draw=simulation,
        caption="Bias of the root against the correlation of received votes (copies made after the channel), b = 5, "
        "gamma = 0.6, mu_0 = 0.05, L = 10 and 30, n = 50,000; the dashed vertical marks rho_c = 5/21. Circles are "
        "pools of n votes resampled level by level, with the 95% bar of the pool's own law; squares are n independent "
        "exact trees, grown where copied subtrees make that affordable; the grey bars are those of n independent "
        "votes. Below: the standard error of a pool's mean in units of the naive one, by its law (line), by the "
        "second-order recursion (dotted; too small at L = 30 below rho = 0.1) and measured on thousands of pools "
        "(circles, error below marker size). The paper states neither scheme, grid nor seed.",
        counterpart="v1 Fig. 11",
    ),
)
