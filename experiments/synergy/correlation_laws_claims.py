"""What the place and the joint law of shared errors change at one and the same pairwise correlation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr

import theory.synergy as theory
from experiments.claim import Claim, Decoy, Sharp, Source
from experiments.comparison import Agreement
from experiments.estimates import bias_of_votes, rounding
from experiments.evidence import Crossing, Mean
from experiments.laws import elementwise

PAPER = "2601.17311"
HERE = Source("derived here")

LEVEL_MAPS = {
    "received": theory.level_map,
    "sent": theory.pre_channel_map,
    "beta-binomial": theory.beta_binomial_map,
    "probit": theory.probit_map,
}
ROOT_BIASES = {
    "received": theory.root_bias,
    "sent": theory.pre_channel_root_bias,
    "leaves": theory.leaf_only_root_bias,
    "global": theory.global_root_bias,
}
CRITICAL_CORRELATIONS = {
    "received": theory.critical_correlation,
    "sent": theory.pre_channel_critical_correlation,
    "beta-binomial": theory.beta_binomial_critical_correlation,
    "probit": theory.probit_critical_correlation,
}


def _by_law(ds: xr.Dataset, of: Callable[[str], Callable], *names: str) -> xr.DataArray:
    """The function of each law at every combination of the named coordinates."""
    coordinates = [ds[name] for name in names]
    parts = [elementwise(of(law), *coordinates) for law in ds.law.values]
    return xr.concat(parts, ds.law)


def _roots(ds: xr.Dataset, of: Callable[[str], Callable]) -> xr.DataArray:
    fan_in, depth = int(ds.fan_in), int(ds.depth)

    def at(law: str) -> Callable:
        return lambda rho, gamma, start: of(law)(fan_in, rho, gamma, start, depth)

    return _by_law(ds, at, "correlation", "fidelity", "initial_bias")


def _correlated(ds: xr.Dataset) -> xr.Dataset:
    """The laws whose received votes, or sent ones, are correlated by rho."""
    return ds.sel(law=list(LEVEL_MAPS))


def _gains(ds: xr.Dataset, of: Callable[[str], Callable]) -> xr.DataArray:
    """T(u)/u at the simulated bias, so that curvature is no error."""
    fan_in, bias = int(ds.fan_in), float(ds.bias)

    def at(law: str) -> Callable:
        return lambda rho, gamma: np.asarray(of(law)(fan_in, rho, gamma, bias)) / bias

    return _by_law(_correlated(ds), at, "correlation", "fidelity")


def _measured_gains(ds: xr.Dataset) -> Mean:
    ds = _correlated(ds)
    mean, square = (ds.won - ds.lost) / ds.nodes, (ds.won + ds.lost) / ds.nodes
    return Mean(mean / ds.bias, np.sqrt((square - mean**2) / ds.nodes) / ds.bias, samples=ds.nodes)


def _threshold(ds: xr.Dataset, laws: list[str], along: str) -> Crossing:
    """Where the growth rate changes sign; rounding adds at most some tens of eps at each level."""
    return Crossing(rounding(ds.growth.sel(law=laws), 1000, scale=1.0), along)


def _critical(laws: list[str], of: Callable[[str], Callable]) -> Callable[[xr.Dataset], xr.DataArray]:
    def predict(ds: xr.Dataset) -> xr.DataArray:
        return _by_law(ds.sel(law=laws), lambda law: lambda gamma: of(law)(int(ds.fan_in), gamma), "fidelity")

    return predict


def _critical_fidelity(ds: xr.Dataset, seen: float) -> xr.DataArray:
    return _by_law(ds, lambda law: lambda rho: theory.critical_fidelity(int(ds.fan_in), seen * rho), "correlation")


def _copied(law: str) -> Callable:
    return theory.level_map


CLAIMS = (
    Claim(
        id="synergy/C42",
        kind="equality",
        statement="Sharing received votes, sent votes, leaves' votes only, or all leaves' votes at once gives four "
        "different root biases at one rho, each by its own recursion",
        source=HERE,
        experiment="synergy/law-trees",
        predict=lambda ds: _roots(ds, ROOT_BIASES.__getitem__),
        observe=lambda ds: bias_of_votes(ds.right, ds.roots),
        comparison=Agreement(resolution=0.04),
        decoy=Decoy(
            "received votes are shared at every level whatever the convention",
            lambda ds: _roots(ds, lambda law: theory.root_bias),
        ),
    ),
    Claim(
        id="synergy/C42-sent",
        kind="threshold",
        statement="Sharing sent votes, before the channel, moves the critical correlation to "
        "(gamma A - 1)/(gamma A - f_b(gamma))",
        source=HERE,
        experiment="synergy/law-growth-by-correlation",
        predict=_critical(["sent"], CRITICAL_CORRELATIONS.__getitem__),
        observe=lambda ds: _threshold(ds, ["sent"], "correlation"),
        comparison=Agreement(),
        decoy=Decoy(
            "the threshold of shared received votes", _critical(["sent"], lambda law: theory.critical_correlation)
        ),
    ),
    Claim(
        id="synergy/C42-elsewhere",
        kind="threshold",
        statement="If only leaves share, or all leaves at once, weak signals grow iff gamma A(b) > 1, whatever rho",
        source=HERE,
        experiment="synergy/law-growth-by-fidelity",
        predict=lambda ds: _critical_fidelity(ds, 0.0),
        observe=lambda ds: _threshold(ds, list(ds.law.values), "fidelity"),
        comparison=Agreement(),
        decoy=Decoy("the critical fidelity of sharing at every level", lambda ds: _critical_fidelity(ds, 1.0)),
    ),
    Claim(
        id="synergy/C43",
        kind="equality",
        statement="The pairwise correlation rho of the votes decides the phase: weak signals are multiplied by "
        "alpha_rho = gamma (rho + (1 - rho) A(b)) at each level",
        source=Source(PAPER, "eq. 22 and Thm 4, with Lemma 15"),
        experiment="synergy/law-gains",
        predict=lambda ds: _gains(ds, _copied),
        observe=_measured_gains,
        comparison=Agreement(resolution=0.05),
        decoy=Decoy("sent votes are copied under every law", lambda ds: _gains(ds, lambda law: theory.pre_channel_map)),
        sharp=Sharp(
            "The joint law decides: at rho = 0.2, gamma = 0.6, b = 5 the gain is 1.02 for copied received votes, 1.04 "
            "for copied sent ones, 0.837 for beta-binomial and 0.843 for probit votes",
            lambda ds: _gains(ds, LEVEL_MAPS.__getitem__),
        ),
    ),
    Claim(
        id="synergy/C43-threshold",
        kind="threshold",
        statement="Beta-binomial and probit votes go subcritical at a correlation several times below that of copies",
        source=HERE,
        experiment="synergy/law-growth-by-correlation",
        predict=_critical(["beta-binomial", "probit"], CRITICAL_CORRELATIONS.__getitem__),
        observe=lambda ds: _threshold(ds, ["beta-binomial", "probit"], "correlation"),
        comparison=Agreement(),
        decoy=Decoy(
            "one and the same threshold for both laws",
            _critical(["beta-binomial", "probit"], lambda law: theory.beta_binomial_critical_correlation),
        ),
    ),
)
