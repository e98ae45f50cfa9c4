"""Experiment 10, the paper's results table, as a figure."""

from __future__ import annotations

import numpy as np
import xarray as xr

from figures import style
from figures.figure import Figure
from figures.governance.shared import controls, error
from theory import governance as theory

COOPERATION, ROUNDS = 0.9, 2000
BLOCK, CENSORED, REGAINED = 100, 200, 0.95


def _laws(ds: xr.Dataset) -> tuple:
    """What theory says of the filters in each column."""
    memories = np.array([float(name[2:]) for name in ds.agent.values[1:]])
    variance = np.array([float(theory.echo_sample_variance(COOPERATION, g, ROUNDS)) for g in memories])
    recovery = np.minimum(theory.echo_recovery_rounds(memories, BLOCK, REGAINED), CENSORED)
    mean = [float(np.mean(theory.echo_mean_at(np.arange(ROUNDS), COOPERATION, g))) for g in memories]
    paid = theory.expected_payoff(np.array(mean), COOPERATION)
    return np.log10(variance[0] / variance), theory.echo_block_depth(memories, BLOCK), recovery, paid


def memory(ds: xr.Dataset):
    """The four columns of the table, agent by agent."""
    figure, [panels] = style.canvas(1, 4, height=2.5)
    smoothing = np.log10(ds.variance.sel(agent="g=0") / ds.variance)
    columns = (
        (smoothing, r"$\log_{10}(\mathrm{Var}_{TfT}/\mathrm{Var})$"),
        (ds.depth, "least action in the block"),
        (ds.recovery, "rounds to recover (at most 200)"),
        (ds.payoff, r"mean payoff $\bar u$"),
    )
    place = np.arange(ds.sizes["agent"])
    names = ["body", *(rf"$g={name[2:]}$" for name in ds.agent.values[1:])]
    for panel, (values, label), law in zip(panels, columns, _laws(ds), strict=True):
        for i, value in enumerate(law, start=1):
            panel.plot([i - 0.35, i + 0.35], [value, value], color=style.INK, linewidth=1.0, zorder=2)
        mean, sem = values.mean("replicate"), error(values)
        for i in place:
            index = 0 if i == 0 else 5
            low, high = float(mean[i] - sem[i]), float(mean[i] + sem[i])
            style.simulation_points(panel, [i], [float(mean[i])], ([low], [high]), index)
        panel.set_xticks(place, names, rotation=60)
        panel.set(ylabel=label, xlim=(-0.5, len(place) - 0.5))
    low, high = panels[3].get_ylim()
    panels[3].set_ylim(low - 0.6 * (high - low), high)
    controls(panels[3], (0.28, 0.08, 0.66, 0.28), COOPERATION, ds.action.mean("replicate"), ds.payoff.mean("replicate"))
    style.label_panels(panels)
    return figure


FIGURES = (
    Figure(
        name="governance/memory",
        experiments=("governance/memory",),
        draw=memory,
        caption="The body alone against Tit-for-Tat with a memory g (g = 0: plain): how much smoother its action is "
        "under noise, how deep it falls in a block of defection, how long it takes to recover, and "
        "what it is paid; bars: theory; means and standard errors over bodies.",
        counterpart="table of Exp. 10",
    ),
)
