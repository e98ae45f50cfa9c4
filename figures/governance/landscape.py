"""Figures 2 and 5: divergence, variance, payoff and free energy over the body's share."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib import colormaps

from figures import style
from figures.figure import Figure
from figures.governance import published
from figures.governance.shared import controls, error, points, twin
from theory import governance as theory

COOPERATION = 0.9
COSTS = ((1.0, "o"), (3.0, "s"), (8.0, "^"))


def kl_landscape(ds: xr.Dataset):
    """Figure 2, with the payoffs of constant actions as controls."""
    figure, [panels] = style.canvas(1, 3, height=2.7)
    divergence, variance, payoff = panels
    share, stored = ds.share.isel(replicate=0).values, published.LANDSCAPE.T
    points(divergence, share, ds.neighbour_kl, 0, label="k-NN, noisy opponent")
    points(divergence, share, ds.gaussian_kl, 1, label="Gaussian, noisy opponent")
    points(divergence, share, ds.pure_kl, 6, label="k-NN, cooperator", markersize=2.5)
    style.published_points(divergence, stored[0], stored[1])
    divergence.set(ylabel=r"$\mathrm{KL}(p_\alpha\,\|\,p_\mathrm{hab})$ (nats)", ylim=(0, 6.4))
    divergence.legend(loc="upper right")
    points(variance, share, ds.variance, 0)
    style.published_points(variance, stored[0], stored[4])
    variance.set(ylabel=r"$\mathrm{Var}[a]$", yscale="log")
    points(payoff, share, ds.payoff, 0)
    style.published_points(payoff, stored[0], stored[3], None)
    q, alone = COOPERATION, float(ds.body.isel(share=-1).mean())
    paid = theory.expected_payoff(theory.mixed_mean_action(share, alone, q), q)
    payoff.plot(share, paid, color=style.INK, linewidth=0.8, label=r"$4.6 - 1.9\,\mathrm{E}a$")
    payoff.legend(loc="center left", bbox_to_anchor=(0.0, 0.42))
    controls(payoff, (0.52, 0.09, 0.4, 0.2), q, ds.action.mean("replicate"), ds.payoff.mean("replicate"))
    payoff.set(ylabel=r"mean payoff $\bar u$", ylim=(2.68, 2.93))
    right = twin(payoff, r"mean action $\bar a$", 1)
    points(right, share, ds.action, 1)
    style.published_points(right, stored[0], stored[2], None).set_markeredgecolor(style.COLOURS[1])
    right.set_ylim(0.89, 1.01)
    for panel in panels:
        panel.set_xlabel(r"body's share $\alpha$")
    style.label_panels(panels)
    return figure


def free_energy(ds: xr.Dataset):
    """Figure 5: the divergence after H epochs, the free energy, and where its least value stands."""
    figure, [panels] = style.canvas(1, 3, height=2.7)
    divergence, energy, best = panels
    share = ds.share.isel(epochs=0, replicate=0).values
    colours = colormaps["viridis"](np.linspace(0, 0.9, ds.sizes["epochs"]))
    for i, epochs in enumerate(ds.epochs.values):
        seen = ds.sel(epochs=epochs)
        for panel, values in ((divergence, seen.neighbour_kl), (energy, 3 * seen.neighbour_kl - seen.payoff)):
            mean, sem = values.mean("replicate"), error(values)
            marker = style.MARKERS[i % len(style.MARKERS)]
            options = {
                "color": colours[i],
                "marker": marker,
                "markersize": 3,
                "markerfacecolor": "white",
                "linewidth": 0.9,
            }
            panel.errorbar(share, mean, yerr=sem, capsize=1.5, label=f"$H={epochs}$", **options)
    divergence.legend(ncols=2, columnspacing=0.8)
    divergence.set(ylabel=r"$\mathrm{KL}$ by k-NN (nats)")
    energy.set(ylabel=r"$F(\alpha)$ at $\lambda=3$")
    place = np.arange(ds.sizes["epochs"])
    for (cost, marker), colour in zip(COSTS, style.COLOURS, strict=False):
        for name, face, shift in (("neighbour_kl", "white", -0.08), ("gaussian_kl", colour, 0.08)):
            mean = (cost * ds[name] - ds.payoff).mean("replicate")
            least = share[mean.transpose("epochs", "share").values.argmin(1)]
            label = rf"$\lambda={cost:g}$" if name == "neighbour_kl" else None
            best.plot(place + shift, least, marker, color=colour, markerfacecolor=face, label=label, markersize=5)
    best.set_xticks(place, [str(h) for h in ds.epochs.values])
    best.set(ylabel=r"$\mathrm{argmin}_\alpha F$", xlabel="habituation epochs $H$", ylim=(0, 1.05))
    best.legend(loc="lower right", title="hollow: k-NN, filled: Gaussian", title_fontsize=7)
    for panel in (divergence, energy):
        panel.set_xlabel(r"body's share $\alpha$")
    style.label_panels(panels)
    return figure


FIGURES = (
    Figure(
        name="governance/kl-landscape",
        experiments=("governance/kl-landscape",),
        draw=kl_landscape,
        caption="Divergence of the body's states from the habituated ones (two estimators), variance of the action and "
        "mean payoff with mean action, against the body's share alpha; a noisy opponent (eps = 0.1, 2000 rounds), "
        "means and standard errors over bodies.",
        counterpart="Fig. 2",
    ),
    Figure(
        name="governance/free-energy",
        experiments=("governance/free-energy",),
        draw=free_energy,
        caption="Divergence and free energy F = -u + lambda KL against alpha after H epochs of habituation (a new body "
        "for every H), and the share of least mean F for three metabolic costs and two estimators of the divergence.",
        counterpart="Fig. 5",
    ),
)
