"""Probes and their graph: which pixels speak for a code, and how often codes touch.

Every array has one row per code of the codebook, `present` says which rows mean something; a code that no pixel has
keeps a row of zeros at (-1, -1), as released. Graphs are dense, so a batch of them is a vmap; `joined` makes one list
of edges of a batch for those who want it.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from dynamics import _check
from dynamics.graph_ode.codebook import cluster_sums

REPRESENTATIVES = ("mean", "random", "random_n")


class Probes(NamedTuple):
    """Who speaks for a code: fixed member pixels (`members`), or the mean of all its pixels where that is None.

    It is the same functional of whatever field is read later, which is what a predictor must be trained on: a target
    read through new clusters would ask it to predict the clustering.
    """

    codes: Int[Array, " pixels"]
    present: Bool[Array, " codes"]
    coordinates: Float[Array, "codes 2"]
    members: Int[Array, "codes members"] | None


class Graph(NamedTuple):
    """What a predictor is given: values (codes, T), presence, coordinates, and edges (from, to) of
    [x_j - x_i, y_j - y_i, W_ij]."""

    values: Float[Array, "codes time"]
    present: Bool[Array, " codes"]
    coordinates: Float[Array, "codes 2"]
    edges: Float[Array, "codes codes 3"]


def present_codes(codes: Int[Array, " pixels"], count: int) -> Bool[Array, " codes"]:
    """Which of `count` codes some pixel has."""
    return jnp.any(codes[:, None] == jnp.arange(count), axis=0)


def pixel_coordinates(shape: tuple[int, int]) -> Float[Array, "pixels 2"]:
    """(x / width, y / height) of every pixel, row by row, in [0, 1)."""
    height, width = shape
    rows, columns = jnp.divmod(jnp.arange(height * width), width)
    return jnp.stack([columns / width, rows / height], axis=1)


def random_members(
    key: PRNGKeyArray, codes: Int[Array, " pixels"], count: int, draws: int
) -> Int[Array, "codes members"]:
    """`draws` pixels of every code, each uniform among the code's pixels and with replacement."""

    def one(key):
        # The member with the largest of independent priorities is a uniform one, whatever the size of the cluster.
        priority = jr.uniform(key, codes.shape)
        return jnp.argmax(jnp.where(codes == jnp.arange(count)[:, None], priority, -1.0), axis=1)

    return jax.vmap(one, out_axes=1)(jr.split(key, draws))


def choose_probes(
    key: PRNGKeyArray,
    codes: Int[Array, " pixels"],
    count: int,
    shape: tuple[int, int],
    how: str = "mean",
    draws: int = 5,
) -> Probes:
    """Probes of `count` codes on a grid of (height, width).

    how: "mean" of the cluster (the key is not used), one "random" member (the released choice), or the mean of
    `draws` of them, "random_n".
    """
    if how not in REPRESENTATIVES:
        raise ValueError(f"Argument `how` must be one of {', '.join(REPRESENTATIVES)}, but is {how!r}.")
    if shape[0] * shape[1] != codes.shape[0]:
        raise ValueError(f"Argument `shape` must have {codes.shape[0]} pixels, but is {shape}.")
    draws = {"mean": 0, "random": 1, "random_n": _check.whole("draws", draws, 1)}[how]
    members = random_members(key, codes, count, draws) if draws else None
    probes = Probes(codes, present_codes(codes, count), jnp.zeros((count, 2)), members)
    seen = read_probes(probes, pixel_coordinates(shape))
    return probes._replace(coordinates=jnp.where(probes.present[:, None], seen, -1.0))


def read_probes(probes: Probes, fields: Float[Array, "pixels width"]) -> Float[Array, "codes width"]:
    """What the probes read of pixelwise values (histories, one frame, frames to come): zero for absent codes."""
    if probes.members is None:
        sizes, sums = cluster_sums(probes.codes, fields, probes.present.shape[0])
        return sums / jnp.maximum(sizes, 1)[:, None]
    return jnp.where(probes.present[:, None], jnp.mean(fields[probes.members], axis=1), 0)


def co_occurrence(codes: Int[Array, "height width"], count: int) -> Float[Array, "codes codes"]:
    """n_ij, ordered pairs of 8-neighbours with codes i and j, without wrap, the diagonal put to zero.

    One half-plane of neighbours is enough, the other is its transpose. A CPU counts pairs one by one; accelerators,
    where additions to one place wait for each other, multiply one-hot codes. Counts are whole, so both give the same
    bits, exact below 2^24: on 1400 x 1400 pixels and less.
    """
    half = jax.lax.platform_dependent(
        codes, cpu=partial(pairs_counted, count), default=partial(pairs_multiplied, count)
    )
    return jnp.where(jnp.eye(count, dtype=bool), 0, half + half.T)


