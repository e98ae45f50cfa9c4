"""Figure of the majority map."""

from __future__ import annotations

import numpy as np
import xarray as xr

from figures import style
from figures.figure import Figure
from theory import synergy as theory

SHOWN = (3, 5, 7, 11)


def majority_maps(ds: xr.Dataset):
    """What a majority makes of a bias u, with the tangents A(b) u that bound it."""
    figure, [[panel]] = style.canvas(width=4.6, height=3.9)
    u = np.linspace(0.0, 1.0, 401)
    for i, fan_in in enumerate(SHOWN):
        slope = float(theory.majority_slope(fan_in))
        tangent = np.linspace(0.0, 1 / slope, 2)
        panel.plot(tangent, slope * tangent, color=style.COLOURS[i], linewidth=0.7, linestyle=(0, (1, 1.5)), zorder=1)
        style.theory_line(panel, u, theory.majority_map(fan_in, u), i, label=f"$b={fan_in}$,  $A={slope:.5g}$")
        seen = ds.sel(fan_in=fan_in)
        seen = seen.isel(bias=seen.bias.values >= 0)
        seen = seen.isel(bias=slice(2 * i * (step := seen.sizes["bias"] // 20) // 4, None, step))
        points = {"capsize": 0, "elinewidth": 0, "markersize": 3.4}
        style.simulation_points(panel, seen.bias, seen.ballots, (seen.ballots, seen.ballots), i, **points)
    panel.plot(u, u, color=style.PALE, linewidth=0.8, zorder=1)
    panel.annotate("one voter", (0.8, 0.8), (4, -9), textcoords="offset points", fontsize=7, color=style.PALE)
    panel.annotate(r"tangent $A(b)\,u$", (0.03, 0.62), fontsize=7, color=style.INK)
    panel.set(xlim=(0, 1), ylim=(0, 1.02), xlabel=r"bias of one vote $u$", ylabel=r"bias of the majority $f_b(u)$")
    panel.legend(loc="lower right", title="lines: closed form\npoints: counted ballots", title_fontsize=7)
    return figure


FIGURES = (
    Figure(
        name="synergy/majority-maps",
        experiments=("synergy/majority-map",),
        draw=majority_maps,
        caption="Bias f_b(u) of the majority of b independent votes of bias u, b = 3, 5, 7, 11: closed form (lines), "
        "ballots counted voter by voter (points), the diagonal of a single voter and tangents A(b) u "
        "(dotted, clipped at 1).",
        counterpart="v1 Fig. 4",
    ),
)
