"""Figure of the diffusion decoder as a filter (F10): closed form, exact denoiser, trained network."""

from __future__ import annotations

import numpy as np
import xarray as xr

from experiments.estimates import mean_of
from figures import style
from figures.figure import Figure
from theory import graph_ode as theory

LEVEL = 0.05
KINDS = (
    ("one", False, "scaled", r"scaled start, $\sqrt{\bar\alpha}\,y$"),
    ("one", False, "raw", r"raw start, $y$"),
    ("one", True, "raw", "raw start, pulled"),
    ("released", True, "raw", "raw start, pulled,\nshifted table\n(as released)"),
)


def _signals(table: str):
    levels = np.array([*range(197, 0, -4), 0])
    shifted = table == "released"
    return levels, np.asarray(theory.signal_level(levels + shifted, 1000 + shifted))


def _theory(table: str, pulled: bool, start: str, variance):
    levels, signals = _signals(table)
    pulls = 0.61 * pulled * np.where(levels[:-1] > 100, 1.0, 0.1)
    return np.asarray(theory.pulled_gain(variance, signals, pulls)) * (signals[0] ** 0.5 if start == "scaled" else 1.0)


def _filters(panel, ds: xr.Dataset):
    variance = np.geomspace(float(ds.variance.min()), float(ds.variance.max()), 241)
    panel.axhline(1.0, color=style.PALE, linewidth=0.8, zorder=1)
    for i, (table, pulled, start, label) in enumerate(KINDS):
        wanted = (ds.table == table) & ((ds.pull > 0) == pulled) & (ds.start == start)
        seen = ds.isel(decoder=int(np.flatnonzero(wanted.values)[0])).gain
        step = max(1, seen.sizes["variance"] // 18)
        seen = seen.isel(variance=slice(i * step // 4, None, step))
        style.theory_line(panel, variance, _theory(table, pulled, start, variance), i, label=label)
        style.simulation_points(panel, seen.variance, seen, (seen, seen), i, elinewidth=0, capsize=0)
    ceiling = float(theory.signal_level(197)) ** -0.5
    style.phase_boundary(panel, ceiling, r"$1/\sqrt{\bar\alpha_{197}}$", vertical=False, at=0.2)
    panel.set(
        xscale="log",
        ylim=(0, 1.35),
        xlabel=r"variance of a mode's prior $s^2$ (scale $[-1,1]$)",
        ylabel=r"gain of the decoder $g$",
        title="Gaussian data, from level 197",
    )
    panel.legend(loc="upper left", bbox_to_anchor=(0.0, 0.9), handlelength=1.6)


def _network(panel, ds: xr.Dataset):
    chosen = ds.sel(kind=1.0)
    signal = float(theory.signal_level(20))
    variance = np.geomspace(max(1e-7, 0.5 * float(chosen.variance.min())), 2 * float(chosen.variance.max()), 200)
    panel.axhline(1.0, color=style.PALE, linewidth=0.8, zorder=1)
    style.theory_line(panel, variance, theory.scaled_gain(variance, signal), 0, label=r"Gaussian data, small steps")
    levels = np.array([20, 16, 12, 8, 4, 0])
    five = np.sqrt(signal) * np.asarray(theory.ddim_gain(variance, np.asarray(theory.signal_level(levels))))
    style.theory_line(panel, variance, five, 1, label="Gaussian data, five steps")
    for i, replicate in enumerate(chosen.replicate.values):
        seen = chosen.sel(replicate=replicate)
        told = {"label": "U-Net on sh_release frames rounded\nto 15 levels, by wavenumber"} if i == 0 else {}
        style.simulation_points(panel, seen.variance, seen.gain, (seen.gain, seen.gain), 2, capsize=0, **told)
    panel.set(
        xscale="log",
        ylim=(0, 1.35),
        xlabel=r"mean variance of the modes of a wavenumber $s^2$",
        ylabel=r"gain of the decoder $g$",
        title="trained network, scaled start at level 20",
    )
    panel.legend(loc="upper left")


def _losses(panel, ds: xr.Dataset):
    from experiments.graph_ode.denoising_networks_claims import least_loss, samples

    steps = ds.stage.values * float(ds.steps)
    for i, (kind, label) in enumerate(((0.0, "Gaussian fields"), (1.0, "sh_release"))):
        curve = ds.curve.sel(kind=kind).mean("replicate")
        panel.plot(
            steps, curve, color=style.COLOURS[i], linestyle=style.DASHES[i], linewidth=1.0, label=f"{label}: training"
        )
        found = samples(ds, kind)
        for marker, name, told in (
            ("o", "network_loss", "U-Net, held out"),
            ("X", "exact_loss", "best Gaussian denoiser"),
        ):
            seen = mean_of(found[name], "sample")
            low, high = (float(end) for end in seen.interval(LEVEL))
            place = steps[-1] * (1.06 + 0.08 * (marker == "X") + 0.04 * i)
            style.simulation_points(
                panel, [place], [float(seen.value)], ([low], [high]), i, marker=marker, label=f"{label}: {told}"
            )
    least = {"color": style.INK, "linewidth": 0.9, "linestyle": (0, (4, 2)), "zorder": 1}
    panel.axhline(least_loss(ds), label="Gaussian fields: least loss", **least)
    panel.set(
        yscale="log",
        xlabel="training step",
        ylabel=r"loss $\langle|\epsilon-\epsilon_\theta|^2\rangle$",
        title="training, levels 1 to 250",
        ylim=(None, 1.6),
    )
    panel.legend(loc="upper right", fontsize=6)


def decoder_gain(gain: xr.Dataset, trained: xr.Dataset):
    """Gain against mode variance: the released decoder's parts, and a trained network's; and what training reaches."""
    figure, panels = style.canvas(1, 3, width=10.4, height=3.5)
    _filters(panels[0][0], gain)
    _network(panels[0][1], trained)
    _losses(panels[0][2], trained)
    style.label_panels(panels[0])
    return figure


FIGURES = (
    Figure(
        name="graph_ode/decoder-gain",
        experiments=("graph_ode/decoder-gain", "graph_ode/trained-denoiser"),
        draw=decoder_gain,
        caption="The diffusion decoder as a filter. (a) Gain of a Fourier mode against its prior variance for Gaussian "
        "data: closed form (lines) and the sampler with the exact denoiser (points); the shifted table, not the pull, "
        "sets the high floor. (b) Gain of a small U-Net's decoder on sh_release frames rounded to 15 levels, by "
        "wavenumber, beside the Gaussian gains. (c) Training losses, and losses on held-out frames (mean, 95 % "
        "interval) of the network and of the best Gaussian denoiser.",
    ),
)
