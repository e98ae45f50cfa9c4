"""P33 and the wake: the laminar flow, a residual that leaves out the pressure, and the frequency of shed vortices."""

from __future__ import annotations

import numpy as np
import xarray as xr

from experiments.claim import Agreement, Bound, Claim, Decoy, Ordering, Sharp, Source
from experiments.estimates import rounding
from experiments.evidence import Exact
from experiments.graph_ode.flows import LAMINAR_STEPS, LAMINAR_TIME, STRIDE
from experiments.laws import elementwise
from theory import graph_ode as theory

DERIVED = Source("derived here")
EXACT, WAKE = "graph_ode/ns-exact", "graph_ode/cylinder-wake"


def _laminar(factor):
    def predict(ds):
        return elementwise(theory.ns_laminar_gain, LAMINAR_TIME, factor * ds.viscosity) + 0 * ds.gain

    return predict


def _residual(name):
    def predict(ds):
        law = lambda u, nu: getattr(theory.taylor_green_residual(u, 2 * np.pi, nu), name)  # noqa: E731
        return elementwise(law, ds.speed_then, ds.viscosity)

    return predict


def _known(ds):
    """Both crossings lie within one sampling interval of where they are put."""
    return 2 * STRIDE / ds.span * ds.strouhal


def _rises(ds):
    rise = ds.strouhal.diff("reynolds")
    error = _known(ds)
    both = error.isel(reynolds=slice(1, None)).values + error.isel(reynolds=slice(None, -1)).values
    return Exact(rise, both, "a sampling interval at each end of the span")


def _unbounded(ds):
    """The larger of the two correlations of an unbounded stream."""
    laws = (theory.strouhal_roshko, theory.strouhal_williamson)
    return xr.concat([elementwise(law, ds.reynolds) for law in laws], dim="law").max("law")


CLAIMS = (
    Claim(
        id="graph_ode/P33-laminar",
        kind="equality",
        statement="forced along one diagonal from rest, the vorticity is f (1 - e^(-8 pi^2 nu t)) / (8 pi^2 nu)",
        source=DERIVED,
        experiment=EXACT,
        predict=_laminar(1.0),
        observe=lambda ds: rounding(ds.gain, 16 * LAMINAR_STEPS),
        comparison=Agreement(),
        decoy=Decoy("the damping 4 pi^2 nu of a wave along an axis", _laminar(0.5)),
    ),
    Claim(
        id="graph_ode/P33-residual",
        kind="identity",
        statement="the released residual u . grad u - nu lap u vanishes on solutions: it measures how far one is",
        source=Source("2505.17459", "official code, residual of the flow"),
        experiment=EXACT,
        predict=lambda ds: 0 * ds.released,
        observe=lambda ds: rounding(ds.released, 1e4),
        comparison=Agreement(),
        decoy=Decoy("only the pressure gradient is missing", _residual("pressure")),
        sharp=Sharp(
            "on the Taylor-Green vortex it is sqrt(U^4 k^2 / 8 + nu^2 k^4 U^2): pressure gradient and u_t are missing",
            _residual("steady"),
        ),
    ),
    Claim(
        id="graph_ode/wake-rises",
        kind="ordering",
        statement="vortices are shed faster, in units of U / D, at a larger Reynolds number",
        source=DERIVED,
        experiment=WAKE,
        predict=lambda ds: 0 * ds.strouhal.diff("reynolds"),
        observe=_rises,
        comparison=Ordering(),
        decoy=Decoy(
            "three times as steeply as behind a cylinder in an unbounded stream",
            lambda ds: 3 * _unbounded(ds).diff("reynolds"),
        ),
    ),
    Claim(
        id="graph_ode/wake-blocked",
        kind="bound",
        statement="between walls of images six diameters apart they are shed faster than in an unbounded stream",
        source=DERIVED,
        experiment=WAKE,
        predict=_unbounded,
        observe=lambda ds: Exact(ds.strouhal, _known(ds), "a sampling interval at each end of the span"),
        comparison=Bound(side="lower"),
        decoy=Decoy("by a third at least", lambda ds: _unbounded(ds) * 4 / 3),
    ),
)
