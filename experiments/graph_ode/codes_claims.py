"""What is true of codebooks: laws of quantisation, members, rates, slopes, and age (P19-P21, P23, P30)."""

from __future__ import annotations

import numpy as np
import xarray as xr

from experiments.claim import Agreement, Bound, Claim, Decoy, Ordering, Sharp, Source
from experiments.estimates import mean_of, rounding
from experiments.evidence import Exact
from experiments.graph_ode.codes import STEP
from experiments.laws import elementwise
from theory import graph_ode as theory

GAUSS, PLANE = "graph_ode/gauss-levels", "graph_ode/plane-codes"
PATTERNS, LEARNED = "graph_ode/pattern-codes", "graph_ode/learned-codes"
TURNING = "graph_ode/turning-codes"
DERIVED = Source("derived here")
COARSE, FINE = (4.0, 8.0, 16.0), (32.0, 64.0, 128.0)


def _one(ds, name):
    """Ones on the points of an output without its replicates."""
    return xr.ones_like(ds[name].isel(replicate=0, drop=True), float)


def _panter_dite(ds):
    return elementwise(theory.panter_dite_gaussian, 1.0, ds.codes) * _one(ds, "error")


def _shannon(ds):
    return elementwise(theory.shannon_error, 1.0, np.log2(ds.codes)) * _one(ds, "error")


def _limit(ds):
    """K^2 e^2 extrapolated from K = 32 and 64: what is left is of order 1/K^2, below a thousandth."""
    scaled = ds.error * ds.codes.astype(float) ** 2
    return 2 * scaled.sel(codes=64, drop=True) - scaled.sel(codes=32, drop=True)


def _members(law):
    return lambda ds: elementwise(law, ds.member) * _one(ds, "members")


def _slope(error, sizes):
    """Least-squares slope of log e on log K over these sizes, for every replicate."""
    x = np.log(np.array(sizes))
    weight = xr.DataArray((x - x.mean()) / np.sum((x - x.mean()) ** 2), dims="size", coords={"size": list(sizes)})
    return (np.log(error.sel(size=list(sizes)).astype(float)) * weight).sum("size")


def _flat(value):
    return lambda ds: xr.DataArray(float(value))


def _excess(ds, weight=1.0):
    """By how much the old partition errs more than four times the frame's own, after 75 frames."""
    late = ds.sel(ahead=75.0, drop=True).astype(float)
    return weight * late.frozen - 4 * late.fresh


def _pretrained(ds):
    return ds.isel(pretrained=-1, drop=True)


