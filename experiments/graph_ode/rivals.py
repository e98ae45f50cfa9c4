"""What a pipeline has to beat, fitted to the same trajectories, with what it cost and how its settings were chosen.

What `Sizes.grids` leaves open is chosen by the error of forecasts of validation trajectories (`choices`); rates of long
trainings are tried for a share of their steps. Costs are processor seconds without compilation: they are measured, so
they alone may differ from run to run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
from flax import nnx

from dynamics import training
from dynamics.graph_ode import baselines, unet
from dynamics.graph_ode.scaling import Scaling, features, grown, scaling_of
from experiments.graph_ode.choices import Choice, Validation, chosen, compiled, timed
from experiments.graph_ode.sizes import Sizes

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
class Rivals:
    """Baselines fitted to one set of training trajectories, (n, frames, C, H, W) in [0, 1], under one key.

    validation: what settings are chosen on; without it each is the first of its grid.
    """

    key: jax.Array
    trajectories: jax.Array
    sizes: Sizes
    validation: Validation | None = None
    made: dict = field(default_factory=dict)

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

    @property
    def layout(self) -> str:
        """XLA's own convolutions are slow on a CPU and right elsewhere."""
        return "matmul" if jax.default_backend() == "cpu" else "xla"

    def baseline(self, name: str) -> Contender:
        """The one of this name, of `BASELINES`."""
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
