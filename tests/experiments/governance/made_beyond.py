"""Datasets of the sweeps of section 11.6, made of what theory says: enough to judge and to draw."""

from __future__ import annotations

from functools import cache

import jax
import numpy as np
import xarray as xr

from experiments.governance import guarding, reactive, tuned
from experiments.governance.reactive_claims import STRATEGIES
from tests.theory.governance.bodies import fresh
from theory import governance as theory

BY_NAME = {
    experiment.name.removeprefix("governance/"): experiment
    for module in (reactive, guarding, tuned)
    for experiment in module.EXPERIMENTS
}
NEURONS, COUNT = 30, 4


@cache
def _bodies():
    """Bodies whose readout always cooperates: cheap to grow, and insulated."""
    rows = [fresh(NEURONS, seed) for seed in range(COUNT)]
    return [body._replace(recurrent=0.2 * body.recurrent, readout=0.1 * body.readout, offset=3.5) for body in rows]


def _described(axes):
    """The stored description of the bodies, along the axes of the sweep."""

    def laid(values):
        return np.broadcast_to(np.stack(values), (*axes[:-1], *np.shape(np.stack(values)))).copy()

    bodies = _bodies()
    inputs = [np.stack([body.own_input, body.other_input], axis=1) for body in bodies]
    return {
        "recurrent": laid([body.recurrent for body in bodies]),
        "inputs": laid(inputs),
        "bias": laid([body.bias for body in bodies]),
        "weights": laid([body.readout for body in bodies]),
        "intercept": laid([np.float64(body.offset) for body in bodies]),
    }


@cache
def made(name: str) -> xr.Dataset:
    """One sweep's dataset, its numbers as theory has them."""
    experiment = BY_NAME[name]
    rng = np.random.default_rng(len(name))
    lead = {"reactive": ("body",), "vigilance": ("body",), "switching": ("dimension", "body"), "tuned": ("start",)}[
        name
    ]
    coords = {dim: list(values) for dim, values in experiment.coordinates.items()}
    if "body" in lead:
        coords["body"] = list(range(COUNT))
    if name == "switching":
        coords["dimension"] = [5, 30]
    sizes = {dim: len(values) for dim, values in coords.items()} | {"start": 4, "step": 30, "population": 24}
    sizes |= {"neuron": NEURONS, "origin": NEURONS, "player": 2}
    described = _described([sizes[dim] for dim in lead]) if "body" in lead else {}
    variables = {}
    for output, quantity in experiment.outputs.items():
        shape = tuple(sizes[dim] for dim in (*lead, *quantity.dims))
        values = described.get(output)
        variables[output] = ((*lead, *quantity.dims), rng.uniform(0.4, 0.6, shape) if values is None else values)
    return CHANGES[name](xr.Dataset(variables, coords), rng)


def minding():
    """The last body as it comes: it minds being exploited."""
    return fresh(NEURONS, COUNT - 1)


_MINDED = jax.jit(lambda body, share: theory.exploited_cooperation(body, share, reactive.HORIZON, reactive.DISCOUNT))


def _reactive(ds, rng):
    payoff, kind = ds.payoff.copy(), ds.other_action.copy()
    for action in reactive.CONSTANTS:
        at = {"agent": f"a={action:g}"}
        for opponent, rule in zip(reactive.RULES, STRATEGIES, strict=True):
            payoff.loc[{**at, "opponent": opponent}] = float(theory.constant_payoff(rule, action))
        payoff.loc[{**at, "opponent": "best responder"}] = 1 - action
    shares = np.array(reactive.SHARES)
    answers = np.asarray(theory.best_cooperation(shares, 0.97, reactive.HORIZON, reactive.DISCOUNT))
    for share, answer in zip(shares, answers, strict=True):
        at = {"agent": f"alpha={share:g}", "opponent": "best responder"}
        kind.loc[at] = float(answer)
        kind.loc[{**at, "body": COUNT - 1}] = float(_MINDED(minding(), share))
        payoff.loc[at] = 3.0 * float(answer) + 0.2
    for opponent, mean in (("TfT", 2.98), ("GTFT", 3.0), ("WSLS", 2.2), ("best responder", 2.85)):
        payoff.loc[{"agent": "sentinel", "opponent": opponent}] = mean
    body = minding()
    inputs = np.stack([body.own_input, body.other_input], axis=1)
    parts = {"recurrent": body.recurrent, "inputs": inputs, "bias": body.bias, "weights": body.readout}
    for name, part in {**parts, "intercept": body.offset}.items():
        ds[name][-1] = part
    scatter = 1e-6 * rng.standard_normal(payoff.shape)
    return ds.assign(payoff=payoff + scatter, other_action=kind)


def _vigilance(ds, rng):
    felt = jax.jit(lambda body, share: theory.settled_discomfort(body, share, 0.0))
    discomfort = np.array([float(felt(body, 0.4)) for body in _bodies()])
    steady = xr.DataArray(discomfort, dims="body") - 0 * ds.share
    excess = np.maximum(steady - ds.threshold, 0)
    share = np.clip(ds.baseline - 10 * excess, 0.05, 1.0).transpose(*ds.share.dims)
    return ds.assign(share=share)


def _switching(ds, rng):
    turned = jax.jit(lambda body, period: theory.turning_shares(body, period).trusting)
    found = [[float(turned(body, period)) for period in map(float, guarding.PERIODS)] for body in _bodies()]
    shares = xr.DataArray(found, dims=("body", "period")) + 0 * ds.share_trusting
    return ds.assign(share_trusting=shares.transpose(*ds.share_trusting.dims))


def _tuned(ds, rng):
    level = xr.DataArray(
        [2.40, 2.37, 2.47, 1.9, 1.8, 2.6, 2.5, 2.3, 2.1, 2.0], dims="candidate", coords={"candidate": ds.candidate}
    )
    scatter = 0.001 * rng.standard_normal(ds.held_payoff.shape)
    ds = ds.assign_coords(threshold=("start", [0.1, 0.2, 0.5, 0.05]))
    held = (0 * ds.held_payoff + level).transpose(*ds.held_payoff.dims) + scatter
    held[{"start": 2, "candidate": 0}] -= 0.06
    return ds.assign(held_payoff=held)


CHANGES = {"reactive": _reactive, "vigilance": _vigilance, "switching": _switching, "tuned": _tuned}
