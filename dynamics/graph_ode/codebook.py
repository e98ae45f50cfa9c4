"""Codebooks of pixel histories: k-means by Lloyd's iteration from a start at quantiles, and what a coder is asked.

A coder turns histories, the last T values of each pixel, into latents and has one codeword per code in the same space;
the code of a pixel is its nearest codeword. `Codebook` is the coder whose latents are the histories themselves,
`VectorQuantiser` (beside this) the one whose latents are learned.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from dynamics import _check

Histories = Float[Array, "pixels time"]


@runtime_checkable
class Coder(Protocol):
    """What probes, rollouts and reports need of an encoder."""

    def latents(self, histories: Float[Array, "... time"]) -> Float[Array, "... latent"]:
        """Where the histories lie in the space of codewords."""

    def codewords(self) -> Float[Array, "codes latent"]:
        """One point of that space per code."""


class Codebook(NamedTuple):
    """Codewords that are histories, with the mean and scale of what they were fitted to.

    distortions: mean squared distance to the nearest codeword before each iteration and after the last.
    """

    centres: Float[Array, "codes time"]
    mean: Float[Array, ""]
    scale: Float[Array, ""]
    distortions: Float[Array, " iterations"]

    def latents(self, histories: Float[Array, "... time"]) -> Float[Array, "... time"]:
        """Histories about the mean of the training data, in units of their spread: angles then tell something."""
        return (histories - self.mean) / self.scale

    def codewords(self) -> Float[Array, "codes time"]:
        """The centres in the same units."""
        return (self.centres - self.mean) / self.scale


def nearest(points: Float[Array, "points latent"], centres: Float[Array, "codes latent"]) -> Int[Array, " points"]:
    """The nearest centre of each point, the first one of equals: one matrix product, |p|^2 left out."""
    apart = jnp.sum(centres**2, axis=1, keepdims=True) - 2 * centres @ points.T
    # Not by argmin, which on a CPU takes one number after another; these two minima take many points at a time.
    number = jnp.arange(centres.shape[0], dtype=apart.dtype)[:, None]
    return jnp.min(jnp.where(apart > jnp.min(apart, axis=0), jnp.inf, number), axis=0).astype(int)


def assign(coder: Coder, histories: Histories) -> Int[Array, " pixels"]:
    """The code of every pixel; it sees one pixel at a time, so it commutes with every permutation of them."""
    return nearest(coder.latents(histories), coder.codewords())


def members(codes: Int[Array, " points"], count: int, dtype) -> Float[Array, "codes points"]:
    """One where a point has a code, zero elsewhere."""
    return (jnp.arange(count)[:, None] == codes).astype(dtype)


def cluster_sums(
    codes: Int[Array, " points"], values: Float[Array, "points width"], count: int
) -> tuple[Float[Array, " codes"], Float[Array, "codes width"]]:
    """Members of each of `count` codes and the sums of their values, as one product with the one-hot codes."""
    own = members(codes, count, values.dtype)
    return jnp.sum(own, axis=1), own @ values


def lloyd_step(
    points: Float[Array, "points latent"], centres: Float[Array, "codes latent"]
) -> tuple[Float[Array, "codes latent"], Float[Array, ""]]:
    """Centres moved to the means of their cells (an empty cell's stays), and the distortion before the move."""
    codes = nearest(points, centres)
    sizes, sums = cluster_sums(codes, points, centres.shape[0])
    moved = jnp.where(sizes[:, None] > 0, sums / jnp.maximum(sizes, 1)[:, None], centres)
    return moved, jnp.mean(jnp.sum((points - centres[codes]) ** 2, axis=1))


def quantile_start(histories: Histories, codes: int) -> Float[Array, "codes time"]:
    """The histories that stand at `codes` equally spaced quantiles of the last value."""
    _check.whole("codes", codes, 1)
    points = histories.shape[0]
    if codes > points:
        raise ValueError(f"Argument `codes` must be at most the number of points, {points}, but is {codes}.")
    middles = [((2 * k + 1) * points) // (2 * codes) for k in range(codes)]
    return histories[jnp.argsort(histories[:, -1])[jnp.asarray(middles)]]


def k_means(
    points: Float[Array, "points latent"], start: Float[Array, "codes latent"], iterations: int
) -> tuple[Float[Array, "codes latent"], Float[Array, " distortions"]]:
    """Lloyd's iteration from `start`; the distortion before each of the `iterations` steps and after the last."""
    _check.whole("iterations", iterations, 1)
    centres, before = jax.lax.scan(lambda c, _: lloyd_step(points, c), start, None, length=iterations)
    return centres, jnp.append(before, lloyd_step(points, centres)[1])


def fit_codebook(histories: Histories, codes: int, iterations: int = 15) -> Codebook:
    """k-means on raw histories from a start at quantiles of the last value."""
    centres, distortions = k_means(histories, quantile_start(histories, codes), iterations)
    spread = jnp.std(histories)
    # Histories that are all equal have no scale; any will do.
    return Codebook(centres, jnp.mean(histories), jnp.where(spread > 0, spread, 1.0), distortions)


def lloyd_line(
    samples: Float[Array, " points"], start: Float[Array, " codes"], iterations: int
) -> Float[Array, " codes"]:
    """Lloyd's iteration on a line, where cells are intervals: sums over sorted samples, so that a step costs
    codes * log(points). The sorted centres after `iterations` steps from a sorted start."""
    _check.whole("iterations", iterations, 1)
    ordered = jnp.sort(samples)
    total = jnp.concatenate([jnp.zeros(1, samples.dtype), jnp.cumsum(ordered)])
    last = ordered.shape[0]

    def step(_, centres):
        cuts = jnp.searchsorted(ordered, (centres[1:] + centres[:-1]) / 2)
        edges = jnp.concatenate([jnp.zeros(1, cuts.dtype), cuts, jnp.full(1, last, cuts.dtype)])
        sizes = jnp.diff(edges)
        return jnp.where(sizes > 0, jnp.diff(total[edges]) / jnp.maximum(sizes, 1), centres)

    return jax.lax.fori_loop(0, iterations, step, start)


def nearest_on_line(samples: Float[Array, " points"], centres: Float[Array, " codes"]) -> Int[Array, " points"]:
    """The nearest of sorted centres."""
    return jnp.searchsorted((centres[1:] + centres[:-1]) / 2, samples)


def code_shares(codes: Int[Array, " pixels"], count: int) -> Float[Array, " codes"]:
    """The share of pixels that each of `count` codes has."""
    return jnp.mean(jax.nn.one_hot(codes, count), axis=0)


def consistency(
    coder: Coder, histories: Float[Array, "codes time"], present: Bool[Array, " codes"]
) -> Float[Array, ""]:
    """chi, the mean over probes of the cosine between a probe's latent and its codeword."""
    latents, centres = coder.latents(histories), coder.codewords()
    lengths = jnp.linalg.norm(latents, axis=-1) * jnp.linalg.norm(centres, axis=-1)
    cosines = jnp.sum(latents * centres, axis=-1) / jnp.where(lengths > 0, lengths, 1)
    return _mean_over(cosines, present)


def distance(coder: Coder, histories: Float[Array, "codes time"], present: Bool[Array, " codes"]) -> Float[Array, ""]:
    """Root mean square, over probes and coordinates, of a probe's latent minus its codeword."""
    apart = jnp.mean((coder.latents(histories) - coder.codewords()) ** 2, axis=-1)
    return jnp.sqrt(_mean_over(apart, present))


def _mean_over(values: Float[Array, " codes"], present: Bool[Array, " codes"]) -> Float[Array, ""]:
    return jnp.sum(jnp.where(present, values, 0)) / jnp.maximum(jnp.sum(present), 1)
