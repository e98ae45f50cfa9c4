"""Closed forms of the sentinel and of the echoes, and the echo-state remark, against simulation."""

from __future__ import annotations

import numpy as np
import xarray as xr

from experiments.claim import Agreement, Claim, Decoy, Sharp, Source
from experiments.estimates import mean_of, rounding
from experiments.evidence import Exact
from experiments.governance.responses_alone import ALARMED
from experiments.laws import elementwise
from theory import governance as theory

SENTINEL, ECHOES, STATES = "governance/sentinel-response", "governance/echo-filters", "governance/echo-states"
FEEDBACK = "governance/sentinel-feedback"
PAPER = "2602.20846"
DERIVED = Source("derived here")
# Every update adds a few roundings, and the pull towards alpha_0 forgets them at rate 1/20.
UPDATES = 512
COUNT = "a count"


def _path(late):
    """The share after every update: falling from alpha_0, then recovering from where it was."""

    def predict(ds):
        updates = xr.DataArray(np.arange(1.0, ds.sizes["update"] + 1) - late, dims="update")
        falling = elementwise(theory.share_after, np.minimum(updates, ALARMED), 0.85, ds.discomfort)
        low = elementwise(theory.share_after, float(ALARMED), 0.85, ds.discomfort)
        rising = elementwise(theory.share_after, np.maximum(updates - ALARMED, 0), low, 0.0)
        return xr.where(updates <= ALARMED, falling, rising).transpose(*ds.shares.dims)

    return predict


def _settled(ds):
    return rounding(ds.shares.isel(update=ALARMED - 1, drop=True), UPDATES, scale=1.0)


def _strong(ds):
    """Discomforts that push the share to its floor."""
    return ds.isel(discomfort=np.flatnonzero(ds.discomfort.values > float(theory.discomfort_at_floor()) + 0.1))


def _fall_seen(ds):
    shares = _strong(ds).shares
    count = 1 + (shares > 0.05 + 1e-12).argmin("update")
    return Exact(count, 0.0, COUNT)


def _without_pull(ds):
    excess = _strong(ds).discomfort - 0.1
    return np.ceil(0.8 / (0.5 * excess))


def _recovery_seen(ds):
    later = _strong(ds).shares.isel(update=slice(ALARMED, None))
    return Exact(1 + (later > 0.7).argmax("update"), 0.0, COUNT)


def _recovery(rounds):
    return lambda ds: xr.full_like(_strong(ds).discomfort, float(rounds()))


def _band(ds):
    """Discomforts under which nothing is clipped, of the alarmed rounds."""
    return ds.isel(discomfort=np.flatnonzero(ds.discomfort.values < 0.175), update=slice(0, ALARMED))


def _drift(ds):
    band = _band(ds)
    before = np.concatenate([np.full((band.sizes["discomfort"], 1), 0.85), band.shares.values[:, :-1]], axis=1)
    return band.discomfort.copy(data=np.asarray(theory.mean_drift(before, band.felt.values)))


def _drift_seen(ds):
    band = _band(ds)
    moved = (band.shares.isel(update=-1, drop=True) - 0.85) / ALARMED
    return rounding(moved, UPDATES, scale=1.0)


def _apart_seen(ds):
    """A contraction leaves at most its power of the starts' distance; otherwise the states have settled."""
    left = 2 * np.sqrt(3) * ds.norm**400 + 1e-14
    return Exact(ds.apart, xr.where(ds.norm < 1, left, 1e-9), "400 rounds of a contraction, or rounding at rest")


def _apart(ds):
    matrix, drive, starts = theory.echo_state_counterexample()
    found = []
    for scale in ds.scale.values:
        first, second = (np.asarray(theory.driven_state(scale * matrix, drive, start)) for start in starts)
        found.append(np.abs(first - second).max())
    return ds.apart.copy(data=np.array(found))


def _shrinks(ds):
    """1 where the distance from the equilibrium shrank, else 0; at the edges of the band it would do neither."""
    return Exact((ds.growth < 1).astype(float), 0.0, "yes or no")


def _inside_band(ds):
    low, high = map(float, theory.stability_band(0.05, 0.5))
    return ((ds.slope > low) & (ds.slope < high)).astype(float)


def _sampled_variance(ds):
    rounds = int(ds.rounds.values.flat[0])
    return elementwise(lambda memory: theory.echo_sample_variance(0.9, memory, rounds), ds.memory)


def _block(ds):
    return int(ds.block.values.flat[0])


