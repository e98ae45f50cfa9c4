"""Figure of codebook size and of noise."""

from __future__ import annotations

import numpy as np
import xarray as xr

from figures import style
from figures.figure import Figure
from theory import graph_ode as theory


def _interval(values: xr.DataArray):
    """Mean over replicates and two standard errors on both sides."""
    mean, error = values.mean("replicate"), values.std("replicate", ddof=1) / np.sqrt(values.sizes["replicate"])
    return mean, (mean - 2 * error, mean + 2 * error)


def codebook_sweep(ds: xr.Dataset):
    """Error of held-out histories against the number of codes, and against noise on what the encoder sees."""
    figure, [[size, noise]] = style.canvas(1, 2, height=2.9)
    mean, interval = _interval(ds.error)
    codes = mean["size"].values
    for i, (dimension, anchor, span) in enumerate(((1.0, 1, (4, 24)), (2.0, -1, (12, 128)))):
        at = np.array(span, float)
        line = float(mean[anchor]) * (at / codes[anchor]) ** float(theory.zador_exponent(dimension))
        style.theory_line(size, at, line, i, label=f"$K^{{-1/{dimension:.0f}}}$" if i else "$K^{-1}$")
    style.simulation_points(size, codes, mean, interval, 2, label="held-out histories")
    size.set(xscale="log", yscale="log", xlabel="codes $K$", ylabel="root mean square error $e$")
    size.set_xticks(codes[codes != 30], [f"{k:.0f}" for k in codes[codes != 30]])
    size.set_xticks([], minor=True)
    size.legend(title="fields scaled to [0, 1]", title_fontsize=7)

    mean, interval = _interval(ds.noise)
    level = mean.noise_level.values
    x = np.linspace(0, level[-1], 101)
    noise.plot(x, x, color=style.PALE, linewidth=0.8, zorder=1)
    noise.annotate("noise itself", (0.07, 0.07), (2, -10), textcoords="offset points", fontsize=7, color=style.PALE)
    noise.axhline(float(mean[0]), color=style.INK, linewidth=0.8, linestyle=(0, (1, 1.5)), zorder=1)
    noise.annotate(
        "quantisation", (level[-1], float(mean[0])), (0, -9), textcoords="offset points", fontsize=7, ha="right"
    )
    style.simulation_points(noise, level, mean, interval, 0)
    noise.set(xlabel="standard deviation of input noise", ylabel="$e$ of 30 codes, to the clean history")
    noise.set(ylim=(0, None), xlim=(-0.003, None))
    style.label_panels([size, noise])
    return figure


FIGURES = (
    Figure(
        name="graph_ode/codebook-sweep",
        experiments=("graph_ode/pattern-codes",),
        draw=codebook_sweep,
        caption="Histories of growing Swift-Hohenberg patterns (sh_release, 64 x 64, own data): root mean square error "
        "of k-means codebooks on a held-out trajectory against the number of codes K, with the slopes of a source of "
        "one dimension and of two, and against Gaussian noise on the encoder's input at K = 30. Points: mean over "
        "replicates, two standard errors.",
        counterpart="Fig. 5 (its values are not published to us)",
    ),
)
