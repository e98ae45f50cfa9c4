"""Everything that forecasts, fitted to the same trajectories and run from the same windows, with what it cost.

A `Workshop` holds one set of training trajectories; parts that several contenders share (codebook, predictor, decoder)
are fitted once, and each contender is charged for all it uses. Costs are processor seconds without compilation: they
are measured, so they alone may differ from run to run.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from flax import nnx

from dynamics import training
from dynamics.graph_ode import baselines, denoiser_training, pipeline, predictor_training, rollout, unet
from dynamics.graph_ode.noise_table import descent
from dynamics.graph_ode.predictor import Predictor, Scale
from dynamics.graph_ode.samplers import Diffusion
from dynamics.graph_ode.scaling import Scaling, features, grown, scaling_of
from dynamics.graph_ode.wiener import Lifted, fit_wiener
from experiments.errors import UserError

# A probe starts by looking almost at itself alone; mixing is learned, not unlearned.
SELF_SCORE = 8.0


@dataclass(frozen=True)
class Sizes:
    """How large the parts are and how long they are trained.

    history, codes, block: T, K, frames between two chances to encode.  histories: what the codebook is fitted to.
    width, heads, predictor: of the graph predictor and its training.  noise: q of the Wiener decoder.  steps, batch,
    unroll: of the network baselines' training.  ranks: of the mode decompositions.  modes: of the Fourier operators.
    denoiser, start_level, sampler_steps: of the diffusion decoder.
    """

    history: int = 10
    codes: int = 30
    block: int = 5
    histories: int = 32_000
    width: int = 48
    heads: int = 2
    predictor: predictor_training.Schedule = field(default_factory=predictor_training.Schedule)
    noise: float = 0.02
    steps: int = 600
    batch: int = 8
    unroll: int = 3
    ranks: tuple[int, int] = (41, 164)
    modes: int = 16
    denoiser: denoiser_training.DenoiserSchedule = field(default_factory=denoiser_training.DenoiserSchedule)
    start_level: int = 20
    sampler_steps: int = 5


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


class Contender(NamedTuple):
    """`run(windows, horizon)`: (n, T, C, H, W) to (n, horizon, C, H, W); numbers trained or fitted, and seconds."""

    run: Callable
    parameters: int
    seconds: float


class Weighed(nnx.Module):
    """A predictor that is told a share of how often codes touch: all of it, or none for the ablation of the weights."""

    def __init__(self, inner: nnx.Module, share):
        self.inner, self.share = inner, baselines.Fixed(share)

    def __call__(self, values, edges, present):
        return self.inner(values, edges.at[..., 2].multiply(self.share.get_value()), present)


class UNetForecaster(nnx.Module):
    """The denoiser's U-Net as a forecaster: the window's features in, the change of the last frame out."""

    def __init__(self, history: int, scaling: Scaling, key, layout: str):
        channels = scaling.mean.size
        self.net = unet.UNet(unet.small_unet(history * channels, layout=layout), key)
        self.scaling = baselines.Fixed(scaling)

    def __call__(self, window):
        scaling, channels = self.scaling.get_value(), window.shape[1]
        inputs = jnp.moveaxis(features(window, scaling), -1, 0)
        output = self.net(inputs[None], jnp.zeros(1, jnp.int32))[0, -channels:]
        return grown(window, jnp.moveaxis(output, 0, -1), scaling)


def timed(function: Callable, *arguments) -> tuple[Any, float]:
    """The function's result, compiled, and the processor seconds it took without compilation."""
    compiled = jax.jit(function).lower(*arguments).compile()
    begun = time.process_time()
    result = jax.block_until_ready(compiled(*arguments))
    return result, time.process_time() - begun


def count(*trees) -> int:
    """How many numbers these hold."""
    return sum(leaf.size for leaf in jax.tree.leaves(trees))


