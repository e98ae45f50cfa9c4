"""Simulations of one node, of trees and of resampled pools, and the paper's one data figure (v1 Fig. 11).

The paper gives n = 50,000 for its figure but no scheme. Depth 30 leaves a tree 5^30 leaves, so its points are roots
of exact trees only where copied subtrees, drawn once, make that affordable; elsewhere they are pools of n votes.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import jax.random as jr

from dynamics.synergy import (
    broadcast_reconstruction,
    collapsed_pool,
    lazy_tree,
    population_pool,
    right_vote_counts,
    summary,
    trajectory,
)
from experiments.experiment import Experiment, Quantity
from experiments.space import Space, cases, listing, replicates
from experiments.synergy.quantities import BIAS as VOTE_BIAS
from experiments.synergy.quantities import CORRELATION, DEPTH, FAN_IN, FIDELITY, INITIAL_BIAS, REPLICATE, ROOT_BIAS

# Fig. 11: b = 5, gamma = 0.6, mu_0 = 0.05, n = 50,000, rho from 0 to 0.8.
CORRELATIONS = tuple(i / 20 for i in range(17))
FIGURE = {"fan_in": 5, "fidelity": 0.6, "initial_bias": 0.05}
VOTES = 50_000
BARS = (1.0, 2.0, 4.5)

NODES = Quantity("n", "simulated nodes")
SIZE = Quantity("n", "votes in a pool")
ROOTS = Quantity("n", "independent roots")
POOLS = Quantity("R", "independent pools")
RIGHT = Quantity("n_+", "right votes among them")
TREE = {
    "fan_in": FAN_IN,
    "correlation": CORRELATION,
    "fidelity": FIDELITY,
    "initial_bias": INITIAL_BIAS,
    "depth": DEPTH,
}


def copied_votes(key, *, fan_in, correlation, fidelity, bias, nodes):
    """Nodes above independent voters, with received votes copied: how many decide right, how votes correlate."""
    counts = right_vote_counts(key, fan_in, correlation, fidelity, bias, nodes)
    seen = summary(counts)
    return {
        "right": counts[(fan_in + 1) // 2 :].sum(),
        "pair_correlation": seen.correlation,
        "pair_correlation_error": seen.correlation_error,
    }


def pool(key, *, fan_in, correlation, fidelity, initial_bias, depth, pool_size):
    """The mean vote at the root of one explicit pool, with the standard error its recursion expects."""
    result = population_pool(key, fan_in, correlation, fidelity, initial_bias, depth, pool_size)
    return {"root_bias": result.means[-1], "standard_error": result.standard_error[-1]}


def exact_tree(key, *, fan_in, correlation, fidelity, initial_bias, depth, roots):
    """How many roots of independent exact trees vote right."""
    votes = lazy_tree(key, fan_in, correlation, fidelity, initial_bias, depth, roots)
    return {"right": (votes > 0).sum()}


def explicit_pools(key, *, fan_in, correlation, fidelity, initial_bias, depth, pool_size, pools):
    """Mean and variance, over explicit pools, of a pool's mean vote at every level."""

    def one(key):
        return population_pool(key, fan_in, correlation, fidelity, initial_bias, depth, pool_size).means

    means = jax.lax.map(one, jr.split(key, pools))
    return {"mean": means.mean(axis=0), "variance": means.var(axis=0, ddof=1)}


def collapsed_pools(key, *, fan_in, correlation, fidelity, initial_bias, depth, pool_size, pools):
    """As `explicit_pools`, by the binomial law of the means; and how many stand far from the recursion at each level.

    `beyond` counts the pools that are more than 1, 2 and 4.5 standard errors of `pool_size` independent votes away.
    """

    def one(key):
        return collapsed_pool(key, fan_in, correlation, fidelity, initial_bias, depth, pool_size).means

    means = jax.vmap(one)(jr.split(key, pools))
    exact = trajectory(fan_in, correlation, fidelity, initial_bias, depth)
    bar = jnp.sqrt((1 - exact) * (1 + exact) / pool_size)
    far = jnp.abs(means - exact) > jnp.asarray(BARS)[:, None, None] * bar
    return {"mean": means.mean(axis=0), "variance": means.var(axis=0, ddof=1), "beyond": far.sum(axis=1).T}


