"""Figures of forecasts: error growth, what re-encoding buys, what each part is worth, and where the probes are."""

from __future__ import annotations

import numpy as np
import xarray as xr

from experiments.estimates import mean_of
from figures import style
from figures.figure import Figure

LEVEL = 0.05
SHORT = {
    "persistence": "persistence",
    "ar": "AR per pixel",
    "dmd": "DMD 1 %",
    "dmd-4": "DMD 4 %",
    "pointwise": "MLP per pixel",
    "fno-direct": "FNO direct",
    "fno": "FNO residual",
    "cnn": "CNN residual",
    "unet": "U-Net residual",
    "lifted-never": "lifting, once",
    "lifted-every": "lifting, every",
    "wiener-never": "Wiener, once",
    "wiener-every": "Wiener, every",
    "increment-every": "increment, every",
    "unet-never": "diffusion, once",
    "unet-every": "diffusion, every",
}
PIPED = ("lifted", "wiener", "increment", "unet-never", "unet-every")


def _look(names) -> dict[str, dict]:
    """Pipelines thick and dark, baselines thin; neighbours differ in dash as well."""
    looks, piped, others = {}, 0, 0
    for name in names:
        if str(name).startswith(PIPED):
            looks[name] = {**style.series(piped), "linewidth": 1.9}
            piped += 1
        else:
            shade = f"{0.15 + 0.55 * (others % 5) / 4:.2f}"
            looks[name] = {"color": shade, "linestyle": style.DASHES[others % len(style.DASHES)], "linewidth": 1.0}
            others += 1
    return looks


