"""The diffusion decoder as a filter of modes and on constant fields (P36, P37), and oddities of the released one.

Where the released code contradicts itself (an unclipped sampler, a start without scaling) what it takes for granted is
the claim, and what it does instead the sharp version.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from experiments.claim import Agreement, Bound, Claim, Decoy, Sharp, Source
from experiments.estimates import rounding
from experiments.graph_ode.denoising import LEVELS
from experiments.laws import elementwise
from theory import graph_ode as theory

DECODER, CONSTANTS, RANGE = "graph_ode/decoder-gain", "graph_ode/constants", "graph_ode/sampled-range"
DERIVED = Source("derived here")
CODE = Source("2505.17459", "its official code")
# Fifty steps of three operations each, two transforms among them.
GAIN_ERRORS = 2**10


def _levels_of(table):
    """Signal levels of the released descent, 197 to 1 in strides of 4 and 0, in one of the two tables."""
    levels = np.array([*range(197, 0, -4), 0])
    if table == "one":
        return levels, np.asarray(theory.signal_level(levels))
    # The released table is the longer one, shifted by one level.
    return levels, np.asarray(theory.signal_level(levels + 1, LEVELS + 1))


def _filter(ds, shifted=True, pulled=True):
    """The decoder's gain from the affine recursion, for each kind of decoder of the data."""
    rows = []
    for table, pull, start in zip(ds.table.values, ds.pull.values, ds.start.values, strict=True):
        levels, signals = _levels_of(str(table) if shifted else "one")
        pulls = pull * np.where(levels[:-1] > 100, 1.0, 0.1) * pulled
        scale = np.sqrt(signals[0]) if start == "scaled" else 1.0
        rows.append(scale * np.asarray(theory.pulled_gain(ds.variance.values, signals, pulls)))
    return ds.gain.transpose("decoder", "variance").copy(data=np.asarray(rows))


def _kind(table, pulled, start):
    def select(ds):
        wanted = (ds.table == table) & ((ds.pull > 0) == pulled) & (ds.start == start)
        return ds.isel(decoder=int(np.flatnonzero(wanted.values)[0]), drop=True)

    return select


_raw, _scaled = _kind("one", False, "raw"), _kind("one", False, "scaled")
_pulled, _pulled_released = _kind("one", True, "raw"), _kind("released", True, "raw")


def _gain(select):
    return lambda ds: rounding(select(ds).gain, GAIN_ERRORS, scale=1.0)


def _floor(select):
    return lambda ds: rounding(select(ds).gain.isel(variance=0, drop=True), GAIN_ERRORS, scale=1.0)


def _start_signal():
    return float(theory.signal_level(197))


def _constant(select):
    return lambda ds: rounding(select(ds).once, GAIN_ERRORS, scale=1.0)


def _decoded(scaled, clip=True):
    def predict(ds):
        if not clip:
            return ds.value / np.sqrt(_start_signal())
        return elementwise(lambda c: theory.decoded_constant(c, _start_signal(), scaled), ds.value)

    return predict


def _constants_of(start, clip):
    def select(ds):
        wanted = (ds.start == start) & (ds["clip"] == clip)
        return ds.isel(decoder=int(np.flatnonzero(wanted.values)[0]), drop=True)

    return select


