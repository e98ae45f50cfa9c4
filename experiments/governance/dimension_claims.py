"""What more neurons do to the readout: the opposite of what the text says."""

from __future__ import annotations

import numpy as np

from experiments.claim import Agreement, Claim, Decoy, Ordering, Sharp, Source
from experiments.estimates import mean_of

READOUTS = "governance/readouts"


def _growth(ds):
    squared = np.log(ds.weights_squared.sel(regime="fixed", drop=True))
    return mean_of(squared.isel(dimension=-1, drop=True) - squared.isel(dimension=0, drop=True), "replicate")


CLAIMS = (
    Claim(
        id="governance/C-readout",
        kind="ordering",
        statement="the text: under a fixed ridge the squared norm of the readout grows with the dimension",
        source=Source("2602.20846", "Exp. 8, text"),
        experiment=READOUTS,
        predict=lambda ds: 0.0,
        observe=_growth,
        comparison=Ordering(),
        decoy=Decoy("twenty times from d = 5 to d = 100", lambda ds: np.log(20.0)),
        sharp=Sharp("it falls like 1/d, twenty times from d = 5 to d = 100", lambda ds: -np.log(20.0), Agreement(2.0)),
    ),
)