def _spread(samples: xr.DataArray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean and ends of its interval over what is stacked as `sample`."""
    if not samples.any():
        # A rule that never fires makes the very forecast it is compared with.
        return (np.zeros(()),) * 3
    seen = mean_of(samples, "sample")
    low, high = seen.interval(LEVEL)
    return seen.value.values, low.values, high.values


def _samples(values: xr.DataArray) -> xr.DataArray:
    return values.stack(sample=("seed", "trajectory"), create_index=False)


def _values(values: xr.DataArray) -> str:
    """What was chosen under each seed, each value once; nothing where there is nothing to choose."""
    return "/".join(f"{value:g}".replace("0.", ".", 1) for value in np.unique(values.values.round(7)) if value)


SETTINGS = {"ar": "ridge", "dmd": "delays", "wiener": "$q$", "increment": "$q$", "unet-": "$s$"}


def _chosen(ds: xr.Dataset, name: str) -> str:
    """Rate and other setting of a model, as they are printed beside its bar."""
    own = ds.sel(model=name)
    parts = [(r"$\eta$", own.rate)]
    parts += [(label, own.setting) for start, label in SETTINGS.items() if name.startswith(start)]
    return ", ".join(f"{label} {told}" for label, values in parts if (told := _values(values)))


def horizon(ds: xr.Dataset):
    """RMSE and SSIM against the frame forecast, and all models' means with their costs and settings."""
    figure, panels = style.canvas(1, 3, height=3.6, gridspec_kw={"width_ratios": [1, 1, 1.9]})
    error, names = np.sqrt(ds.square), [str(name) for name in ds.model.values]
    looks = _look(names)
    frames = np.arange(1, ds.sizes["frame"] + 1)
    for panel, values, label in (
        (panels[0][0], error, r"RMSE $\epsilon_h$"),
        (panels[0][1], ds.ssim, "SSIM"),
    ):
        for name in names:
            panel.plot(frames, values.sel(model=name).mean(("seed", "trajectory")), **looks[name], label=SHORT[name])
        panel.set(xlabel="frames ahead $h$", ylabel=label, xlim=(1, frames[-1]))
    panels[0][0].set(yscale="log", ylim=(max(1e-4, float(error.mean(("seed", "trajectory")).min()) / 1.5), None))
    figure.legend(*panels[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=6, fontsize=6.5)
    panel = panels[0][2]
    means = error.mean("frame")
    order = sorted(names, key=lambda name: float(means.sel(model=name).mean()))
    columns = {"numbers": 0.6, "CPU s": 0.71, "chosen": 0.73}
    beside = panel.get_yaxis_transform()
    for place, name in enumerate(order):
        mean, low, high = _spread(_samples(means.sel(model=name, drop=True)))
        colour = looks[name]["color"]
        panel.barh(place, mean, color=colour, alpha=0.55 if name.startswith(PIPED) else 0.3, height=0.7)
        panel.plot([low, high], [place, place], color=style.INK, linewidth=1.0)
        own = ds.sel(model=name)
        told = (f"{float(own.parameters[0]):,.0f}", f"{float(own.training.mean()):.1f}", _chosen(ds, name))
        for text, (column, at) in zip(told, columns.items(), strict=True):
            panel.text(at, place, text, transform=beside, va="center", fontsize=5.5,
                       ha="left" if column == "chosen" else "right")  # fmt: skip
    for column, at in columns.items():
        panel.text(at, len(order) - 0.35, column, transform=beside, fontsize=6, style="italic",
                   ha="left" if column == "chosen" else "right")  # fmt: skip
    panel.set_yticks(range(len(order)), [SHORT[name] for name in order], fontsize=6.5)
    most = float(means.mean(("seed", "trajectory")).max())
    panel.set(xlabel="RMSE, mean over frames", xlim=(0, 2.5 * most), ylim=(-0.6, len(order) + 0.3))
    panel.set_xticks([tick for tick in panel.get_xticks() if tick <= 1.1 * most])
    style.label_panels(panels[0])
    return figure


DECODERS = {"lifted": "lifting alone", "wiener": "Wiener decoder", "unet": "diffusion decoder"}


def _against_count(panel, own: xr.Dataset, rules: list[str], place: int, label: str) -> None:
    """Errors of some rules against their numbers of re-encodings, with intervals of what they gain on "never"."""
    error = np.sqrt(own.square).mean("frame")
    counts = own.encodings.sel(rule=rules).mean(("seed", "trajectory")).values
    first = error.sel(rule="never", drop=True)
    gaps = [_spread(_samples(error.sel(rule=rule, drop=True) - first)) for rule in rules]
    mean, low, high = (float(first.mean()) + np.array([gap[k] for gap in gaps]) for k in range(3))
    order = np.argsort(counts)
    panel.plot(counts[order], mean[order], **style.series(place), linewidth=0.9)
    style.simulation_points(panel, counts, mean, (low, high), place, label=label)


def trade_off(ds: xr.Dataset, strides: xr.Dataset):
    """Error against the number of re-encodings: for strides and rules, for each decoder, and against their time."""
    figure, panels = style.canvas(1, 3, height=3.0)
    (decoder,) = (str(name) for name in ds.decoder.values)
    own = ds.sel(decoder=decoder)
    kinds = {"fixed stride": ("never", "every"), r"distance $>\delta$": ("dist",), r"consistency $\chi<\tau$": ("chi",)}
    kinds = {
        label: [str(rule) for rule in own.rule.values if str(rule).startswith(starts)]
        for label, starts in kinds.items()
    }
    for i, (label, rules) in enumerate(kinds.items()):
        _against_count(panels[0][0], own, rules, i, label)
    panels[0][0].set(title=DECODERS[decoder])
    for i, name in enumerate(strides.decoder.values):
        _against_count(panels[0][1], strides.sel(decoder=name), list(strides.rule.values), i, DECODERS[str(name)])
    panels[0][1].set(title="fixed strides")
    for panel in panels[0][:2]:
        panel.set(xlabel="re-encodings $n$", ylabel=r"RMSE, mean over frames")
        panel.legend(loc="best")
    panel = panels[0][2]
    spent = 1e3 * (own.encodings.mean(("seed", "trajectory")) + 1) * float(own["encoding"].mean())
    error = np.sqrt(own.square).mean(("frame", "seed", "trajectory"))
    for i, (label, rules) in enumerate(kinds.items()):
        panel.plot(
            spent.sel(rule=rules), error.sel(rule=rules), style.MARKERS[i], color=style.COLOURS[i], label=label,
            markerfacecolor="white",
        )  # fmt: skip
    panel.set(xlabel="time spent encoding (CPU ms)", ylabel="RMSE, mean over frames")
    style.label_panels(panels[0])
    return figure


VARIANT_NAMES = {
    "base": "as is",
    "probes-uniform": "probes on a lattice",
    "probes-random": "probes at random",
    "no-weights": "no edge weights",
    "ode-none": "ODE: none (as released)",
    "ode-expm": "ODE: exact flow",
    "random-member": "random members",
    "lifting-only": "no decoder",
    "diffusion": "diffusion decoder",
}


def ablations(ds: xr.Dataset):
    """The error when one part is changed, each trajectory paired with the pipeline as it is."""
    figure, panels = style.canvas(1, 2, height=3.0)
    names = [str(name) for name in ds.variant.values]
    error = np.sqrt(ds.square).mean("frame")
    places = np.arange(len(names))[::-1]
    for place, name in zip(places, names, strict=True):
        mean, low, high = _spread(_samples(error.sel(variant=name, drop=True)))
        index = 0 if name == "base" else 1
        panels[0][0].barh(place, mean, color=style.COLOURS[index], alpha=0.5, height=0.7)
        panels[0][0].plot([low, high], [place, place], color=style.INK, linewidth=1.0)
        if name != "base":
            gap = error.sel(variant=name, drop=True) - error.sel(variant="base", drop=True)
            mean, low, high = _spread(_samples(gap))
            style.simulation_points(panels[0][1], [mean], [place], ([place], [place]), 1)
            panels[0][1].plot([low, high], [place, place], color=style.COLOURS[1], linewidth=1.0)
    for panel in panels[0]:
        panel.set_yticks(places, [VARIANT_NAMES[name] for name in names])
        panel.set_ylim(-0.6, len(names) - 0.4)
    panels[0][0].set(xlabel="RMSE, mean over frames")
    panels[0][1].axvline(0, color=style.INK, linewidth=0.9, linestyle=":")
    panels[0][1].set(xlabel="RMSE minus that of the pipeline as is (paired)", yticklabels=[])
    style.label_panels(panels[0])
    return figure


def error_growth(ds: xr.Dataset):
    """RMSE of every model on a user's held-out windows, against the frame forecast."""
    figure, panels = style.canvas(1, 2, height=3.4)
    names = [str(name) for name in ds.model.values]
    looks = _look(names)
    for panel, values, label in ((panels[0][0], ds.rmse, "RMSE (fields scaled to [0, 1])"),
                                 (panels[0][1], ds.correlation, "correlation with the truth")):  # fmt: skip
        for name in names:
            panel.plot(
                ds.lead, values.sel(model=name).mean("window"), **looks[name], label=str(ds.name.sel(model=name).values)
            )
        panel.set(xlabel="frames ahead $h$", ylabel=label)
        panel.xaxis.get_major_locator().set_params(integer=True)
    if float(ds.rmse.min()) > 0:
        panels[0][0].set_yscale("log")
    figure.legend(*panels[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=6.5)
    style.label_panels(panels[0])
    return figure


def probe_map(ds: xr.Dataset):
    """Each channel's field at the first held-out window, the codes of its pixels, and the values of its probes."""
    channels = [str(name) for name in ds.channel.values]
    figure, panels = style.canvas(len(channels), 3, height=2.5 * len(channels))
    for row, name in zip(panels, channels, strict=True):
        own = ds.sel(channel=name)
        field = own.field.values
        shown = row[0].imshow(field, cmap=style.FIELD)
        figure.colorbar(shown, ax=row[0], label=name)
        # Codes by the value they stand for, so that neighbours in value are neighbours in shade.
        present = own.present.values.astype(bool)
        rank = np.zeros(present.size)
        values = np.where(present, own.probe_value.values, np.inf)
        rank[np.argsort(values)] = np.arange(present.size)
        codes = rank[own.code.values.astype(int)]
        shown = row[1].imshow(codes, cmap=style.FIELD, interpolation="nearest")
        figure.colorbar(shown, ax=row[1], label="code, by value")
        height, width = field.shape
        row[2].imshow(field, cmap="Greys", alpha=0.35)
        at = own.probe.values[present] * [width, height]
        dots = row[2].scatter(
            *at.T, c=own.probe_value.values[present], cmap=style.FIELD, s=26, edgecolors=style.INK, linewidths=0.5
        )
        figure.colorbar(dots, ax=row[2], label="probe value")
        for panel, title in zip(
            row, (f"{name}", f"{int(present.sum())} codes in use", "mean places of the probes"), strict=True
        ):
            panel.set(xlabel="x", ylabel="y", title=title)
    return figure


FIGURES = (
    Figure(
        name="graph_ode/horizon",
        experiments=("graph_ode/forecasts",),
        draw=horizon,
        caption="Forecasts of our own Swift-Hohenberg fields, scaled down (the published tables were not published to "
        "us). (a) RMSE and (b) SSIM against frames ahead, mean over seeds and test trajectories; thick: the pipeline, "
        "with one encoding or with one before every block of five frames. (c) Mean over frames with 95 % intervals "
        "over trajectories; beside each bar how many numbers were fitted, in how many processor seconds (parts that "
        "contenders share counted in each), and what was chosen on validation trajectories: Adam's rate, ridge, "
        "delays, noise q of the Wiener decoder, start level s of the diffusion decoder.",
        counterpart="its Fig. 3 and Table 1, on other data",
    ),
    Figure(
        name="graph_ode/trade-off",
        experiments=("graph_ode/trade-off", "graph_ode/strides"),
        draw=trade_off,
        caption="What re-encoding buys: RMSE against the number of re-encodings, (a) for fixed strides (every 8, 4, 2, "
        "1 blocks) and for rules on the drift of the probes, (b) for fixed strides under each decoder, with 95 % "
        "intervals of the paired difference from one encoding; (c) against the processor time spent on encoding.",
        counterpart="its Fig. 7, on other data",
    ),
    Figure(
        name="graph_ode/ablations",
        experiments=("graph_ode/ablations",),
        draw=ablations,
        caption="One part of the pipeline changed at a time, on our own Swift-Hohenberg fields. (a) RMSE, mean over "
        "frames, with 95 % intervals over trajectories; (b) paired differences from the pipeline as it is.",
        counterpart="its Fig. 4, on other data",
    ),
)
