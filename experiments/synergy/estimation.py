"""Estimators of the leaf law and of the correlation, from counts and sums alone, so that they batch and resample.

beta and k by binomial maximum likelihood beside the line through logarithms; rho by moments with the U-statistic, and
by maximum likelihood under any law of a group's right votes. What is estimated from a table is resampled by Rubin's
Bayesian bootstrap: tasks get independent exponential weights, so that no resample loses a compute level, and the share
of resamples in which something is true is a posterior probability.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
from jax.scipy.special import xlogy
from jaxtyping import Array, Float

ITERATIONS, HALVINGS = 40, 8


class LeafFit(NamedTuple):
    """mu_0(x) = scale x^exponent."""

    scale: Float[Array, ...]
    exponent: Float[Array, ...]


class VoteTotals(NamedTuple):
    """Sums over tasks, one a stratum: all that the moment estimate of the correlation needs.

    For a task with groups g of n_g votes, of sum G_g: votes sum n_g, signed sum G_g, both again squared within the
    task, pairs sum n_g (n_g - 1), agreement sum G_g^2 - n_g.
    """

    votes: Float[Array, "*hands strata"]
    signed: Float[Array, "*hands strata"]
    votes_squared: Float[Array, "*hands strata"]
    signed_squared: Float[Array, "*hands strata"]
    pairs: Float[Array, "*hands strata"]
    agreement: Float[Array, "*hands strata"]


class CountFit(NamedTuple):
    """A law fitted to counts of right votes: a common correlation, a bias a stratum, and how well they fit."""

    correlation: Float[Array, ""]
    bias: Float[Array, " strata"]
    deviation: Float[Array, ""]
    log_likelihood: Float[Array, ""]
    expected: Float[Array, "strata counts"]


def _climb(value: Callable, step: Callable, start: Array) -> Array:
    """Fisher scoring with halved steps: a step is taken only as far as it raises the log-likelihood."""

    def once(point, _):
        tried = point + 0.5 ** jnp.arange(HALVINGS)[:, None] * step(point)
        values = jnp.nan_to_num(jax.vmap(value)(tried), nan=-jnp.inf, posinf=-jnp.inf)
        best = jnp.argmax(values)
        return jnp.where(values[best] > value(point), tried[best], point), None

    return jax.lax.scan(once, start, length=ITERATIONS)[0]


def fit_leaf_law(
    computes: Float[Array, " levels"], votes: Float[Array, " levels"], right: Float[Array, " levels"]
) -> LeafFit:
    """Maximum likelihood of k and beta from right answers among `votes` at each compute; weights may be fractions.

    A level without votes plays no part. Needs two levels with votes and, together, more right than wrong answers.
    """
    middle = jnp.sum(votes * jnp.log(computes)) / jnp.sum(votes)
    logs = jnp.log(computes) - middle

    def value(point):
        bias = jnp.exp(point[0] + point[1] * logs)
        wrong = jnp.where(votes > 0, (votes - right) * jnp.log1p(-jnp.minimum(bias, 1.0)), 0.0)
        return jnp.sum(right * jnp.log1p(bias) + wrong)

    def step(point):
        bias = jnp.exp(point[0] + point[1] * logs)
        slope = right * bias / (1 + bias) - (votes - right) * bias / (1 - bias)
        weight = votes * bias**2 / ((1 - bias) * (1 + bias))
        flat, tilt, bend = weight.sum(), (weight * logs).sum(), (weight * logs**2).sum()
        up, turn = slope.sum(), (slope * logs).sum()
        return jnp.stack([bend * up - tilt * turn, flat * turn - tilt * up]) / (flat * bend - tilt**2)

    pooled = jnp.clip(jnp.sum(2 * right - votes) / jnp.sum(votes), 1e-4, 0.99)
    height, exponent = _climb(value, step, jnp.stack([jnp.log(pooled), jnp.zeros_like(pooled)]))
    return LeafFit(jnp.exp(height - exponent * middle), exponent)


def fit_log_log(
    computes: Float[Array, " levels"], votes: Float[Array, " levels"], right: Float[Array, " levels"]
) -> LeafFit:
    """The least-squares line through (log x, log muhat), all levels alike that beat chance; NaN below two."""
    logs, bias = jnp.log(computes), (2 * right - votes) / votes
    seen = bias > 0
    heights = jnp.log(jnp.where(seen, bias, 1.0))
    weight = seen / seen.sum()
    centred = logs - weight @ logs
    exponent = (weight * centred) @ heights / ((weight * centred) @ centred)
    return LeafFit(jnp.exp(weight @ heights - exponent * (weight @ logs)), exponent)


def exponential_weights(key: Array, resamples: int, hands: int) -> Float[Array, "resamples hands"]:
    """Weights of Rubin's bootstrap."""
    return jr.exponential(key, (resamples, hands))


def weighed(hands: VoteTotals, weights: Float[Array, " hands"]) -> VoteTotals:
    """Totals of tasks with weights; two copies of one task make no pair of tasks, hence the squared weights."""
    return VoteTotals(
        votes=weights @ hands.votes,
        signed=weights @ hands.signed,
        votes_squared=weights**2 @ hands.votes_squared,
        signed_squared=weights**2 @ hands.signed_squared,
        pairs=weights @ hands.pairs,
        agreement=weights @ hands.agreement,
    )


