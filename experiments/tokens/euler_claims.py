"""What a finite stack of layers keeps of the flow: first order in the step, and the sign only for small steps."""

from __future__ import annotations

import numpy as np
import xarray as xr

from experiments.claim import Agreement, Claim, Decoy
from experiments.evidence import Bracket, Exact
from experiments.laws import elementwise
from experiments.tokens.line_quantities import DERIVED
from theory import tokens as theory

STACK, LAYER = "tokens/euler", "tokens/one-layer"


def _order(ds):
    """Order of the error at the finest step, with what it still has to go: it halves its distance each time."""
    orders = np.log2(ds.error.values[..., :-1] / ds.error.values[..., 1:])
    value = ds.error.isel(layers=-1, drop=True).copy(data=orders[..., -1])
    left = 2 * abs(orders[..., -1] - orders[..., -2])
    return Exact(value, value.copy(data=left), "the next order of the expansion, from the last halving of the step")


def _flips(ds):
    """The step between which the token changes sign."""
    kept = ds.kept.transpose("token", "step")
    last = (kept > 0).sum("step").values - 1
    steps = ds.step.values
    low = xr.DataArray(steps[last], dims="token", coords={"token": ds.token.values})
    return Bracket(low, low.copy(data=steps[last + 1]), "neighbouring steps of the sweep")


def _largest_step(ds):
    influence = elementwise(theory.step_size, ds.token, ds.slope) * ds.token**2
    return elementwise(theory.sign_kept_step, influence, ds.coupling)


CLAIMS = (
    Claim(
        id="tokens/C21",
        kind="rate",
        statement="a stack of equal layers x + h S6(x) follows the flow with an error of order h",
        source=DERIVED,
        experiment=STACK,
        predict=lambda ds: 1.0,
        observe=_order,
        comparison=Agreement(),
        decoy=Decoy("of order h^(1.1)", lambda ds: 1.1),
    ),
    Claim(
        id="tokens/C21-sign",
        kind="threshold",
        statement="a layer turns a token round iff h |mu| G_l > 1: finite stacks with mu < 0 do not inherit the "
        "theorem for large tokens",
        source=DERIVED,
        experiment=LAYER,
        predict=_largest_step,
        observe=_flips,
        comparison=Agreement(),
        decoy=Decoy("iff h |mu| G_l > 1.1", lambda ds: 1.1 * _largest_step(ds)),
    ),
)
