"""Claims made of constants, for tests that care about the verdict only."""

import numpy as np
import xarray as xr

from experiments.claim import KINDS, Claim, Decoy, Sharp, Source, judge
from experiments.estimates import bias_of_votes
from experiments.evidence import Exact

RHO = xr.DataArray([0.1, 0.2, 0.3, 0.4], dims="rho", coords={"rho": [0.1, 0.2, 0.3, 0.4]})
EMPTY = xr.Dataset()


def claim(kind="equality", predict=0.0, observe=None, comparison=None, decoy=1.0, sharp=None, **changes):
    """A claim whose parts may be constants instead of functions of a dataset."""
    parts = {
        "id": "synergy/C7",
        "kind": kind,
        "statement": "a statement",
        "source": Source("2601.17311", "Definition 2"),
        "experiment": "synergy/one-level",
        "predict": predict if callable(predict) else lambda ds: predict,
        "observe": observe if callable(observe) else lambda ds: observe,
        "comparison": comparison or KINDS[kind](),
        "decoy": Decoy("a constant a few percent off", decoy if callable(decoy) else lambda ds: decoy),
        "sharp": None if sharp is None else Sharp("the true one", lambda ds: sharp),
    }
    return Claim(**(parts | changes))


def verdict(*args, **kwargs):
    return judge(claim(*args, **kwargs), EMPTY)


def exact(value, error=0.0):
    return Exact(value, error, "bound")


def votes_at(bias, votes, seed=0):
    positive = np.random.default_rng(seed).binomial(votes, (1 + bias) / 2)
    return bias_of_votes(xr.zeros_like(bias) + positive, votes)
