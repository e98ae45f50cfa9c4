"""Figure 4: habituation in four modes, and the spectral radius that the paper says falls."""

from __future__ import annotations

import numpy as np
import xarray as xr

from figures import style
from figures.figure import Figure
from figures.governance.shared import NAMES, SERIES, band


def habituation(ds: xr.Dataset, centred: xr.Dataset):
    """Figure 4 with a row of its own for what happens to W."""
    figure, rows = style.canvas(2, 3, height=4.6)
    every = int(ds.every)
    epochs = every * np.arange(ds.sizes["record"])
    for mode in ds.mode.values:
        seen, index = ds.sel(mode=mode), SERIES[mode]
        band(rows[0, 0], epochs, seen.neighbour_kl, index, sem=True, label=NAMES[mode])
        band(rows[0, 1], epochs, seen.variance, index, sem=True, floor=1e-6)
        band(rows[0, 2], epochs, seen.body, index, sem=True)
        band(rows[1, 0], epochs, seen.radius, index)
        band(rows[1, 1], epochs, seen.second, index, floor=1e-4)
        band(rows[1, 2], epochs[1:], seen.unclamped, index)
    later = int(centred.every) * np.arange(1, centred.sizes["record"] + 1)
    for panel, values in ((rows[1, 0], centred.radius), (rows[1, 1], centred.second)):
        line = band(panel, later, values, 6, linestyle=(0, (1, 1)))
        line.set_label("centred moments")
    rows[1, 0].plot(
        [0, 300], [0.90, 0.82], "D-", color=style.INK, markerfacecolor="none", linewidth=0.6, label="the paper's text"
    )
    rows[0, 0].legend(loc="upper right")
    rows[1, 0].legend(loc="lower left")
    rows[0, 0].set(ylabel=r"$\mathrm{KL}$ by k-NN (nats)")
    rows[0, 1].set(ylabel=r"$\mathrm{Var}[a]$", yscale="log")
    rows[0, 2].set(ylabel=r"mean $a_\mathrm{body}$")
    rows[1, 0].set(ylabel=r"spectral radius $\rho(W)$", ylim=(0.7, 1.02))
    rows[1, 1].set(ylabel="$s_2/s_1$ of $W$", yscale="log")
    rows[1, 2].set(ylabel=r"radius before the clamp")
    rows[1, 2].axhline(0.99, color=style.PALE, linewidth=0.8, linestyle=":")
    rows[1, 2].annotate("clamp 0.99", (300, 0.99), (0, 2), textcoords="offset points", fontsize=7, ha="right")
    for panel in rows.flat:
        panel.set_xlabel("habituation epochs $H$")
    style.label_panels(rows.flat)
    return figure


FIGURES = (
    Figure(
        name="governance/habituation",
        experiments=("governance/habituation", "governance/centred-habituation"),
        draw=habituation,
        caption="Habituation in four modes: divergence, variance and mean action (standard errors over bodies); and "
        "what becomes of W (standard deviations): its spectral radius stands at the clamp while the paper's text has "
        "it fall to 0.82, because Oja's step lifts it every epoch, and W becomes rank one. With centred moments "
        "(dotted) it keeps its rank.",
        counterpart="Fig. 4",
    ),
)
