"""What is true of few linear samples of a field, and of the "1 %" of arXiv 2505.17459 (P16-P18, P21)."""

from __future__ import annotations

from functools import cache

import jax
import numpy as np
import xarray as xr

from experiments.claim import Agreement, Bound, Claim, Decoy, Ordering, Sharp, Source
from experiments.estimates import mean_of, rounding
from experiments.graph_ode.sampling import BAND, ONE_PERCENT, SH_CODES, SH_POINTS, band_spectrum, limited_spectrum
from theory import graph_ode as theory

DENSE, DRAWN, PATTERNS = "graph_ode/dense-probes", "graph_ode/drawn-probes", "graph_ode/pattern-probes"
DERIVED = Source("derived here")
ABSTRACT = Source("2505.17459", "abstract")
# Eigenvalues and solves of 256 x 256 matrices of norm below 256, traces of 256 terms; kriging adds a condition number,
# the floor keeps it below 1e4.
DENSE_ERRORS, CONDITION = 256.0 * 256.0, 1e4
VALUE_BITS = 32.0
# Frames at which the pattern has grown out of the noise.
PATTERNED = [40.0, 60.0, 80.0]

_laws = {
    name: cache(lambda number, law=law: jax.jit(lambda spectrum: law(spectrum, number)))
    for name, law in (
        ("best", theory.best_linear_error),
        ("kriging", theory.kriging_error),
        ("interpolation", theory.interpolation_error),
        ("twice", theory.folded_twice),
    )
}


def _dense(name, probes_of=lambda per_side: per_side):
    """A law at every spectrum of the dense cases."""

    def predict(ds):
        rows = []
        for points, per_side in zip(ds.points.values, ds.per_side.values, strict=True):
            law = _laws[name](int(probes_of(int(per_side))))
            spectra = zip(ds.centre.values, ds.width.values, ds.floor.values, strict=True)
            rows.append([float(law(band_spectrum(int(points), *spectrum))) for spectrum in spectra])
        return ds.best.copy(data=np.array(rows))

    return predict


def _lowest(ds):
    """The modes nearest to zero, instead of the strongest."""
    rows = []
    for points, per_side in zip(ds.points.values, ds.per_side.values, strict=True):
        k = np.rint(np.fft.fftfreq(points) * points)
        order = np.argsort(np.hypot(k[:, None], k).ravel(), kind="stable")
        spectra = zip(ds.centre.values, ds.width.values, ds.floor.values, strict=True)
        rows.append([float(band_spectrum(int(points), *s).ravel()[order[per_side**2 :]].sum()) for s in spectra])
    return ds.best.copy(data=np.array(rows))


def _drawn(name, limited=False):
    def predict(ds):
        values = []
        for points, per_side in zip(ds.points.values, ds.per_side.values, strict=True):
            given = limited_spectrum(int(points)) if limited else band_spectrum(int(points), 5.0, 2.0, 0.02)
            values.append(float(_laws[name](int(per_side))(np.asarray(given))))
        return xr.zeros_like(ds.error.isel(replicate=0, drop=True)) + xr.DataArray(values, dims="probes")

    return predict


def _dense_enough(ds):
    """The cases whose probes are more than 2 k_max per side."""
    return ds.isel(probes=np.flatnonzero(ds.per_side.values > 2 * BAND))


def _half_as_dense(ds):
    chosen = _dense_enough(ds)
    values = []
    for points, per_side in zip(chosen.points.values.tolist(), chosen.per_side.values.tolist(), strict=True):
        fewer = max(m for m in range(1, points) if points % m == 0 and 2 * m <= per_side)
        values.append(float(_laws["interpolation"](fewer)(limited_spectrum(points))))
    like = chosen.limited.isel(replicate=0, drop=True)
    return xr.zeros_like(chosen.limited) + xr.zeros_like(like).copy(data=values)


def _advantage(ds):
    """By how much of the variance the best 1 % of linear measurements are worse than 30 codes a pixel."""
    best = _laws["best"](ONE_PERCENT)
    left = xr.apply_ufunc(best, ds.spectrum, input_core_dims=[["row", "column"]], vectorize=True)
    variance = ds.spectrum.sum(("row", "column"))
    return mean_of(((left - ds.coded) / variance).sel(frame=PATTERNED).astype(float), "replicate")


def _lead(share):
    return lambda ds: xr.zeros_like(ds.coded.isel(replicate=0, drop=True).sel(frame=PATTERNED), float) + share


