"""How a body without noise comes to rest, and what experiment 1 shows instead."""

from __future__ import annotations

import jax
import numpy as np
import xarray as xr

from experiments.claim import Agreement, Bound, Claim, Decoy, Sharp, Source
from experiments.estimates import paired_difference, rounding
from experiments.evidence import Exact
from experiments.governance.stored_bodies import bodies_of
from theory import governance as theory

CONVERGENCE, PAPER = "governance/convergence", "2602.20846"
# The rate is measured between these rounds: before, the loop bends; after, float32 has no digits left.
FIRST, LAST = 6, 8
EARLY = 5


@jax.jit
@jax.vmap
def _there(body):
    jacobian = theory.loop_jacobian(body, theory.closed_loop_state(body, 1.0, 1.0))
    norm = jax.numpy.linalg.norm(jacobian, 2)
    return theory.spectral_radius(jacobian), norm, theory.global_contraction(body)


def _rates(ds):
    distance = ds.distance.transpose("replicate", "step").astype(float)
    before, after = (distance.isel(step=step, drop=True) for step in (FIRST, LAST))
    rate = np.log(after / before) / (LAST - FIRST)
    radius, _, everywhere = _there(bodies_of(ds))
    # J changes by at most (||W|| + ||w1|| ||w||/4)^2 a unit of distance (|tanh''| and 10 |sigmoid''| stay below 1).
    bent = np.asarray(everywhere) ** 2 * (before + after) / np.asarray(radius)
    # A state of norm sqrt(d), as float32 has it, twice.
    lost = 2 * np.finfo(np.float32).eps * ds.sizes["neuron"] ** 0.5 / after
    return Exact(rate, (bent + lost) / (LAST - FIRST), "curvature of the loop, and digits of float32")


def _law(which):
    return lambda ds: xr.DataArray(np.log(np.asarray(_there(bodies_of(ds))[which])), dims="replicate")


def _transient(ds):
    action = ds.body_action.sel(agent="alpha=1", drop=True)
    early, late = (action.isel(round=part).mean("round") for part in (slice(EARLY), slice(EARLY, None)))
    return paired_difference(early, late, "replicate")


def _contraction(ds):
    """The contraction condition of stored bodies, by NumPy."""
    bodies = bodies_of(ds)
    norms = np.linalg.norm(bodies.recurrent, 2, axis=(-2, -1))
    feedback = np.linalg.norm(bodies.own_input, axis=-1) * np.linalg.norm(bodies.readout, axis=-1)
    return rounding(xr.DataArray(norms + feedback / 4, dims="replicate"), 1e3)


CLAIMS = (
    Claim(
        id="governance/T6-rate",
        kind="rate",
        statement="a body without noise comes to rest geometrically, at the rate of its Jacobian's spectral radius",
        source=Source(PAPER, "Prop. local stability"),
        experiment=CONVERGENCE,
        predict=_law(0),
        observe=_rates,
        comparison=Agreement(),
        decoy=Decoy("the rate of its largest singular value", _law(1)),
    ),
    Claim(
        id="governance/C-stationary",
        kind="equality",
        statement="experiment 1 shows no convergence within 5 to 10 rounds: after 500 rounds of warm-up its series "
        "begin where they stay",
        source=Source("derived here"),
        experiment=CONVERGENCE,
        predict=lambda ds: 0.0,
        observe=_transient,
        comparison=Agreement(resolution=0.02),
        decoy=Decoy("from 1/2, a quarter of the distance left each round", lambda ds: -0.48 * 4 / 3 / EARLY),
    ),
    Claim(
        id="governance/C-contraction",
        kind="bound",
        statement="the closed loop is a contraction, ||W|| + ||w1|| ||w||/4 < 1, so that its state at rest is unique",
        source=Source(PAPER, "Remark contraction"),
        experiment=CONVERGENCE,
        predict=lambda ds: 1.0,
        observe=_contraction,
        comparison=Bound(side="upper"),
        decoy=Decoy("below 1/2", lambda ds: 0.5),
        sharp=Sharp("it is above 1.5: what is unique is so for other reasons", lambda ds: 1.5, Bound(side="lower")),
    ),
)
