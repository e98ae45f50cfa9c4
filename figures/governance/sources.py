"""Where the variance of a body's action comes from as it grows, and what its size does to the sentinel's lead."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.ticker import FixedLocator, NullFormatter

from figures import style
from figures.figure import Figure
from theory import governance as theory

NAMES = {"noise": "own noise, $o = 1$", "pulses": "opponent's pulses, no noise", "both": "both"}
ERRORS = 2


def _mean(values: xr.DataArray):
    """Mean over bodies and its standard error, by dimension."""
    values = values.astype(float).transpose("dimension", "replicate").values
    return values.mean(1), values.std(1, ddof=1) / np.sqrt(values.shape[1])


def _points(panel, d, values, index, *, log=False, **options):
    mean, error = _mean(np.log(values) if log else values)
    ends = (mean - ERRORS * error, mean + ERRORS * error)
    mean, *ends = (np.exp(part) if log else part for part in (mean, *ends))
    style.simulation_points(panel, d, mean, tuple(ends), index, **options)


def _like(d, values, power, *, log=False):
    """The line c d^power through the means, by their errors."""
    mean, error = _mean(np.log(values) if log else values)
    line = d**power
    if log:
        return np.exp(np.average(mean - np.log(line), weights=error**-2)) * line
    return np.average(mean / line, weights=(line / error) ** 2) * line


def sources(ds: xr.Dataset):
    """(a) variances of the logit by source, (b) gain of a pulse, (c) sum of the sources, (d) the sentinel's lead."""
    figure, grid = style.canvas(2, 2, height=5.0)
    parts, gain, together, lead = grid.flat
    d = ds.dimension.values.astype(float)
    fine = np.geomspace(d[0], d[-1], 60)
    variance = {str(name): ds.logit_variance.sel(source=name, drop=True) for name in ds.source.values}
    for i, (name, power) in enumerate((("noise", -1.0), ("pulses", 0.0))):
        law = np.interp(np.log(fine), np.log(d), np.log(_like(d, variance[name], power, log=True)))
        label = {0: r"$B/d$", 1: r"$A$"}[i]
        style.theory_line(parts, fine, np.exp(law), i, label=label)
    for i, (name, label) in enumerate(NAMES.items()):
        _points(parts, d, variance[name], i, log=True, label=label)
    parts.set(ylabel=r"$\mathrm{Var}[z]$, geometric mean of the bodies", yscale="log")
    parts.set_ylim(bottom=3e-3)
    parts.yaxis.set_minor_formatter(NullFormatter())
    parts.legend(loc="lower left", ncols=2, columnspacing=1.0)

    style.theory_line(gain, fine, np.full_like(fine, _like(d, ds.gain, 0.0)[0]), 1, label="as it is at every $d$")
    falling = _like(d, ds.gain, -0.5)[0] * np.sqrt(d[0] / fine)
    style.theory_line(gain, fine, falling, 3, label=r"if averaged, $1/\sqrt{d}$", color=style.PALE)
    _points(gain, d, ds.gain, 1)
    gain.set(ylabel=r"$\partial z/\partial o$", ylim=(0, None))
    gain.legend(loc="upper right")

    style.theory_line(together, fine, np.ones_like(fine), 2, label="variances add")
    apart = (variance["noise"] ** 0.5 + variance["pulses"] ** 0.5) ** 2 / (variance["noise"] + variance["pulses"])
    deviations = np.exp(_mean(np.log(apart))[0])
    style.theory_line(together, d, deviations, 3, label="if deviations added", color=style.PALE)
    _points(together, d, variance["both"] / (variance["noise"] + variance["pulses"]), 2, log=True)
    together.set(ylabel=r"$\mathrm{Var}[z]$ with both / sum of the two", ylim=(0, None))
    together.legend(loc="lower right")

    slope = float(theory.payoff_slope(1.0))
    _points(lead, d, slope * (ds.sentinel_action - 1), 3, marker="o", label="the sentinel's")
    style.theory_line(lead, d, slope * (_mean(ds.action)[0] * 0.85 + 0.15 - 1), 4, label=r"if $\alpha = 0.85$ for ever")
    at_ten = int(np.argmax(d == 10))
    said = _mean(slope * (ds.sentinel_action - 1))[0][at_ten]
    style.published_points(lead, d[at_ten : at_ten + 2], [said, said / 2], "the text: half of it at $d = 20$")
    lead.set(ylabel="lead over TfT, per round with $o = 1$", ylim=(0, None))
    lead.legend(loc="upper right")
    for panel in grid.flat:
        panel.set(xscale="log", xlabel="neurons $d$")
        panel.xaxis.set_major_locator(FixedLocator(d))
        panel.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        panel.xaxis.set_minor_formatter(NullFormatter())
    style.label_panels(grid.flat)
    return figure


FIGURES = (
    Figure(
        name="governance/sources",
        experiments=("governance/sources",),
        draw=sources,
        caption="Bodies alone, of 5 to 60 neurons: variance of the logit z of the action from their own noise, from "
        "an opponent's defections (one round of ten) and from both (a); what the opponent's last action does to the "
        "logit (b); the sources together over their sum (c); what the sentinel withholds from a cooperator, which is "
        "its lead over Tit-for-Tat (d). Points: means over bodies, two standard errors. The lines of (a) and (b) have "
        "the slopes of Var_1 = A + B/d and pass through the points.",
    ),
)
