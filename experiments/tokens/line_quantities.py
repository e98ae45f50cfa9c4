"""What the sweeps of tokens on a line share: their symbols, the house's names for errors, and small helpers."""

from __future__ import annotations

import numpy as np
import xarray as xr

from experiments.claim import Source
from experiments.evidence import Exact
from experiments.experiment import Quantity
from experiments.labels import Values

PAPER = "2410.03292"
DERIVED = Source("derived here")

TOKEN = Quantity("x_0", "initial token")
COUPLING = Quantity(r"\mu", "input-output scalar S_C S_B")
SLOPE = Quantity("s", "slope of the step size")
DECAY = Quantity("a", "decay of the state")
BIAS = Quantity("b", "bias of the step size")
EXACT = Quantity("zoh", "1 for exact zero-order hold, 0 for the first-order input")
STEPS = Quantity("n", "steps of the solver")

# Of every solve here, per step, on logarithms of sizes (and on the clock, relative to its end).
TOLERANCE = 1e-11


def solved(value: Values, steps: Values, growth: float = 10.0, scale: Values = 0.0) -> Exact:
    """A solver's answer, within its tolerance at every step times `growth`.

    growth: how much an early error may have grown; 10 covers the error estimate's own optimism where neighbouring
    solutions approach each other, as they do in all the variables integrated here.  scale: size of the terms that were
    subtracted.
    """
    size = np.maximum(abs(value), scale)
    return Exact(value, TOLERANCE * growth * steps * size, f"{growth:g} solver tolerances of 1e-11 a step")


def like(template: xr.DataArray, data) -> xr.DataArray:
    """Values on the points of a template."""
    return template.copy(data=np.broadcast_to(np.asarray(data, float), template.shape))
