"""The noise schedule as a table: one for training and for sampling, whose level 0 is without noise.

x_n = sqrt(abar_n) x_0 + sqrt(1 - abar_n) eps, abar_n = prod_(k <= n) (1 - beta_k), n = 0..N_T.
The released sampler builds a second table, one entry longer and shifted by one: its index 0 has abar = 1 - beta_1
instead of 1, so that its last step leaves noise of deviation sqrt(beta_1) in the picture (`released_table`).
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from dynamics import _check

Frames = Float[Array, "*batch channels height width"]


class Table(NamedTuple):
    """What multiplies the data and the noise at each level: sqrt(abar_n) and sqrt(1 - abar_n).

    Made in float64 with NumPy, so that a program in single precision rounds each once: 1 - abar would cancel there.
    """

    signal: Float[Array | np.ndarray, " levels"]
    noise: Float[Array | np.ndarray, " levels"]

    @property
    def abar(self) -> Float[Array | np.ndarray, " levels"]:
        """Share of the data's variance that is left at each level."""
        return self.signal**2

    @property
    def last(self) -> int:
        """N_T, the number of the noisiest level."""
        return self.signal.shape[0] - 1

    def noised(self, clean: Frames, level: Int[Array, "*batch"], noise: Frames) -> Frames:
        """x_n of clean fields, each member of the batch at a level of its own."""
        at = [jnp.asarray(part, clean.dtype)[level][..., None, None, None] for part in self]
        return at[0] * clean + at[1] * noise


def _table(rates: Float[np.ndarray, " levels"]) -> Table:
    logs = np.cumsum(np.log1p(-rates))
    return Table(np.exp(logs / 2), np.sqrt(-np.expm1(logs)))


def _rates(first: float, last: float, count: int) -> Float[np.ndarray, " count"]:
    if not 0 < first <= last < 1:
        raise ValueError(f"Arguments must satisfy 0 < first <= last < 1, but `first` is {first} and `last` is {last}.")
    return np.linspace(first, last, count)


def noise_table(levels: int = 1000, first: float = 1e-4, last: float = 0.02) -> Table:
    """The table of N_T = `levels` steps with beta_1..beta_(N_T) linear from `first` to `last`.

    ValueError unless levels >= 2 and 0 < first <= last < 1.
    """
    levels = _check.whole("levels", levels, 2)
    return _table(np.concatenate([[0.0], _rates(first, last, levels)]))


def released_table(levels: int = 1000, first: float = 1e-4, last: float = 0.02) -> Table:
    """The table of the released sampler: N_T + 1 rates and their running product, of which index 0 is noisy too."""
    levels = _check.whole("levels", levels, 2)
    return _table(_rates(first, last, levels + 1))


def level_at(table: Table, ratio: float) -> int:
    """The first level whose noise is at least `ratio` times the data, sqrt((1 - abar)/abar) >= ratio.

    A decoder starts best where this is one and a half to two times the error of what it is given. ValueError if no
    level is that noisy or ratio < 0.
    """
    ratios = np.asarray(table.noise) / np.asarray(table.signal)
    reached = np.flatnonzero(ratios >= ratio)
    if not ratio >= 0 or not reached.size:
        raise ValueError(f"Argument `ratio` must lie in [0, {ratios.max():.6g}], but is {ratio}.")
    return int(reached[0])


def descent(start: int, steps: int) -> tuple[int, ...]:
    """Levels from `start` to 0 in so many steps, as even as whole numbers can be; ValueError unless steps <= start."""
    start = _check.whole("start", start, 1)
    steps = _check.whole("steps", steps, 1)
    if steps > start:
        raise ValueError(f"Argument `steps` must be at most `start` = {start}, but is {steps}.")
    return tuple(int(level) for level in np.rint(np.linspace(start, 0, steps + 1)))


def strided(start: int = 197, stride: int = 4) -> tuple[int, ...]:
    """start, start - stride, ... to the last level above 0, then 0; by default the released 197, 193, ..., 1, 0."""
    start, stride = _check.whole("start", start, 1), _check.whole("stride", stride, 1)
    return (*range(start, 0, -stride), 0)