def broadcast(key, *, fan_in, edge_correlation, depth, roots):
    """How many of `roots` broadcast bits the recursive majority of the leaves gets back; 4096 trees at a time."""

    def some(key):
        return (broadcast_reconstruction(key, fan_in, edge_correlation, depth, 4096) > 0).sum()

    return {"right": jax.lax.map(some, jr.split(key, roots // 4096)).sum()}


COPIED_VOTES = Experiment(
    name="synergy/copied-votes",
    title="One node whose received votes are copies",
    cell=copied_votes,
    parameters={
        "fan_in": FAN_IN,
        "correlation": CORRELATION,
        "fidelity": FIDELITY,
        "bias": VOTE_BIAS,
        "nodes": NODES,
    },
    outputs={
        "right": RIGHT,
        "pair_correlation": Quantity(r"\hat\rho", "pairwise correlation of received votes"),
        "pair_correlation_error": Quantity(r"SE(\hat\rho)", "its standard error by the delta method"),
    },
    scales={
        scale: Space(
            (
                listing("fan_in", fan_ins),
                listing("correlation", (0.0, 0.3, 0.8)),
                listing("bias", (0.2, 0.6)),
            ),
            {"fidelity": 0.8, "nodes": nodes},
        )
        for scale, fan_ins, nodes in (("quick", (5,), 2**18), ("paper", (3, 5, 9), 2**20))
    },
    static=("fan_in", "nodes"),
    side_by_side=False,
)
POOL = Experiment(
    name="synergy/pools",
    title="Root bias by pools of 50,000 votes (v1 Fig. 11)",
    cell=pool,
    parameters={**TREE, "pool_size": SIZE, "replicate": REPLICATE},
    outputs={
        "root_bias": ROOT_BIAS,
        "standard_error": Quantity(r"\sqrt{V_L}", "standard error of a pool's mean, by recursion"),
    },
    scales={
        scale: Space(
            (listing("depth", (10, 30)), listing("correlation", CORRELATIONS), replicates(seeds)),
            {**FIGURE, "pool_size": VOTES},
        )
        for scale, seeds in (("quick", 2), ("paper", 4))
    },
    static=("fan_in", "depth", "pool_size"),
    side_by_side=False,
)
EXACT_TREES = Experiment(
    name="synergy/exact-trees",
    title="Root bias by 50,000 exact trees, grown lazily (v1 Fig. 11)",
    cell=exact_tree,
    parameters={**TREE, "roots": ROOTS},
    outputs={"right": RIGHT},
    scales={
        scale: Space((listing("correlation", affordable),), {**FIGURE, "depth": 10, "roots": VOTES})
        for scale, affordable in (("quick", (0.8,)), ("paper", (0.7, 0.75, 0.8)))
    },
    compiled=False,
    shard_cells=1,
)
EXPLICIT_POOLS = Experiment(
    name="synergy/explicit-pools",
    title="Spread of small explicit pools",
    cell=explicit_pools,
    parameters={**TREE, "pool_size": SIZE, "pools": POOLS},
    outputs={
        "mean": Quantity(r"\bar m_l", "mean over pools of the pool's mean vote", dims=("level",)),
        "variance": Quantity("s_l^2", "variance over pools of the pool's mean vote", dims=("level",)),
    },
    scales={
        scale: Space(
            (listing("correlation", (0.2, 0.35, 0.5)),),
            {**FIGURE, "initial_bias": 0.3, "depth": 10, "pool_size": 1000, "pools": pools},
        )
        # A variance of n pools has a relative half-width x = 5.2 sqrt(2/n) at the house's level, and itself scatters by
        # as much at worst: x (1 + x) stays below a quarter from n = 1250 on.
        for scale, pools in (("quick", 1536), ("paper", 8192))
    },
    static=("fan_in", "depth", "pool_size", "pools"),
    side_by_side=False,
)
COLLAPSED_POOLS = Experiment(
    name="synergy/collapsed-pools",
    title="Thousands of pools at every point of v1 Fig. 11",
    cell=collapsed_pools,
    parameters=EXPLICIT_POOLS.parameters,
    outputs={
        **EXPLICIT_POOLS.outputs,
        "beyond": Quantity("R_z", "pools beyond z standard errors of independent votes", dims=("level", "bars")),
    },
    scales={
        scale: Space(
            (listing("correlation", CORRELATIONS),), {**FIGURE, "depth": 30, "pool_size": VOTES, "pools": pools}
        )
        for scale, pools in (("quick", 4000), ("paper", 40_000))
    },
    static=("fan_in", "depth", "pool_size", "pools"),
    side_by_side=False,
    coordinates={"bars": BARS},
)
BROADCAST = Experiment(
    name="synergy/broadcast",
    title="Recursive-majority reconstruction on broadcast trees",
    cell=broadcast,
    parameters={
        "fan_in": FAN_IN,
        "edge_correlation": Quantity(r"\theta", "correlation of the bits at the two ends of an edge"),
        "depth": DEPTH,
        "roots": ROOTS,
    },
    outputs={"right": RIGHT},
    scales={
        scale: Space(
            (
                cases("tree", fan_in=fan_ins, depth=depths),
                listing("edge_correlation", (0.4, 0.5, 0.6, 0.7, 0.9)),
            ),
            {"roots": roots},
        )
        for scale, fan_ins, depths, roots in (
            ("quick", (5,), (3,), 2**14),
            ("paper", (3, 5, 7), (5, 3, 3), 2**16),
        )
    },
    static=("fan_in", "depth", "roots"),
    precision="float32",
    side_by_side=False,
)

EXPERIMENTS = (COPIED_VOTES, POOL, EXACT_TREES, EXPLICIT_POOLS, COLLAPSED_POOLS, BROADCAST)