def _bits(ds):
    law = theory.bits_per_pixel(ds.entropy.values.astype(float), SH_CODES, SH_POINTS**2, VALUE_BITS)
    return rounding(ds.entropy.copy(data=np.asarray(law)).astype(np.float32), 64, scale=np.log2(SH_CODES))


def _budget(bits):
    return lambda ds: xr.zeros_like(ds.entropy, float) + bits


CLAIMS = (
    Claim(
        id="graph_ode/P16",
        kind="identity",
        statement="the best M linear measurements of a stationary field leave the smallest n^2 - M of its S_k",
        source=DERIVED,
        experiment=DENSE,
        predict=_dense("best", lambda per_side: per_side**2),
        observe=lambda ds: rounding(ds.best, DENSE_ERRORS, scale=1.0),
        comparison=Agreement(),
        decoy=Decoy("the M modes nearest to zero are the best", _lowest),
    ),
    Claim(
        id="graph_ode/P17",
        kind="identity",
        statement="m x m regular probes with the best linear decoder leave sum S less sum over alias classes of "
        "(sum S^2)/(sum S)",
        source=DERIVED,
        experiment=DENSE,
        predict=_dense("kriging"),
        observe=lambda ds: rounding(ds.kriging, DENSE_ERRORS * CONDITION, scale=1.0),
        comparison=Agreement(),
        decoy=Decoy("as trigonometric interpolation does", _dense("interpolation")),
    ),
    Claim(
        id="graph_ode/P17-chain",
        kind="bound",
        statement="no regular probes beat the best linear measurements of the same number",
        source=DERIVED,
        experiment=DENSE,
        predict=_dense("best", lambda per_side: per_side**2),
        observe=lambda ds: rounding(ds.kriging, DENSE_ERRORS * CONDITION, scale=1.0),
        comparison=Bound(side="lower"),
        decoy=Decoy("nor half as many", _dense("best", lambda per_side: per_side**2 // 2)),
    ),
    Claim(
        id="graph_ode/P18",
        kind="equality",
        statement="trigonometric interpolation loses the energy outside |k_d| < m/2 and folds it back, but for what "
        "falls on the dropped Nyquist frequency",
        source=DERIVED,
        experiment=DRAWN,
        predict=_drawn("interpolation"),
        observe=lambda ds: mean_of(ds.error, "replicate"),
        comparison=Agreement(resolution=0.05, relative=True),
        decoy=Decoy("all of it is folded back, twice the energy outside in all", _drawn("twice")),
    ),
    Claim(
        id="graph_ode/P18-band",
        kind="identity",
        statement="a band-limited field is interpolated exactly from m > 2 k_max probes per side",
        source=DERIVED,
        experiment=DRAWN,
        predict=lambda ds: xr.zeros_like(_dense_enough(ds).limited),
        # Two transforms of 1024 values of size one, squared: far below one rounding error of the variance.
        observe=lambda ds: rounding(_dense_enough(ds).limited, 1.0, scale=1.0),
        comparison=Agreement(),
        decoy=Decoy("what half as many probes leave", _half_as_dense),
    ),
    Claim(
        id="graph_ode/P18-patterns",
        kind="ordering",
        statement="30 codes a pixel tell more of growing Swift-Hohenberg patterns than the best 1 % of linear "
        "measurements, by a tenth of the variance",
        source=DERIVED,
        experiment=PATTERNS,
        predict=_lead(0.1),
        observe=_advantage,
        comparison=Ordering(),
        decoy=Decoy("by 95 % of it", _lead(0.95)),
    ),
    Claim(
        id="graph_ode/P21-percent",
        kind="bound",
        statement="1 % of the spatial resolution is enough: what is kept of a field costs at most 0.01 values of 32 "
        "bits a pixel",
        source=ABSTRACT,
        experiment=PATTERNS,
        predict=_budget(0.01 * VALUE_BITS),
        observe=_bits,
        comparison=Bound(side="upper"),
        decoy=Decoy("the probes alone, 30 values of 4096", _budget(SH_CODES / SH_POINTS**2 * VALUE_BITS)),
        sharp=Sharp(
            "the code map is nearly all of it: at most log2 K bits a pixel, and K values",
            _budget(np.log2(SH_CODES) + SH_CODES / SH_POINTS**2 * VALUE_BITS),
        ),
    ),
)
