"""Graphs of codes, permutations of pixels and angles of latents (P7, P22, P24, P25, P28)."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from dynamics import graph_ode as dynamics
from experiments.experiment import Experiment, Quantity
from experiments.graph_ode.sampling import band_spectrum
from experiments.space import Space, cases, listing, replicates

HISTORY, MOST, WAVE_POINTS, WAVE_ROWS, SHAPE_POINTS = 10, 100, 512, 6, 256


def level_bands(key, *, codes, points):
    """How far apart codes of touching pixels can be, on a smooth random field scaled to [0, 1]."""
    field = dynamics.gaussian_field(key, jnp.asarray(band_spectrum(points, 2.0, 1.0, 1e-4)))
    field = (field - jnp.min(field)) / (jnp.max(field) - jnp.min(field))
    counts = dynamics.co_occurrence(dynamics.level_codes(field, codes), MOST)
    i, j = np.indices((MOST, MOST))
    return {
        "bandwidth": jnp.max(jnp.where(counts > 0, abs(i - j), 0)),
        "asymmetry": jnp.max(jnp.abs(counts - counts.T)).astype(float),
        "jump": dynamics.largest_jump(field),
    }


def wave_graph(key, *, codes, waves):
    """W of the codes of a cosine's value, so many waves in the box."""
    del key
    wave = jnp.cos(2 * jnp.pi * waves * jnp.arange(WAVE_POINTS) / WAVE_POINTS)
    found = dynamics.level_codes((1 + wave) / 2, codes)
    counts = dynamics.co_occurrence(jnp.tile(found, (WAVE_ROWS, 1)), codes)
    return {"weights": dynamics.edge_weights(counts.astype(float)), "pairs": jnp.sum(counts).astype(float) / 2}


def ramp_graph(key, *, codes, height):
    """n_ij of a ramp cut into so many bands, each 4 rows deep and `height` columns long."""
    del key
    ramp = jnp.repeat((jnp.arange(4 * codes) + 0.5) / (4 * codes), height).reshape(4 * codes, height)
    return {"counts": dynamics.co_occurrence(dynamics.level_codes(ramp, codes), codes).astype(float)}


def shape_edges(key, *, first, second, square):
    """Unlike neighbouring pairs around an ellipse (or a rectangle) with these half-axes, put down at random."""
    centre = SHAPE_POINTS / 2 + jr.uniform(key, (2,))
    places = jnp.arange(SHAPE_POINTS) + 0.0
    y, x = (places[:, None] - centre[0]) / first, (places - centre[1]) / second
    inside = jnp.where(square > 0, jnp.maximum(abs(x), abs(y)), jnp.hypot(x, y)) < 1
    along, diagonal = dynamics.unlike_pairs(inside.astype(int))
    weight = dynamics.co_occurrence(inside.astype(int), 2)[0, 1].astype(float)
    height, width = jnp.sum(jnp.any(inside, 1)), jnp.sum(jnp.any(inside, 0))
    return {"along": along, "diagonal": diagonal, "weight": weight, "height": height, "width": width}


