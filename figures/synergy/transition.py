"""Figures of the phase transition: cobwebs and orbits, and the phase diagrams of correlation, fidelity and message."""

from __future__ import annotations

import matplotlib.patheffects as effects
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from experiments.evidence import Crossing, Exact
from experiments.synergy.orbits import EPS, level_rounding
from figures import style
from figures.figure import Figure
from theory import synergy as theory

LEAF_EXPONENTS = (0.2, 0.3)
WEAK_ROOT = 0.1
WINDOW = 128
EXACT = {"capsize": 0, "elinewidth": 0, "markersize": 3.2}
HALO = [effects.withStroke(linewidth=2.6, foreground="white")]
TAG = {"boxstyle": "square,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}


def _cobweb(panel: Axes, ds: xr.Dataset, correlation: float) -> None:
    """The level map over the diagonal, and the simulated orbits as staircases between them."""
    orbits = ds.sel(correlation=correlation)
    fan_in, fidelity = int(ds.fan_in), float(ds.fidelity)
    u = np.linspace(0.0, 1.0, 301)
    panel.plot(u, u, color=style.PALE, linewidth=0.8, zorder=1)
    style.theory_line(panel, u, theory.level_map(fan_in, correlation, fidelity, u), 0, label=r"$T(\mu)$")
    for i, start in enumerate(orbits.initial_bias.values, 1):
        bias = orbits.bias.sel(initial_bias=start).values
        x = np.repeat(bias, 2)[:-1]
        y = np.concatenate([[0.0], np.repeat(bias[1:], 2)])
        stairs = {**style.series(5 * i), "linestyle": "-", "linewidth": 0.8}
        panel.plot(x, y, zorder=3, label=rf"orbit from $\mu_0={start:g}$", **stairs)
        panel.plot(bias[0], 0.0, style.MARKERS[i], color=stairs["color"], markersize=4.5, clip_on=False, zorder=4)
    gain = float(theory.effective_gain(fan_in, correlation, fidelity))
    settled = float(theory.fixed_point(fan_in, correlation, fidelity))
    if settled > 0:
        panel.plot(settled, settled, "o", color=style.INK, markersize=4.5, zorder=5)
        panel.annotate(
            rf"$\mu^*={settled:.3f}$", (settled, settled), (5, -10), textcoords="offset points", fontsize=7.0
        )
    panel.set(
        xlim=(0, 1),
        ylim=(0, 1),
        aspect="equal",
        xlabel=r"bias $\mu_l$",
        ylabel=r"bias one level up $\mu_{l+1}$",
        title=rf"$\rho={correlation:g}$,  $\alpha={gain:.5g}$",
    )
    panel.legend(loc="upper left")


def cobweb(ds: xr.Dataset):
    """Two cobwebs, above and below threshold, and their orbits against the level."""
    figure, panels = style.canvas(2, 2, height=6.2, height_ratios=(1.45, 1))
    above, below = ds.correlation.values[:2]
    for panel, correlation in zip(panels[0], (above, below), strict=True):
        _cobweb(panel, ds, correlation)
    for panel in panels[1]:
        panel.remove()
    orbits = figure.add_subplot(panels[1, 0].get_gridspec()[1, :])
    level = ds.level.values
    fan_in, fidelity = int(ds.fan_in), float(ds.fidelity)
    for c, correlation in enumerate((above, below)):
        for s, start in enumerate(ds.initial_bias.values):
            curve = theory.bias_trajectory(fan_in, correlation, fidelity, start, level.size - 1)
            label = rf"$\rho={correlation:g}$" if s == 0 else None
            style.theory_line(orbits, level, curve, c, label=label)
            seen = ds.bias.sel(correlation=correlation, initial_bias=start).values[2 * c :: 4]
            style.simulation_points(orbits, level[2 * c :: 4], seen, (seen, seen), c, **EXACT)
    settled = float(theory.fixed_point(fan_in, above, fidelity))
    style.phase_boundary(orbits, settled, rf"$\mu^*={settled:.3f}$ ($\rho={above:g}$)", vertical=False, at=0.99)
    orbits.set(xlim=(0, level[-1]), ylim=(0, 1), xlabel="level $l$", ylabel=r"bias $\mu_l$")
    orbits.set_title(rf"$b={fan_in}$,  $\gamma={fidelity:g}$")
    orbits.legend(loc="upper right", title="lines: closed form\npoints: simulation", title_fontsize=7)
    style.label_panels([*panels[0], orbits])
    return figure


def _field(panel: Axes, x: xr.DataArray, y: xr.DataArray, ds: xr.Dataset):
    """The order parameter: the middle of the simulated enclosure of the limit, with the weak-root contour."""
    middle = ((ds.limit_low + ds.limit_high) / 2).transpose(y.name, x.name)
    image = panel.pcolormesh(
        x, y, middle, cmap=style.FIELD, vmin=0, vmax=1, shading="nearest", rasterized=True, zorder=0
    )
    root = ds.root_bias.transpose(y.name, x.name)
    panel.contour(x, y, root, levels=[WEAK_ROOT], colors="white", linewidths=2.6, zorder=2)
    panel.contour(x, y, root, levels=[WEAK_ROOT], colors=style.INK, linewidths=1.1, linestyles=[(0, (1, 1))], zorder=2)
    return image


def _boundary(panel: Axes, x, y, index: int, text: str, at: int, offset: tuple[float, float], **options):
    """A theory boundary with its name beside its `at`-th point."""
    panel.annotate(
        text, (x[at], y[at]), offset, textcoords="offset points", fontsize=6.5, color=style.INK, bbox=TAG, zorder=5
    )
    look = {"color": style.INK, "linestyle": style.DASHES[index], "linewidth": 1.3, "path_effects": HALO, "zorder": 3}
    return panel.plot(x, y, **look, **options)[0]


def _keys(figure, ds: xr.Dataset, handles: list, columns: int, found: str) -> None:
    """The legend common to both phase diagrams, below the panels."""
    finite = rf"$\mu_{{{int(ds.depth)}}}={WEAK_ROOT:g}$ from $\mu_0={float(ds.initial_bias):g}$"
    dotted = Line2D([], [], color=style.INK, linewidth=1.1, linestyle=(0, (1, 1)))
    hatched = Patch(facecolor="none", edgecolor=style.PALE, hatch="////", linewidth=0)
    labels = [*(handle.get_label() for handle in handles), finite, r"signals die, $s\leq 0$"]
    figure.legend(
        [*handles, dotted, hatched],
        labels,
        loc="outside lower center",
        ncols=columns,
        title=found,
        title_fontsize=7,
        handlelength=2.6,
        columnspacing=1.4,
    )


def phase_diagram(ds: xr.Dataset, thresholds: xr.Dataset):
    """mu* over correlation and fidelity, one panel for each fan-in."""
    fan_ins = np.atleast_1d(ds.fan_in.values)
    figure, [panels] = style.canvas(1, len(fan_ins), height=3.1, sharey=True)
    rho = np.linspace(float(ds.correlation.min()), float(ds.correlation.max()), 400)
    floor = float(ds.fidelity.min())
    for panel, fan_in in zip(panels, map(int, fan_ins), strict=True):
        image = _field(panel, ds.correlation, ds.fidelity, ds.sel(fan_in=fan_in))
        critical = np.asarray(theory.critical_fidelity(fan_in, rho))
        panel.fill_between(
            rho, floor, critical, facecolor="none", edgecolor=style.PALE, hatch="////", linewidth=0, zorder=1
        )
        handles = [_boundary(panel, rho, critical, 0, r"$\alpha=1$", 90, (9, -12), label=r"$\alpha=1$")]
        for i, beta in enumerate(LEAF_EXPONENTS, 1):
            line = np.asarray(theory.synergy_fidelity(fan_in, rho, beta))
            text, label = rf"$\alpha=b^{{{beta:g}}}$", rf"$\alpha=b^\beta$, $\beta={beta:g}$"
            handles.append(_boundary(panel, rho, line, i, text, 60, (-11, -3), label=label))
        if fan_in in thresholds.fan_in.values:
            seen = thresholds.sel(fan_in=fan_in)
            middle = (seen.threshold_low + seen.threshold_high) / 2
            ends = (seen.threshold_low, seen.threshold_high)
            shown = {**EXACT, "color": style.INK, "zorder": 4}
            style.simulation_points(panel, seen.correlation, middle, ends, 0, **shown)
        panel.set(xlabel=r"correlation $\rho$", title=f"$b={fan_in}$", xlim=(rho[0], rho[-1]), ylim=(floor, 1.0))
    panels[0].set_ylabel(r"fidelity $\gamma$")
    figure.colorbar(image, ax=panels, label=r"settled bias $\mu^*$", pad=0.01, aspect=28)
    _keys(figure, ds, handles, 5, "lines: closed form; circles: sign change of simulated growth")
    style.label_panels(panels)
    return figure


def message_phase_diagram(ds: xr.Dataset):
    """mu* over message length and correlation, with the lengths that survive, that pay, and that a window admits."""
    figure, [[panel]] = style.canvas(width=5.2, height=3.7)
    fan_in, channel = int(ds.fan_in), theory.ExponentialChannel(float(ds.channel_scale))
    image = _field(panel, ds.message_length, ds.correlation, ds)
    rho = np.linspace(float(ds.correlation.min()), float(ds.correlation.max()), 400)
    longest = float(ds.message_length.max())
    critical = np.asarray(theory.critical_message_length(channel, fan_in, rho))
    panel.fill_betweenx(rho, 0, critical, facecolor="none", edgecolor=style.PALE, hatch="////", linewidth=0, zorder=1)
    handles = [_boundary(panel, critical, rho, 0, "$m_c$", 330, (-17, 3), label=r"$m_c$: $\alpha=1$")]
    for i, beta in enumerate(LEAF_EXPONENTS, 1):
        line = np.asarray(theory.synergy_message_length(channel, fan_in, rho, beta))
        # No finite message pays beyond some correlation.
        inside = line <= longest
        label = rf"$m_\mathrm{{syn}}$: $\alpha=b^\beta$, $\beta={beta:g}$"
        text = rf"$m_\mathrm{{syn}}({beta:g})$"
        handles.append(_boundary(panel, line[inside], rho[inside], i, text, -1, (-36, 6), label=label))
    margin = Exact(ds.gain - 1, (level_rounding(fan_in) + 1) * EPS * ds.gain, "rounding of one level")
    seen = Crossing(margin, "message_length")
    low, high = (end[:: max(1, ds.sizes["correlation"] // 15)] for end in seen.interval(0.5))
    middle = seen.value[:: max(1, ds.sizes["correlation"] // 15)]
    bars = panel.errorbar(
        middle,
        middle.correlation,
        xerr=np.stack([middle - low, high - middle]),
        color=style.INK,
        marker="o",
        markerfacecolor="white",
        markersize=3.2,
        linestyle="none",
        elinewidth=0.9,
        zorder=4,
    )
    for bar in bars.lines[2]:
        bar.set_path_effects(HALO)
    cut = WINDOW // fan_in
    panel.axvline(cut, color="white", linewidth=2.6, zorder=2)
    panel.axvline(cut, color=style.INK, linewidth=0.9, linestyle=(0, (4, 2)), zorder=2)
    panel.annotate(
        rf"window $W={WINDOW}$: $m\leq\lfloor W/b\rfloor={cut}$",
        (cut, 0.02),
        (4, 0),
        textcoords="offset points",
        fontsize=6.5,
        color=style.INK,
        bbox=TAG,
        zorder=5,
    )
    panel.set(
        xlabel="message length $m$ (tokens)",
        ylabel=r"correlation $\rho$",
        xlim=(0.5, longest + 0.5),
        ylim=(rho[0], rho[-1]),
        title=rf"$b={fan_in}$,  $\gamma=1-e^{{-m/{float(ds.channel_scale):g}}}$",
    )
    figure.colorbar(image, ax=panel, label=r"settled bias $\mu^*$", pad=0.01, aspect=28)
    _keys(figure, ds, handles, 3, "lines: closed form; bars: whole lengths between which simulated growth sets in")
    return figure


FIGURES = (
    Figure(
        name="synergy/cobweb",
        experiments=("synergy/trajectories",),
        draw=cobweb,
        caption="The level map T above (rho = 0.1, alpha = 1.0725) and below (rho = 0.4, alpha = 0.915) threshold, "
        "with orbits from 0.05 and 0.9, and the same orbits against the level; b = 5, gamma = 0.6, 60 levels. Lines: "
        "closed forms; points: simulated recursion.",
        counterpart="v1 Fig. 6",
    ),
    Figure(
        name="synergy/phase-diagram",
        experiments=("synergy/phase-diagram", "synergy/critical-fidelity"),
        draw=phase_diagram,
        caption="Settled bias mu* over correlation rho and fidelity gamma at b = 3, 5, 9, from long simulated orbits "
        "(2000 levels from both ends). Solid: alpha = 1; dashed and dash-dotted: alpha = b^beta, above which a tree's "
        "gain outgrows one agent's at beta = 0.2 and 0.3; circles: bisected sign change of simulated growth; dotted: "
        "where 30 levels bring 0.05 to 0.1, well above the line alpha = 1; hatched: s <= 0.",
        counterpart="v1 Fig. 8",
    ),
    Figure(
        name="synergy/message-phase-diagram",
        experiments=("synergy/message-phase-diagram",),
        draw=message_phase_diagram,
        caption="Settled bias mu* over message length m and correlation rho at b = 5, gamma = 1 - exp(-m/8). Solid: "
        "m_c, where alpha = 1; dashed and dash-dotted: m_syn, where alpha = b^beta, beta = 0.2 and 0.3; bars: the "
        "two whole lengths between which simulated growth changes sign; vertical: the longest message that a window "
        "of W = 128 admits; hatched: s <= 0; dotted: where 30 levels bring 0.05 to 0.1.",
    ),
)
