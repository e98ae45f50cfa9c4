"""The protocols under which pipeline and baselines are compared, and the trajectories each one gives.

`small` is the scaled-down protocol: 60 + 16 trajectories of Swift-Hohenberg as published, on 64 x 64 pixels. `quick`
has fewer of everything and no diffusion decoder; `half` is a quarter of its area, for sweeps that train many times.
`faithful` is the record of the released code, for an accelerator (see `faithful` for what it costs). Data are our own:
the published sets, splits and tables were not published to us, so no number here compares with one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from dynamics.graph_ode import denoiser_training, predictor_training, unet, vector_quantiser
from dynamics.graph_ode.fields import recipe, simulate
from experiments.fingerprint import code_fingerprint, digest, versions
from experiments.graph_ode.choices import Validation
from experiments.graph_ode.contenders import Workshop
from experiments.graph_ode.sizes import FIXED, Grids, Sizes, published_sizes
from experiments.keys import root_key
from experiments.space import Space, listing

PACKAGES = ("flax", "optax")


@dataclass(frozen=True)
class Protocol:
    """Grid points a side, training and test trajectories, first frame forecast, frames forecast, sizes of the parts.

    There are as many trajectories to choose settings on as there are to test on.
    """

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
            grids=replace(FIXED, noises=(0.02, 0.05)),
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
            grids=Grids(rates=(4e-3, 1e-2), predictor_rates=(3e-3, 1e-2), trial=0.2),
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
    "small": Protocol(points=64, train=60, test=16, start=20, horizon=80, sizes=Sizes(grids=Grids())),
    "faithful": Protocol(points=128, train=100, test=50, start=20, horizon=80, sizes=published_sizes()),
    # All that is published in form, none of it in size: twenty steps of everything, for tests.
    "faithful-smoke": Protocol(
        points=16,
        train=2,
        test=2,
        start=10,
        horizon=5,
        sizes=replace(
            published_sizes(),
            codes=8,
            histories=500,
            quantiser=vector_quantiser.Schedule(pretraining=20, quantising=20, batch=64),
            hidden=8,
            latent=8,
            width=16,
            heads=2,
            steps=20,
            batch=2,
            modes=2,
            operator=8,
            predictor=predictor_training.Schedule(windows=16, unroll=2, steps=20, batch=2),
            network=replace(unet.published_unet(), base=8, multipliers=(1, 2), attention=(1,), blocks=1, groups=4),
            denoiser=replace(denoiser_training.FAITHFUL_DENOISER, steps=20, batch=2, warm_up=5),
        ),
    ),
}


class Trajectories(NamedTuple):
    """Trajectories (n, frames, channels, height, width) to train, choose and test with, scaled by the first ones."""

    training: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def scaled(training: np.ndarray, *others: np.ndarray) -> Trajectories:
    """All on the scale on which the training set spans [0, 1] in each channel."""
    low = training.min(axis=(0, 1, 3, 4), keepdims=True)
    span = np.maximum(training.max(axis=(0, 1, 3, 4), keepdims=True) - low, 1e-12)
    return Trajectories(*((part - low) / span for part in (training, *others)))


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
    fields = np.asarray(run(jr.split(jr.fold_in(root_key(seed), 1), chosen.train + 2 * chosen.test)))
    training, test, validation = np.split(fields, [chosen.train, chosen.train + chosen.test])
    return scaled(training, validation, test)


def workshop_of(protocol: str, seed: int, kept: Path | None = None) -> Workshop:
    """What fits contenders to the training trajectories; a process that asks again finds them fitted.

    kept: where a diffusion model in its published form, which trains for hours, leaves its checkpoints, under a name
    made of the code and the versions that it depends on. Others train in minutes and need none.
    """
    if kept is None or not PROTOCOLS[protocol].sizes.published:
        return _workshop(protocol, seed, None)
    own = digest({"code": code_fingerprint(workshop_of), "versions": versions(PACKAGES)})
    return _workshop(protocol, seed, kept / f"{protocol}-{seed}-{own}")


@lru_cache(maxsize=4)
def _workshop(protocol: str, seed: int, folder: Path | None) -> Workshop:
    chosen, films = PROTOCOLS[protocol], trajectories_of(protocol, seed)
    validation = Validation(*cut(chosen, films.validation))
    return Workshop(jr.fold_in(root_key(seed), 2), jnp.asarray(films.training), chosen.sizes, validation, kept=folder)


def windows_of(protocol: str, seed: int) -> tuple[jax.Array, jax.Array]:
    """The windows from which test trajectories are forecast, and the frames that came."""
    return cut(PROTOCOLS[protocol], trajectories_of(protocol, seed).test)


def protocol_space(protocol: str, seeds: int, **axis) -> Space:
    """Every value of one more parameter, under so many seeds of a protocol."""
    ((name, values),) = axis.items()
    return Space((listing("seed", range(seeds)), listing(name, values)), {"protocol": protocol})


def cut(chosen: Protocol, films: np.ndarray) -> tuple[jax.Array, jax.Array]:
    """What is seen of trajectories and what is to be forecast."""
    past = films[:, chosen.start - chosen.sizes.history : chosen.start]
    return jnp.asarray(past), jnp.asarray(films[:, chosen.start :])
