"""Figures 1 and 3: bodies among cooperators, and agents through a block of defection."""

from __future__ import annotations

import numpy as np
import xarray as xr

from figures import style
from figures.figure import Figure
from figures.governance import published
from figures.governance.shared import NAMES, SERIES, band, shaded

BLOCK = (200, 300)


def convergence(ds: xr.Dataset):
    """Figure 1, and beside it the transient that the paper speaks of and its runs do not contain."""
    figure, [panels] = style.canvas(1, 3, height=2.5)
    first, many, transient = panels
    rounds = np.arange(ds.sizes["round"])
    for agent in ds.agent.values:
        action, index = ds.body_action.sel(agent=agent), SERIES[agent]
        first.plot(rounds, action.isel(replicate=0), **style.series(index), linewidth=0.6, label=NAMES[agent])
        if agent != "AllC":
            band(many, rounds, action, index)
            place, label = [60 * (index + 1)], "published means" if index == 0 else None
            style.published_points(many, place, [published.CONVERGED[agent]], label)
    for panel in (first, many):
        panel.axhline(0.95, color=style.PALE, linewidth=0.8, linestyle=":")
        panel.set(xlabel="time step $t$", ylabel=r"$a_\mathrm{body}(t)$")
    first.set(title="one body", ylim=(-0.05, 1.15))
    many.set(title="all bodies", ylim=(0.9, 1.02))
    many.legend(loc="lower right")
    first.legend(loc="lower right", title=r"dotted: $a = 0.95$", title_fontsize=7)
    distance = np.maximum(ds.distance.values, 1e-7)
    transient.semilogy(ds.step, distance.T, color=style.PALE, linewidth=0.6)
    middle = np.exp(np.log(distance).mean(0))
    transient.semilogy(ds.step, middle, "o", color=style.COLOURS[0], markerfacecolor="white", markersize=3)
    transient.set(xlim=(0, 14), title="from rest, without noise", xlabel="time step $t$", ylabel=r"$\|x(t) - x^*\|$")
    style.label_panels(panels)
    return figure


def perturbation(ds: xr.Dataset):
    """Figure 3: actions and bodies of five agents through a block of defection."""
    figure, rows = style.canvas(2, 1, height=4.6, sharex=True)
    action, body = rows[:, 0]
    rounds = np.arange(ds.sizes["round"])
    for agent in ds.agent.values:
        index = SERIES[agent]
        band(action, rounds, ds.action.sel(agent=agent), index, label=NAMES[agent], floor=0, ceiling=1)
        band(body, rounds, ds.body_action.sel(agent=agent), index, floor=0, ceiling=1)
        style.published_points(action, [130, 253, 303.5], published.PERTURBED[agent], None)
    for panel in (action, body):
        panel.set(ylim=(-0.04, 1.06), xlim=(100, 420))
    shaded(action, *BLOCK, "the opponent defects")
    body.axvspan(*BLOCK, color=style.INK, alpha=0.13, linewidth=0, zorder=0)
    action.set(ylabel="action $a(t)$")
    body.set(ylabel=r"body's action $a_\mathrm{body}(t)$", xlabel="time step $t$")
    action.legend(loc="center right", title="diamonds: published means\nbefore, in, after", title_fontsize=7)
    style.label_panels((action, body))
    return figure


FIGURES = (
    Figure(
        name="governance/convergence",
        experiments=("governance/convergence",),
        draw=convergence,
        caption="Action of the body among cooperators for three shares alpha and AllC: one body, and mean and standard "
        "deviation over bodies, after the warm-up of 500 rounds that makes the series stationary from its start. "
        "Right: distance of noise-free bodies from their fixed point, from rest (grey: each; points: geometric mean).",
        counterpart="Fig. 1",
    ),
    Figure(
        name="governance/perturbation",
        experiments=("governance/perturbation",),
        draw=perturbation,
        caption="Actions of five agents, and of their bodies alone, through 100 rounds of defection: mean and standard "
        "deviation over bodies. The body of AllC, which feeds nothing back, is as unmoved as the body alone: "
        "insulation is what habituation does, not self-feedback.",
        counterpart="Fig. 3",
    ),
)
