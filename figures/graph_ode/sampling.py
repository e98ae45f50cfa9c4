"""Figure of what few linear probes leave of a pattern."""

from __future__ import annotations

import numpy as np
import xarray as xr

from figures import style
from figures.figure import Figure
from theory import graph_ode as theory

SIDES = (1, 2, 4, 8, 16, 32)
LAWS = (
    (lambda spectrum, side: theory.best_linear_error(spectrum, side**2), "best linear (P16)"),
    (theory.kriging_error, "regular probes (P17)"),
    (theory.interpolation_error, "interpolated (P18)"),
)


def linear_probes(ds: xr.Dataset):
    """Errors of linear encoders against their number of probes, beside a code map of 30 codes."""
    frames = (40.0, 80.0)
    figure, panels = style.canvas(1, 2, height=3.1, sharey=True)
    for panel, frame in zip(panels[0], frames, strict=True):
        seen = ds.sel(frame=frame)
        spectrum = seen.spectrum.mean("replicate").values.astype(float)
        variance = spectrum.sum()
        for i, (law, name) in enumerate(LAWS):
            values = [float(law(spectrum, m)) / variance for m in SIDES]
            style.theory_line(panel, np.square(SIDES), values, i, label=name)
        total = seen.spectrum.sum(("row", "column"))
        error = seen.interpolated / total
        mean, spread = error.mean("replicate"), error.std("replicate", ddof=1) / np.sqrt(error.sizes["replicate"])
        style.simulation_points(
            panel, mean.per_side**2, mean, (mean - 2 * spread, mean + 2 * spread), 2, label="measured"
        )
        coded = float((seen.coded / total).mean("replicate"))
        panel.axhline(coded, color=style.INK, linewidth=1.0, linestyle=(0, (4, 2)))
        bits = float(theory.bits_per_pixel(float(seen.entropy.mean()), 30, 4096))
        panel.annotate(
            f"code map, 30 values\n{bits:.1f} bits a pixel",
            (1.1, coded),
            (0, 3),
            textcoords="offset points",
            fontsize=7,
            va="bottom",
        )
        style.phase_boundary(panel, 41, "1 % of pixels", at=0.5)
        panel.set(xscale="log", yscale="log", xlabel="number of probes $M$", ylim=(3e-4, 4))
        panel.annotate(f"frame {frame:.0f}", (0.97, 0.95), xycoords="axes fraction", ha="right", fontsize=8)
    panels[0][0].set_ylabel("mean square error / variance")
    panels[0][1].legend(loc="lower left", bbox_to_anchor=(0.0, 0.3), fontsize=6.5)
    style.label_panels(panels[0])
    return figure


FIGURES = (
    Figure(
        name="graph_ode/linear-probes",
        experiments=("graph_ode/pattern-probes",),
        draw=linear_probes,
        caption="Swift-Hohenberg patterns growing from noise (sh_release, 64 x 64, own data): mean square error, over "
        "the variance, of the best linear encoder with M numbers, of M regular probes with the best linear decoder and "
        "with trigonometric interpolation, from the measured spectrum (lines) and measured (points); 30 codes of the "
        "value, whose code map costs bits at every pixel (dashed).",
    ),
)
