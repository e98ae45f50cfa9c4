"""What a tree of voters has to beat: the star, the chain, the widest star; and what a longer message buys."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import jax.random as jr

from dynamics.synergy import erase, flip, full_tree, repeat, understand
from experiments.experiment import Experiment, Quantity
from experiments.space import Axis, Space, cases, listing, replicates
from experiments.synergy.quantities import (
    AGENTS,
    BIAS,
    CORRELATION,
    DEPTH,
    FAN_IN,
    FIDELITY,
    INITIAL_BIAS,
    MESSAGE_LENGTH,
    REPLICATE,
    ROOTS,
)


def _votes(key, count, bias):
    return jnp.where(jr.uniform(key, (count,)) < (1 + bias) / 2, 1, -1).astype(jnp.int8)


def _right(votes):
    return jnp.sum(votes > 0)


def binary_organisations(key, *, fan_in, depth, roots, correlation, fidelity, initial_bias):
    """How many roots of trees and hubs of stars over as many leaves vote right, and how many ends of chains.

    There are fan_in chains for each tree.
    """
    tree_key, star_key, leaf_key, chain_key = jr.split(key, 4)
    leaves = fan_in**depth
    sent = _votes(leaf_key, fan_in * roots, initial_bias)
    arrived, _ = jax.lax.scan(lambda votes, edge: (flip(edge, votes, fidelity), None), sent, jr.split(chain_key, depth))
    return {
        "tree": _right(full_tree(tree_key, fan_in, correlation, fidelity, initial_bias, depth, roots)),
        "star": _right(full_tree(star_key, leaves, correlation, fidelity, initial_bias, 1, roots)),
        "chain": _right(arrived),
    }


def wide_star(key, *, agents, roots, correlation, fidelity, initial_bias):
    """How many hubs of stars of so many agents vote right."""
    return {"star": _right(full_tree(key, agents, correlation, fidelity, initial_bias, 1, roots))}


def channel_families(key, *, message_length, votes, bias, scale, token_loss, token_fidelity):
    """How many messages of four channels arrive right; `votes` of each, sent with this bias."""
    keys = jr.split(key, 5)
    sent = _votes(keys[0], votes, bias)
    return {
        "exponential": _right(understand(keys[1], sent, message_length, scale)),
        "hyperbolic": _right(understand(keys[2], sent, message_length, scale, unequal_readers=True)),
        "erasure": _right(erase(keys[3], sent, message_length, token_loss)),
        "repetition": _right(repeat(keys[4], sent, message_length, token_fidelity)),
    }


def _organisations(*rows: tuple[int, int, int]) -> Axis:
    fan_in, depth, roots = zip(*rows, strict=True)
    return cases("organisation", fan_in=fan_in, depth=depth, roots=roots)


def _count(meaning: str) -> Quantity:
    return Quantity("n_+", meaning)


_VOTING = {"fidelity": 0.6, "initial_bias": 0.1}

BINARY_ORGANISATIONS = Experiment(
    name="synergy/binary-organisations",
    title="Star, chain and tree of voting agents",
    cell=binary_organisations,
    parameters={
        "fan_in": FAN_IN,
        "depth": DEPTH,
        "roots": ROOTS,
        "correlation": CORRELATION,
        "fidelity": FIDELITY,
        "initial_bias": INITIAL_BIAS,
        "replicate": REPLICATE,
    },
    outputs={
        "tree": _count("roots of trees that are right"),
        "star": _count("hubs of stars that are right"),
        "chain": _count("ends of chains that are right"),
    },
    scales={
        "quick": Space(
            (
                _organisations((3, 2, 8_000), (5, 3, 2_500)),
                listing("correlation", (0.0, 0.1, 0.3)),
                replicates(32),
            ),
            _VOTING,
        ),
        "paper": Space(
            (
                _organisations(
                    *((3, 1, 20_000), (3, 2, 20_000), (3, 3, 20_000), (3, 5, 4_000)),
                    *((5, 1, 20_000), (5, 2, 20_000), (5, 3, 8_000), (5, 4, 2_000)),
                ),
                listing("correlation", (0.0, 0.1, 0.3)),
                replicates(48),
            ),
            _VOTING,
        ),
    },
    static=("fan_in", "depth", "roots"),
    cost=lambda columns: columns["roots"] * columns["fan_in"] ** columns["depth"],
    precision="float32",
    side_by_side=False,
)

WIDE_STAR = Experiment(
    name="synergy/wide-star",
    title="A star so wide that only copied errors remain",
    cell=wide_star,
    parameters={
        "agents": AGENTS,
        "roots": ROOTS,
        "correlation": CORRELATION,
        "fidelity": FIDELITY,
        "initial_bias": INITIAL_BIAS,
        "replicate": REPLICATE,
    },
    outputs={"star": _count("hubs of stars that are right")},
    scales={
        # exp(-N (gamma mu0)^2 / 2) bounds what more agents could still gain: 5e-12 at N = 401.
        name: Space(
            (listing("correlation", (0.0, 0.1, 0.3, 0.6)), replicates(count)),
            {"agents": 401, "roots": 2500, "fidelity": 0.6, "initial_bias": 0.6},
        )
        for name, count in (("quick", 24), ("paper", 80))
    },
    static=("agents", "roots"),
    precision="float32",
    side_by_side=False,
)

CHANNEL_FAMILIES = Experiment(
    name="synergy/channel-families",
    title="What a longer message buys, token by token",
    cell=channel_families,
    parameters={
        "message_length": MESSAGE_LENGTH,
        "votes": Quantity("n", "messages in one replicate"),
        "bias": BIAS,
        "scale": Quantity("m_0", "tokens needed to understand, on average", unit="tokens"),
        "token_loss": Quantity("e", "probability that a token is lost"),
        "token_fidelity": Quantity(r"\gamma_1", "fidelity of one token"),
        "replicate": REPLICATE,
    },
    outputs={
        "exponential": _count("messages that arrive right, readers alike"),
        "hyperbolic": _count("messages that arrive right, readers of unequal speed"),
        "erasure": _count("messages that arrive right, tokens lost"),
        "repetition": _count("messages that arrive right, tokens flipped and decided by majority"),
    },
    scales={
        name: Space(
            (listing("message_length", lengths), listing("bias", (1.0, -0.5)), replicates(count)),
            {"votes": 50_000, "scale": 8.0, "token_loss": 0.8, "token_fidelity": 0.2},
        )
        for name, lengths, count in (("quick", (3, 13), 8), ("paper", (1, 3, 5, 9, 13, 23), 48))
    },
    static=("message_length", "votes"),
    precision="float32",
    side_by_side=False,
)

EXPERIMENTS = (BINARY_ORGANISATIONS, WIDE_STAR, CHANNEL_FAMILIES)