def pixelwise_encoder(key, *, points, codes):
    """An untrained quantiser and k-means on the pixels of a smooth field.

    learned, fixed: pixels whose code changes when pixels are permuted before the encoder and back after it; averaged:
    the same of k-means on means over 3 x 3 pixels.  length, within: of the means of `codes` clusters of latents.
    shortest: squared length of the shortest latent, over the width.  chi, squared: cosine and distance of two latents.
    """
    field_key, order_key, model_key = jr.split(key, 3)
    spectrum = jnp.asarray(band_spectrum(points, 2.0, 1.0, 0.01))
    fields = jax.vmap(dynamics.gaussian_field, (0, None))(jr.split(field_key, HISTORY), spectrum)
    histories = jnp.moveaxis(fields, 0, -1).reshape(-1, HISTORY)
    count = histories.shape[0]
    order = jr.permutation(order_key, count)
    model = dynamics.VectorQuantiser(model_key, codes=codes, dtype=jnp.float64)
    book = dynamics.fit_codebook(histories, codes, 5)

    def averaged(histories):
        grid = histories.reshape(points, points, -1)
        around = [jnp.roll(grid, (dy, dx), (0, 1)) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
        return dynamics.assign(book, (sum(around) / 9).reshape(histories.shape))

    def changed(encode):
        permuted, straight = jax.lax.map(encode, jnp.stack([histories[order], histories]))
        return jnp.sum(permuted != straight[order])

    latents = model.latents(histories)
    clusters = jnp.arange(count) % codes
    sizes, sums = dynamics.cluster_sums(clusters, latents, codes)
    centres = sums / sizes[:, None]
    apart = jnp.sum((latents - centres[clusters]) ** 2, axis=1)
    one, other = latents[0], latents[count // 2]
    pair = dynamics.Codebook(other[None], jnp.zeros(()), jnp.ones(()), jnp.zeros(1))
    return {
        "learned": changed(lambda h: dynamics.assign(model, h)),
        "fixed": changed(lambda h: dynamics.assign(book, h)),
        "averaged": changed(averaged),
        "length": jnp.sum(centres**2, axis=1),
        "within": dynamics.cluster_sums(clusters, apart[:, None], codes)[1][:, 0] / sizes,
        "shortest": jnp.min(jnp.sum(latents**2, axis=1)) / latents.shape[1],
        "chi": dynamics.consistency(pair, one[None], jnp.ones(1, bool)),
        "squared": jnp.sum((one - other) ** 2),
    }


_CODES = Quantity("K", "codes")
_POINTS = Quantity("n", "points per side")
_REPLICATE = Quantity("i", "replicate")
_PAIR = ("code", "other")
# Half-axes in pixels; the last two are rectangles.
_SHAPES = {"first": (40.0, 120.0, 40.0, 60.0, 30.0, 100.0), "second": (40.0, 120.0, 90.0, 41.0, 90.0, 45.0)}

LEVEL_BANDS = Experiment(
    name="graph_ode/level-bands",
    title="How far apart codes of touching pixels are",
    cell=level_bands,
    parameters={"codes": _CODES, "points": _POINTS, "replicate": _REPLICATE},
    outputs={
        "bandwidth": Quantity("b", "largest |i - j| of touching codes"),
        "asymmetry": Quantity("a", "largest |n_ij - n_ji|"),
        "jump": Quantity("J", "largest difference of 8-neighbours"),
    },
    scales={
        name: Space((listing("codes", codes), replicates(count)), {"points": 64})
        for name, codes, count in (("quick", (6, 12, 30), 8), ("paper", (6, 12, 30, 100), 64))
    },
    static=("points",),
)

WAVE_GRAPH = Experiment(
    name="graph_ode/wave-graph",
    title="The code graph of cosines",
    cell=wave_graph,
    parameters={"codes": _CODES, "waves": Quantity("q", "waves in the box")},
    outputs={
        "weights": Quantity("W_{ij}", "edge weights", dims=_PAIR),
        "pairs": Quantity("n", "unlike neighbouring pairs"),
    },
    scales={
        "quick": Space((listing("waves", (1, 2, 5)),), {"codes": 6}),
        "paper": Space((listing("waves", tuple(range(1, 11))),), {"codes": 6}),
    },
    static=("codes",),
)

RAMP_GRAPH = Experiment(
    name="graph_ode/ramp-graph",
    title="The code graph of a ramp",
    cell=ramp_graph,
    parameters={"codes": _CODES, "height": Quantity("h", "length of a level line", "pixel")},
    outputs={"counts": Quantity("n_{ij}", "co-occurrence", dims=_PAIR)},
    scales={
        "quick": Space((listing("height", (4, 64)),), {"codes": 10}),
        "paper": Space((listing("height", (1, 4, 16, 64)),), {"codes": 10}),
    },
    static=("codes", "height"),
)

SHAPE_EDGES = Experiment(
    name="graph_ode/shape-edges",
    title="Unlike pairs around ellipses and rectangles",
    cell=shape_edges,
    parameters={
        "first": Quantity("a", "vertical half-axis", "pixel"),
        "second": Quantity("b", "horizontal half-axis", "pixel"),
        "square": Quantity("s", "1 for a rectangle, 0 for an ellipse"),
        "replicate": _REPLICATE,
    },
    outputs={
        "along": Quantity("n_4", "unlike pairs along rows and columns"),
        "diagonal": Quantity("n_d", "unlike pairs along diagonals"),
        "weight": Quantity("n_{01}", "co-occurrence of inside and outside"),
        "height": Quantity("h", "rows that the shape meets"),
        "width": Quantity("w", "columns that the shape meets"),
    },
    scales={
        name: Space((cases("shape", **_SHAPES, square=(0.0, 0.0, 0.0, 0.0, 1.0, 1.0)), replicates(count)))
        for name, count in (("quick", 4), ("paper", 100))
    },
)

PIXELWISE_ENCODER = Experiment(
    name="graph_ode/pixelwise-encoder",
    title="Codes of permuted pixels, and latents on a sphere",
    cell=pixelwise_encoder,
    parameters={"points": _POINTS, "codes": _CODES, "replicate": _REPLICATE},
    outputs={
        "learned": Quantity("c", "pixels that change their code: vector quantiser"),
        "fixed": Quantity("c", "pixels that change their code: k-means"),
        "averaged": Quantity("c", "pixels that change their code: k-means of means over 3 x 3 pixels"),
        "length": Quantity("|c|^2", "squared length of a cluster's mean", dims=("code",)),
        "within": Quantity("v", "variance within a cluster", dims=("code",)),
        "shortest": Quantity("|E|^2/e", "squared length of the shortest latent over the width"),
        "chi": Quantity(r"\chi", "cosine of two latents"),
        "squared": Quantity("|E-c|^2", "their squared distance"),
    },
    scales={
        name: Space((replicates(count),), {"points": 16, "codes": 8}) for name, count in (("quick", 4), ("paper", 64))
    },
    static=("points", "codes"),
    packages=("flax",),
)

EXPERIMENTS = (LEVEL_BANDS, WAVE_GRAPH, RAMP_GRAPH, SHAPE_EDGES, PIXELWISE_ENCODER)
