"""What more neurons do to the body's variance, Var_1 = A + B/d, and to the sentinel's lead over Tit-for-Tat.

The abstract says that the lead grows with the dimension, the text of experiment 9 that it peaks at d = 10 and is half
as large from d = 20 on: they contradict each other, and neither is so.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from experiments.claim import Agreement, Bound, Claim, Decoy, Ordering, Sharp, Source
from experiments.estimates import mean_of, slope
from experiments.evidence import Mean
from theory import governance as theory

SOURCES, PAPER = "governance/sources", "2602.20846"


def _by_dimension(values: xr.DataArray) -> xr.DataArray:
    return values.drop_vars(["width"], errors="ignore")


def _slope(ds, values):
    """Slope of the mean body's value on ln d; every dimension has as many bodies, and its own scatter."""
    mean = mean_of(_by_dimension(values), "replicate")
    fit = slope(np.log(ds.dimension), mean.value, mean.standard_error)
    # The scatters are themselves estimates, each from as many bodies.
    bodies = ds.sizes["replicate"]
    return Mean(fit.value, fit.standard_error, samples=bodies, dof=bodies - 1)


def _noise_slope(ds):
    return _slope(ds, np.log(ds.logit_variance.sel(source="noise", drop=True)))


def _gain_as_if_averaged(ds):
    """Slope of a gain that falls like 1/sqrt(d), as large as ours in the mean."""
    mean = mean_of(_by_dimension(ds.gain), "replicate")
    falling = ds.dimension**-0.5
    weight = mean.standard_error**-2
    like = falling * (weight * mean.value).sum() / (weight * falling).sum()
    return slope(np.log(ds.dimension), like, mean.standard_error).value


def _together(ds):
    by = {str(name): ds.logit_variance.sel(source=name, drop=True) for name in ds.source.values}
    return mean_of(_by_dimension(np.log(by["both"] / (by["noise"] + by["pulses"]))), "replicate")


def _deviations_added(ds):
    by = {str(name): ds.logit_variance.sel(source=name, drop=True) for name in ds.source.values}
    apart = np.log((by["noise"] ** 0.5 + by["pulses"] ** 0.5) ** 2 / (by["noise"] + by["pulses"]))
    return _by_dimension(apart.mean("replicate"))


def _leads(ds) -> xr.DataArray:
    """Lead over Tit-for-Tat per round with a cooperator, which pays 2 for every unit of cooperation withheld."""
    return _by_dimension(float(theory.payoff_slope(1.0)) * (ds.sentinel_action - 1))


def _beside_half(ds):
    """Lead at d = 20 less half of that at d = 10, bodies of different draws."""
    ends = mean_of(_leads(ds), "replicate")
    at = {d: ends.value.isel(dimension=int(np.argmax(ds.dimension.values == d)), drop=True) for d in (10, 20)}
    error = {d: ends.standard_error.isel(dimension=int(np.argmax(ds.dimension.values == d)), drop=True) for d in at}
    # The smaller of Welch's degrees of freedom: those of either sample.
    return Mean(
        at[20] - at[10] / 2,
        np.sqrt(error[20] ** 2 + error[10] ** 2 / 4),
        samples=ds.sizes["replicate"],
        dof=ds.sizes["replicate"] - 1,
    )


def _of_lead_at_ten(share):
    def predict(ds):
        lead = _leads(ds).isel(dimension=int(np.argmax(ds.dimension.values == 10)), drop=True).mean("replicate")
        return (share - 0.5) * lead

    return predict


CLAIMS = (
    Claim(
        id="governance/variance-noise",
        kind="rate",
        statement="Var_1 = A + B/d: what its own noise does to the logit of the body's action falls like 1/d",
        source=Source("derived here"),
        experiment=SOURCES,
        predict=lambda ds: -1.0,
        observe=_noise_slope,
        comparison=Agreement(resolution=0.4),
        decoy=Decoy("it does not fall", lambda ds: 0.0),
    ),
    Claim(
        id="governance/variance-pulses",
        kind="rate",
        statement="and A stays: what the opponent's last action does to the logit does not fall with d, because the "
        "readout points along the difference that actions make",
        source=Source("derived here"),
        experiment=SOURCES,
        predict=lambda ds: 0.0,
        observe=lambda ds: _slope(ds, ds.gain),
        comparison=Agreement(resolution=0.4),
        decoy=Decoy("averaged like noise, 1/sqrt(d)", _gain_as_if_averaged),
    ),
    Claim(
        id="governance/variance-sum",
        kind="equality",
        statement="the two sources' variances add, at every d",
        source=Source("derived here"),
        experiment=SOURCES,
        predict=lambda ds: xr.zeros_like(ds.dimension, dtype=float),
        observe=_together,
        comparison=Agreement(resolution=0.2),
        decoy=Decoy("their standard deviations add", _deviations_added),
    ),
    Claim(
        id="governance/C-dimension-grows",
        kind="ordering",
        statement="the abstract: the sentinel's lead over Tit-for-Tat grows with the dimension (slope on ln d of its "
        "lead per round of cooperation)",
        source=Source(PAPER, "abstract"),
        experiment=SOURCES,
        predict=lambda ds: 0.0,
        observe=lambda ds: _slope(ds, _leads(ds)),
        comparison=Ordering(),
        decoy=Decoy("by 0.05 a round with every factor e of d, as much as it is worth", lambda ds: 0.05),
        sharp=Sharp(
            "it falls: bodies of more neurons cooperate more evenly, and only who withholds cooperation leads",
            lambda ds: 0.0,
            Bound(side="upper", scale=1.0, resolution=0.1),
        ),
    ),
    Claim(
        id="governance/C-dimension-half",
        kind="equality",
        statement="the text, against the abstract: the lead peaks at d = 10 and is about half as large at d = 20",
        source=Source(PAPER, "Exp. 9, text"),
        experiment=SOURCES,
        predict=_of_lead_at_ten(0.5),
        observe=_beside_half,
        comparison=Agreement(resolution=0.02),
        decoy=Decoy("nothing of it is left at d = 20", _of_lead_at_ten(0.0)),
        sharp=Sharp("it is about four fifths", _of_lead_at_ten(0.8)),
    ),
)