CLAIMS = (
    Claim(
        id="graph_ode/P19",
        kind="equality",
        statement="rounding to steps of size D, put down at random, has mean square error D^2/12",
        source=DERIVED,
        experiment=GAUSS,
        predict=lambda ds: _one(ds, "rounded") * float(theory.uniform_step_error(STEP)) ** 2,
        observe=lambda ds: mean_of(ds.rounded, "replicate"),
        comparison=Agreement(resolution=0.05, relative=True),
        decoy=Decoy("twice that, as for a random value of the step", lambda ds: _one(ds, "rounded") * STEP**2 / 6),
    ),
    Claim(
        id="graph_ode/P19-levels",
        kind="bound",
        statement="Lloyd's levels of a Gaussian do better than Panter and Dite's (sqrt 3 pi/2) sigma^2/K^2",
        source=DERIVED,
        experiment=GAUSS,
        predict=_panter_dite,
        observe=lambda ds: mean_of(ds.error, "replicate"),
        comparison=Bound(side="upper", resolution=0.05, relative=True),
        decoy=Decoy("than sigma^2/K^2, Shannon's bound", _shannon),
    ),
    Claim(
        id="graph_ode/P19-limit",
        kind="equality",
        statement="their error times K^2 tends to (sqrt 3 pi/2) sigma^2",
        source=DERIVED,
        experiment=GAUSS,
        predict=lambda ds: xr.DataArray(float(theory.panter_dite_gaussian(1.0, 1.0))),
        observe=lambda ds: mean_of(_limit(ds), "replicate"),
        comparison=Agreement(resolution=0.06, relative=True),
        decoy=Decoy("to pi e/6, the cost of levels at their entropy", _flat(np.pi * np.e / 6)),
    ),
    Claim(
        id="graph_ode/P20",
        kind="equality",
        statement="the mean of n random members, drawn with replacement, has 1 + 1/n times the error of the mean",
        source=DERIVED,
        experiment=GAUSS,
        predict=_members(theory.member_factor),
        observe=lambda ds: mean_of(ds.members, "replicate"),
        comparison=Agreement(resolution=0.05, relative=True),
        decoy=Decoy("1 + 1/(2 n) times", _members(lambda n: 1 + 1 / (2 * n))),
    ),
    Claim(
        id="graph_ode/P20-patterns",
        kind="equality",
        statement="so the released probe, one random pixel of its code, doubles the error on growing patterns",
        source=DERIVED,
        experiment=PATTERNS,
        predict=lambda ds: xr.DataArray(float(theory.member_factor(1))),
        observe=lambda ds: mean_of(ds.member.mean("ahead"), "replicate"),
        comparison=Agreement(resolution=0.25),
        decoy=Decoy("it is as good as the mean of two", lambda ds: xr.DataArray(float(theory.member_factor(2)))),
    ),
    Claim(
        id="graph_ode/P21",
        kind="bound",
        statement="no code of a Gaussian pixel with entropy H has a mean square error below sigma^2 4^-H",
        source=DERIVED,
        experiment=GAUSS,
        predict=lambda ds: _one(ds, "error"),
        observe=lambda ds: mean_of(ds.error / elementwise(theory.shannon_error, 1.0, ds.entropy), "replicate"),
        comparison=Bound(side="lower", resolution=0.05, relative=True),
        decoy=Decoy("nor below twice that", lambda ds: 2 * _one(ds, "error")),
    ),
    Claim(
        id="graph_ode/P23-coarse",
        kind="bound",
        statement="up to 16 codes, histories tell the value alone: the error falls like K^-0.8 or faster",
        source=DERIVED,
        experiment=PATTERNS,
        predict=_flat(0.8),
        observe=lambda ds: mean_of(-_slope(ds.error, COARSE), "replicate"),
        comparison=Bound(side="lower", resolution=0.05),
        decoy=Decoy("like K^-1", _flat(1.0)),
        sharp=Sharp(
            "like K^-0.755 (found on other seeds): as K^-0.86 from 4 to 8, but from 8 on, where growth is told too, as "
            "K^-0.65",
            _flat(0.755),
            Agreement(resolution=0.05),
        ),
    ),
    Claim(
        id="graph_ode/P23-fine",
        kind="ordering",
        statement="from 32 to 128 codes it sees growth too: the error falls slower than K^-0.65",
        source=DERIVED,
        experiment=PATTERNS,
        predict=_flat(0.0),
        observe=lambda ds: mean_of(_slope(ds.error, FINE) + 0.65, "replicate"),
        comparison=Ordering(),
        decoy=Decoy("slower than K^-0.15, as of six dimensions", _flat(0.5)),
    ),
    Claim(
        id="graph_ode/P23-plane",
        kind="bound",
        statement="no codebook of the unit square beats hexagons, (5/(18 sqrt 3))/K",
        source=DERIVED,
        experiment=PLANE,
        predict=lambda ds: elementwise(theory.hexagon_error, 1.0, ds.codes) * xr.ones_like(ds.error, float),
        # Sums of 16384 squares in float32, added pairwise.
        observe=lambda ds: rounding(ds.error, 128),
        comparison=Bound(side="lower", tight=1.2),
        decoy=Decoy(
            "nor triangles, (1/(3 sqrt 3))/K", lambda ds: xr.ones_like(ds.error, float) / (3 * np.sqrt(3) * ds.codes)
        ),
    ),
    Claim(
        id="graph_ode/P23-learned",
        kind="bound",
        statement="without pretraining the vector quantiser collapses: pretrained it has twice as many live "
        "codes, at every seed",
        source=DERIVED,
        experiment=LEARNED,
        predict=lambda ds: 2.0 * ds.live.isel(pretrained=0, drop=True),
        observe=lambda ds: Exact(_pretrained(ds).live, 0.0, "counted"),
        comparison=Bound(side="lower", tight=10.0),
        decoy=Decoy(
            "pretrained it keeps all of them", lambda ds: xr.zeros_like(_pretrained(ds).live, float) + ds.codes
        ),
    ),
    Claim(
        id="graph_ode/P23-levels",
        kind="bound",
        statement="its prototypes are nearly flat in time, levels of the current value: at most 5 % of their variance "
        "is within a prototype",
        source=DERIVED,
        experiment=LEARNED,
        predict=lambda ds: xr.zeros_like(_pretrained(ds).spread, float) + 0.05,
        observe=lambda ds: rounding(_pretrained(ds).spread, 1e4),
        comparison=Bound(side="upper", tight=100.0),
        decoy=Decoy("at most a thousandth", lambda ds: xr.zeros_like(_pretrained(ds).spread, float) + 1e-3),
    ),
    Claim(
        id="graph_ode/P30",
        kind="ordering",
        statement="after 75 frames a frozen partition errs more than four times as much as the frame's own",
        source=DERIVED,
        experiment=PATTERNS,
        predict=_flat(0.0),
        observe=lambda ds: mean_of(_excess(ds), "replicate"),
        comparison=Ordering(),
        decoy=Decoy("as if it erred twice as much as it does", lambda ds: _excess(ds, 2.0).mean("replicate")),
    ),
    Claim(
        id="graph_ode/P30-turning",
        kind="ordering",
        statement="and so it does on lambda-omega, where nothing grows and waves turn in place",
        source=DERIVED,
        experiment=TURNING,
        predict=_flat(0.0),
        observe=lambda ds: mean_of(_excess(ds), "replicate"),
        comparison=Ordering(),
        decoy=Decoy("as if it erred twice as much as it does", lambda ds: _excess(ds, 2.0).mean("replicate")),
    ),
)
