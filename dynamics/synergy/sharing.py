"""How the errors of siblings come to agree: every convention is a value that all simulators accept.

A law is a deterministic function of the children's sent votes, of a channel and of uniform numbers, so one
and the same code decides what a node hears in one-level Monte Carlo, in the population pool and in the exact
tree, in JAX and in NumPy. Applied to the labels 0..b-1 instead of votes, the copying tells *which* children
are heard at all, which is what lets the exact tree grow lazily.

Two statements are kept apart because they are different physics at the same rho (arXiv 2601.17311, Def. 2 and
eq. 5 disagree on it): *what* is copied (`copied`: the received bit, or the sent one, whose copies then pass
independent channels) and *where* it happens (`reach`: at every level, at the leaves, or once for the whole
tree).

The beta-binomial law is a copying law as well [derived here]: votes that are i.i.d. given p ~ Beta(M(1+u)/2,
M(1-u)/2) are Polya's urn, in which message i repeats one of the i earlier messages, chosen evenly, with
probability i/(M+i), M = 1/rho - 1. The one-factor probit law is none: copying makes E[S1 S2] a polynomial in
u, the bivariate normal does not. It therefore needs the children's bias, and no exact tree exists for it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtri
from jaxtyping import Array, ArrayLike, Int8, Num, Real, Shaped

Messages = Num[Array | np.ndarray, "fan_in nodes"]
Uniforms = Real[Array | np.ndarray, "draws nodes"]
Channel = Callable[[Shaped[Array | np.ndarray, "fan_in nodes"]], Shaped[Array | np.ndarray, "fan_in nodes"]]


@runtime_checkable
class Copying(Protocol):
    """A random way in which messages of one node repeat one another, any two with probability rho."""

    def draws(self, fan_in: int) -> int:
        """How many uniform numbers one node needs."""

    def copy(self, uniforms: Uniforms, correlation: Real[ArrayLike, ""], messages: Messages) -> Messages:
        """The messages, some of them replaced by copies of others."""

    def distinct(self, fan_in: int, correlation: float) -> float:
        """Expected number of messages that are not copies."""


@dataclass(frozen=True)
class Alone:
    """No message is a copy, whatever the correlation."""

    def draws(self, fan_in: int) -> int:
        return 0

    def copy(self, uniforms: Uniforms, correlation: Real[ArrayLike, ""], messages: Messages) -> Messages:
        return messages

    def distinct(self, fan_in: int, correlation: float) -> float:
        return float(fan_in)


@dataclass(frozen=True)
class Together:
    """All messages are the same one with probability rho, else none is a copy (arXiv 2601.17311, Def. 2)."""

    def draws(self, fan_in: int) -> int:
        return 1

    def copy(self, uniforms: Uniforms, correlation: Real[ArrayLike, ""], messages: Messages) -> Messages:
        xp = messages.__array_namespace__()
        return xp.where(uniforms < correlation, messages[:1], messages)

    def distinct(self, fan_in: int, correlation: float) -> float:
        return correlation + (1 - correlation) * fan_in


@dataclass(frozen=True)
class Urn:
    """Polya's urn: message i repeats one of the i earlier ones with probability i rho/(1 - rho + i rho)."""

    def draws(self, fan_in: int) -> int:
        return fan_in

    def copy(self, uniforms: Uniforms, correlation: Real[ArrayLike, ""], messages: Messages) -> Messages:
        xp = messages.__array_namespace__()
        heard = [messages[0]]
        for i in range(1, messages.shape[0]):
            # Earlier message j owns [j rho, (j+1) rho) of an interval of length 1 - rho + i rho.
            place = uniforms[i] * (1 - correlation + i * correlation)
            message = messages[i]
            for j in range(i):
                earlier = (place >= j * correlation) & (place < (j + 1) * correlation)
                message = xp.where(earlier, heard[j], message)
            heard.append(message)
        return xp.stack(heard)

    def distinct(self, fan_in: int, correlation: float) -> float:
        fresh, rho = 1 - correlation, correlation
        return 1.0 + sum(fresh / (fresh + i * rho) for i in range(1, fan_in))


@dataclass(frozen=True)
class Sharing:
    """A sharing convention: how messages are copied, what is copied, and at which levels."""

    copying: Copying
    copied: Literal["received", "sent"] = "received"
    reach: Literal["levels", "leaves", "tree"] = "levels"

    def draws(self, fan_in: int) -> int:
        """How many uniform numbers one node needs."""
        return self.copying.draws(fan_in)

    def receive(
        self,
        sent: Messages,
        channel: Channel,
        uniforms: Uniforms,
        correlation: Real[ArrayLike, ""],
        received_bias: Real[ArrayLike, ""] | None = None,
    ) -> Messages:
        """What a node hears of its children: (fan_in, nodes) messages.

        sent: the children's own messages.  channel: noise put on an array of messages, independently for
        each. uniforms: (draws, nodes) in [0, 1).  correlation: rho in [0, 1].  received_bias: not used by
        copies.
        """
        if self.copied == "received":
            return self.copying.copy(uniforms, correlation, channel(sent))
        return channel(self.copying.copy(uniforms, correlation, sent))


@dataclass(frozen=True)
class Probit:
    """One-factor probit: right when sqrt(r) Z + sqrt(1-r) e_i < Phi^{-1}((1+u)/2), r = sin(pi rho/2).

    The pairwise correlation of the received votes is exactly rho at u = 0 and drifts away from it with u.
    """

    reach: Literal["levels"] = "levels"

    def draws(self, fan_in: int) -> int:
        return fan_in + 1

    def receive(
        self,
        sent: Messages,
        channel: Channel,
        uniforms: Real[Array, "draws nodes"],
        correlation: Real[ArrayLike, ""],
        received_bias: Real[ArrayLike, ""] | None = None,
    ) -> Int8[Array, "fan_in nodes"]:
        """As `Sharing.receive`, but drawn from the bias of the received votes: the sent ones play no part."""
        if received_bias is None:
            raise ValueError("Argument `received_bias` must be given to the probit law, but is None.")
        normal = ndtri(jnp.maximum(uniforms, jnp.finfo(uniforms.dtype).tiny))
        shared = jnp.sin(jnp.pi / 2 * jnp.asarray(correlation, uniforms.dtype))
        threshold = ndtri((1 + jnp.asarray(received_bias, uniforms.dtype)) / 2)
        own = jnp.sqrt(1 - shared) * normal[1:]
        right = jnp.sqrt(shared) * normal[0] + own < threshold
        return jnp.where(right, jnp.int8(1), jnp.int8(-1))


RECEIVED_COPIED = Sharing(Together(), "received")
"""The paper's binary model: with probability rho all received votes are one draw; the default everywhere."""
SENT_COPIED = Sharing(Together(), "sent")
"""The paper's continuous model: with probability rho siblings send the same, through independent channels."""
LEAVES_COPIED = Sharing(Together(), "received", "leaves")
"""Only sibling leaves share; votes of aggregators are independent."""
GLOBAL_CAUSE = Sharing(Together(), "sent", "tree")
"""With probability rho all leaves of the whole tree send the same vote; channels stay independent."""
INDEPENDENT = Sharing(Alone())
"""No sharing at all; the correlation is ignored."""
BETA_BINOMIAL = Sharing(Urn(), "received")
"""Received votes are i.i.d. given p ~ Beta(M(1+u)/2, M(1-u)/2), M = 1/rho - 1."""
PROBIT = Probit()
"""Received votes follow a one-factor probit of latent correlation sin(pi rho/2)."""
