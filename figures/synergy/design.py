"""Figures of design: message lengths by envelope, sawtooth and elasticity; the chart of whole designs."""

from __future__ import annotations

import jax
import numpy as np
import xarray as xr

from experiments.synergy.design import CHANNEL_SCALE
from experiments.synergy.design_claims import CHANNEL, lines_of, on_steps
from figures import style
from figures.figure import Figure
from theory import synergy as theory

SHOWN = (12, 16, 20, 26, 34, 44)
_POINTS = {"capsize": 0, "elinewidth": 0, "markersize": 3.4, "marker": "o"}


def _steps(panel, pieces, budget: np.ndarray, index: int, label: str):
    style.theory_line(panel, budget, on_steps(pieces, budget), index, label=label, drawstyle="steps-post")


def message_design(ds: xr.Dataset):
    """Lines of the growth law with their envelope, and four best message lengths against the budget."""
    figure, [panels] = style.canvas(1, 2, height=3.6, width_ratios=(1, 1.25))
    left, right = panels
    lines = lines_of(ds)
    budget = 10.0**ds.log_budget.values
    fine = np.geomspace(budget[0], budget[-1], 1200)
    slope, intercept = np.asarray(lines.slope), np.asarray(lines.intercept)
    beta, scale = float(ds.leaf_exponent), float(ds.leaf_scale)
    single = np.log(scale) + beta * np.log(fine)
    for i, m in enumerate(SHOWN):
        value = slope[m - 1] * np.log(fine) + intercept[m - 1] - single
        built = fine >= float(lines.realisable_from[m - 1])
        tone = str(0.72 - 0.11 * i)
        left.plot(fine, value, color=tone, linewidth=0.8, linestyle=(0, (1, 1.5)))
        left.plot(fine[built], value[built], color=tone, linewidth=1.5)
        left.annotate(f"{m}", (fine[-1], value[-1]), (2, -2), textcoords="offset points", fontsize=6.5, color=style.INK)
    chosen = on_steps(theory.message_length_envelope(lines), fine).astype(int)
    left.plot(fine, slope[chosen - 1] * np.log(fine) + intercept[chosen - 1] - single, color="#D55E00", linewidth=1.2)
    left.axhline(0, color=style.INK, linewidth=0.9)
    first = float(theory.realisable_envelope(lines).start[0])
    style.phase_boundary(left, first, "first tree", at=0.1)
    left.set(
        xscale="log",
        xlim=(fine[0], fine[-1]),
        ylim=(-0.25, 1.68),
        xlabel="budget $B$ (tokens)",
        ylabel=r"$s\,\ln B+q-\ln(kB^\beta)$",
    )
    _steps(right, theory.message_length_envelope(lines), fine, 5, "growth law, $N$ real: envelope (Algorithm 1)")
    real = np.asarray(
        jax.jit(theory.optimal_message_length, static_argnums=1)(
            CHANNEL, int(ds.fan_in), float(ds.correlation), beta, fine[::6]
        )
    )
    shown = real > 0
    style.theory_line(
        right, fine[::6][shown], real[shown], 6, linestyle="-", label="growth law, $m$ real: elasticity law"
    )
    seen = ds.growth_length.values[::8]
    style.simulation_points(right, budget[::8], seen, (seen, seen), 5, **_POINTS)
    for name, index, label in (
        ("whole_length", 0, "growth law, whole $L$, exact edges"),
        ("exact_length", 1, "exact recursion, whole $L$"),
    ):
        paid = budget > 200
        right.plot(
            budget[paid],
            ds[name].values[paid],
            color=style.COLOURS[index],
            marker=style.MARKERS[index],
            markersize=2.4,
            linewidth=0.6,
            label=label,
            zorder=3 - index,
        )
    right.set(
        xscale="log",
        xlim=(fine[0], fine[-1]),
        ylim=(8, 75),
        xlabel="budget $B$ (tokens)",
        ylabel="best message length $m^*$",
    )
    right.legend(loc="upper left", title="points: all lengths tried", title_fontsize=7)
    system = rf"$b={int(ds.fan_in)}$, $\rho={float(ds.correlation):g}$, $\beta={beta:g}$"
    left.set_title("lines $m$; dotted: $N^*<b$")
    right.set_title(rf"{system}, $\gamma=1-e^{{-m/{CHANNEL_SCALE:g}}}$")
    style.label_panels(panels)
    return figure


