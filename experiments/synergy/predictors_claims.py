"""Which closed formulas bound the bias, on which side and how closely: the claims."""

from __future__ import annotations

import math

import jax.numpy as jnp
import xarray as xr

from experiments.claim import Bound, Claim, Decoy, Sharp, Source
from experiments.evidence import Exact
from experiments.synergy.cubic_law import EPS
from experiments.synergy.elementwise import by_fan_in
from theory import synergy as theory

PREDICTOR = Source("2601.17311", "eq. 27")


def _climbing(ds: xr.Dataset) -> xr.DataArray:
    return ds.root_bias.sel(depth=slice(1, None))


def _biases(ds: xr.Dataset) -> Exact:
    value = _climbing(ds)
    errors = (ds.fan_in + 8) * (value.depth + 1 + 2 / (ds.gain - 1))
    error = (errors * EPS * value).transpose(*value.dims)
    return Exact(value, error, "b + 8 rounding errors of float64 a level, and 1/(alpha - 1) times as many in mu*")


def _law(ds: xr.Dataset, law) -> xr.DataArray:
    value = _climbing(ds)
    found = by_fan_in(law, ds.fan_in, ds.correlation, ds.fidelity, ds.initial_bias, value.depth)
    return value.copy(data=found.transpose(*value.dims).values)


def _clipped_at_leading_order(fan_in, correlation, fidelity, initial_bias, depth):
    """The clipped predictor with mu* by its leading law near threshold."""
    grown = theory.small_signal_upper_bound(fan_in, correlation, fidelity, initial_bias, depth)
    return jnp.minimum(theory.near_threshold_fixed_point(fan_in, correlation, fidelity), grown)


def _added_in_fourth_powers(fan_in, correlation, fidelity, initial_bias, depth):
    """The quadrature predictor with fourth powers in place of squares."""
    rest = theory.fixed_point(fan_in, correlation, fidelity)
    memory = theory.effective_gain(fan_in, correlation, fidelity) ** (-4 * depth)
    return (memory * (rest / initial_bias) ** 4 + 1 - memory) ** -0.25 * rest


def _valid(ds: xr.Dataset) -> xr.Dataset:
    """Where the quadrature predictor is proven to be a lower bound: correlations up to rho_H(b)."""
    limits = [float(theory.quadrature_validity_limit(int(b))) for b in ds.fan_in.values]
    rows = [
        ds.sel(fan_in=[b], correlation=ds.correlation[ds.correlation <= limit])
        for b, limit in zip(ds.fan_in.values, limits, strict=True)
    ]
    order = ("fan_in", "correlation", "fidelity_share", "growth_levels", "depth")
    return xr.concat(
        [
            row.stack(case=("fan_in", "correlation"), create_index=False).transpose("case", *order[2:])
            for row in rows
        ],
        "case",
        data_vars="all",
    )


def _shown(ds: xr.Dataset, law) -> xr.DataArray:
    return _law(_valid(ds), law)


def _scaled(factor: float):
    return lambda *at: theory.clipped_predictor(*at) / factor


def _within_excess(fan_in, correlation, fidelity, initial_bias, depth):
    excess = theory.clipped_excess_bound(fan_in, correlation, fidelity)
    return theory.clipped_predictor(fan_in, correlation, fidelity, initial_bias, depth) / excess


CLAIMS = (
    Claim(
        id="synergy/C22",
        kind="bound",
        statement="from mu_0 <= mu* the clipped predictor min(mu*, mu_0 alpha^L) is never below the bias",
        source=PREDICTOR,
        experiment="synergy/predictor-scan",
        predict=lambda ds: _law(ds, theory.clipped_predictor),
        observe=_biases,
        comparison=Bound("upper"),
        decoy=Decoy(
            "mu* by its leading law near threshold", lambda ds: _law(ds, _clipped_at_leading_order)
        ),
    ),
    Claim(
        id="synergy/C22-lower",
        kind="bound",
        statement="for rho <= rho_H(b) the quadrature predictor (alpha^(-2L)/mu_0^2 + (1 - alpha^(-2L))/mu*^2)^(-1/2) is "
        "never above the bias",
        source=Source("derived here"),
        experiment="synergy/predictor-scan",
        predict=lambda ds: _shown(ds, theory.quadrature_predictor),
        observe=lambda ds: _biases(_valid(ds)),
        comparison=Bound("lower"),
        decoy=Decoy("fourth powers in place of squares", lambda ds: _shown(ds, _added_in_fourth_powers)),
    ),
    Claim(
        id="synergy/C22-ratio",
        kind="bound",
        statement="for rho <= rho_H(b) the clipped predictor is within a factor sqrt 2 of the bias",
        source=Source("derived here"),
        experiment="synergy/predictor-scan",
        predict=lambda ds: _shown(ds, _scaled(math.sqrt(2))),
        observe=lambda ds: _biases(_valid(ds)),
        comparison=Bound("lower"),
        decoy=Decoy("a factor 4/3", lambda ds: _shown(ds, _scaled(4 / 3))),
    ),
    Claim(
        id="synergy/C23",
        kind="bound",
        statement="the clipped predictor stays accurate from growth to saturation: nowhere off by more than the factor "
        "sqrt 2 that it loses near threshold",
        source=Source("2601.17311", "abstract and eq. 27"),
        experiment="synergy/predictor-scan",
        predict=lambda ds: _law(ds, _scaled(math.sqrt(2))),
        observe=_biases,
        comparison=Bound("lower"),
        decoy=Decoy("a factor 4/3", lambda ds: _law(ds, _scaled(4 / 3))),
        sharp=Sharp(
            "it is above the bias by up to prod_j alpha u_j/T(u_j), u_j = mu* alpha^(-j): sqrt(e) near threshold, more "
            "without bound as fan-in and correlation grow",
            lambda ds: _law(ds, _within_excess),
        ),
    ),
)
