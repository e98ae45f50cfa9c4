"""Figures 6 and 7: the sentinel through five phases, and its parameters one at a time."""

from __future__ import annotations

import numpy as np
import xarray as xr

from figures import style
from figures.figure import Figure
from figures.governance import published
from figures.governance.shared import CONTROLS, NAMES, SERIES, band, controls, points, shaded, twin
from theory import governance as theory

PANELS = (
    (r"$\alpha_0$", (0.6, 0.7, 0.8, 0.85, 0.9, 0.95)),
    (r"$\eta_\uparrow$", (0.01, 0.02, 0.05, 0.1, 0.2)),
    (r"$\eta_\downarrow$", (0.1, 0.3, 0.5, 0.8, 1.0)),
    (r"$\theta$", (0.0, 0.05, 0.1, 0.2, 0.3)),
)
# Where each panel of figure 7 has room for what constant actions are paid.
# Left ends of the insets, where their panel's curves leave room.
LEFT = (0.08, 0.36, 0.62, 0.33)
CORNERS = {label: (left, 0.09, 0.28, 0.22) for (label, _), left in zip(PANELS, LEFT, strict=True)}


def five_phases(ds: xr.Dataset):
    """Figure 6, its cumulative payoffs drawn as leads over Tit-for-Tat, which the eye can tell apart."""
    figure, rows = style.canvas(3, 1, height=6.2, sharex=True)
    share, action, lead = rows[:, 0]
    rounds = np.arange(ds.sizes["round"])
    band(share, rounds, ds.share, SERIES["sentinel"], floor=0, ceiling=1)
    style.published_points(share, list(published.SENTINEL_SHARE), list(published.SENTINEL_SHARE.values()))
    share.axhline(0.85, color=style.PALE, linewidth=0.8, linestyle=":")
    share.set(ylabel=r"sentinel's share $\alpha(t)$", ylim=(0, 1.02))
    share.legend(loc="lower right")
    total = ds.payoff.cumsum("round")
    for agent in ds.agent.values:
        index = SERIES[agent]
        smooth = {"linewidth": 1.0, "label": NAMES[agent]}
        action.plot(rounds, ds.action.sel(agent=agent).mean("replicate"), **style.series(index), **smooth)
        if agent != "alpha=0":
            band(lead, rounds, total.sel(agent=agent) - total.sel(agent="alpha=0"), index)
            stored = published.TOTALS[agent] - published.TOTALS["alpha=0"]
            style.published_points(lead, [rounds[-1]], [stored], None)
    action.set(ylabel="mean action $a(t)$", ylim=(-0.04, 1.06))
    action.legend(loc="center left", ncols=2, columnspacing=0.9, bbox_to_anchor=(0.01, 0.4))
    lead.axhline(0, **style.series(SERIES["alpha=0"]), linewidth=0.8)
    # Constant actions lead or trail by thousands, of which an inset has room.
    inset = lead.inset_axes((0.05, 0.08, 0.26, 0.42))
    schedule = ds.opponent.values
    tally = ds.payoff.sel(agent="alpha=0").sum("round").mean("replicate")
    ahead = [float(np.asarray(theory.payoff(a, schedule)).sum(-1).mean() - tally) for a in CONTROLS]
    inset.plot(CONTROLS, ahead, "-", color=style.INK, linewidth=0.7)
    inset.plot(CONTROLS, ahead, style.MARKERS[6], color=style.COLOURS[6], markerfacecolor="white", markersize=3)
    for i, name in ((0, f"AllD {ahead[0]:+.0f}"), (-1, f"AllC {ahead[-1]:+.0f}")):
        side = {"ha": "left", "xytext": (4, 0)} if i == 0 else {"ha": "right", "xytext": (-6, -8)}
        inset.annotate(name, (CONTROLS[i], ahead[i]), textcoords="offset points", fontsize=5.5, **side)
    inset.axhline(0, color=style.PALE, linewidth=0.6, linestyle=":")
    inset.set(xlim=(-0.08, 1.08), ylim=(min(ahead) - 900, max(ahead) + 700), xticks=(0, 1), yticks=(0,))
    inset.tick_params(labelsize=5.5, length=2, pad=1)
    inset.set_xlabel("constant $a$: lead in the end", fontsize=5.5, labelpad=-5)
    lead.set(ylabel="payoff ahead of TfT", xlabel="time step $t$")
    for panel in rows[:, 0]:
        for start, end, label, dark in ((500, 550, "defection", True), (1050, 1250, r"noise, $\epsilon = 0.3$", False)):
            shaded(panel, start, end, label if panel is share else "", dark=dark)
    style.label_panels(rows[:, 0])
    return figure


def sensitivity(ds: xr.Dataset):
    """Figure 7: payoff and mean share against each parameter."""
    figure, grid = style.canvas(2, 2, height=4.6)
    start = 0
    for panel, (label, values) in zip(grid.flat, PANELS, strict=True):
        seen = ds.isel(setting=slice(start, start + len(values)))
        start += len(values)
        points(panel, values, seen.payoff, 0)
        panel.set(xlabel=f"{label}", ylabel=r"mean payoff $\bar u$", ylim=(2.76, 2.92))
        panel.axhline(2.89, color=style.PALE, linewidth=0.8, linestyle=":")
        controls(panel, CORNERS[label], 0.9, seen.action.mean("replicate"), seen.payoff.mean("replicate"))
        right = twin(panel, r"mean share $\bar\alpha$", 3)
        points(right, values, seen.share, 3)
        right.set_ylim(0, 1)
    grid[0, 0].annotate("TfT 2.89", (0.6, 2.89), (0, 2), textcoords="offset points", fontsize=7)
    style.label_panels(grid.flat)
    return figure


FIGURES = (
    Figure(
        name="governance/sentinel",
        experiments=("governance/sentinel",),
        draw=five_phases,
        caption="The sentinel's share, the actions of five agents and their payoffs ahead of Tit-for-Tat through "
        "cooperation, 50 rounds of defection, and 200 of noise: means and standard deviations over bodies. The lead "
        "grows in the cooperative phases alone, by cooperating a little less than fully.",
        counterpart="Fig. 6",
    ),
    Figure(
        name="governance/sensitivity",
        experiments=("governance/sensitivity",),
        draw=sensitivity,
        caption="Mean payoff (circles, left) and mean share (diamonds, right) of the sentinel against a noisy "
        "opponent, one parameter moved at a time; means and standard errors over bodies.",
        counterpart="Fig. 7",
    ),
)
