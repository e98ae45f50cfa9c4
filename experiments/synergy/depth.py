"""How a tree of finite depth sees the transition, and how many levels it needs (arXiv 2601.17311, secs. 4 and 8)."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from dynamics.synergy import (
    first_passage,
    level_map,
    measured_gain,
    resting_bias,
    trajectory,
    tuned_correlation,
)
from experiments import codes
from experiments.experiment import Experiment, Quantity
from experiments.space import Space, cases, grid, listing, random_design
from experiments.synergy import quantities as q

# A relative band around the target of a passage: rounding of a trajectory (at most MAX_LEVELS (b + 8) eps = 3e-10) and
# of its resting bias (a few b eps/(alpha - 1)) stays inside, so the true passage lies between those of its two edges.
SLACK = 1e-9
MAX_LEVELS = 20_000
# Gains closer to 1 than this would need more levels than that, and digits that the resting bias has not.
LEAST_EXCESS = 1e-3


def climb(key, *, fan_in, correlation, fidelity, initial_bias, levels):
    """The bias at every depth up to `levels`, and the gain of a level."""
    del key
    return {
        "gain": measured_gain(fan_in, correlation, fidelity),
        "root_bias": trajectory(fan_in, correlation, fidelity, initial_bias, levels),
    }


def climb_near_threshold(key, *, fan_in, fidelity, initial_bias, scaled_distance, depth, levels):
    """The trajectory, and its logarithmic slope in the correlation, where the gain is 1 + z/L."""
    del key
    correlation = tuned_correlation(fan_in, fidelity, 1 + scaled_distance / depth)
    biases, slopes = jax.jvp(
        lambda rho: trajectory(fan_in, rho, fidelity, initial_bias, levels),
        (correlation,),
        (jnp.ones_like(correlation),),
    )
    return {"correlation": correlation, "root_bias": biases, "log_slope": slopes / biases}


def mix(key, *, fan_in, correlation, fidelity, log_initial_bias, log_shortfall):
    """Passage to the resting bias; a gain within LEAST_EXCESS of 1 ends with the code for too many levels."""
    del key
    slow = jnp.abs(measured_gain(fan_in, correlation, fidelity) - 1) < LEAST_EXCESS
    return _passage(fan_in, correlation, fidelity, 10.0**log_initial_bias, 10.0**log_shortfall, slow)


def mix_near_threshold(key, *, fan_in, gain_excess, fidelity, initial_bias, shortfall):
    """Passage to the resting bias of the correlation at which the gain is 1 + gain_excess."""
    del key
    correlation = tuned_correlation(fan_in, fidelity, 1 + gain_excess)
    return _passage(fan_in, correlation, fidelity, initial_bias, shortfall, False) | {"correlation": correlation}


def _passage(fan_in, correlation, fidelity, initial_bias, shortfall, slow):
    rest = resting_bias(fan_in, correlation, fidelity)
    target = jnp.where(slow, 0.0, (1 - shortfall) * rest)
    early = first_passage(fan_in, correlation, fidelity, initial_bias, target * (1 - SLACK), MAX_LEVELS)
    late = first_passage(fan_in, correlation, fidelity, early.bias, target * (1 + SLACK), MAX_LEVELS)
    arrived = (late.bias >= target * (1 + SLACK)) & ~slow
    return {
        "initial_bias_used": jnp.asarray(initial_bias),
        "resting_bias": rest,
        "fewest_levels": early.levels,
        "most_levels": early.levels + late.levels,
        "contraction": jax.jvp(lambda u: level_map(fan_in, correlation, fidelity, u), (rest,), (jnp.ones_like(rest),))[
            1
        ],
        "bias_there": late.bias,
        "bias_after": level_map(fan_in, correlation, fidelity, late.bias),
        "code": jnp.where(arrived, codes.OK, codes.STEP_LIMIT),
    }


_PASSAGE = {
    "initial_bias_used": q.INITIAL_BIAS,
    "resting_bias": q.FIXED_POINT,
    "fewest_levels": Quantity(r"L_{\mathrm{mix}}^-", "levels to the lower edge of the target's rounding band"),
    "most_levels": Quantity(r"L_{\mathrm{mix}}^+", "levels to the upper edge of the target's rounding band"),
    "contraction": Quantity(r"T'(\mu^*)", "factor by which a level shrinks a small distance to the fixed point"),
    "bias_there": Quantity(r"\mu_{L}", "bias at the mixing depth"),
    "bias_after": Quantity(r"\mu_{L+1}", "bias one level after the mixing depth"),
}

# The correlations of the table in the paper's notes, among them the critical one, 5/21.
TABLED = (0.15, 0.2, 0.22, 5 / 21, 0.26, 0.3, 0.35)


def _correlations(count: int) -> tuple[float, ...]:
    return tuple(sorted({*np.linspace(0.0, 0.45, count).tolist(), *TABLED}))


def _finite_size(count: int) -> Space:
    return Space(
        (listing("correlation", _correlations(count)), listing("initial_bias", (0.05, 0.5))),
        {"fan_in": 5, "fidelity": 0.6, "levels": 320},
    )


FINITE_SIZE = Experiment(
    name="synergy/finite-size",
    title="Bias against correlation at depths up to 320",
    cell=climb,
    parameters={
        "fan_in": q.FAN_IN,
        "correlation": q.CORRELATION,
        "fidelity": q.FIDELITY,
        "initial_bias": q.INITIAL_BIAS,
        "levels": q.LEVELS,
    },
    outputs={"gain": q.GAIN, "root_bias": q.TRAJECTORY},
    scales={"quick": _finite_size(46), "paper": _finite_size(226)},
    static=("fan_in", "levels"),
    coordinates={"depth": tuple(float(depth) for depth in range(321))},
)

_LEVELS = 3000


def _near_threshold(distances: tuple[float, ...], **systems) -> Space:
    return Space(
        (
            cases("system", **systems),
            listing("scaled_distance", distances),
            listing("depth", (30, 100, 300, 1000, 3000)),
        ),
        {"initial_bias": 0.5, "levels": _LEVELS},
    )


NEAR_THRESHOLD = Experiment(
    name="synergy/near-threshold",
    title="Trajectories at a gain of 1 + z/L",
    cell=climb_near_threshold,
    parameters={
        "fan_in": q.FAN_IN,
        "fidelity": q.FIDELITY,
        "initial_bias": q.INITIAL_BIAS,
        "scaled_distance": q.SCALED_DISTANCE,
        "depth": q.DEPTH,
        "levels": q.LEVELS,
    },
    outputs={
        "correlation": q.CORRELATION,
        "root_bias": Quantity(r"\mu_l", "bias at every level", dims=("level",)),
        "log_slope": Quantity(q.LOG_SLOPE.symbol, q.LOG_SLOPE.meaning, dims=("level",)),
    },
    scales={
        "quick": _near_threshold((-3.0, -1.0, 0.0, 1.0, 3.0, 6.0), fan_in=(5, 3), fidelity=(0.6, 0.8)),
        "paper": _near_threshold(
            (-3.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0),
            fan_in=(5, 3, 9, 5),
            fidelity=(0.6, 0.8, 0.5, 0.8),
        ),
    },
    static=("fan_in", "levels"),
    coordinates={"level": tuple(float(level) for level in range(_LEVELS + 1))},
)


def _small_signal(points: int, *fan_ins: int) -> Space:
    return Space(
        (
            listing("fan_in", fan_ins),
            random_design("point", points, 1, correlation=(0.0, 1.0), fidelity=(0.3, 1.0)),
            listing("initial_bias", (1e-6, 1e-3, 0.03, 0.1, 0.3)),
        ),
        {"levels": 40},
    )


SMALL_SIGNAL = Experiment(
    name="synergy/small-signal",
    title="Trajectories at random correlations and fidelities",
    cell=climb,
    parameters=FINITE_SIZE.parameters,
    outputs=FINITE_SIZE.outputs,
    scales={"quick": _small_signal(200, 3, 5, 9), "paper": _small_signal(1000, 3, 5, 9, 21)},
    static=("fan_in", "levels"),
    coordinates={"depth": tuple(float(depth) for depth in range(41))},
)


def _mixing(points: int, *fan_ins: int) -> Space:
    design = random_design(
        "point",
        points,
        2,
        correlation=(0.0, 0.95),
        fidelity=(0.5, 1.0),
        log_initial_bias=(-4.0, 0.0),
        log_shortfall=(-6.0, -0.302),
    )
    return Space((listing("fan_in", fan_ins), design))


MIXING = Experiment(
    name="synergy/mixing",
    title="Mixing depth at random parameters",
    cell=mix,
    parameters={
        "fan_in": q.FAN_IN,
        "correlation": q.CORRELATION,
        "fidelity": q.FIDELITY,
        "log_initial_bias": q.LOG_INITIAL_BIAS,
        "log_shortfall": q.LOG_SHORTFALL,
    },
    outputs=_PASSAGE,
    scales={"quick": _mixing(400, 3, 5, 9), "paper": _mixing(4000, 3, 5, 9, 21, 51)},
    static=("fan_in",),
)


def _mixing_near_threshold(count: int) -> Space:
    return Space(
        (
            listing("fan_in", (3, 5, 9)),
            grid("gain_excess", LEAST_EXCESS, 0.19, count, log=True),
            listing("shortfall", (0.1, 0.01)),
        ),
        {"fidelity": 0.8, "initial_bias": 0.01},
    )


MIXING_NEAR_THRESHOLD = Experiment(
    name="synergy/mixing-near-threshold",
    title="Mixing depth as the gain approaches 1",
    cell=mix_near_threshold,
    parameters={
        "fan_in": q.FAN_IN,
        "gain_excess": q.GAIN_EXCESS,
        "fidelity": q.FIDELITY,
        "initial_bias": q.INITIAL_BIAS,
        "shortfall": q.SHORTFALL,
    },
    outputs=_PASSAGE | {"correlation": q.CORRELATION},
    scales={"quick": _mixing_near_threshold(17), "paper": _mixing_near_threshold(49)},
    static=("fan_in",),
)

EXPERIMENTS = (FINITE_SIZE, NEAR_THRESHOLD, SMALL_SIGNAL, MIXING, MIXING_NEAR_THRESHOLD)
