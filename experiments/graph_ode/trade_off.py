"""What re-encoding buys: one fitted pipeline, run under many rules of when to encode anew.

Fixed strides are run under every decoder; rules that look at the probes only under the Wiener decoder, since a forecast
by the diffusion decoder costs some hundred times as much and is one for each rule.
"""

from __future__ import annotations

import time
from functools import partial

import jax
import jax.random as jr
import numpy as np

from dynamics.graph_ode import metrics, rollout
from experiments.experiment import Experiment, Quantity
from experiments.graph_ode.faithful import priced
from experiments.graph_ode.forecasts import MEASURED, PROTOCOL, SEED
from experiments.graph_ode.protocol import PACKAGES, PROTOCOLS, protocol_space, windows_of, workshop_of
from experiments.graph_ode.rivals import each

STRIDES = ("never", "every:8", "every:4", "every:2", "every:1")
RULES = (*STRIDES, "dist:0.4", "dist:0.25", "dist:0.15", "dist:0.08", "chi:0.7", "chi:0.9", "chi:0.97", "chi:0.99")
REPEATS = 20


def rolled_under(rules, protocol, seed, decoder, kept):
    """Square errors, numbers of re-encodings, chi and distance (rules, trajectories, ...) on the test trajectories."""
    chosen = PROTOCOLS[protocol]
    fitted, _ = workshop_of(protocol, seed, kept).fitted(decoder)
    one = partial(rollout.rollout, horizon=chosen.horizon, block=chosen.sizes.block, how=chosen.sizes.how)

    @jax.jit
    def run(fitted, windows, truth):
        def under(adapt):
            def forecast(window, truth):
                found = one(fitted, window, adapt, jr.key(0))
                return metrics.squared_error(found.frames, truth), found.encodings, found.chi, found.distance

            return each(forecast, windows, truth)

        # One rule after another: side by side they multiply memory, and on few cores gain nothing.
        return jax.lax.map(under, rollout.rules(rules))

    square, encodings, chi, distance = map(np.asarray, run(fitted, *windows_of(protocol, seed)))
    return square, encodings.astype(np.float32), chi, distance


def strides(key, *, protocol, seed, decoder, kept):
    """Errors and numbers of re-encodings of every fixed stride on every test trajectory, from one fit."""
    del key  # the seed draws data and weights, so that decoders of one seed are paired
    square, encodings, _, _ = rolled_under(STRIDES, protocol, seed, decoder, kept)
    return {"square": square, "encodings": encodings}


def trade_off(key, *, protocol, seed, decoder, kept):
    """The same of every rule, what the rules saw, and what an encoding costs."""
    del key
    square, encodings, chi, distance = rolled_under(RULES, protocol, seed, decoder, kept)
    coders, window = workshop_of(protocol, seed, kept).coders()[0], windows_of(protocol, seed)[0][0]
    encode = partial(jax.jit(rollout.encoded), coders, window)
    jax.block_until_ready(encode())
    begun = time.process_time()
    for _ in range(REPEATS):
        jax.block_until_ready(encode())
    return {
        "square": square,
        "encodings": encodings,
        "chi": chi[0],
        "distance": distance[0],
        "encoding": np.float32((time.process_time() - begun) / REPEATS),
    }


DECODER = Quantity("decoder", "what cleans the lifted field")
SQUARE = Quantity("\\epsilon^2", "mean square error of a frame", dims=("rule", "trajectory", "frame"))
ENCODINGS = Quantity("n", "re-encodings after the first encoding", dims=("rule", "trajectory"))

STRIDED = Experiment(
    name="graph_ode/strides",
    title="Error against the number of re-encodings at fixed strides, by decoder",
    cell=strides,
    parameters={"protocol": PROTOCOL, "seed": SEED, "decoder": DECODER},
    outputs={"square": SQUARE, "encodings": ENCODINGS},
    scales={
        "smoke": protocol_space("smoke", 1, decoder=("wiener",)),
        "quick": protocol_space("quick", 1, decoder=("lifted", "wiener")),
        "small": protocol_space("small", 3, decoder=("lifted", "wiener", "unet")),
        "paper": protocol_space("small", 3, decoder=("lifted", "wiener", "unet")),
        "faithful": protocol_space("faithful", 1, decoder=("lifted", "wiener", "unet")),
    },
    static=("protocol", "seed", "decoder"),
    precision="float32",
    compiled=False,
    shard_cells=1,
    packages=PACKAGES,
    coordinates={"rule": STRIDES},
    keeps=True,
    price=priced(lambda chosen: len(STRIDES) * chosen.test * chosen.horizon),
)

TRADE_OFF = Experiment(
    name="graph_ode/trade-off",
    title="Error against the number of re-encodings, by fixed strides and by rules",
    cell=trade_off,
    parameters={"protocol": PROTOCOL, "seed": SEED, "decoder": DECODER},
    outputs={
        "square": SQUARE,
        "encodings": ENCODINGS,
        "chi": Quantity("\\chi", "consistency of probes and codewords, first partition", dims=("trajectory", "block")),
        "distance": Quantity("\\delta", "distance of probes from codewords, same", dims=("trajectory", "block")),
        "encoding": Quantity("t_{enc}", "processor time of one encoding with its graph", MEASURED),
    },
    scales={
        "smoke": protocol_space("smoke", 1, decoder=("wiener",)),
        "quick": protocol_space("quick", 1, decoder=("wiener",)),
        "small": protocol_space("small", 3, decoder=("wiener",)),
        "paper": protocol_space("small", 3, decoder=("wiener",)),
        "faithful": protocol_space("faithful", 1, decoder=("wiener",)),
    },
    static=("protocol", "seed", "decoder"),
    precision="float32",
    compiled=False,
    shard_cells=1,
    packages=PACKAGES,
    coordinates={"rule": RULES},
    # It has no diffusion decoder, and so no price; what it fits it shares with the sweeps that have one.
    keeps=True,
)

EXPERIMENTS = (STRIDED, TRADE_OFF)
