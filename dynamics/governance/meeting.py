"""The agent among opponents that react: memory-one players, another governed body, and one who knows the agent.

One scan per meeting, like `play`: both act on what they have seen, then both learn what was played. An opponent is a
record with three functions, so that opponents of one kind are lanes of a `vmap`: `begin`, `act` and `learn`. Who has
seen nothing yet takes the other for a cooperator (`play` lets the agent see the first action in advance, as the
official code does; no opponent that reacts could grant that to both sides).
"""

from __future__ import annotations

import itertools
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from dynamics import _check
from dynamics.governance.agent import Agent, Baseline, Decision, Mind, at_first, decide
from dynamics.governance.body import Body, Readout, drive, step
from dynamics.governance.game import payoff

Number = Float[Array, "..."] | float


class Inner(NamedTuple):
    """What a governed body carries: its state, its mind, and the last action it has seen."""

    state: Float[Array, " d"]
    mind: Mind
    seen: Float[Array, ""]


class Player(NamedTuple):
    """A body, its readout, the agent that lives in it and what its sentinel is used to; as an opponent, too."""

    body: Body
    readout: Readout
    agent: Agent
    baseline: Baseline

    def begin(self, noise: Float[Array, "warm d"], opening: Number = 1.0) -> Inner:
        """After a warm-up, by its noise, of open-loop play of this action by both, which is also the last it saw."""
        _check.within(0.0, 1.0, opening=opening)
        rest = jnp.zeros_like(self.body.bias)
        state = drive(self.body, rest, opening, opening, noise)[-1] if len(noise) else rest
        return Inner(state, at_first(self.agent, self.baseline), jnp.asarray(opening, rest.dtype))

    def decided(self, inner: Inner) -> tuple[Inner, Decision]:
        """A round's decision."""
        mind, decision = decide(self.agent, inner.mind, self.readout, inner.state, inner.seen)
        return inner._replace(mind=mind), decision

    def act(self, inner: Inner, foe: Player, known: Inner) -> tuple[Inner, Float[Array, ""]]:
        """The action of that decision; what the other holds is not looked at."""
        del foe, known
        inner, decision = self.decided(inner)
        return inner, decision.action

    def learn(self, inner: Inner, own: Number, other: Number, noise: Float[Array, " d"]) -> Inner:
        """The body moves by both actions."""
        return inner._replace(state=step(self.body, inner.state, own, other, noise), seen=jnp.asarray(other))


class MemoryOne(NamedTuple):
    """Cooperates by so much after mutual cooperation, after being let down, after letting down, after mutual defection.

    Between these corners it is affine in either action, like the game itself. first: its action before any.
    """

    first: Number
    both: Number
    betrayed: Number
    betraying: Number
    neither: Number

    def begin(self, noise: Float[Array, "warm nothing"], opening: Number = 1.0) -> Float[Array, ""]:
        """Its first action, whatever went before."""
        del opening
        return jnp.asarray(self.first, noise.dtype)

    def act(self, memory: Float[Array, ""], foe: Player, known: Inner) -> tuple[Float[Array, ""], Float[Array, ""]]:
        """What it made up its mind to do when the last round ended."""
        del foe, known
        return memory, memory

    def learn(
        self, memory: Float[Array, ""], own: Number, other: Number, noise: Float[Array, " nothing"]
    ) -> Float[Array, ""]:
        """The next action upon these two."""
        del memory, noise
        met = self.both * own + self.betraying * (1 - own)
        return met * other + (self.betrayed * own + self.neither * (1 - own)) * (1 - other)


def copycat() -> MemoryOne:
    """Tit-for-Tat: what the agent did last."""
    return MemoryOne(1.0, 1.0, 0.0, 1.0, 0.0)


def generous(mercy: Number = 1 / 3) -> MemoryOne:
    """Tit-for-Tat that meets defection with this much cooperation all the same."""
    _check.within(0.0, 1.0, mercy=mercy)
    return MemoryOne(1.0, 1.0, mercy, 1.0, mercy)


def win_stay_lose_shift() -> MemoryOne:
    """Repeats itself after R or T, changes after S or P."""
    return MemoryOne(1.0, 1.0, 0.0, 0.0, 1.0)


