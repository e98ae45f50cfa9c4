"""Graph heat flow against its closed forms: spectra, decay, kernels, explicit steps, and the five-point symbol."""

from __future__ import annotations

import numpy as np
import xarray as xr

from experiments.claim import Agreement, Bound, Claim, Decoy, Source
from experiments.estimates import rounding
from experiments.evidence import Crossing, Exact
from experiments.graph_ode.graph_flow import MOST, ORDERS, STEPS
from experiments.laws import elementwise
from theory import graph_ode as theory

DERIVED = Source("derived here")
SPECTRA, HEAT, CHAIN = "graph_ode/spectra", "graph_ode/heat", "graph_ode/chain"
EXPLICIT, FIVE_POINT = "graph_ode/explicit-steps", "graph_ode/five-point"
# About 160 jumps, each a sum over 12 nodes of non-negative terms.
FLOW_ERRORS = 160 * 14
# Eigenvector, six steps of up to four stages, each a product with L.
STEP_ERRORS = 2**14


def _spectra(path):
    """The eigenvalues of every graph of the data, a path's being `path(nodes)`."""

    def of(kind, rows, columns):
        if kind in ("torus", "grid"):
            one = theory.ring_spectrum if kind == "torus" else path
            return theory.product_spectrum(one(rows), one(columns))
        laws = {"ring": theory.ring_spectrum, "star": theory.star_spectrum, "complete": theory.complete_spectrum}
        return {**laws, "path": path}[kind](rows)

    def predict(ds):
        table = np.zeros((ds.sizes["graph"], MOST))
        for row, kind, rows, columns in zip(table, ds.kind.values, ds.rows.values, ds["columns"].values, strict=True):
            values = np.asarray(of(kind, int(rows), int(columns)))
            row[: len(values)] = values
        return ds.eigenvalues.copy(data=table)

    return predict


def _pinned_path(nodes):
    return (2 * np.sin(np.pi * np.arange(nodes) / (2 * (nodes + 1)))) ** 2


def _gaps(ds):
    weights = ds.weights.transpose(..., "node", "other").values
    flat = weights.reshape(-1, *weights.shape[-2:])
    gaps = [float(theory.spectral_gap(np.diag(w.sum(axis=1)) - w)) for w in flat]
    return ds.deviation.copy(data=np.reshape(gaps, ds.deviation.shape))


def _decayed(law, factor=1.0):
    return lambda ds: elementwise(law, factor * _gaps(ds), ds.time)


def _by_method(law, ds):
    """law(order) of every method, on the points of the dimension `method`."""
    return xr.DataArray(
        [law(ORDERS[method]) for method in ds.method.values], dims="method", coords={"method": ds.method}
    )


def _grown(law):
    def predict(ds):
        rows = [law(ORDERS[method], ds.reduced.values) for method in ds.method.values]
        return ds.growth.isel(replicate=0, drop=True).transpose("method", "reduced").copy(data=np.stack(rows))

    return predict


def _rate_changes_sign(ds):
    error = STEP_ERRORS * np.finfo(float).eps / abs(ds.growth) + STEP_ERRORS * np.finfo(float).eps
    return Crossing(Exact(ds.rate, error, "rounding of the eigenvector and its steps"), "reduced")


def _own_weight_changes_sign(ds):
    return Crossing(rounding(ds.own, 16, scale=4.0), "reduced")


def _squared(ds):
    return ds["size"] ** 2 + xr.zeros_like(ds.symbol)


def _symbol(ds):
    first, second = ds["size"] * np.cos(ds.angle), ds["size"] * np.sin(ds.angle)
    return elementwise(theory.grid_symbol, first, second, ds.spacing)


def _order(ds):
    """Orders between neighbouring spacings, which are halves of each other."""
    defect = (_squared(ds) - ds.symbol).transpose("spacing", "angle", "size")
    fine, coarse = defect.values[:-1], defect.values[1:]
    like = defect.isel(spacing=slice(1, None))
    phase = (like.spacing * ds["size"]) ** 2 + xr.zeros_like(like)
    lost = 16 * np.finfo(float).eps * 4 / defect.spacing**2 / defect
    error = -np.log2(1 - phase / 30) + 4 * np.max(lost.values)
    because = "the symbol's defect is within h^2 |k|^2/30 of its leading term; rounding"
    return Exact(like.copy(data=np.log2(coarse / fine)), error, because)


