"""What the temperature of the published reordering means: SoftSort at temperature 1 pools."""

from __future__ import annotations

import xarray as xr

from experiments.claim import Agreement, Claim, Decoy
from experiments.estimates import mean_of
from experiments.laws import elementwise
from experiments.tokens.line_quantities import DERIVED
from theory import tokens as theory


def _support(ds: xr.Dataset, factor: float = 1.0) -> xr.DataArray:
    return elementwise(theory.softsort_support, factor * ds.spread)


CLAIMS = (
    Claim(
        id="tokens/C24-curve",
        kind="equality",
        statement="for many normal scores of standard deviation k tau a row of SoftSort at r deviations has the "
        "effective support Z exp(k E|g - r| e^(-k|g-r|)/Z), Z = E e^(-k|g-r|): 0.999 at k = 0.05, where the published "
        "network starts, 0.82 at 1",
        source=DERIVED,
        experiment="tokens/softsort-blur",
        predict=_support,
        observe=lambda ds: mean_of(ds.support, "replicate"),
        comparison=Agreement(resolution=0.02),
        decoy=Decoy("scores spread a fifth more", lambda ds: _support(ds, 1.2)),
    ),
)
