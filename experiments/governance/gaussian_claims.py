"""What the corollary on the divergence says of its terms, and how Gaussian the states are that it speaks of."""

from __future__ import annotations

import numpy as np
import xarray as xr

from experiments.claim import Bound, Claim, Decoy, Ordering, Sharp, Source
from experiments.estimates import mean_of

ENDS, PAPER = "governance/both-ends", "2602.20846"
WHERE = "Corollary (state-space KL reduction)"


def _dominance(ds):
    """ln of the trace term over the other two, sizes added."""
    others = abs(ds.mean_part) + abs(ds.volume_part)
    return mean_of(np.log(ds.trace_part / others), "replicate")


def _skewness(ds):
    return mean_of(ds.skewness, "replicate")


def _ends(value):
    return lambda ds: xr.DataArray([value, value], dims="share", coords={"share": ds.share})


CLAIMS = (
    Claim(
        id="governance/C-trace",
        kind="ordering",
        statement="the Gaussian divergence is dominated by its trace term: it outweighs the means' and the "
        "log-determinant's together, at alpha = 0 and at alpha = 1",
        source=Source(PAPER, WHERE),
        experiment=ENDS,
        predict=_ends(0.0),
        observe=_dominance,
        comparison=Ordering(),
        decoy=Decoy("five times over", _ends(np.log(5.0))),
    ),
    Claim(
        id="governance/C-gaussian",
        kind="bound",
        statement="states are nearly Gaussian, no neuron's skewness exceeding 0.15, against the noisy opponent too",
        source=Source(PAPER, WHERE),
        experiment=ENDS,
        predict=_ends(0.15),
        observe=_skewness,
        comparison=Bound(side="upper", resolution=0.5),
        decoy=Decoy("not exceeding 0.05", _ends(0.05)),
        sharp=Sharp(
            "some neuron's skewness exceeds 0.5 in the mean body",
            _ends(0.5),
            Bound(side="lower", tight=5.0, resolution=0.5),
        ),
    ),
    Claim(
        id="governance/C-gaussian-quiet",
        kind="bound",
        statement="in the habituated states no neuron's skewness exceeds 0.15, in the mean body",
        source=Source(PAPER, WHERE),
        experiment=ENDS,
        predict=lambda ds: 0.15,
        observe=lambda ds: mean_of(ds.quiet_skewness, "replicate"),
        comparison=Bound(side="upper", resolution=0.05),
        decoy=Decoy("not exceeding 0.05", lambda ds: 0.05),
    ),
)
