"""Budgets: the growth law on its own terms, and what whole trees make of it (arXiv 2601.17311, sec. 5)."""

from __future__ import annotations

from functools import cache, partial

import jax
import numpy as np
import xarray as xr

from experiments.claim import Agreement, Bound, Claim, Decoy, Sharp, Source
from experiments.estimates import rounding
from experiments.evidence import Exact
from experiments.laws import by_number, elementwise, points
from experiments.synergy.orbits import EPS, level_rounding
from theory import synergy as theory

DERIVED = Source("derived here")
GROWTH, DEPTHS = "synergy/growth-budget", "synergy/break-even-depth"
WINDOWS, RANDOM, NULL, FRONTIER = (
    f"synergy/{name}" for name in ("synergy-windows", "random-windows", "square-root-null", "frontier")
)
HALVING = "halving to neighbouring floats; rounding of the law over its slope"


# ---- The growth law, agents a real number.


def _exponent(ds: xr.Dataset) -> xr.DataArray:
    return by_number(theory.organisation_exponent, ds.fan_in, ds.correlation, ds.fidelity)


def _overhead(ds: xr.Dataset) -> xr.DataArray:
    return elementwise(theory.communication_overhead, ds.fan_in, ds.message_length)


def _one_price_an_edge(ds: xr.Dataset) -> xr.DataArray:
    """As many edges as leaves, in place of b/(b - 1) times as many."""
    return 2 * ds.message_length


def _law(law, ds: xr.Dataset, *rest) -> xr.DataArray:
    like = ds.exponent
    return elementwise(law, _exponent(ds), ds.leaf_exponent, *rest).broadcast_like(like).transpose(*like.dims)


def _best_compute(ds: xr.Dataset) -> Exact:
    value = (ds.log_compute_low + ds.log_compute_high) / 2
    # The slope beta - s x/(x + c0) is rounded a few times; it falls by beta (1 - beta/s) in log x.
    error = (ds.log_compute_high - ds.log_compute_low) + 32 * EPS / (1 - ds.leaf_exponent / ds.exponent)
    return Exact(np.exp(value), np.exp(value) * (error + 8 * EPS), HALVING)


def _even_error(ds: xr.Dataset) -> xr.DataArray:
    # Logarithms of up to forty, each rounded, over the slope s - beta.
    return (ds.log_even_high - ds.log_even_low) + 400 * EPS / (ds.exponent - ds.leaf_exponent)


def _even_budget(ds: xr.Dataset) -> Exact:
    value = np.exp((ds.log_even_low + ds.log_even_high) / 2)
    return Exact(value, value * _even_error(ds), HALVING)


def _even_agents(ds: xr.Dataset) -> Exact:
    compute = 64 * EPS / (1 - ds.leaf_exponent / ds.exponent) + 1e-14
    return Exact(ds.agents, ds.agents * (_even_error(ds) + compute), HALVING)


# ---- Trees of whole depth.


def _free(ds: xr.Dataset) -> xr.Dataset:
    return ds.sel(aggregator_compute=0.0, drop=True)


def _charged(ds: xr.Dataset) -> xr.Dataset:
    return ds.sel(aggregator_compute=12.0, drop=True)


def _break_even(ds: xr.Dataset, talk: str) -> Exact:
    pay = np.exp((ds.log_pay_low + ds.log_pay_high) / 2)
    share = 1 / (1 + pay)
    # log sigma(y) and the logarithms of gain and leaves, over the slope beta (1 - sigma) of the law in y.
    slope = ds.leaf_exponent * share
    noise = 64 * EPS * (1 + ds.depth * np.log(ds.fan_in)) / slope
    error = (ds.log_pay_high - ds.log_pay_low) + noise
    budget = ds[talk] * (1 + pay)
    return Exact(budget, ds[talk] * pay * error + 8 * EPS * budget, HALVING)


def _threshold(ds: xr.Dataset, law, aggregators: float = 0.0) -> xr.DataArray:
    gain = by_number(theory.effective_gain, ds.fan_in, ds.correlation, ds.fidelity)
    arguments = (ds.fan_in, ds.message_length, gain, ds.leaf_exponent, ds.depth)
    budget = elementwise(partial(law, aggregator_compute=aggregators), *arguments)
    return budget.transpose(*ds.gain.dims)


# ---- Windows.


