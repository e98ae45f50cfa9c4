"""One pairwise correlation, five gains: what a measured rho does not say."""

from __future__ import annotations

import matplotlib.figure
import numpy as np
import xarray as xr
from matplotlib.axes import Axes

import theory.synergy as theory
from figures import style
from figures.figure import Figure

# Order of drawing: label, gain, critical correlation, under the name the simulation uses.
LAWS = {
    "received": ("received votes copied (the paper)", theory.effective_gain, theory.critical_correlation),
    "sent": ("sent votes copied", theory.pre_channel_gain, theory.pre_channel_critical_correlation),
    "beta-binomial": ("beta-binomial", theory.beta_binomial_gain, theory.beta_binomial_critical_correlation),
    "probit": ("one-factor probit", theory.probit_gain, theory.probit_critical_correlation),
    "independent": ("one cause for all leaves", None, None),
}


def _gain(law: str, fan_in: int, correlation: np.ndarray, fidelity: float) -> np.ndarray:
    gain = LAWS[law][1]
    if gain is None:
        return np.full_like(correlation, float(theory.independent_gain(fan_in, fidelity)))
    return np.asarray(gain(fan_in, correlation, fidelity))


def _critical(axes: Axes, law: str, index: int, fan_in: int, fidelity: float) -> None:
    critical = LAWS[law][2]
    if critical is None:
        return
    rho = float(critical(fan_in, fidelity))
    colour = style.COLOURS[index]
    axes.plot([rho, rho], [0, 1], color=colour, linestyle=style.DASHES[index], linewidth=0.8, zorder=1)
    axes.plot(rho, 1, "*", color=colour, markersize=7, markeredgecolor=style.INK, markeredgewidth=0.4, zorder=5)
    # Beta-binomial and probit nearly coincide: their labels stand on either side.
    left = law == "beta-binomial"
    axes.annotate(
        f"{rho:.3f}",
        (rho, 0.03),
        xycoords=axes.get_xaxis_transform(),
        xytext=(-2 if left else 2, 0),
        textcoords="offset points",
        ha="right" if left else "left",
        rotation=90,
        fontsize=6.5,
        color=style.INK,
    )


def correlation_laws(gains: xr.Dataset) -> matplotlib.figure.Figure:
    """Gain of one level against pairwise correlation, one panel a fidelity, one line a law."""
    fidelities = gains.fidelity.values
    figure, axes = style.canvas(1, len(fidelities), height=3.6, sharey=True)
    fan_in, bias, nodes = int(gains.fan_in), float(gains.bias), int(gains.nodes)
    fine = np.linspace(0, 0.9, 181)
    for panel, fidelity in zip(axes[0], fidelities, strict=True):
        for index, law in enumerate(LAWS):
            style.theory_line(panel, fine, _gain(law, fan_in, fine, float(fidelity)), index, label=LAWS[law][0])
            here = gains.sel(law=law, fidelity=fidelity)
            mean = ((here.won - here.lost) / nodes).values
            error = np.sqrt(((here.won + here.lost).values / nodes - mean**2) / nodes) / bias
            gain = mean / bias
            style.simulation_points(
                panel, here.correlation.values, gain, (gain - 1.96 * error, gain + 1.96 * error), index
            )
            _critical(panel, law, index, fan_in, float(fidelity))
        style.phase_boundary(panel, 1.0, r"$\alpha=1$", vertical=False, at=0.75)
        panel.set_xlim(0, 0.9)
        panel.set_ylim(0.5, 1.4)
        panel.set_xlabel(r"pairwise correlation of siblings' votes $\rho$")
        panel.set_title(rf"$\gamma={fidelity:g}$")
    axes[0, 0].set_ylabel(r"gain of one level $\alpha$")
    style.label_panels(axes[0])
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure


FIGURES = (
    Figure(
        name="synergy/correlation-laws",
        experiments=("synergy/law-gains",),
        draw=correlation_laws,
        caption="Gain alpha of one level of fan-in b = 5 at zero bias against the pairwise correlation rho, for five "
        "ways in which votes can be correlated by rho; gamma = 0.6 (a) and 0.7 (b). Lines are closed forms, points "
        "single nodes simulated at child bias u = 0.1, where T(u)/u is below alpha by at most 0.005, with 95% "
        "intervals; for the global cause, a level of a tree given that cause. Stars and thin lines mark each law's "
        "critical correlation, where alpha = 1; a global cause has none. For copied sent votes rho is that of the "
        "sent votes.",
    ),
)
