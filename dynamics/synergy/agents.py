"""Agents that answer tasks at several computes, and a channel tried with random bits: what one calibrates from."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Bool, Float, Int8, Real

from dynamics import _check
from dynamics.synergy.one_level import PRNGKey, Scalar, node_votes
from dynamics.synergy.sharing import RECEIVED_COPIED, Probit, Sharing


def leaf_biases(
    computes: Real[Array | np.ndarray, " levels"], scale: Scalar, exponent: Scalar
) -> Float[Array, " levels"]:
    """Bias of an agent that spends x on a task, min(1, k x^beta).  (arXiv 2601.17311, eq. 1; the cap: derived here)"""
    return jnp.minimum(1.0, scale * jnp.asarray(computes, float) ** exponent)


def agents_votes(
    key: PRNGKey,
    agents: int,
    correlation: Scalar,
    biases: Real[Array | np.ndarray, " levels"],
    tasks: int,
    sharing: Sharing | Probit = RECEIVED_COPIED,
) -> Int8[Array, "levels agents tasks"]:
    """Right (+1) and wrong (-1) answers of one group of agents to the same tasks, independent from level to level.

    agents >= 1, correlation of the answers to one task in [0, 1], biases in [-1, 1]; ValueError otherwise.
    """
    _check.within(-1.0, 1.0, biases=biases)
    keys = jr.split(key, biases.shape[0])
    return jax.vmap(lambda key, bias: node_votes(key, agents, correlation, 1.0, bias, tasks, sharing))(keys, biases)


def mixed_task_counts(
    key: PRNGKey, agents: int, correlation: Scalar, biases: Sequence[Scalar], tasks: int
) -> Int8[Array, " tasks"]:
    """Right answers of `agents` to each of `tasks` tasks whose bias is one of `biases`, chosen evenly for each task.

    Within a task answers are copies of one with probability `correlation`. Arguments as in `agents_votes`.
    """
    choice_key, vote_key = jr.split(key)
    kinds = jr.randint(choice_key, (tasks,), 0, len(biases))
    votes = agents_votes(vote_key, agents, correlation, jnp.asarray(biases, float), tasks)
    right = (votes > 0).sum(axis=1, dtype=jnp.int8)
    return jnp.take_along_axis(right, kinds[None], axis=0)[0]


def transmissions(key: PRNGKey, fidelity: Scalar, bits: int) -> Bool[Array, "2 bits"]:
    """Evenly random bits as sent and as received through a symmetric channel that flips with probability (1 - gamma)/2.

    fidelity in [0, 1]; ValueError otherwise.  (arXiv 2601.17311, sec. 2; trial of App. J)
    """
    _check.within(0.0, 1.0, fidelity=fidelity)
    bits = _check.whole("bits", bits, 1)
    sent_key, flip_key = jr.split(key)
    sent = jr.bernoulli(sent_key, 0.5, (bits,))
    flipped = jr.uniform(flip_key, (bits,)) < (1 - fidelity) / 2
    return jnp.stack([sent, sent ^ flipped])
