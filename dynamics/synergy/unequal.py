"""Agents of unequal ability: their votes drawn one by one, decided by a plain or by a weighted majority.

`decided_bias` asks a rule what it decides in every possible world instead of drawing some: the exact mean of the
very rules that the simulation applies.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Float, Int8, Num, Real

from dynamics import _check
from dynamics.synergy.one_level import PRNGKey
from dynamics.synergy.votes import signs

Agents = Real[Array | np.ndarray, " agents"]
Votes = Int8[Array | np.ndarray, "agents nodes"]


def unequal_votes(
    key: PRNGKey, correlation: Real[Array, ""] | float, fidelities: Agents, biases: Agents, nodes: int
) -> Int8[Array, "agents nodes"]:
    """Received votes of independent nodes, one row per agent.

    Agent i votes with bias biases[i] in [-1, 1] and is heard through a channel of fidelity fidelities[i] in [0, 1];
    with probability `correlation`, in [0, 1], a node hears only copies of the received vote of one agent, chosen
    evenly. Raises ValueError on a parameter out of range. (arXiv 2601.17311, Def. 2, for unequal agents: derived here)
    """
    nodes = _check.whole("nodes", nodes, 1)
    _check.within(-1.0, 1.0, biases=biases)
    _check.within(0.0, 1.0, correlation=correlation, fidelities=fidelities)
    biases, fidelities = jnp.asarray(biases, float), jnp.asarray(fidelities, float)
    vote_key, channel_key, flag_key, copied_key = jr.split(key, 4)
    shape = (biases.shape[0], nodes)
    sent = jax.vmap(signs)(jr.uniform(vote_key, shape), biases)
    received = sent * jax.vmap(signs)(jr.uniform(channel_key, shape), fidelities)
    copied = jr.randint(copied_key, (1, nodes), 0, shape[0])
    one = jnp.take_along_axis(received, copied, axis=0)
    return jnp.where(jr.uniform(flag_key, (nodes,)) < correlation, one, received)


def weighted_sign(votes: Votes, weights: Agents) -> Int8[Array, " nodes"]:
    """Sign of the weighted sum of the votes; 0 for a tie, which is a margin within rounding of 0."""
    weights = jnp.asarray(weights, float)
    margin = weights @ votes.astype(weights.dtype)
    doubt = 4 * jnp.finfo(weights.dtype).eps * jnp.abs(weights).sum()
    return jnp.where(jnp.abs(margin) <= doubt, 0, jnp.sign(margin)).astype(jnp.int8)


def weighted_decision(key: PRNGKey, votes: Votes, weights: Agents) -> Int8[Array, " nodes"]:
    """`weighted_sign` with every tie decided by a fair coin; equal weights make it the plain majority."""
    decided = weighted_sign(votes, weights)
    return jnp.where(decided == 0, signs(jr.uniform(key, decided.shape), 0.0), decided)


def log_odds(biases: Agents) -> Float[Array, " agents"]:
    """How much a Bayesian trusts each vote: the log of its odds of being right; biases in (-1, 1)."""
    biases = jnp.asarray(biases, float)
    return jnp.log1p(biases) - jnp.log1p(-biases)


def decided_bias(decide: Callable[[Votes], Num[Array, " worlds"]], biases: Agents) -> Float[Array, ""]:
    """Exact mean of a rule's decision over all 2^agents worlds of independent votes, weighed by their probability.

    decide: votes, one column per world, to decisions in [-1, 1].  biases: in [-1, 1].
    """
    biases = jnp.asarray(biases, float)
    agents = biases.shape[0]
    worlds = np.where(np.arange(2**agents) >> np.arange(agents)[:, None] & 1, 1, -1).astype(np.int8)
    chance = jnp.prod((1 + worlds * biases[:, None]) / 2, axis=0)
    return chance @ decide(jnp.asarray(worlds)).astype(biases.dtype)
