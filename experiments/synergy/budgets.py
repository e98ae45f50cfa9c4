"""What budgets buy: the growth law's optimum, break-even depths, windows of synergy, the frontier of organisations.

All by climbing the recursion and halving what it says; nothing here knows a closed form of the budget (arXiv
2601.17311, sec. 5).
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp

from dynamics.synergy import (
    best_tree,
    contest,
    enclosed_root,
    growth,
    growth_optimum,
    measured_exponent,
    measured_gain,
    spend,
)
from experiments.experiment import Experiment, Quantity
from experiments.space import Axis, Space, cases, grid, listing, random_design
from experiments.synergy import quantities as q


def growth_budget(key, *, fan_in, message_length, correlation, fidelity, leaf_share, log_budget):
    """The growth law's best compute at one budget, and the budget at which its best equals one agent."""
    del key
    exponent = measured_exponent(fan_in, correlation, fidelity)
    beta = leaf_share * exponent
    overhead = 2 * message_length * fan_in / (fan_in - 1)

    def best(log_budget):
        low, high = growth_optimum(exponent, beta, overhead, log_budget)
        place = (low + high) / 2
        return place, growth(place, exponent, beta, overhead, log_budget)

    low, high = growth_optimum(exponent, beta, overhead, log_budget)
    ahead = jnp.log(overhead) + jnp.asarray(60.0)
    even = enclosed_root(lambda place: best(place)[1] - beta * place, jnp.log(overhead), ahead)
    at = (even[0] + even[1]) / 2
    return {
        "exponent": exponent,
        "leaf_exponent": beta,
        "log_compute_low": low,
        "log_compute_high": high,
        "log_bias": best(log_budget)[1],
        "log_even_low": even[0],
        "log_even_high": even[1],
        "agents": jnp.exp(at) / (jnp.exp(best(at)[0]) + overhead),
    }


def break_even_depth(key, *, fan_in, message_length, correlation, fidelity, leaf_share, aggregator_compute, depth):
    """Ratio of leaves' pay to talk at which a weak signal gains by `depth` levels what its agents lose in compute."""
    del key
    gain = measured_gain(fan_in, correlation, fidelity)
    beta = leaf_share * measured_exponent(fan_in, correlation, fidelity)
    leaves = fan_in**depth
    edges = sum(fan_in**level for level in range(1, depth + 1))

    def lead(log_pay):
        # x/B = (B - talk)/(N B) with B = talk (1 + pay).
        return depth * jnp.log(gain) + beta * (jax.nn.log_sigmoid(log_pay) - jnp.log(float(leaves)))

    low, high = enclosed_root(lead, jnp.asarray(-60.0, gain.dtype), jnp.asarray(60.0, gain.dtype))
    exact = 2 * message_length * edges + aggregator_compute * edges / fan_in
    rough = leaves * (2 * message_length * fan_in + aggregator_compute) / (fan_in - 1)
    return {
        "gain": gain,
        "leaf_exponent": beta,
        "talk": exact,
        "rough_talk": rough,
        "log_pay_low": low,
        "log_pay_high": high,
    }


def synergy_contest(key, *, fan_in, message_length, correlation, fidelity, leaf_exponent, leaf_scale, places, deepest):
    """Where along the budget some tree beats one agent."""
    del key
    found = contest(
        fan_in, message_length, correlation, fidelity, leaf_exponent, leaf_scale, places=places, deepest=deepest
    )
    return {
        "exists": found.exists.astype(found.ratio.dtype),
        "first_low": found.first.low,
        "first_high": found.first.high,
        "first_slope": found.first_slope,
        "last_low": found.last.low,
        "last_high": found.last.high,
        "last_slope": found.last_slope,
        "ratio": found.ratio,
        "exponent": measured_exponent(fan_in, correlation, fidelity),
    }


def organisations_at_budget(
    key, *, fan_in, agents, deepest, message_length, correlation, fidelity, leaf_exponent, leaf_scale, log_budget
):
    """One agent, the best tree and the star of `agents` on one budget."""
    del key
    budget = jnp.exp(log_budget * jnp.log(10.0))
    system = (message_length, correlation, fidelity, leaf_exponent, leaf_scale, budget)
    tree = best_tree(fan_in, *system, deepest)
    star = spend(agents, *system, 1)
    return {
        "levels": tree.levels.astype(float),
        "compute": tree.compute,
        "tree": tree.bias,
        "single": tree.single,
        "star": star.bias[0],
    }


