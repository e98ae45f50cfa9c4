"""The pipeline on one window, part by part."""

from __future__ import annotations

import numpy as np
import xarray as xr

from figures import style
from figures.figure import Figure


def pipeline_panel(ds: xr.Dataset):
    """Field, codes, probes, weights between levels, lifted and decoded forecast, truth and error."""
    own = ds.isel(seed=0)
    figure, panels = style.canvas(2, 4, height=3.7)
    present = own.present.values > 0.5
    values = own["values"].values
    # Codes in the order of their values: the weights then show the band of a path over levels.
    order = np.argsort(np.where(present, values, np.inf))
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    height, width = own.truth.shape
    scale = {"cmap": style.FIELD, "vmin": 0.0, "vmax": 1.0}

    def shown(panel, field, title, label, **options):
        image = panel.imshow(field, interpolation="nearest", **{**scale, **options})
        figure.colorbar(image, ax=panel, label=label, shrink=0.8)
        panel.set_title(title, fontsize=7.5, loc="right")
        panel.set(xticks=[], yticks=[])

    shown(panels[0][0], own.now, "field seen", "$u(t)$")
    codes = rank[own.codes.values.astype(int)]
    shown(panels[0][1], codes, f"{int(present.sum())} codes", "code, by value", vmin=0, vmax=present.sum() - 1)
    panel = panels[0][2]
    panel.imshow(own.now, cmap="Greys", alpha=0.3)
    at = own.places.values[present] * [width, height]
    dots = panel.scatter(*at.T, c=values[present], s=30, edgecolors=style.INK, linewidths=0.5, **scale)
    figure.colorbar(dots, ax=panel, label="probe $v$", shrink=0.8)
    panel.set_title("probes", fontsize=7.5, loc="right")
    panel.set(xticks=[], yticks=[])
    band = own.weights.values[np.ix_(order, order)][: present.sum(), : present.sum()]
    shown(panels[0][3], band, "weights", "$W_{ij}$, by level")
    shown(panels[1][0], own.lifted, "lifted forecast", "$y(t+5)$")
    shown(panels[1][1], own.decoded, "decoded", r"$\hat u(t+5)$")
    shown(panels[1][2], own.truth, "truth", "$u(t+5)$")
    error = own.decoded.values - own.truth.values
    most = float(np.max(np.abs(error)))
    told = f"RMSE {np.sqrt(np.mean(error**2)):.3f}"
    shown(panels[1][3], error, told, r"$\hat u-u$", cmap="RdBu_r", vmin=-most, vmax=most)
    style.label_panels([panel for row in panels for panel in row])
    return figure


FIGURES = (
    Figure(
        name="graph_ode/pipeline-panel",
        experiments=("graph_ode/panel",),
        draw=pipeline_panel,
        caption="One block of a forecast taken apart: (a) the last frame seen; (b) the code of each pixel, numbered by "
        "value; (c) the probes, at the mean places of their pixels; (d) scaled co-occurrence of codes in the order of "
        "their levels, a band; (e) the probes' forecast five frames later copied to their pixels; (f) after the Wiener "
        "decoder; (g) the true frame; (h) the error.",
        counterpart="its method figure, on other data",
    ),
)
