"""Settings chosen by the error of forecasts of validation trajectories, never of test ones."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dynamics.graph_ode import metrics


class Validation(NamedTuple):
    """Windows (n, T, C, H, W) of trajectories that are neither trained nor tested on, and the frames that came."""

    windows: jax.Array
    truth: jax.Array

    def first(self, count: int) -> Validation:
        """So many of the trajectories."""
        return Validation(self.windows[:count], self.truth[:count])

    def missed(self, run: Callable) -> float:
        """Root mean square error of a forecaster, mean over frames and trajectories; infinite if it blows up."""
        square = jax.jit(metrics.squared_error)(run(self.windows, self.truth.shape[1]), self.truth)
        error = float(jnp.mean(jnp.sqrt(square)))
        return error if np.isfinite(error) else float("inf")


class Choice(NamedTuple):
    """Values tried, the validation error of each (none where there was nothing to choose), and the seconds it took."""

    values: tuple
    errors: tuple[float, ...] = ()
    seconds: float = 0.0

    @property
    def value(self) -> Any:
        """The value that erred least; the first where none was tried."""
        return self.values[int(np.argmin(self.errors)) if self.errors else 0]

    @property
    def error(self) -> float:
        """Its validation error; 0 where nothing was tried."""
        return min(self.errors, default=0.0)

    @property
    def tried(self) -> int:
        """How many values were tried."""
        return len(self.errors)


def chosen(values: Sequence, trial: Callable[[Any], tuple[float, float]], validated: bool) -> Choice:
    """The choice among these values. trial: value -> its validation error and the seconds it took to fit."""
    if len(values) == 1 or not validated:
        return Choice(tuple(values))
    found = [trial(value) for value in values]
    return Choice(tuple(values), tuple(error for error, _ in found), sum(seconds for _, seconds in found))


def compiled(function: Callable, *examples) -> Callable:
    """The function compiled for arguments like these; it also tells the processor seconds of a call."""
    program = jax.jit(function).lower(*examples).compile()

    def run(*arguments):
        begun = time.process_time()
        result = jax.block_until_ready(program(*arguments))
        return result, time.process_time() - begun

    return run


def timed(function: Callable, *arguments) -> tuple[Any, float]:
    """The function's result, compiled, and the processor seconds it took without compilation."""
    return compiled(function, *arguments)(*arguments)
