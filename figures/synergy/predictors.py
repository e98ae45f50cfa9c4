"""How closely the closed predictors follow the bias, and where the clipped one leaves it behind."""

from __future__ import annotations

import math

import matplotlib.figure
import numpy as np
import xarray as xr
from matplotlib.ticker import MaxNLocator

from experiments.laws import by_number
from figures import style
from figures.figure import Figure
from theory import synergy as theory


def _worst_excess(scan: xr.Dataset) -> xr.DataArray:
    """Largest ratio of the clipped predictor to the bias over depth, fidelity and leaf bias, all as simulated."""
    clipped = np.minimum(scan.resting_bias, scan.initial_bias * scan.gain**scan.depth)
    return (clipped / scan.root_bias).max([dim for dim in scan.root_bias.dims if dim not in ("fan_in", "correlation")])


def predictors(examples: xr.Dataset, scan: xr.Dataset) -> matplotlib.figure.Figure:
    """(a-c) bias and predictors against depth; (d) worst excess of the clipped predictor against correlation."""
    figure, axes = style.canvas(2, 2, height=5.2)
    panels = axes.ravel()
    style.label_panels(panels)
    ends = xr.DataArray([60, 40, 20], dims="example")
    depths = ends * xr.DataArray(np.linspace(0.0, 1.0, 241), dims="step")
    theirs = (examples.fan_in, examples.correlation, examples.fidelity, examples.initial_bias, depths)
    curves = [by_number(law, *theirs) for law in (theory.clipped_predictor, theory.quadrature_predictor)]
    for i, (panel, last) in enumerate(zip(panels[:3], ends.values.tolist(), strict=True)):
        row = examples.isel(example=i)
        b, rho, gamma, start = int(row.fan_in), float(row.correlation), float(row.fidelity), float(row.initial_bias)
        depth, upper, lower = (array.isel(example=i).values for array in (depths, *curves))
        panel.fill_between(depth, lower, upper, color=style.PALE, alpha=0.25, linewidth=0)
        style.theory_line(panel, depth, upper, 0, label=r"clipped $\min(\mu^*,\mu_0\alpha^L)$")
        style.theory_line(panel, depth, lower, 5, linestyle="--", label="quadrature")
        shown = row.root_bias.sel(depth=slice(0, last)).isel(depth=slice(None, None, max(1, last // 20)))
        panel.plot(shown.depth, shown, "o", color=style.INK, markerfacecolor="white", markersize=3.4, label=r"$\mu_L$")
        # Each curve ends well beyond the clip.
        rest = upper[-1]
        style.phase_boundary(panel, rest, r"$\mu^*$", vertical=False, at=0.06)
        panel.set_title(rf"$b={b}$, $\rho={rho:g}$, $\gamma={gamma:g}$, $\mu_0={start:g}$")
        panel.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7))
        panel.set(xlabel="depth $L$", ylabel=r"bias", xlim=(0, last), ylim=(0, 1.12 * rest))
    panels[0].legend(loc="lower right")

    worst, panel = _worst_excess(scan), panels[3]
    for i, b in enumerate(scan.fan_in.values):
        style.theory_line(
            panel, worst.correlation, worst.sel(fan_in=b), i, marker=style.MARKERS[i], markersize=3, label=f"$b={b}$"
        )
        limit = float(theory.quadrature_validity_limit(int(b)))
        if limit < 1:
            panel.plot([limit] * 2, [1.14, 1.18], color=style.COLOURS[i], linewidth=1.6)
    panel.annotate(r"$\rho_H(b)$, left of which quadrature is a lower bound", (-0.08, 1.125), fontsize=6.5, va="top")
    style.phase_boundary(panel, math.sqrt(2), r"$\sqrt{2}$", vertical=False, at=0.085)
    panel.set(xlabel=r"correlation $\rho$", ylabel=r"worst $\hat\mu_L/\mu_L$", xlim=(-0.1, 0.97), ylim=(1.05, 2.5))
    panel.set_title(r"over $L$, $\mu_0\leq\mu^*$, $\gamma>\gamma_c$")
    panel.legend(loc="upper left")
    return figure


FIGURES = (
    Figure(
        name="synergy/predictors",
        experiments=("synergy/predictor-examples", "synergy/predictor-scan"),
        draw=predictors,
        caption="Predictors of the bias. (a-c) The clipped predictor (eq. 27 of the paper) is an upper bound, the "
        "quadrature predictor (alpha^(-2L)/mu0^2 + (1 - alpha^(-2L))/mu*^2)^(-1/2) a lower one where the correlation "
        "is at most rho_H(b); the band between them is shaded, points are the simulated recursion. (d) Largest ratio "
        "of the clipped predictor to the bias over depth, leaf bias and fidelities between threshold and 1, simulated: "
        "about sqrt 2 at low correlation, larger with fan-in and correlation (largest at a perfect channel).",
    ),
)
