"""Everything that forecasts, fitted to the same trajectories and run from the same windows, with what it cost.

A `Workshop` holds one set of training trajectories; parts that several contenders share (codebook, predictor, decoder)
are fitted once, and each contender is charged for all it uses. Settings are chosen as those of the `Rivals` are.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from flax import nnx

from dynamics.graph_ode import baselines, denoiser_training, pipeline, rollout
from dynamics.graph_ode.noise_table import descent
from dynamics.graph_ode.predictor import Predictor, Scale
from dynamics.graph_ode.samplers import Diffusion, released_decoder
from dynamics.graph_ode.wiener import Lifted, Wiener, fit_prior, wiener_gain
from experiments.errors import UserError
from experiments.graph_ode.choices import Choice, timed
from experiments.graph_ode.rivals import BASELINES, NOTHING, Contender, Rivals, count, each
from experiments.shard import sharers
from experiments.trainings import telling

LEG = 2500
"""Steps of the published diffusion model between two checkpoints: minutes of an accelerator."""
FEW = 4
"""Validation trajectories on which diffusion decoders are compared: their forecasts are the dear ones."""
# A probe starts by looking almost at itself alone; mixing is learned, not unlearned.
SELF_SCORE = 8.0


class Way(NamedTuple):
    """How a pipeline is run: lifting, decoder, and rule of re-encoding."""

    lifting: str
    decoder: str
    adapt: str


PIPELINES = {
    "lifted-never": Way("copy", "lifted", "never"),
    "lifted-every": Way("copy", "lifted", "every:1"),
    "wiener-never": Way("copy", "wiener", "never"),
    "wiener-every": Way("copy", "wiener", "every:1"),
    "increment-every": Way("increment", "wiener", "every:1"),
    "unet-never": Way("copy", "unet", "never"),
    "unet-every": Way("copy", "unet", "every:1"),
}


class Weighed(nnx.Module):
    """A predictor that is told a share of how often codes touch: all of it, or none for the ablation of the weights."""

    def __init__(self, inner: nnx.Module, share):
        self.inner, self.share = inner, baselines.Fixed(share)

    def __call__(self, values, edges, present):
        return self.inner(values, edges.at[..., 2].multiply(self.share.get_value()), present)


@dataclass
class Workshop(Rivals):
    """Contenders fitted to one set of training trajectories: the rivals, and the pipeline in all its forms.

    kept: a folder from which a diffusion model's training that was interrupted goes on; None keeps nothing.
    """

    kept: Path | None = None

    def contender(self, name: str) -> Contender:
        """A baseline or a pipeline by name; UserError for an unknown one."""
        if name in PIPELINES:
            return self.piped(PIPELINES[name])
        if name not in BASELINES:
            raise UserError(f"Unknown contender {name!r}: choose from {', '.join((*BASELINES, *PIPELINES))}.")
        return self._once(name, lambda: self.baseline(name))

    def coders(self, kind: str = "codebook"):
        """Codebook of each channel, or probes at "uniform" or "random" places, and the seconds it took."""

        def make():
            sizes, shape = self.sizes, self.trajectories.shape
            if kind != "codebook":
                one = pipeline.place_coder(self._key(kind), shape[-2:], sizes.codes, kind)
                return jax.tree.map(lambda leaf: jnp.stack([leaf] * shape[2]), one), 0.0
            options = {"history": sizes.history, "codes": sizes.codes, "windows": sizes.histories}
            fit = partial(pipeline.fit_codebooks, **options)
            if sizes.quantiser is not None:
                more = {"hidden": sizes.hidden, "latent": sizes.latent, "mesh": sharers(sizes.quantiser.batch)}
                fit = partial(pipeline.fit_quantisers, schedule=sizes.quantiser, **options, **more)
            coders, seconds = timed(fit, self._key("codebook"), self.trajectories)
            # Devices share the training alone: what follows would be done by each of them.
            return jax.device_put(coders, jax.local_devices()[0]), seconds

        return self._once(("coders", kind), make)

    def predictors(
        self, kind: str = "codebook", mode: str = "rk4_1", how: str | None = None, weighted: bool = True
    ) -> tuple:
        """Predictor of each channel, the seconds it took, and the choice of its rate.

        The rate is chosen for the pipeline as it is, and taken over by all its variants.
        """
        how = how or self.sizes.how
        asked = (kind, mode, how, weighted)
        usual = ("codebook", "rk4_1", self.sizes.how, True)

        def untrained(share, key, scaling):
            sizes = self.sizes
            form = {"norms": True, "activation": jax.nn.relu}
            if not sizes.published:
                form = {
                    "features": "differences",
                    "residual": True,
                    "self_score": SELF_SCORE,
                    "norms": False,
                    "activation": jax.nn.gelu,
                    "scale": Scale(*scaling),
                }
            model = Predictor(key, history=sizes.history, width=sizes.width, heads=sizes.heads, mode=mode, **form)
            return Weighed(model, share)

        def make():
            sizes, coders = self.sizes, self.coders(kind)[0]

            def fit(key, coders, trajectories, share, rate, until):
                return pipeline.fit_predictors(
                    key,
                    coders,
                    trajectories,
                    partial(untrained, share),
                    history=sizes.history,
                    schedule=sizes.predictor,
                    how=how,
                    rate=rate,
                    until=until,
                )[0]

            rates = sizes.grids.predictor_rates
            rates = rates if asked == usual else (self.predictors()[2].value,)
            share = jnp.asarray(float(weighted), self.trajectories.dtype)
            return self._trained(
                fit,
                self._key("predictor"),
                coders,
                self.trajectories,
                share,
                steps=sizes.predictor.steps,
                rates=rates,
                forecaster=lambda found: self._rolled(rollout.Pipeline(coders, found, Lifted()), how=how),
            )

        return self._once(("predictors", *asked), make)

    def decoder(self, name: str) -> tuple:
        """The decoder "lifted" (none), "wiener" or "unet", the seconds it took, and the choice of its setting.

        q of the Wiener decoder and the level at which the diffusion decoder starts are chosen by forecasts, the level
        by those of a few trajectories.
        """

        def wiener():
            coders, predictors = self.coders()[0], self.predictors()[0]
            prior, seconds = timed(fit_prior, self._frames)

            def made(q):
                return Wiener(prior.mean, wiener_gain(prior.spectrum, q))

            def tried(q):
                return self.validation.missed(self._rolled(rollout.Pipeline(coders, predictors, made(q)))), 0.0

            choice = self._chosen(self.sizes.grids.noises, tried)
            return made(choice.value), seconds, choice

        def diffusion():
            sizes = self.sizes
            schedule = sizes.denoiser
            shape = replace(sizes.network, channels=self._frames.shape[1], layout=self.layout)
            key, frames = self._key("denoiser"), self._frames
            if self.kept is None:
                train = partial(denoiser_training.train_denoiser, shape=shape, schedule=schedule)
                (denoiser, _), seconds = timed(lambda key, frames: train(key, frames=frames), key, frames)
            else:
                begun, folder = time.process_time(), self.kept / "denoiser"
                options = {"every": LEG, "mesh": sharers(schedule.batch), "watch": telling(folder, schedule.steps)}
                train = partial(denoiser_training.train_denoiser_in, folder, **options)
                denoiser = jax.device_put(train(key, shape, schedule, frames)[0], jax.local_devices()[0])
                seconds = time.process_time() - begun
            if sizes.published:
                return released_decoder(denoiser, schedule.table()), seconds, Choice(sizes.grids.levels)
            coders, predictors = self.coders()[0], self.predictors()[0]

            def made(level):
                return Diffusion(denoiser, schedule.table(), descent(level, sizes.sampler_steps))

            def tried(level):
                fitted = rollout.Pipeline(coders, predictors, made(level))
                return self.validation.first(FEW).missed(self._rolled(fitted)), 0.0

            choice = self._chosen(sizes.grids.levels, tried)
            return made(choice.value), seconds, choice

        parts = {"lifted": lambda: (Lifted(), 0.0, NOTHING), "wiener": wiener, "unet": diffusion}
        if name not in parts:
            raise UserError(f"Unknown decoder {name!r}: choose from {', '.join(parts)}.")
        return self._once(("decoder", name), parts[name])

    @property
    def _frames(self):
        return self.trajectories.reshape(-1, *self.trajectories.shape[2:])

    def fitted(self, decoder: str = "wiener", **how) -> tuple[rollout.Pipeline, float]:
        """A pipeline (see `predictors` for what may be asked of it) and the seconds of all its parts."""
        coders, first = self.coders(how.get("kind", "codebook"))
        predictors, second, _ = self.predictors(**how)
        decode, third, _ = self.decoder(decoder)
        return rollout.Pipeline(coders, predictors, decode), first + second + third

    def _rolled(self, fitted: rollout.Pipeline, adapt: str = "every:1", lifting: str = "copy", how: str | None = None):
        """A pipeline as a contender's `run`."""
        rule, key = rollout.rule(adapt), self._key("rollout")
        options = {"block": self.sizes.block, "lifting": lifting, "how": how or self.sizes.how}

        def run(windows, horizon):
            keys = jr.split(key, len(windows))
            return rolled(fitted, windows, rule, keys, horizon=horizon, **options).frames

        return run

    def piped(self, way: Way, **how) -> Contender:
        """A pipeline, run in this way."""
        fitted, seconds = self.fitted(way.decoder, **how)
        run = self._rolled(fitted, way.adapt, way.lifting, how.get("how"))
        size = count(eqx.filter(fitted, eqx.is_inexact_array))
        return Contender(run, size, seconds, self.predictors(**how)[2], self.decoder(way.decoder)[2])


@partial(jax.jit, static_argnames=("horizon", "block", "lifting", "how"))
def rolled(fitted, windows, adapt, keys, *, horizon, block, lifting, how) -> rollout.Rollout:
    """Rollouts from many windows, compiled once for each shape."""
    one = partial(rollout.rollout, horizon=horizon, block=block, lifting=lifting, how=how)
    return each(lambda window, key: one(fitted, window, adapt, key), windows, keys)
