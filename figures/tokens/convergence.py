"""Figure F1: the convergent regime and its constants."""

from __future__ import annotations

import numpy as np
import xarray as xr

from figures import style
from figures.figure import Figure
from theory import tokens as theory


def convergence(ds: xr.Dataset):
    """Ten tokens on their way to 0, in the unit of their decay, and the attention they end with."""
    ds = ds.isel(decay=0)
    coupling, decay = float(ds.coupling), float(ds.decay)
    figure, [[sizes, units, seen]] = style.canvas(1, 3, height=2.7)
    log_time, log_size = ds.log_time.values, ds.log_size.values
    for i in range(log_size.shape[1]):
        colour = style.COLOURS[0] if i == 0 else style.PALE
        marks = {"marker": style.MARKERS[i % 7], "markevery": (4 + i, 12), "markersize": 3, "markerfacecolor": "white"}
        label = "first token" if i == 0 else ("tokens 2 to 10" if i == 1 else None)
        line = {"color": colour, "linewidth": 0.9, "zorder": 3 - (i > 0), "label": label}
        sizes.plot(log_time, log_size[:, i] / np.log(10), **line, **marks)
        unit = np.sqrt(-2 * coupling * np.log(2)) * np.exp(log_size[:, i] + log_time / 2)
        units.plot(log_time, unit, **line, **marks)
    late = np.linspace(5.0, 40.0, 2)
    for position, where in ((1, 0), (2, 1)):
        constant = float(theory.convergent_constant(position, coupling, decay))
        sizes.plot(late, (np.log(constant) - late / 2) / np.log(10), **(style.series(1 + where) | {"linewidth": 1.0}))
        level = np.sqrt(float(theory.convergent_share(position, decay)))
        text = "1" if position == 1 else rf"$\sqrt{{1-q}}={level:.4f}$"
        units.axhline(level, **(style.series(1 + where) | {"linewidth": 1.0}), zorder=1)
        units.annotate(text, (40, level), (0, 5), textcoords="offset points", ha="right", fontsize=7)
    sizes.set(xlabel=r"$\ln t$", ylabel=r"$\log_{10}|x_l|$", xlim=(-3, 40))
    sizes.legend(loc="upper right")
    units.set(xlabel=r"$\ln t$", ylabel=r"$|x_l|\sqrt{2|\mu|\ln 2\,t}$", ylim=(0, 1.2), xlim=(-3, 40))

    lags = np.arange(10)
    for source, index in ((1, 0), (2, 1)):
        law = [float(theory.attention_constant(source + lag, source, decay)) for lag in range(11 - source)]
        style.theory_line(seen, np.arange(len(law)), law, 1 + index, label=rf"closed form, $j={source}$")
        found = abs(ds.attention.values[source - 1 :, source - 1])
        style.simulation_points(
            seen, np.arange(found.size), found, (found, found), 1 + index, capsize=0, label=rf"flow, $j={source}$"
        )
    half_life = float(theory.recency_half_life(decay))
    seen.set(
        yscale="log",
        xlabel=r"distance $l-j$",
        ylabel=r"$t\,|P_{lj}|$ at $\ln t=40$",
        xticks=lags[::3],
    )
    seen.annotate(
        f"half-life\n{half_life:.3g} tokens", (0.04, 0.04), xycoords="axes fraction", fontsize=7, color=style.INK
    )
    # Room above the data for four entries.
    seen.legend(loc="upper right", fontsize=7)
    seen.set_ylim(top=20.0)
    style.label_panels([sizes, units, seen])
    return figure


FIGURES = (
    Figure(
        name="tokens/convergence",
        experiments=("tokens/ten-tokens",),
        draw=convergence,
        caption="Ten tokens that converge (mu = -0.8, s = 0.7, a = 0.5, b = 0). (a) Their sizes: solver (thin lines "
        "with marks; first token dark, the others pale) and what theory says of late times (dashed: first token, "
        "dash-dotted: all others). (b) The same in the unit 1/sqrt(2 |mu| ln 2 t): the first token tends to 1, every "
        "other to sqrt(1 - q), q = 2^-a, as slowly as t^-(1-q). (c) Hidden attention t |P_lj| at ln t = 40 to the "
        "first and to the second token, against the distance l - j: flow (marks) and closed form (lines), an "
        "exponential of the distance.",
    ),
)
