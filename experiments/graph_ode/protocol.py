"""The protocols under which pipeline and baselines are compared, and the trajectories each one gives.

`small` is the scaled-down protocol: 60 + 16 trajectories of Swift-Hohenberg as published, on 64 x 64 pixels. `quick`
has fewer of everything and no diffusion decoder; `half` is a quarter of its area, for sweeps that train many times.
Data are our own: the published sets, splits and tables were not published to us, so no number here compares with one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from dynamics.graph_ode import denoiser_training, predictor_training
from dynamics.graph_ode.fields import recipe, simulate
from experiments.graph_ode.contenders import Sizes, Workshop
from experiments.keys import root_key


@dataclass(frozen=True)
class Protocol:
    """Grid points a side, training and test trajectories, first frame forecast, frames forecast, sizes of the parts."""

    points: int
    train: int
    test: int
    start: int
    horizon: int
    sizes: Sizes

    @property
    def frames(self) -> int:
        return self.start + self.horizon


PROTOCOLS = {
    "smoke": Protocol(
        points=16,
        train=3,
        test=3,
        start=10,
        horizon=10,
        sizes=Sizes(
            codes=4,
            histories=200,
            width=8,
            predictor=predictor_training.Schedule(windows=16, unroll=2, steps=3, batch=2),
            steps=3,
            batch=2,
            unroll=1,
            ranks=(2, 4),
            modes=2,
            denoiser=denoiser_training.DenoiserSchedule(steps=2, batch=2, warm_up=0),
            sampler_steps=2,
        ),
    ),
    "quick": Protocol(
        points=64,
        train=16,
        test=12,
        start=20,
        horizon=40,
        sizes=Sizes(
            codes=16,
            histories=8000,
            predictor=predictor_training.Schedule(windows=600, steps=1200),
            steps=120,
            batch=4,
            unroll=2,
        ),
    ),
    "half": Protocol(
        points=32,
        train=12,
        test=12,
        start=20,
        horizon=30,
        sizes=Sizes(codes=12, histories=4000, width=24, predictor=predictor_training.Schedule(windows=300, steps=500)),
    ),
    "small": Protocol(points=64, train=60, test=16, start=20, horizon=80, sizes=Sizes()),
}


class Trajectories(NamedTuple):
    """Training and test trajectories (n, frames, channels, height, width), scaled by the extremes of the former."""

    training: np.ndarray
    test: np.ndarray


def scaled(training: np.ndarray, test: np.ndarray) -> Trajectories:
    """Both on the scale on which the training set spans [0, 1] in each channel."""
    low = training.min(axis=(0, 1, 3, 4), keepdims=True)
    span = np.maximum(training.max(axis=(0, 1, 3, 4), keepdims=True) - low, 1e-12)
    return Trajectories((training - low) / span, (test - low) / span)


@lru_cache(maxsize=4)
def trajectories_of(protocol: str, seed: int) -> Trajectories:
    """The protocol's own data under this seed: every seed draws its own trajectories."""
    chosen = PROTOCOLS[protocol]
    # One wavelength keeps its number of pixels on every grid.
    made = recipe(
        "sh_release",
        points=(chosen.points,) * 2,
        extent=(20 * np.pi * chosen.points / 64,) * 2,
        frames=chosen.frames,
    )
    run = jax.jit(lambda keys: jax.lax.map(lambda key: simulate(key, made).astype(jnp.float32), keys, batch_size=4))
    fields = np.asarray(run(jr.split(jr.fold_in(root_key(seed), 1), chosen.train + chosen.test)))
    return scaled(fields[: chosen.train], fields[chosen.train :])


@lru_cache(maxsize=4)
def workshop_of(protocol: str, seed: int) -> Workshop:
    """What fits contenders to the training trajectories; a process that asks again finds them fitted."""
    training = jnp.asarray(trajectories_of(protocol, seed).training)
    return Workshop(jr.fold_in(root_key(seed), 2), training, PROTOCOLS[protocol].sizes)


def windows_of(protocol: str, seed: int) -> tuple[jax.Array, jax.Array]:
    """The windows from which test trajectories are forecast, and the frames that came."""
    chosen, test = PROTOCOLS[protocol], trajectories_of(protocol, seed).test
    past = test[:, chosen.start - chosen.sizes.history : chosen.start]
    return jnp.asarray(past), jnp.asarray(test[:, chosen.start :])
