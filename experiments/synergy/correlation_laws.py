"""The same correlation in other hands: what is copied, where, and under which joint law of the votes.

Gains are measured on single nodes by the difference of two runs that share all random numbers, their children's bias
being +u and -u: nodes that decide alike cancel, so the error of T(u)/u is that of a count of order u, not 1.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import jax.random as jr

from dynamics.synergy import (
    BETA_BINOMIAL,
    GLOBAL_CAUSE,
    INDEPENDENT,
    LEAVES_COPIED,
    PROBIT,
    RECEIVED_COPIED,
    SENT_COPIED,
    final_bias,
    lazy_tree,
    node_votes,
)
from experiments.experiment import Experiment, Quantity
from experiments.space import Space, grid, listing
from experiments.synergy.quantities import BIAS, CORRELATION, DEPTH, FAN_IN, FIDELITY, INITIAL_BIAS

LAWS = {
    "received": RECEIVED_COPIED,
    "sent": SENT_COPIED,
    "leaves": LEAVES_COPIED,
    "global": GLOBAL_CAUSE,
    "beta-binomial": BETA_BINOMIAL,
    "probit": PROBIT,
    "independent": INDEPENDENT,
}
BLOCK = 2**15

LAW = Quantity("law", "what is shared: received or sent votes, only leaves, all leaves at once, or a joint law")
NODES = Quantity("n", "simulated nodes")
ROOTS = Quantity("n", "independent roots")
TREE = {
    "law": LAW,
    "fan_in": FAN_IN,
    "correlation": CORRELATION,
    "fidelity": FIDELITY,
    "initial_bias": INITIAL_BIAS,
    "depth": DEPTH,
}


def law_tree(key, *, law, fan_in, correlation, fidelity, initial_bias, depth, roots):
    """How many roots of independent exact trees vote right when votes are shared by `law`."""
    votes = lazy_tree(key, fan_in, correlation, fidelity, initial_bias, depth, roots, LAWS[law])
    return {"right": (votes > 0).sum()}


def law_gain(key, *, law, fan_in, correlation, fidelity, bias, nodes):
    """Nodes that decide right at child bias +bias and wrong at -bias on the same draws, and the other way round."""

    def block(key):
        up, down = (
            jnp.sign(node_votes(key, fan_in, correlation, fidelity, side, BLOCK, LAWS[law]).sum(axis=0))
            for side in (bias, -bias)
        )
        return (up > down).sum(), (up < down).sum()

    won, lost = jax.lax.map(block, jr.split(key, nodes // BLOCK))
    return {"won": won.sum(), "lost": lost.sum()}


def law_growth(key, *, law, fan_in, correlation, fidelity, initial_bias, depth):
    """Growth rate per level of a bias over the upper half of a tree's levels, by recursion."""
    del key
    root, middle = (
        final_bias(fan_in, correlation, fidelity, initial_bias, levels, LAWS[law]) for levels in (depth, depth // 2)
    )
    return {"growth": jnp.log(root / middle) / (depth - depth // 2)}


LAW_TREES = Experiment(
    name="synergy/law-trees",
    title="Root bias of exact trees under four sharing conventions",
    cell=law_tree,
    parameters={**TREE, "roots": ROOTS},
    outputs={"right": Quantity("n_+", "right votes among them")},
    scales={
        scale: Space(
            (
                listing("law", ("received", "sent", "leaves", "global")),
                listing("correlation", (0.2, 0.6)),
                listing("fidelity", (0.6, 0.9)),
                listing("initial_bias", starts),
            ),
            {"fan_in": 5, "depth": 3, "roots": roots},
        )
        for scale, starts, roots in (("quick", (0.3,), 20_000), ("paper", (0.1, 0.4), 100_000))
    },
    static=("law",),
    compiled=False,
)
LAW_GAINS = Experiment(
    name="synergy/law-gains",
    title="Gain of one level under laws of equal pairwise correlation",
    cell=law_gain,
    parameters={
        "law": LAW,
        "fan_in": FAN_IN,
        "correlation": CORRELATION,
        "fidelity": FIDELITY,
        "bias": BIAS,
        "nodes": NODES,
    },
    outputs={
        "won": Quantity("n_{>}", "nodes right at +u and wrong at -u"),
        "lost": Quantity("n_{<}", "nodes wrong at +u and right at -u"),
    },
    scales={
        scale: Space(
            (
                listing("law", ("received", "sent", "beta-binomial", "probit", "independent")),
                listing("fidelity", (0.6, 0.7)),
                listing("correlation", correlations),
            ),
            {"fan_in": 5, "bias": 0.1, "nodes": nodes},
        )
        for scale, correlations, nodes in (
            ("quick", (0.1, 0.2, 0.4, 0.7), 2**18),
            ("paper", (0.05, 0.1, 0.2, 0.4, 0.6, 0.8), 2**20),
        )
    },
    static=("law", "fan_in", "nodes"),
    precision="float32",
    side_by_side=False,
)
CRITICAL_CORRELATIONS = Experiment(
    name="synergy/law-growth-by-correlation",
    title="Growth of a weak bias against correlation, by law",
    cell=law_growth,
    parameters=TREE,
    outputs={"growth": Quantity(r"\ln\alpha", "growth rate of a weak bias per level")},
    scales={
        scale: Space(
            (
                listing("law", ("received", "sent", "beta-binomial", "probit")),
                listing("fidelity", (0.6, 0.7)),
                grid("correlation", 0.0, 0.9, count),
            ),
            {"fan_in": 5, "initial_bias": 1e-6, "depth": 2},
        )
        for scale, count in (("quick", 721), ("paper", 3601))
    },
    static=("law", "fan_in", "depth"),
)
CRITICAL_FIDELITIES = Experiment(
    name="synergy/law-growth-by-fidelity",
    title="Growth of a weak bias against fidelity when only leaves share, or all leaves at once",
    cell=law_growth,
    parameters=TREE,
    outputs=CRITICAL_CORRELATIONS.outputs,
    # 400 levels are enough to tell growth from decay two thousandths away from the threshold, and too few to saturate.
    scales={
        scale: Space(
            (
                listing("law", ("leaves", "global")),
                listing("correlation", correlations),
                grid("fidelity", 0.51, 0.556, 24),
            ),
            {"fan_in": 5, "initial_bias": 1e-12, "depth": 400},
        )
        for scale, correlations in (("quick", (0.1, 0.3, 0.6)), ("paper", (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)))
    },
    static=("law", "fan_in", "depth"),
)

EXPERIMENTS = (LAW_TREES, LAW_GAINS, CRITICAL_CORRELATIONS, CRITICAL_FIDELITIES)
