"""The budgeted growth law, mu = k x^beta N^s with N = B/(x + c0) agents of compute x, and what it says of budgets.

It takes the number of agents for a real number, edges for c0 = 2 m b/(b - 1) a leaf, and forgets saturation. Where
s <= beta its best organisation is one big agent: compute and critical budget are then infinite. What realisable trees
make of it stands in `budgets` and `windows`.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax.scipy.special import xlogy
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, Real

from .._arguments import floats, positive, within


def communication_overhead(
    fan_in: Real[ArrayLike, "..."],
    message_length: Real[ArrayLike, "..."],
    aggregator_compute: Real[ArrayLike, "..."] = 0.0,
    edge_price: Real[ArrayLike, "..."] = 2.0,
) -> Float[Array, "..."]:
    """What coordination costs per leaf in a large tree: c0 = p m b/(b - 1) + c_agg/(b - 1).

    fan_in > 1, message_length m > 0.  aggregator_compute: c_agg >= 0 tokens per internal node, free in the paper.
    edge_price: p > 0, 2 if a message is paid for when written and when read, 1 if once.  ValueError otherwise.
    (arXiv 2601.17311, sec. 2; aggregators' cost derived here)
    """
    within("fan_in", fan_in, 1.0, float("inf"), "()")
    positive("message_length", message_length)
    positive("aggregator_compute", aggregator_compute, "[)")
    positive("edge_price", edge_price)
    fan_in, length, internal, price = floats(fan_in, message_length, aggregator_compute, edge_price)
    return (price * length * fan_in + internal) / (fan_in - 1)


def _exponents(tree_exponent, leaf_exponent, *others) -> tuple[Bool[Array, "..."], list[Array]]:
    """Whether trees pay, and (s, beta, s - beta, others...) with harmless stand-ins where they do not."""
    within("tree_exponent", tree_exponent, -float("inf"), float("inf"), "[]")
    positive("leaf_exponent", leaf_exponent)
    exponent, beta, *rest = floats(tree_exponent, leaf_exponent, *others)
    pays = ~(exponent <= beta)
    exponent = jnp.where(pays, exponent, 2 * beta)
    return pays, [exponent, beta, exponent - beta, *rest]


def optimal_leaf_compute(
    tree_exponent: Real[ArrayLike, "..."], leaf_exponent: Real[ArrayLike, "..."], overhead: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """Compute per leaf that maximises the growth law, x* = beta c0/(s - beta), whatever the budget; inf if s <= beta.

    leaf_exponent beta > 0, overhead c0 > 0; ValueError otherwise.  (arXiv 2601.17311, eq. 34)
    """
    positive("overhead", overhead)
    pays, (_, beta, lead, overhead) = _exponents(tree_exponent, leaf_exponent, overhead)
    return jnp.where(pays, beta * overhead / lead, jnp.inf)


def optimal_agents(
    tree_exponent: Real[ArrayLike, "..."],
    leaf_exponent: Real[ArrayLike, "..."],
    overhead: Real[ArrayLike, "..."],
    budget: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """Agents of the growth optimum, N* = B/(x* + c0) = B (s - beta)/(c0 s), a real number; 0 if s <= beta.

    leaf_exponent, overhead, budget > 0; ValueError otherwise.  (arXiv 2601.17311, eq. 43 before rounding)
    """
    positive("overhead", overhead)
    positive("budget", budget)
    pays, (exponent, _, lead, overhead, budget) = _exponents(tree_exponent, leaf_exponent, overhead, budget)
    return jnp.where(pays, budget * lead / (overhead * exponent), 0)


def growth_bias(
    tree_exponent: Real[ArrayLike, "..."],
    leaf_exponent: Real[ArrayLike, "..."],
    leaf_scale: Real[ArrayLike, "..."],
    overhead: Real[ArrayLike, "..."],
    compute: Real[ArrayLike, "..."],
    budget: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """The growth law k x^beta (B/(x + c0))^s, unbounded: it leaves its range where it comes near saturation.

    leaf_exponent, leaf_scale k, overhead c0, compute x, budget B > 0; ValueError otherwise.
    (arXiv 2601.17311, eq. 33)
    """
    for name, value in (("leaf_scale", leaf_scale), ("overhead", overhead), ("compute", compute), ("budget", budget)):
        positive(name, value)
    positive("leaf_exponent", leaf_exponent)
    within("tree_exponent", tree_exponent, -float("inf"), float("inf"), "[]")
    exponent, beta, scale, overhead, compute, budget = floats(
        tree_exponent, leaf_exponent, leaf_scale, overhead, compute, budget
    )
    return scale * jnp.exp(beta * jnp.log(compute) + exponent * jnp.log(budget / (compute + overhead)))


def _log_factor(exponent: Array, beta: Array, lead: Array) -> Array:
    return xlogy(beta, beta) + xlogy(lead, lead) - xlogy(exponent, exponent)


def growth_factor(tree_exponent: Real[ArrayLike, "..."], leaf_exponent: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """kappa = beta^beta (s - beta)^(s - beta) s^(-s), below 1; its limit 1 if s <= beta.

    leaf_exponent beta > 0; ValueError otherwise.  (arXiv 2601.17311, eq. 35)
    """
    pays, (exponent, beta, lead) = _exponents(tree_exponent, leaf_exponent)
    return jnp.where(pays, jnp.exp(_log_factor(exponent, beta, lead)), 1)


def optimal_growth_bias(
    tree_exponent: Real[ArrayLike, "..."],
    leaf_exponent: Real[ArrayLike, "..."],
    leaf_scale: Real[ArrayLike, "..."],
    overhead: Real[ArrayLike, "..."],
    budget: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """The growth law at its best compute, k kappa c0^(beta - s) B^s; one agent's k B^beta if s <= beta.

    Uncapped, so above 1 at large budgets, and realisable only where N* >= b.
    leaf_exponent, leaf_scale, overhead, budget > 0; ValueError otherwise.  (arXiv 2601.17311, eqs. 35-36)
    """
    for name, value in (("leaf_scale", leaf_scale), ("overhead", overhead), ("budget", budget)):
        positive(name, value)
    pays, (exponent, beta, lead, scale, overhead, budget) = _exponents(
        tree_exponent, leaf_exponent, leaf_scale, overhead, budget
    )
    log_budget = jnp.log(budget)
    team = _log_factor(exponent, beta, lead) - lead * jnp.log(overhead) + exponent * log_budget
    return scale * jnp.exp(jnp.where(pays, team, beta * log_budget))


def critical_agents(
    tree_exponent: Real[ArrayLike, "..."], leaf_exponent: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """Agents at the published critical budget, (s/beta)^(beta/(s - beta)): between 1 and e, so no tree (b >= 3).

    It is exp(log(1 + d)/d) with d = (s - beta)/beta. inf if s <= beta.
    leaf_exponent beta > 0; ValueError otherwise.  (derived here)
    """
    pays, (_, beta, lead) = _exponents(tree_exponent, leaf_exponent)
    excess = lead / beta
    return jnp.where(pays, jnp.exp(jnp.log1p(excess) / excess), jnp.inf)


def critical_budget_growth(
    tree_exponent: Real[ArrayLike, "..."], leaf_exponent: Real[ArrayLike, "..."], overhead: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """Published critical budget B_crit = c0 kappa^(-1/(s - beta)), where the growth law equals k B^beta.

    No tree attains it (see `critical_agents`, `integer_depth_threshold`); inf if s <= beta.
    leaf_exponent, overhead > 0; ValueError otherwise.  (arXiv 2601.17311, Cor 10, eq. 37)
    """
    positive("overhead", overhead)
    pays, (exponent, beta, lead, overhead) = _exponents(tree_exponent, leaf_exponent, overhead)
    return jnp.where(pays, overhead * jnp.exp(-_log_factor(exponent, beta, lead) / lead), jnp.inf)


def critical_budget_product(
    tree_exponent: Real[ArrayLike, "..."], leaf_exponent: Real[ArrayLike, "..."], overhead: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """The same budget as agents times price, [c0 s/(s - beta)] (s/beta)^(beta/(s - beta)); it does not cancel near
    s = beta.

    leaf_exponent, overhead > 0; ValueError otherwise; inf if s <= beta.  (derived here)
    """
    positive("overhead", overhead)
    pays, (exponent, beta, lead, overhead) = _exponents(tree_exponent, leaf_exponent, overhead)
    excess = lead / beta
    return jnp.where(pays, overhead * exponent / lead * jnp.exp(jnp.log1p(excess) / excess), jnp.inf)


class GrowthElasticities(NamedTuple):
    """Derivatives of log mu*_grow: by log B (s), by s (log N*), by log c0 (beta - s)."""

    budget: Float[Array, "..."]
    tree_exponent: Float[Array, "..."]
    overhead: Float[Array, "..."]


def growth_elasticities(
    tree_exponent: Real[ArrayLike, "..."],
    leaf_exponent: Real[ArrayLike, "..."],
    overhead: Real[ArrayLike, "..."],
    budget: Real[ArrayLike, "..."],
) -> GrowthElasticities:
    """Envelope identities of the growth optimum: the best compute moves, its first-order effect does not count.

    So a larger exponent helps only from one agent on. For one big agent (s <= beta): beta, 0, 0.
    leaf_exponent, overhead, budget > 0; ValueError otherwise.  (derived here)
    """
    agents = optimal_agents(tree_exponent, leaf_exponent, overhead, budget)
    pays, (exponent, beta, lead, agents) = _exponents(tree_exponent, leaf_exponent, agents)
    return GrowthElasticities(
        jnp.where(pays, exponent, beta),
        jnp.where(pays, jnp.log(jnp.where(pays, agents, 1)), 0),
        jnp.where(pays, -lead, 0),
    )
