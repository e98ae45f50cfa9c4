"""Figures of budgets: the frontier of scaling out against scaling up, and the phase diagrams of the budget."""

from __future__ import annotations

import jax
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch

from figures import style
from figures.figure import Figure
from theory import synergy as theory

HALO = {"color": "white", "linewidth": 3.0, "zorder": 2}
REGIMES = ("one agent", "star", "tree")
# Lightness tells the three regimes apart without colour.
SHADES = ("#f2efe6", "#9fc3dd", "#2f5f86")
KINDS = {"linewidth": 1.2, "zorder": 3}


# Both panels ask for windows of as many systems, so one compilation serves them.
_window = jax.jit(theory.synergy_window, static_argnums=0)


def _system(ds: xr.Dataset) -> dict[str, float]:
    names = ("fan_in", "message_length", "correlation", "fidelity", "leaf_exponent", "leaf_scale", "agents")
    return {name: float(ds[name]) for name in names if name in ds and ds[name].ndim == 0}


def _marks(ds: xr.Dataset) -> dict[str, float]:
    """The four budgets that part the frontier: published threshold, first depth, exact window, saturation."""
    at = _system(ds)
    fan_in, rho, gamma = int(at["fan_in"]), at["correlation"], at["fidelity"]
    length, beta, scale = at["message_length"], at["leaf_exponent"], at["leaf_scale"]
    exponent = theory.organisation_exponent(fan_in, rho, gamma)
    overhead = theory.communication_overhead(fan_in, length)
    gain = theory.effective_gain(fan_in, rho, gamma)
    window = theory.synergy_window(fan_in, rho, gamma, length, beta, scale)
    return {
        r"$B_\mathrm{crit}$": float(theory.critical_budget_growth(exponent, beta, overhead)),
        "$B_1$": float(theory.integer_depth_threshold(fan_in, length, gain, beta, 1)),
        r"$B_\mathrm{first}$": float(window.first),
        r"$B_\mathrm{last}$": float(window.last),
        r"$B_\mathrm{hi}$": float(theory.saturation_budget(theory.fixed_point(fan_in, rho, gamma), beta, scale)),
    }


def frontier(ds: xr.Dataset):
    """Bias of one agent, of the best tree by its depth and of the star, and the ratio of tree to agent."""
    figure, panels = style.canvas(2, 1, width=5.6, height=5.6, sharex=True, height_ratios=(1.7, 1))
    upper, lower = panels[:, 0]
    at = _system(ds)
    budget = 10.0**ds.log_budget.values
    exponent = theory.organisation_exponent(int(at["fan_in"]), at["correlation"], at["fidelity"])
    overhead = theory.communication_overhead(int(at["fan_in"]), at["message_length"])
    growth = np.asarray(theory.optimal_growth_bias(exponent, at["leaf_exponent"], at["leaf_scale"], overhead, budget))
    single = np.asarray(theory.leaf_bias(at["leaf_exponent"], at["leaf_scale"], budget))
    star = np.asarray(
        theory.star_bias_at_budget(
            int(at["agents"]),
            at["correlation"],
            at["fidelity"],
            at["message_length"],
            at["leaf_exponent"],
            at["leaf_scale"],
            budget,
        )
    )
    style.theory_line(upper, budget, single, 6, linestyle="-", label="one agent")
    shown = growth <= 1.25
    style.theory_line(upper, budget[shown], growth[shown], 5, linestyle=":", label="growth law")
    style.theory_line(upper, budget[star > 0], star[star > 0], 1, label=f"star of {int(at['agents'])}")
    tree, levels = ds.tree.values, ds.levels.values
    paid = tree > 0
    for depth in range(1, 8):
        part = paid & (levels == depth)
        if part.any():
            label = f"$L={depth}$" if depth > 1 else "best tree, $L=1$"
            tone = {"color": style.COLOURS[(0, 2, 4)[depth % 3]], "marker": style.MARKERS[depth % 7]}
            upper.plot(
                budget[part], tree[part], linestyle="none", markersize=3.2, markerfacecolor="white", label=label, **tone
            )
            lower.plot(
                budget[part],
                (tree / ds.single.values)[part],
                linestyle="none",
                markersize=3.2,
                markerfacecolor="white",
                **tone,
            )
    lower.axhline(1.0, color=style.INK, linewidth=0.9)
    lower.fill_between(budget, 1.0, np.maximum(tree / ds.single.values, 1.0), color=style.PALE, alpha=0.25, linewidth=0)
    marks = _marks(ds)
    for panel in (upper, lower):
        for place in marks.values():
            panel.axvline(place, color=style.INK, linewidth=0.8, linestyle=(0, (4, 2)), zorder=1)
    spots = {
        r"$B_\mathrm{crit}$": (-3, "right"),
        "$B_1$": None,
        r"$B_\mathrm{first}$": (3, "left"),
        r"$B_\mathrm{last}$": None,
        r"$B_\mathrm{hi}$": (3, "left"),
    }
    names = {
        r"$B_\mathrm{first}$": r"$B_1 \approx B_\mathrm{first}$",
        r"$B_\mathrm{hi}$": r"$B_\mathrm{last} \approx B_\mathrm{hi}$",
    }
    for name, spot in spots.items():
        if spot:
            lower.annotate(
                names.get(name, name),
                (marks[name], 0.04),
                (spot[0], 0),
                xycoords=lower.get_xaxis_transform(),
                textcoords="offset points",
                ha=spot[1],
                fontsize=7.0,
            )
    upper.set(ylabel=r"bias $\mu$", xscale="log", yscale="log", ylim=(0.05, 1.15))
    upper.set_title(
        rf"$b={int(at['fan_in'])}$, $m={at['message_length']:g}$, $\rho={at['correlation']:g}$, "
        rf"$\gamma={at['fidelity']:g}$, $\beta={at['leaf_exponent']:g}$, $k={at['leaf_scale']:g}$"
    )
    upper.legend(
        loc="lower right",
        ncols=2,
        title="lines: closed form; points: simulated recursion",
        title_fontsize=7,
        frameon=True,
        framealpha=1.0,
        edgecolor="none",
    )
    lower.set(xlabel="budget $B$ (tokens)", ylabel="best tree / one agent", xlim=(60, 1e7), ylim=(0.4, 1.58))
    style.label_panels([upper, lower])
    return figure