@dataclass
class Workshop:
    """Contenders fitted to one set of training trajectories, (n, frames, C, H, W) in [0, 1], under one key."""

    key: jax.Array
    trajectories: jax.Array
    sizes: Sizes
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

    # ---- baselines

    def _baseline(self, name: str) -> Contender:
        if name == "persistence":
            return Contender(_runner(lambda _, w: baselines.persistence(w), ()), 0, 0.0)
        if name == "ar":
            fitted, seconds = timed(
                partial(baselines.fit_autoregression, history=self.sizes.history), self.trajectories
            )
            return Contender(
                _runner(baselines.autoregression, fitted), fitted.weights.size + fitted.offset.size, seconds
            )
        if name.startswith("dmd"):
            n, frames, *shape = self.trajectories.shape
            rank = min(self.sizes.ranks[name == "dmd-4"], n * frames // 2, shape[0] * shape[1] * shape[2] // 2)
            fit = partial(baselines.fit_mode_decomposition, rank=rank)
            fitted, seconds = timed(fit, self._key(name), self.trajectories)
            return Contender(_runner(baselines.mode_decomposition, fitted), count(fitted), seconds)
        make, pixels = self._network(name)
        loss = baselines.unrolled_loss(
            self.sizes.history,
            unroll=self.sizes.unroll,
            batch=2 * self.sizes.batch if pixels else self.sizes.batch,
            noise=self.sizes.predictor.noise,
            pixels=pixels,
        )

        def fit(key, trajectories):
            weight_key, batch_key = jr.split(key)
            model, steps = make(scaling_of(trajectories), weight_key), self.sizes.steps
            return training.trained(model, loss, training.adam(steps, 4e-3), batch_key, steps, data=(trajectories,))[0]

        model, seconds = timed(fit, self._key(name), self.trajectories)
        return Contender(_runner(lambda net, window: net(window), model), baselines.weight_count(model), seconds)

    def _network(self, name: str):
        history, modes = self.sizes.history, min(self.sizes.modes, min(self.trajectories.shape[-2:]) // 2)
        operator = partial(baselines.FourierOperator, history, modes=modes)
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
            if kind == "codebook":
                fit = partial(pipeline.fit_codebooks, history=sizes.history, codes=sizes.codes, windows=sizes.histories)
                return timed(fit, self._key("codebook"), self.trajectories)
            one = pipeline.place_coder(self._key(kind), shape[-2:], sizes.codes, kind)
            return jax.tree.map(lambda leaf: jnp.stack([leaf] * shape[2]), one), 0.0

        return self._once(("coders", kind), make)

    def predictors(self, kind: str = "codebook", mode: str = "rk4_1", how: str = "mean", weighted: bool = True):
        """Predictor of each channel, the losses of its training, and the seconds it took."""

        def make():
            sizes = self.sizes

            def untrained(share, key, scaling):
                model = Predictor(
                    key,
                    history=sizes.history,
                    width=sizes.width,
                    heads=sizes.heads,
                    mode=mode,
                    features="differences",
                    residual=True,
                    self_score=SELF_SCORE,
                    norms=False,
                    activation=jax.nn.gelu,
                    scale=Scale(*scaling),
                )
                return Weighed(model, share)

            def fit(key, coders, trajectories, share):
                return pipeline.fit_predictors(
                    key,
                    coders,
                    trajectories,
                    partial(untrained, share),
                    history=sizes.history,
                    schedule=sizes.predictor,
                    how=how,
                )

            share = jnp.asarray(float(weighted), self.trajectories.dtype)
            return timed(fit, self._key("predictor"), self.coders(kind)[0], self.trajectories, share)

        return self._once(("predictors", kind, mode, how, weighted), make)

    def decoder(self, name: str):
        """The decoder "lifted" (none), "wiener" or "unet", and the seconds it took."""

        def make():
            frames = self.trajectories.reshape(-1, *self.trajectories.shape[2:])
            if name == "lifted":
                return Lifted(), 0.0
            if name == "wiener":
                return timed(lambda frames: fit_wiener(frames, self.sizes.noise), frames)
            if name != "unet":
                raise UserError(f"Unknown decoder {name!r}: choose from lifted, wiener, unet.")
            schedule, shape = self.sizes.denoiser, unet.small_unet(frames.shape[1], layout=self.layout)
            (denoiser, _), seconds = timed(
                lambda key, frames: denoiser_training.train_denoiser(key, shape, schedule, frames),
                self._key("denoiser"),
                frames,
            )
            levels = descent(self.sizes.start_level, self.sizes.sampler_steps)
            return Diffusion(denoiser, schedule.table(), levels), seconds

        return self._once(("decoder", name), make)

    def fitted(self, decoder: str = "wiener", **how) -> tuple[rollout.Pipeline, float]:
        """A pipeline (see `predictors` for what may be asked of it) and the seconds of all its parts."""
        coders, first = self.coders(how.get("kind", "codebook"))
        (predictors, _), second = self.predictors(**how)
        decode, third = self.decoder(decoder)
        return rollout.Pipeline(coders, predictors, decode), first + second + third

    def piped(self, way: Way, **how) -> Contender:
        """A pipeline, run in this way."""
        fitted, seconds = self.fitted(way.decoder, **how)
        options = {"block": self.sizes.block, "lifting": way.lifting, "how": how.get("how", "mean")}
        adapt, key = rollout.rule(way.adapt), self._key("rollout")

        def run(windows, horizon):
            keys = jr.split(key, len(windows))
            return rolled(fitted, windows, adapt, keys, horizon=horizon, **options).frames

        return Contender(run, count(eqx.filter(fitted, eqx.is_inexact_array)), seconds)


@partial(jax.jit, static_argnames=("horizon", "block", "lifting", "how"))
def rolled(fitted, windows, adapt, keys, *, horizon, block, lifting, how) -> rollout.Rollout:
    """Rollouts from many windows, compiled once for each shape."""
    one = partial(rollout.rollout, horizon=horizon, block=block, lifting=lifting, how=how)
    return jax.vmap(lambda window, key: one(fitted, window, adapt, key))(windows, keys)


def _runner(next_frame: Callable, fitted) -> Callable:
    @partial(jax.jit, static_argnums=2)
    def run(fitted, windows, horizon):
        return jax.vmap(lambda w: baselines.forecast(lambda x: next_frame(fitted, x), w, horizon))(windows)

    return lambda windows, horizon: run(fitted, windows, horizon)
