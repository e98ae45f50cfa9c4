"""What is true of graphs of codes, of permuted pixels and of latents on a sphere (P7, P22, P24, P25, P28)."""

from __future__ import annotations

import numpy as np
import xarray as xr

from experiments.claim import Agreement, Bound, Claim, Decoy, Source
from experiments.estimates import rounding
from experiments.evidence import Exact
from experiments.laws import elementwise
from theory import graph_ode as theory

BANDS, WAVES, RAMP = "graph_ode/level-bands", "graph_ode/wave-graph", "graph_ode/ramp-graph"
SHAPES, ENCODER = "graph_ode/shape-edges", "graph_ode/pixelwise-encoder"
DERIVED = Source("derived here")
LATENT = 32


def _spectrum(ds):
    """Eigenvalues of the Laplacian of the counts, the largest count being one."""
    weights = ds.counts.values / ds.counts.values.max(axis=(-2, -1), keepdims=True)
    values = np.array([np.linalg.eigvalsh(np.diag(w.sum(axis=1)) - w) for w in weights])
    return xr.DataArray(values, dims=("height", "mode"), coords={"height": ds.height.values})


def _of_path(law):
    def predict(ds):
        like = _spectrum(ds)
        return like.copy(data=np.broadcast_to(np.sort(np.asarray(law(like.sizes["mode"]))), like.shape))

    return predict


def _path_weights(scale=lambda waves: 1.0):
    def predict(ds):
        path = np.asarray(theory.path_weights(ds.weights.sizes["code"]))
        factors = np.array([scale(waves) for waves in ds.waves.values])
        return ds.weights.copy(data=factors[:, None, None] * path)

    return predict


def _band(shift):
    return lambda ds: elementwise(theory.band_bound, ds.jump, 1 / ds.codes) + shift


def _round(ds):
    return ds.isel(shape=np.flatnonzero(ds.square.values == 0))


def _straight(ds):
    return ds.isel(shape=np.flatnonzero(ds.square.values == 1))


def _ellipse(which, name):
    def predict(ds):
        chosen = _round(ds)
        laws = theory.ellipse_crossings(chosen["first"].values, chosen["second"].values)
        return xr.zeros_like(chosen[name], float) + xr.DataArray(np.asarray(laws[which]), dims="shape")

    return predict


def _by_length(per_length, name):
    """As if pairs were the curve's length times what a circle has per length."""

    def predict(ds):
        chosen = _round(ds)
        a, b = chosen["first"].values, chosen["second"].values
        # Ramanujan's perimeter, within 1e-5 of these.
        length = np.pi * (3 * (a + b) - np.sqrt((3 * a + b) * (a + 3 * b)))
        return xr.zeros_like(chosen[name], float) + xr.DataArray(per_length * length, dims="shape")

    return predict


def _along(ds):
    """Each row and column that meets a convex shape is left and entered once; how many meet is known within one."""
    return Exact(_round(ds).along, 4.0, "whole rows and columns: one more or less")


def _diagonal(ds):
    """The same for diagonals, but one near a tip may pass between its pixels if its chord is shorter than sqrt 2."""
    chosen = _round(ds)
    reach = np.hypot(chosen["first"], chosen["second"])
    chord = 2 * np.sqrt(2) * chosen["first"] * chosen["second"] / reach
    missed = reach * (1 - np.sqrt(1 - 2 / chord**2))
    return Exact(chosen.diagonal, 4 * (1 + 2 * missed), "whole diagonals: one more or less, and short chords")


def _rectangle(extra):
    """Both counts, and their sum as the graph counts it."""

    def predict(ds):
        chosen = _straight(ds)
        along, diagonal = theory.rectangle_crossings(chosen.height.values, chosen.width.values)
        counts = np.stack([along, diagonal + extra, along + diagonal + extra], axis=-1)
        return _straight_counts(ds).copy(data=counts)

    return predict


def _straight_counts(ds):
    chosen = _straight(ds)
    parts = [chosen.along, chosen.diagonal, chosen.weight]
    return xr.concat([part.astype(float) for part in parts], dim="count").transpose(..., "count")


def _lengths(ds):
    error = LATENT * (1 - ds.shortest) + 1e-12
    return Exact(ds.length, error * xr.ones_like(ds.length), "latents are short of the sphere by a known share")


def _codeword_lengths(factor):
    return lambda ds: elementwise(lambda v: theory.codeword_length(float(LATENT), factor * v), ds.within)