def _regimes(panel: Axes, ds: xr.Dataset, along: str) -> None:
    """Which of one agent, star and tree is best, as three shades."""
    stack = np.stack([ds[name].transpose(along, "log_budget").values for name in ("single", "star", "tree")])
    # A star that is the one-level tree of the same fan-in counts as a star only where it wins strictly.
    best = np.argmax(stack, axis=0)
    panel.pcolormesh(
        10.0**ds.log_budget.values,
        ds[along].values,
        best,
        cmap=ListedColormap(SHADES),
        vmin=-0.5,
        vmax=2.5,
        shading="nearest",
        rasterized=True,
        zorder=0,
    )


def _curve(panel: Axes, budgets, places, index: int, label: str, colour: str = style.INK):
    budgets, places = np.asarray(budgets), np.asarray(places)
    kept = np.isfinite(budgets) & (budgets > 0)
    panel.plot(budgets[kept], places[kept], **HALO)
    return panel.plot(budgets[kept], places[kept], color=colour, linestyle=style.DASHES[index], label=label, **KINDS)[0]


def _curves(panel: Axes, at: dict[str, float], along: str, places: np.ndarray) -> list:
    """Published threshold, first whole depth, exact window and saturation against the y axis."""
    at = {**at, along: places}
    fan_in, rho, gamma = int(at["fan_in"]), at["correlation"], at["fidelity"]
    length, beta, scale = at["message_length"], at["leaf_exponent"], at["leaf_scale"]
    exponent = theory.organisation_exponent(fan_in, rho, gamma)
    overhead = theory.communication_overhead(fan_in, length)
    gain = theory.effective_gain(fan_in, rho, gamma)
    settled = theory.fixed_point(fan_in, rho, gamma)
    few = places[:: max(1, len(places) // 120)]
    columns = (np.broadcast_to(v, places.shape)[:: max(1, len(places) // 120)] for v in (rho, gamma, length, beta))
    window = _window(fan_in, *columns, scale)
    ends = np.concatenate([np.asarray(window.first), np.asarray(window.last)[::-1]])
    handles = [
        _curve(panel, theory.critical_budget_growth(exponent, beta, overhead), places, 1, r"$B_\mathrm{crit}$"),
        _curve(panel, theory.integer_depth_threshold(fan_in, length, gain, beta, 1), places, 2, "$B_1$"),
        _curve(
            panel,
            np.broadcast_to(theory.saturation_budget(settled, beta, scale), places.shape),
            places,
            3,
            r"$B_\mathrm{hi}$",
        ),
        _curve(panel, ends, np.concatenate([few, few[::-1]]), 0, "exact window of the tree", "#D55E00"),
    ]
    return handles


def budget_phases(by_exponent: xr.Dataset, by_correlation: xr.Dataset):
    """Which organisation a budget should buy, by leaf exponent and by correlation."""
    figure, [panels] = style.canvas(1, 2, height=3.7)
    handles: list = []
    for panel, ds, along, label in (
        (panels[0], by_exponent, "leaf_exponent", r"leaf exponent $\beta$"),
        (panels[1], by_correlation, "correlation", r"correlation $\rho$"),
    ):
        _regimes(panel, ds, along)
        places = np.linspace(float(ds[along].min()), float(ds[along].max()), 241)
        handles = _curves(panel, _system(ds), along, places)
        fixed = {"correlation": r"\rho", "leaf_exponent": r"\beta"}
        other = next(name for name in fixed if name != along)
        panel.set(
            xscale="log",
            xlim=(10.0 ** float(ds.log_budget.min()), 10.0 ** float(ds.log_budget.max())),
            ylim=(places[0], places[-1]),
            xlabel="budget $B$ (tokens)",
            ylabel=label,
            title=rf"${fixed[other]}={float(ds[other]):g}$",
        )
    at = _system(by_exponent)
    patches = [
        Patch(facecolor=shade, edgecolor=style.PALE, label=name) for shade, name in zip(SHADES, REGIMES, strict=True)
    ]
    figure.legend(
        handles=[*patches, *handles],
        loc="outside lower center",
        ncols=7,
        columnspacing=1.1,
        handlelength=2.2,
        title=rf"$b=5$, $m={at['message_length']:g}$, $\gamma={at['fidelity']:g}$, $k={at['leaf_scale']:g}$; "
        "areas: simulated recursion; lines: closed form",
        title_fontsize=7,
    )
    style.label_panels(panels)
    return figure


def touchpoints(ds: xr.Dataset):
    """Gain of the best tree over one agent against the agent's own accuracy, at one budget: model curves, no data."""
    figure, [[panel]] = style.canvas(width=4.6, height=3.5)
    at = _system(ds)
    fan_in, gamma, length, beta = int(at["fan_in"]), at["fidelity"], at["message_length"], at["leaf_exponent"]
    budget = 10.0 ** float(ds.log_budget)
    accuracy = np.linspace(0.502, 1.0, 250)
    scales = (2 * accuracy - 1) / budget**beta
    for i, rho in enumerate(ds.correlation.values):
        trees = [
            np.asarray(theory.tree_bias_at_budget(fan_in, rho, gamma, length, beta, scales, budget, depth))
            for depth in range(1, int(ds.deepest) + 1)
        ]
        gain = (np.max(trees, axis=0) - (2 * accuracy - 1)) / 2
        alpha = float(theory.effective_gain(fan_in, rho, gamma))
        settled = float(theory.fixed_point(fan_in, rho, gamma))
        style.theory_line(
            panel, accuracy, gain, i, label=rf"$\alpha={alpha:.3g}$ ($\rho={rho:.2f}$, $\mu^*={settled:.2f}$)"
        )
        seen = ds.sel(correlation=rho)
        value = ((seen.tree - seen.single) / 2).values
        points = {"capsize": 0, "elinewidth": 0, "markersize": 3.4}
        style.simulation_points(panel, (1 + seen.single.values) / 2, value, (value, value), i, **points)
        turn = np.flatnonzero(np.diff(np.sign(gain)) < 0)
        if turn.size:
            panel.plot(accuracy[turn[-1]], 0, "D", color=style.INK, markerfacecolor="white", markersize=5, zorder=5)
    panel.axhline(0, color=style.INK, linewidth=0.9, zorder=1)
    panel.set(
        xlabel=r"accuracy of one agent $(1+\mu_0(B))/2$",
        ylabel="accuracy gained by the best tree",
        xlim=(0.5, 1.0),
        ylim=(-0.11, 0.19),
        title=rf"model curves: $B={budget:.0f}$, $b={fan_in}$, $m={length:g}$, $\gamma={gamma:g}$, $\beta={beta:g}$",
    )
    panel.legend(
        loc="lower left", title="lines: closed form; points: recursion\ndiamonds: tree equals agent", title_fontsize=7
    )
    return figure


FIGURES = (
    Figure(
        name="synergy/frontier",
        experiments=("synergy/frontier",),
        draw=frontier,
        caption="Scaling out against scaling up at b = 5, m = 8, rho = .1, gamma = .9, beta = .2, k = .05: one agent, "
        "the best tree by its depth, a star of seven (W = 64) and the growth law; below, best tree over one agent. The "
        "published B_crit = 140.3 lies below the first budget at which a tree wins, 151.7 (B_1 = 149.3); the last lies "
        "below B_hi = 2.98e6.",
        counterpart="v1 Fig. 7",
    ),
    Figure(
        name="synergy/budget-phases",
        experiments=("synergy/budget-by-exponent", "synergy/budget-by-correlation"),
        draw=budget_phases,
        caption="Which of one agent, a star of seven (W = 64) and the best b = 5 tree a budget should buy, by leaf "
        "exponent beta and by correlation rho. Areas: simulated recursion; lines: published B_crit, first whole depth "
        "B_1, saturation B_hi, and the exact window in which a b = 5 tree beats one agent; it closes before s = beta.",
        counterpart="v1 Fig. 9",
    ),
    Figure(
        name="synergy/touchpoints",
        experiments=("synergy/baseline-gain",),
        draw=touchpoints,
        caption="Model curves, no data: what the best tree adds to the accuracy of one agent on the same budget, "
        "against that agent's own accuracy, at two gains alpha. The gain changes sign where one agent reaches the tree "
        "(diamonds), below the saturation mu*: strong agents lose by organising.",
        counterpart="v1 sec. 7.1",
    ),
)
