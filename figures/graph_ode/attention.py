"""Figure of attention as a flow: how fast it contracts, and what one step makes of its eigenvalues."""

from __future__ import annotations

import numpy as np
import xarray as xr

from figures import style
from figures.figure import Figure
from theory import graph_ode as theory

SHOWN = (0.5, 1.0, 2.0, 3.0)
ORDERS = {"euler": 1, "heun": 2, "kutta3": 3, "rk4": 4}


def attention_flow(flow: xr.Dataset, modes: xr.Dataset):
    """Contraction under Dobrushin's bound; the disc of eigenvalues under the flow and under one RK4 step."""
    figure, [[left, middle, right]] = style.canvas(1, 3, width=style.DOUBLE, height=2.75)
    _contraction(left, flow)
    unit = modes.sel(step=1.0)
    _disc(middle, unit.sel({"method": "rk4"}))
    _error(right, unit)
    style.label_panels((left, middle, right))
    return figure


def _contraction(panel, flow):
    times = np.linspace(0.0, float(flow.time.max()), 101)
    for i, spread in enumerate(SHOWN):
        seen = flow.sel(spread=spread)
        shrunk = np.ptp(seen.state.transpose("time", "replicate", "node").values, axis=-1) / np.ptp(
            seen.start.transpose("time", "replicate", "node").values, axis=-1
        )
        matrices = seen.attention.transpose("time", "replicate", "node", "other").values.reshape(
            -1, *[seen.sizes["node"]] * 2
        )
        slowest = max(float(theory.dobrushin_coefficient(matrix)) for matrix in matrices)
        style.theory_line(panel, times, theory.oscillation_bound(slowest, times), i, label=f"$B={spread:g}$")
        # Side by side, so that intervals of one time can be told apart.
        at = seen.time.values + 0.05 * (i - 1.5)
        middle = np.median(shrunk, axis=1)
        style.simulation_points(panel, at, middle, (shrunk.min(axis=1), shrunk.max(axis=1)), i, markersize=3.2)
    panel.plot(times, np.exp(-times), color=style.INK, linewidth=0.9, zorder=1)
    panel.annotate(r"uniform, $e^{-t}$", (1.55, 0.165), fontsize=7, color=style.INK, ha="right", va="top")
    panel.set(
        yscale="log",
        xlabel="time $t$",
        ylabel=r"$\mathrm{osc}\,x(t)\,/\,\mathrm{osc}\,x(0)$",
        ylim=(6e-3, 1.25),
        title=r"$x'=(A-I)x$",
    )
    panel.legend(loc="lower left", title="lines: $e^{-(1-\\delta)t}$", title_fontsize=7, handlelength=2.6)


def _disc(panel, modes):
    angle = np.linspace(-np.pi, np.pi, 721)
    exact, step = theory.exact_multiplier(1.0, angle), theory.step_multiplier(4, 1.0, angle)
    turn = np.linspace(0, 2 * np.pi, 361)
    panel.plot(np.cos(turn), np.sin(turn), color=style.PALE, linewidth=0.8, zorder=1)
    style.theory_line(panel, *exact, 0, label="$e^{z}$, exact")
    style.theory_line(panel, *step, 1, label="$R(z)$, one RK4 step")
    for sign in (1, -1):
        panel.plot(
            modes.real_part,
            sign * modes.imaginary_part,
            style.MARKERS[1],
            color=style.COLOURS[1],
            markerfacecolor="white",
            markersize=3.4,
            zorder=3,
            label="directed cycle" if sign > 0 else None,
        )
    panel.annotate("unit circle", (0, -0.95), fontsize=7, color=style.PALE, ha="center", va="bottom")
    panel.set(
        xlim=(-1.25, 1.25),
        ylim=(-1.75, 1.2),
        aspect="equal",
        title=r"images of $|z+1|=1$",
        xlabel=r"$\mathrm{Re}$",
        ylabel=r"$\mathrm{Im}$",
        xticks=(-1, 0, 1),
        yticks=(-1, 0, 1),
    )
    panel.legend(loc="lower center", handlelength=2.6)


def _error(panel, modes):
    angle = np.linspace(0.02, np.pi, 400)
    for i, (method, order) in enumerate(ORDERS.items()):
        real, imag = (np.asarray(part) for part in theory.exact_multiplier(1.0, angle))
        step_real, step_imag = (np.asarray(part) for part in theory.step_multiplier(order, 1.0, angle))
        label = ("Euler", "Heun", "Kutta 3", "RK4")[i]
        style.theory_line(panel, angle / np.pi, np.hypot(step_real - real, step_imag - imag), i, label=label)
        seen = modes.sel({"method": method})
        at = 2 * np.pi * modes.turns.values / 24
        real, imag = (np.asarray(part) for part in theory.exact_multiplier(1.0, at))
        error = np.hypot(seen.real_part - real, seen.imaginary_part - imag)
        style.simulation_points(panel, at / np.pi, error, (error, error), i, markersize=3.2, capsize=0, elinewidth=0)
    bound = float(theory.step_error(4))
    panel.axhline(bound, color=style.INK, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)
    panel.annotate(f"horizontal: RK4 at $z=-2$, {bound:.3f}", (0.02, 1.5), fontsize=7, color=style.INK)
    panel.set(
        yscale="log",
        ylim=(1e-6, 4),
        xlim=(0, 1.03),
        xlabel=r"angle of the mode / $\pi$",
        ylabel=r"$|R(z)-e^{z}|$",
        title="    error of one step, $h=1$",
    )
    panel.legend(loc="lower right", handlelength=2.6)


FIGURES = (
    Figure(
        name="graph_ode/attention-flow",
        experiments=("graph_ode/attention-flow", "graph_ode/cycle-modes"),
        draw=attention_flow,
        caption="Left: range of a state under x' = (A - I) x for random attention of 8 nodes with logits uniform on "
        "[-B, B]: medians and extremes over draws (points), Dobrushin's bound at the largest coefficient drawn "
        "(lines), uniform attention (thin line). Middle: where the circle of extreme eigenvalues goes under the flow "
        "of unit time and under one RK4 step of size 1 (lines), measured on directed cycles of 24 nodes (points). "
        "Right: distance of the two for four methods.",
    ),
)
