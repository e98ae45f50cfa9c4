"""Trees whose levels differ: schedules of fidelities in three orders, and levels that alternate."""

from __future__ import annotations

import jax.numpy as jnp

from dynamics.synergy import measured_gain, trajectory
from experiments.experiment import Experiment, Quantity
from experiments.space import Space, listing, random_design
from experiments.synergy import quantities as q
from experiments.synergy.orbits import FAINT


def level_orders(key, *, fan_in, correlation, initial_bias, first, second, third, fourth):
    """Root bias of a schedule of four fidelities as given, rising and falling from leaves to root."""
    del key
    given = jnp.stack([first, second, third, fourth])
    rising = jnp.sort(given)

    def root(fidelities):
        return trajectory(fan_in, correlation, fidelities, initial_bias, 4)[-1]

    return {"given": root(given), "rising": root(rising), "falling": root(rising[::-1])}


def alternating_levels(key, *, fan_in, first, second, first_correlation, second_correlation, pairs):
    """Bias after many pairs of alternating levels, from a faint and from a perfect start, and the gain of a pair."""
    del key
    fidelities = jnp.tile(jnp.stack([first, second]), pairs)
    correlations = jnp.tile(jnp.stack([first_correlation, second_correlation]), pairs)
    ends = [trajectory(fan_in, correlations, fidelities, start, 2 * pairs) for start in (FAINT, 1.0)]
    gain = measured_gain(fan_in, first_correlation, first) * measured_gain(fan_in, second_correlation, second)
    return {
        "before_low": ends[0][-1],
        "before_high": ends[1][-1],
        "between_low": ends[0][-2],
        "between_high": ends[1][-2],
        "pair_gain": gain,
    }


_PLACES = ("first", "second", "third", "fourth")

LEVEL_ORDERS = Experiment(
    name="synergy/level-orders",
    title="Schedules of unequal levels in three orders",
    cell=level_orders,
    parameters={
        "fan_in": q.FAN_IN,
        "correlation": q.CORRELATION,
        "initial_bias": q.INITIAL_BIAS,
        **{name: Quantity(rf"\gamma_{i}", f"fidelity of the {name} level") for i, name in enumerate(_PLACES, 1)},
    },
    outputs={
        "given": Quantity(r"\mu_L", "root bias, levels in the order given"),
        "rising": Quantity(r"\mu_L", "root bias, fidelities rising from leaves to root"),
        "falling": Quantity(r"\mu_L", "root bias, fidelities falling from leaves to root"),
    },
    scales={
        scale: Space(
            (
                listing("fan_in", (3, 5, 9)),
                random_design(
                    "schedule",
                    count,
                    54,
                    correlation=(0.0, 0.9),
                    initial_bias=(0.01, 1.0),
                    **dict.fromkeys(_PLACES, (0.3, 1.0)),
                ),
            )
        )
        for scale, count in (("quick", 200), ("paper", 5000))
    },
    static=("fan_in",),
)

ALTERNATING_LEVELS = Experiment(
    name="synergy/alternating-levels",
    title="Where alternating levels settle",
    cell=alternating_levels,
    parameters={
        "fan_in": q.FAN_IN,
        "first": Quantity(r"\gamma_1", "fidelity of odd levels"),
        "second": Quantity(r"\gamma_2", "fidelity of even levels"),
        "first_correlation": Quantity(r"\rho_1", "correlation of odd levels"),
        "second_correlation": Quantity(r"\rho_2", "correlation of even levels"),
        "pairs": Quantity("n", "pairs of levels"),
    },
    outputs={
        "before_low": Quantity("u", "bias below an odd level, from a faint start"),
        "before_high": Quantity("u", "bias below an odd level, from a perfect start"),
        "between_low": Quantity("v", "bias below an even level, from a faint start"),
        "between_high": Quantity("v", "bias below an even level, from a perfect start"),
        "pair_gain": Quantity(r"\alpha_1\alpha_2", "gain of a pair of levels"),
    },
    scales={
        scale: Space(
            (
                listing("fan_in", (3, 5, 9)),
                random_design(
                    "pair",
                    count,
                    55,
                    first=(0.4, 1.0),
                    second=(0.7, 1.0),
                    first_correlation=(0.0, 0.6),
                    second_correlation=(0.0, 0.6),
                ),
            ),
            {"pairs": 1500},
        )
        for scale, count in (("quick", 100), ("paper", 2000))
    },
    static=("fan_in", "pairs"),
)

EXPERIMENTS = (LEVEL_ORDERS, ALTERNATING_LEVELS)