def moment_correlation(totals: VoteTotals, per_stratum: bool = False) -> Float[Array, ...]:
    """(C - U)/(1 - U): C the mean product of two votes of a group, U that of two votes of different tasks.

    Strata are pooled by their pairs, each with its own U, so that accuracies that differ between strata are no
    correlation. U is free of the bias of the squared grand mean. NaN where no stratum has two tasks and a pair.
    """
    between = (totals.signed**2 - totals.signed_squared) / (totals.votes**2 - totals.votes_squared)
    usable = (totals.pairs > 0) & (totals.votes**2 > totals.votes_squared * (1 + 1e-12))
    between = jnp.where(usable, between, 0.0)
    excess = jnp.where(usable, totals.agreement - totals.pairs * between, 0.0)
    room = jnp.where(usable, totals.pairs * (1 - between), 0.0)
    return excess / room if per_stratum else excess.sum(axis=-1) / room.sum(axis=-1)


def cousin_correlation(hands: VoteTotals, weights: Float[Array, " hands"]) -> Float[Array, ""]:
    """As `moment_correlation`, of two votes of different groups on one task; NaN where no task has two groups.

    The paper's trees have none of it: what different subtrees share is the task.
    """
    sums = weighed(hands, weights)
    products = weights @ (hands.signed_squared - hands.agreement - hands.votes)
    pairs = weights @ (hands.votes_squared - hands.pairs - hands.votes)
    return moment_correlation(sums._replace(pairs=pairs, agreement=products))


def group_totals(counts: Float[Array, " counts"]) -> VoteTotals:
    """The totals of one group a task, from how many groups had j right votes, j = 0..b; one hand for each j."""
    fan_in = counts.shape[-1] - 1
    signed = 2.0 * jnp.arange(fan_in + 1) - fan_in
    ones = jnp.ones_like(signed)
    columns = (fan_in * ones, signed, fan_in**2 * ones, signed**2, fan_in * (fan_in - 1) * ones, signed**2 - fan_in)
    return VoteTotals(*(column[:, None] for column in columns))


@partial(jax.jit, static_argnums=0)
def fit_counts(law: Callable, counts: Float[Array, "strata counts"]) -> CountFit:
    """Maximum likelihood of rho (common) and u (one a stratum) under `law(fan_in, rho, u) -> P(count)`.

    rho may come out slightly negative, as far as the law stays a law: an estimate that stops at 0 would be biased
    there. The deviation is that of Fisher's matrix.
    """
    fan_in = counts.shape[1] - 1
    groups = counts.sum(axis=1)

    def cells(point):
        return law(fan_in, point[0], point[1:])  # (counts, strata)

    def value(point):
        return xlogy(counts.T, cells(point)).sum()

    def information(point):
        ones, none = jnp.ones_like(point[1:]), jnp.zeros_like(point[1:])
        here = (jnp.broadcast_to(point[0], ones.shape), point[1:])
        chance, by_rho = jax.jvp(partial(law, fan_in), here, (ones, none))
        _, by_bias = jax.jvp(partial(law, fan_in), here, (none, ones))
        gains = [jnp.sum(counts.T * by / chance, axis=0) for by in (by_rho, by_bias)]
        products = ((by_rho, by_rho), (by_rho, by_bias), (by_bias, by_bias))
        first, mixed, second = (groups * jnp.sum(a * b / chance, axis=0) for a, b in products)
        second = jnp.maximum(second, 1e-12)
        return gains, first, mixed, second

    def step(point):
        (by_rho, by_bias), first, mixed, second = information(point)
        rho = (by_rho - mixed * by_bias / second).sum() / (first - mixed**2 / second).sum()
        return jnp.concatenate([rho[None], (by_bias - mixed * rho) / second])

    share = counts / jnp.maximum(groups, 1)[:, None]
    votes = (2 * jnp.arange(fan_in + 1) - fan_in).astype(counts.dtype)
    bias = jnp.clip(share @ votes / fan_in, -0.999, 0.999)
    pairs = share @ (votes**2 - fan_in) / (fan_in * (fan_in - 1))
    rho = (groups * (pairs - bias**2)).sum() / (groups * (1 - bias**2)).sum()
    point = _climb(value, step, jnp.concatenate([jnp.clip(rho, 0.01, 0.95)[None], bias]))
    _, first, mixed, second = information(point)
    deviation = 1 / jnp.sqrt((first - mixed**2 / second).sum())
    return CountFit(point[0], point[1:], deviation, value(point), groups[:, None] * cells(point).T)


def pearson(
    counts: Float[Array, "*strata counts"], expected: Float[Array, "*strata counts"]
) -> Float[Array, "*strata"]:
    """Pearson's sum of squares, a chi-square of (counts - 1 - fitted parameters) degrees where the law is true."""
    return jnp.sum((counts - expected) ** 2 / jnp.maximum(expected, 1e-300), axis=-1)