CLAIMS = (
    Claim(
        id="graph_ode/P36",
        kind="identity",
        statement="the decoder is a filter whose gain follows g <- m g - c (g - 1), for scaled and raw starts, with or "
        "without the released pull and the released table",
        source=CODE,
        experiment=DECODER,
        predict=_filter,
        observe=lambda ds: rounding(ds.gain, GAIN_ERRORS, scale=1.0),
        comparison=Agreement(),
        decoy=Decoy("the released table does not matter", lambda ds: _filter(ds, shifted=False)),
    ),
    Claim(
        id="graph_ode/P36-floor",
        kind="equality",
        statement="the pull sets a floor of 0.17 under the gain of modes without variance (with the right table)",
        source=DERIVED,
        experiment=DECODER,
        predict=lambda ds: 0.17,
        observe=_floor(_pulled),
        comparison=Agreement(),
        decoy=Decoy("there is no floor", lambda ds: 0.0),
        sharp=Sharp(
            "0.05: the floor of 0.17 is that of the shifted table, whose last step keeps noise",
            lambda ds: _pulled(_filter(ds).to_dataset(name="gain")).gain.isel(variance=0, drop=True),
        ),
    ),
    Claim(
        id="graph_ode/P36-start",
        kind="bound",
        statement="a start at the lifted field as it is, released, amplifies large modes, but by no more than "
        "1/sqrt(abar) = 1.22",
        source=CODE,
        experiment=DECODER,
        predict=lambda ds: 1 / np.sqrt(_start_signal()) + xr.zeros_like(_raw(ds).gain),
        observe=_gain(_raw),
        comparison=Bound(side="upper"),
        decoy=Decoy("not at all", lambda ds: xr.ones_like(_raw(ds).gain)),
    ),
    Claim(
        id="graph_ode/P36-scaled",
        kind="bound",
        statement="a scaled start never amplifies: its gain is at most the square root of a Wiener gain",
        source=DERIVED,
        experiment=DECODER,
        predict=lambda ds: elementwise(lambda s2: theory.scaled_gain(s2, _start_signal()), _scaled(ds).variance),
        observe=_gain(_scaled),
        comparison=Bound(side="upper"),
        decoy=Decoy(
            "at most the Wiener gain itself",
            lambda ds: elementwise(
                lambda s2: theory.wiener_filter(s2, np.sqrt(1 / _start_signal() - 1)), _scaled(ds).variance
            ),
        ),
    ),
    Claim(
        id="graph_ode/P37",
        kind="identity",
        statement="where the prior says nothing about constants the scaled decoder is the identity on [-1, 1]",
        source=DERIVED,
        experiment=CONSTANTS,
        predict=_decoded(True),
        observe=_constant(_constants_of("scaled", 1)),
        comparison=Agreement(),
        decoy=Decoy("it divides by sqrt(abar), clipped", _decoded(False)),
    ),
    Claim(
        id="graph_ode/P37-raw",
        kind="identity",
        statement="so is the released one, which starts at the field as it is and clips",
        source=CODE,
        experiment=CONSTANTS,
        predict=_decoded(True),
        observe=_constant(_constants_of("raw", 1)),
        comparison=Agreement(),
        decoy=Decoy("it sets every constant to zero", lambda ds: xr.zeros_like(ds.value)),
        sharp=Sharp("it divides by sqrt(abar), clipped: decoding twice is not decoding once", _decoded(False)),
    ),
    Claim(
        id="graph_ode/P37-unclipped",
        kind="bound",
        statement="the released plain sampler, whose clip flag is mixed precision's, stays in [-1, 1] all the same",
        source=CODE,
        experiment=CONSTANTS,
        predict=lambda ds: xr.ones_like(ds.value),
        observe=lambda ds: rounding(abs(_constants_of("raw", 0)(ds).once), GAIN_ERRORS, scale=1.0),
        comparison=Bound(side="upper", scale=1.0),
        decoy=Decoy("it stays in [-1/2, 1/2]", lambda ds: 0.5 * xr.ones_like(ds.value)),
        sharp=Sharp("it returns c/sqrt(abar)", lambda ds: abs(_decoded(False, clip=False)(ds)), Agreement()),
    ),
    Claim(
        id="graph_ode/P37-range",
        kind="bound",
        statement="a clipped sampler that ends at level 0 of one table returns values in [-1, 1] whatever its denoiser "
        "says",
        source=DERIVED,
        experiment=RANGE,
        predict=lambda ds: xr.ones_like(ds.largest),
        observe=lambda ds: rounding(ds.largest, 8, scale=1.0),
        comparison=Bound(side="upper"),
        decoy=Decoy("in [-0.9, 0.9]", lambda ds: 0.9 * xr.ones_like(ds.largest)),
    ),
)
