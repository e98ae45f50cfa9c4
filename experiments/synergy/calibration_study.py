"""Do the estimators estimate? Synthetic tasks of known parameters, many times over.

The correlation from groups of votes, the leaf law from answers at several computes, the test of the copy mixture on
votes that follow it and on votes that do not, and whole tables through the very code that users run.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from scipy import stats

from dynamics.synergy import BETA_BINOMIAL, RECEIVED_COPIED, leaf_biases, mixed_task_counts, right_vote_counts
from experiments import codes
from experiments.experiment import Experiment, Quantity
from experiments.space import Space, cases, grid, listing, replicates
from experiments.synergy.agents_table import read_table
from experiments.synergy.calibration import calibrate
from experiments.synergy.estimation import (
    VoteTotals,
    exponential_weights,
    fit_counts,
    fit_leaf_law,
    fit_log_log,
    group_totals,
    moment_correlation,
    pearson,
    weighed,
)
from experiments.synergy.example_tables import synthetic_table
from experiments.synergy.quantities import BIAS, CORRELATION, FAN_IN, REPLICATE
from theory import synergy

COMPUTES = tuple(4.0**i for i in range(6))
LAWS = {"copies": RECEIVED_COPIED, "beta-binomial": BETA_BINOMIAL}
RESAMPLES, LEVEL = 300, 0.95
BLOCK, MOST = 100, 800
DRAWS = 400
CALIBRATED = {
    "beta": (r"\beta", "leaf exponent: value, low, high"),
    "correlation": (r"\rho", "correlation of errors: value, low, high"),
    "fidelity": (r"\gamma", "message fidelity: value, low, high"),
    "alpha": (r"\alpha", "gain of one level: value, low, high"),
    "exponent": ("s", "organisation exponent: value, low, high"),
    "saturation": (r"\mu^*", "saturation level: value, low, high"),
    "leaf_compute": ("x^*/m", "best compute of a leaf per token of a message: value, low, high"),
    "critical_budget": (r"B_\mathrm{crit}/m", "critical budget per token of a message: value, low, high"),
}
GROUPS = Quantity("n", "groups of votes, one a task")


def _totals(counts) -> VoteTotals:
    return VoteTotals(*(counts @ column for column in group_totals(counts)))


def correlation_estimates(key, *, fan_in, correlation, bias, groups):
    """rho by moments and by likelihood from one draw of groups."""
    counts = right_vote_counts(key, fan_in, correlation, 1.0, bias, groups).astype(float)
    fit = fit_counts(synergy.copied_vote_counts, counts[None])
    return {"moment": moment_correlation(_totals(counts)), "likelihood": fit.correlation}


def correlation_intervals(key, *, fan_in, correlation, bias, groups):
    """Whether the 95 % intervals of one draw hold rho: the bootstrap's of the moments, Fisher's of the likelihood."""
    draw_key, weight_key = jr.split(key)
    counts = right_vote_counts(draw_key, fan_in, correlation, 1.0, bias, groups).astype(float)
    right = jnp.repeat(jnp.arange(fan_in + 1), counts.astype(int), total_repeat_length=groups)
    of_task = VoteTotals(*(column[right] for column in group_totals(counts)))
    weights = exponential_weights(weight_key, RESAMPLES, groups)
    drawn = jax.vmap(lambda weight: moment_correlation(weighed(of_task, weight)))(weights)
    low, high = jnp.quantile(drawn, jnp.array([(1 - LEVEL) / 2, (1 + LEVEL) / 2]))
    fit = fit_counts(synergy.copied_vote_counts, counts[None])
    reach = float(stats.norm.isf((1 - LEVEL) / 2)) * fit.deviation
    return {
        "moment": ((low <= correlation) & (correlation <= high)).astype(int),
        "likelihood": (abs(fit.correlation - correlation) <= reach).astype(int),
    }


def leaf_estimates(key, *, scale, leaf_exponent, answers):
    """beta by likelihood and by the line through logarithms, from one draw of answers at six computes."""
    computes = jnp.asarray(COMPUTES)
    votes = jnp.full(computes.shape, answers)
    right = jr.binomial(key, answers, (1 + leaf_biases(computes, scale, leaf_exponent)) / 2)
    line = fit_log_log(computes, votes, right)
    law = fit_leaf_law(computes, votes, right)
    return {"likelihood": law.exponent, "scale_likelihood": law.scale, "line": line.exponent}


def mixed_difficulty(key, *, correlation, easy, groups, fan_in):
    """rho by moments where every second task is easier, when nobody sorts the tasks."""
    right = mixed_task_counts(key, fan_in, correlation, (0.1, 0.1 + easy), groups)
    counts = jnp.sum(right[None] == jnp.arange(fan_in + 1)[:, None], axis=1).astype(float)
    return {"moment": moment_correlation(_totals(counts))}


def law_test(key, *, law, fan_in, correlation, bias, groups):
    """Pearson's chi-square of the fitted copy mixture, and of the fitted beta-binomial, on one draw."""

    def block(key):
        return right_vote_counts(key, fan_in, correlation, 1.0, bias, BLOCK, LAWS[law])

    # Blocks, so that one program serves all numbers of groups.
    blocks = jax.vmap(block)(jr.split(key, MOST // BLOCK))
    counts = jnp.sum(jnp.where(jnp.arange(MOST // BLOCK)[:, None] < groups / BLOCK, blocks, 0), axis=0)
    counts = counts.astype(float)[None]
    copies = fit_counts(synergy.copied_vote_counts, counts)
    urn = fit_counts(synergy.beta_binomial_vote_counts, counts)
    return {"copies": pearson(counts, copies.expected)[0], "urn": pearson(counts, urn.expected)[0]}


def calibrated_table(key, *, tasks, group):
    """What `separatrix calibrate` says of one table drawn from the model, and what is true of it."""
    seed = int(np.asarray(jr.key_data(key))[-1])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        synthetic_table(tasks, group, seed).to_csv(path, index=False)
        found = calibrate(read_table(path), resamples=DRAWS)
    whole = {name: np.array([getattr(found, name).value, *_ends(getattr(found, name))]) for name in CALIBRATED}
    # An interval that reaches s <= beta has no upper end: an infinity that is no failure says so.
    bounded = all(np.isfinite(ends).all() for ends in whole.values())
    code = codes.OK if bounded else codes.UNBOUNDED
    return {**whole, "without_budget": 1 - found.probability_beyond_leaf, "code": code}


def _ends(estimate) -> tuple[float, float]:
    return estimate.low, estimate.high


def _estimate(meaning: str, symbol: str = r"\hat\rho") -> Quantity:
    return Quantity(symbol, meaning)


# The rows of the specification's table.
SETTINGS = {
    "fan_in": (5, 3, 5, 7),
    "correlation": (0.2, 0.1, 0.4, 0.05),
    "bias": (0.3, 0.1, 0.6, 0.2),
    "groups": (500, 1000, 300, 800),
}

_GROUPS_OF_VOTES = {
    "fan_in": FAN_IN,
    "correlation": CORRELATION,
    "bias": BIAS,
    "groups": GROUPS,
    "replicate": REPLICATE,
}

CORRELATION_ESTIMATES = Experiment(
    name="synergy/correlation-estimates",
    title="Estimates of the correlation from groups of votes",
    cell=correlation_estimates,
    parameters=_GROUPS_OF_VOTES,
    outputs={"moment": _estimate("by moments"), "likelihood": _estimate("by likelihood")},
    scales={
        name: Space((cases("setting", **SETTINGS), replicates(count)))
        for name, count in (("quick", 2000), ("paper", 3000))
    },
    static=("fan_in", "groups"),
    side_by_side=False,
)

CORRELATION_INTERVALS = Experiment(
    name="synergy/correlation-intervals",
    title="How often intervals of the correlation hold it",
    cell=correlation_intervals,
    parameters=_GROUPS_OF_VOTES,
    outputs={
        "moment": Quantity("n_+", "whether the bootstrap's interval holds rho"),
        "likelihood": Quantity("n_+", "whether the likelihood's interval holds rho"),
    },
    scales={
        name: Space((cases("setting", **SETTINGS), replicates(count)))
        for name, count in (("quick", 500), ("paper", 2000))
    },
    static=("fan_in", "groups"),
    side_by_side=False,
)

LEAF_ESTIMATES = Experiment(
    name="synergy/leaf-estimates",
    title="Estimates of the leaf exponent from answers at six computes",
    cell=leaf_estimates,
    parameters={
        "scale": Quantity("k", "bias of a leaf at unit compute"),
        "leaf_exponent": Quantity(r"\beta", "leaf exponent"),
        "answers": Quantity("n", "answers at each compute"),
        "replicate": REPLICATE,
    },
    outputs={
        "likelihood": _estimate("by likelihood", r"\hat\beta"),
        "scale_likelihood": _estimate("by likelihood", r"\hat k"),
        "line": _estimate("line through logarithms", r"\hat\beta"),
    },
    scales={
        name: Space((listing("answers", (2000.0, 20_000.0)), replicates(count)), {"scale": 0.05, "leaf_exponent": 0.25})
        for name, count in (("quick", 8000), ("paper", 12_000))
    },
)

MIXED_DIFFICULTY = Experiment(
    name="synergy/mixed-difficulty",
    title="The correlation measured on tasks of two difficulties",
    cell=mixed_difficulty,
    parameters={
        "fan_in": FAN_IN,
        "correlation": CORRELATION,
        "easy": Quantity("d", "how much larger the bias on easy tasks is"),
        "groups": GROUPS,
        "replicate": REPLICATE,
    },
    outputs={"moment": _estimate("by moments, all tasks alike")},
    scales={
        name: Space(
            (listing("correlation", (0.0, 0.1, 0.3)), grid("easy", 0.0, 0.8, 5), replicates(count)),
            {"fan_in": 5, "groups": 2000},
        )
        for name, count in (("quick", 40), ("paper", 400))
    },
    static=("fan_in", "groups"),
    side_by_side=False,
)

LAW_TESTS = Experiment(
    name="synergy/law-tests",
    title="Tests of the copy mixture on votes that follow it and on votes that do not",
    cell=law_test,
    parameters={
        "law": Quantity("law", "joint law of the votes"),
        "fan_in": FAN_IN,
        "correlation": CORRELATION,
        "bias": BIAS,
        "groups": GROUPS,
        "replicate": REPLICATE,
    },
    outputs={
        "copies": Quantity(r"\chi^2", "misfit of the copy mixture"),
        "urn": Quantity(r"\chi^2", "misfit of the beta-binomial law"),
    },
    scales={
        name: Space(
            (listing("law", tuple(LAWS)), listing("groups", (100, 200, 400, MOST)), replicates(count)),
            {"fan_in": 5, "correlation": 0.2, "bias": 0.3},
        )
        for name, count in (("quick", 3000), ("paper", 6000))
    },
    static=("law", "fan_in"),
    side_by_side=False,
)

CALIBRATED_TABLES = Experiment(
    name="synergy/calibrated-tables",
    title="Whole calibrations of tables drawn from the model",
    cell=calibrated_table,
    parameters={
        "tasks": Quantity("T", "tasks of a table"),
        "group": Quantity("b", "agents that answer each task"),
        "replicate": REPLICATE,
    },
    outputs={
        **{name: Quantity(symbol, meaning, dims=("end",)) for name, (symbol, meaning) in CALIBRATED.items()},
        "without_budget": Quantity(r"P(s\leq\beta)", "share of resamples in which no budget makes a tree pay"),
    },
    scales={
        name: Space((listing("tasks", (300, 3000)), replicates(count)), {"group": 5})
        for name, count in (("quick", 8), ("paper", 48))
    },
    compiled=False,
)

EXPERIMENTS = (
    CORRELATION_ESTIMATES,
    CORRELATION_INTERVALS,
    LEAF_ESTIMATES,
    MIXED_DIFFICULTY,
    LAW_TESTS,
    CALIBRATED_TABLES,
)