CLAIMS = (
    Claim(
        id="governance/sentinel-equilibrium",
        kind="equality",
        statement="under constant discomfort the share of the body rests at alpha_0, on the line alpha_0 - (eta_dn/"
        "eta_up)(D - theta), or at its floor",
        source=Source(PAPER, "Prop. sentinel equilibrium"),
        experiment=SENTINEL,
        predict=lambda ds: elementwise(theory.sentinel_equilibrium, ds.discomfort),
        observe=_settled,
        comparison=Agreement(),
        decoy=Decoy(
            "a line of slope eta_dn/(eta_up + eta_dn)",
            lambda ds: np.maximum(0.85 - 0.5 / 0.55 * np.maximum(ds.discomfort - 0.1, 0), 0.05),
        ),
    ),
    Claim(
        id="governance/sentinel-path",
        kind="equality",
        statement="it gets there, and back, geometrically at the rate 1 - eta_up, until the floor cuts it off",
        source=Source(PAPER, "Prop. sentinel equilibrium"),
        experiment=SENTINEL,
        predict=_path(0),
        observe=lambda ds: rounding(ds.shares, UPDATES, scale=1.0),
        comparison=Agreement(),
        decoy=Decoy("one update late, as the paper writes it", _path(1)),
    ),
    Claim(
        id="governance/sentinel-floor",
        kind="equality",
        statement="rounds to the floor: 7 at D = 0.40, 6 at 0.42 and 0.44, 5 at 0.46 and 0.50",
        source=DERIVED,
        experiment=SENTINEL,
        predict=lambda ds: elementwise(theory.rounds_to_floor, _strong(ds).discomfort),
        observe=_fall_seen,
        comparison=Agreement(),
        decoy=Decoy("as if nothing pulled back", _without_pull),
    ),
    Claim(
        id="governance/sentinel-recovery",
        kind="equality",
        statement="from the floor to above 0.7 takes 33 calm rounds",
        source=DERIVED,
        experiment=SENTINEL,
        predict=_recovery(lambda: theory.rounds_to_recover(0.05, 0.7)),
        observe=_recovery_seen,
        comparison=Agreement(),
        decoy=Decoy("half the way at eta_up a round", _recovery(lambda: np.ceil(0.65 / 0.05))),
    ),
    Claim(
        id="governance/sentinel-drift",
        kind="identity",
        statement="unclipped, (alpha_T - alpha_0)/T = eta_up (alpha_0 - mean alpha) - eta_dn mean (D - theta)_+",
        source=DERIVED,
        experiment=SENTINEL,
        predict=_drift,
        observe=_drift_seen,
        comparison=Agreement(),
        decoy=Decoy("no pull", lambda ds: -0.5 * np.maximum(_band(ds).discomfort - 0.1, 0)),
    ),
    Claim(
        id="governance/sentinel-feedback",
        kind="equality",
        statement="where discomfort answers the share, the equilibrium of the sentinel attracts if and only if eta_dn "
        "dD/dalpha < 1",
        source=Source(PAPER, "Remark circularity"),
        experiment=FEEDBACK,
        predict=lambda ds: elementwise(theory.is_stable_as_published, ds.slope, 0.5).astype(float),
        observe=_shrinks,
        comparison=Agreement(),
        decoy=Decoy("it always attracts", lambda ds: xr.ones_like(ds.slope)),
        sharp=Sharp(
            "it attracts for -eta_up/eta_dn < dD/dalpha < (2 - eta_up)/eta_dn: discomfort that falls as the share "
            "rises is what it cannot bear",
            _inside_band,
        ),
    ),
    Claim(
        id="governance/echo-variance",
        kind="equality",
        statement="expected variance of a smoothed tit-for-tat over 2000 rounds, from its first round on",
        source=DERIVED,
        experiment=ECHOES,
        predict=_sampled_variance,
        observe=lambda ds: mean_of(ds.variance, "copy"),
        comparison=Agreement(resolution=0.25, relative=True),
        decoy=Decoy(
            "the variance of tit-for-tat divided by its memory's length, eps (1 - eps)(1 - g)",
            lambda ds: 0.09 * (1 - ds.memory),
        ),
    ),
    Claim(
        id="governance/echo-depth",
        kind="equality",
        statement="a block of L defections takes a smoothed tit-for-tat down to g^(L - 1)",
        source=DERIVED,
        experiment=ECHOES,
        predict=lambda ds: elementwise(lambda memory: theory.echo_block_depth(memory, _block(ds)), ds.memory),
        observe=lambda ds: rounding(ds.depth, 256, scale=1.0),
        comparison=Agreement(),
        decoy=Decoy("without its lag, g^L", lambda ds: ds.memory ** _block(ds)),
    ),
    Claim(
        id="governance/echo-recovery",
        kind="equality",
        statement="and it is back at 0.95 after ceil(ln(0.05/(1 - g^L))/ln g) rounds",
        source=DERIVED,
        experiment=ECHOES,
        predict=lambda ds: elementwise(
            lambda memory: theory.echo_recovery_rounds(memory, _block(ds), 0.95), ds.memory
        ).astype(float),
        observe=lambda ds: Exact(ds.recovery, 0.0, COUNT),
        comparison=Agreement(),
        decoy=Decoy("three time constants", lambda ds: np.round(3 / (1 - ds.memory))),
    ),
    Claim(
        id="governance/echo-states",
        kind="equality",
        statement="a spectral radius below 1 makes a driven reservoir forget where it started",
        source=Source(PAPER, "Remark echo state property"),
        experiment=STATES,
        predict=lambda ds: xr.zeros_like(ds.apart),
        observe=_apart_seen,
        comparison=Agreement(),
        decoy=Decoy("it never forgets", lambda ds: xr.ones_like(ds.apart)),
        sharp=Sharp("below a largest singular value of 1 it does; at radius 0.9 it may keep two states apart", _apart),
    ),
)
