"""What reordering tokens by importance does for a small network, beside controls that order nothing."""

from __future__ import annotations

import numpy as np
import xarray as xr

from dynamics.tokens.networks import UNORDERED_CEILING
from experiments.claim import Agreement, Bound, Claim, Decoy, Ordering, Source
from experiments.estimates import mean_of, paired_difference, rounding
from experiments.evidence import Exact, Proportion

NETWORK, SORT = "tokens/reordering", "tokens/soft-sort"
DERIVED = Source("derived here")
AS_A_SET = ["soft", "sharp", "hard", "random", "mean"]


def _loss(ds, order):
    """Training loss of the recall of one marked value, as a mean over all of the training: small if learned soon."""
    return ds.curve.sel(marks=1, order=order, drop=True).mean("stage")


def _sooner(slow, fast):
    return lambda ds: paired_difference(_loss(ds, slow), _loss(ds, fast), "replicate")


def _answered(ds, orders, marks):
    chosen = ds.correct.sel(marks=marks, order=orders, drop=True)
    return Proportion(chosen.sum("replicate"), ds.asked * chosen.sizes["replicate"])


def _beyond_the_mean(ds):
    share = (ds.correct / ds.asked).sel(marks=2, drop=True)
    return paired_difference(share.sel(order="soft", drop=True), share.sel(order="mean", drop=True), "replicate")


def _alike(ds):
    """To how many decimal digits the rows of SoftSort are the mean before training."""
    short = 1 - ds.blur_before.sel(order="soft", marks=1, drop=True)
    return mean_of(-np.log10(np.maximum(short, np.finfo(np.float32).eps)), "replicate")


def _limit(ds):
    """The tokens as SoftSort leaves them, within sum_l d e^(-d/tau) <= (L - 1) tau/e of the exact order."""
    temperature = np.exp(ds.log_temperature)
    bound = (ds.sizes["token"] - 1) * temperature / np.e
    rounded = 8 * np.finfo(float).eps * abs(ds.scores).max("token")
    return Exact(ds.sorted, bound + rounded, "every other token weighs d e^(-d/tau) <= tau/e, d its distance")


def _sorted(sign):
    return lambda ds: ds.sorted.copy(data=sign * np.sort(sign * ds.scores.values, axis=-1))


def _constant(value):
    return lambda ds: value


CLAIMS = (
    Claim(
        id="tokens/C24-rows",
        kind="identity",
        statement="each row of SoftSort sums to 1 at every temperature",
        source=DERIVED,
        experiment=SORT,
        predict=lambda ds: xr.ones_like(ds.row_sums),
        observe=lambda ds: rounding(ds.row_sums, 49),
        comparison=Agreement(),
        decoy=Decoy("to 1 only up to one part in a million", lambda ds: (1 + 1e-6) * xr.ones_like(ds.row_sums)),
    ),
    Claim(
        id="tokens/C24-limit",
        kind="identity",
        statement="as tau -> 0 SoftSort puts tokens into increasing importance, the most important last: no token is "
        "off by more than (L - 1) tau/e",
        source=DERIVED,
        experiment=SORT,
        predict=_sorted(1),
        observe=_limit,
        comparison=Agreement(),
        decoy=Decoy("the most important first", _sorted(-1)),
    ),
    Claim(
        id="tokens/C24-pools",
        kind="ordering",
        statement="at temperature 1 and before training SoftSort does not sort but takes the mean: the effective "
        "support of its rows is all of the tokens to two percent",
        source=DERIVED,
        experiment=NETWORK,
        predict=_constant(float(-np.log10(0.02))),
        observe=_alike,
        comparison=Ordering(),
        decoy=Decoy("to one part in a million", _constant(6.0)),
    ),
    Claim(
        id="tokens/reordering-speed",
        kind="ordering",
        statement="training converges faster with tokens reordered by importance (recall of one marked value)",
        source=Source("2410.03292", "reordering experiment"),
        experiment=NETWORK,
        predict=_constant(0.0),
        observe=_sooner("none", "soft"),
        comparison=Ordering(),
        decoy=Decoy("as though nothing were left to learn", _constant(float(np.log(8)))),
    ),
    Claim(
        id="tokens/reordering-mean",
        kind="ordering",
        statement="it converges faster as well with every token replaced by the mean of all, which has no order",
        source=DERIVED,
        experiment=NETWORK,
        predict=_constant(0.0),
        observe=_sooner("none", "mean"),
        comparison=Ordering(),
        decoy=Decoy("as though nothing were left to learn", _constant(float(np.log(8)))),
    ),
    Claim(
        id="tokens/reordering-exact",
        kind="ordering",
        statement="what is faster is not sorting: with the exact order (straight through) training is slower than at "
        "temperature 1",
        source=DERIVED,
        experiment=NETWORK,
        predict=_constant(0.0),
        observe=_sooner("hard", "soft"),
        comparison=Ordering(),
        decoy=Decoy("as though nothing were learned", _constant(float(np.log(8)))),
    ),
    Claim(
        id="tokens/reordering-ceiling",
        kind="bound",
        statement="a network whose tokens are reordered by what they are sees a set: of the later of two marked "
        "values it recalls at most 1/8 + 7/16 = 9/16",
        source=DERIVED,
        experiment=NETWORK,
        predict=_constant(UNORDERED_CEILING),
        observe=lambda ds: _answered(ds, AS_A_SET, 2),
        comparison=Bound(side="upper", resolution=0.05),
        decoy=Decoy("at most one half, equal values forgotten", _constant(0.5)),
    ),
    Claim(
        id="tokens/reordering-order",
        kind="equality",
        statement="where order counts, reordering at temperature 1 answers no more than the mean of all tokens does",
        source=DERIVED,
        experiment=NETWORK,
        predict=_constant(0.0),
        observe=_beyond_the_mean,
        comparison=Agreement(resolution=0.1),
        decoy=Decoy("all that the order of the tokens would add, 1 - 9/16", _constant(1 - UNORDERED_CEILING)),
    ),
)