@cache
def _window_law(deepest: int, fan_in: int):
    return jax.jit(partial(theory.synergy_window, fan_in, deepest=deepest))


@cache
def _windows(deepest: int, fan_in: int, parameters: tuple) -> tuple[np.ndarray, ...]:
    columns = np.array(parameters).T
    return tuple(np.asarray(part) for part in _window_law(deepest, fan_in)(*columns))


def predicted_windows(ds: xr.Dataset) -> xr.Dataset:
    """The closed law's windows of a dataset of contests: first, last, exists, ratio."""
    names = ("correlation", "fidelity", "message_length", "leaf_exponent", "leaf_scale")
    fan_in, *columns = xr.broadcast(ds.fan_in, *(ds[name] for name in names))
    like = ds.exists
    fan_in, *columns = (array.broadcast_like(like).transpose(*like.dims).values for array in (fan_in, *columns))
    found = {name: np.full(like.shape, np.nan) for name in theory.SynergyWindow._fields}
    for one in np.unique(fan_in):
        at = fan_in == one
        rows = tuple(map(tuple, np.stack([column[at] for column in columns], axis=-1).tolist()))
        for name, values in zip(found, _windows(int(ds.deepest), int(one), rows), strict=True):
            found[name][at] = values
    return xr.Dataset({name: like.copy(data=values) for name, values in found.items()})


def _ends(ds: xr.Dataset, first: xr.DataArray, last: xr.DataArray) -> xr.DataArray:
    """Both ends of the windows that exist, in one list."""
    both = xr.concat([first, last], xr.IndexVariable("end", ["first", "last"]))
    return points(both, ds.exists > 0)


def _end_error(ds: xr.Dataset, end: str) -> xr.DataArray:
    noise = (level_rounding(ds.fan_in) * ds.deepest + 32) * EPS / abs(ds[f"{end}_slope"])
    return ds[f"{end}_high"] * noise + (ds[f"{end}_high"] - ds[f"{end}_low"])


def _observed_ends(ds: xr.Dataset) -> Exact:
    middles = [(ds[f"{end}_low"] + ds[f"{end}_high"]) / 2 for end in ("first", "last")]
    errors = [_end_error(ds, end) for end in ("first", "last")]
    return Exact(_ends(ds, *middles), _ends(ds, *errors), "halving inside one cell of a scan; rounding over the slope")


def _last(ds: xr.Dataset) -> Exact:
    value, where = (ds.last_low + ds.last_high) / 2, ds.exists > 0
    return Exact(points(value, where), points(_end_error(ds, "last"), where), "halving; rounding over the slope")


def _first(ds: xr.Dataset) -> Exact:
    value, where = (ds.first_low + ds.first_high) / 2, ds.exists > 0
    return Exact(points(value, where), points(_end_error(ds, "first"), where), "halving; rounding over the slope")


def _of_system(ds: xr.Dataset, law, *rest) -> xr.DataArray:
    return (
        by_number(law, ds.fan_in, ds.correlation, ds.fidelity, *rest)
        .broadcast_like(ds.exists)
        .transpose(*ds.exists.dims)
    )


def _published_threshold(ds: xr.Dataset, overhead) -> xr.DataArray:
    exponent = _of_system(ds, theory.organisation_exponent)
    budget = elementwise(theory.critical_budget_growth, exponent, ds.leaf_exponent, overhead(ds))
    return ds.exists.copy(data=budget.transpose(*ds.exists.dims).values)


def _saturation(ds: xr.Dataset, share: float = 1.0) -> xr.DataArray:
    settled = _of_system(ds, theory.fixed_point)
    budget = elementwise(theory.saturation_budget, settled, ds.leaf_exponent, ds.leaf_scale)
    return points(share * ds.exists.copy(data=budget.transpose(*ds.exists.dims).values), ds.exists > 0)


def _iff(ds: xr.Dataset) -> xr.DataArray:
    grows = _of_system(ds, theory.organisation_exponent) > ds.leaf_exponent
    return ds.exists.copy(data=grows.transpose(*ds.exists.dims).values.astype(float))


def _ratio(ds: xr.Dataset) -> Exact:
    errors = (level_rounding(ds.fan_in) * ds.deepest + 16) * EPS * ds.ratio
    return Exact(ds.ratio, errors.transpose(*ds.ratio.dims), "rounding of every level")


