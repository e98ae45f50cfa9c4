"""What the row's figures share: the agents' colours, error bars over seeds, bands, shaded phases."""

from __future__ import annotations

import numpy as np
import xarray as xr

from figures import style
from theory import governance as theory

# Index of a series in the house's palette, so that an agent looks the same in every figure.
SERIES = {"sentinel": 3, "alpha=1": 0, "alpha=0.85": 4, "alpha=0.7": 2, "alpha=0.5": 1, "alpha=0": 5, "AllC": 6}
NAMES = {
    "sentinel": "sentinel",
    "alpha=1": r"$\alpha=1$ (body)",
    "alpha=0.85": r"$\alpha=0.85$",
    "alpha=0.7": r"$\alpha=0.7$",
    "alpha=0.5": r"$\alpha=0.5$",
    "alpha=0": r"$\alpha=0$ (TfT)",
    "AllC": "AllC",
}


def error(values: xr.DataArray) -> xr.DataArray:
    """Standard error of the mean over seeds (population deviation, as the paper draws it)."""
    return values.std("replicate") / np.sqrt(values.sizes["replicate"])


def points(panel, x, values: xr.DataArray, index: int = 0, **options) -> None:
    """Means over seeds with their standard errors, joined by a thin line in the series' dash."""
    mean, sem = values.mean("replicate"), error(values)
    panel.plot(x, mean, **style.series(index), linewidth=0.8, zorder=2)
    style.simulation_points(panel, x, mean, (mean - sem, mean + sem), index, **options)


def band(panel, x, values: xr.DataArray, index: int = 0, *, sem: bool = False, floor=None, ceiling=None, **options):
    """The mean over seeds as a line within one standard deviation (or one standard error)."""
    mean = values.mean("replicate")
    spread = error(values) if sem else values.std("replicate")
    low, high = np.clip(mean - spread, floor, ceiling), np.clip(mean + spread, floor, ceiling)
    panel.fill_between(x, low, high, color=style.COLOURS[index], alpha=0.15, linewidth=0)
    return panel.plot(x, mean, **{**style.series(index), "linewidth": 1.2, **options})[0]


def shaded(panel, start: float, end: float, label: str, *, dark: bool = True) -> None:
    """A phase of the schedule, named at the top of the panel."""
    panel.axvspan(start, end, color=style.INK, alpha=0.13 if dark else 0.06, linewidth=0, zorder=0)
    panel.annotate(
        label,
        ((start + end) / 2, 1.0),
        xycoords=panel.get_xaxis_transform(),
        xytext=(0, 2),
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=6.5,
        color=style.INK,
    )


def twin(panel, label: str, index: int):
    """A second vertical axis on the right, in the colour of its series."""
    right = panel.twinx()
    right.spines["right"].set_visible(True)
    right.set_ylabel(label, color=style.COLOURS[index])
    right.tick_params(axis="y", colors=style.COLOURS[index])
    return right


CONTROLS = (0.0, 0.25, 0.5, 0.75, 1.0)


def controls(panel, box: tuple[float, float, float, float], cooperation: float, action=(), payoff=()) -> None:
    """What constant actions, from AllD to AllC, are paid by an opponent who cooperates so often: a panel's inset.

    action, payoff: means of the panel's own agents, which lie on the same line.
    """
    inset = panel.inset_axes(box)
    paid = np.asarray(theory.expected_payoff(np.array(CONTROLS), cooperation))
    inset.plot(CONTROLS, paid, color=style.INK, linewidth=0.7)
    inset.plot(CONTROLS, paid, style.MARKERS[6], color=style.COLOURS[6], markerfacecolor="white", markersize=3)
    inset.plot(action, payoff, ".", color=style.COLOURS[5], markersize=3)
    inset.annotate(f"AllD {paid[0]:.2f}", (0, paid[0]), (4, -1), textcoords="offset points", fontsize=5.5, va="center")
    inset.annotate(
        f"AllC {paid[-1]:.2f}",
        (1, paid[-1]),
        (-4, -3),
        textcoords="offset points",
        fontsize=5.5,
        ha="right",
        va="center",
    )
    inset.set(xlim=(-0.08, 1.08), ylim=(paid[-1] - 0.5, paid[0] + 0.35), xticks=(0, 1), yticks=())
    inset.tick_params(labelsize=5.5, length=2, pad=1)
    inset.set_xlabel("constant $a$", fontsize=5.5, labelpad=-5)
