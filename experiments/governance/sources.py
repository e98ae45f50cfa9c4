"""Where the variance of a body's action comes from, and how much it cooperates, for bodies of 5 to 60 neurons.

Var_1 = A + B/d needs the two sources apart: a noisy body with a cooperator, and a silent one with a noisy opponent.
Bodies are habituated for ever (`settled`), which costs no rounds, so that there are enough of them for a law in d.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from dynamics import governance as gov
from experiments.experiment import Experiment, Quantity
from experiments.governance.common import DIMENSION, REPLICATE, WIDTH
from experiments.governance.dimension import RIDGE
from experiments.space import Space, cases, replicates

DIMENSIONS = (5, 10, 20, 40, 60)
WARM_UP, ROUNDS = 100, 500
# Of the fixed point of habituation; only a neuron on the edge needs more.
ITERATIONS = 200
SOURCES = ("noise", "pulses", "both")


def sources(key, *, dimension, width):
    """One body alone: what its noise and the opponent's pulses do to z = w . x + b_o; and the sentinel in that body."""
    draws = gov.Keyed(key, alive=(jnp.arange(width) < dimension).astype(float))
    fresh = gov.new_body(draws, width)
    readout = jax.tree.map(lambda leaf: leaf[0], gov.developed(draws, fresh, (RIDGE * dimension / 30,)))
    body = fresh._replace(recurrent=gov.settled_weights(fresh, iterations=ITERATIONS))
    noise = draws.noises([5000], WARM_UP + ROUNDS, width)[0]
    quiet = jnp.ones(ROUNDS, noise.dtype)
    noisy = gov.noisy(draws.uniforms(8000, ROUNDS)).astype(noise.dtype)
    calm = jax.tree.map(lambda leaf: leaf[0], gov.baselines(draws, body, readout, [5500]))
    agents = gov.stacked(*[gov.static(1.0)] * len(SOURCES), gov.sentinel())
    run = jax.vmap(gov.play, (None, None, 0, 0, 0, None, None))(
        body,
        readout,
        agents,
        jnp.stack([quiet, noisy, noisy, quiet]),
        jnp.stack([noise, jnp.zeros_like(noise), noise, noise]),
        calm,
        dimension,
    )
    logit = (run.states @ readout.weights + readout.intercept)[: len(SOURCES)]
    silent, pulses = logit[SOURCES.index("pulses")], noisy - noisy.mean()
    return {
        "logit_variance": logit.var(-1),
        "gain": jnp.sum(pulses * silent) / jnp.sum(pulses**2),
        "action": run.decisions.body[0].mean(),
        "sentinel_action": run.decisions.action[-1].mean(),
    }


_SOURCE = ("source",)

SOURCES_OF_VARIANCE = Experiment(
    name="governance/sources",
    title="Sources of a body's variance, for bodies of 5 to 60 neurons",
    cell=sources,
    parameters={"dimension": DIMENSION, "width": WIDTH, "replicate": REPLICATE},
    outputs={
        "logit_variance": Quantity("Var[z]", "variance of the logit of the body's action", dims=_SOURCE),
        "gain": Quantity(r"dz/do", "what the opponent's last action does to the logit, without noise"),
        "action": Quantity(r"\bar a_{body}", "mean action of the body with a cooperator"),
        "sentinel_action": Quantity(r"\bar a_S", "mean action of the sentinel in this body with a cooperator"),
    },
    scales={
        name: Space((cases("dimension", dimension=DIMENSIONS, width=widths), replicates(count)))
        # Padding costs less than a second compilation, as long as there are few bodies.
        for name, widths, count in (("quick", (60,) * 5, 56), ("paper", (20, 20, 20, 60, 60), 384))
    },
    static=("width",),
    shard_cells=48,
    precision="float32",
    coordinates={"source": SOURCES},
    lightly=True,
)

EXPERIMENTS = (SOURCES_OF_VARIANCE,)
