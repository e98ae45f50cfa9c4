"""Everything that forecasts, fitted to the same trajectories and run from the same windows, with what it cost.

A `Workshop` holds one set of training trajectories; parts that several contenders share (codebook, predictor, decoder)
are fitted once, and each contender is charged for all it uses. What `Sizes.grids` leaves open is chosen by the error
of forecasts of validation trajectories (`choices`); rates of long trainings are tried for a share of their steps. Costs
are processor seconds without compilation: they are measured, so they alone may differ from run to run.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from flax import nnx

from dynamics import training
from dynamics.graph_ode import baselines, denoiser_training, pipeline, rollout, unet
from dynamics.graph_ode.noise_table import descent
from dynamics.graph_ode.predictor import Predictor, Scale
from dynamics.graph_ode.samplers import Diffusion, released_decoder
from dynamics.graph_ode.scaling import Scaling, features, grown, scaling_of
from dynamics.graph_ode.wiener import Lifted, Wiener, fit_prior, wiener_gain
from experiments.errors import UserError
from experiments.graph_ode.choices import Choice, Validation, chosen, compiled, timed
from experiments.graph_ode.sizes import Sizes as Sizes
from experiments.shard import sharers
from experiments.trainings import telling

LEG = 2500
"""Steps of the published diffusion model between two checkpoints: minutes of an accelerator."""
FEW = 4
"""Validation trajectories on which diffusion decoders are compared: their forecasts are the dear ones."""
# A probe starts by looking almost at itself alone; mixing is learned, not unlearned.
SELF_SCORE = 8.0


BASELINES = {
    "persistence": "persistence",
    "ar": "linear autoregression per pixel",
    "dmd": "mode decomposition, rank 1 %",
    "dmd-4": "mode decomposition, rank 4 %",
    "pointwise": "network per pixel",
    "fno-direct": "FNO, direct",
    "fno": "FNO, residual",
    "cnn": "periodic CNN, residual",
    "unet": "small U-Net, residual",
}


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


NOTHING = Choice((0.0,))


class Contender(NamedTuple):
    """`run(windows, horizon)`: (n, T, C, H, W) to (n, horizon, C, H, W); numbers trained or fitted, and seconds.

    rate: of Adam, of what is trained in steps.  setting: ridge, delays, q of the Wiener decoder, or start level of the
    diffusion decoder.  Both with what they were chosen from; 0 where there is none.
    """

    run: Callable
    parameters: int
    seconds: float
    rate: Choice = NOTHING
    setting: Choice = NOTHING

    @property
    def choosing(self) -> float:
        """Processor seconds of all that was tried."""
        return self.rate.seconds + self.setting.seconds


class Weighed(nnx.Module):
    """A predictor that is told a share of how often codes touch: all of it, or none for the ablation of the weights."""

    def __init__(self, inner: nnx.Module, share):
        self.inner, self.share = inner, baselines.Fixed(share)

    def __call__(self, values, edges, present):
        return self.inner(values, edges.at[..., 2].multiply(self.share.get_value()), present)


class UNetForecaster(nnx.Module):
    """The denoiser's U-Net as a forecaster: the window's features in, the change of the last frame out."""

    together = True

    def __init__(self, history: int, scaling: Scaling, key, layout: str):
        channels = scaling.mean.size
        self.net = unet.UNet(unet.small_unet(history * channels, layout=layout), key)
        self.scaling = baselines.Fixed(scaling)

    def __call__(self, window):
        scaling, channels = self.scaling.get_value(), window.shape[1]
        shown = features(window, scaling)
        inputs = jnp.moveaxis(shown.reshape(-1, *shown.shape[-3:]), -1, 1)
        output = self.net(inputs, jnp.zeros(len(inputs), jnp.int32))[:, -channels:]
        return grown(window, jnp.moveaxis(output, 1, -1).reshape(*shown.shape[:-1], channels), scaling)


def count(*trees) -> int:
    """How many numbers these hold."""
    return sum(leaf.size for leaf in jax.tree.leaves(trees))


@dataclass
class Workshop:
    """Contenders fitted to one set of training trajectories, (n, frames, C, H, W) in [0, 1], under one key.

    validation: what settings are chosen on; without it each is the first of its grid.
    kept: a folder from which a diffusion model's training that was interrupted goes on; None keeps nothing.
    """

    key: jax.Array
    trajectories: jax.Array
    sizes: Sizes
    validation: Validation | None = None
    kept: Path | None = None
    made: dict = field(default_factory=dict)

    def contender(self, name: str) -> Contender:
        """A baseline or a pipeline by name; UserError for an unknown one."""
        if name in PIPELINES:
            return self.piped(PIPELINES[name])
        if name not in BASELINES:
            raise UserError(f"Unknown contender {name!r}: choose from {', '.join((*BASELINES, *PIPELINES))}.")
        return self._once(name, lambda: self._baseline(name))

    def _once(self, name, make):
        if name not in self.made:
            self.made[name] = make()
        return self.made[name]

    def _key(self, name: str):
        return jr.fold_in(self.key, sum(ord(letter) * 131**i for i, letter in enumerate(name)) % 2**31)

    def _chosen(self, values, trial: Callable) -> Choice:
        return chosen(values, trial, self.validation is not None)

    def _trained(self, fit: Callable, *arguments, steps: int, rates, forecaster: Callable):
        """What `fit(*arguments, rate, steps)` trains at the best rate, its seconds, and the choice of the rate.

        forecaster: what was fitted -> a contender's `run`.
        """
        whole, trial = jnp.asarray(steps, jnp.int32), max(1, round(self.sizes.grids.trial * steps))
        program = compiled(fit, *arguments, jnp.float32(rates[0]), whole)

        def tried(rate):
            fitted, seconds = program(*arguments, jnp.float32(rate), jnp.asarray(trial, jnp.int32))
            return self.validation.missed(forecaster(fitted)), seconds

        choice = self._chosen(rates, tried)
        return *program(*arguments, jnp.float32(choice.value), whole), choice

    # ---- baselines

    def _baseline(self, name: str) -> Contender:
        grids = self.sizes.grids
        if name == "persistence":
            return Contender(partial(_forecaster(lambda _, w: baselines.persistence(w)), ()), 0, 0.0)
        if name == "ar":
            least = partial(baselines.fit_autoregression, history=self.sizes.history)
            fit = compiled(lambda films, ridge: least(films, ridge=ridge), self.trajectories, jnp.float32(0))
            made = self._tuned(
                _forecaster(baselines.autoregression),
                lambda ridge: fit(self.trajectories, jnp.float32(ridge)),
                grids.ridges,
            )
            # The means of its inputs are no numbers of their own: they could stand in the offset.
            return made._replace(parameters=made.parameters - self.sizes.history * self.trajectories.shape[2])
        if name.startswith("dmd"):
            n, frames, *shape = self.trajectories.shape
            rank = min(self.sizes.ranks[name == "dmd-4"], n * frames // 2, shape[0] * shape[1] * shape[2] // 2)
            run, key = _forecaster(baselines.mode_decomposition), self._key(name)

            def decomposed(delays):
                return timed(
                    partial(baselines.fit_mode_decomposition, rank=rank, delays=delays), key, self.trajectories
                )

            return self._tuned(run, decomposed, grids.delays)
        make, pixels = self._network(name)
        # A pixel's window costs next to nothing, and one of the U-Net as much as ten of the CNN.
        share = 2.0 if pixels else 0.5 if name == "unet" else 1.0
        loss = baselines.unrolled_loss(
            self.sizes.history,
            unroll=self.sizes.unroll,
            batch=round(share * self.sizes.batch),
            noise=self.sizes.predictor.noise,
            pixels=pixels,
        )

        def fit(key, trajectories, rate, until):
            weight_key, batch_key = jr.split(key)
            model, steps = make(scaling_of(trajectories), weight_key), self.sizes.steps
            optimiser = training.adam(until, rate)
            data = (trajectories, baselines.units_of(trajectories))
            return training.trained(model, loss, optimiser, batch_key, steps, data=data, until=until)[0]

        run = _forecaster(lambda net, window: net(window))
        model, seconds, rate = self._trained(
            fit,
            self._key(name),
            self.trajectories,
            steps=self.sizes.steps,
            rates=grids.rates,
            forecaster=lambda net: partial(run, net),
        )
        return Contender(partial(run, model), baselines.weight_count(model), seconds, rate)

    def _tuned(self, run: Callable, fit: Callable, values) -> Contender:
        """A contender fitted in closed form with each of the values; `fit(value)` -> what was fitted, and seconds."""
        done = {}

        def tried(value):
            done[value] = fit(value)
            return self.validation.missed(partial(run, done[value][0])), done[value][1]

        choice = self._chosen(values, tried)
        fitted, seconds = done.get(choice.value) or fit(choice.value)
        return Contender(partial(run, fitted), count(fitted), seconds, setting=choice)

    def _network(self, name: str):
        history, modes = self.sizes.history, min(self.sizes.modes, min(self.trajectories.shape[-2:]) // 2)
        operator = partial(baselines.FourierOperator, history, modes=modes, width=self.sizes.operator)
        return {
            "pointwise": (partial(baselines.PointwiseNetwork, history), 256),
            "fno-direct": (partial(operator, residual=False), None),
            "fno": (partial(operator, residual=True), None),
            "cnn": (partial(baselines.PeriodicCNN, history), None),
            "unet": (partial(UNetForecaster, history, layout=self.layout), None),
        }[name]

    @property
    def layout(self) -> str:
        """XLA's own convolutions are slow on a CPU and right elsewhere."""
        return "matmul" if jax.default_backend() == "cpu" else "xla"

    # ---- the pipeline

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


def each(function: Callable, *rows):
    """What the function makes of every row: side by side, or one after another on a CPU, whose caches many fields
    overflow."""
    if jax.default_backend() == "cpu":
        return jax.lax.map(lambda row: function(*row), rows)
    return jax.vmap(function)(*rows)


def _forecaster(next_frame: Callable) -> Callable:
    """(what was fitted, windows, horizon) to forecasts, compiled once for each shape."""

    @partial(jax.jit, static_argnums=2)
    def run(fitted, windows, horizon):
        return each(lambda w: baselines.forecast(lambda x: next_frame(fitted, x), w, horizon), windows)

    return run
