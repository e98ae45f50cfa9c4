"""The organisations a tree has to beat, and the channels under all of them (arXiv 2601.17311, secs. 2, 4 and 5)."""

from __future__ import annotations

import jax
import numpy as np
import xarray as xr

from experiments.claim import Agreement, Claim, Decoy, Ordering, Source
from experiments.estimates import bias_of_votes, mean_of
from theory import synergy

DRAWN, WIDE, FAMILIES = "synergy/binary-organisations", "synergy/wide-star", "synergy/channel-families"
# A hundredth of the range of a bias: what the figures can show.
RESOLUTION = 0.02


def _bias(name, trials):
    """Bias of the votes of all replicates together, which are independent."""

    def observe(ds):
        return bias_of_votes(ds[name].sum("replicate"), trials(ds) * ds.sizes["replicate"])

    return observe


def _star(ds, correlation=None, agents=None):
    """Star biases on the drawn organisations; the number of agents shapes the law, so it is one law an organisation."""
    correlation = ds.correlation if correlation is None else correlation
    rows = []
    for i in range(ds.sizes["organisation"]):
        row = ds.isel(organisation=i)
        hub = int(row.fan_in**row.depth) if agents is None else agents(row)
        rows.append(
            xr.apply_ufunc(
                lambda rho, gamma, bias, hub=hub: synergy.star_bias(hub, rho, gamma, bias),
                *(correlation, row.fidelity, row.initial_bias),
            )
        )
    both = xr.concat(rows, "organisation", coords="minimal", compat="override")
    return both.broadcast_like(ds.star.isel(replicate=0, drop=True)).assign_coords(
        ds.star.isel(replicate=0, drop=True).coords
    )


def _chain(ds, fidelity=None):
    fidelity = ds.fidelity if fidelity is None else fidelity
    bias = xr.apply_ufunc(synergy.chain_bias, fidelity, ds.initial_bias, ds.depth)
    return bias.broadcast_like(ds.correlation).transpose("organisation", "correlation")


def _wide(copied):
    def predict(ds):
        limit = xr.apply_ufunc(synergy.star_bias_limit, ds.correlation, ds.fidelity, ds.initial_bias)
        return limit + ds.correlation * (copied(ds) - ds.fidelity * ds.initial_bias)

    return predict


def _deeper(ds):
    """Two levels or more: with one a tree is a star."""
    return ds.isel(organisation=np.flatnonzero(ds.depth >= 2))


def _lead(ds):
    deep = _deeper(ds)
    return mean_of(2 * (deep.star - deep.tree) / deep.roots, "replicate")


NAMES = ("exponential", "hyperbolic", "erasure", "repetition")


def _families(ds, names=NAMES):
    """Fidelity of each family at each length, times the bias sent."""
    laws = {
        "exponential": synergy.ExponentialChannel(float(ds.scale)),
        "hyperbolic": synergy.HyperbolicChannel(float(ds.scale)),
        "erasure": synergy.ErasureChannel(float(ds.token_loss)),
        "repetition": synergy.RepetitionChannel(float(ds.token_fidelity)),
    }
    rows = [xr.apply_ufunc(jax.jit(laws[name].fidelity), ds.message_length) * ds.bias for name in names]
    return xr.concat(rows, xr.IndexVariable("family", list(NAMES)))


def _arrived(ds):
    right = xr.concat([ds[name].sum("replicate") for name in NAMES], xr.IndexVariable("family", list(NAMES)))
    return bias_of_votes(right, ds.votes * ds.sizes["replicate"])


CLAIMS = (
    Claim(
        id="synergy/C24-chain",
        kind="equality",
        statement="a chain of L edges has bias gamma^L mu0, whatever the correlation",
        source=Source("2601.17311", "Prop 8"),
        experiment=DRAWN,
        predict=_chain,
        observe=_bias("chain", lambda ds: ds.roots * ds.fan_in),
        comparison=Agreement(resolution=RESOLUTION),
        decoy=Decoy(
            "the fidelity taken for the probability that a message arrives unflipped",
            lambda ds: _chain(ds, 2 * ds.fidelity - 1),
        ),
    ),
    Claim(
        id="synergy/C24-star",
        kind="equality",
        statement="a star of odd N has bias rho gamma mu0 + (1 - rho) f_N(gamma mu0)",
        source=Source("2601.17311", "eq. 19 and Prop 7"),
        experiment=DRAWN,
        predict=_star,
        observe=_bias("star", lambda ds: ds.roots),
        comparison=Agreement(resolution=RESOLUTION),
        decoy=Decoy("errors shared by nobody", lambda ds: _star(ds, xr.zeros_like(ds.correlation))),
    ),
    Claim(
        id="synergy/C25",
        kind="equality",
        statement="more agents take a star no further than rho gamma mu0 + (1 - rho)",
        source=Source("2601.17311", "Prop 7"),
        experiment=WIDE,
        predict=_wide(lambda ds: ds.fidelity * ds.initial_bias),
        observe=_bias("star", lambda ds: ds.roots),
        comparison=Agreement(resolution=RESOLUTION),
        decoy=Decoy("the copied vote never passed the channel", _wide(lambda ds: ds.initial_bias)),
    ),
    Claim(
        id="synergy/P7",
        kind="ordering",
        statement="a hub that hears all N leaves beats a tree over as many leaves, correlation by correlation",
        source=Source("2601.17311", "Prop 7"),
        experiment=DRAWN,
        predict=lambda ds: xr.zeros_like(_star(_deeper(ds))),
        observe=_lead,
        comparison=Ordering(),
        decoy=Decoy("by its whole bias, as if the tree knew nothing", lambda ds: _star(_deeper(ds))),
    ),
    Claim(
        id="synergy/channels",
        kind="equality",
        statement="a message of m tokens arrives with fidelity 1 - exp(-m/m0), m/(m + m0), 1 - e^m or f_m(gamma1) when "
        "readers need exponential time, of unequal mean, when tokens are lost, and when they are flipped",
        source=Source("derived here"),
        experiment=FAMILIES,
        predict=_families,
        observe=_arrived,
        comparison=Agreement(resolution=RESOLUTION),
        decoy=Decoy(
            "readers alike and readers of unequal speed exchanged",
            lambda ds: _families(ds, ("hyperbolic", "exponential", "erasure", "repetition")),
        ),
    ),
)