def unmoved(action: Number) -> MemoryOne:
    """The same action for ever."""
    _check.within(0.0, 1.0, action=action)
    return MemoryOne(action, action, action, action, action)


class BestResponder(NamedTuple):
    """Knows the agent through and through, and plays the first action of the plan that pays it most.

    plans: sequences of its actions, of one length, tried out in the agent's own dynamics without noise, every round
    anew. Of plans that pay alike the first counts.  discount: what a round is worth of the one before it; below 1 it
    settles which of two equal rounds comes first.
    """

    plans: Float[Array, "plans horizon"]
    discount: Number = 1.0

    def begin(self, noise: Float[Array, "warm nothing"], opening: Number = 1.0) -> None:
        """It needs no memory: it reads the agent's."""
        del noise, opening

    def act(self, memory: None, foe: Player, known: Inner) -> tuple[None, Float[Array, ""]]:
        """The best plan's first action."""
        still = jnp.zeros_like(known.state)
        plans = self.plans.astype(known.state.dtype)
        worth = jnp.asarray(self.discount, plans.dtype) ** jnp.arange(plans.shape[1])

        def gained(plan):
            def round_(inner, own):
                inner, decision = foe.decided(inner)
                return foe.learn(inner, decision.action, own, still), payoff(own, decision.action)

            return jax.lax.scan(round_, known, plan)[1] @ worth

        return memory, plans[jnp.argmax(jax.vmap(gained)(plans)), 0]

    def learn(self, memory: None, own: Number, other: Number, noise: Float[Array, " nothing"]) -> None:
        """Nothing to remember."""
        del memory, own, other, noise


def best_responder(horizon: int, discount: Number = 1.0) -> BestResponder:
    """All plans of pure actions over so many rounds, the kindest first; with one round, nothing but defection pays."""
    _check.whole("horizon", horizon, 1)
    _check.within(0.0, 1.0, discount=discount)
    return BestResponder(jnp.asarray(np.array(list(itertools.product([1.0, 0.0], repeat=horizon)))), discount)


def exchange(
    player: Player,
    opponent: PyTree,
    carry: tuple[Inner, PyTree],
    noises: tuple[Float[Array, " d"], Float[Array, " other"]],
) -> tuple[tuple[Inner, PyTree], tuple[Decision, Float[Array, ""]]]:
    """One round: both act on what they carry, then both learn what was played."""
    inner, memory = carry
    memory, other = opponent.act(memory, player, inner)
    other = jnp.asarray(other, inner.state.dtype)
    inner, decision = player.decided(inner)
    inner = player.learn(inner, decision.action, other, noises[0])
    memory = opponent.learn(memory, other, decision.action, noises[1])
    return (inner, memory), (decision, other)


class Meeting(NamedTuple):
    """The agent's decision and the opponent's action of every round, and the state that they led to."""

    decisions: Decision
    others: Float[Array, "*many rounds"]
    states: Float[Array, "*many rounds d"]


@partial(jax.jit, static_argnames="rounds")
def meet(
    player: Player,
    opponent: PyTree,
    rounds: int,
    noise: Float[Array, "all d"],
    other_noise: Float[Array, "all other"] | None = None,
) -> Meeting:
    """So many rounds against an opponent that reacts, after a warm-up of open-loop cooperation from rest.

    noise: xi(t) of the warm-up and then of the rounds; what it has more than the rounds is warm-up.  other_noise: the
    same of an opponent that has a body.
    """
    warm = len(noise) - _check.whole("rounds", rounds, 1)
    if warm < 0:
        raise ValueError(f"Argument `noise` must cover the {rounds} rounds, but has {len(noise)} rows.")
    if other_noise is None:
        if isinstance(opponent, Player):
            raise ValueError("Argument `other_noise` is needed: the opponent has a body.")
        other_noise = jnp.zeros((len(noise), 0), noise.dtype)

    def round_(carry, xis):
        carry, (decision, other) = exchange(player, opponent, carry, xis)
        return carry, (decision, other, carry[0].state)

    start = (player.begin(noise[:warm]), opponent.begin(other_noise[:warm]))
    return Meeting(*jax.lax.scan(round_, start, (noise[warm:], other_noise[warm:]))[1])
