"""F5: scores against the Reynolds number, trained on or not."""

from __future__ import annotations

import numpy as np
import xarray as xr

from experiments.estimates import mean_of
from figures import style
from figures.figure import Figure
from figures.graph_ode.forecasts import LEVEL, SHORT


def reynolds(ds: xr.Dataset):
    """SSIM and RMSE, mean over frames, against the Reynolds number; what was trained on is marked."""
    figure, panels = style.canvas(1, 2, height=3.2)
    numbers = ds.number.values
    trained = numbers[ds.trained.values.reshape(-1, numbers.size)[0] > 0.5]
    names = [str(name) for name in ds.model.values]
    scores = (ds.ssim.mean("frame"), np.sqrt(ds.square).mean("frame"))
    for panel, score, label in zip(panels[0], scores, ("SSIM", "RMSE"), strict=True):
        panel.axvspan(trained.min(), trained.max(), color=style.PALE, alpha=0.15, linewidth=0)
        for number in trained:
            panel.axvline(number, color=style.PALE, linewidth=0.8, linestyle=":")
        for i, name in enumerate(names):
            own = score.sel(model=name, drop=True).stack(sample=("seed", "wake"), create_index=False)
            seen = mean_of(own, "sample")
            ends = [end.values for end in seen.interval(LEVEL)]
            # Beside each other, so that intervals do not hide one another.
            places = numbers + 0.9 * (i - (len(names) - 1) / 2)
            panel.plot(places, seen.value, **style.series(i), linewidth=0.8, alpha=0.6)
            style.simulation_points(panel, places, seen.value.values, ends, i, label=SHORT[name])
        panel.set(xlabel="Reynolds number Re", ylabel=f"{label}, mean over frames")
    panels[0][1].set_yscale("log")
    panels[0][0].set_title("trained on: dotted lines", fontsize=7, loc="right")
    figure.legend(*panels[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=6.5)
    style.label_panels(panels[0])
    return figure


FIGURES = (
    Figure(
        name="graph_ode/reynolds",
        experiments=("graph_ode/reynolds",),
        draw=reynolds,
        caption="Forecasts of wakes of a cylinder (lattice gas, our own data) at Reynolds numbers that were trained on "
        "(dotted lines), between these (shaded) and beyond them: (a) SSIM, (b) RMSE, mean over frames, with 95 % "
        "intervals over new wakes. The published numbers and scores were not published to us.",
        counterpart="its Fig. 6, on other data",
    ),
)
