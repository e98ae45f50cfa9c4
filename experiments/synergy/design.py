"""How to organise: message lengths at fixed fan-in, the whole design chart, and design by gradient.

Message lengths by trying them all (or by halving a derivative), designs by exhaustion and by ascent (arXiv 2601.17311,
sec. 6).
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from dynamics.synergy import (
    ascend,
    best_rounding,
    enclosed_root,
    enumerate_designs,
    growth,
    growth_optimum,
    measured_exponent,
    measured_gain,
    spend,
)
from experiments.experiment import Experiment, Quantity
from experiments.space import Space, grid, listing
from experiments.synergy import quantities as q
from experiments.synergy.budgets import LEAF_EXPONENT, LEAF_SCALE

CHANNEL_SCALE = 8.0
LARGEST = 2.0**24
FAN_INS = tuple(range(3, 16, 2))


def _fidelity(length):
    """gamma = 1 - exp(-m/8), the channel of all charts."""
    return -jnp.expm1(-length / CHANNEL_SCALE)


def message_lengths(key, *, fan_in, longest, deepest, correlation, leaf_exponent, leaf_scale, log_budget):
    """The best message length four times over: in the growth law with a real number of agents, at real length, with
    whole depth, and with whole depth and the exact recursion."""
    del key
    log_budget = log_budget * jnp.log(10.0)
    beta, budget = leaf_exponent, jnp.exp(log_budget)
    lengths = jnp.arange(1, longest + 1, dtype=log_budget.dtype)

    def surrogate(length):
        exponent = measured_exponent(fan_in, correlation, _fidelity(length))
        overhead = 2 * length * fan_in / (fan_in - 1)
        low, high = growth_optimum(exponent, beta, overhead, log_budget)
        place = jax.lax.stop_gradient((low + high) / 2)
        value = growth(place, exponent, beta, overhead, log_budget)
        return value, (exponent, budget / (jnp.exp(place) + overhead))

    values, (exponents, agents) = jax.vmap(surrogate)(lengths)
    best = jnp.argmax(jnp.where(exponents > beta, values, -jnp.inf))

    def slope(log_length):
        return jax.grad(lambda place: surrogate(jnp.exp(place))[0])(log_length)

    around = jnp.log(lengths[best] - 1), jnp.log(lengths[best] + 1)
    low, high = enclosed_root(lambda place: -slope(place), *around)
    middle = (low + high) / 2

    gains = jax.vmap(lambda length: measured_gain(fan_in, correlation, _fidelity(length)))(lengths)
    spent = spend(fan_in, lengths, correlation, _fidelity(lengths), beta, leaf_scale, budget, deepest)
    levels = jnp.arange(1, deepest + 1)[:, None]
    paid = spent.compute > 0
    weak = beta * jnp.log(jnp.where(paid, spent.compute, 1.0)) + levels * jnp.log(gains)
    whole, exact = (jnp.argmax(array) for array in (jnp.where(paid, weak, -jnp.inf), spent.bias))
    return {
        "growth_length": lengths[best],
        "agents": agents[best],
        "log_length_low": low,
        "log_length_high": high,
        "bend": (slope(middle + 1e-3) - slope(middle - 1e-3)) / 2e-3,
        "whole_length": lengths[whole % longest],
        "whole_levels": 1.0 + whole // longest,
        "exact_length": lengths[exact % longest],
        "exact_levels": 1.0 + exact // longest,
    }


def _organisation(design, prefix: str) -> dict:
    return {
        f"{prefix}fan_in": design.fan_in[0].astype(float),
        f"{prefix}length": design.message_length[0].astype(float),
        f"{prefix}levels": design.levels[0].astype(float),
        f"{prefix}compute": design.compute[0],
        f"{prefix}bias": design.bias[0],
    }


def design_chart(key, *, window, correlation, leaf_exponent, leaf_scale, log2_budget):
    """The best of all designs of a window, the best star, and one agent."""
    del key
    budget = jnp.exp2(log2_budget)[None]
    fidelities = _fidelity(jnp.arange(1, window // 3 + 1, dtype=budget.dtype))
    found = enumerate_designs(
        budget, window, fidelities, correlation, leaf_exponent, leaf_scale, FAN_INS, largest_budget=LARGEST
    )
    return {**_organisation(found.best, ""), **_organisation(found.star, "star_"), "single": found.single[0]}


def relaxed_design(key, *, objective, window, correlation, leaf_exponent, leaf_scale, log2_budget):
    """The relaxed optimum, and the design that rounding makes of it."""
    del key
    budget = jnp.exp2(log2_budget)
    system = (budget, window, _fidelity, correlation, leaf_exponent, leaf_scale)
    ends = ascend(*system, objective == "saturating", FAN_INS[-1])
    rounded, near = (best_rounding(ends, *system, FAN_INS[-1], reach) for reach in (1, 3))
    top = jnp.argmax(ends.log_bias)
    return {
        "real_fan_in": ends.fan_in[top],
        "real_length": ends.message_length[top],
        "real_agents": ends.agents[top],
        "fan_in": rounded.fan_in.astype(float),
        "length": rounded.message_length.astype(float),
        "levels": rounded.levels.astype(float),
        "bias": rounded.bias,
        "near_bias": near.bias,
    }


LOG2_BUDGET = Quantity(r"\log_2B", "binary logarithm of the budget", unit="ld tokens")
WINDOW = Quantity("W", "context window", unit="tokens")
_LEAF = {"leaf_exponent": LEAF_EXPONENT, "leaf_scale": LEAF_SCALE, "correlation": q.CORRELATION}


def _design_outputs(prefix: str, whose: str) -> dict[str, Quantity]:
    return {
        f"{prefix}fan_in": Quantity("b", f"fan-in of {whose}; 0 for one agent"),
        f"{prefix}length": Quantity("m", f"message length of {whose}; 0 for one agent", unit="tokens"),
        f"{prefix}levels": Quantity("L", f"levels of {whose}; 0 for one agent"),
        f"{prefix}compute": Quantity("x", f"compute per leaf of {whose}", unit="tokens"),
        f"{prefix}bias": Quantity(r"\mu", f"bias of {whose}"),
    }


MESSAGE_LENGTHS = Experiment(
    name="synergy/message-lengths",
    title="Best message length against the budget (v1 Fig. 10)",
    cell=message_lengths,
    parameters={
        "fan_in": q.FAN_IN,
        "longest": Quantity(r"m_{\max}", "longest message tried", unit="tokens"),
        "deepest": Quantity("D", "deepest tree tried"),
        **_LEAF,
        "log_budget": Quantity(r"\log_{10}B", "decimal logarithm of the budget", unit="lg tokens"),
    },
    outputs={
        "growth_length": Quantity("m^*", "best whole length of the growth law, agents a real number", unit="tokens"),
        "agents": Quantity("N^*", "agents of that optimum, a real number"),
        "log_length_low": Quantity(r"\ln m^*", "log of the best real length, low end of its bracket"),
        "log_length_high": Quantity(r"\ln m^*", "log of the best real length, high end of its bracket"),
        "bend": Quantity(r"\partial^2_{\ln m}\ln\mu", "curvature of the growth optimum in log m at the best length"),
        "whole_length": Quantity("m^*", "best length of the growth law at whole depth, edges exact", unit="tokens"),
        "whole_levels": Quantity("L", "its levels"),
        "exact_length": Quantity("m^*", "best length of the exact recursion", unit="tokens"),
        "exact_levels": Quantity("L", "its levels"),
    },
    scales={
        scale: Space(
            (grid("log_budget", 2.0, 7.0, count),),
            {
                "fan_in": 5,
                "longest": 60,
                "deepest": 9,
                "correlation": 0.1,
                "leaf_exponent": 0.2,
                "leaf_scale": 0.01,
            },
        )
        for scale, count in (("quick", 151), ("paper", 1001))
    },
    static=("fan_in", "longest", "deepest"),
)

DESIGN_CHART = Experiment(
    name="synergy/design-chart",
    title="Best of all designs by budget, window and correlation",
    cell=design_chart,
    parameters={"window": WINDOW, **_LEAF, "log2_budget": LOG2_BUDGET},
    outputs={
        **_design_outputs("", "the best organisation"),
        **_design_outputs("star_", "the best star"),
        "single": Quantity(r"\mu_0(B)", "bias of one agent"),
    },
    scales={
        scale: Space(
            (
                listing("window", (64, 128, 256)),
                listing("correlation", (0.0, 0.1, 0.3)),
                grid("log2_budget", 6.0, 24.0, count),
            ),
            {"leaf_exponent": 0.2, "leaf_scale": 0.03},
        )
        for scale, count in (("quick", 37), ("paper", 181))
    },
    static=("window",),
    side_by_side=False,
)

GRADIENT_DESIGN = Experiment(
    name="synergy/gradient-design",
    title="Designs by gradient ascent and rounding",
    cell=relaxed_design,
    parameters={
        "objective": Quantity("J", "what is ascended: the growth law, or the growth law bent into saturation"),
        "window": WINDOW,
        **_LEAF,
        "log2_budget": LOG2_BUDGET,
    },
    outputs={
        "real_fan_in": Quantity("b", "fan-in of the relaxed optimum"),
        "real_length": Quantity("m", "message length of the relaxed optimum", unit="tokens"),
        "real_agents": Quantity("N", "agents of the relaxed optimum"),
        **{
            name: quantity
            for name, quantity in _design_outputs("", "the rounded design").items()
            if not name.endswith("compute")
        },
        "near_bias": Quantity(r"\mu", "bias of the best rounded design with three odd fan-ins tried on either side"),
    },
    scales={
        scale: Space(
            (
                listing("objective", ("growth", "saturating")),
                listing("window", windows),
                listing("correlation", correlations),
                grid("log2_budget", 6.0, 24.0, count),
            ),
            {"leaf_exponent": 0.2, "leaf_scale": 0.03},
        )
        for scale, windows, correlations, count in (
            ("quick", (128, 256), (0.1,), 37),
            ("paper", (64, 128, 256), (0.0, 0.1, 0.3), 181),
        )
    },
    static=("objective",),
)

EXPERIMENTS = (MESSAGE_LENGTHS, DESIGN_CHART, GRADIENT_DESIGN)
