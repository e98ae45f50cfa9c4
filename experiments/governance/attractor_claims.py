"""States at rest of published bodies: one with a cooperator, sometimes two with a defector, and none of it before."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from experiments.claim import Agreement, Bound, Claim, Decoy, Sharp, Source
from experiments.estimates import rounding
from experiments.evidence import Exact
from theory import governance as theory

ATTRACTORS, RADII, PAPER = "governance/attractors", "governance/first-radius", "2602.20846"
# Products of thirty terms through a contraction: 300 rounds leave rounding alone.
LOOP_ERRORS = 512
# Smallest, mean and largest radius of the twenty bodies, to the digits of the specification.
FIRST = np.array([0.79, 0.93, 1.16])


def _bodies(ds):
    inputs = ds.inputs.transpose("seed", "neuron", "player").values
    rows = (ds[name].values for name in ("bias", "weights", "intercept"))
    recurrent = ds.recurrent.transpose("seed", "neuron", "origin").values
    return theory.Body(recurrent, inputs[..., 0], inputs[..., 1], *rows, np.full(len(recurrent), 0.15))


def _at_rest(opponent, begin):
    """Actions at rest of every body from every start."""

    @jax.jit
    @jax.vmap
    def actions(body, starts):
        def action(start):
            return theory.body_action(body, theory.closed_loop_state(body, 1.0, opponent, begin(start)))

        return jax.vmap(action)(starts)

    def predict(ds):
        starts = ds.start.transpose("seed", "start_index", "neuron").values
        return xr.DataArray(np.asarray(actions(_bodies(ds), starts)), dims=("seed", "start_index"))

    return predict


def _open_loop(ds):
    """Actions of bodies that are told that their own action is 1."""

    @jax.vmap
    def action(body):
        state = theory.driven_state(body.recurrent, body.own_input + body.other_input + body.bias)
        return theory.body_action(body, state)

    return xr.DataArray(np.asarray(action(_bodies(ds))), dims="seed") + 0 * _seen(1)(ds).value


def _seen(opponent):
    def observe(ds):
        """Actions where the rounds ended."""
        actions = ds.action.isel(opponent=opponent, drop=True).transpose("seed", "start_index")
        return rounding(actions.drop_vars("seed"), LOOP_ERRORS, scale=1.0)

    return observe


def _untrained(ds):
    return rounding(ds.fresh_action.isel(opponent=0, drop=True), LOOP_ERRORS, scale=1.0)


def _radii(ds):
    values = np.array([ds.radius.min(), ds.radius.mean(), ds.radius.max()])
    return Exact(xr.DataArray(values, dims="of"), 0.0051, "half a unit of the last digit")


def _all(values):
    return lambda ds: xr.DataArray(np.broadcast_to(values, 3), dims="of")


CLAIMS = (
    Claim(
        id="governance/one-rest",
        kind="equality",
        statement="with a cooperator a habituated body comes to the same self-consistent state from every start",
        source=Source(PAPER, "Thm existence of self-consistent fixed points"),
        experiment=ATTRACTORS,
        predict=_at_rest(1.0, jnp.zeros_like),
        observe=_seen(1),
        comparison=Agreement(),
        decoy=Decoy("that of a body which hears of itself that it cooperates fully", _open_loop),
    ),
    Claim(
        id="governance/two-rests",
        kind="equality",
        statement="a body may have several self-consistent states: with a defector body 12 of experiment 2 has two, "
        "a = 0.02 and 0.94, and the start decides",
        source=Source(PAPER, "Remark multiplicity"),
        experiment=ATTRACTORS,
        predict=_at_rest(0.0, lambda start: start),
        observe=_seen(0),
        comparison=Agreement(),
        decoy=Decoy("the state reached from x = 0, whatever the start", _at_rest(0.0, jnp.zeros_like)),
    ),
    Claim(
        id="governance/C-untrained",
        kind="bound",
        statement="insulation is what habituation does: before it the same bodies answer a defector with a < 0.1",
        source=Source("derived here"),
        experiment=ATTRACTORS,
        predict=lambda ds: 0.1,
        observe=_untrained,
        comparison=Bound(side="upper"),
        decoy=Decoy("with a < 0.05, the readout's target", lambda ds: 0.05),
    ),
    Claim(
        id="governance/C-linearisation",
        kind="equality",
        statement="no neuron is far along its tanh where the body rests: the largest activity is about 0.7",
        source=Source(PAPER, "Remark on the linearisation"),
        experiment=ATTRACTORS,
        predict=lambda ds: 0.7,
        observe=lambda ds: Exact(ds.largest.isel(opponent=1, drop=True), 0.05, "half a unit of the digit printed"),
        comparison=Agreement(),
        decoy=Decoy("about 0.5", lambda ds: 0.5),
        sharp=Sharp("it is above 0.95", lambda ds: 0.95, Bound(side="lower")),
    ),
    Claim(
        id="governance/C-first-radius",
        kind="equality",
        statement="bodies begin with the spectral radius 0.9",
        source=Source(PAPER, "Sec. initialisation, text"),
        experiment=RADII,
        predict=_all(0.9),
        observe=_radii,
        comparison=Agreement(),
        decoy=Decoy("with 1", _all(1.0)),
        sharp=Sharp(
            "with 0.79 to 1.16, 0.93 in the mean: a power iteration does not find the radius of a complex pair",
            _all(FIRST),
        ),
    ),
)
