"""One forecast taken apart: field, codes, probes and weights, what they lift to, and what the decoder makes of it."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from dynamics.graph_ode import rollout
from experiments.experiment import Experiment, Quantity
from experiments.graph_ode.forecasts import PROTOCOL, SEED
from experiments.graph_ode.protocol import PACKAGES, PROTOCOLS, trajectories_of, workshop_of
from experiments.space import Space, listing


def panel(key, *, protocol, seed, trajectory):
    """The parts of one block's forecast, from a true window in the middle of the horizon."""
    chosen, workshop = PROTOCOLS[protocol], workshop_of(protocol, seed)
    fitted, _ = workshop.fitted("wiener")
    block, history = chosen.sizes.block, chosen.sizes.history
    now = chosen.start + chosen.horizon // 2
    test = jnp.asarray(trajectories_of(protocol, seed).test[trajectory])
    window, truth = test[now - history : now], test[now + block - 1, 0]
    shape = truth.shape

    @jax.jit
    def run(fitted, window):
        codes, graph = rollout.encoded(fitted.coders, window)
        first = jax.tree.map(lambda leaf: leaf[0], (fitted.coders, fitted.predictors))
        lifted = rollout.lifted_block(
            *first, codes[0], rollout.histories(window)[0], jr.key(0), shape, block, "mean", "copy"
        )[-1].reshape(shape)
        return codes[0], jax.tree.map(lambda leaf: leaf[0], graph), lifted, fitted.decoder(lifted[None], key)[0]

    codes, graph, lifted, decoded = run(fitted, window)
    found = {
        "now": window[-1, 0],
        "truth": truth,
        "codes": codes.reshape(shape).astype(window.dtype),
        "lifted": lifted,
        "decoded": decoded,
        "weights": graph.edges[..., 2],
        "values": graph.values[:, -1],
        "present": graph.present.astype(window.dtype),
        "places": graph.coordinates,
    }
    return jax.tree.map(np.asarray, found)


_FIELD, _CODE = ("y", "x"), ("code",)
PANEL = Experiment(
    name="graph_ode/panel",
    title="One block's forecast taken apart",
    cell=panel,
    parameters={"protocol": PROTOCOL, "seed": SEED, "trajectory": Quantity("j", "test trajectory")},
    outputs={
        "now": Quantity("u(t)", "last true frame seen", dims=_FIELD),
        "truth": Quantity("u(t+5)", "true frame a block later", dims=_FIELD),
        "codes": Quantity("k", "code of each pixel", dims=_FIELD),
        "lifted": Quantity("y", "probes' forecast, copied to their pixels", dims=_FIELD),
        "decoded": Quantity("\\hat u", "what the decoder makes of it", dims=_FIELD),
        "weights": Quantity("W", "scaled co-occurrence of codes", dims=("code", "other")),
        "values": Quantity("v", "values of the probes", dims=_CODE),
        "present": Quantity("m", "whether a code is in use", dims=_CODE),
        "places": Quantity("x", "mean places of the codes' pixels", dims=("code", "axis")),
    },
    scales={
        name: Space((listing("seed", (0,)),), {"protocol": protocol, "trajectory": 0})
        for name, protocol in {"smoke": "smoke", "quick": "quick", "small": "small", "paper": "small"}.items()
    },
    static=("protocol", "seed", "trajectory"),
    precision="float32",
    compiled=False,
    packages=PACKAGES,
)

EXPERIMENTS = (PANEL,)