LEAF_EXPONENT = Quantity(r"\beta", "exponent of a leaf's bias in its compute")
LEAF_SCALE = Quantity("k", "bias of a leaf of one token")
LEAF_SHARE = Quantity(r"\beta/s", "leaf exponent in units of the organisation exponent")
EXPONENT = Quantity("s", "logarithm of the gain to the base of the fan-in, measured")
AGGREGATOR = Quantity(r"c_{\mathrm{agg}}", "compute of an aggregator", unit="tokens")
LOG_BUDGET = Quantity(r"\ln B", "logarithm of the budget", unit="ln tokens")
LOG10_BUDGET = Quantity(r"\log_{10}B", "decimal logarithm of the budget", unit="lg tokens")
DEEPEST = Quantity("D", "deepest tree tried")
SYSTEM = {
    "fan_in": q.FAN_IN,
    "message_length": q.MESSAGE_LENGTH,
    "correlation": q.CORRELATION,
    "fidelity": q.FIDELITY,
}
LEAF = {"leaf_exponent": LEAF_EXPONENT, "leaf_scale": LEAF_SCALE}


GROWTH_BUDGET = Experiment(
    name="synergy/growth-budget",
    title="Best compute and break-even budget of the growth law",
    cell=growth_budget,
    parameters={**SYSTEM, "leaf_share": LEAF_SHARE, "log_budget": LOG_BUDGET},
    outputs={
        "exponent": EXPONENT,
        "leaf_exponent": LEAF_EXPONENT,
        "log_compute_low": Quantity(r"\ln x^*", "log of the best compute, low end of its bracket"),
        "log_compute_high": Quantity(r"\ln x^*", "log of the best compute, high end of its bracket"),
        "log_bias": Quantity(r"\ln(\mu/k)", "log of the growth law at its best compute, per unit of leaf scale"),
        "log_even_low": Quantity(r"\ln B_{\mathrm{crit}}", "log of the break-even budget, low end of its bracket"),
        "log_even_high": Quantity(r"\ln B_{\mathrm{crit}}", "log of the break-even budget, high end of its bracket"),
        "agents": Quantity("N", "agents at the break-even budget, a real number"),
    },
    scales={
        scale: Space(
            (
                listing("fan_in", fan_ins),
                random_design(
                    "system",
                    count,
                    51,
                    message_length=(2.0, 30.0),
                    correlation=(0.0, 0.3),
                    fidelity=(0.85, 1.0),
                    leaf_share=(0.1, 0.95),
                    log_budget=(5.0, 14.0),
                ),
            )
        )
        for scale, fan_ins, count in (("quick", (3, 9), 60), ("paper", (3, 5, 9, 21), 2000))
    },
    static=("fan_in",),
)

BREAK_EVEN_DEPTH = Experiment(
    name="synergy/break-even-depth",
    title="Budget from which a tree of whole depth pays",
    cell=break_even_depth,
    parameters={
        **SYSTEM,
        "leaf_share": LEAF_SHARE,
        "aggregator_compute": AGGREGATOR,
        "depth": q.DEPTH,
    },
    outputs={
        "gain": q.GAIN,
        "leaf_exponent": LEAF_EXPONENT,
        "talk": Quantity(r"2mE", "cost of communication and aggregation, edges counted", unit="tokens"),
        "rough_talk": Quantity("N c_0", "cost of communication and aggregation at one price a leaf", unit="tokens"),
        "log_pay_low": Quantity(r"\ln(Nx/2mE)", "log of leaves' pay over talk at break-even, low end of its bracket"),
        "log_pay_high": Quantity(r"\ln(Nx/2mE)", "log of leaves' pay over talk at break-even, high end of its bracket"),
    },
    scales={
        scale: Space(
            (
                listing("fan_in", fan_ins),
                listing("depth", (1, 2, 3)),
                listing("aggregator_compute", (0.0, 12.0)),
                random_design(
                    "system",
                    count,
                    52,
                    message_length=(2.0, 30.0),
                    correlation=(0.0, 0.3),
                    fidelity=(0.85, 1.0),
                    leaf_share=(0.1, 0.95),
                ),
            )
        )
        for scale, fan_ins, count in (("quick", (3, 11), 30), ("paper", (3, 5, 9, 11), 500))
    },
    static=("fan_in", "depth"),
)

