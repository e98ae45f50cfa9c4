"""How much a longer message buys: families of channels, each with its inverse.

The paper asks only that fidelity rises with message length; these four binary families and two families of
additive noise are derived here. `message_length(fidelity)` is the shortest message that reaches a fidelity.
"""

import abc
import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, Real

from .._arguments import floats, positive, within
from .majority_real import majority_at_real


def _reachable(fidelity: Array) -> tuple[Bool[Array, "..."], Array]:
    """Whether a finite message can reach the fidelity, and a stand-in fidelity where it cannot."""
    reachable = ~(fidelity >= 1)
    return reachable, jnp.where(reachable, fidelity, 0)


class Channel(eqx.Module):
    """A binary symmetric channel whose fidelity gamma = 1 - 2 P(flip) rises with message length."""

    @abc.abstractmethod
    def fidelity(self, message_length: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
        """Fidelity in [0, 1) of a message of `message_length` >= 0 tokens."""

    @abc.abstractmethod
    def message_length(self, fidelity: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
        """Length at which the fidelity is reached; inf where it is 1 or more,
        which no finite message reaches.
        """


class ExponentialChannel(Channel):
    """gamma(m) = 1 - exp(-m / m0); scale: m0 > 0 tokens.  (derived here)"""

    scale: Real[ArrayLike, "..."]

    def __check_init__(self):
        positive("scale", self.scale)

    def fidelity(self, message_length: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
        """1 - exp(-m/m0); ValueError for a negative length."""
        positive("message_length", message_length, "[)")
        length, scale = floats(message_length, self.scale)
        return -jnp.expm1(-length / scale)

    def message_length(self, fidelity: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
        """-m0 log(1 - gamma); ValueError for a negative fidelity."""
        positive("fidelity", fidelity, "[]")
        fidelity, scale = floats(fidelity, self.scale)
        reachable, fidelity = _reachable(fidelity)
        return jnp.where(reachable, -scale * jnp.log1p(-fidelity), jnp.inf)


class HyperbolicChannel(Channel):
    """gamma(m) = m / (m + m0); scale: m0 > 0 tokens.  (derived here)"""

    scale: Real[ArrayLike, "..."]

    def __check_init__(self):
        positive("scale", self.scale)

    def fidelity(self, message_length: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
        """m/(m + m0); ValueError for a negative length."""
        positive("message_length", message_length, "[)")
        length, scale = floats(message_length, self.scale)
        return length / (length + scale)

    def message_length(self, fidelity: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
        """m0 gamma/(1 - gamma); ValueError for a negative fidelity."""
        positive("fidelity", fidelity, "[]")
        fidelity, scale = floats(fidelity, self.scale)
        reachable, fidelity = _reachable(fidelity)
        return jnp.where(reachable, scale * fidelity / (1 - fidelity), jnp.inf)


class ErasureChannel(Channel):
    """Each token is lost with probability e, and a message lost whole is guessed: gamma(m) = 1 - e^m.

    loss: e in (0, 1).  (derived here)
    """

    loss: Real[ArrayLike, "..."]

    def __check_init__(self):
        within("loss", self.loss, 0.0, 1.0, "()")

    def fidelity(self, message_length: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
        """1 - e^m; ValueError for a negative length."""
        positive("message_length", message_length, "[)")
        length, loss = floats(message_length, self.loss)
        return -jnp.expm1(length * jnp.log(loss))

    def message_length(self, fidelity: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
        """log(1 - gamma)/log e; ValueError for a negative fidelity."""
        positive("fidelity", fidelity, "[]")
        fidelity, loss = floats(fidelity, self.loss)
        reachable, fidelity = _reachable(fidelity)
        return jnp.where(reachable, jnp.log1p(-fidelity) / jnp.log(loss), jnp.inf)


class RepetitionChannel(Channel):
    """A token of fidelity gamma1 sent m times and decided by majority, fair coin on ties:
    gamma(m) = f_m(gamma1).

    A step function of m: the last of an even number of repeats is wasted, and no token means no fidelity.
    token_fidelity: gamma1 in (0, 1].  (derived here)
    """

    token_fidelity: Real[ArrayLike, "..."]

    def __check_init__(self):
        within("token_fidelity", self.token_fidelity, 0.0, 1.0, "(]")

    def fidelity(self, message_length: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
        """f of the largest odd number within the length, 0 below one token; ValueError below 0."""
        positive("message_length", message_length, "[)")
        length, token = floats(message_length, self.token_fidelity)
        votes = 2 * jnp.floor((length + 1) / 2) - 1
        return jnp.where(votes >= 1, majority_at_real(jnp.maximum(votes, 1), token), 0)

    def message_length(self, fidelity: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
        """Smallest odd number of repeats whose fidelity is strictly greater;
        ValueError for a negative fidelity.
        """
        positive("fidelity", fidelity, "[]")
        target, token = floats(fidelity, self.token_fidelity)
        ratio = (1 - token) * (1 + token)

        def short(state):
            _, term, total = state
            # Once a term no longer moves the sum, no further repeat will.
            return (total <= target) & (total + term > total)

        def repeat(state):
            half, term, total = state
            going = short(state)
            term = term * ratio * ((2 * half + 1) / (2 * half + 2))
            return (
                jnp.where(going, half + 1, half),
                jnp.where(going, term, state[1]),
                jnp.where(going, total + term, total),
            )

        start = (jnp.zeros_like(token), token, token)
        half, _, total = jax.lax.while_loop(lambda state: jnp.any(short(state)), repeat, start)
        length = jnp.where(total > target, 2 * half + 1, jnp.inf)
        return jnp.where(jnp.isnan(target), target, length)


class AveragedNoise(eqx.Module):
    """Additive noise averaged over repeats: sigma_c^2(m) = sigma1^2 / m; unit_variance: sigma1^2 >= 0.
    (derived here)
    """

    unit_variance: Real[ArrayLike, "..."]

    def __check_init__(self):
        positive("unit_variance", self.unit_variance, "[)")

    def variance(self, message_length: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
        """Noise variance of a message of `message_length` > 0 tokens; ValueError otherwise."""
        positive("message_length", message_length)
        length, unit = floats(message_length, self.unit_variance)
        return unit / length


class QuantisedNoise(eqx.Module):
    """Quantisation noise, r bits a token: sigma_c^2(m) = sigma1^2 4^(-m r).  (derived here)

    unit_variance: sigma1^2 >= 0.  rate: r > 0 bits per token.
    """

    unit_variance: Real[ArrayLike, "..."]
    rate: Real[ArrayLike, "..."]

    def __check_init__(self):
        positive("unit_variance", self.unit_variance, "[)")
        positive("rate", self.rate)

    def variance(self, message_length: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
        """Noise variance of a message of `message_length` >= 0 tokens; ValueError otherwise."""
        positive("message_length", message_length, "[)")
        length, unit, rate = floats(message_length, self.unit_variance, self.rate)
        return unit * jnp.exp(-math.log(4) * length * rate)
