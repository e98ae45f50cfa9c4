"""P32, two species: plane waves and their stability, the Brusselator's and Gray and Scott's thresholds."""

from __future__ import annotations

import numpy as np
import xarray as xr

from experiments.claim import Agreement, Claim, Decoy, Source
from experiments.evidence import Crossing, Exact
from experiments.graph_ode.responses import KICK
from experiments.graph_ode.species import BRUSSELATOR_TIME, GRAY_SCOTT_TIME, LINE_WAVENUMBERS, WATCHED, WAVENUMBER
from experiments.laws import elementwise
from theory import graph_ode as theory

DERIVED = Source("derived here")


def _halved(ds, name, time):
    """The finer of two runs, which is of second order: a third of the change is left, once the steps are small."""
    error = 2 * ds[f"{name}_change"] + 10 * KICK / time
    return Exact(ds[name], error, "twice the change when the steps are halved, and products of kicks of 1e-7")


def _wave(amplitude, frequency):
    def predict(ds):
        return xr.concat([amplitude(ds.share) + 0 * ds.shear, frequency(ds.share, ds.shear)], dim="quantity")

    return predict


def _wave_law(which):
    return lambda share, shear=1.0: elementwise(
        lambda s, b: getattr(theory.lo_plane_wave(WAVENUMBER, b, s / WAVENUMBER**2), which), share, shear
    )


def _wave_seen(ds):
    parts = [_halved(ds.transpose("share", "shear", ...), name, WATCHED) for name in ("amplitude", "frequency")]
    joined = [xr.concat([getattr(part, field) for part in parts], dim="quantity") for field in ("value", "error")]
    return Exact(*joined, parts[0].because)


def _side_bands(beta):
    def predict(ds):
        def law(q, shear, share):
            return theory.lo_perturbation_growth(q, WAVENUMBER, beta * shear, share / WAVENUMBER**2).leading

        return elementwise(law, ds.perturbation, ds.shear, ds.share)

    return predict


def _longest(ds):
    """Growth of the longest side band by D k^2; the sign of a rate that the run resolves."""
    return Crossing(_halved(ds.isel(perturbation=0, drop=True), "growth", WATCHED), "share")


def _brusselator(exchanged):
    def predict(ds):
        first, second = (ds.diffusion_v, ds.diffusion_u) if exchanged else (ds.diffusion_u, ds.diffusion_v)
        return elementwise(theory.brusselator_growth_rate, ds.wavenumber, ds.feed, ds.drive, first, second)

    return predict


def _by_drive(feed, wavenumber):
    """Growth of one mode by drive, at one feed."""

    def observe(ds):
        kept = ds.isel(case=np.flatnonzero(ds.feed.values == feed)).swap_dims(case="drive").sortby("drive")
        one = kept.sel(wavenumber=wavenumber, method="nearest").drop_vars("wavenumber")
        return Crossing(_halved(one, "growth", BRUSSELATOR_TIME), "drive")

    return observe


def _turing(feed, d_u, d_v):
    return float(theory.brusselator_turing(feed, d_u, d_v).drive)


def _alive(ds):
    """v beyond a tenth, by kill rate; each feed has its own threshold."""
    return Crossing(Exact(ds.v - 0.1, 0.0, "the simulation's own end"), "kill")


def _at_rest(ds):
    one = ds.isel(wavenumber=0, drop=True)
    return Crossing(_halved(one, "growth", GRAY_SCOTT_TIME), "kill")


