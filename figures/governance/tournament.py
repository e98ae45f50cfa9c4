"""The figure of a tournament: who earned what, what it had to do with cooperation, and from whom the body earned it."""

from __future__ import annotations

import numpy as np
import xarray as xr

from experiments.governance.standings import ends, standings
from experiments.governance.tournament import DEFECTOR, GENEROUS, GOVERNED, TIT_FOR_TAT
from figures import style

# Names, colours and markers of the players that the figure singles out; everyone else is pale.
MARKED = {
    "Governed, probability": ("governed, probability", 0, "o"),
    "Governed, threshold": ("governed, threshold", 4, "s"),
    "Sentinel off, probability": ("sentinel off, probability", 5, "^"),
    "Sentinel off, threshold": ("sentinel off, threshold", 1, "v"),
    TIT_FOR_TAT: ("TfT", 2, "D"),
    GENEROUS: ("GTFT", 3, "P"),
    DEFECTOR: ("AllD", 6, "X"),
}


def tournament_panels(played: xr.Dataset):
    """Ranking with intervals; payoff against cooperation; what ours earn from each opponent more than TfT does."""
    table = standings(played)
    # One line of the ranking for each player.
    tall = max(4.2, 1.3 + 0.112 * len(table))
    figure, panels = style.canvas(1, 2, width=style.DOUBLE, height=tall, width_ratios=(1, 1.12))
    grid = panels[0, 1].get_subplotspec().subgridspec(2, 1)
    panels[0, 1].remove()
    ranking, scatter, gains = panels[0, 0], figure.add_subplot(grid[0]), figure.add_subplot(grid[1])
    _ranking(ranking, table)
    _scatter(scatter, table)
    _gains(gains, played)
    style.label_panels([ranking, scatter, gains])
    return figure


def _looks(name: str) -> dict:
    if name not in MARKED:
        return {"color": style.PALE, "marker": ".", "zorder": 2}
    _, colour, marker = MARKED[name]
    return {"color": style.COLOURS[colour], "marker": marker, "zorder": 4}


def _bars(row, name):
    return [[max(row[name] - row[f"{name}_low"], 0)], [max(row[f"{name}_high"] - row[name], 0)]]


def _ranking(axes, table) -> None:
    for _, row in table.iterrows():
        axes.errorbar(
            row["payoff"],
            row["rank"],
            xerr=_bars(row, "payoff"),
            linestyle="none",
            elinewidth=0.9,
            markerfacecolor="white" if row["name"] in MARKED else style.PALE,
            **_looks(row["name"]),
        )
    axes.set_yticks(table["rank"], table["player"], fontsize=5.4)
    for label, name in zip(axes.get_yticklabels(), table["name"], strict=True):
        if name in MARKED:
            label.set(fontweight="bold", color=style.INK)
    axes.set(xlabel=r"payoff of a round $\bar u$", ylim=(len(table) + 0.8, 0.2))
    axes.grid(axis="y", color=style.PALE, linewidth=0.3, alpha=0.4)


def _scatter(axes, table) -> None:
    for _, row in table.sort_values("name", key=lambda names: names.isin(list(MARKED))).iterrows():
        axes.errorbar(
            row["cooperation"],
            row["payoff"],
            xerr=_bars(row, "cooperation"),
            yerr=_bars(row, "payoff"),
            linestyle="none",
            elinewidth=0.8,
            markerfacecolor="white" if row["name"] in MARKED else style.PALE,
            label=MARKED[row["name"]][0] if row["name"] in MARKED else None,
            **_looks(row["name"]),
        )
    axes.plot([], [], ".", color=style.PALE, label="the library's others")
    axes.set(
        xlabel=r"share of rounds with cooperation $\bar a$", ylabel=r"payoff of a round $\bar u$", xlim=(-0.03, 1.03)
    )
    handles, labels = axes.get_legend_handles_labels()
    order = [labels.index(text) for text in [*(entry[0] for entry in MARKED.values()), "the library's others"]]
    axes.legend(
        [handles[i] for i in order],
        [labels[i] for i in order],
        fontsize=6,
        ncols=2,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.17),
        handletextpad=0.3,
        columnspacing=0.8,
    )


def _gains(axes, played: xr.Dataset) -> None:
    payoff = played["payoff"].swap_dims(player="name").drop_vars("player")
    met = [
        label
        for label, name in zip(played["player"].values, played["name"].values, strict=True)
        if name not in GOVERNED and name != TIT_FOR_TAT
    ]
    payoff = payoff.sel(opponent=met)
    plain = payoff.sel(name=TIT_FOR_TAT).drop_vars("name")
    order = None
    for name in ("Governed, probability", "Sentinel off, probability"):
        middle, low, high = ends(payoff.sel(name=name).drop_vars("name") - plain)
        order = np.argsort(middle) if order is None else order
        style.simulation_points(
            axes,
            np.arange(1, len(met) + 1),
            middle[order],
            (low[order], high[order]),
            label=MARKED[name][0],
            **{**_looks(name), "markersize": 3.0},
        )
        if name.startswith("Governed"):
            _name_extremes(axes, [met[i] for i in order])
    axes.axhline(0.0, color=style.INK, linewidth=0.9, zorder=1)
    axes.set(xlabel="opponents in order of that gain (circles)", ylabel=r"$\bar u - \bar u_\mathrm{TfT}$ from it")
    axes.legend(loc="lower right", fontsize=6)


def _name_extremes(axes, names) -> None:
    told = f"at the left end: {names[0]}\nat the right end: {names[-1]}"
    axes.annotate(told, (0.03, 0.97), xycoords="axes fraction", va="top", fontsize=6, color=style.INK)
