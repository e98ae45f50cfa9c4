"""From a table of agents' outcomes to beta, k, gamma and rho, and to what the theory makes of them.

Intervals are the middle 95 % of a Bayesian bootstrap over tasks. The fidelity's is Wilson's, and its draws, which
gain and saturation level are carried through with, are those of Jeffreys' posterior: a channel that was never seen to
flip a bit is not thereby perfect.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from scipy import stats

from experiments.errors import UserError
from experiments.estimates import wilson_interval
from experiments.synergy.agents_table import AgentsTable
from experiments.synergy.estimation import (
    VoteTotals,
    cousin_correlation,
    exponential_weights,
    fit_counts,
    fit_leaf_law,
    fit_log_log,
    moment_correlation,
    pearson,
    weighed,
)
from theory import synergy

LEVEL, RESAMPLES = 0.95, 2000
# A leaf law is a law of small signals: levels with a larger bias are left out of the fit.
CEILING = 0.9
LAWS = {"copy_mixture": synergy.copied_vote_counts, "beta_binomial": synergy.beta_binomial_vote_counts}


@dataclass(frozen=True)
class Estimate:
    """A value and the middle `LEVEL` of its draws."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, value, draws) -> Estimate:
        # s is minus infinity where nothing arrives.
        with np.errstate(invalid="ignore"):
            ends = np.nanquantile(np.asarray(draws, float), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        return cls(float(value), *(float(end) for end in ends))

    @classmethod
    def of_unbounded(cls, value, draws) -> Estimate:
        """Of what may be infinite: quantiles of 1/draws, turned over, since they interpolate."""
        with np.errstate(divide="ignore"):
            turned = cls.of(1 / value, 1 / draws)
            ends = 1 / np.array([turned.high, turned.low])
        return cls(float(value), *(float(end) for end in ends))


@dataclass(frozen=True)
class Level:
    """What was seen at one compute."""

    compute: float
    votes: int
    bias: Estimate
    correlation: float | None
    fitted: bool


@dataclass(frozen=True)
class LawTest:
    """How one law fits the counts of right votes: by stratum where every count is expected at least once.

    p: of Pearson's chi-square, the smallest of the strata times their number (Bonferroni).
    """

    chi_square: float
    degrees: int
    p: float
    strata: int
    log_likelihood: float


@dataclass(frozen=True)
class Calibration:
    """What a table says of the parameters of arXiv 2601.17311, and of a tree of fan-in `fan_in` built on them.

    task_correlation is that of votes in different groups on one task, None where a task has one group; the paper's
    trees have none. beta, scale and loglog are None where the leaf law cannot be fitted (`remarks` says why), fidelity
    where nothing was transmitted. alpha_by_law holds the gain under other joint laws of the same correlation.
    leaf_compute and critical_budget are x* and B_crit for each token of a message (both are in proportion to its
    length m), infinite where s <= beta: then no budget makes a tree pay.
    """

    rows: int
    tasks: int
    agents: int
    group_size: int
    fan_in: int
    beta: Estimate | None
    scale: Estimate | None
    loglog: dict[str, float] | None
    fidelity: Estimate | None
    assumed_fidelity: float | None
    correlation: Estimate
    correlation_likelihood: Estimate | None
    task_correlation: Estimate | None
    alpha: Estimate
    probability_above_one: float
    alpha_by_law: dict[str, Estimate]
    exponent: Estimate
    probability_beyond_leaf: float | None
    leaf_compute: Estimate | None
    critical_budget: Estimate | None
    saturation: Estimate
    mixture_test: dict[str, LawTest] | None
    levels: tuple[Level, ...]
    remarks: tuple[str, ...]


@partial(jax.jit, static_argnums=2)
def _resampled(totals: VoteTotals, level_of: jax.Array, levels: int, weights: jax.Array, computes, used):
    """For each row of weights: siblings' and cousins' correlation, the bias at each level, the law of those used."""

    def one(weight):
        sums = weighed(totals, weight)
        votes, signed = (jnp.zeros(levels).at[level_of].add(v) for v in (sums.votes, sums.signed))
        law = fit_leaf_law(computes, jnp.where(used, votes, 0.0), jnp.where(used, (votes + signed) / 2, 0.0))
        return moment_correlation(sums), cousin_correlation(totals, weight), signed / votes, law

    return jax.lax.map(one, weights, batch_size=100)


def _fan_in(size: int, asked: int | None) -> int:
    if asked is None:
        return max(3, size - 1 + size % 2)
    if asked < 3 or asked % 2 == 0:
        raise UserError(f"`--fan-in` must be an odd number of at least 3, but is {asked}.")
    return asked


def calibrate(
    table: AgentsTable,
    fan_in: int | None = None,
    fidelity: float | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Calibration:
    """Estimate what the theory needs and carry it through to a tree of `fan_in` (default: the groups' size, made odd).

    fidelity: assumed where the table transmits nothing, 1 by default.  Raises UserError on a bad option.
    """
    fan_in = _fan_in(table.size, fan_in)
    if fidelity is not None and not 0 < fidelity <= 1:
        raise UserError(f"`--fidelity` must lie in (0, 1], but is {fidelity}.")
    if fidelity is not None and table.transmissions:
        raise UserError("`--fidelity` is measured by the table's columns `sent` and `received`: leave it out.")
    if resamples < 100:
        raise UserError(f"`--resamples` must be at least 100, but is {resamples}.")
    with jax.enable_x64(True):
        return _calibrate(table, fan_in, fidelity, resamples, seed)


def _calibrate(table: AgentsTable, fan_in: int, fidelity: float | None, resamples: int, seed: int) -> Calibration:
    weights_key, channel_key = jr.split(jr.key(seed))
    remarks: list[str] = []
    computes, level_of = np.unique(table.computes, return_inverse=True)
    totals = VoteTotals(*map(jnp.asarray, table.totals))
    sums = VoteTotals(*(column.sum(axis=0) for column in table.totals))
    votes, signed = (np.bincount(level_of, weights=v) for v in (sums.votes, sums.signed))
    used = signed / votes <= CEILING
    why_not = _no_leaf_law(computes, votes, signed, used)
    if why_not:
        remarks.append(why_not)
    elif not used.all():
        remarks.append(f"The leaf law is fitted below a bias of {CEILING}: {int((~used).sum())} levels are left out.")
    if 2 * table.flips >= table.transmissions > 0:
        remarks.append("The channel flips as many bits as it keeps, or more: it counts as one that carries nothing.")
    if table.tasks < 30:
        remarks.append(f"There are {table.tasks} tasks only: intervals are rough.")

    drawn = exponential_weights(weights_key, resamples, totals.votes.shape[0])
    # The first row is the table as it is.
    weights = jnp.concatenate([jnp.ones((1, drawn.shape[1])), drawn])
    shown, cousins, biases, laws = jax.tree.map(
        np.asarray,
        _resampled(totals, jnp.asarray(level_of), len(computes), weights, jnp.asarray(computes), jnp.asarray(used)),
    )
    if not np.isfinite(shown[0]):
        raise UserError("No compute level has two tasks with a pair of votes: correlation cannot be measured.")
    rho = np.clip(shown, 0.0, 1.0)
    gamma, gammas = _fidelity(table, fidelity, channel_key, resamples)
    alpha, by_law, exponent, settled = _carried(fan_in, jnp.asarray(rho), jnp.asarray(gammas))
    beta = None if why_not else laws.exponent
    compute, budget = (None, None) if beta is None else _budgets(fan_in, exponent, beta)
    levels = _levels(computes, votes, biases, sums, level_of, used & (not why_not))
    if beta is not None:
        remarks += _misfits(levels, float(laws.scale[0]), float(beta[0]))
    return Calibration(
        rows=table.rows,
        tasks=table.tasks,
        agents=table.agents,
        group_size=table.size,
        fan_in=fan_in,
        beta=None if beta is None else _drawn(beta),
        scale=None if beta is None else _drawn(laws.scale),
        loglog=None if beta is None else _log_log(computes[used], votes[used], signed[used], laws, table.size, rho[0]),
        fidelity=gamma,
        assumed_fidelity=None if table.transmissions else float(gammas[0]),
        correlation=_drawn(shown),
        correlation_likelihood=_likelihood(table.counts),
        task_correlation=_drawn(cousins) if np.isfinite(cousins[0]) else None,
        alpha=_drawn(alpha),
        probability_above_one=float(np.mean(alpha[1:] > 1)),
        alpha_by_law={name: _drawn(draws) for name, draws in by_law.items()},
        exponent=_drawn(exponent),
        probability_beyond_leaf=None if beta is None else float(np.mean(exponent[1:] > beta[1:])),
        leaf_compute=compute,
        critical_budget=budget,
        saturation=_drawn(settled),
        mixture_test=_law_tests(table.counts),
        levels=levels,
        remarks=tuple(remarks),
    )


def _drawn(values) -> Estimate:
    """The first entry is the estimate, the others are its resamples."""
    return Estimate.of(values[0], values[1:])


def _no_leaf_law(computes, votes, signed, used) -> str:
    if len(computes) < 2:
        return "All answers are at one compute: beta and k need at least two."
    if used.sum() < 2:
        return f"Fewer than two computes have a bias below {CEILING}: beta and k are not seen in saturation."
    if signed[used].sum() <= 0:
        return "The agents are no better than chance: there is no leaf law to fit."
    return ""


def _log_log(computes, votes, signed, laws, size: int, rho: float) -> dict[str, float]:
    """The line through logarithms, and its bias to first order, correlated votes counting for fewer."""
    right = (votes + signed) / 2
    line = fit_log_log(*map(jnp.asarray, (computes, votes, right)))
    fitted = laws.scale[0] * computes ** laws.exponent[0]
    independent = votes / float(synergy.design_effect(size, rho))
    if np.all((fitted > 0) & (fitted < 1)) and laws.exponent[0] >= 0:
        bias = float(synergy.log_log_bias(computes, independent, laws.scale[0], laws.exponent[0]))
    else:
        bias = float("nan")
    return {"beta": float(line.exponent), "bias": bias}


def _fidelity(table: AgentsTable, assumed: float | None, key, resamples: int) -> tuple[Estimate | None, np.ndarray]:
    """gamma with Wilson's interval, and the value followed by its draws."""
    if not table.transmissions:
        return None, np.full(resamples + 1, 1.0 if assumed is None else assumed)
    flips, kept = table.flips, table.transmissions - table.flips
    ends = wilson_interval(flips, table.transmissions, 1 - LEVEL)
    high, low = (float(1 - 2 * end) for end in ends)
    value = 1 - 2 * flips / table.transmissions
    draws = 1 - 2 * np.asarray(jr.beta(key, flips + 0.5, kept + 0.5, (resamples,)))
    # A channel that flips more than it keeps carries nothing for a majority that does not know it.
    return Estimate(value, low, high), np.clip(np.concatenate([[value], draws]), 0.0, 1.0)


@partial(jax.jit, static_argnums=0)
def _carried(fan_in: int, rho: jax.Array, gamma: jax.Array):
    alpha = synergy.effective_gain(fan_in, rho, gamma)
    by_law = {
        "copies_before_the_channel": synergy.pre_channel_gain(fan_in, rho, gamma),
        "beta_binomial": synergy.beta_binomial_gain(fan_in, rho, gamma),
    }
    return alpha, by_law, synergy.organisation_exponent(fan_in, rho, gamma), synergy.fixed_point(fan_in, rho, gamma)


def _budgets(fan_in: int, exponent, beta) -> tuple[Estimate, Estimate]:
    """x* and B_crit of the growth law for each token of a message."""
    overhead = synergy.communication_overhead(fan_in, 1.0)
    # Compute that buys nothing: the limit beta -> 0, x* = 0 and B_crit = c0.
    rising = np.where(np.asarray(beta) <= 0, np.finfo(float).tiny, beta)
    laws = (synergy.optimal_leaf_compute, synergy.critical_budget_product)
    draws = [np.asarray(law(exponent, rising, overhead)) for law in laws]
    first, second = (Estimate.of_unbounded(values[0], values[1:]) for values in draws)
    return first, second


def _likelihood(counts: np.ndarray) -> Estimate | None:
    """rho by maximum likelihood under the copy mixture, with the interval of Fisher's matrix."""
    size = counts.shape[1] - 1
    varied = counts[(counts[:, :size].sum(axis=1) > 0) & (counts[:, 1:].sum(axis=1) > 0)]
    if not varied.size or not varied.sum():
        return None
    fit = fit_counts(synergy.copied_vote_counts, jnp.asarray(varied))
    reach = stats.norm.isf((1 - LEVEL) / 2) * float(fit.deviation)
    value = float(fit.correlation)
    return Estimate(value, value - reach, value + reach) if np.isfinite(reach) else None


def _law_tests(counts: np.ndarray) -> dict[str, LawTest] | None:
    """Each law fitted to each stratum by itself; None where groups are too few, or too small to tell laws apart."""
    size = counts.shape[1] - 1
    if size < 3:
        return None
    fits = {name: jax.vmap(lambda row, law=law: fit_counts(law, row[None]))(counts) for name, law in LAWS.items()}
    expected = {name: np.asarray(fit.expected)[:, 0] for name, fit in fits.items()}
    enough = np.all([rows.min(axis=1) >= 1 for rows in expected.values()], axis=0)
    if not enough.any():
        return None
    tests = {}
    for name, fit in fits.items():
        squares = np.asarray(pearson(counts, expected[name]))[enough]
        p = stats.chi2.sf(squares, size - 2)
        tests[name] = LawTest(
            chi_square=float(squares.sum()),
            degrees=int(enough.sum()) * (size - 2),
            p=float(min(1.0, enough.sum() * p.min())),
            strata=int(enough.sum()),
            log_likelihood=float(np.asarray(fit.log_likelihood)[enough].sum()),
        )
    return tests


def _misfits(levels: tuple[Level, ...], scale: float, beta: float) -> list[str]:
    """Says where the leaf law misses what it was fitted to by twice the half-length of its interval."""
    missed = [
        f"{level.compute:g}"
        for level in levels
        if level.fitted
        and abs(scale * level.compute**beta - level.bias.value) > 2 * (level.bias.high - level.bias.value) + 1e-12
    ]
    what = "k x^beta does not pass through the answers at compute"
    return [f"{what} {', '.join(missed)}: beta sums up these levels, do not extrapolate."] if missed else []


def _levels(computes, votes, biases, sums: VoteTotals, level_of, fitted) -> tuple[Level, ...]:
    rows = []
    for i, compute in enumerate(computes):
        own = VoteTotals(*(jnp.asarray(column[level_of == i]) for column in sums))
        rho = float(moment_correlation(own))
        rows.append(
            Level(
                compute=float(compute),
                votes=int(votes[i]),
                bias=_drawn(biases[:, i]),
                correlation=rho if np.isfinite(rho) else None,
                fitted=bool(fitted[i]),
            )
        )
    return tuple(rows)
