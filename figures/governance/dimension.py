"""Figures 8 and 9: more neurons, and longer blocks of defection."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.colors import TwoSlopeNorm

from figures import style
from figures.figure import Figure
from figures.governance import published
from figures.governance.shared import points, twin

COST = 3.0


def _least(ds: xr.Dataset) -> np.ndarray:
    """The share of least seed-averaged free energy, by dimension."""
    energy = (COST * ds.neighbour_kl - ds.payoff.sel(regime="scaled")).mean("replicate")
    share = ds.share.isel(dimension=0, replicate=0).values
    return share[energy.transpose("dimension", "share_index").values.argmin(1)]


def dimension_sweep(ds: xr.Dataset):
    """Figure 8 in both regimes, with medians beside the ratio of means that one bad body decides."""
    figure, grid = style.canvas(2, 2, height=5.0)
    divergence, ratio, least, weights = grid.flat
    d, stored = ds.dimension.values, published.DIMENSION.T
    body, mirror = ds.isel(share_index=-1), ds.isel(share_index=0)
    points(divergence, d, mirror.neighbour_kl, 5, label=r"$\alpha=0$")
    points(divergence, d, body.neighbour_kl, 0, label=r"$\alpha=1$")
    style.published_points(divergence, stored[0], stored[1])
    style.published_points(divergence, stored[0], stored[2], None)
    divergence.set(ylabel=r"$\mathrm{KL}$ by k-NN (nats)", ylim=(0, None))
    divergence.legend(loc="upper left")
    for i, regime in enumerate(ds.regime.values):
        one, zero = body.variance.sel(regime=regime), mirror.variance.sel(regime=regime)
        of_means = zero.mean("replicate") / one.mean("replicate")
        ratio.plot(d, of_means, color=style.COLOURS[0], linestyle=style.DASHES[i], linewidth=0.9)
        ratio.plot(
            d, of_means, style.MARKERS[i], color=style.COLOURS[0], markerfacecolor="white", label=f"of means, {regime}"
        )
    middle = (mirror.variance / body.variance).sel(regime="scaled").median("replicate")
    ratio.plot(d, middle, "^--", color=style.COLOURS[2], markerfacecolor="white", linewidth=0.9, label="median body")
    style.published_points(ratio, stored[0], stored[4], "published, of means")
    ratio.set(ylabel=r"$\mathrm{Var}_0/\mathrm{Var}_1$", yscale="log")
    ratio.legend(loc="lower right")
    least.plot(d, _least(ds), "o", color=style.COLOURS[0], markerfacecolor="white", label="k-NN")
    style.published_points(least, stored[0], stored[5])
    least.set(ylabel=r"$\alpha^*(d)$ at $\lambda=3$", ylim=(0, 1.08))
    least.legend(loc="lower right")
    right = twin(weights, r"$\mathrm{Var}_1$", 1)
    for i, regime in enumerate(ds.regime.values):
        points(weights, d, ds.weights_squared.sel(regime=regime), 0, marker=style.MARKERS[i], label=regime)
        points(right, d, body.variance.sel(regime=regime), 1, marker=style.MARKERS[i])
    style.published_points(weights, stored[0], stored[6])
    style.published_points(right, stored[0], stored[3], None).set_markeredgecolor(style.COLOURS[1])
    weights.set(ylabel=r"$\|w\|^2$", ylim=(0, None))
    right.set_yscale("log")
    weights.legend(loc="upper right")
    for panel in grid.flat:
        panel.set_xlabel("reservoir dimension $d$")
    style.label_panels(grid.flat)
    return figure


def phase_diagram(sweep: xr.Dataset, ds: xr.Dataset, lengths: xr.Dataset):
    """Figure 9, its panel (b) with the lead it meant to show and, small, the difference it shows."""
    figure, grid = style.canvas(2, 2, height=5.2)
    least, share, detection, field = grid.flat
    d, best = sweep.dimension.values, _least(sweep)
    least.plot(d, best, "o", color=style.COLOURS[0], markerfacecolor="white")
    style.published_points(least, published.DIMENSION.T[0], published.DIMENSION.T[5])
    least.axhline(0.5, color=style.PALE, linewidth=0.8, linestyle=":")
    critical = float(d[np.argmax(best > 0.5)])
    style.phase_boundary(least, critical, f"$d_c = {critical:g}$ (published: 5)", at=0.2)
    least.set(xlabel="reservoir dimension $d$", ylabel=r"$\alpha^*(d)$ at $\lambda=3$", ylim=(0, 1.08), xlim=(0, None))
    least.legend(loc="lower right")
    length = lengths.length.values
    points(share, length, lengths.lowest, 3)
    share.set(xlabel="length of the block $L$", ylabel=r"$\min\alpha$ in the block", ylim=(0, 0.44), xscale="log")
    right = twin(share, r"payoff ahead of TfT, $U_S - (3001 + L)$", 0)
    ahead = lengths.sentinel_payoff - (3001 + lengths.length)
    points(right, length, ahead, 0)
    # Of L rounds of defection in 1000 + L, AllD wins one each, and a constant action 1 - a.
    right.annotate(
        "ahead, constant: AllD +1999,\n$a=1/2$ $+999-L/2$, AllC $-1-L$",
        (0.98, 0.99),
        xycoords="axes fraction",
        fontsize=5.5,
        ha="right",
        va="top",
        color=style.INK,
    )
    top = float(ahead.mean("replicate").max())
    right.set_ylim(-1.1 * top, 1.6 * top)
    inset = share.inset_axes((0.2, 0.25, 0.4, 0.17))
    inset.plot(
        length, (lengths.block_payoff - lengths.sentinel_payoff).mean("replicate"), "x", color=style.INK, markersize=3
    )
    inset.set_xscale("log")
    inset.tick_params(labelsize=5.5)
    inset.set_title("as published: a mean\nminus a total", fontsize=6, pad=2)
    points(detection, length, lengths.detection, 0)
    detection.axhline(5, color=style.PALE, linewidth=0.8, linestyle=":")
    detection.annotate('the text: "approximately 5"', (length[0], 5), (0, 2), textcoords="offset points", fontsize=7)
    detection.set(xlabel="length of the block $L$", ylabel=r"rounds before $\alpha < 0.75$", ylim=(0, 6), xscale="log")
    lead = (ds.sentinel_payoff - ds.mirror_payoff).mean("replicate").transpose("dimension", "length")
    reach = float(abs(lead).max())
    image = field.imshow(lead, cmap="RdBu", norm=TwoSlopeNorm(0, -reach, reach), aspect="auto", origin="lower")
    for (i, j), value in np.ndenumerate(lead.values):
        strong = abs(value) > 0.6 * reach
        field.text(j, i, f"{value:.0f}", ha="center", va="center", fontsize=6.5, color="white" if strong else style.INK)
    if lead.min() < 0 < lead.max():
        field.contour(lead, levels=[0.0], colors=style.INK, linewidths=1.0)
    field.set_xticks(range(lead.sizes["length"]), [f"{v:g}" for v in lead.length.values])
    field.set_yticks(range(lead.sizes["dimension"]), [f"{v:g}" for v in lead.dimension.values])
    field.set(xlabel="length of the block $L$", ylabel="reservoir dimension $d$")
    figure.colorbar(image, ax=field, label=r"$U_S - U_T$")
    style.label_panels(grid.flat)
    return figure


FIGURES = (
    Figure(
        name="governance/dimension",
        experiments=("governance/dimension",),
        draw=dimension_sweep,
        caption="Bodies of 5 to 100 neurons: divergence, ratio of variances, share of least free energy, squared "
        "readout norm (left) and variance of the body's action (right), with ridge strength scaled with d and "
        "fixed; means and standard errors over bodies.",
        counterpart="Fig. 8",
    ),
    Figure(
        name="governance/phase-diagram",
        experiments=("governance/dimension", "governance/phase-diagram", "governance/block-length"),
        draw=phase_diagram,
        caption="Share of least free energy with the paper's threshold; least share and payoff ahead of Tit-for-Tat "
        "against the length of the block (the published panel plots a mean payoff per round minus a total: inset); "
        "detection time; payoff ahead of Tit-for-Tat over dimension and length.",
        counterpart="Fig. 9",
    ),
)
