"""What re-encoding buys: one fitted pipeline, many rules of when to encode anew, all in one vmapped rollout."""

from __future__ import annotations

import time
from functools import partial

import jax
import jax.random as jr
import numpy as np

from dynamics.graph_ode import metrics, rollout
from experiments.experiment import Experiment, Quantity
from experiments.graph_ode.faithful import priced
from experiments.graph_ode.forecasts import MEASURED, PACKAGES, PROTOCOL, SEED
from experiments.graph_ode.protocol import PROTOCOLS, protocol_space, windows_of, workshop_of

STRIDES = ("never", "every:8", "every:4", "every:2", "every:1")
RULES = (*STRIDES, "dist:0.4", "dist:0.25", "dist:0.15", "dist:0.08", "chi:0.7", "chi:0.9", "chi:0.97", "chi:0.99")
REPEATS = 20


def trade_off(key, *, protocol, seed, decoder):
    """Errors and numbers of re-encodings of every rule on every test trajectory, from one fit."""
    del key
    chosen, workshop = PROTOCOLS[protocol], workshop_of(protocol, seed)
    fitted, _ = workshop.fitted(decoder)
    windows, truth = windows_of(protocol, seed)
    one = partial(rollout.rollout, horizon=chosen.horizon, block=chosen.sizes.block, how=chosen.sizes.how)

    @jax.jit
    def run(fitted, windows, truth):
        def under(adapt):
            def forecast(window, truth):
                found = one(fitted, window, adapt, jr.key(0))
                return metrics.squared_error(found.frames, truth), found.encodings, found.chi, found.distance

            return jax.vmap(forecast)(windows, truth)

        # One rule after another: side by side they multiply memory, and on few cores gain nothing.
        return jax.lax.map(under, rollout.rules(RULES))

    square, encodings, chi, distance = map(np.asarray, run(fitted, windows, truth))
    encode = partial(jax.jit(rollout.encoded), fitted.coders, windows[0])
    jax.block_until_ready(encode())
    begun = time.process_time()
    for _ in range(REPEATS):
        jax.block_until_ready(encode())
    return {
        "square": square,
        "encodings": encodings.astype(np.float32),
        "chi": chi[0],
        "distance": distance[0],
        "encoding": np.float32((time.process_time() - begun) / REPEATS),
    }


TRADE_OFF = Experiment(
    name="graph_ode/trade-off",
    title="Error against the number of re-encodings, by fixed strides and by rules",
    cell=trade_off,
    parameters={
        "protocol": PROTOCOL,
        "seed": SEED,
        "decoder": Quantity("decoder", "what cleans the lifted field"),
    },
    outputs={
        "square": Quantity("\\epsilon^2", "mean square error of a frame", dims=("rule", "trajectory", "frame")),
        "encodings": Quantity("n", "re-encodings after the first encoding", dims=("rule", "trajectory")),
        "chi": Quantity("\\chi", "consistency of probes and codewords, first partition", dims=("trajectory", "block")),
        "distance": Quantity("\\delta", "distance of probes from codewords, same", dims=("trajectory", "block")),
        "encoding": Quantity("t_{enc}", "processor time of one encoding with its graph", MEASURED),
    },
    scales={
        "smoke": protocol_space("smoke", 1, decoder=("wiener",)),
        "quick": protocol_space("quick", 1, decoder=("wiener",)),
        "small": protocol_space("small", 3, decoder=("wiener", "unet")),
        "paper": protocol_space("small", 3, decoder=("wiener", "unet")),
        "faithful": protocol_space("faithful", 1, decoder=("wiener", "unet")),
    },
    static=("protocol", "seed", "decoder"),
    precision="float32",
    compiled=False,
    shard_cells=1,
    packages=PACKAGES,
    coordinates={"rule": RULES},
    price=priced(lambda chosen: len(RULES) * chosen.test * chosen.horizon),
)

EXPERIMENTS = (TRADE_OFF,)