def _published_ends(ds: xr.Dataset) -> xr.DataArray:
    settled = _of_system(ds, theory.fixed_point)
    ceiling = elementwise(theory.saturation_budget, settled, ds.leaf_exponent, ds.leaf_scale)
    return _ends(ds, _published_threshold(ds, _overhead), ds.exists.copy(data=ceiling.values))


def _predicted_ends(ds: xr.Dataset) -> xr.DataArray:
    found = predicted_windows(ds)
    return _ends(ds, found["first"], found["last"])


# ---- The frontier.


@cache
def _root(depth: int):
    return jax.jit(
        lambda rho, gamma, length, beta, scale, budget: theory.tree_bias_at_budget(
            5, rho, gamma, length, beta, scale, budget, depth
        )
    )


def _trees(ds: xr.Dataset, surcharge: float = 0.0) -> xr.DataArray:
    """Root biases at every depth; surcharge: overheads c0 added to the exact cost."""
    budget = 10.0**ds.log_budget
    paid = np.maximum(budget - surcharge * _overhead(ds), 1e-9)
    system = (ds.correlation, ds.fidelity, ds.message_length, ds.leaf_exponent, ds.leaf_scale)
    depths = range(1, int(ds.deepest) + 1)
    return xr.concat(
        [elementwise(_root(depth), *system, paid) for depth in depths], xr.IndexVariable("depth", list(depths))
    )


def _frontier_bias(ds: xr.Dataset, surcharge: float = 0.0) -> xr.DataArray:
    return ds.tree.copy(data=_trees(ds, surcharge).max("depth").values)


def _frontier_depth(ds: xr.Dataset) -> xr.DataArray:
    return ds.levels.copy(data=1.0 + _trees(ds).argmax("depth").values)


def _published_depth(ds: xr.Dataset) -> xr.DataArray:
    """L* = floor(log_b floor(B/(x* + c0))), at least one level."""
    exponent = float(theory.organisation_exponent(int(ds.fan_in), float(ds.correlation), float(ds.fidelity)))
    agents = np.floor(
        theory.optimal_agents(exponent, float(ds.leaf_exponent), float(_overhead(ds)), 10.0**ds.log_budget.values)
    )
    return ds.levels.copy(data=np.maximum(np.floor(np.log(np.maximum(agents, 1)) / np.log(5)), 1.0))


