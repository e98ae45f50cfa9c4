"""Sweeps of the phase transition: orbits, phase diagrams, thresholds found from growth, and what mu* depends on."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp

from dynamics import synergy as dynamics
from experiments.experiment import Experiment, Quantity
from experiments.space import Space, grid, listing
from experiments.synergy import quantities as q
from experiments.synergy.orbits import ENCLOSURE, long_run, slope_at

# Its third power is below rounding, so one level shows the gain of an infinitely weak signal.
WEAK = 1e-9
LEVELS = 60
HALVINGS = 55


def trajectory(key, *, fan_in, correlation, fidelity, initial_bias):
    """The bias of every level up to `LEVELS`."""
    del key
    return {"bias": dynamics.trajectory(fan_in, correlation, fidelity, initial_bias, LEVELS)}


def phase(key, *, fan_in, correlation, fidelity, initial_bias, depth, horizon):
    """A finite tree's root bias, and an enclosure of the limit of all orbits that start from a sizeable bias."""
    del key
    root = dynamics.final_bias(fan_in, correlation, fidelity, initial_bias, depth)
    return {"root_bias": root, **long_run(fan_in, correlation, fidelity, horizon)}


def message_phase(key, *, fan_in, correlation, message_length, channel_scale, initial_bias, depth, horizon):
    """`phase` at the fidelity 1 - exp(-m/m0) that a message of so many tokens has."""
    fidelity = -jnp.expm1(-message_length / channel_scale)
    tree = {"initial_bias": initial_bias, "depth": depth, "horizon": horizon}
    return {"fidelity": fidelity, **phase(key, fan_in=fan_in, correlation=correlation, fidelity=fidelity, **tree)}


def _crossing(growth, sign):
    """The bracket in [0, 1] where `growth` passes 1, rising or falling as `sign` says, and how steeply it does."""

    def halve(_, ends):
        low, high = ends
        middle = (low + high) / 2
        beyond = sign * (growth(middle) - 1) > 0
        return jnp.where(beyond, low, middle), jnp.where(beyond, middle, high)

    low, high = jax.lax.fori_loop(0, HALVINGS, halve, (jnp.asarray(0.0), jnp.asarray(1.0)))
    _, steepness = jax.jvp(growth, (high,), (jnp.ones_like(high),))
    return {"threshold_low": low, "threshold_high": high, "steepness": jnp.abs(steepness)}


def critical_correlation(key, *, fan_in, fidelity):
    """The correlation at which one level stops to raise a weak bias, by bisection; 0 if it never does."""
    del key
    return _crossing(lambda rho: dynamics.level_map(fan_in, rho, fidelity, WEAK) / WEAK, -1)


def critical_fidelity(key, *, fan_in, correlation):
    """The fidelity from which one level raises a weak bias, by bisection."""
    del key
    return _crossing(lambda gamma: dynamics.level_map(fan_in, correlation, gamma, WEAK) / WEAK, 1)


def above_threshold(key, *, fan_in, fidelity, distance, horizon):
    """The limit just above threshold: the correlation is set so that the measured gain is 1 + distance."""
    del key
    alone, together = (slope_at(fan_in, jnp.asarray(rho), fidelity, 0.0) for rho in (0.0, 1.0))
    correlation = (alone - 1 - distance) / (alone - together)
    third = jax.grad(jax.grad(partial(slope_at, fan_in, correlation, fidelity)))(0.0)
    return {"correlation": correlation, "cubic": -third / 6, **long_run(fan_in, correlation, fidelity, horizon)}


def settled(key, *, fan_in, correlation, fidelity, horizon):
    """The enclosure of the limit alone."""
    del key
    return long_run(fan_in, correlation, fidelity, horizon)


