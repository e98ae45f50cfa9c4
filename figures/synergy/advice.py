"""The figure of one piece of advice: organisations against the budget, and what the intervals leave open."""

from __future__ import annotations

import numpy as np

from experiments.synergy.advice import Advice
from figures import style


def advice_panels(found: Advice):
    """Bias of one agent, the best star and the best tree against the budget, and their ratio to one agent."""
    figure, panels = style.canvas(2, 1, width=5.2, height=5.0, sharex=True, height_ratios=(1.7, 1))
    upper, lower = panels[:, 0]
    curve, at = found.curve, found.situation
    budget = curve["budget"]
    wide = len(curve["single"]) > 1
    for name, label, index, line in (
        ("single", "one agent", 6, "-"),
        ("star", "best star", 1, "--"),
        ("tree", "best tree", 0, "-"),
    ):
        colour = style.COLOURS[index]
        rows = np.where(curve[name] > 0, curve[name], np.nan)
        upper.plot(budget, rows[0], color=colour, linestyle=line, label=label, zorder=3)
        ratio = rows / curve["single"]
        if name != "single":
            lower.plot(budget, ratio[0], color=colour, linestyle=line, zorder=3)
        if wide and name != "star":
            ends = np.nan_to_num(rows, nan=0.0)
            upper.fill_between(
                budget, ends.min(axis=0), ends.max(axis=0), color=colour, alpha=0.14, linewidth=0, zorder=1
            )
            if name == "tree":
                ends = np.nan_to_num(ratio, nan=0.0)
                lower.fill_between(
                    budget, ends.min(axis=0), ends.max(axis=0), color=colour, alpha=0.14, linewidth=0, zorder=1
                )
    upper.plot(at.budget, found.best.bias, "D", color=style.INK, markerfacecolor="white", markersize=6, zorder=5)
    told = found.best.kind
    if found.best.fan_in:
        told += f": b = {found.best.fan_in}, m = {found.best.message_length}, L = {found.best.levels}"
    upper.set_title(f"{told}, bias {found.best.bias:.3f}")
    lower.axhline(1.0, color=style.INK, linewidth=0.9, zorder=2)
    for panel in (upper, lower):
        style.phase_boundary(panel, at.budget, "B" if panel is lower else "", at=0.12)
    # The bands of the parameters' corners are told once, in the legend's title.
    title = "bands: corners of the parameters' intervals" if wide else None
    upper.set(ylabel=r"bias $\mu$", xscale="log", ylim=(0, 1.02))
    upper.legend(loc="lower right", title=title, title_fontsize=7, frameon=True, framealpha=1.0, edgecolor="none")
    lower.set(xlabel="budget $B$ (tokens)", ylabel="times one agent's bias", xlim=(budget[0], budget[-1]))
    lower.set_ylim(0, max(1.6, 1.08 * float(np.nanmax(curve["tree"][0] / curve["single"][0]))))
    style.label_panels([upper, lower])
    return figure
