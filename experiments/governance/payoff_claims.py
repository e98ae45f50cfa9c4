"""Who cooperates less explains every comparison of payoffs in the paper, for no opponent in it reacts."""

from __future__ import annotations

import numpy as np
import xarray as xr

from experiments.claim import Agreement, Claim, Decoy, Source
from experiments.estimates import mean_of
from experiments.evidence import Exact, Mean
from theory import governance as theory

DERIVED = Source("derived here")
# Each with a noisy opponent: its own dimensions are settings, what remains numbers the bodies.
NOISY = tuple(f"governance/{name}" for name in ("kl-landscape", "free-energy", "sensitivity", "memory", "dimension"))
SETTINGS = ("share", "share_index", "setting", "agent", "regime")
BLOCKS = tuple(f"governance/{name}" for name in ("sentinel", "phase-diagram", "block-length"))
MIRROR = "alpha=0"


def _settings(ds, values):
    """Values as (setting, body)."""
    settings = [dim for dim in values.dims if dim in SETTINGS]
    flat = values.reset_coords(drop=True).drop_vars(list(values.coords), errors="ignore")
    return flat.stack(at=settings, create_index=False).stack(
        body=[dim for dim in values.dims if dim not in settings], create_index=False
    )


def _each(function, datasets):
    found = [_settings(ds, function(ds)) for ds in datasets]
    means = [mean_of(values, "body") for values in found]
    joined = [
        xr.concat([xr.zeros_like(m.value) + part(m) for m in means], "at")
        for part in (lambda m: m.value, lambda m: m.standard_error, lambda m: m.samples, lambda m: m.dof)
    ]
    return joined


def _beside_the_line(*datasets):
    """Payoff less 1 + 4 o - (1 + o) a, with the means of each run's own opponent."""

    def beside(ds):
        return ds.payoff - float(theory.payoff(0.0, 0.0)) - 4 * ds.opponent + (1 + ds.opponent) * ds.action

    value, error, samples, dof = _each(beside, datasets)
    return Mean(value, error, samples=samples, dof=dof)


def _if_known(*datasets):
    """An agent that cooperates exactly when the opponent does is paid a (1 - o) less for the same mean action."""
    return -_each(lambda ds: ds.action * (1 - ds.opponent), datasets)[0]


def _gaps(sentinel, grid, lengths, hostile=1.0):
    """Leads in payoff over Tit-for-Tat on equal schedules, and what cooperating less is worth in them.

    hostile: how much of the latter counts in rounds in which the opponent defects.
    """
    mirror = {"agent": MIRROR}
    others = sentinel.drop_sel(mirror).astype(float)
    gap = others.action - sentinel.action.sel(mirror, drop=True).astype(float)
    lead = (others.payoff - sentinel.payoff.sel(mirror, drop=True).astype(float)).sum("round")
    slope = sentinel.opponent.copy(data=np.asarray(theory.payoff_slope(sentinel.opponent.values.astype(float))))
    worth = (slope * xr.where(sentinel.opponent > 0, 1.0, hostile) * gap).sum("round")
    pairs = [(lead, worth)]
    for ds in (grid, lengths):
        apart = {part: (ds[f"sentinel_{part}"] - ds[f"mirror_{part}"]).astype(float) for part in ("kind", "hostile")}
        lead = (ds.sentinel_payoff - ds.mirror_payoff).astype(float)
        worth = theory.payoff_slope(1.0).item() * apart["kind"]
        pairs.append((lead, worth + hostile * theory.payoff_slope(0.0).item() * apart["hostile"]))
    return tuple(
        xr.DataArray(np.concatenate([np.ravel(pair[i].transpose(*pair[0].dims).values) for pair in pairs]), dims="case")
        for i in (0, 1)
    )


def _leads(*datasets):
    lead = _gaps(*datasets)[0]
    # Up to 2000 payoffs are added one after another; each addition is off by half an eps of a sum below 5000.
    return Exact(lead, 2000 * float(np.finfo(np.float32).eps) / 2 * 5000, "sums of payoffs in float32")


CLAIMS = (
    Claim(
        id="governance/payoff-everywhere",
        kind="equality",
        statement="in every experiment with a noisy opponent, at every alpha, d, number of epochs, memory and setting "
        "of the sentinel, u = 1 + 4 o - (1 + o) a but for chance: who cooperates less is paid more, and nothing else "
        "counts",
        source=DERIVED,
        experiment=NOISY,
        predict=lambda *datasets: xr.zeros_like(_each(lambda ds: ds.payoff, datasets)[0]),
        observe=_beside_the_line,
        comparison=Agreement(resolution=0.05),
        decoy=Decoy("as if the agent knew the opponent's move", _if_known),
    ),
    Claim(
        id="governance/lead-path",
        kind="identity",
        statement="on every schedule of experiments 6 and 9 an agent leads Tit-for-Tat by exactly 2 for each unit of "
        "cooperation that it withholds from a cooperator and 1 for each that it withholds from a defector",
        source=DERIVED,
        experiment=BLOCKS,
        predict=lambda *datasets: _gaps(*datasets)[1],
        observe=_leads,
        comparison=Agreement(),
        decoy=Decoy("rounds with a defector do not count", lambda *datasets: _gaps(*datasets, hostile=0.0)[1]),
    ),
)