CLAIMS = (
    Claim(
        id="graph_ode/P7",
        kind="identity",
        statement="the code graph of a ramp is the path of its bands, whatever the length of their borders",
        source=DERIVED,
        experiment=RAMP,
        predict=_of_path(theory.path_spectrum),
        observe=lambda ds: rounding(_spectrum(ds), 64, scale=4.0),
        comparison=Agreement(),
        decoy=Decoy("it is a ring", _of_path(theory.ring_spectrum)),
    ),
    Claim(
        id="graph_ode/P7-waves",
        kind="identity",
        statement="the weights W of a cosine do not change with its wavenumber: they are those of a path of levels",
        source=DERIVED,
        experiment=WAVES,
        predict=_path_weights(),
        observe=lambda ds: rounding(ds.weights, 4, scale=1.0),
        comparison=Agreement(),
        decoy=Decoy("codes half as far apart weigh half", _path_weights(lambda waves: 1 / waves)),
    ),
    Claim(
        id="graph_ode/P22",
        kind="identity",
        statement="a pixelwise encoder commutes with every permutation of pixels: it sees no space",
        source=DERIVED,
        experiment=ENCODER,
        predict=lambda ds: xr.zeros_like(ds.learned, float),
        observe=lambda ds: Exact(ds.learned + ds.fixed, 0.0, "counted"),
        comparison=Agreement(),
        decoy=Decoy("as many pixels change as after averaging over 3 x 3", lambda ds: ds.averaged.astype(float)),
    ),
    Claim(
        id="graph_ode/P24",
        kind="bound",
        statement="codes of intervals of width D touch only if |i - j| <= ceil(J/D), J the largest jump of neighbours",
        source=DERIVED,
        experiment=BANDS,
        predict=_band(0),
        observe=lambda ds: Exact(ds.bandwidth, 0.0, "counted"),
        comparison=Bound(side="upper"),
        decoy=Decoy("only if they are nearer by one", _band(-1)),
    ),
    Claim(
        id="graph_ode/P25",
        kind="equality",
        statement="pairs along rows and columns across an ellipse are its L1 length 4 (a + b)",
        source=DERIVED,
        experiment=SHAPES,
        predict=_ellipse(0, "along"),
        observe=_along,
        comparison=Agreement(),
        decoy=Decoy("its length times what a circle has, 4/pi", _by_length(4 / np.pi, "along")),
    ),
    Claim(
        id="graph_ode/P25-diagonal",
        kind="equality",
        statement="pairs along both diagonals across it are 8 sqrt(a^2 + b^2)",
        source=DERIVED,
        experiment=SHAPES,
        predict=_ellipse(1, "diagonal"),
        observe=_diagonal,
        comparison=Agreement(),
        decoy=Decoy("its length times what a circle has", _by_length(4 * np.sqrt(2) / np.pi, "diagonal")),
    ),
    Claim(
        id="graph_ode/P25-rectangle",
        kind="identity",
        statement="a rectangle of whole pixels has 2 (h + w) pairs along rows and columns and 4 (h + w - 1) along "
        "diagonals, together the co-occurrence of inside and outside",
        source=DERIVED,
        experiment=SHAPES,
        predict=_rectangle(0),
        observe=lambda ds: Exact(_straight_counts(ds), 0.0, "counted"),
        comparison=Agreement(),
        decoy=Decoy("4 (h + w) along diagonals, corners not thought of", _rectangle(4)),
    ),
    Claim(
        id="graph_ode/P28",
        kind="identity",
        statement="on the sphere of layer norms a cosine is 1 - |E - c|^2/(2 e)",
        source=DERIVED,
        experiment=ENCODER,
        predict=lambda ds: elementwise(lambda d: theory.cosine_from_distance(d, float(LATENT)), ds.squared),
        observe=lambda ds: Exact(ds.chi, 4 * (1 - ds.shortest) + 1e-12, "latents are short of the sphere"),
        comparison=Agreement(),
        decoy=Decoy("1 - |E - c|^2/e", lambda ds: elementwise(lambda d: 1 - d / LATENT, ds.squared)),
    ),
    Claim(
        id="graph_ode/P28-length",
        kind="identity",
        statement="the mean of a cluster of latents is shorter than they are: |c|^2 = e less the variance within",
        source=DERIVED,
        experiment=ENCODER,
        predict=_codeword_lengths(1.0),
        observe=_lengths,
        comparison=Agreement(),
        decoy=Decoy("by half of that variance", _codeword_lengths(0.5)),
    ),
)
