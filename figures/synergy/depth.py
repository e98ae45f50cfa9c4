"""How the transition sharpens with depth, and how deep a tree must be."""

from __future__ import annotations

from functools import partial

import jax
import matplotlib.figure
import numpy as np
import xarray as xr
from matplotlib.ticker import LogLocator, NullFormatter

from experiments.laws import by_number
from figures import style
from figures.figure import Figure
from theory import synergy as theory

DEPTHS = (10, 20, 40, 80, 160, 320)


def finite_size(finite: xr.Dataset, near: xr.Dataset) -> matplotlib.figure.Figure:
    """(a) bias against correlation at six depths; (b) the same near threshold, collapsed."""
    figure, axes = style.canvas(1, 2, height=3.3)
    (left, right), threshold = axes[0], float(theory.critical_correlation(5, 0.6))
    style.label_panels([left, right])

    curve = np.linspace(0.0, 0.45, 181)
    climb = jax.jit(partial(theory.bias_trajectory, 5, depth=DEPTHS[-1]))
    biases = np.asarray(climb(curve, 0.6, 0.5))
    rest = np.asarray(jax.jit(partial(theory.fixed_point, 5))(curve, 0.6))
    left.plot(curve, rest, color=style.INK, linewidth=2.6, alpha=0.45, zorder=1, label=r"$\mu^*$ ($L\to\infty$)")
    shown = finite.root_bias.sel(initial_bias=0.5)
    every = slice(None, None, max(1, finite.sizes["correlation"] // 24))
    for i, depth in enumerate(DEPTHS):
        style.theory_line(left, curve, biases[depth], i)
        points = shown.sel(depth=float(depth)).isel(correlation=every)
        left.plot(points.correlation, points, **_marks(i), label=f"$L={depth}$")
    style.phase_boundary(left, threshold, r"$\rho_c=5/21$")
    left.set(xlabel=r"correlation $\rho$", ylabel=r"bias $\mu_L$", xlim=(0, 0.45), ylim=(0, 0.72))
    left.legend(loc="lower left")

    z = np.linspace(-3.4, 6.4, 200)
    right.plot(z, theory.finite_depth_scaling(z), color=style.INK, label=r"$\sqrt{z/(1-e^{-2z})}$")
    series = [(0, depth) for depth in (30, 100, 300, 3000)] + [(1, 3000)]
    for i, (system, depth) in enumerate(series):
        row = near.isel(system=system).sel(depth=depth)
        row = row.isel(scaled_distance=np.flatnonzero((row.correlation >= 0) & (row.correlation <= 1)))
        b, fidelity = int(row.fan_in), float(row.fidelity)
        cubic = by_number(theory.cubic_coefficient, row.fan_in, row.correlation, fidelity)
        scaled = row.root_bias.sel(level=float(depth)) * np.sqrt(cubic * depth)
        right.plot(row.scaled_distance, scaled, **_marks(i), label=rf"$b={b}$, $\gamma={fidelity:g}$, $L={depth}$")
    style.phase_boundary(right, 0.0, r"$\alpha=1$")
    right.set(xlabel=r"$z=(\alpha-1)\,L$", ylabel=r"$\mu_L\sqrt{\kappa_3 L}$", xlim=(-3.4, 6.4), ylim=(0, 2.7))
    right.legend(loc="lower right")
    return figure


def _marks(index: int) -> dict:
    return {
        "color": style.COLOURS[index % len(style.COLOURS)],
        "marker": style.MARKERS[index % len(style.MARKERS)],
        "markerfacecolor": "white",
        "linestyle": style.DASHES[index % len(style.DASHES)],
        "linewidth": 0.0,
        "zorder": 3,
    }


def mixing_depth(ds: xr.Dataset) -> matplotlib.figure.Figure:
    """One panel a fan-in: mixing depth against alpha - 1, its bounds shaded, its law near threshold as a line."""
    fan_ins = [int(b) for b in ds.fan_in.values]
    figure, axes = style.canvas(1, len(fan_ins), height=3.1, sharey=True)
    style.label_panels(axes[0])
    fidelity, start = float(ds.fidelity), float(ds.initial_bias)
    theirs = (ds.fan_in, ds.correlation, ds.fidelity)
    rest = by_number(theory.fixed_point, *theirs)
    scaling = jax.jit(theory.mixing_depth_scaling)
    law = rest.copy(data=scaling(start / rest.values, ds.shortfall.broadcast_like(rest).transpose(*rest.dims).values))
    shortfalls = ds.shortfall.reset_coords(drop=True)
    lower, upper = by_number(theory.mixing_depth_bounds, *theirs, ds.initial_bias, shortfalls)
    for panel, fan_in in zip(axes[0], fan_ins, strict=True):
        for i, shortfall in enumerate(ds.shortfall.values):
            here = {"fan_in": fan_in, "shortfall": shortfall}
            row = ds.sel(here)
            good = {"gain_excess": np.flatnonzero(row.code == 0)}
            row, excess = row.isel(good), row.gain_excess.values[good["gain_excess"]]
            name = rf"$\varepsilon={shortfall:g}$"
            panel.fill_between(
                excess,
                lower.sel(here).isel(good),
                upper.sel(here).isel(good),
                color=style.COLOURS[i],
                alpha=(0.22, 0.3)[i % 2],
                linewidth=0,
                hatch=("", "////")[i % 2],
                edgecolor=style.COLOURS[i],
                label=f"bounds, {name}",
            )
            limit = law.sel(here).isel(good) / excess
            style.theory_line(panel, excess, limit, i, label=f"law near threshold, {name}")
            # Few enough points that the line shows between them.
            every = slice(None, None, max(1, excess.size // 16))
            ends = (row.fewest_levels.values[every], row.most_levels.values[every])
            style.simulation_points(panel, excess[every], ends[1], ends, i, label=rf"$L_{{\mathrm{{mix}}}}$, {name}")
        guide = np.array([1.5e-3, 1.2e-2])
        panel.plot(guide, 0.22 / guide, color=style.PALE, linewidth=1.0)
        panel.annotate("slope $-1$", (4.6e-3, 0.24 / 4.6e-3), fontsize=7.0, color=style.INK, ha="left", va="bottom")
        panel.set(xscale="log", yscale="log", xlabel=r"$\alpha-1$", xlim=(8e-4, 0.24))
        panel.set_title(rf"$b={fan_in}$, $\gamma={fidelity:g}$, $\mu_0={start:g}$")
        panel.xaxis.set_minor_locator(LogLocator(subs=range(2, 10)))
        panel.xaxis.set_minor_formatter(NullFormatter())
    axes[0, 0].set_ylabel(r"mixing depth $L_{\mathrm{mix}}(\varepsilon)$ (levels)")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure


FIGURES = (
    Figure(
        name="synergy/finite-size",
        experiments=("synergy/finite-size", "synergy/near-threshold"),
        draw=finite_size,
        caption="Sharpening with depth. (a) Bias after L levels against the correlation of received votes, fan-in 5, "
        "fidelity 0.6, leaf bias 0.5: lines are the theory, points the simulated recursion, the grey line the fixed "
        "point of an infinitely deep tree. At depth 10 to 40 the transition at rho_c = 5/21 is a smooth crossover. "
        "(b) The same law near threshold: bias times sqrt(kappa3 L) against z = (alpha - 1) L, correlation tuned at "
        "each point, leaf bias 0.5; points where no correlation in [0, 1] gives the gain are left out.",
    ),
    Figure(
        name="synergy/mixing-depth",
        experiments=("synergy/mixing-near-threshold",),
        draw=mixing_depth,
        caption="Levels needed to come within a relative distance epsilon of the fixed point, from leaf bias 0.01 at "
        "fidelity 0.8, the correlation tuned to the gain alpha: simulated recursion (points), explicit lower and upper "
        "bound (shaded), and the law [logit (1-eps)^2 - logit (mu0/mu*)^2]/(2 (alpha-1)) of the limit alpha -> 1 "
        "(lines). The mixing depth diverges as 1/(alpha-1).",
    ),
)