def sensitivity(key, *, fan_in, correlation, fidelity, horizon):
    """Derivatives of a long orbit's end with respect to correlation and fidelity, and those one level later."""
    del key

    def orbit(rho, gamma):
        return dynamics.final_bias(fan_in, rho, gamma, 1.0, horizon)

    def next_level(rho, gamma, bias):
        return dynamics.level_map(fan_in, rho, gamma, bias)

    place, outputs = (correlation, fidelity), long_run(fan_in, correlation, fidelity, horizon)
    for name, direction in (("by_correlation", (1.0, 0.0)), ("by_fidelity", (0.0, 1.0))):
        direction = tuple(jnp.asarray(d, jnp.result_type(correlation)) for d in direction)
        end, rate = jax.jvp(orbit, place, direction)
        outputs[name] = rate
        outputs[f"{name}_next"] = jax.jvp(next_level, (*place, end), (*direction, rate))[1]
    return outputs


POINT = {"fan_in": q.FAN_IN, "correlation": q.CORRELATION, "fidelity": q.FIDELITY}
TREE = {"initial_bias": q.INITIAL_BIAS, "depth": q.DEPTH, "horizon": q.HORIZON}
F4_TREE = {"initial_bias": 0.05, "depth": 30, "horizon": 2000}
CROSSING = {
    "threshold_low": Quantity(r"x_c^-", "largest value known to lie below the threshold"),
    "threshold_high": Quantity(r"x_c^+", "smallest value known to lie above the threshold"),
    "steepness": Quantity(r"|d\alpha/dx|", "rate at which the gain passes 1"),
}

TRAJECTORIES = Experiment(
    name="synergy/trajectories",
    title="Bias level by level, on both sides of the transition",
    cell=trajectory,
    parameters={**POINT, "initial_bias": q.INITIAL_BIAS},
    outputs={"bias": Quantity(r"\mu_l", "bias of level l", dims=("level",))},
    scales={
        scale: Space(
            (listing("correlation", (0.1, 0.4)), listing("initial_bias", (0.05, 0.9))),
            {"fan_in": 5, "fidelity": 0.6},
        )
        for scale in ("quick", "paper")
    },
    static=("fan_in",),
    coordinates={"level": tuple(map(float, range(LEVELS + 1)))},
)

PHASE_DIAGRAM = Experiment(
    name="synergy/phase-diagram",
    title="Phase diagram of correlation and fidelity",
    cell=phase,
    parameters={**POINT, **TREE},
    outputs={"root_bias": q.ROOT_BIAS, **ENCLOSURE},
    scales={
        scale: Space(
            (
                listing("fan_in", (3, 5, 9)),
                grid("correlation", 0.0, 0.95, points),
                grid("fidelity", 0.3, 1.0, points),
            ),
            F4_TREE,
        )
        for scale, points in (("quick", 61), ("paper", 201))
    },
    static=("fan_in", "depth", "horizon"),
)

MESSAGE_PHASE_DIAGRAM = Experiment(
    name="synergy/message-phase-diagram",
    title="Phase diagram of correlation and message length",
    cell=message_phase,
    parameters={
        "fan_in": q.FAN_IN,
        "correlation": q.CORRELATION,
        "message_length": q.MESSAGE_LENGTH,
        "channel_scale": Quantity("m_0", "message length that reaches fidelity 1 - 1/e", unit="tokens"),
        **TREE,
    },
    outputs={"fidelity": q.FIDELITY, "root_bias": q.ROOT_BIAS, **ENCLOSURE},
    scales={
        scale: Space(
            (grid("correlation", 0.0, 0.9, points), listing("message_length", tuple(range(1, 49)))),
            {"fan_in": 5, "channel_scale": 8.0, **F4_TREE},
        )
        for scale, points in (("quick", 46), ("paper", 181))
    },
    static=("fan_in", "depth", "horizon"),
)

CRITICAL_CORRELATION = Experiment(
    name="synergy/critical-correlation",
    title="Correlation at which a weak signal stops growing",
    cell=critical_correlation,
    parameters={"fan_in": q.FAN_IN, "fidelity": q.FIDELITY},
    outputs=CROSSING,
    scales={
        scale: Space((listing("fan_in", fan_ins), listing("fidelity", [round(0.5 + 0.05 * i, 2) for i in range(11)])))
        for scale, fan_ins in (("quick", (3, 5, 9)), ("paper", (3, 5, 7, 9, 11, 15)))
    },
    static=("fan_in",),
)