CLAIMS = (
    Claim(
        id="synergy/C29",
        kind="equality",
        statement="the growth law k x^beta (B/(x + c0))^s is largest at x* = beta c0/(s - beta), whatever the budget",
        source=Source("2601.17311", "Thm 9, eq. 34"),
        experiment=GROWTH,
        predict=lambda ds: _law(theory.optimal_leaf_compute, ds, _overhead(ds)),
        observe=_best_compute,
        comparison=Agreement(),
        decoy=Decoy(
            "as many edges as leaves", lambda ds: _law(theory.optimal_leaf_compute, ds, _one_price_an_edge(ds))
        ),
    ),
    Claim(
        id="synergy/C29-value",
        kind="equality",
        statement="there it is k kappa c0^(beta - s) B^s, kappa = beta^beta (s - beta)^(s - beta) s^(-s)",
        source=Source("2601.17311", "Thm 9, eq. 35"),
        experiment=GROWTH,
        predict=lambda ds: np.log(_law(theory.optimal_growth_bias, ds, 1.0, _overhead(ds), np.exp(ds.log_budget))),
        observe=lambda ds: rounding(ds.log_bias, 64, scale=20.0),
        comparison=Agreement(),
        decoy=Decoy(
            "as many edges as leaves",
            lambda ds: np.log(_law(theory.optimal_growth_bias, ds, 1.0, _one_price_an_edge(ds), np.exp(ds.log_budget))),
        ),
    ),
    Claim(
        id="synergy/C30",
        kind="threshold",
        statement="the growth law equals one agent at B_crit = c0 kappa^(-1/(s - beta))",
        source=Source("2601.17311", "Cor 10, eq. 37"),
        experiment=GROWTH,
        predict=lambda ds: _law(theory.critical_budget_growth, ds, _overhead(ds)),
        observe=_even_budget,
        comparison=Agreement(),
        decoy=Decoy(
            "as many edges as leaves", lambda ds: _law(theory.critical_budget_growth, ds, _one_price_an_edge(ds))
        ),
    ),
    Claim(
        id="synergy/C30-product",
        kind="threshold",
        statement="B_crit = [c0 s/(s - beta)] (s/beta)^(beta/(s - beta)), the price of an agent times their number",
        source=DERIVED,
        experiment=GROWTH,
        predict=lambda ds: _law(theory.critical_budget_product, ds, _overhead(ds)),
        observe=_even_budget,
        comparison=Agreement(),
        decoy=Decoy(
            "e agents, their number as s falls to beta",
            lambda ds: np.e * _overhead(ds) * ds.exponent / (ds.exponent - ds.leaf_exponent),
        ),
    ),
    Claim(
        id="synergy/C31",
        kind="bound",
        statement="some tree attains B_crit: the organisation that breaks even there has at least b agents",
        source=Source("2601.17311", "Cor 10 read as a threshold of trees"),
        experiment=GROWTH,
        predict=lambda ds: ds.fan_in.broadcast_like(ds.agents).transpose(*ds.agents.dims).astype(float),
        observe=_even_agents,
        comparison=Bound(side="lower"),
        decoy=Decoy("at least e agents", lambda ds: xr.full_like(ds.agents, np.e)),
        sharp=Sharp(
            "it has fewer than e agents, (s/beta)^(beta/(s - beta)), so no tree (b >= 3) attains it",
            lambda ds: xr.full_like(ds.agents, np.e),
            Bound(side="upper"),
        ),
    ),
    Claim(
        id="synergy/C31-agents",
        kind="equality",
        statement="at B_crit the growth law has (s/beta)^(beta/(s - beta)) agents, between 1 and e",
        source=DERIVED,
        experiment=GROWTH,
        predict=lambda ds: _law(theory.critical_agents, ds),
        observe=_even_agents,
        comparison=Agreement(),
        decoy=Decoy("e agents, their number as s falls to beta", lambda ds: xr.full_like(ds.agents, np.e)),
    ),
    Claim(
        id="synergy/C32",
        kind="threshold",
        statement="weak signals gain from L levels from B_L = c0 (N - 1)/(1 - N^(-(s - beta)/beta)) on, N = b^L, edges "
        "exact",
        source=DERIVED,
        experiment=DEPTHS,
        predict=lambda ds: _threshold(_free(ds), theory.integer_depth_threshold),
        observe=lambda ds: _break_even(_free(ds), "talk"),
        comparison=Agreement(),
        decoy=Decoy(
            "the approximate cost's threshold",
            lambda ds: _threshold(_free(ds), theory.integer_depth_threshold_approximate),
        ),
    ),
    Claim(
        id="synergy/C32-approximate",
        kind="threshold",
        statement="at the paper's cost N (x + c0) that threshold is c0 N/(1 - N^(-(s - beta)/beta))",
        source=Source("derived here", "cost of 2601.17311, sec. 5"),
        experiment=DEPTHS,
        predict=lambda ds: _threshold(_free(ds), theory.integer_depth_threshold_approximate),
        observe=lambda ds: _break_even(_free(ds), "rough_talk"),
        comparison=Agreement(),
        decoy=Decoy("the exact cost's threshold", lambda ds: _threshold(_free(ds), theory.integer_depth_threshold)),
    ),
    Claim(
        id="synergy/D10",
        kind="threshold",
        statement="aggregators that compute c_agg tokens each only raise c0 by c_agg/(b - 1)",
        source=DERIVED,
        experiment=DEPTHS,
        predict=lambda ds: _threshold(_charged(ds), theory.integer_depth_threshold, 12.0),
        observe=lambda ds: _break_even(_charged(ds), "talk"),
        comparison=Agreement(),
        decoy=Decoy(
            "free aggregators, as in the paper", lambda ds: _threshold(_charged(ds), theory.integer_depth_threshold)
        ),
    ),
    Claim(
        id="synergy/C33",
        kind="bound",
        statement="no tree helps from B_hi = (mu*/k)^(1/beta) on",
        source=DERIVED,
        experiment=WINDOWS,
        predict=_saturation,
        observe=_last,
        comparison=Bound(side="upper"),
        decoy=Decoy("from one percent less on", lambda ds: _saturation(ds, 0.99)),
    ),
    Claim(
        id="synergy/C33-random",
        kind="bound",
        statement="no tree helps from B_hi = (mu*/k)^(1/beta) on, in random systems",
        source=DERIVED,
        experiment=RANDOM,
        predict=_saturation,
        observe=_last,
        comparison=Bound(side="upper"),
        decoy=Decoy("from one percent less on", lambda ds: _saturation(ds, 0.99)),
    ),
    Claim(
        id="synergy/C34",
        kind="threshold",
        statement="realisable trees beat one agent in a window of budgets, whose two ends are solved for exactly",
        source=DERIVED,
        experiment=WINDOWS,
        predict=_predicted_ends,
        observe=_observed_ends,
        comparison=Agreement(),
        decoy=Decoy("from the published B_crit to B_hi", _published_ends),
    ),
    Claim(
        id="synergy/C34-random",
        kind="threshold",
        statement="so it is in random systems",
        source=DERIVED,
        experiment=RANDOM,
        predict=_predicted_ends,
        observe=_observed_ends,
        comparison=Agreement(),
        decoy=Decoy("from the published B_crit to B_hi", _published_ends),
    ),
    Claim(
        id="synergy/C35",
        kind="equality",
        statement="some budget makes some tree beat one agent exactly when s > beta",
        source=Source("2601.17311", "abstract and eq. 31"),
        experiment=WINDOWS,
        predict=_iff,
        observe=lambda ds: Exact(ds.exists, 0.0, "a scan of budgets found a winning tree or none"),
        comparison=Agreement(),
        decoy=Decoy("always", lambda ds: xr.ones_like(ds.exists)),
        sharp=Sharp(
            "exactly when its window of whole depth is not empty, for which s > beta is necessary and not sufficient",
            lambda ds: predicted_windows(ds)["exists"].astype(float),
        ),
    ),
    Claim(
        id="synergy/D3",
        kind="threshold",
        statement="saturation aside, trees beat one agent from B_crit on",
        source=Source("2601.17311", "Cor 10"),
        experiment=WINDOWS,
        predict=lambda ds: points(_published_threshold(ds, _overhead), ds.exists > 0),
        observe=_first,
        comparison=Agreement(),
        decoy=Decoy(
            "from B_crit on, as many edges as leaves",
            lambda ds: points(_published_threshold(ds, _one_price_an_edge), ds.exists > 0),
        ),
        sharp=Sharp(
            "from the first budget of the exact window on, above B_1 = 2 m b/(1 - b alpha^(-1/beta))",
            lambda ds: points(predicted_windows(ds)["first"], ds.exists > 0),
        ),
    ),
    Claim(
        id="synergy/C51",
        kind="bound",
        statement="against an agent whose compute buys independent votes (beta = 1/2) no tree of majorities ever gains",
        source=Source("2601.17311", "Thm 11"),
        experiment=NULL,
        predict=lambda ds: xr.ones_like(ds.ratio),
        observe=_ratio,
        comparison=Bound(side="upper"),
        decoy=Decoy(
            "not even sqrt(2/pi) of it, the limit of many voters",
            lambda ds: xr.full_like(ds.ratio, np.sqrt(2 / np.pi)),
        ),
    ),
    Claim(
        id="synergy/C36",
        kind="equality",
        statement="best tree on a budget, edges exact, at b = 5, m = 8, rho = .1, gamma = .9, beta = .2, k = .05",
        source=DERIVED,
        experiment=FRONTIER,
        predict=_frontier_bias,
        observe=lambda ds: rounding(ds.tree, (level_rounding(5) + 4) * 9),
        comparison=Agreement(),
        decoy=Decoy("the paper's cost N (x + c0), one c0 too much", lambda ds: _frontier_bias(ds, 1.0)),
    ),
    Claim(
        id="synergy/C36-depth",
        kind="equality",
        statement="its depth is L* = floor(log_b N*), N* = floor(B/(x* + c0))",
        source=Source("2601.17311", "eq. 43"),
        experiment=FRONTIER,
        predict=_published_depth,
        observe=lambda ds: Exact(ds.levels, 0.0, "all depths tried"),
        comparison=Agreement(),
        decoy=Decoy("one level more", lambda ds: _published_depth(ds) + 1),
        sharp=Sharp("its depth is the one whose exact root bias is largest", _frontier_depth),
    ),
)
