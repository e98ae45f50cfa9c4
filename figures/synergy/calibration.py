"""The figure of a calibration: the leaf law, the counts that test the joint law, and the gain."""

from __future__ import annotations

import numpy as np

from experiments.synergy.calibration import Calibration
from figures import style
from theory import synergy as theory


def calibration_panels(found: Calibration):
    """What `separatrix calibrate` draws: bias against compute, and the gain with its threshold against the fan-in."""
    figure, [[leaves, gain]] = style.canvas(1, 2, height=3.0)
    _leaves(leaves, found)
    _gain(gain, found)
    style.label_panels([leaves, gain])
    return figure


def _leaves(panel, found: Calibration) -> None:
    seen = [(level.compute, level.bias.value, level.bias.low, level.bias.high) for level in found.levels]
    compute, value, low, high = np.array(seen).T
    style.simulation_points(panel, compute, value, (low, high), 0, label="answers, 95 %")
    if found.beta is not None:
        x = np.geomspace(compute.min() / 1.5, compute.max() * 1.5, 60)
        law = np.minimum(1.0, found.scale.value * x**found.beta.value)
        label = rf"$k x^\beta$, $\beta={found.beta.value:.3g}$, $k={found.scale.value:.3g}$"
        style.theory_line(panel, x, law, 1, label=label)
    mu = found.saturation
    panel.axhspan(mu.low, mu.high, color=style.PALE, alpha=0.25, linewidth=0)
    style.phase_boundary(panel, mu.value, r"saturation $\mu^*$ of a tree", vertical=False)
    panel.set(xscale="log", xlabel="compute $x$ of one agent", ylabel=r"bias $\mu_0$ of one agent")
    if len(compute) <= 8:
        panel.set_xticks(compute, [f"{x:g}" for x in compute])
        panel.minorticks_off()
    panel.set_ylim(min(0.0, 1.1 * low.min()), 1.08)
    panel.legend(loc="lower right" if value[0] < 0.4 else "center right")


def _gain(panel, found: Calibration) -> None:
    """alpha against rho at the measured fidelity, for two joint laws, and where the table stands."""
    gamma = found.assumed_fidelity if found.fidelity is None else found.fidelity.value
    rho = np.linspace(0.0, 1.0, 101)
    laws = (("copy mixture (the paper's)", theory.effective_gain), ("beta-binomial", theory.beta_binomial_gain))
    for i, (name, law) in enumerate(laws):
        style.theory_line(panel, rho, law(found.fan_in, rho, np.clip(gamma, 0, 1)), i, label=name)
    style.phase_boundary(panel, 1.0, r"$\alpha=1$", vertical=False)
    seen, ends = found.correlation.value, (found.correlation.low, found.correlation.high)
    across = np.abs(np.clip(ends, 0, 1) - np.clip(seen, 0, 1))[:, None]
    for i, estimate in enumerate((found.alpha, found.alpha_by_law["beta_binomial"])):
        at, value = np.clip([seen], 0, 1), np.array([estimate.value])
        style.simulation_points(panel, at, value, ([estimate.low], [estimate.high]), i, xerr=across)
    known = "assumed" if found.fidelity is None else "measured"
    panel.set(
        xlabel=r"correlation of errors $\rho$",
        ylabel=r"gain of one level $\alpha$",
        xlim=(0, 1),
        title=rf"fan-in $b={found.fan_in}$, $\gamma={gamma:.3g}$ ({known})",
    )
    panel.legend(loc="upper right", title=rf"P($\alpha > 1$) = {found.probability_above_one:.3g}", title_fontsize=7)
