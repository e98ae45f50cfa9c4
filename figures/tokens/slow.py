"""Figure F2: the slow regime, ln t for every token."""

from __future__ import annotations

import jax
import numpy as np
import xarray as xr

from figures import style
from figures.figure import Figure
from theory import tokens as theory


def slow_growth(ds: xr.Dataset):
    """Four tokens against ln t, and their ratios to the first."""
    ds = ds.isel(system=0)
    start = np.array([float(ds[name]) for name in ("first", "second", "third", "fourth")])
    coupling, decay, bias = float(ds.coupling), float(ds.decay), float(ds.bias)
    limits = np.asarray(theory.slow_limits(start, -1.0, decay, bias))
    figure, [[growth, ratios]] = style.canvas(1, 2, height=2.9)
    shown = (ds.log_time.values >= 2) & (ds.log_time.values <= 300)
    log_time, u = ds.log_time.values[shown], ds.u.values[shown]
    along = np.linspace(np.log(2.0), np.log(300.0), 40)
    exact = np.asarray(
        jax.jit(jax.vmap(lambda s: theory.slow_tokens(s, start, coupling, -1.0, decay, bias)))(np.exp(along))
    )
    expansion = np.exp(along[along > np.log(12.0)])
    for i in range(4):
        label = rf"$l={i + 1}$"
        style.theory_line(growth, np.exp(along), exact[:, i], i, label=label)
        growth.plot(expansion, limits[i] * theory.slow_expansion(expansion), color=style.INK, linewidth=0.5, zorder=1)
        style.simulation_points(growth, log_time, u[:, i], (u[:, i], u[:, i]), i, capsize=0)
        ratio = u[:, i] / u[:, 0]
        style.theory_line(ratios, np.exp(along), exact[:, i] / exact[:, 0], i)
        style.simulation_points(ratios, log_time, ratio, (ratio, ratio), i, capsize=0)
        ratios.axhline(limits[i], color=style.INK, linewidth=0.5, zorder=1)
        below = i == 1
        ratios.annotate(
            rf"$c_{i + 1}={limits[i]:.4f}$",
            (2, limits[i]),
            (0, -10 if below else 5),
            textcoords="offset points",
            fontsize=7,
        )
    powers = np.exp(along)
    growth.plot(powers, powers**2, color=style.PALE, linewidth=0.9, linestyle=(0, (1, 2)), zorder=1)
    growth.annotate(
        "$(\\ln t)^2$, published\norder for $l=2$", (44, 1150), fontsize=7, color=style.PALE, ha="left", va="center"
    )
    growth.set(xscale="log", yscale="log", xlabel=r"$\ln t$", ylabel=r"$|s\,x_l|$", ylim=(2, 3000), xlim=(1.7, 400))
    growth.legend(loc="lower right")
    ratios.set(xscale="log", xlabel=r"$\ln t$", ylabel=r"$x_l/x_1$", ylim=(0.8, 3.7), xlim=(1.7, 400))
    style.label_panels([growth, ratios])
    return figure


FIGURES = (
    Figure(
        name="tokens/slow-growth",
        experiments=("tokens/slow",),
        draw=slow_growth,
        caption="mu > 0 and s x < 0 (mu = 1, s = -1, a = 0.5, x(0) = (2.5, 3, 2.2, 4)): every token grows like ln t, "
        "(ln t)^2 being the published order of the second. Coloured lines: implicit law of the first token and "
        "phase-plane orbits; thin lines: c_l (Lam + 3 ln Lam + (9 ln Lam - 3)/Lam) and the limits c_l; points: solver.",
    ),
)
