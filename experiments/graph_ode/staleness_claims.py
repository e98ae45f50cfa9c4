"""What is true of ageing partitions, of re-encoding without a decoder, and of errors that grow (P26-P31)."""

from __future__ import annotations

import numpy as np
import xarray as xr

from experiments.claim import Agreement, Bound, Claim, Decoy, Source
from experiments.estimates import mean_of, rounding
from experiments.evidence import Exact
from experiments.graph_ode.staleness import LENGTH, POINTS, growth_rates, start_spectrum
from theory import graph_ode as theory

AGEING, ENCODING, PUSHED = "graph_ode/ageing", "graph_ode/re-encoding", "graph_ode/perturbed"
DERIVED = Source("derived here")
# Of the released equation at its settings: r + 1 at |k| = 1, and g.
RATE, QUADRATIC, SPACING = 1.7, 1.0, 0.05


def _ring(ds):
    return ds.sel(band=0, drop=True)


def _band(ds):
    return ds.sel(band=1, drop=True)


def _ring_growth(factor):
    """RMSE(t)/RMSE(0) with all energy at one rate."""

    def predict(ds):
        chosen = _ring(ds)
        rate = growth_rates(POINTS, LENGTH)[0, 5]
        values = np.asarray(theory.frozen_growth(1.0, factor * rate, ds.time.values))
        return xr.zeros_like(chosen.stale) + xr.DataArray(values, dims="time", coords={"time": ds.time.values})

    return predict


def _stale(law):
    """A law of (S_0, S_t, C_t, MSE(0)) over S_t, at each time."""

    def predict(ds):
        chosen, rates, spectrum = _band(ds), growth_rates(POINTS, LENGTH), start_spectrum(1)
        values = []
        for time in chosen.time.values:
            now, shared = map(float, theory.moments(spectrum, rates, float(time)))
            fresh = float(chosen.fresh.sel(time=time).mean("replicate"))
            values.append(float(law(1.0, now, shared, fresh)) / now)
        return xr.DataArray(values, dims="time", coords={"time": chosen.time.values})

    return predict


def _relative(ds):
    """MSE(t)/S_t of every replicate."""
    chosen, rates, spectrum = _band(ds), growth_rates(POINTS, LENGTH), start_spectrum(1)
    now = [float(theory.moments(spectrum, rates, float(time))[0]) for time in chosen.time.values]
    return chosen.stale / xr.DataArray(now, dims="time", coords={"time": chosen.time.values})


def _later(ds, name):
    """Blocks whose windows were predicted whole: the third and on for blocks of half a window."""
    return ds[name].sel(block=5, drop=True).isel(block_number=slice(2, None))


def _more_codes(ds):
    """By how many codes more each block uses than the one before, where a block is a whole window."""
    return ds.active.sel(block=10, drop=True).astype(float).diff("block_number")


def _frames(ds):
    return xr.DataArray(np.arange(1, ds.sizes["frame"] + 1.0), dims="frame")


def _horizon(rate, quadratic):
    def predict(ds):
        factor = float(theory.growth_per_frame(rate, quadratic, SPACING)) if rate else 1.0
        frames, error = xr.broadcast(_frames(ds), ds.error.astype(float))
        bound = frames.copy(data=np.asarray(theory.horizon_error(error.values, factor, frames.values)))
        return xr.zeros_like(ds.apart) + bound

    return predict


CLAIMS = (
    Claim(
        id="graph_ode/P26",
        kind="identity",
        statement="where all energy grows at one rate, a frozen partition's error grows at it: RMSE(0) e^(sigma t)",
        source=DERIVED,
        experiment=AGEING,
        predict=_ring_growth(1.0),
        # Two transforms of 4096 values and a sum of squares; what they make of the empty modes grows no faster.
        observe=lambda ds: rounding(np.sqrt(_ring(ds).stale / _ring(ds).fresh), 4096),
        comparison=Agreement(),
        decoy=Decoy("it grows like the variance, e^(2 sigma t)", _ring_growth(2.0)),
    ),
    Claim(
        id="graph_ode/P27",
        kind="equality",
        statement="of a Gaussian field and fine codes of its value, a frozen partition's error is "
        "S_t - C_t^2/S_0 + (C_t/S_0)^2 MSE(0)",
        source=DERIVED,
        experiment=AGEING,
        predict=_stale(theory.stale_error),
        observe=lambda ds: mean_of(_relative(ds), "replicate"),
        comparison=Agreement(resolution=0.05),
        decoy=Decoy("all that is not shared, S_t - C_t", _stale(lambda start, now, shared, fresh: now - shared)),
    ),
    Claim(
        id="graph_ode/P29",
        kind="identity",
        statement="with lifting only, partitions of windows that were predicted whole are constant on the join of the "
        "first two: re-encoding never splits beyond it",
        source=DERIVED,
        experiment=ENCODING,
        predict=lambda ds: xr.zeros_like(_later(ds, "splits"), float),
        observe=lambda ds: Exact(_later(ds, "splits"), 0.0, "counted"),
        comparison=Agreement(),
        decoy=Decoy("it splits as a decoder lets it", lambda ds: _later(ds, "decoded").astype(float)),
    ),
    Claim(
        id="graph_ode/P29-active",
        kind="bound",
        statement="and with blocks as long as the window the number of codes in use never grows",
        source=DERIVED,
        experiment=ENCODING,
        predict=lambda ds: xr.zeros_like(_more_codes(ds)),
        observe=lambda ds: Exact(_more_codes(ds), 0.0, "counted"),
        comparison=Bound(side="upper", scale=1.0),
        decoy=Decoy("it falls at every block", lambda ds: xr.zeros_like(_more_codes(ds)) - 1),
    ),
    Claim(
        id="graph_ode/P31",
        kind="bound",
        statement="errors of epsilon a frame add up to at most epsilon (L^n - 1)/(L - 1), "
        "L = exp((sigma_max + g^2/3) dt)",
        source=DERIVED,
        experiment=PUSHED,
        predict=_horizon(RATE, QUADRATIC),
        # Fields of size one in double precision, a few thousand operations.
        observe=lambda ds: rounding(ds.apart, 1e4, scale=1.0),
        comparison=Bound(side="upper"),
        decoy=Decoy("to n epsilon", _horizon(0.0, 0.0)),
    ),
)
