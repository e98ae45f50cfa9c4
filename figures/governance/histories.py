"""The history mixture beside the simulation: mean and variance of the action at every share of the body."""

from __future__ import annotations

import jax
import matplotlib.figure
import numpy as np
import xarray as xr

from figures import style
from figures.figure import Figure
from theory import governance as theory

SHOWN = 3


def histories(ds: xr.Dataset) -> matplotlib.figure.Figure:
    """(a) variance, (b) mean of the action of three bodies: histories and linear response (lines), copies (points)."""
    figure, axes = style.canvas(1, 2, height=3.3)
    left, right = axes[0]
    style.label_panels([left, right])
    shares = np.linspace(0, 1, 41)
    q = float(ds.cooperation.values.flat[0])
    exact = jax.jit(jax.vmap(theory.action_law, (None, 0, None)))
    linear = jax.jit(jax.vmap(theory.linear_response, (None, 0, None)))
    for i in range(min(SHOWN, ds.sizes["body"])):
        one = ds.isel(body=i)
        names = ("recurrent", "own_input", "other_input", "bias", "readout", "offset")
        body = theory.Body(*(one[name].isel(share=0).values for name in names), float(ds.noise.values.flat[0]))
        law, rough = exact(body, shares, q), linear(body, shares, q)
        thin = {"color": style.COLOURS[i], "linewidth": 0.7, "linestyle": (0, (1, 1.5)), "zorder": 1}
        for panel, bent, straight, name in (
            (left, law.variance, rough.action_variance, "variance"),
            (right, law.mean, rough.mean_action, "mean_action"),
        ):
            style.theory_line(panel, shares, bent, i, label=f"body {i + 1}")
            panel.plot(shares, straight, **thin)
            seen = one[name]
            middle, error = seen.mean("copy"), 2 * seen.std("copy", ddof=1) / np.sqrt(seen.sizes["copy"])
            style.simulation_points(panel, one.share, middle, (middle - error, middle + error), i)
    tft = float(theory.echo_variance(q, 0.0))
    left.set(yscale="log", ylabel=r"variance of the action $\mathrm{Var}_\alpha[a]$")
    left.annotate(r"$\varepsilon(1-\varepsilon)$", (0, tft), (6, 2), textcoords="offset points", fontsize=7)
    right.set(ylabel=r"mean action $\bar a$")
    for panel in (left, right):
        panel.set(xlim=(-0.03, 1.03), xlabel=r"share of the body $\alpha$")
    left.legend(
        loc="lower left", title="lines: 64 histories\ndotted: linear response\npoints: copies", title_fontsize=7
    )
    return figure


FIGURES = (
    Figure(
        name="governance/histories",
        experiments=("governance/noisy-games",),
        draw=histories,
        caption="Variance (a) and mean (b) of the action against an opponent who defects in one round of ten, for "
        "three bodies of ten neurons: the mixture over 64 histories (lines) and linear response (dotted), both "
        "without Monte Carlo, and copies of 2000 rounds (points, two standard errors).",
    ),
)
