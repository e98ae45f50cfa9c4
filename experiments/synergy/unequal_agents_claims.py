"""What is true of committees of unequal members (derived here; the paper treats equal ones)."""

from __future__ import annotations

import jax
import numpy as np
import xarray as xr

from experiments.claim import Agreement, Bound, Claim, Decoy, Ordering, Source
from experiments.estimates import bias_of_votes, paired_difference, rounding
from experiments.synergy.unequal_agents import TEAMS
from theory import synergy

DRAWN, LISTED = "synergy/unequal-agents", "synergy/unequal-rules"
RESOLUTION = 0.01
DERIVED = Source("derived here")
# Products of five factors and a sum over 32 worlds of total weight one.
WORLD_ERRORS = 64

# Compiled once a size: committees are judged one after another.
level_map, majority, optimal = map(
    jax.jit, (synergy.unequal_level_map, synergy.unequal_majority, synergy.optimal_majority)
)


def _bias(name, select=lambda ds: ds):
    def observe(ds):
        chosen = select(ds)
        return bias_of_votes(chosen[name].sum("replicate"), chosen.nodes * chosen.sizes["replicate"])

    return observe


def _independent(ds):
    return ds.sel(correlation=0.0, drop=True)


def _by_team(law):
    """law(biases, fidelities, correlation) for each committee of the data."""

    def predict(ds):
        rows = []
        for team in ds.team.values:
            biases, fidelities = map(np.array, TEAMS[team])
            rows.append(np.broadcast_to(law(biases, fidelities, ds.correlation.values), ds.correlation.shape))
        return xr.zeros_like(ds.plain.isel(replicate=0, drop=True), float) + xr.DataArray(
            np.stack(rows), dims=("committee", *ds.correlation.dims)
        )

    return predict


def _level(biases, fidelities, correlation):
    return level_map(correlation, fidelities[None], biases[None])


def _homogeneous(biases, fidelities, correlation):
    return synergy.shared_map(len(biases), correlation, np.mean(biases * fidelities))


def _optimal(biases, fidelities, correlation):
    return optimal(biases * fidelities)


def _best(biases, fidelities, correlation):
    return np.max(biases * fidelities)


def _alone(law):
    return lambda ds: _independent(_by_team(law)(ds))


def _below_best(ds):
    """The three committees of the specification, whose plain majority is worse than one of their members."""
    return _independent(ds).isel(committee=np.flatnonzero(ds.team <= 2))


def _loss(ds):
    chosen = _below_best(ds)
    return paired_difference(2 * chosen.best / chosen.nodes, 2 * chosen.plain / chosen.nodes, "replicate")


def _overstated_loss(ds):
    chosen = _below_best(ds)
    losses = [max(TEAMS[team][0]) - np.mean(TEAMS[team][0]) for team in chosen.team.values]
    return xr.zeros_like(chosen.plain.isel(replicate=0, drop=True), float) + xr.DataArray(losses, dims="committee")


def _members(ds):
    return np.stack([ds[name].values for name in ("first", "second", "third", "fourth", "fifth")], axis=-1)


def _slope(amplification):
    def predict(ds):
        return ds.slope.copy(data=amplification * _members(ds).mean(axis=-1))

    return predict


def _first_order(ds):
    members = _members(ds)
    return ds.slope.copy(data=np.asarray(synergy.unequal_small_signal(0.0, np.ones_like(members), members)))


def _better_of_two(ds):
    members = _members(ds)
    plain = np.asarray(majority(members))
    return ds.log_odds.copy(data=np.maximum(plain, members.max(axis=-1)))


CLAIMS = (
    Claim(
        id="synergy/C44",
        kind="equality",
        statement="unequal members decide with bias rho mean(gamma_i u_i) + (1 - rho) PB(gamma_1 u_1, ..., gamma_b "
        "u_b), PB the majority of a Poisson-binomial vote",
        source=DERIVED,
        experiment=DRAWN,
        predict=_by_team(_level),
        observe=_bias("plain"),
        comparison=Agreement(resolution=RESOLUTION),
        decoy=Decoy("every member as good as their mean", _by_team(_homogeneous)),
    ),
    Claim(
        id="synergy/C44-listed",
        kind="identity",
        statement="the Poisson-binomial majority is the probability-weighted vote of all worlds",
        source=DERIVED,
        experiment=LISTED,
        predict=lambda ds: ds.plain.copy(data=np.asarray(majority(_members(ds)))),
        observe=lambda ds: rounding(ds.plain, WORLD_ERRORS, scale=1.0),
        comparison=Agreement(),
        decoy=Decoy(
            "every member as good as their mean",
            lambda ds: ds.plain.copy(data=np.asarray(synergy.majority_map(5, _members(ds).mean(axis=-1)))),
        ),
    ),
    Claim(
        id="synergy/C44-slope",
        kind="identity",
        statement="to first order only the mean counts: the majority's bias is (A(b)/b) sum u_i",
        source=DERIVED,
        experiment=LISTED,
        predict=_first_order,
        observe=lambda ds: rounding(ds.slope, WORLD_ERRORS, scale=abs(_members(ds)).sum(axis=-1)),
        comparison=Agreement(),
        decoy=Decoy("A(b) by its leading asymptote sqrt(2b/pi)", _slope(np.sqrt(10 / np.pi))),
    ),
    Claim(
        id="synergy/C45",
        kind="bound",
        statement="log-odds weights never do worse than the plain majority nor than the best member",
        source=DERIVED,
        experiment=LISTED,
        predict=_better_of_two,
        observe=lambda ds: rounding(ds.log_odds, WORLD_ERRORS, scale=1.0),
        comparison=Bound(side="lower"),
        decoy=Decoy("they always gain two percent on the better of the two", lambda ds: 1.02 * _better_of_two(ds)),
    ),
    Claim(
        id="synergy/C45-weights",
        kind="equality",
        statement="log-odds weights reach the largest bias that any rule can reach from independent votes, "
        "half the sum over worlds of |P(world) - P(opposite world)|",
        source=DERIVED,
        experiment=DRAWN,
        predict=_alone(_optimal),
        observe=_bias("log_odds", _independent),
        comparison=Agreement(resolution=RESOLUTION),
        decoy=Decoy("that of the best member, whom weights would merely find", _alone(_best)),
    ),
    Claim(
        id="synergy/C45-plain",
        kind="ordering",
        statement="a plain majority can be worse than its best member: so it is for (.1, .3, .5), (.2, .2, .8) and "
        "(.05, .1, .2, .3, .6)",
        source=DERIVED,
        experiment=DRAWN,
        predict=lambda ds: xr.zeros_like(_overstated_loss(ds)),
        observe=_loss,
        comparison=Ordering(),
        decoy=Decoy("by as much as the best member exceeds the mean member", _overstated_loss),
    ),
)
