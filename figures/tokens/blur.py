"""Figure F11: how much SoftSort blurs."""

from __future__ import annotations

import numpy as np
import xarray as xr

from experiments.estimates import mean_of
from figures import style
from figures.figure import Figure
from theory import tokens as theory


def softsort_blur(ds: xr.Dataset):
    """Effective support of a row against the spread of the scores."""
    figure, [[panel]] = style.canvas(width=4.4, height=3.1)
    spread = np.geomspace(0.02, 20.0, 200)
    style.theory_line(panel, spread, theory.softsort_support(spread), 0, label="closed form, $L\\to\\infty$")
    seen = mean_of(ds.support, "replicate")
    style.simulation_points(
        panel, ds.spread, seen.value, seen.interval(0.05), 1, label=f"soft permutations, $L={int(ds.tokens)}$"
    )
    style.phase_boundary(panel, 0.05, "spread at the start\nof the published network", at=0.55)
    panel.set(
        xscale="log", xlabel=r"spread of the scores $\sigma/\tau$", ylabel=r"effective support $e^H/L$", ylim=(0, 1.04)
    )
    panel.legend(loc="upper right")
    return figure


FIGURES = (
    Figure(
        name="tokens/softsort-blur",
        experiments=("tokens/softsort-blur",),
        draw=softsort_blur,
        caption="SoftSort at temperature tau of normal scores of standard deviation sigma: exp(entropy)/L of a row, "
        "mean over rows (1: the mean of all tokens, 1/L: a permutation). At the temperature of the published "
        "reordering and the spread its network starts with, every row is the mean of all tokens.",
    ),
)
