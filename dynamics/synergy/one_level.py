"""One node above leaves of known bias: the Monte Carlo whose naive standard error is right (spec 8.3).

Everything asked of a node's received votes (its decision, their mean, their pairwise correlation) depends on
the number of right votes alone, so a simulation of any size is kept as a histogram of b + 1 counts.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, ArrayLike, Float, Int, Int8, Key, Real, UInt32

from dynamics import _check
from dynamics.synergy.sharing import RECEIVED_COPIED, Probit, Sharing
from dynamics.synergy.votes import signs

Scalar = Real[ArrayLike, ""]
PRNGKey = Key[Array, ""] | UInt32[Array, " words"]


def node_votes(
    key: PRNGKey,
    fan_in: int,
    correlation: Scalar,
    fidelity: Scalar,
    bias: Scalar,
    nodes: int,
    sharing: Sharing | Probit = RECEIVED_COPIED,
) -> Int8[Array, "fan_in nodes"]:
    """Received votes of independent nodes whose children vote independently with bias `bias`.

    fan_in: b >= 1.  correlation: rho in [0, 1].  fidelity: gamma in [0, 1].  bias: u in [-1, 1].
    A global cause acts on the one node as copies of the sent vote do.  Raises ValueError on a parameter out
    of range. (arXiv 2601.17311, Def. 2 for received copies)
    """
    fan_in, nodes = _check.whole("fan_in", fan_in, 1), _check.whole("nodes", nodes, 1)
    _check.parameters(correlation=correlation, fidelity=fidelity, bias=bias)
    uniforms = jr.uniform(key, (2 * fan_in + sharing.draws(fan_in), nodes))
    sent, flips = signs(uniforms[:fan_in], bias), signs(uniforms[fan_in : 2 * fan_in], fidelity)
    votes = sharing.receive(
        sent,
        lambda messages: messages * flips,
        uniforms[2 * fan_in :],
        correlation,
        jnp.asarray(fidelity) * bias,
    )
    return _check.trusted(votes, correlation=correlation, fidelity=fidelity, bias=bias)


def right_vote_counts(
    key: PRNGKey,
    fan_in: int,
    correlation: Scalar,
    fidelity: Scalar,
    bias: Scalar,
    nodes: int,
    sharing: Sharing | Probit = RECEIVED_COPIED,
    block: int = 65_536,
) -> Int[Array, " counts"]:
    """How many of `nodes` nodes received j right votes, j = 0..b: (b + 1,); `block` nodes are held at a time.

    Arguments and errors as in `node_votes`.
    """
    nodes = _check.whole("nodes", nodes, 1)
    block = min(_check.whole("block", block, 1), nodes)
    blocks = -(-nodes // block)

    def count(total, at):
        key, first = at
        votes = node_votes(key, fan_in, correlation, fidelity, bias, block, sharing)
        right = jnp.where(first + jnp.arange(block) < nodes, (votes > 0).sum(axis=0), -1)
        return total + (right == jnp.arange(fan_in + 1)[:, None]).sum(axis=1), None

    total, _ = jax.lax.scan(count, jnp.zeros(fan_in + 1, int), (jr.split(key, blocks), block * jnp.arange(blocks)))
    return _check.trusted(total, correlation=correlation, fidelity=fidelity, bias=bias)


class NodeSummary(eqx.Module):
    """What a sample of nodes says of the vote law: three estimates, each with its standard error."""

    decision: Float[Array, ""]
    decision_error: Float[Array, ""]
    vote: Float[Array, ""]
    vote_error: Float[Array, ""]
    correlation: Float[Array, ""]
    correlation_error: Float[Array, ""]


def summary(counts: Int[Array, " counts"]) -> NodeSummary:
    """Majority bias, vote bias and pairwise correlation of received votes from `right_vote_counts`.

    The correlation is (C - m^2)/(1 - m^2) with C the mean of (G^2 - b)/(b (b-1)) over nodes, G the sum of a
    node's votes, m the grand mean; its error is the delta method's (spec 9.3). At fan-in 1, and where all
    votes agree with each other and from node to node, it is undefined and NaN.
    """
    fan_in = counts.shape[0] - 1
    share = counts / counts.sum()
    votes = (2 * jnp.arange(fan_in + 1) - fan_in).astype(share.dtype)
    decisions, means = jnp.sign(votes), votes / fan_in
    pairs = (votes**2 - fan_in) / (fan_in * (fan_in - 1)) if fan_in > 1 else jnp.full_like(votes, jnp.nan)

    def mean_and_error(values):
        mean = share @ values
        return mean, jnp.sqrt(share @ (values - mean) ** 2 / counts.sum())

    decision, decision_error = mean_and_error(decisions)
    vote, vote_error = mean_and_error(means)
    noise = 1 - vote**2
    correlation = (share @ pairs - vote**2) / noise
    _, correlation_error = mean_and_error((pairs - 2 * vote * (1 - correlation) * means) / noise)
    return NodeSummary(decision, decision_error, vote, vote_error, correlation, correlation_error)
