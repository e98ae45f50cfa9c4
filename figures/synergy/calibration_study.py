"""Figure of the calibration study: what estimates from synthetic tasks are worth."""

from __future__ import annotations

import numpy as np
import xarray as xr

from experiments.estimates import mean_of
from experiments.evidence import Proportion
from experiments.synergy.calibration_claims import SIZE, power, rejected
from experiments.synergy.calibration_study import COMPUTES, LEVEL
from experiments.synergy.example_tables import TRUTH
from figures import style
from figures.figure import Figure
from theory import synergy as theory


def calibration_study(leaves: xr.Dataset, held: xr.Dataset, mixed: xr.Dataset, tests: xr.Dataset, tables: xr.Dataset):
    """Estimates of beta, coverage, inflation by unequal tasks, power of the law's test, and whole calibrations.

    Of these: gain, exponents, and what they make of compute and budget.
    """
    figure, panels = style.canvas(3, 3, height=7.2)
    _exponents(panels[0][0], leaves)
    _coverage(panels[0][1], held)
    _inflation(panels[0][2], mixed)
    _power(panels[1][0], tests)
    few = tables.sel(tasks=tables.tasks.min())
    _whole(panels[1][1], few, ("alpha",), (r"gain $\alpha$",))
    _whole(panels[1][2], few, ("exponent", "beta"), (r"$s=\log_b\alpha$", r"$\beta$"))
    _unbounded(panels[2][0], tables, "leaf_compute", r"compute of a leaf $x^*/m$")
    _unbounded(panels[2][1], tables, "critical_budget", r"critical budget $B_\mathrm{crit}/m$")
    _without_budget(panels[2][2], tables)
    style.label_panels(panels.ravel())
    return figure


def _exponents(panel, ds: xr.Dataset) -> None:
    """Histograms at 2000 answers a compute, with the normal law of Fisher's matrix."""
    own = ds.sel(answers=2000.0)
    edges = np.linspace(0.05, 0.5, 46)
    truth = float(ds.leaf_exponent)
    for i, (name, label) in enumerate((("likelihood", "likelihood"), ("line", "log-log line"))):
        heights, _ = np.histogram(own[name], edges, density=True)
        panel.stairs(heights, edges, color=style.COLOURS[i], linestyle=style.DASHES[i], label=label, linewidth=1.1)
    deviation = float(theory.leaf_exponent_deviation(np.array(COMPUTES), 2000.0, float(ds.scale), truth))
    x = np.linspace(edges[0], edges[-1], 200)
    bell = np.exp(-(((x - truth) / deviation) ** 2) / 2) / (deviation * np.sqrt(2 * np.pi))
    panel.plot(x, bell, color=style.INK, linewidth=0.9, linestyle=(0, (1, 1)), label="Fisher")
    style.phase_boundary(panel, truth, "")
    panel.set(xlabel=r"estimate of $\beta$ (truth 0.25)", ylabel="density")
    panel.set_ylim(0, 1.35 * bell.max())
    panel.legend(loc="upper right")


def _coverage(panel, ds: xr.Dataset) -> None:
    at = np.arange(ds.sizes["setting"])
    for i, (name, label) in enumerate((("moment", "moments, bootstrap"), ("likelihood", "likelihood, Fisher"))):
        seen = Proportion(ds[name].sum("replicate"), ds.sizes["replicate"])
        shift = at + 0.16 * (2 * i - 1)
        style.simulation_points(panel, shift, seen.value, seen.interval(0.05), i, label=label)
    style.phase_boundary(panel, LEVEL, "", vertical=False)
    names = [
        f"b={int(b)}\n$\\rho$={float(r):g}\nn={int(n)}"
        for b, r, n in zip(ds.fan_in.values, ds.correlation.values, ds.groups.values, strict=True)
    ]
    panel.set_xticks(at, names, fontsize=6.5)
    panel.set(ylabel=r"95 % intervals that hold $\rho$", ylim=(0.85, 1.0))
    panel.legend(loc="lower right")


def _inflation(panel, ds: xr.Dataset) -> None:
    x = np.linspace(0, float(ds.easy.max()), 60)
    for i, rho in enumerate(ds.correlation.values):
        law = theory.inflated_correlation(float(rho), 0.1 + x / 2, (x / 2) ** 2)
        style.theory_line(panel, x, law, i, label=rf"$\rho={rho:g}$ within a task")
        seen = mean_of(ds.moment.sel(correlation=rho), "replicate")
        style.simulation_points(panel, ds.easy, seen.value, seen.interval(0.05), i)
    panel.set(xlabel="bias of easy less hard tasks", ylabel=r"measured $\hat\rho$, tasks unsorted", ylim=(-0.02, 0.62))
    panel.legend(loc="upper left")


def _power(panel, ds: xr.Dataset) -> None:
    for i, (law, label) in enumerate((("beta-binomial", "beta-binomial votes"), ("copies", "votes that are copies"))):
        seen = rejected(ds, law)
        style.simulation_points(panel, ds.groups, seen.value, seen.interval(0.05), i, label=label)
    dense = ds.assign_coords(groups=ds.groups).interp(groups=np.geomspace(60, 900, 60), kwargs={"fill_value": 0.0})
    panel.plot(dense.groups, power(dense), **style.series(0), label="large samples", zorder=2)
    style.phase_boundary(panel, SIZE, "5 %", vertical=False)
    panel.set(xscale="log", xlabel="groups of five votes", ylabel="copy mixture rejected", ylim=(0, 1.05))
    panel.set_xticks(ds.groups.values, [str(n) for n in ds.groups.values])
    panel.minorticks_off()
    panel.legend(loc="center right")


