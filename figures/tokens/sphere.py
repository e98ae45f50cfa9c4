"""Figures of normalised tokens."""

from __future__ import annotations

import numpy as np
import xarray as xr

from figures import style
from figures.figure import Figure
from theory import tokens as theory


def sphere_grams(ds: xr.Dataset):
    """Cosines of all pairs of tokens late on the sphere, beside the frame that theory gives."""
    figure, [panels] = style.canvas(1, 3, width=style.DOUBLE, height=2.7)
    late = ds.cosine.isel(replicate=0).sel(time=400.0)
    tokens = late.sizes["token"]
    frame = np.asarray(theory.frame_gram(tokens, 4))
    drawn = (
        ("$M=+I$, $t=400$", np.abs(late.sel(rate=1.0).values)),
        ("$M=-I$, $t=400$", np.abs(late.sel(rate=-1.0).values)),
        ("theory for $M=-I$: period $D=4$", frame),
    )
    for (title, cosines), panel in zip(drawn, panels, strict=True):
        image = panel.imshow(cosines, vmin=0, vmax=1, cmap=style.FIELD)
        panel.set_title(title, fontsize=8)
        panel.set_xticks(range(tokens), range(1, tokens + 1))
        panel.set_yticks(range(tokens), range(1, tokens + 1))
        panel.set(xlabel="token $j$", ylabel="token $l$")
    ranks = [float(ds["rank"].isel(replicate=0).sel(time=400.0, rate=rate)) for rate in (1.0, -1.0)]
    for rank, panel in zip(ranks, panels, strict=False):
        panel.set_xlabel(f"token $j$;  effective rank {rank:.3f}")
    figure.colorbar(image, ax=list(panels), label=r"$|\cos(x_l, x_j)|$", shrink=0.85)
    return figure


NAMES = ("independent, SiLU", "independent", "positive", "negative", "mixed")


def random_layers(ds: xr.Dataset):
    """Leading Gram share and participation ratio against depth, for five kinds of kernels."""
    figure, [panels] = style.canvas(1, 2, width=style.DOUBLE, height=3.0)
    depth = ds.depth.values
    # Curves that lie on one another are told apart by their markers, each at depths of its own.
    marked = np.searchsorted(depth, np.geomspace(2, depth[-1] / 2, 5 * len(NAMES)))
    for name, label, panel in (
        ("share", r"leading Gram share $\lambda_1$", panels[0]),
        ("ratio", r"participation ratio $r$", panels[1]),
    ):
        for i, kernel in enumerate(NAMES):
            runs = ds[name].isel(kernel=i).values
            middle, low, high = runs.mean(0), *np.quantile(runs, (0.1, 0.9), axis=0)
            at = list(marked[i :: len(NAMES)])
            panel.plot(depth, middle, **style.series(i), marker=style.MARKERS[i], markevery=at, label=kernel)
            panel.fill_between(depth, low, high, color=style.COLOURS[i], alpha=0.13, linewidth=0)
        panel.set(xscale="log", xlabel="layer", ylabel=label, xlim=(1, depth[-1]))
    panels[0].set_ylim(0, 1.02)
    panels[1].set(ylim=(0.9, None), yscale="log")
    panels[1].set_yticks([1, 2, 5, 10, 20], ["1", "2", "5", "10", "20"])
    panels[1].minorticks_off()
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
    return figure


def two_flows(ds: xr.Dataset):
    """The same eight tokens under a selective layer and under self-attention."""
    figure, grid = style.canvas(2, 2, width=style.DOUBLE, height=4.8, sharex=False)
    columns = (("selective layer", 0), ("causal self-attention", 1))
    for (title, attention), (top, bottom) in zip(columns, grid.T, strict=True):
        for i, rate in enumerate((1.0, -1.0)):
            at = (ds.attention.values == attention) & (ds.rate.values == rate)
            chosen = ds.isel(flow=int(np.flatnonzero(at)[0]))
            reached = chosen.reached.values.astype(bool)
            time = chosen.time.values[reached]
            letter = "V" if attention else "M"
            label = f"${letter} = {'+' if rate > 0 else '-'}I$"
            lengths = chosen.log_length.values[reached]
            top.plot(time, np.exp(lengths.max(1)), **style.series(i), label=f"{label}, longest")
            top.plot(time, np.exp(lengths.min(1)), **style.series(i), linewidth=0.6, label="shortest")
            bottom.plot(time, chosen.share.values[reached], **style.series(i), label=label)
            if not attention and rate > 0:
                style.phase_boundary(top, float(time[-1]), "$T^*$")
                style.phase_boundary(bottom, float(time[-1]), "$T^*$")
            if not attention and rate < 0:
                late = time > 3
                guide = np.exp(lengths[late].max(1))[-1] * np.sqrt(time[-1] / time[late])
                top.plot(time[late], 1.6 * guide, color=style.PALE, linewidth=0.8, label="$t^{-1/2}$")
            if attention and rate > 0:
                start = np.exp(float(chosen.log_start.max()))
                top.plot(time, start * np.exp(time), color=style.PALE, linewidth=0.8, label=r"$\max|x(0)|\,e^{t}$")
        top.set(yscale="log", ylabel="$|x_l|$", title=title, ylim=(1e-3, 1e6))
        bottom.set(xlabel="$t$", ylabel=r"$\lambda_1$", ylim=(0.3, 1.02))
        for panel in (top, bottom):
            if not attention:
                panel.set_xscale("log")
        top.legend(loc="upper right" if not attention else "upper left", fontsize=6)
        bottom.legend(loc="upper left" if not attention else "lower right")
    return figure


FIGURES = (
    Figure(
        name="tokens/sphere-frames",
        experiments=("tokens/sphere-frame",),
        draw=sphere_grams,
        caption="Seven normalised tokens in four dimensions, a = 0.4: positive definite M collapses them onto the "
        "first, negative definite M turns them into an orthogonal frame that repeats.",
    ),
    Figure(
        name="tokens/random-layers",
        experiments=("tokens/random-layers",),
        draw=random_layers,
        caption="Thirty tokens through 200 layers z <- normalise(z + S6(z)), all weights drawn afresh in each layer "
        "(n = 64, N = 16): mean over draws and the band of their middle four fifths.",
    ),
    Figure(
        name="tokens/two-flows",
        experiments=("tokens/two-flows",),
        draw=two_flows,
        caption="The same eight tokens in three dimensions under the selective layer (cubic and not normalised: "
        "t^(-1/2) or a blow-up) and under causal self-attention with Q = K = I (a weighted mean: exponentials "
        "at most).",
    ),
)
