"""Deterministic samplers (DDIM, eta = 0) down the noise levels, their starts and their guidance.

One update takes x at level a to level b < a: eps = eps_theta(x, a); x0 = (x - sqrt(1 - abar_a) eps)/sqrt(abar_a),
clipped to [-1, 1]; eps again from the clipped x0; x <- sqrt(abar_b) x0 + sqrt(1 - abar_b) eps. Then guidance pulls
at what comes out. Fields are on the scale [-1, 1] here; decoders speak [0, 1].
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Float, Int, Key

from dynamics import _check
from dynamics.graph_ode.noise_table import Table, strided
from dynamics.graph_ode.wiener import Field

Denoiser = Callable[[Field, Int[Array, ""]], Field]
"""(x, level n) to an estimate of the noise eps in x = sqrt(abar_n) x_0 + sqrt(1 - abar_n) eps."""

STARTS = ("scaled", "raw", "sdedit")


class Guidance(eqx.Module):
    """What is subtracted from x after every update: the released sampler's, with its constants as defaults.

    Above level `threshold`: c (x_old - y), c = `pull`. From there down: `below` c (x_old - y) + `weight` times the
    gradient of mean(residual(x_old)^2). x_old is x before the update, y the lifted field; the gradient is taken at
    x_old, not through the network. `mask` (1 where y was measured) restricts the pull; None pulls everywhere.
    """

    pull: float = 2 * 5000 / 128**2
    below: float = 0.1
    threshold: int = eqx.field(static=True, default=100)
    weight: float = 0.0
    mask: Float[Array, "channels height width"] | None = None
    residual: Callable[[Field], Field] | None = eqx.field(static=True, default=None)

    def change(self, before: Field, target: Field, low: bool) -> Field:
        """What to subtract, above the threshold or below it (`low`)."""
        drift = self.pull * (before - target)
        drift = drift if self.mask is None else self.mask * drift
        if not low:
            return drift
        if self.residual is None:
            return self.below * drift
        slope = jax.grad(lambda x: jnp.mean(self.residual(x) ** 2))(before)
        return self.below * drift + self.weight * slope


def started(target: Field, table: Table, level: int, start: str, key: Key[Array, ""] | None = None) -> Field:
    """Where a decoder starts: "raw" is y, "scaled" sqrt(abar) y, "sdedit" sqrt(abar) y + sqrt(1 - abar) noise.

    ValueError for another start, or for "sdedit" without a key.
    """
    if start not in STARTS:
        raise ValueError(f"Argument `start` must be one of {', '.join(STARTS)}, but is {start!r}.")
    if start == "raw":
        return target
    signal, noise = (jnp.asarray(part, target.dtype)[level] for part in table)
    if start == "scaled":
        return signal * target
    if key is None:
        raise ValueError("Argument `key` must be a key where `start` is 'sdedit', but is None.")
    return signal * target + noise * jr.normal(key, target.shape, target.dtype)


def ddim(
    denoise: Denoiser,
    table: Table,
    x: Field,
    levels: tuple[int, ...],
    *,
    guidance: Guidance | None = None,
    target: Field | None = None,
    clip: bool = True,
) -> Field:
    """What the sampler makes of `x`, which stands at the first of the falling `levels`, when it has reached the last.

    target: the field y that `guidance` pulls to.  clip: whether x0 is held in [-1, 1].
    ValueError on levels that do not fall inside the table, or guidance without a target.
    """
    inside = all(0 <= level <= table.last for level in levels)
    if len(levels) < 2 or not inside or any(a <= b for a, b in pairwise(levels)):
        raise ValueError(f"Argument `levels` must be two or more that fall inside 0..{table.last}, but is {levels}.")
    if guidance is not None and target is None:
        raise ValueError("Argument `target` must be the field that `guidance` pulls to, but is None.")
    starts = np.asarray(levels[:-1])
    signal, sigma = (jnp.asarray(part, x.dtype)[np.asarray(levels)] for part in table)
    places = (jnp.asarray(starts, jnp.int32), signal[:-1], sigma[:-1], signal[1:], sigma[1:])

    def update(x, place, low):
        level, signal, sigma, next_signal, next_sigma = place
        noise = denoise(x, level)
        clean = (x - sigma * noise) / signal
        if clip:
            clean = jnp.clip(clean, -1.0, 1.0)
            noise = (x - signal * clean) / sigma
        following = next_signal * clean + next_sigma * noise
        return following if guidance is None else following - guidance.change(x, target, low)

    # Guidance changes its form once on the way down: a scan for each form.
    cut = starts.size if guidance is None else int(np.sum(starts > guidance.threshold))
    for low, stretch in ((False, slice(0, cut)), (True, slice(cut, None))):
        if starts[stretch].size:
            part = jax.tree.map(lambda array, stretch=stretch: array[stretch], places)
            x, _ = jax.lax.scan(lambda x, place, low=low: (update(x, place, low), None), x, part)
    return x


class Diffusion(eqx.Module):
    """A decoder that runs `ddim` from the lifted field: a field in [0, 1] in, a field in [0, 1] out.

    denoise: a PyTree with a call (x, level) to eps.  levels: falling, to 0.  start: see `started`.
    """

    denoise: Callable
    table: Table
    levels: tuple[int, ...] = eqx.field(static=True)
    start: str = eqx.field(static=True, default="scaled")
    guidance: Guidance | None = None
    clip: bool = eqx.field(static=True, default=True)

    def __call__(self, field: Field, key: Key[Array, ""] | None = None) -> Field:
        return jnp.clip((self.sampled(2 * field - 1, key) + 1) / 2, 0.0, 1.0)

    def sampled(self, target: Field, key: Key[Array, ""] | None = None) -> Field:
        """The same on the scale [-1, 1], without the last clip."""
        x = started(target, self.table, self.levels[0], self.start, key)
        return ddim(self.denoise, self.table, x, self.levels, guidance=self.guidance, target=target, clip=self.clip)


def released_decoder(denoise: Callable, table: Table, **guidance) -> Diffusion:
    """The released sampler "from reconstructed": y itself, unscaled, at level 197, 50 strides of 4, pulled to y."""
    return Diffusion(denoise, table, strided(197, 4), "raw", Guidance(**guidance))


def from_noise(
    denoise: Denoiser,
    table: Table,
    target: Field,
    key: Key[Array, ""],
    *,
    steps: int = 100,
    guidance: Guidance | None = None,
    clip: bool = True,
) -> Field:
    """The released guided sampler from pure noise: `steps` even strides that end 1, 0 (991, 981, ..., 1, 0 by default).

    Without guidance it is the unconditional sampler, and `target` gives only the shape.
    """
    stride = table.last // _check.whole("steps", steps, 1)
    levels = strided(1 + (steps - 1) * stride, stride)
    noise = jr.normal(key, target.shape, target.dtype)
    return ddim(denoise, table, noise, levels, guidance=guidance, target=target, clip=clip)
