"""What a trained denoiser's loss says: never below the Gaussian bound on Gaussian data, well below it on patterns."""

from __future__ import annotations

import numpy as np
import xarray as xr

from experiments.claim import Bound, Claim, Decoy, Ordering, Source
from experiments.estimates import mean_of
from experiments.graph_ode.denoising_networks import N_MAX
from theory import graph_ode as theory

TRAINED = "graph_ode/trained-denoiser"
DERIVED = Source("derived here")


def _kind(number):
    """The data of one kind, its held-out frames of all seeds as one list of samples."""

    def select(ds):
        return ds.sel(kind=number, drop=True).stack(sample=("replicate", "frame"), create_index=False)

    return select


_gaussian, _pattern = _kind(0.0), _kind(1.0)


def least_loss(ds):
    """The least loss on a Gaussian law with the spectrum of the cell, levels even on 1..n_max."""
    spectrum = ds.spectrum.sel(kind=0.0, drop=True).isel(replicate=0, drop=True).transpose("row", "half").values
    weight = np.full(spectrum.shape[1], 2.0)
    weight[[0, -1]] = 1.0
    abar = np.asarray(theory.signal_level(np.arange(1, N_MAX + 1)))
    losses = np.asarray(theory.least_noise_loss(spectrum[..., None], abar)).mean(axis=-1)
    return float(np.sum(losses * weight) / (weight.sum() * spectrum.shape[0]))


def _lead(kind, sign):
    """How far the network's loss lies below (sign 1) or above (-1) the exact Gaussian denoiser's, frame by frame on the
    same noises, as a share of the latter's mean."""

    def observe(ds):
        chosen = kind(ds)
        return mean_of(sign * (chosen.exact_loss - chosen.network_loss) / chosen.exact_loss.mean("sample"), "sample")

    return observe


CLAIMS = (
    Claim(
        id="graph_ode/P34-network",
        kind="bound",
        statement="on Gaussian fields no network loses less than the mean over levels and modes of abar S/(abar S + 1 "
        "- abar): a trained U-Net does not, and comes within a factor of two",
        source=DERIVED,
        experiment=TRAINED,
        predict=lambda ds: least_loss(ds),
        observe=lambda ds: mean_of(_gaussian(ds).network_loss, "sample"),
        comparison=Bound(side="lower", resolution=0.2),
        decoy=Decoy("the loss of a network that learnt nothing", lambda ds: 1.0),
    ),
    Claim(
        id="graph_ode/P34-exact",
        kind="bound",
        statement="the exact Gaussian denoiser reaches that bound",
        source=DERIVED,
        experiment=TRAINED,
        predict=lambda ds: least_loss(ds),
        observe=lambda ds: mean_of(_gaussian(ds).exact_loss, "sample"),
        comparison=Bound(side="lower", resolution=0.2, tight=1.5),
        decoy=Decoy("the loss of a network that learnt nothing", lambda ds: 1.0),
    ),
    Claim(
        id="graph_ode/P34-excess",
        kind="ordering",
        statement="frame by frame on the same noises the trained network loses more than the exact denoiser",
        source=DERIVED,
        experiment=TRAINED,
        predict=lambda ds: 0.0,
        observe=_lead(_gaussian, -1),
        comparison=Ordering(),
        decoy=Decoy("it loses twice as much", lambda ds: 1.0),
    ),
    Claim(
        id="graph_ode/P34-patterns",
        kind="ordering",
        statement="on sh_release frames, which are not Gaussian, a U-Net loses less than the best Gaussian denoiser",
        source=DERIVED,
        experiment=TRAINED,
        predict=lambda ds: 0.0,
        observe=_lead(_pattern, 1),
        comparison=Ordering(),
        decoy=Decoy("nothing at all", lambda ds: 1.0),
    ),
    Claim(
        id="graph_ode/P36-network",
        kind="ordering",
        statement="as a decoder, started scaled at the level whose noise is twice the error of lifted frames, it takes "
        "at least a fifth off their RMSE",
        source=DERIVED,
        experiment=TRAINED,
        predict=lambda ds: 0.2,
        observe=lambda ds: mean_of(1 - np.sqrt(_pattern(ds).decoded / _pattern(ds).lifted), "sample"),
        comparison=Ordering(),
        decoy=Decoy("nine tenths", lambda ds: 0.9),
    ),
)


def samples(ds: xr.Dataset, kind: float) -> xr.Dataset:
    """The held-out frames of one kind of data, of all seeds."""
    return _kind(kind)(ds)
