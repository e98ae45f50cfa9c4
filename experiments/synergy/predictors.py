"""Closed formulas for the root bias against the trajectories they stand for (arXiv 2601.17311, sec. 4, eq. 27)."""

from __future__ import annotations

from dynamics.synergy import measured_gain, resting_bias, trajectory
from experiments.experiment import Experiment
from experiments.space import Space, cases, grid, listing
from experiments.synergy import quantities as q
from experiments.synergy.depth import climb


def climb_to_rest(key, *, fan_in, correlation, fidelity_share, growth_levels, levels):
    """The trajectory that undamped growth would bring to its resting bias in exactly `growth_levels` levels.

    There the clipped predictor is furthest from it, whatever the parameters. fidelity_share places the fidelity
    between its threshold (0) and a perfect channel (1).
    """
    del key
    threshold = 1 / measured_gain(fan_in, correlation, 1.0)
    fidelity = threshold + (1 - threshold) * fidelity_share
    rest = resting_bias(fan_in, correlation, fidelity)
    gain = measured_gain(fan_in, correlation, fidelity)
    start = rest * gain ** (-growth_levels)
    return {
        "fidelity": fidelity,
        "gain": gain,
        "resting_bias": rest,
        "initial_bias": start,
        "root_bias": trajectory(fan_in, correlation, fidelity, start, levels),
    }


EXAMPLES = Experiment(
    name="synergy/predictor-examples",
    title="Three trajectories from a weak leaf to saturation",
    cell=climb,
    parameters={
        "fan_in": q.FAN_IN,
        "correlation": q.CORRELATION,
        "fidelity": q.FIDELITY,
        "initial_bias": q.INITIAL_BIAS,
        "levels": q.LEVELS,
    },
    outputs={"gain": q.GAIN, "root_bias": q.TRAJECTORY},
    scales={
        scale: Space(
            (
                cases(
                    "example",
                    fan_in=(5, 3, 7),
                    correlation=(0.1, 0.2, 0.2),
                    fidelity=(0.6, 0.9, 0.8),
                    initial_bias=(0.05, 0.02, 0.01),
                ),
            ),
            {"levels": 80},
        )
        for scale in ("quick", "paper")
    },
    static=("fan_in", "levels"),
    coordinates={"depth": tuple(float(depth) for depth in range(81))},
)


def _scan(correlations: int, shares: tuple[float, ...], growth: tuple[int, ...]) -> Space:
    return Space(
        (
            listing("fan_in", (3, 5, 9, 21, 51)),
            grid("correlation", 0.0, 0.95, correlations),
            listing("fidelity_share", shares),
            listing("growth_levels", growth),
        ),
        {"levels": 120},
    )


SCAN = Experiment(
    name="synergy/predictor-scan",
    title="Trajectories at every correlation, from threshold to a perfect channel",
    cell=climb_to_rest,
    parameters={
        "fan_in": q.FAN_IN,
        "correlation": q.CORRELATION,
        "fidelity_share": q.FIDELITY_SHARE,
        "growth_levels": q.GROWTH_LEVELS,
        "levels": q.LEVELS,
    },
    outputs={
        "fidelity": q.FIDELITY,
        "gain": q.GAIN,
        "resting_bias": q.FIXED_POINT,
        "initial_bias": q.INITIAL_BIAS,
        "root_bias": q.TRAJECTORY,
    },
    scales={
        "quick": _scan(20, (0.05, 0.1, 0.2, 0.4, 0.7, 1.0), (3, 30, 100)),
        "paper": _scan(39, (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0), (1, 3, 10, 30, 100)),
    },
    static=("fan_in", "levels"),
    coordinates={"depth": tuple(float(depth) for depth in range(121))},
)

EXPERIMENTS = (EXAMPLES, SCAN)
