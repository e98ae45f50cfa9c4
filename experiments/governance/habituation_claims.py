"""What habituation does to W: not what the paper's text says."""

from __future__ import annotations

import numpy as np
import xarray as xr

from experiments.claim import Agreement, Bound, Claim, Decoy, Sharp, Source
from experiments.estimates import mean_of, rounding
from experiments.evidence import Exact

HABITUATION, CENTRED, SENSITIVITY = (
    "governance/habituation",
    "governance/centred-habituation",
    "governance/sensitivity",
)
PAPER = "2602.20846"
# Gelfand's formula at n = 2^20 is off by at most ln(sup ||W^n||/rho^n)/n < 1e-5, and float32 sums 30 products 20 times.
RADIUS_ERROR = 1e-4
HIGHEST = 0.99
# The setting of experiment 7 in which all parameters have their defaults.
DEFAULT = 3


def _radius(values):
    return Exact(values, RADIUS_ERROR * abs(values), "Gelfand's formula at 2^20 in float32")


def _epochs(ds):
    return xr.DataArray(float(ds.every) * np.arange(ds.sizes["record"]), dims="record")


def _habituated(ds):
    return _radius(ds.radius.isel(record=slice(1, None)))


def _along(law):
    return lambda ds: _habituated(ds).value * 0 + law(_epochs(ds).isel(record=slice(1, None)))


def _late(ds):
    return ds.isel(record=np.flatnonzero(_epochs(ds) >= 150))


def _smoothed(ds):
    mirror = ds.opponent * (1 - ds.opponent)
    return mean_of(np.log(ds.variance.isel(setting=DEFAULT, drop=True) / mirror), "replicate")


CLAIMS = (
    Claim(
        id="governance/C-radius",
        kind="equality",
        statement="the text: habituation lowers the spectral radius from 0.90 to about 0.82 in 300 epochs",
        source=Source(PAPER, "Sec. on habituation, text"),
        experiment=HABITUATION,
        predict=_along(lambda epochs: 0.90 - 0.08 * epochs / 300),
        observe=_habituated,
        comparison=Agreement(),
        decoy=Decoy("it stays at 0.90", _along(lambda epochs: 0.90 + 0 * epochs)),
        sharp=Sharp(
            "it stands at the clamp, 0.99, at every measured epoch in every mode", _along(lambda h: 0.99 + 0 * h)
        ),
    ),
    Claim(
        id="governance/C-clamp",
        kind="bound",
        statement="the text: the homeostatic projection is rarely active, so that Oja's step leaves rho at most 0.99",
        source=Source(PAPER, "Sec. on habituation, text"),
        experiment=HABITUATION,
        predict=lambda ds: HIGHEST,
        observe=lambda ds: _radius(ds.unclamped),
        comparison=Bound(side="upper"),
        decoy=Decoy("at most 0.95", lambda ds: 0.95),
        sharp=Sharp("it lifts rho above 0.99 at every measured epoch", lambda ds: HIGHEST, Bound(side="lower")),
    ),
    Claim(
        id="governance/C-rank-one",
        kind="bound",
        statement="habituation makes W rank one: from epoch 150 on s_2 is below 0.002 s_1",
        source=Source("derived here"),
        experiment=HABITUATION,
        predict=lambda ds: 0.002,
        # Singular values are off by some eps of the largest.
        observe=lambda ds: rounding(_late(ds).second.astype(np.float32), 100, scale=1.0),
        comparison=Bound(side="upper"),
        decoy=Decoy("below sigma_xi^2/d, as if every neuron stood at 1", lambda ds: 0.15**2 / 30),
    ),
    Claim(
        id="governance/C-centred",
        kind="bound",
        statement="with centred moments W keeps its rank: s_2/s_1 stays above 0.5",
        source=Source("derived here"),
        experiment=CENTRED,
        predict=lambda ds: 0.5,
        observe=lambda ds: rounding(ds.second.astype(np.float32), 100, scale=1.0),
        comparison=Bound(side="lower"),
        decoy=Decoy("above 0.99", lambda ds: 0.99),
    ),
    Claim(
        id="governance/C-sentinel-variance",
        kind="equality",
        statement="the text: the sentinel's action varies as little as the body's, 250 times less than Tit-for-Tat's",
        source=Source(PAPER, "Exp. 4, text"),
        experiment=SENSITIVITY,
        predict=lambda ds: -np.log(250.0),
        observe=_smoothed,
        comparison=Agreement(resolution=2.0),
        decoy=Decoy("100 times less", lambda ds: -np.log(100.0)),
        sharp=Sharp("about half as much as Tit-for-Tat's", lambda ds: np.log(0.5)),
    ),
)