_ROWS = (
    ("fan_in", "fan-in $b$"),
    ("length", "message $m$"),
    ("levels", "levels $L$"),
    ("filled", "$bm/W$"),
    ("bias", r"bias $\mu$"),
)


def _column(panels, ds: xr.Dataset, along: str, symbol: str) -> None:
    budget = 2.0**ds.log2_budget.values
    for i, value in enumerate(ds[along].values):
        part = ds.sel({along: value})
        window = float(part.window)
        values = {name: part[name].values for name, _ in _ROWS if name in part}
        values["filled"] = values["fan_in"] * values["length"] / window
        tree = values["levels"] > 0
        look = {"color": style.COLOURS[i], "linestyle": style.DASHES[i], "linewidth": 1.2}
        for panel, (name, _) in zip(panels, _ROWS, strict=True):
            shown = values[name] if name == "bias" else np.where(tree, values[name], np.nan)
            label = f"${symbol}={value:g}$" if name == "bias" else None
            draw = {"drawstyle": "steps-mid"} if name != "bias" else {}
            panel.plot(budget, shown, label=label, **look, **draw)
        panels[-1].plot(budget, part.star_bias.values, color=style.COLOURS[i], linewidth=0.7, alpha=0.8)
    panels[-1].plot(budget, ds.single.isel({along: 0}).values, color=style.INK, linewidth=1.0, linestyle=(0, (1, 1)))
    panels[-1].legend(loc="upper left", title="thin: best star; dotted: one agent", title_fontsize=6.5)
    panels[-1].set(xscale="log", xlabel="budget $B$ (tokens)", xlim=(budget[0], budget[-1]), ylim=(0, 1.03))
    panels[3].set_ylim(0.75, 1.02)


def design_chart(ds: xr.Dataset):
    """Best fan-in, message length, levels, use of the window and bias against the budget."""
    figure, panels = style.canvas(5, 2, height=7.4, sharex=True, sharey="row", height_ratios=(1, 1, 1, 0.7, 1.5))
    _column(panels[:, 0], ds.sel(correlation=0.1), "window", "W")
    _column(panels[:, 1], ds.sel(window=128), "correlation", r"\rho")
    for panel, (_, label) in zip(panels[:, 0], _ROWS, strict=True):
        panel.set_ylabel(label)
    panels[0, 0].set_yticks((3, 7, 11, 15))
    # panels[0] are annotated with what they hold fixed.
    panels[0, 0].set_title(r"$\rho=0.1$")
    panels[0, 1].set_title("$W=128$")
    style.label_panels(panels[0])
    return figure


FIGURES = (
    Figure(
        name="synergy/message-design",
        experiments=("synergy/message-lengths",),
        draw=message_design,
        caption="Message length at b = 5, rho = .1, beta = .2, gamma = 1 - exp(-m/8). Left: the lines s log B + q of "
        "eq. 44 over one agent's, dotted where they want fewer agents than the fan-in, and their envelope. Right: the "
        "best length by envelope (never falls, Thm 13), by the elasticity law at real m, and of trees of whole depth, "
        "which falls with each further level.",
        counterpart="v1 Fig. 10",
    ),
    Figure(
        name="synergy/design-chart",
        experiments=("synergy/design-chart",),
        draw=design_chart,
        caption="The best of all designs with b m <= W and odd fan-ins up to 15, at beta = .2, k = .03, gamma = 1 - "
        "exp(-m/8): fan-in, message length, levels, share of the window in use and bias against the budget, for three "
        "windows (left) and three correlations (right). At large budgets small fan-ins with long messages win: what is "
        "bought then is saturation, not growth.",
    ),
)
