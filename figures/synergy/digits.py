"""Figure of the trees of real classifiers: measured roots against three laws, and why the paper's fails."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.lines import Line2D

from experiments.synergy.digits import SUMMARIES
from experiments.synergy.digits_claims import DEPTHS, law_of, measured
from figures import style
from figures.figure import Figure

SHOWN = (2, 8, 32)
LINES = (
    ("independent", "independent votes", {"linestyle": ":", "color": style.PALE}),
    ("recursion", r"the paper's $T^L(\mu_0)$", {"linestyle": "--", "color": style.COLOURS[5]}),
    ("difficulty", "one difficulty an image", {"linestyle": "-", "color": style.COLOURS[0]}),
)


def digits_ensemble(ds: xr.Dataset):
    """Root bias against depth for strangers and siblings; against compute; and the correlations behind it."""
    figure, panels = style.canvas(2, 2, height=5.6)
    laws = {name: law_of(name)(ds) for name, _, _ in LINES}
    seen = measured(ds)
    low, high = seen.interval(0.05)
    leaves = _summary(ds, "bias_0")
    for panel, kinship in zip(panels[0], ("strangers", "siblings"), strict=True):
        place = {"kinship": kinship, "fidelity": 1.0}
        for i, pixels in enumerate(SHOWN):
            at = {**place, "pixels": pixels}
            start = float(leaves.sel(at))
            for name, _, look in LINES:
                panel.plot([0, *DEPTHS], [start, *laws[name].sel(at).values], **look, zorder=2)
            ends = [np.concatenate([[start], end.sel(at).values]) for end in (low, high)]
            points = np.concatenate([[start], seen.value.sel(at).values])
            style.simulation_points(panel, [0, *DEPTHS], points, ends, i, color=style.INK)
        panel.set(xticks=[0, *DEPTHS], xlabel="depth $L$ (fan-in 5)", ylabel=r"root bias $\mu_L$")
        # Headroom for the legends.
        panel.set(yticks=np.linspace(0, 1, 6), ylim=(0, 1.38))
        panel.set_title(kinship)
    marks = [
        Line2D([], [], marker=style.MARKERS[i], color=style.INK, markerfacecolor="white", linestyle="none")
        for i in range(len(SHOWN))
    ]
    lines = [Line2D([], [], **look) for _, _, look in LINES]
    panels[0][0].legend(lines, [label for _, label, _ in LINES], loc="upper left")
    panels[0][1].legend(marks, [f"measured, {pixels} pixels" for pixels in SHOWN], loc="upper left")
    _against_compute(panels[1][0], seen.value, (low, high), laws)
    _correlations(panels[1][1], ds)
    style.label_panels(panels.ravel())
    return figure


def _summary(ds: xr.Dataset, name: str) -> xr.DataArray:
    return ds.by_image.isel(summary=SUMMARIES.index(name)).mean("image")


def _against_compute(panel, value, ends, laws) -> None:
    """The deepest root at a noisy channel, where the paper's saturation level is below 1."""
    for i, kinship in enumerate(("strangers", "siblings")):
        at = {"kinship": kinship, "fidelity": 0.8, "depth": DEPTHS[-1]}
        shift = 1.06 ** (2 * i - 1)
        style.simulation_points(
            panel, value.pixels * shift, value.sel(at), tuple(end.sel(at) for end in ends), i + 3, color=style.INK
        )
        for name, _, look in LINES:
            panel.plot(value.pixels * shift, laws[name].sel(at), **look, linewidth=1.0 + 0.5 * i, zorder=2)
    handles = [
        Line2D([], [], marker=style.MARKERS[i + 3], color=style.INK, markerfacecolor="white", linestyle="none")
        for i in range(2)
    ]
    panel.legend(handles, ["strangers", "siblings (right)"], loc="lower right")
    panel.set_xscale("log", base=2)
    panel.set_xticks(value.pixels.values, [str(p) for p in value.pixels.values])
    panel.set(xlabel="pixels that an agent reads, $x$", ylabel=r"root bias $\mu_3$ at $\gamma=0.8$", ylim=(0, 1.05))


def _correlations(panel, ds: xr.Dataset) -> None:
    """Siblings by level, and cousins at the leaves: the paper has a constant and zero."""
    for i, (kinship, pixels) in enumerate((("strangers", 8), ("strangers", 32), ("siblings", 8), ("siblings", 32))):
        at = {"kinship": kinship, "pixels": pixels, "fidelity": 1.0}
        rho = []
        for level in range(len(DEPTHS)):
            square = _summary(ds, f"bias_{level}").sel(at) ** 2
            rho.append(float((_summary(ds, f"pairs_{level}").sel(at) - square) / (1 - square)))
        square = _summary(ds, "bias_0").sel(at) ** 2
        cousins = float((_summary(ds, "cousins").sel(at) - square) / (1 - square))
        look = {**style.series(i), "marker": style.MARKERS[i], "markerfacecolor": "white"}
        panel.plot(range(len(rho)), rho, **look, label=f"{kinship}, {pixels} pixels")
        panel.plot(-0.6, cousins, **{**look, "linestyle": "none"}, clip_on=False)
    panel.axvline(-0.3, color=style.PALE, linewidth=0.7)
    panel.set_xticks([-0.6, *range(len(DEPTHS))], ["cousins", *(f"level {level}" for level in range(len(DEPTHS)))])
    panel.set(ylabel=r"correlation of two votes", xlim=(-0.9, len(DEPTHS) - 0.8), ylim=(0, 1))
    panel.set_title(r"the paper: level $\rho$ constant, cousins 0", fontsize=7.5)
    panel.legend(loc="upper left", bbox_to_anchor=(0.24, 1.0))


FIGURES = (
    Figure(
        name="synergy/digits-ensemble",
        experiments=("synergy/digits-trees",),
        draw=digits_ensemble,
        caption="Trees of small classifiers of handwritten digits (is it 5 or more?), five votes a node: measured root "
        "bias (points, 95 % over images and trees) against depth at perfect messages, (a) strangers that chose their "
        "pixels alone, (b) siblings that read the same; (c) roots of depth 3 against pixels read, messages of fidelity "
        "0.8. Lines use only what was measured at the leaves: independent votes, the paper's recursion with siblings' "
        "correlation, one Beta-distributed accuracy an image. (d) Why: cousins agree too, and agreement rises.",
    ),
)
