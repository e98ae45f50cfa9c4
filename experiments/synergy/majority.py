"""Sweeps of a single majority: its map by every route, committees with ties, and the gain of a weak signal."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from dynamics import synergy as dynamics
from experiments.experiment import Experiment, Quantity
from experiments.space import Space, grid, listing
from experiments.synergy import quantities as q
from experiments.synergy.orbits import slope_at
from theory import synergy as theory

TABLE_T1 = (3, 5, 7, 9, 11, 13, 15, 21, 31, 51, 101, 201)
VOTERS = {
    "quick": Space((listing("fan_in", (3, 5, 7, 11, 21, 101)), grid("bias", -1.0, 1.0, 201))),
    "paper": Space((listing("fan_in", (*range(3, 32, 2), 41, 51, 71, 101)), grid("bias", -1.0, 1.0, 801))),
}


def majority_map(key, *, fan_in, bias):
    """The bias of a majority of equal voters: the simulators' two ways, and the binomial sum."""
    del key

    def decide(u):
        return dynamics.level_map(fan_in, 0.0, 1.0, u)

    recursion, slope = jax.jvp(decide, (bias,), (jnp.ones_like(bias),))
    return {
        "recursion": recursion,
        "slope": slope,
        "ballots": dynamics.counted_majority(jnp.full(fan_in, bias)),
        "binomial": theory.majority_map_binomial(fan_in, bias),
    }


def interpolated_majority(key, *, fan_in, bias):
    """The closed forms that take any real number of voters, at one of them."""
    del key
    return {
        "incomplete_beta": theory.majority_map_incomplete_beta(fan_in, bias),
        "quadrature": theory.majority_map_real(fan_in, bias),
    }


def tied_majority(key, *, fan_in, bias):
    """The bias of a majority of any number of voters, ties decided by a fair coin."""
    del key
    return {"ballots": dynamics.counted_majority(jnp.full(fan_in, bias))}


def weak_signal_gain(key, *, fan_in, correlation, fidelity):
    """The factor by which one level multiplies an infinitely weak bias, from the simulator's own level map."""
    del key
    return {"gain": slope_at(fan_in, correlation, fidelity, 0.0)}


MAJORITY_MAP = Experiment(
    name="synergy/majority-map",
    title="Bias of a majority of independent voters, by counting",
    cell=majority_map,
    parameters={"fan_in": q.FAN_IN, "bias": q.BIAS},
    outputs={
        "recursion": Quantity("f_b(u)", "bias of the majority, one level of the recursion"),
        "slope": Quantity("f_b'(u)", "slope of the majority map, by forward differentiation"),
        "ballots": Quantity("f_b(u)", "bias of the majority, ballots counted voter by voter"),
        "binomial": Quantity("f_b(u)", "bias of the majority, binomial sum"),
    },
    scales=VOTERS,
    static=("fan_in",),
)

# Its fan-in is no static one: the continued fraction and the quadrature are compiled once for all.
INTERPOLATED_MAJORITY = Experiment(
    name="synergy/interpolated-majority",
    title="Bias of a majority by the routes that interpolate between fan-ins",
    cell=interpolated_majority,
    parameters={"fan_in": q.FAN_IN, "bias": q.BIAS},
    outputs={
        "incomplete_beta": Quantity("f_b(u)", "bias of the majority, incomplete beta function"),
        "quadrature": Quantity("f_b(u)", "bias of the majority, quadrature"),
    },
    scales=VOTERS,
)

TIED_MAJORITY = Experiment(
    name="synergy/tied-majority",
    title="Bias of a majority with ties decided by a fair coin",
    cell=tied_majority,
    parameters={"fan_in": q.FAN_IN, "bias": q.BIAS},
    outputs={"ballots": Quantity("f_b(u)", "bias of the majority, ballots counted voter by voter")},
    scales={
        "quick": Space((listing("fan_in", (2, 4, 8)), grid("bias", -1.0, 1.0, 201))),
        "paper": Space((listing("fan_in", (2, 4, 6, 8, 10, 20)), grid("bias", -1.0, 1.0, 801))),
    },
    static=("fan_in",),
)

WEAK_SIGNAL_GAIN = Experiment(
    name="synergy/weak-signal-gain",
    title="Gain of a weak signal in one level",
    cell=weak_signal_gain,
    parameters={"fan_in": q.FAN_IN, "correlation": q.CORRELATION, "fidelity": q.FIDELITY},
    outputs={"gain": q.GAIN},
    scales={
        "quick": Space((listing("fan_in", TABLE_T1), grid("correlation", 0.0, 0.9, 10), grid("fidelity", 0.3, 1.0, 8))),
        "paper": Space(
            (listing("fan_in", TABLE_T1), grid("correlation", 0.0, 0.95, 96), grid("fidelity", 0.3, 1.0, 71))
        ),
    },
    static=("fan_in",),
)

EXPERIMENTS = (MAJORITY_MAP, INTERPOLATED_MAJORITY, TIED_MAJORITY, WEAK_SIGNAL_GAIN)
