"""Messages token by token: why a longer message is more reliable, simulated rather than postulated.

A token channel repeats or loses tokens. A reader who needs a random number of tokens to understand, and guesses if
the message is over before, gives the families that are usually postulated [derived here]: the exponential one when
that number is exponential, the hyperbolic one when readers moreover differ in speed, exponentially.
"""

import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, ArrayLike, Int8, Real

from dynamics import _check
from dynamics.synergy.one_level import PRNGKey
from dynamics.synergy.votes import majority, signs


def flip(key: PRNGKey, votes: Int8[Array, "*nodes"], fidelity: Real[ArrayLike, ""]) -> Int8[Array, "*nodes"]:
    """Each vote through a binary symmetric channel, E[received] = fidelity * E[sent], fidelity in [0, 1]."""
    _check.parameters(fidelity=fidelity)
    return _check.trusted(votes * signs(jr.uniform(key, votes.shape), fidelity), fidelity=fidelity)


def repeat(
    key: PRNGKey, votes: Int8[Array, "*nodes"], message_length: int, token_fidelity: Real[ArrayLike, ""]
) -> Int8[Array, "*nodes"]:
    """Each vote written `message_length` times (odd), every token flipped on its own, read by majority."""
    length = _check.odd("message_length", message_length)
    _check.parameters(token_fidelity=token_fidelity)
    read = majority(votes * signs(jr.uniform(key, (length, *votes.shape)), token_fidelity))
    return _check.trusted(read, token_fidelity=token_fidelity)


def erase(
    key: PRNGKey, votes: Int8[Array, "*nodes"], message_length: int, token_loss: Real[ArrayLike, ""]
) -> Int8[Array, "*nodes"]:
    """Each vote written `message_length` times, each lost with probability token_loss; guessed if all are."""
    length = _check.whole("message_length", message_length, 1)
    _check.within(0.0, 1.0, token_loss=token_loss)
    loss_key, guess_key = jr.split(key)
    lost = (jr.uniform(loss_key, (length, *votes.shape)) < token_loss).all(axis=0)
    read = jnp.where(lost, signs(jr.uniform(guess_key, votes.shape), 0.0), votes)
    return _check.trusted(read, token_loss=token_loss)


def understand(
    key: PRNGKey,
    votes: Int8[Array, "*nodes"],
    message_length: Real[ArrayLike, ""],
    scale: Real[ArrayLike, ""],
    unequal_readers: bool = False,
) -> Int8[Array, "*nodes"]:
    """Each vote read by someone who needs Exp(1) * scale / speed tokens to understand it, else guesses.

    message_length >= 0, a real number of tokens; scale > 0 tokens; speed is 1, or Exp(1) for each message where
    `unequal_readers`. Raises ValueError on a parameter out of range.
    """
    _check.within(0.0, float("inf"), message_length=message_length, scale=scale)
    patience_key, speed_key, guess_key = jr.split(key, 3)
    needed = scale * jr.exponential(patience_key, votes.shape)
    speed = jr.exponential(speed_key, votes.shape) if unequal_readers else 1.0
    understood = needed < message_length * speed
    return jnp.where(understood, votes, signs(jr.uniform(guess_key, votes.shape), 0.0))
