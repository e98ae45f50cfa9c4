"""Figures of the fields: dispersion relations, and the frequency of a cylinder's wake."""

from __future__ import annotations

import numpy as np
import xarray as xr

from figures import style
from figures.figure import Figure
from theory import graph_ode as theory

FINE = np.linspace(0, 1, 401)
POINTS = {"capsize": 0, "elinewidth": 0, "markersize": 3.2}
# All waves of the sweep have eight wavelengths in a box of length 20.
WAVENUMBER = 2 * np.pi * 8 / 20


def _zero(panel):
    panel.axhline(0, color=style.PALE, linewidth=0.7, zorder=0)


def _swift_hohenberg(panel, growth):
    r = float(growth.control.values[-1]) if 0.7 not in growth.control.values else 0.7
    k = FINE * float(growth.wavenumber.max()) * 1.02
    for i, (released, name) in enumerate(((0.0, "standard"), (1.0, "released, without $-u$"))):
        style.theory_line(panel, k, theory.sh_growth_rate(k, r, released=bool(released)), i, label=name)
        seen = growth.growth.sel(control=r, released=released)
        style.simulation_points(panel, seen.wavenumber, seen, (seen, seen), i, **POINTS)
    _zero(panel)
    band = theory.sh_unstable_band(r)
    panel.plot([band.low, band.high], [0, 0], "|", color=style.INK, markersize=7)
    panel.set(
        xlabel="wavenumber $k$", ylabel=r"growth rate $\sigma$", ylim=(-1.0, 2.6), title=f"Swift-Hohenberg, $r={r:g}$"
    )
    panel.legend(loc="upper left")


def _wave_label(beta, share):
    side = "stable" if share < theory.lo_stability_limit(beta) else "unstable"
    return rf"$\beta={beta:g}$, $Dk^2={share:g}$, {side}"


def _lambda_omega(panel, waves):
    q = FINE * float(waves.perturbation.max()) * 1.04
    chosen = [(0.0, 0.3), (1.0, 0.19), (1.0, 0.3), (2.0, 0.19)]
    for i, (beta, share) in enumerate(chosen):
        law = theory.lo_perturbation_growth(q, WAVENUMBER, beta, share / WAVENUMBER**2).leading
        style.theory_line(panel, q, law, i, label=_wave_label(beta, share))
        seen = waves.growth.sel(shear=beta, share=share)
        style.simulation_points(panel, seen.perturbation, seen, (seen, seen), i, **POINTS)
    _zero(panel)
    panel.set(
        xlabel="side band $q$",
        ylabel=r"growth rate $\sigma$",
        ylim=(-0.045, 0.135),
        title=r"$\lambda$-$\omega$ plane waves",
    )
    panel.legend(loc="upper left")


def _brusselator(panel, modes):
    case = np.flatnonzero(modes.feed.values == 3.0)
    chosen = modes.isel(case=case)
    first = theory.brusselator_turing(3.0, 2.0, 16.0)
    k = FINE * float(modes.wavenumber.max()) * 1.02
    for i, factor in enumerate((0.9, 1.03, 1.1)):
        one = chosen.isel(case=int(np.argmin(abs(chosen.drive.values / float(first.drive) - factor))))
        law = theory.brusselator_growth_rate(k, 3.0, float(one.drive), 2.0, 16.0)
        style.theory_line(panel, k, law, i, label=rf"$b={factor:g}\,b_T$")
        style.simulation_points(panel, one.wavenumber, one.growth, (one.growth, one.growth), i, **POINTS)
    _zero(panel)
    # Below the curves, which meet it at their tops.
    panel.vlines(float(first.wavenumber), -3, -0.35, color=style.INK, linewidth=0.9, linestyle=(0, (4, 2)))
    panel.annotate("$k_T$", (float(first.wavenumber), -2.8), (3, 0), textcoords="offset points", fontsize=8)
    panel.set(xlabel="wavenumber $k$", ylabel=r"growth rate $\sigma$", ylim=(-3.0, 2.4), title="Brusselator, $a=3$")
    panel.legend(loc="upper left")


def dispersion(growth: xr.Dataset, waves: xr.Dataset, modes: xr.Dataset):
    """Growth rates of small perturbations, simulated and in closed form."""
    figure, [panels] = style.canvas(1, 3, width=style.DOUBLE, height=2.6)
    for panel, draw, data in zip(
        panels, (_swift_hohenberg, _lambda_omega, _brusselator), (growth, waves, modes), strict=True
    ):
        draw(panel, data)
    return figure


def wake(ds: xr.Dataset):
    """Strouhal number of a blocked wake over the Reynolds number, beside two correlations of an unbounded one."""
    figure, [[panel]] = style.canvas(width=4.2, height=3.0)
    re = np.linspace(50, 170, 200)
    style.theory_line(panel, re, theory.strouhal_roshko(re), 0, label="unbounded, Roshko's form (from memory)")
    style.theory_line(panel, re, theory.strouhal_williamson(re), 1, label="unbounded, Williamson's form (from memory)")
    # Each end of the span is known to a sampling interval of ten steps.
    known = 20 / ds.span * ds.strouhal
    ends = (ds.strouhal - known, ds.strouhal + known)
    blocked = float(ds.diameter / ds.height)
    style.simulation_points(panel, ds.reynolds, ds.strouhal, ends, 2, label=f"lattice gas, {blocked:.0%} blocked")
    panel.set(xlabel="Reynolds number Re", ylabel="Strouhal number St", xlim=(48, 172), ylim=(0.1, 0.215))
    panel.legend(loc="lower right")
    return figure


FIGURES = (
    Figure(
        name="graph_ode/dispersion",
        experiments=("graph_ode/sh-growth", "graph_ode/lo-waves", "graph_ode/brusselator-growth"),
        draw=dispersion,
        caption="Growth rates of small perturbations, simulated (points) and in closed form (lines): Swift-Hohenberg "
        "modes with and without the -u of the square, whose band of growth is marked; side bands of plane waves on "
        "either side of D k^2 = 1 / (3 + 2 beta^2); modes about the Brusselator's state below and above b_T "
        "(D_u = 2, D_v = 16).",
    ),
    Figure(
        name="graph_ode/wake",
        experiments=("graph_ode/cylinder-wake",),
        draw=wake,
        caption="Frequency of vortices shed by a cylinder, in units of U / D: lattice-Boltzmann simulation between its "
        "own images (points with the resolution of the record) and two correlations of an unbounded stream, quoted "
        "from memory.",
        counterpart="Fig. 6 (the flows it is tested on)",
    ),
)
