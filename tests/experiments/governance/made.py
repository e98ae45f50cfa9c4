"""Datasets of the row's sweeps, made of stored numbers instead of simulated: enough to judge and to draw."""

from __future__ import annotations

from functools import cache

import numpy as np
import xarray as xr

from experiments.governance import EXPERIMENTS
from experiments.governance.responses import BLOCK
from experiments.governance.sentinel import AGENTS
from experiments.governance.sentinel_claims import STORED_LEADS, STORED_TOTALS
from experiments.governance.stored_claims import STORED

BY_NAME = {experiment.name.removeprefix("governance/"): experiment for experiment in EXPERIMENTS}
SIZES = {"neuron": 30, "origin": 30, "player": 2, "share": 6, "share_index": 6, "record": 11, "later": 10, "round": 500}
SIZES |= {"setting": 21, "length": 5, "step": 40}
FULL = np.linspace(0, 1, 6)


@cache
def made(name: str) -> xr.Dataset:
    """One sweep's dataset, its numbers near the stored ones."""
    experiment = BY_NAME[name]
    space = experiment.space("quick")
    axes = {axis.name: len(axis) for axis in space.axes}
    coords = {p: (axis.name, np.asarray(v)) for axis in space.axes for p, v in axis.columns.items()}
    coords |= {dim: list(values) for dim, values in experiment.coordinates.items()}
    sizes = SIZES | {dim: len(values) for dim, values in experiment.coordinates.items()}
    sizes |= {"round": 1750, "record": 11 if name == "habituation" else 10} if name != "perturbation" else {}
    rng = np.random.default_rng(len(name))
    variables = {}
    for output, quantity in experiment.outputs.items():
        shape = (*axes.values(), *(sizes[dim] for dim in quantity.dims))
        variables[output] = ((*axes, *quantity.dims), rng.uniform(0.4, 0.6, shape))
    ds = xr.Dataset(variables, coords).assign_coords(dict(space.fixed))
    return CHANGES.get(name, lambda ds, rng: ds)(ds, rng)


def _spread(rng, centre, deviation, shape):
    return centre + deviation * rng.standard_normal(shape)


def _both_ends(ds, rng):
    def pair(zero, one):
        return np.stack(
            [_spread(rng, *zero, ds.sizes["replicate"]), _spread(rng, *one, ds.sizes["replicate"])], axis=-1
        )

    variance = np.exp(pair((np.log(0.09), 0.05), (np.log(0.09 / 856), 1.5)))
    return ds.assign(
        neighbour_kl=ds.neighbour_kl.copy(data=pair((1.23, 0.3), (0.56, 0.3))),
        payoff=ds.payoff.copy(data=pair((2.89, 0.006), (2.766, 0.07))),
        variance=ds.variance.copy(data=variance),
        trace_part=ds.trace_part.copy(data=pair((4.9, 0.3), (2.5, 0.3))),
        mean_part=0.8 * ds.mean_part,
        volume_part=ds.volume_part.copy(data=pair((-1.8, 0.1), (-0.9, 0.1))),
        skewness=1.1 * 2 * ds.skewness,
        quiet_skewness=0.12 * 2 * ds.quiet_skewness,
    )


def _habituation(ds, rng):
    later = ds.radius * 0 + 0.99
    start = xr.DataArray(np.arange(ds.sizes["record"]) == 0, dims="record")
    decayed = xr.DataArray(np.maximum(0.85 ** (30.0 * np.arange(ds.sizes["record"])), 0.0012), dims="record")
    return ds.assign(
        radius=later.where(~start, 0.9),
        second=ds.second * 0 + decayed,
        unclamped=1.1 + 0.2 * ds.unclamped,
        variance=ds.body / 9,
    )


def _phase_diagram(ds, rng):
    lead = 40 - 0.045 * ds.length + 0 * ds.mirror_payoff
    mirror = 3001 + ds.length + 0 * ds.mirror_payoff
    paid = mirror + lead + _spread(rng, 0, 2, mirror.shape)
    return ds.assign(mirror_payoff=mirror, sentinel_payoff=paid, detection=0 * mirror + 1.0)


def _block_length(ds, rng):
    return ds.assign(
        detection=ds.detection * 0 + 1.0, lowest=ds.lowest * 0 + 0.05, sentinel_payoff=3040 + ds.length + 5 * ds.lowest
    )


def _readouts(ds, rng):
    scatter = ds.weights_squared.copy(data=np.exp(_spread(rng, 0, 0.4, ds.weights_squared.shape)))
    return ds.assign(weights_squared=150 / ds.dimension * scatter)


def _official(ds, rng):
    total = np.array([STORED_TOTALS[agent] for agent in AGENTS])
    shift = np.linspace(-20, 20, ds.sizes["seed"])[:, None] * np.array([1, 0, 0, 0, 0])
    return ds.assign(
        total=ds.total.copy(data=total + shift),
        lead=ds.lead.copy(data=np.broadcast_to(STORED_LEADS, ds.lead.shape)),
    )


def _convergence(ds, rng):
    steps = ds.distance * 0 + 0.3 ** xr.DataArray(np.arange(ds.sizes["step"]), dims="step")
    return ds.assign(body_action=0.97 + 0.02 * ds.body_action, distance=steps)


def _perturbation(ds, rng):
    in_block = xr.DataArray((np.arange(500) >= BLOCK[0]) & (np.arange(500) < sum(BLOCK[:2])), dims="round")
    minding = xr.DataArray(_spread(rng, 0.93, 0.035, ds.sizes["replicate"]), dims="replicate")
    held = (0.98 + 0.01 * ds.body_action).where(~in_block, minding + 0.03 * ds.body_action)
    return ds.assign(body_action=held.transpose(*ds.body_action.dims))


CHANGES = {
    "both-ends": _both_ends,
    "official-rows": lambda ds, rng: ds.assign(
        {n: ("row", STORED[:, i]) for i, n in enumerate(("neighbour_kl", "body", "action", "payoff", "variance"))}
    ),
    "official-sentinel": _official,
    "habituation": _habituation,
    "centred-habituation": lambda ds, rng: ds.assign(second=0.5 + 0.9 * ds.second, radius=0.4 + ds.radius),
    "sensitivity": lambda ds, rng: ds.assign(variance=0.09 * ds.variance, opponent=ds.opponent * 0 + 0.9),
    "block-length": _block_length,
    "phase-diagram": _phase_diagram,
    "readouts": _readouts,
    "convergence": _convergence,
    "perturbation": _perturbation,
    "kl-landscape": lambda ds, rng: ds.assign(share=ds.share * 0 + xr.DataArray(FULL, dims="share")),
    "free-energy": lambda ds, rng: ds.assign(share=ds.share * 0 + xr.DataArray(FULL, dims="share")),
    "dimension": lambda ds, rng: ds.assign(share=ds.share * 0 + xr.DataArray(FULL, dims="share_index")),
}