# The systems of the tables of windows: (b, m, rho, gamma, beta, k).
TABLED = (
    *((5, 8.0, 0.1, 0.9, 0.2, k) for k in (0.001, 0.01, 0.02, 0.05, 0.1, 0.2)),
    *((5, 16.0, 0.2, 0.95, 0.25, k) for k in (0.01, 0.05, 0.1, 0.2)),
    *((7, 10.0, 0.1, 0.9, 0.3, k) for k in (0.001, 0.01, 0.03, 0.1)),
    *((11, 10.0, 0.0, 0.99, 0.35, k) for k in (0.01, 0.03, 0.05)),
    *((5, 8.0, 0.1, 0.9, 0.29, k) for k in (0.001, 0.01, 0.02, 0.03)),
    *((9, 4.0, 0.3, 0.85, 0.1, k) for k in (0.001, 0.05)),
    *((5, 8.0, 0.1, 0.9, beta, 0.02) for beta in (0.05, 0.1, 0.15, 0.25, 0.28)),
    *((5, 8.0, rho, 0.9, 0.2, 0.02) for rho in (0.0, 0.2, 0.3, 0.4, 0.5)),
)
_CONTEST = {
    "exists": Quantity("1_{\\exists}", "1 if some tree beats one agent at some budget, else 0"),
    "first_low": Quantity(r"B_{\mathrm{first}}", "first winning budget, low end of its bracket; 0 if none", "tokens"),
    "first_high": Quantity(r"B_{\mathrm{first}}", "first winning budget, high end of its bracket; 0 if none", "tokens"),
    "first_slope": Quantity(r"\partial_{\ln B}\ln r", "slope of the log ratio in log B at the first winning budget"),
    "last_low": Quantity(r"B_{\mathrm{last}}", "last winning budget, low end of its bracket; 0 if none", "tokens"),
    "last_high": Quantity(r"B_{\mathrm{last}}", "last winning budget, high end of its bracket; 0 if none", "tokens"),
    "last_slope": Quantity(r"\partial_{\ln B}\ln r", "slope of the log ratio in log B at the last winning budget"),
    "ratio": Quantity("r", "largest ratio of a tree's bias to one agent's over the budgets scanned"),
    "exponent": EXPONENT,
}
_SCAN = {"places": Quantity("n", "budgets scanned"), "deepest": DEEPEST}

SYNERGY_WINDOWS = Experiment(
    name="synergy/synergy-windows",
    title="Budgets at which some tree beats one agent",
    cell=synergy_contest,
    parameters={**SYSTEM, **LEAF, **_SCAN},
    outputs=_CONTEST,
    scales={
        scale: Space(
            (
                cases(
                    "system",
                    **dict(
                        zip(
                            ("fan_in", "message_length", "correlation", "fidelity", "leaf_exponent", "leaf_scale"),
                            zip(*TABLED, strict=True),
                            strict=True,
                        )
                    ),
                ),
            ),
            {"places": places, "deepest": 14},
        )
        for scale, places in (("quick", 1024), ("paper", 8192))
    },
    static=("fan_in", "places", "deepest"),
    side_by_side=False,
)

RANDOM_WINDOWS = Experiment(
    name="synergy/random-windows",
    title="Budgets at which some tree beats one agent, random systems",
    cell=synergy_contest,
    parameters={**SYSTEM, **LEAF, **_SCAN},
    outputs=_CONTEST,
    scales={
        scale: Space(
            (
                listing("fan_in", fan_ins),
                random_design(
                    "system",
                    count,
                    53,
                    message_length=(2.0, 20.0),
                    correlation=(0.0, 0.5),
                    fidelity=(0.75, 1.0),
                    leaf_exponent=(0.05, 0.4),
                    leaf_scale=(0.001, 0.1),
                ),
            ),
            {"places": 512, "deepest": 10},
        )
        for scale, fan_ins, count in (("quick", (3, 9), 50), ("paper", (3, 5, 9), 600))
    },
    static=("fan_in", "places", "deepest"),
    side_by_side=False,
)

NULL_MODEL = Experiment(
    name="synergy/square-root-null",
    title="Trees against one agent that turns compute into independent votes (beta = 1/2)",
    cell=synergy_contest,
    parameters={**SYSTEM, **LEAF, **_SCAN},
    outputs=_CONTEST,
    scales={
        scale: Space(
            (
                listing("fan_in", fan_ins),
                listing("correlation", (0.0, 0.1)),
                listing("fidelity", (0.9, 1.0)),
                listing("leaf_scale", (1e-6, 0.01)),
            ),
            {"message_length": 1.0, "leaf_exponent": 0.5, "places": 256, "deepest": 4},
        )
        for scale, fan_ins in (("quick", (3, 9, 101)), ("paper", (3, 5, 9, 21, 51, 101, 151, 201)))
    },
    static=("fan_in", "places", "deepest"),
    side_by_side=False,
)

