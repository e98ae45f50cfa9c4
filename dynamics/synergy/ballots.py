"""A ballot counted voter by voter: the exact law of a node's right votes, with no closed form anywhere.

Adding one voter of bias u moves the count up with probability (1 + u)/2. All terms are positive, so after b voters
every probability carries a relative error of at most 2b eps, and the majority an absolute one of 4b eps.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Real

from dynamics import _check


def right_votes(biases: Real[Array, " voters"]) -> Float[Array, " counts"]:
    """Probability that j = 0, ..., voters of these independent voters are right: (voters + 1,).

    biases: in [-1, 1], one for each voter, not necessarily equal.  ValueError on a concrete bias out of range.
    """
    _check.parameters(biases=biases)
    biases = jnp.asarray(biases, jnp.result_type(float, biases))

    def cast(counts, bias):
        raised = jnp.concatenate([jnp.zeros(1, counts.dtype), counts[:-1]])
        return (1 - bias) / 2 * counts + (1 + bias) / 2 * raised, None

    nobody = jnp.zeros(biases.shape[0] + 1, biases.dtype).at[0].set(1)
    return jax.lax.scan(cast, nobody, biases)[0]


def counted_majority(biases: Real[Array, " voters"]) -> Float[Array, ""]:
    """Bias of the majority of independent voters, a tie being decided by a fair coin; arguments as `right_votes`."""
    margins = 2 * jnp.arange(biases.shape[0] + 1) - biases.shape[0]
    counts = right_votes(biases)
    return counts @ jnp.sign(margins).astype(counts.dtype)
