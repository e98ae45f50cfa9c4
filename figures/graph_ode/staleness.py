"""Figure of ageing partitions and growing errors."""

from __future__ import annotations

import numpy as np
import xarray as xr

from experiments.graph_ode.staleness import LENGTH, POINTS, growth_rates, start_spectrum
from figures import style
from figures.figure import Figure
from theory import graph_ode as theory


def _mean(values: xr.DataArray):
    mean, error = values.mean("replicate"), values.std("replicate", ddof=1) / np.sqrt(values.sizes["replicate"])
    return mean, (mean - 2 * error, mean + 2 * error)


def ageing_partitions(linear: xr.Dataset, patterns: xr.Dataset, pushed: xr.Dataset):
    """Error of old partitions: of linearly growing fields, of growing patterns; and of a run pushed at every frame."""
    figure, [[first, second, third]] = style.canvas(1, 3, height=2.7)
    rates = growth_rates(POINTS, LENGTH)
    time = np.linspace(0, 2, 41)
    for band, label in enumerate(("one rate (P26)", "many rates (P27)")):
        seen = linear.sel(band=band)
        fresh = float(seen.fresh.mean())
        spectrum = start_spectrum(band)
        moments = [tuple(map(float, theory.moments(spectrum, rates, t))) for t in time]
        now, shared = np.array(moments).T
        line = np.sqrt(np.asarray(theory.stale_error(1.0, now, shared, fresh)))
        style.theory_line(first, time, line, band, label=label)
        mean, interval = _mean(np.sqrt(seen.stale))
        style.simulation_points(first, seen.time, mean, interval, band)
    first.set(yscale="log", xlabel="age of the partition $t$", ylabel="root mean square error")
    first.legend(loc="upper left", fontsize=6.5)
    first.set_ylim(0.02, 60)

    for i, (name, label) in enumerate((("frozen", "frozen at frame 20"), ("fresh", "the frame's own"))):
        mean, interval = _mean(patterns[name])
        second.plot(mean.ahead, mean, color=style.COLOURS[i], linestyle=style.DASHES[i], linewidth=0.8, zorder=1)
        style.simulation_points(second, mean.ahead, mean, interval, i, label=label)
    second.set(xlabel="frames ahead", ylabel="error of cluster means", ylim=(0, None))
    second.legend(loc="upper left", title="partition", title_fontsize=7)

    error = float(pushed.error[0]) if "error" in pushed.dims else float(pushed.error)
    runs = pushed.sel(error=error) if "error" in pushed.dims else pushed
    frames = np.arange(1, runs.sizes["frame"] + 1)
    for i, (quadratic, label) in enumerate(((1.0, r"bound, $\sigma_{max}+g^2/3$"), (0.0, r"$\sigma_{max}$ alone"))):
        factor = float(theory.growth_per_frame(1.7, quadratic, 0.05))
        style.theory_line(third, frames, theory.horizon_error(error, factor, frames * 1.0), i, label=label)
    mean, (low, high) = _mean(runs.apart)
    third.fill_between(frames, low, high, color=style.COLOURS[2], alpha=0.3, linewidth=0)
    third.plot(frames, mean, color=style.COLOURS[2], linestyle=style.DASHES[2], label="measured")
    spread = theory.saturated_error(runs.spread.mean("replicate").values.astype(float))
    third.plot(frames, spread, color=style.INK, linewidth=0.8, linestyle=(0, (1, 1.5)), label=r"$\sqrt{2}$ std")
    third.set(yscale="log", xlabel="frames $n$", ylabel="distance of two runs $e_n$")
    third.legend(loc="lower right", fontsize=6)
    style.label_panels([first, second, third])
    return figure


FIGURES = (
    Figure(
        name="graph_ode/ageing-partitions",
        experiments=("graph_ode/ageing", "graph_ode/pattern-codes", "graph_ode/perturbed"),
        draw=ageing_partitions,
        caption="(a) Cluster means of a partition of age t, on fields of unit variance whose modes grow linearly: "
        "closed forms (lines) and drawn fields (points). (b) Growing Swift-Hohenberg patterns, 30 codes: error of the "
        "true cluster means with the partition of frame 20 and with the frame's own. (c) Distance of a run and one "
        "that is pushed by epsilon at every frame, with the bounds by the largest slope anywhere and by the linear "
        "growth rate alone, and the distance of unrelated fields.",
    ),
)