_ORGANISATIONS = {
    "levels": Quantity("L", "levels of the best tree"),
    "compute": Quantity("x", "compute per leaf of the best tree", unit="tokens"),
    "tree": Quantity(r"\mu_L", "bias of the best tree"),
    "single": Quantity(r"\mu_0(B)", "bias of one agent"),
    "star": Quantity(r"\mu_{\mathrm{star}}", "bias of the star"),
}
_PLAN = {**SYSTEM, **LEAF, "agents": q.AGENTS, "deepest": DEEPEST, "log_budget": LOG10_BUDGET}
_WINDOW_64 = {"fan_in": 5, "message_length": 8.0, "fidelity": 0.9, "agents": 7}


def _log10_budgets(count: int, low: float, high: float) -> Axis:
    return grid("log_budget", low, high, count)


FRONTIER = Experiment(
    name="synergy/frontier",
    title="One agent, best tree and star against the budget (v1 Fig. 7)",
    cell=organisations_at_budget,
    parameters=_PLAN,
    outputs=_ORGANISATIONS,
    scales={
        scale: Space(
            (_log10_budgets(count, 1.78, 7.0),),
            {**_WINDOW_64, "deepest": 9, "correlation": 0.1, "leaf_exponent": 0.2, "leaf_scale": 0.05},
        )
        for scale, count in (("quick", 117), ("paper", 523))
    },
    static=("fan_in", "agents", "deepest"),
)

BUDGET_BY_EXPONENT = Experiment(
    name="synergy/budget-by-exponent",
    title="Best organisation by budget and leaf exponent (v1 Fig. 9)",
    cell=organisations_at_budget,
    parameters=_PLAN,
    outputs=_ORGANISATIONS,
    scales={
        scale: Space(
            (_log10_budgets(budgets, 1.5, 10.0), grid("leaf_exponent", 0.02, 0.5, exponents)),
            {**_WINDOW_64, "deepest": 14, "correlation": 0.1, "leaf_scale": 0.02},
        )
        for scale, budgets, exponents in (("quick", 103, 49), ("paper", 341, 193))
    },
    static=("fan_in", "agents", "deepest"),
)

BUDGET_BY_CORRELATION = Experiment(
    name="synergy/budget-by-correlation",
    title="Best organisation by budget and correlation (v1 Fig. 9)",
    cell=organisations_at_budget,
    parameters=_PLAN,
    outputs=_ORGANISATIONS,
    scales={
        scale: Space(
            (_log10_budgets(budgets, 1.5, 10.0), grid("correlation", 0.0, 0.6, correlations)),
            {**_WINDOW_64, "deepest": 14, "leaf_exponent": 0.2, "leaf_scale": 0.02},
        )
        for scale, budgets, correlations in (("quick", 103, 49), ("paper", 341, 193))
    },
    static=("fan_in", "agents", "deepest"),
)

# Correlations at which b = 5, gamma = .9 has the gains 1.1 and 1.4.
_TOUCHED = tuple((1.875 - gain / 0.9) / 0.875 for gain in (1.1, 1.4))
_BUDGET, _FLAT = 20_000.0, 0.05

BASELINE_GAIN = Experiment(
    name="synergy/baseline-gain",
    title="Gain of the best tree against the accuracy of one agent, one budget",
    cell=organisations_at_budget,
    parameters=_PLAN,
    outputs=_ORGANISATIONS,
    scales={
        scale: Space(
            (
                listing("correlation", _TOUCHED),
                listing("leaf_scale", tuple(k / count / _BUDGET**_FLAT for k in range(1, count + 1))),
            ),
            {**_WINDOW_64, "deepest": 6, "leaf_exponent": _FLAT, "log_budget": math.log10(_BUDGET)},
        )
        for scale, count in (("quick", 20), ("paper", 80))
    },
    static=("fan_in", "agents", "deepest"),
)

EXPERIMENTS = (
    GROWTH_BUDGET,
    BREAK_EVEN_DEPTH,
    SYNERGY_WINDOWS,
    RANDOM_WINDOWS,
    NULL_MODEL,
    FRONTIER,
    BUDGET_BY_EXPONENT,
    BUDGET_BY_CORRELATION,
    BASELINE_GAIN,
)
