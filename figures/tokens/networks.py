"""Figures of the trained networks: what the sign of M does to them, and what reordering does beside its controls."""

from __future__ import annotations

import numpy as np
import xarray as xr

from experiments.estimates import mean_of, paired_difference
from figures import style
from figures.figure import Figure

# Enough to see, not to judge: claims take the house's own, much wider, intervals.
LEVEL = 0.05
SHORT = {
    "positive": "positive",
    "negative": "negative",
    "mixed": "mixed, as\npublished",
    "mixed-matched": "mixed,\nequal sizes",
    "unconstrained": "free",
    "positive-redrawn": "positive,\n$W_{out}$ redrawn",
}
ORDER_NAMES = {
    "none": "none",
    "soft": "SoftSort, $\\tau=1$",
    "sharp": "SoftSort, $\\tau=0.1$",
    "hard": "exact sort",
    "random": "random order",
    "mean": "mean of tokens",
}


def _gaps(panel, ds: xr.Dataset, title: str, floor: str | None):
    """Paired differences of the validation loss from the positive block's: every seed, the mean and its interval."""
    names = [str(name) for name in ds.variant.values if name != "positive"]
    base = ds.surprise.sel(variant="positive", drop=True)
    panel.axhline(0.0, color=style.INK, linewidth=0.8, zorder=1)
    if floor is not None:
        spread = ds.surprise.sel(variant=floor, drop=True) - base
        half = float(np.sqrt((spread**2).mean()))
        panel.axhspan(-half, half, color=style.PALE, alpha=0.25, linewidth=0, zorder=0)
        panel.annotate(
            "noise\nfloor", (0.01, half), xycoords=("axes fraction", "data"), fontsize=6.5, color=style.INK, va="top"
        )
    for i, name in enumerate(names):
        gap = ds.surprise.sel(variant=name, drop=True) - base
        seen = paired_difference(ds.surprise.sel(variant=name, drop=True), base, "replicate")
        places = i + 0.28 + 0.02 * (np.arange(gap.size) % 5 - 2)
        panel.plot(places, gap, ".", color=style.PALE, markersize=2.6, zorder=2)
        style.simulation_points(panel, [i], [float(seen.value)], tuple([float(e)] for e in seen.interval(LEVEL)), i)
    panel.set_xticks(range(len(names)), [SHORT[name] for name in names], fontsize=6.5)
    told = rf"{title}, $\ell_{{positive}}$ = {float(base.mean()):.3f}"
    panel.set(xlim=(-0.75, len(names) - 0.4), title=told, ylabel=r"$\ell-\ell_{positive}$ (nat per character)")


def sign_of_m(mamba: xr.Dataset, selective: xr.Dataset):
    """What the sign of M does to the loss: nothing beyond noise where D and W_out can undo it."""
    figure, panels = style.canvas(2, 2, height=5.6)
    _gaps(panels[0][0], mamba, "official-like block", "positive-redrawn")
    _gaps(panels[0][1], selective.sel(kind="selective"), "identifiable block", None)
    _gaps(panels[1][0], selective.sel(kind="selective-raw"), "no norm before S6", None)
    panel = panels[1][1]
    for filled, kind in enumerate(("selective", "selective-raw")):
        ratio = selective.ratio.sel(kind=kind)
        for i, name in enumerate(ratio.variant.values):
            seen = mean_of(ratio.sel(variant=name, drop=True), "replicate")
            ends = tuple(end.values for end in seen.interval(LEVEL))
            places = ratio.layer.values + 0.07 * (i - 1.5) + 0.4 * (filled - 0.5)
            look = {"markerfacecolor": style.COLOURS[i]} if filled else {"label": str(name)}
            style.simulation_points(panel, places, seen.value, ends, i, **look)
    panel.set_xticks([0.8, 1.2, 1.8, 2.2], ["1\nnorm", "1\nno norm", "2\nnorm", "2\nno norm"])
    low, high = panel.get_ylim()
    panel.set(xlim=(0.5, 2.5), ylim=(low - 0.35 * (high - low), high))
    panel.set(xlabel="after layer", ylabel="participation ratio $r$ of the tokens", title="identifiable block")
    panel.legend(loc="lower right", title="sign of M", title_fontsize=7, ncols=2)
    style.label_panels([panel for row in panels for panel in row])
    return figure


def _shares(ds: xr.Dataset) -> xr.DataArray:
    return ds.correct / ds.asked


def reordering_controls(ds: xr.Dataset):
    """Reordering by importance beside its controls: where order does not count, and where it does."""
    figure, panels = style.canvas(2, 2, height=5.4)
    names = [str(name) for name in ds.order.values]
    titles = {1: "recall the marked value", 2: "recall the later of two marked values"}
    for column, marks in enumerate((1, 2)):
        panel, chosen = panels[0][column], ds.sel(marks=marks)
        steps = chosen.stage * float(ds.steps)
        for i, name in enumerate(names):
            style.theory_line(panel, steps, chosen.curve.sel(order=name).mean("replicate"), i, label=ORDER_NAMES[name])
        panel.set(xlabel="training step", ylabel="training loss (nat)", title=titles[marks], ylim=(0, None))
        panel = panels[1][column]
        share = _shares(chosen)
        for i, name in enumerate(names):
            own = share.sel(order=name, drop=True)
            places = i + 0.02 * (np.arange(own.size) % 9 - 4) + 0.22
            panel.plot(places, own, ".", color=style.PALE, markersize=2.6, zorder=2)
            seen = mean_of(own, "replicate")
            style.simulation_points(panel, [i], [float(seen.value)], tuple([float(e)] for e in seen.interval(LEVEL)), i)
        panel.axhline(1 / 8, color=style.INK, linewidth=0.9, linestyle=":", zorder=1)
        panel.annotate("guessing", (5.4, 1 / 8), (0, 2), textcoords="offset points", fontsize=7, ha="right")
        if marks == 2:
            style.phase_boundary(panel, 9 / 16, "tokens seen as a set: 9/16", vertical=False)
        panel.set_xticks(range(len(names)), [ORDER_NAMES[name].replace(" ", "\n", 1) for name in names], fontsize=6.5)
        panel.set(ylabel="questions answered", ylim=(0, 1.04), xlim=(-0.5, 5.5))
    panels[0][1].legend(loc="lower left", ncols=2, title="order of the tokens", title_fontsize=7)
    style.label_panels([panel for row in panels for panel in row])
    return figure


FIGURES = (
    Figure(
        name="tokens/sign-of-m",
        experiments=("tokens/mamba-language", "tokens/selective-language"),
        draw=sign_of_m,
        caption="Validation loss of small language models on the interpreter's help topics, minus that of the positive "
        "block on the same seeds: each seed (dots), mean and 95 % interval (markers). (a) Official-like block; band: "
        "root mean square change when the draw of W_out changes its sign and nothing else. (b), (c) Block in which "
        "the sign of M is identifiable. (d) Participation ratio of the normalised tokens after each layer.",
        counterpart="its table of WikiText-103 perplexities, as an order",
    ),
    Figure(
        name="tokens/reordering-controls",
        experiments=("tokens/reordering",),
        draw=reordering_controls,
        caption="A one-layer network whose tokens are reordered before the scan, and its controls, on two tasks of "
        "24 tokens. Above: mean training loss over seeds. Below: share of new questions answered, each seed (dots), "
        "mean and 95 % interval (markers). No network that sees its tokens as a set answers more than 9/16 of the "
        "second task.",
    ),
)