CLAIMS = (
    Claim(
        id="graph_ode/P32-lo-wave",
        kind="equality",
        statement="plane waves have A^2 = 1 - D k^2 and turn at Omega = beta (1 - D k^2)",
        source=DERIVED,
        experiment="graph_ode/lo-waves",
        predict=_wave(_wave_law("amplitude"), _wave_law("frequency")),
        observe=_wave_seen,
        comparison=Agreement(),
        decoy=Decoy(
            "the frequency beta of the uniform oscillation",
            _wave(_wave_law("amplitude"), lambda share, shear: shear + 0 * share),
        ),
    ),
    Claim(
        id="graph_ode/P32-lo-side-bands",
        kind="equality",
        statement="side bands q grow at the larger real part of the eigenvalues of their 2 x 2 matrix",
        source=DERIVED,
        experiment="graph_ode/lo-waves",
        predict=_side_bands(1.0),
        observe=lambda ds: _halved(ds, "growth", WATCHED),
        comparison=Agreement(),
        decoy=Decoy("those of beta = 0, which bends no wave", _side_bands(0.0)),
    ),
    Claim(
        id="graph_ode/P32-lo-limit",
        kind="threshold",
        statement="plane waves are stable until D k^2 = 1 / (3 + 2 beta^2)",
        source=DERIVED,
        experiment="graph_ode/lo-waves",
        predict=lambda ds: elementwise(theory.lo_stability_limit, ds.shear),
        observe=_longest,
        comparison=Agreement(),
        decoy=Decoy("1 / 3 for every beta", lambda ds: 1 / 3 + 0 * ds.shear),
    ),
    Claim(
        id="graph_ode/P32-brusselator-growth",
        kind="equality",
        statement="modes about (a, b / a) grow at the larger real part of the rates of [[b - 1 - D_u k^2, a^2], "
        "[-b, -a^2 - D_v k^2]]",
        source=DERIVED,
        experiment="graph_ode/brusselator-growth",
        predict=_brusselator(exchanged=False),
        observe=lambda ds: _halved(ds, "growth", BRUSSELATOR_TIME),
        comparison=Agreement(),
        decoy=Decoy("the diffusions exchanged", _brusselator(exchanged=True)),
    ),
    Claim(
        id="graph_ode/P32-turing",
        kind="threshold",
        statement="the Brusselator's patterns start at b = (1 + a sqrt(D_u / D_v))^2, with k^2 = a / sqrt(D_u D_v)",
        source=DERIVED,
        experiment="graph_ode/brusselator-growth",
        predict=lambda ds: _turing(3.0, 2.0, 16.0),
        observe=_by_drive(3.0, LINE_WAVENUMBERS[4]),
        comparison=Agreement(),
        decoy=Decoy("(1 + a D_u / D_v)^2, the root left out", lambda ds: _turing(3.0, 4.0, 256.0)),
    ),
    Claim(
        id="graph_ode/P32-hopf",
        kind="threshold",
        statement="the Brusselator oscillates uniformly from b = 1 + a^2",
        source=DERIVED,
        experiment="graph_ode/brusselator-growth",
        predict=lambda ds: float(theory.brusselator_hopf(1.0)),
        observe=_by_drive(1.0, 0.0),
        comparison=Agreement(),
        decoy=Decoy("when patterns would start", lambda ds: _turing(1.0, 0.1, 0.1)),
    ),
    Claim(
        id="graph_ode/P32-gray-scott-saddle-node",
        kind="threshold",
        statement="Gray and Scott's second and third uniform states exist until k = sqrt(F) / 2 - F",
        source=DERIVED,
        experiment="graph_ode/gray-scott-fate",
        predict=lambda ds: elementwise(theory.gray_scott_saddle_node, ds.feed),
        observe=_alive,
        comparison=Agreement(),
        decoy=Decoy(
            "sqrt(F) / 2 - F / 2", lambda ds: elementwise(theory.gray_scott_saddle_node, ds.feed) + ds.feed / 2
        ),
    ),
    Claim(
        id="graph_ode/P32-gray-scott-hopf",
        kind="threshold",
        statement="the upper state loses its stability at the larger root of (F + k)^2 = F sqrt(k)",
        source=DERIVED,
        experiment="graph_ode/gray-scott-growth",
        predict=lambda ds: float(theory.gray_scott_hopf(ds.feed.item())),
        observe=_at_rest,
        comparison=Agreement(),
        decoy=Decoy("where the state itself ends", lambda ds: float(theory.gray_scott_saddle_node(ds.feed.item()))),
    ),
)
