"""A small network that reorders its tokens by importance, beside controls that do not, on two recall tasks."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from dynamics.tokens import networks
from experiments.experiment import Experiment, Quantity
from experiments.space import Space, grid, listing, replicates

LENGTH, STAGES = 24, 20
RATE, DECAY = 1e-2, 0.01


def reordering_network(key, *, marks, steps, asked):
    """How many of `asked` questions each ordering's network answers after training, how its loss fell, and how blurred
    its reordering was before and after."""
    weight_key, batch_key, question_key, order_key = jr.split(key, 4)
    symbols, due = networks.marked_values(question_key, marks, LENGTH, asked)
    sample = symbols[:, :64]

    def one(order):
        start = networks.ReorderingNetwork(order, networks.SYMBOLS, networks.VALUES, weight_key)
        model, losses = networks.trained(
            start, networks.recall_loss(marks, LENGTH), networks.adam(steps, RATE, DECAY), batch_key, steps
        )
        return {
            "correct": networks.correct(model(symbols, order_key), due),
            "curve": jnp.mean(losses.reshape(STAGES, -1), axis=1),
            "blur_before": networks.blur(start.mixing(sample, order_key)),
            "blur_after": networks.blur(model.mixing(sample, order_key)),
        }

    return jax.lax.map(one, jnp.arange(len(networks.ORDERS)))


def soft_sort(key, *, tokens, log_temperature):
    """SoftSort of normal scores: its row sums, and the scores in the order it puts them in, from least to most
    important in the limit; `gap` is the smallest difference of two scores, which sets how near the limit is."""
    scores = jr.normal(key, (tokens,))
    temperature = jnp.exp(log_temperature)
    mixing = networks.soft_permutation(scores, temperature)
    ordered = jnp.sort(scores)
    return {
        "scores": scores,
        "row_sums": jnp.sum(mixing, axis=1),
        "sorted": mixing @ scores,
        "gap": jnp.min(jnp.diff(ordered)),
    }


_ORDER = ("order",)

REORDERING = Experiment(
    name="tokens/reordering",
    title="Reordering by importance and its controls, on two recall tasks",
    cell=reordering_network,
    parameters={
        "marks": Quantity("m", "marked tokens; the value of the last one is due"),
        "steps": Quantity("t", "training steps"),
        "asked": Quantity("n", "questions asked after training"),
        "replicate": Quantity("i", "seed, of weights and batches"),
    },
    outputs={
        "correct": Quantity("n_+", "questions answered", dims=_ORDER),
        "curve": Quantity("\\ell_t", "training loss over a stage", "nat", ("order", "stage")),
        "blur_before": Quantity("b_0", "effective support of a row over L before training", dims=_ORDER),
        "blur_after": Quantity("b", "effective support of a row over L after training", dims=_ORDER),
    },
    scales={
        "smoke": Space((listing("marks", (1, 2)), replicates(1)), {"steps": 20, "asked": 64}),
        "quick": Space((listing("marks", (1, 2)), replicates(24)), {"steps": 400, "asked": 2000}),
        "paper": Space((listing("marks", (1, 2)), replicates(32)), {"steps": 600, "asked": 4000}),
    },
    static=("steps", "asked"),
    shard_cells=8,
    precision="float32",
    packages=("flax", "optax"),
    side_by_side=False,
    coordinates={"order": networks.ORDERS, "stage": tuple(float(s) for s in (np.arange(STAGES) + 0.5) / STAGES)},
)

SOFT_SORT = Experiment(
    name="tokens/soft-sort",
    title="SoftSort from blurred to sharp",
    cell=soft_sort,
    parameters={
        "tokens": Quantity("L", "tokens"),
        "log_temperature": Quantity("\\ln \\tau", "logarithm of the temperature"),
        "replicate": Quantity("i", "draw of the scores"),
    },
    outputs={
        "scores": Quantity("i_l", "importance of a token", dims=("token",)),
        "row_sums": Quantity("\\sum_l P_{kl}", "sum of a row", dims=("token",)),
        "sorted": Quantity("(P i)_k", "importance at a place after reordering", dims=("token",)),
        "gap": Quantity("g", "smallest difference of two scores"),
    },
    scales={
        name: Space((grid("log_temperature", -18.0, 2.0, 11), replicates(count)), {"tokens": 49})
        for name, count in (("quick", 4), ("paper", 64))
    },
    static=("tokens",),
)

EXPERIMENTS = (REORDERING, SOFT_SORT)
