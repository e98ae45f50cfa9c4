"""Training of the noise estimator on single frames, and what comes of it: a denoiser that samplers can call.

Loss: mean |eps - eps_theta(x_n, n)|^2 over frames drawn evenly, n even on 1..n_max, eps white. n_max = 1000 is the
faithful variant; 250 the fast one, for decoders that start low. The loop is that of every row (`dynamics.training`):
seeds side by side, a running average of the weights, checkpoints from which a stopped training goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
from flax import nnx
from jax.sharding import Mesh
from jaxtyping import Array, Float, Int, Key

from dynamics import training as loops
from dynamics.graph_ode.noise_table import Table, noise_table
from dynamics.graph_ode.unet import Batch, UNet, UNetShape
from dynamics.graph_ode.wiener import Field
from dynamics.sharing import shared_among


@dataclass(frozen=True)
class DenoiserSchedule:
    """How a denoiser is trained.

    steps, batch: of frames.  n_max: noisiest level it sees.  rate: of Adam, after a linear `warm_up` of so many steps,
    then down a cosine to a tenth unless `constant`.  averaging: what the average of the weights keeps of itself a step;
    None trains without.  levels, first, last: the noise table's.
    """

    steps: int = 400
    batch: int = 8
    n_max: int = 250
    rate: float = 2e-3
    warm_up: int = 20
    constant: bool = False
    averaging: float | None = 0.99
    levels: int = 1000
    first: float = 1e-4
    last: float = 0.02

    def __post_init__(self):
        if not 1 <= self.n_max <= self.levels:
            raise ValueError(f"`n_max` must lie in [1, {self.levels}], but is {self.n_max}.")
        if self.steps < 1 or self.batch < 1 or self.warm_up < 0 or not self.rate > 0:
            raise ValueError(f"`steps`, `batch` from 1, `warm_up` from 0 and a positive `rate` are needed: {self}.")

    def table(self) -> Table:
        """The one table, for training and for sampling."""
        return noise_table(self.levels, self.first, self.last)

    def optimiser(self) -> optax.GradientTransformation:
        """Adam on gradients clipped to norm 1."""
        end = self.rate if self.constant else self.rate / 10
        warm = min(self.warm_up, self.steps - 1)
        course = optax.warmup_cosine_decay_schedule(self.rate / 10, self.rate, warm, self.steps, end)
        return optax.chain(optax.clip_by_global_norm(1.0), optax.adam(course))


FAITHFUL_DENOISER = DenoiserSchedule(
    steps=1000 * 10_000 // 32,
    batch=32,
    n_max=1000,
    rate=1e-5,
    warm_up=100 * 10_000 // 32,
    constant=True,
    averaging=0.9999,
)
"""The published record: 1000 epochs of 100 x 100 frames, warm-up over 100 of them (for an accelerator)."""


def noise_loss(
    model: Callable, table: Table, clean: Batch, level: Int[Array, " frames"], noise: Batch, key=None
) -> Float[Array, ""]:
    """Mean square error of the noise estimated in x_n; `clean` on the scale [-1, 1]."""
    return jnp.mean((model(table.noised(clean, level, noise), level, key) - noise) ** 2)


def drawn_loss(schedule: DenoiserSchedule, mesh: Mesh | None = None) -> Callable[..., Float[Array, ""]]:
    """The training loss of a batch drawn by a key from `frames`, fields in [0, 1]. mesh: whose devices share a batch;
    ValueError if it does not divide among them."""
    table = schedule.table()

    def missed(model, key, clean, level, noise):
        return noise_loss(model, table, clean, level, noise, key)

    missed = shared_among(mesh, missed, schedule.batch)

    def loss(model: nnx.Module, key: Key[Array, ""], frames: Batch) -> Float[Array, ""]:
        place_key, level_key, noise_key, dropout_key = jr.split(key, 4)
        places = jr.randint(place_key, (schedule.batch,), 0, frames.shape[0])
        clean = 2 * frames[places] - 1
        level = jr.randint(level_key, (schedule.batch,), 1, schedule.n_max + 1)
        noise = jr.normal(noise_key, clean.shape, clean.dtype)
        return missed(model, dropout_key, clean, level, noise)

    return loss


class NetworkDenoiser(eqx.Module):
    """A trained network as samplers call it: one field and its level in, the noise out. A PyTree of its weights."""

    structure: Any = eqx.field(static=True)
    weights: Any

    @classmethod
    def of(cls, model: nnx.Module) -> NetworkDenoiser:
        """The denoiser that this network is."""
        return cls(*nnx.split(model))

    def __call__(self, x: Field, level: Int[Array, ""]) -> Field:
        return nnx.merge(self.structure, self.weights)(x[None], jnp.asarray(level)[None])[0]


def held_out_loss(
    denoise: Callable, schedule: DenoiserSchedule, frames: Batch, key: Key[Array, ""], draws: int = 1
) -> Float[Array, ""]:
    """The loss on these frames, each at `draws` levels and noises of its own, one frame after another."""
    table = schedule.table()

    def one(place):
        frame, key = place
        level_key, noise_key = jr.split(key)
        level = jr.randint(level_key, (), 1, schedule.n_max + 1)
        noise = jr.normal(noise_key, frame.shape, frame.dtype)
        return jnp.mean((denoise(table.noised(2 * frame - 1, level, noise), level) - noise) ** 2)

    keys = jr.split(key, (draws, frames.shape[0]))
    return jnp.mean(jax.lax.map(lambda keys: jnp.mean(jax.lax.map(one, (frames, keys))), keys))


def begin(
    key: Key[Array, ""],
    shape: UNetShape,
    schedule: DenoiserSchedule,
    frames: Batch,
    *,
    seeds: int | None = None,
    dtype=jnp.float32,
    mesh: Mesh | None = None,
) -> tuple[loops.Training, loops.Course]:
    """A training of the network on frames in [0, 1], before its first step; of several seeds if `seeds` says so.

    mesh: whose devices share every batch; without dropout, whose masks they draw by keys of their own, the losses agree
    with those of one device to rounding.
    ValueError if the frames are not in [0, 1] (concrete ones) or have other channels than the network.
    """
    if frames.shape[1] != shape.channels:
        raise ValueError(f"`frames` must have {shape.channels} channels, but has {frames.shape[1]}.")
    if not isinstance(frames, jax.core.Tracer):
        low, high = float(np.min(frames)), float(np.max(frames))
        # Negated, so that NaN is refused as well.
        if not (low >= -1e-6 and high <= 1 + 1e-6):
            raise ValueError(f"`frames` must lie in [0, 1], but has values from {low:g} to {high:g}.")
    frames = jnp.asarray(frames, dtype)
    loss, optimiser = drawn_loss(schedule, mesh), schedule.optimiser()
    more = {"data": (frames,), "averaging": schedule.averaging}
    if seeds is not None:

        def make(key):
            return UNet(shape, key, dtype)

        return loops.start_seeds(make, loss, optimiser, key, schedule.steps, seeds, **more)
    weight_key, batch_key = jr.split(key)
    return loops.start(UNet(shape, weight_key, dtype), loss, optimiser, batch_key, schedule.steps, **more)


def reached(training: loops.Training, course: loops.Course) -> NetworkDenoiser:
    """The denoiser of the averaged weights, or of the last ones where no average was kept."""
    model = training.model(course) if training.averaging is None else training.averaged(course)
    return NetworkDenoiser.of(model)


def train_denoiser(
    key: Key[Array, ""], shape: UNetShape, schedule: DenoiserSchedule, frames: Batch, *, dtype=jnp.float32
) -> tuple[NetworkDenoiser, Float[Array, " steps"]]:
    """The trained denoiser and the loss of every step; pure, for use under jit and vmap."""
    training, course = begin(key, shape, schedule, frames, dtype=dtype)
    course = loops.advance(training, course, schedule.steps)
    return reached(training, course), course.losses


def train_denoiser_in(
    folder: Path,
    key: Key[Array, ""],
    shape: UNetShape,
    schedule: DenoiserSchedule,
    frames: Batch,
    *,
    every: int = 100,
    seeds: int | None = None,
    watch: Callable[[int, float], None] = lambda done, loss: None,
    mesh: Mesh | None = None,
) -> tuple[NetworkDenoiser, Float[Array, "*seeds steps"]]:
    """The same, kept in `folder` every so many steps and taken up from there: killed and resumed, to the same bits."""
    training, course = begin(key, shape, schedule, frames, seeds=seeds, mesh=mesh)
    settings = {
        "network": asdict(shape) | {"multipliers": list(shape.multipliers), "attention": list(shape.attention)},
        "schedule": asdict(schedule),
        "key": [int(word) for word in jr.key_data(key).ravel()],
        "frames": list(frames.shape),
        "seeds": seeds,
    }
    course = loops.train_with_checkpoints(
        training, course, folder, every=every, settings=settings, watch=watch, mesh=mesh
    )
    return reached(training, course), course.losses