CLAIMS = (
    Claim(
        id="graph_ode/P1",
        kind="identity",
        statement="rings, paths, stars, complete graphs, tori and grids have the spectra of their closed forms",
        source=DERIVED,
        experiment=SPECTRA,
        predict=_spectra(theory.path_spectrum),
        observe=lambda ds: rounding(ds.eigenvalues, MOST, scale=ds.eigenvalues.max("k")),
        comparison=Agreement(),
        decoy=Decoy("a path's ends as if held: 2 - 2 cos(pi k/(n + 1))", _spectra(_pinned_path)),
    ),
    Claim(
        id="graph_ode/P2",
        kind="bound",
        statement="heat's deviation from the mean falls at least like e^(-lambda_2 t)",
        source=DERIVED,
        experiment=HEAT,
        predict=_decayed(theory.deviation_bound),
        observe=lambda ds: rounding(ds.deviation, FLOW_ERRORS, scale=4.0),
        comparison=Bound(side="upper"),
        decoy=Decoy("half as fast again", _decayed(theory.deviation_bound, 1.5)),
    ),
    Claim(
        id="graph_ode/P2-energy",
        kind="bound",
        statement="its Dirichlet energy falls at least like e^(-2 lambda_2 t)",
        source=DERIVED,
        experiment=HEAT,
        predict=_decayed(theory.energy_bound),
        observe=lambda ds: rounding(ds.energy, 8 * FLOW_ERRORS, scale=4.0),
        comparison=Bound(side="upper"),
        decoy=Decoy("half as fast again", _decayed(theory.energy_bound, 1.5)),
    ),
    Claim(
        id="graph_ode/P3",
        kind="identity",
        statement="a unit of heat on the infinite chain spreads as e^(-2t) I_|j|(2t)",
        source=DERIVED,
        experiment=CHAIN,
        predict=lambda ds: elementwise(theory.chain_kernel, xr.DataArray(np.arange(25), dims="distance"), ds.time),
        observe=lambda ds: rounding(ds.heat, FLOW_ERRORS, scale=1.0),
        comparison=Agreement(),
        decoy=Decoy(
            "as the continuum's Gaussian of variance 2t",
            lambda ds: (
                np.exp(-(xr.DataArray(np.arange(25), dims="distance") ** 2) / (4 * ds.time))
                / np.sqrt(4 * np.pi * ds.time)
            ),
        ),
    ),
    Claim(
        id="graph_ode/P4",
        kind="threshold",
        statement="explicit steps stop damping the top eigenvector at h lambda_max = 2 (orders 1 and 2), 2.5127 (3), "
        "2.7853 (4)",
        source=DERIVED,
        experiment=EXPLICIT,
        predict=lambda ds: _by_method(lambda order: float(theory.stable_step(order, 1.0)), ds),
        observe=_rate_changes_sign,
        comparison=Agreement(),
        decoy=Decoy("at 2 whatever the order", lambda ds: _by_method(lambda order: 2.0, ds)),
    ),
    Claim(
        id="graph_ode/P4-modes",
        kind="identity",
        statement="m steps multiply an eigenvector by R(-h lambda)^m, R the truncated exponential of the order",
        source=DERIVED,
        experiment=EXPLICIT,
        predict=_grown(lambda order, z: np.asarray(theory.mode_after(order, z, STEPS))),
        observe=lambda ds: rounding(ds.growth, STEP_ERRORS, scale=1.0),
        comparison=Agreement(),
        decoy=Decoy("by the exponential itself", _grown(lambda order, z: np.exp(-STEPS * z))),
    ),
    Claim(
        id="graph_ode/P4-monotone",
        kind="threshold",
        statement="an Euler step keeps the maximum principle up to h = 1/(largest degree)",
        source=DERIVED,
        experiment=EXPLICIT,
        predict=lambda ds: float(theory.monotone_step(1.0)),
        observe=_own_weight_changes_sign,
        comparison=Agreement(),
        decoy=Decoy("as long as it is stable on every graph, h = 2/(largest degree)", lambda ds: 2.0),
    ),
    Claim(
        id="graph_ode/P5",
        kind="identity",
        statement="relabelling the nodes relabels the flow and does nothing else",
        source=DERIVED,
        experiment=HEAT,
        predict=lambda ds: 0.0,
        observe=lambda ds: rounding(ds.relabelled, FLOW_ERRORS, scale=4.0),
        comparison=Agreement(),
        decoy=Decoy("labels matter by one part in a thousand million", lambda ds: 1e-9),
    ),
    Claim(
        id="graph_ode/P6",
        kind="identity",
        statement="a five-point grid answers kappa^2 = sum (2 - 2 cos(k_d h))/h^2 to a plane wave",
        source=DERIVED,
        experiment=FIVE_POINT,
        predict=_symbol,
        observe=lambda ds: rounding(ds.symbol, 16, scale=4 / ds.spacing**2),
        comparison=Agreement(),
        decoy=Decoy("|k|^2, as a spectral grid does", _squared),
    ),
    Claim(
        id="graph_ode/P6-order",
        kind="rate",
        statement="what it misses of |k|^2 is of second order in the spacing",
        source=DERIVED,
        experiment=FIVE_POINT,
        predict=lambda ds: 2.0,
        observe=_order,
        comparison=Agreement(),
        decoy=Decoy("of order 1.95", lambda ds: 1.95),
    ),
)