CRITICAL_FIDELITY = Experiment(
    name="synergy/critical-fidelity",
    title="Fidelity from which a weak signal grows",
    cell=critical_fidelity,
    parameters={"fan_in": q.FAN_IN, "correlation": q.CORRELATION},
    outputs=CROSSING,
    scales={
        scale: Space((listing("fan_in", fan_ins), listing("correlation", [i / 10 for i in range(10)])))
        for scale, fan_ins in (("quick", (3, 5, 9)), ("paper", (3, 5, 7, 9, 11, 15)))
    },
    static=("fan_in",),
)

ABOVE_THRESHOLD = Experiment(
    name="synergy/above-threshold",
    title="Limit of the bias just above threshold",
    cell=above_threshold,
    parameters={
        "fan_in": q.FAN_IN,
        "fidelity": q.FIDELITY,
        "distance": Quantity(r"\alpha-1", "distance from threshold"),
        "horizon": q.HORIZON,
    },
    outputs={
        "correlation": q.CORRELATION,
        "cubic": Quantity(r"\kappa_3", "third-order coefficient of one level"),
        **ENCLOSURE,
    },
    scales={
        scale: Space((listing("distance", (1e-4, 1e-3, 1e-2)),), {"fan_in": 5, "fidelity": 0.6, "horizon": 200_000})
        for scale in ("quick", "paper")
    },
    static=("fan_in", "horizon"),
)

LARGE_FAN_IN = Experiment(
    name="synergy/large-fan-in",
    title="Limit of the bias at large fan-in",
    cell=settled,
    parameters={**POINT, "horizon": q.HORIZON},
    outputs=ENCLOSURE,
    scales={
        scale: Space(
            (
                listing("fan_in", fan_ins),
                listing("correlation", (0.0, 0.1, 0.3, 0.5)),
                listing("fidelity", (0.7, 0.8, 0.9)),
            ),
            {"horizon": 500},
        )
        for scale, fan_ins in (("quick", (51,)), ("paper", (21, 51, 101)))
    },
    static=("fan_in", "horizon"),
)

SENSITIVITY = Experiment(
    name="synergy/fixed-point-sensitivity",
    title="How the limit of the bias moves with correlation and fidelity",
    cell=sensitivity,
    parameters={**POINT, "horizon": q.HORIZON},
    outputs={
        "by_correlation": Quantity(r"d\mu/d\rho", "derivative of the orbit's end by the correlation"),
        "by_correlation_next": Quantity(r"d\mu'/d\rho", "the same one level later"),
        "by_fidelity": Quantity(r"d\mu/d\gamma", "derivative of the orbit's end by the fidelity"),
        "by_fidelity_next": Quantity(r"d\mu'/d\gamma", "the same one level later"),
        **ENCLOSURE,
    },
    scales={
        "quick": Space(
            (
                listing("fan_in", (3, 5)),
                listing("correlation", (0.0, 0.1, 0.2, 0.4)),
                listing("fidelity", (0.6, 0.8, 0.95)),
            ),
            {"horizon": 3000},
        ),
        "paper": Space(
            (
                listing("fan_in", (3, 5, 9)),
                grid("correlation", 0.02, 0.62, 31),
                grid("fidelity", 0.53, 0.97, 31),
            ),
            {"horizon": 20_000},
        ),
    },
    static=("fan_in", "horizon"),
)

EXPERIMENTS = (
    TRAJECTORIES,
    PHASE_DIAGRAM,
    MESSAGE_PHASE_DIAGRAM,
    CRITICAL_CORRELATION,
    CRITICAL_FIDELITY,
    ABOVE_THRESHOLD,
    LARGE_FAN_IN,
    SENSITIVITY,
)
