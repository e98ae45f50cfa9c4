"""What the sentinel gains, where, and how fast it reacts."""

from __future__ import annotations

import numpy as np
import xarray as xr
from scipy import stats

from experiments.claim import Agreement, Bound, Claim, Decoy, Ordering, Sharp, Source
from experiments.estimates import mean_of, rounding
from experiments.evidence import Exact
from theory import governance

OFFICIAL, LENGTHS, GRID = "governance/official-sentinel", "governance/block-length", "governance/phase-diagram"
PAPER = "2602.20846"
STORED_TOTALS = {
    "sentinel": 5104.88,
    "alpha=1": 4985.32,
    "alpha=0.85": 4998.64,
    "alpha=0.7": 5012.05,
    "alpha=0": 5070.40,
}
# The sentinel's lead over Tit-for-Tat by phase, per round as stored (four decimals), times the rounds of the phase.
STORED_LEADS = np.array(
    [
        500 * (3.0319 - 3.0),
        50 * (0.9199 - 0.98),
        500 * (3.0338 - 3.004),
        200 * (2.5497 - 2.5935),
        500 * (3.0322 - 3.0014),
    ]
)
LEAD_ERRORS = np.array([500, 50, 500, 200, 500]) * 1e-4


def _totals(ds):
    mean = ds.total.mean("seed")
    return Exact(mean, 0.006, "half a unit of the last digit printed")


def _stored_totals(shift):
    def predict(ds):
        names = np.roll(list(STORED_TOTALS.values()), shift)
        found = dict(zip(STORED_TOTALS, names, strict=True))
        return xr.DataArray([found[str(name)] for name in ds.agent.values], dims="agent", coords={"agent": ds.agent})

    return predict


def _rank_sum(ds):
    lead = (ds.total.sel(agent="sentinel") - ds.total.sel(agent="alpha=0")).values
    ranks = stats.rankdata(abs(lead))
    return Exact(float(ranks[lead > 0].sum()), 0.5, "ranks are whole numbers")


def _leads(ds):
    return Exact(ds.lead.mean("seed"), xr.DataArray(LEAD_ERRORS, dims="phase"), "four stored decimals a round, twice")


def _by_phase(values):
    return lambda ds: ds.lead.isel(seed=0, drop=True).copy(data=np.asarray(values, float))


def _mirrored(ds):
    paid = [float(governance.echo_block_payoff(500, int(length), 500)) for length in ds.length]
    return ds.mirror_payoff * 0 + xr.DataArray(paid, dims="length")


def _quick(ds):
    return Exact(ds.detection, 0.0, "rounds are whole numbers")


def _erosion(ds):
    lead = ds.sentinel_payoff - ds.mirror_payoff
    bodies = (lead.sel(length=500) - lead.sel(length=50)).drop_vars(["width", "dimension"], errors="ignore")
    return mean_of(bodies.stack(body=("dimension", "replicate"), create_index=False), "body")


CLAIMS = (
    Claim(
        id="governance/C-totals",
        kind="equality",
        statement="official mode gives experiment 6's stored mean payoffs over 1750 rounds of all five agents",
        source=Source(PAPER, "stored results of Exp. 6"),
        experiment=OFFICIAL,
        predict=_stored_totals(0),
        observe=_totals,
        comparison=Agreement(),
        decoy=Decoy("each agent paid like the one before", _stored_totals(1)),
    ),
    Claim(
        id="governance/C-wilcoxon",
        kind="equality",
        statement="the text: sentinel against Tit-for-Tat over the twenty bodies has the signed-rank statistic W = 178",
        source=Source(PAPER, "Exp. 6, text"),
        experiment=OFFICIAL,
        predict=lambda ds: 178.0,
        observe=_rank_sum,
        comparison=Agreement(),
        decoy=Decoy("the null's mean, 105", lambda ds: 105.0),
        sharp=Sharp("W = 210, its largest value: all twenty differences are positive, p = 1.9e-6", lambda ds: 210.0),
    ),
    Claim(
        id="governance/C-lead",
        kind="ordering",
        statement="the text: the sentinel earns its lead over Tit-for-Tat by smoothing noise and surviving defection, "
        "so it leads in every phase",
        source=Source(PAPER, "Exp. 6, text"),
        experiment=OFFICIAL,
        predict=lambda ds: 0.0,
        observe=_leads,
        comparison=Ordering(),
        decoy=Decoy("by a third of the noisy phase's payoff", lambda ds: 170.0),
        sharp=Sharp(
            "it gains 15.9, 14.9 and 15.4 in the cooperative phases and loses 3.0 to defection and 8.8 to noise",
            _by_phase(STORED_LEADS),
            Agreement(),
        ),
    ),
    Claim(
        id="governance/C-detection",
        kind="equality",
        statement="the text: the sentinel's share falls below 0.75 about 5 rounds after defection begins",
        source=Source(PAPER, "Exp. 9, panel (c), text"),
        experiment=LENGTHS,
        predict=lambda ds: 5.0,
        observe=_quick,
        comparison=Agreement(),
        decoy=Decoy("after 2 rounds", lambda ds: 2.0),
        sharp=Sharp(
            "never later than in the second round, which is the first in which the filter has seen a defection",
            lambda ds: 1.0,
            Bound(side="upper", scale=1.0),
        ),
    ),
    Claim(
        id="governance/C-conjecture",
        kind="bound",
        statement="conjecture (c), tau_detect(d) < tau_env, parts small bodies from large ones: at some d from 5 to 75 "
        "detection takes at least the 10 rounds of the shortest block",
        source=Source(PAPER, "Conjecture phase transition, (c)"),
        experiment=GRID,
        predict=lambda ds: float(ds.length.min()),
        observe=lambda ds: Exact(float(ds.detection.max()), 0.0, "whole numbers of rounds"),
        comparison=Bound(side="lower"),
        decoy=Decoy("at least twice as many", lambda ds: 2.0 * float(ds.length.min())),
        sharp=Sharp(
            "at no d is it later than in the second round, whatever the body: only an environment of single rounds "
            "would outrun it",
            lambda ds: 1.0,
            Bound(side="upper", scale=1.0),
        ),
    ),
    Claim(
        id="governance/T14-total",
        kind="identity",
        statement="Tit-for-Tat is paid 3001 + L over C(500) D(L) C(500), whatever its body",
        source=Source("derived here"),
        experiment=GRID,
        predict=_mirrored,
        # A float32 sum of whole numbers below 2^24 is exact; what is left is the rounding of the actions themselves.
        observe=lambda ds: rounding(ds.mirror_payoff.astype(np.float32), 64),
        comparison=Agreement(),
        decoy=Decoy(
            "without the round in which it is fooled and the one in which it is not", lambda ds: 3000 + ds.length
        ),
    ),
    Claim(
        id="governance/C-erosion",
        kind="ordering",
        statement="the text of panel (b): the sentinel's lead over Tit-for-Tat increases with the length of the block",
        source=Source(PAPER, "Exp. 9, panel (b), text"),
        experiment=GRID,
        predict=lambda ds: 0.0,
        observe=_erosion,
        comparison=Ordering(),
        decoy=Decoy("by 20 from L = 50 to L = 500", lambda ds: 20.0),
        sharp=Sharp(
            "it erodes, by at least the floor's share of what every further round costs",
            lambda ds: 0.0,
            Bound(side="upper", scale=100.0, resolution=60.0),
        ),
    ),
)