def pairs_counted(count: int, codes: Int[Array, "height width"]) -> Float[Array, "codes codes"]:
    """Pairs of a pixel's code and that of its neighbours to the right and below, counted one by one."""
    pairs = (
        (codes[:, :-1], codes[:, 1:]),
        (codes[:-1, 1:], codes[1:, :-1]),
        (codes[:-1], codes[1:]),
        (codes[:-1, :-1], codes[1:, 1:]),
    )
    places = jnp.concatenate([(here * count + there).reshape(-1) for here, there in pairs])
    return jnp.zeros(count**2, jnp.float32).at[places].add(1.0).reshape(count, count)


def pairs_multiplied(count: int, codes: Int[Array, "height width"]) -> Float[Array, "codes codes"]:
    """The same by one product of matrices, the neighbours' one-hot codes added up before it."""
    height, width = codes.shape
    y, x = np.divmod(np.arange(height * width), width)
    each = jnp.arange(count)[:, None]

    def seen(down: int, right: int) -> Float[Array, "codes pixels"]:
        """One-hot codes of the neighbours at this offset, of nobody beyond the edge."""
        inside = (y + down < height) & (x + right >= 0) & (x + right < width)
        there = jnp.roll(codes, (-down, -right), (0, 1)).reshape(-1)
        return (jnp.where(inside, there, -1) == each).astype(jnp.float32)

    around = seen(0, 1) + seen(1, -1) + seen(1, 0) + seen(1, 1)
    here = (codes.reshape(-1) == each).astype(jnp.float32)
    # Not fused into the product, which would then find its factors anew.
    here, around = jax.lax.optimization_barrier((here, around))
    return here @ around.T


def edge_weights(counts: Float[Array, "codes codes"]) -> Float[Array, "codes codes"]:
    """W: counts over the row's number of neighbours, then all off-diagonal entries scaled to [0, 1] together."""
    degrees = jnp.sum(counts > 0, axis=1, keepdims=True)
    ratios = counts / jnp.maximum(degrees, 1)
    off = ~jnp.eye(counts.shape[0], dtype=bool)
    low = jnp.min(jnp.where(off, ratios, jnp.inf))
    high = jnp.max(jnp.where(off, ratios, -jnp.inf))
    # Where all are equal (two codes, or one that is alone) there is nothing to scale.
    scaled = jnp.where(high > low, (ratios - low) / jnp.where(high > low, high - low, 1), 0)
    return jnp.where(off, scaled, 0)


def edge_attributes(
    coordinates: Float[Array, "codes 2"], weights: Float[Array, "codes codes"]
) -> Float[Array, "codes codes 3"]:
    """[x_j - x_i, y_j - y_i, W_ij] of every ordered pair."""
    between = coordinates[None, :, :] - coordinates[:, None, :]
    return jnp.concatenate([between, weights[..., None].astype(coordinates.dtype)], axis=-1)


def probe_graph(probes: Probes, histories: Float[Array, "pixels time"], shape: tuple[int, int]) -> Graph:
    """The graph of one window; vmap it over windows for a batch."""
    counts = co_occurrence(probes.codes.reshape(shape), probes.present.shape[0])
    edges = edge_attributes(probes.coordinates, edge_weights(counts))
    return Graph(read_probes(probes, histories), probes.present, probes.coordinates, edges.astype(histories.dtype))


def joined(
    graphs: Graph,
) -> tuple[Int[Array, "edges 2"], Float[Array, "edges 3"], Bool[Array, " edges"]]:
    """A batch of graphs as one: (from, to) with nodes of graph b offset by b * codes, attributes, and which edges join
    codes that are present. No self-loops: codes * (codes - 1) edges a graph."""
    batch, count = graphs.present.shape
    pairs = jnp.stack(jnp.nonzero(~jnp.eye(count, dtype=bool), size=count * (count - 1)), axis=1)
    i, j = pairs.T
    offset = pairs[None] + count * jnp.arange(batch)[:, None, None]
    real = graphs.present[:, i] & graphs.present[:, j]
    return offset.reshape(-1, 2), graphs.edges[:, i, j].reshape(-1, 3), real.reshape(-1)
