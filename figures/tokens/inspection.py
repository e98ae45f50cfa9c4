"""The plot of `separatrix inspect`: what theory reads off the weights, and what tokens did, against depth.

It belongs to a user's checkpoint and to no experiment, so it is a plain drawing function and not among `FIGURES`.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from figures import style


def _band(panel, x, low, middle, high, index, label=None):
    panel.fill_between(x, low, high, color=style.COLOURS[index], alpha=0.22, linewidth=0)
    style.theory_line(panel, x, middle, index, label=label)


def _spectrum(panel, weights):
    layers = weights["layer"].values
    values = weights["eigenvalue"].transpose("layer", ...).values.reshape(len(layers), -1)
    floor = float(weights["resolution"].max())
    for sign, index, label in ((1, 0, "positive"), (-1, 1, "negative")):
        seen = np.where(sign * values > floor, values, np.nan)
        x = np.broadcast_to(layers[:, None], values.shape)
        marks = {
            "linestyle": "none",
            "marker": style.MARKERS[index],
            "markersize": 2.2,
            "alpha": 0.55,
            "markeredgewidth": 0,
        }
        panel.plot(x.ravel(), seen.ravel(), color=style.COLOURS[index], rasterized=True, label=label, **marks)
    largest = np.abs(values).max()
    # Two decades each way: finer ticks around zero would run into each other.
    linear = max(largest * 1e-2, 1e-30)
    panel.set_yscale("symlog", linthresh=linear, linscale=0.4)
    decade = 10.0 ** np.floor(np.log10(max(largest, 1e-30)))
    panel.set_yticks([-decade, -decade / 10, 0, decade / 10, decade])
    panel.axhline(0.0, color=style.PALE, linewidth=0.7)
    panel.set(ylabel=r"eigenvalues of sym $M$")


def _shares(panel, weights, pushed):
    layers = weights["layer"].values
    share = weights["negative_share"]
    _band(panel, layers, share.min("group"), share.median("group"), share.max("group"), 0, "all directions")
    panel.axhline(0.5, color=style.PALE, linewidth=0.7)
    if pushed is not None:
        seen = 1 - pushed["self_positive"].mean("group").values
        panel.plot(layers, seen, color=style.COLOURS[1], marker="s", markerfacecolor="white", linestyle="none",
                   label="tokens pushed")  # fmt: skip
    panel.set(ylim=(-0.03, 1.03), ylabel=r"share with $\theta^\top M\theta<0$")
    panel.legend(loc="best")


def _steps(panel, weights, pushed):
    layers, step = weights["layer"].values, weights["step"]
    _band(panel, layers, step.min("head"), step.median("head"), step.max("head"), 0, "at rest")
    if pushed is not None:
        low, middle, high = pushed["step_used"].values.T
        style.simulation_points(panel, layers, middle, (low, high), 1, label="tokens pushed", markersize=3.0)
    panel.set(yscale="log", ylabel=r"step size $\Delta$")
    low, high = panel.get_ylim()
    panel.set_ylim(low, high * (high / low) ** 0.3)
    panel.legend(loc="upper right", ncols=2, columnspacing=1.0, handlelength=1.4)


def _half_lives(panel, weights):
    layers = weights["layer"].values
    low, high = weights["half_life_least"], weights["half_life_most"]
    _band(panel, layers, low.min("head"), weights["half_life_median"].median("head"), high.max("head"), 0)
    panel.set(yscale="log", ylabel=r"half-life $\ln2/(a\Delta)$ [tokens]")


def _skips(panel, weights):
    skip = weights["skip"]
    _band(panel, weights["layer"].values, skip.min("head"), skip.median("head"), skip.max("head"), 0)
    panel.axhline(0.0, color=style.PALE, linewidth=0.7)
    panel.set(ylabel=r"skip weight $D$")


def _alignment(panel, weights, noise):
    layers = weights["layer"].values
    panel.fill_between([layers[0] - 0.5, layers[-1] + 0.5], -3 * noise, 3 * noise, color=style.PALE, alpha=0.25,
                       linewidth=0, label="unrelated maps, 3 s.d.")  # fmt: skip
    panel.plot(layers, weights["value_alignment"], color=style.COLOURS[0], marker="o", markerfacecolor="white",
               linestyle="none")  # fmt: skip
    reach = 1.15 * max(float(np.abs(weights["value_alignment"]).max()), 4 * noise)
    panel.set(ylim=(-reach, 1.4 * reach), ylabel=r"$\cos(W_{\rm out}^\top, W_x)$")
    panel.legend(loc="upper left")


def _norms(panel, pushed):
    norm = pushed["norm"]
    _band(panel, pushed["depth"].values, norm.min("token"), norm.median("token"), norm.max("token"), 2)
    panel.set(yscale="log", ylabel=r"norms $|x_l|$")


def _leading(panel, pushed):
    panel.plot(pushed["depth"], pushed["leading_share"], color=style.COLOURS[2], marker="^", markersize=3.0)
    tokens = pushed.sizes["token"]
    panel.axhline(1 / tokens, color=style.INK, linewidth=0.9, linestyle=(0, (4, 2)), label=f"orthogonal, 1/{tokens}")
    panel.set(ylim=(0, 1.03), ylabel=r"leading Gram share $\lambda_1$")
    panel.legend(loc="upper right")


def _ranks(panel, pushed):
    depth = pushed["depth"].values
    for name, index, label in (("effective_rank", 2, "effective rank"), ("participation", 3, "participation $r$")):
        panel.plot(depth, pushed[name], **style.series(index), marker=style.MARKERS[index], markersize=3.0, label=label)
    panel.set(ylabel="number of directions")
    panel.set_ylim(0.9, 1.3 * float(pushed["effective_rank"].max()))
    panel.legend(loc="upper right")


def depth_plot(weights: xr.Dataset, pushed: xr.Dataset | None, noise: float, name: str):
    """Six panels from the weights (`weights_read`), three more where tokens were pushed (`tokens_pushed`).

    noise: standard deviation of the cosine of two unrelated maps of W_out's size.  name: of the checkpoint.
    """
    rows = 2 if pushed is None else 3
    figure, panels = style.canvas(rows, 3, height=2.25 * rows + 0.2)
    _spectrum(panels[0, 0], weights)
    _shares(panels[0, 1], weights, pushed)
    _steps(panels[0, 2], weights, pushed)
    _half_lives(panels[1, 0], weights)
    _skips(panels[1, 1], weights)
    _alignment(panels[1, 2], weights, noise)
    last = int(weights["layer"][-1])
    for panel in panels[:2].ravel():
        panel.set(xlim=(-0.5, last + 0.5), xlabel="layer")
    if pushed is not None:
        for panel, draw in zip(panels[2], (_norms, _leading, _ranks), strict=True):
            draw(panel, pushed)
            panel.set(xlim=(-0.5, last + 2.5), xlabel="layers passed; last: norm")
    for panel in panels.ravel():
        panel.xaxis.get_major_locator().set_params(integer=True)
    style.label_panels(panels.ravel())
    figure.suptitle(f"{name}  (lines: medians, bands: from the least to the greatest)", fontsize=8.5)
    return figure
