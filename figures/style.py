"""One place for sizes, fonts, colours and the conventions every figure follows.

Theory is a line, simulation is a point with its interval, a phase boundary is drawn and labelled, a published
value is a hollow diamond. Every series differs from its neighbours in lightness and in dash or marker as well as
in hue, so that the figures read in greyscale and with any colour vision.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import contextmanager

import matplotlib
import matplotlib.figure
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg

# Okabe and Ito's palette (2008), ordered so that lightness alternates between neighbours.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000")
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (3, 3)), (0, (8, 2)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
INK, PALE = "#222222", "#8a8a8a"
# A sequential map that is monotone in lightness, for order parameters.
FIELD = "cividis"

SINGLE, DOUBLE = 3.5, 7.2
FORMATS = ("pdf", "svg", "png")

RULES = {
    "font.family": "DejaVu Sans",
    "mathtext.fontset": "dejavusans",
    "font.size": 8.0,
    "axes.titlesize": 8.5,
    "axes.labelsize": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "legend.fontsize": 7.0,
    "legend.frameon": False,
    "lines.linewidth": 1.4,
    "lines.markersize": 4.0,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "figure.dpi": 120,
    "savefig.dpi": 220,
    "svg.fonttype": "path",
    "svg.hashsalt": "separatrix",
    "pdf.fonttype": 42,
}


@contextmanager
def house_style():
    """The house's matplotlib settings, for the duration of one figure."""
    with matplotlib.rc_context({**matplotlib.rcParamsDefault, **RULES, "backend": "agg"}):
        yield


def canvas(
    rows: int = 1, columns: int = 1, *, width: float = DOUBLE, height: float | None = None, **options
) -> tuple[matplotlib.figure.Figure, np.ndarray]:
    """A figure with a grid of axes (always a 2-D array), without touching pyplot's global state."""
    height = height or width / columns * 0.78 * rows
    figure = matplotlib.figure.Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns, squeeze=False, **options)


def series(index: int) -> dict:
    """Colour and dash of the `index`-th theory line of a panel."""
    return {"color": COLOURS[index % len(COLOURS)], "linestyle": DASHES[index % len(DASHES)]}


def theory_line(axes: Axes, x, y, index: int = 0, **options):
    """A prediction: a line, in the colour and dash of its series."""
    return axes.plot(x, y, **{**series(index), "zorder": 2, **options})[0]


def simulation_points(axes: Axes, x, y, interval: tuple, index: int = 0, **options):
    """Simulated values with the two ends of their intervals, in the colour and marker of their series."""
    low, high = (np.asarray(end) for end in interval)
    y = np.asarray(y)
    return axes.errorbar(
        x,
        y,
        yerr=np.stack([np.maximum(y - low, 0.0), np.maximum(high - y, 0.0)]),
        **{
            "color": COLOURS[index % len(COLOURS)],
            "marker": MARKERS[index % len(MARKERS)],
            "markerfacecolor": "white",
            "linestyle": "none",
            "elinewidth": 0.9,
            "capsize": 1.6,
            "zorder": 3,
            **options,
        },
    )


def phase_boundary(axes: Axes, position: float, label: str, *, vertical: bool = True, at: float = 0.97) -> None:
    """A labelled line where one regime ends: at `position` on the x axis, or on the y axis."""
    line = axes.axvline if vertical else axes.axhline
    line(position, color=INK, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)
    placed = (position, at) if vertical else (at, position)
    axes.annotate(
        label,
        placed,
        xycoords=axes.get_xaxis_transform() if vertical else axes.get_yaxis_transform(),
        xytext=(3, 0) if vertical else (0, 3),
        textcoords="offset points",
        va="top" if vertical else "bottom",
        ha="left" if vertical else "right",
        fontsize=7.0,
        color=INK,
    )


def published_points(axes: Axes, x, y, label: str = "published"):
    """Values printed in the paper: hollow diamonds."""
    return axes.plot(x, y, "D", markerfacecolor="none", markeredgecolor=INK, markersize=6.0, zorder=4, label=label)[0]


def label_panels(axes: Sequence[Axes]) -> None:
    """(a), (b), ... at the upper left of each panel."""
    for letter, panel in zip("abcdefghijkl", axes, strict=False):
        panel.set_title(f"({letter})", loc="left", fontweight="bold")


def rendered(figure: matplotlib.figure.Figure, form: str) -> bytes:
    """The figure as the bytes of a PDF, SVG or PNG file; equal figures give equal bytes."""
    buffer = io.BytesIO()
    # Dates would make every run's files differ.
    metadata = {"pdf": {"CreationDate": None}, "svg": {"Date": None}, "png": {}}[form]
    figure.savefig(buffer, format=form, metadata=metadata)
    return buffer.getvalue()
