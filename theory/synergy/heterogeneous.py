"""Agents of unequal ability: the bias of their plain and of their weighted majority, exactly.

With D(z) = prod_i ((1 + u_i) z + (1 - u_i)/z)/2 the generating function of the sum of the votes, a majority is right
more often than wrong by twice the positive-power part of the antisymmetric half of D. That half is carried through
the product by itself, one agent at a time, so small biases keep their digits; subtracting the two tails of D would
leave eps/u.
"""

import math

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import floats, signed, unit, within
from .majority import slope_number

Team = Real[Array | np.ndarray, "*#batch agents"]
MOST_WEIGHTED = 16


def _majority(signals: Array) -> Array:
    """Majority of independent votes with these biases along the last axis, ties fair."""
    agents = signals.shape[-1]
    nobody = jnp.zeros((*signals.shape[:-1], 2 * agents + 1), signals.dtype)
    aside = jnp.zeros_like(nobody[..., :1])

    def hear(halves: tuple[Array, Array], signal: Array) -> tuple[tuple[Array, Array], None]:
        def moved(half: Array) -> tuple[Array, Array]:
            right = jnp.concatenate([aside, half[..., :-1]], axis=-1)
            wrong = jnp.concatenate([half[..., 1:], aside], axis=-1)
            return (right + wrong) / 2, (right - wrong) / 2

        (even_spread, even_lean), (odd_spread, odd_lean) = map(moved, halves)
        signal = signal[..., None]
        return (even_spread + signal * odd_lean, odd_spread + signal * even_lean), None

    (_, odd), _ = jax.lax.scan(hear, (nobody.at[..., agents].set(1), nobody), jnp.moveaxis(signals, -1, 0))
    return 2 * jnp.sum(odd[..., agents + 1 :], axis=-1)


def unequal_majority(biases: Team) -> Float[Array, "*batch"]:
    """Bias of the plain majority of independent votes with these biases: a Poisson-binomial tail.

    biases: u_i in [-1, 1], agents along the last axis; an even number of votes that ties is decided by a fair coin.
    Three agents: (e_1 - e_3)/2 with e_k the elementary symmetric polynomials. ValueError out of range.  (derived here)
    """
    signed("biases", biases)
    (biases,) = floats(biases)
    return _majority(biases)


def unequal_level_map(
    correlation: Real[ArrayLike, "*#batch"], fidelities: Team, biases: Team
) -> Float[Array, "*batch"]:
    """One level above unequal children: rho mean(gamma_i u_i) + (1 - rho) PB(gamma_1 u_1, ..., gamma_b u_b).

    With probability rho all received votes are copies of that of one child, any with the same chance.
    correlation, fidelities in [0, 1], biases in [-1, 1]; children along the last axis. ValueError out of range.
    (derived here)
    """
    unit("correlation", correlation)
    unit("fidelities", fidelities)
    signed("biases", biases)
    fidelities, biases = floats(fidelities, biases)
    signals = fidelities * biases
    correlation = jnp.asarray(correlation, signals.dtype)
    return correlation * jnp.mean(signals, axis=-1) + (1 - correlation) * _majority(signals)


def unequal_small_signal(
    correlation: Real[ArrayLike, "*#batch"], fidelities: Team, biases: Team
) -> Float[Array, "*batch"]:
    """First order of `unequal_level_map`, (rho + (1 - rho) A(b)) mean(gamma_i u_i): only the mean signal counts.

    At rho = 0 this is (A(b)/b) sum gamma_i u_i; for an even number of children A is that of one fewer.
    Ranges and errors as in `unequal_level_map`.  (derived here)
    """
    unit("correlation", correlation)
    unit("fidelities", fidelities)
    signed("biases", biases)
    fidelities, biases = floats(fidelities, biases)
    correlation, agents = jnp.asarray(correlation, biases.dtype), biases.shape[-1]
    slope = slope_number(agents - 1 + agents % 2)
    return (correlation + (1 - correlation) * slope) * jnp.mean(fidelities * biases, axis=-1)


def log_odds_weights(biases: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """Weights log((1 + u)/(1 - u)) that make a weighted majority of independent votes Bayes optimal.

    biases in (-1, 1), for a certain agent has no finite weight; ValueError otherwise.  (Nitzan and Paroush 1982)
    """
    within("biases", biases, -1.0, 1.0, "()")
    (biases,) = floats(biases)
    return 2 * jnp.arctanh(biases)


def _patterns(agents: int) -> np.ndarray:
    """One vote pattern of each pair of opposites, the first agent at +1: (2^(agents - 1), agents) signs."""
    if not 1 <= agents <= MOST_WEIGHTED:
        raise ValueError(
            f"Argument `biases` must hold 1 to {MOST_WEIGHTED} agents to list their patterns, but holds {agents}."
        )
    bits = np.arange(2 ** (agents - 1))[:, None] >> np.arange(agents) & 1
    return 1 - 2 * bits[:, ::-1]


def _pattern_leads(biases: Array, patterns: np.ndarray) -> Array:
    """P(pattern) - P(opposite pattern), by the odd half of prod(1 + s_i u_i)."""
    even, odd = jnp.ones(biases.shape[:-1] + patterns.shape[:1], biases.dtype), 0.0
    for agent in range(patterns.shape[1]):
        step = patterns[:, agent] * biases[..., agent, None]
        even, odd = even + step * odd, odd + step * even
    return odd / 2.0 ** (patterns.shape[1] - 1)


def weighted_majority(biases: Team, weights: Team) -> Float[Array, "*batch"]:
    """Bias of sign(sum_i w_i vote_i) over independent votes; a margin within rounding of 0 is decided by a fair coin.

    biases in [-1, 1], weights finite, at most 16 agents along the last axis (all vote patterns are listed).
    ValueError otherwise.  (derived here)
    """
    signed("biases", biases)
    within("weights", weights, -math.inf, math.inf, "()")
    biases, weights = floats(biases, weights)
    patterns = _patterns(biases.shape[-1])
    margin = jnp.einsum("...a,pa->...p", weights, jnp.asarray(patterns, weights.dtype))
    doubt = 4 * jnp.finfo(weights.dtype).eps * jnp.sum(jnp.abs(weights), axis=-1, keepdims=True)
    decisions = jnp.where(jnp.abs(margin) <= doubt, 0, jnp.sign(margin))
    return jnp.sum(_pattern_leads(biases, patterns) * decisions, axis=-1)


def optimal_majority(biases: Team) -> Float[Array, "*batch"]:
    """Largest bias that any rule can reach from these votes: the total variation between the two truths.

    Equals `weighted_majority` with `log_odds_weights`, without asking which way a tie goes; never below the plain
    majority nor below the best member, and equal to the latter when one weight exceeds the sum of the others.
    biases in [-1, 1], at most 16 agents along the last axis; ValueError otherwise.  (derived here)
    """
    signed("biases", biases)
    (biases,) = floats(biases)
    return jnp.sum(jnp.abs(_pattern_leads(biases, _patterns(biases.shape[-1]))), axis=-1)