def _truth() -> dict[str, float]:
    known = (5, TRUTH["correlation"], TRUTH["fidelity"])
    exponent, beta = float(theory.organisation_exponent(*known)), TRUTH["beta"]
    growth = (exponent, beta, theory.communication_overhead(5, 1.0))
    return {
        "alpha": float(theory.effective_gain(*known)),
        "exponent": exponent,
        "beta": beta,
        "leaf_compute": float(theory.optimal_leaf_compute(*growth)),
        "critical_budget": float(theory.critical_budget_product(*growth)),
    }


def _shown(ds: xr.Dataset) -> np.ndarray:
    return np.arange(min(12, ds.sizes["replicate"]))


def _whole(panel, ds: xr.Dataset, names, labels) -> None:
    """Estimates with intervals of the first tables, and what is true."""
    at = _shown(ds)
    for i, (name, label) in enumerate(zip(names, labels, strict=True)):
        value, low, high = ds[name].transpose("end", "replicate").values[:, : len(at)]
        shift = at + 0.18 * (2 * i - 1) * (len(names) - 1)
        style.simulation_points(panel, shift, value, (low, high), i, label=label)
        panel.axhline(_truth()[name], **style.series(i), linewidth=0.9, zorder=1)
    panel.set(xlabel=f"table of {int(ds.tasks)} tasks", xticks=at[::2], ylabel=", ".join(labels))
    panel.set_ylim(top=panel.get_ylim()[1] + 0.25 * np.ptp(panel.get_ylim()))
    panel.legend(loc="upper right", title="lines: truth", title_fontsize=7, ncols=2)


def _unbounded(panel, ds: xr.Dataset, name: str, label: str) -> None:
    """Estimates on a log axis; what reaches to infinity ends in an arrow at the top, dashed."""
    at = _shown(ds)
    own = ds[name].isel(replicate=slice(len(at))).transpose("tasks", "end", "replicate").values
    finite = own[np.isfinite(own)]
    bottom, top = 0.5 * finite.min(), 30 * finite.max()
    ceiling = top / 12
    for i, (value, low, high) in enumerate(own):
        shift = at + 0.18 * (2 * i - 1)
        open_ended = ~np.isfinite(high)
        ends = [np.where(np.isfinite(end), end, value) for end in (low, high)]
        style.simulation_points(panel, shift, value, ends, i, label=f"{int(ds.tasks[i])} tasks")
        start = np.where(np.isfinite(value), value, np.minimum(low, ceiling))
        look = {"color": style.COLOURS[i], "linewidth": 0.9}
        panel.vlines(shift[open_ended], start[open_ended], ceiling, linestyle=(0, (2, 1)), **look)
        panel.plot(shift[open_ended], np.full(open_ended.sum(), ceiling), "^", markersize=3, color=look["color"])
    panel.axhline(_truth()[name], color=style.INK, linewidth=0.9, zorder=1)
    panel.set(yscale="log", ylim=(bottom, top), xlabel="table", xticks=at[::2], ylabel=label)
    panel.legend(
        loc="upper right", title="line: truth; arrows: to infinity", title_fontsize=7, ncols=2, columnspacing=1
    )


def _without_budget(panel, ds: xr.Dataset) -> None:
    """How often s falls to beta or below among a table's resamples."""
    at = _shown(ds)
    for i, tasks in enumerate(ds.tasks.values):
        share = ds.without_budget.sel(tasks=tasks).values[: len(at)]
        look = {"color": style.COLOURS[i], "edgecolor": style.INK, "linewidth": 0.5, "hatch": ("", "////")[i]}
        panel.bar(at + 0.18 * (2 * i - 1), share, 0.34, label=f"{tasks} tasks", **look)
    panel.set(xlabel="table", xticks=at[::2], ylabel=r"resamples with $s\leq\beta$", ylim=(0, 1))
    panel.legend(loc="upper right", title="no budget makes a tree pay", title_fontsize=7)


FIGURES = (
    Figure(
        name="synergy/calibration-study",
        experiments=(
            "synergy/leaf-estimates",
            "synergy/correlation-intervals",
            "synergy/mixed-difficulty",
            "synergy/law-tests",
            "synergy/calibrated-tables",
        ),
        draw=calibration_study,
        caption="Calibration of synthetic tasks. (a) beta from 2000 answers at each of six computes, k = 0.05: "
        "likelihood with its Fisher law, and the line through logarithms. (b) Coverage of 95 % intervals of rho "
        "(dashed: nominal). (c) Tasks of two difficulties, unsorted, inflate rho; lines: closed form. (d) Chi-square "
        "test of the copy mixture at 5 %, b = 5, rho = 0.2, u = 0.3. (e), (f) Whole tables of 300 tasks: alpha is "
        "well known, whether s exceeds beta is not. (g), (h) So best compute and critical budget (each token of a "
        "message) have no upper end at 300 tasks and mostly have one at 3000; 95 % of the bootstrap. (i) Resamples in "
        "which s <= beta.",
        counterpart="v1 Fig. 12",
    ),
)
