"""What is lost before anything is forecast: true frames through codes, representatives and decoder, and back."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from dynamics.graph_ode import metrics, rollout
from experiments.experiment import Experiment, Quantity
from experiments.graph_ode.faithful import priced
from experiments.graph_ode.forecasts import PROTOCOL, SEED
from experiments.graph_ode.protocol import PACKAGES, PROTOCOLS, protocol_space, trajectories_of, workshop_of

REPRESENTATIVES = ("mean", "random")
DRAWS, FRAMES = 16, 4


def reconstruction(key, *, protocol, seed, decoder, kept):
    """Mean square errors of lifted and of decoded fields, by representative, per trajectory and frame."""
    chosen, workshop = PROTOCOLS[protocol], workshop_of(protocol, seed, kept)
    coders, decode = workshop.coders()[0], workshop.decoder(decoder)[0]
    history, test = chosen.sizes.history, trajectories_of(protocol, seed).test
    ends = np.unique(np.linspace(chosen.start, chosen.frames - 1, FRAMES).astype(int))
    windows = jnp.asarray(np.stack([test[:, end - history + 1 : end + 1] for end in ends], axis=1))

    @jax.jit
    def run(coders, decode, windows, keys):
        def one(place):
            window, key = place
            truth = window[-1]

            def errors(how, key):
                lifted = rollout.rebuilt(coders, window, key, how)
                decoded = decode(lifted, key)
                return jnp.stack([metrics.squared_error(field, truth) for field in (lifted, decoded)])

            draws = jax.lax.map(lambda key: errors("random", key), jr.split(key, DRAWS))
            return jnp.stack([errors("mean", key), jnp.mean(draws, axis=0)], axis=1)

        flat = windows.reshape(-1, *windows.shape[2:])
        found = jax.lax.map(one, (flat, keys))
        return found.reshape(*windows.shape[:2], *found.shape[1:])

    found = np.asarray(run(coders, decode, windows, jr.split(key, windows.shape[0] * windows.shape[1])))
    lifted, decoded = np.moveaxis(found, 2, 0)
    return {"lifted": np.moveaxis(lifted, 2, 0), "decoded": np.moveaxis(decoded, 2, 0)}


_DIMS = ("representative", "trajectory", "frame")


RECONSTRUCTION = Experiment(
    name="graph_ode/reconstruction",
    title="True frames through codes, representatives and decoder, and back",
    cell=reconstruction,
    parameters={"protocol": PROTOCOL, "seed": SEED, "decoder": Quantity("decoder", "what cleans the lifted field")},
    outputs={
        "lifted": Quantity("\\epsilon_L^2", "mean square error of the lifted field", dims=_DIMS),
        "decoded": Quantity("\\epsilon_D^2", "mean square error of the decoded field", dims=_DIMS),
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
    coordinates={"representative": REPRESENTATIVES},
    keeps=True,
    price=priced(lambda chosen: FRAMES * (DRAWS + 1) * chosen.test),
)

EXPERIMENTS = (RECONSTRUCTION,)
