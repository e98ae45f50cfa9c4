"""What theory makes of an inspected network, layer by layer: regimes, ranges, and where the sign of M is silent."""

from __future__ import annotations

import math
from dataclasses import asdict

import numpy as np
import xarray as xr

from experiments.tokens.architecture import Architecture
from theory import tokens as theory

SPHERE = {"convergent": "diversity", "divergent": "collapse"}
UNALIGNED = 3.0
"""Standard deviations of the cosine of two independent random maps, below which W_out W_x has no sign of its own."""


def raw_regime(positive: int, negative: int) -> str:
    """The unnormalised flow under a token map with these sign counts: convergent, divergent, both or frozen."""
    if positive and negative:
        return "both"
    return "divergent" if positive else "convergent" if negative else "frozen"


def sphere_regime(positive: int, negative: int) -> str:
    """The normalised flow: positive directions collapse tokens, negative ones keep them diverse (section 5)."""
    regime = raw_regime(positive, negative)
    return SPHERE.get(regime, regime)


def alignment_noise(architecture: Architecture) -> float:
    """Standard deviation of the cosine between W_out^T and W_x if their entries were independent: 1/sqrt(D width)."""
    return 1 / math.sqrt(architecture.inner * architecture.width)


def ends(values) -> list[float]:
    """Least, median and greatest value."""
    values = np.asarray(values)
    return [float(values.min()), float(np.median(values)), float(values.max())]


def silences(layer: xr.Dataset, architecture: Architecture) -> list[str]:
    """Which parts of the layer keep the sign of M from telling what the layer does (section 8.3), by name.

    mirror: (M, D, W_out) and (-M, -D, -W_out) are one function, so the sign means nothing without D and with D only
    relative to it.  activation: in Mamba-2 SiLU stands between the weights of C and C, so the weights' M is not the
    one that tokens meet, and there is no mirror.  convolution: mixes tokens around M.  gate: has either sign.
    skip: D is zero or has both signs.  output: W_out W_x is not near a positive multiple of W_x^T W_x, where theory
    has the identity.  decay: differs between the states of a channel, so no form in M alone exists (section 1.2).
    """
    skip = layer["skip"].values
    found = ["mirror" if architecture.family == "mamba" else "activation", "gate"]
    if architecture.taps > 1:
        found.append("convolution")
    if not skip.any() or (skip.min() < 0 < skip.max()):
        found.append("skip")
    if float(layer["value_alignment"]) < UNALIGNED * alignment_noise(architecture):
        found.append("output")
    if float((layer["rate_most"] / layer["rate_least"]).max()) > 1 + 1e-6:
        found.append("decay")
    return found


def null_space_exponents(part: xr.Dataset, rank: int) -> list[float]:
    """Least and greatest power of time, over heads and states, with which tokens shrink in the null space of M.

    part: one group of one layer, whose M is negative semidefinite of this rank.
    """
    rates = np.stack([part["rate_least"].values, part["rate_most"].values])
    found = np.asarray(theory.null_space_exponent(rank, rates, part["bias"].values))
    return [float(found.min()), float(found.max())]


def summary(weights: xr.Dataset, pushed: xr.Dataset | None, architecture: Architecture) -> dict:
    """All of it as plain data for JSON; ranges are [least, median, greatest], infinities are null."""
    per_group = architecture.heads // architecture.groups
    layers = []
    for number in range(architecture.layers):
        layer = weights.sel(layer=number)
        groups = []
        for group in range(architecture.groups):
            part = layer.isel(group=group, head=slice(group * per_group, (group + 1) * per_group))
            positive, negative = int(part["positive"]), int(part["negative"])
            regime = raw_regime(positive, negative)
            groups.append(
                {
                    "spectrum": [float(part["eigenvalue"].min()), float(part["eigenvalue"].max())],
                    "eigenvalues": part["eigenvalue"].values.tolist(),
                    "resolution": float(part["resolution"]),
                    "positive": positive,
                    "negative": negative,
                    "negative_share": float(part["negative_share"]),
                    "skew_share": float(part["skew_share"]),
                    "raw": regime,
                    "null_space": null_space_exponents(part, negative) if regime == "convergent" else None,
                    "sphere": sphere_regime(positive, negative),
                    "step": ends(part["step"]),
                    "rate": [*ends(part["rate_least"])[:1], *ends(part["rate_most"])[2:]],
                    "half_life": [
                        float(part["half_life_least"].min()),
                        float(part["half_life_median"].median()),
                        float(part["half_life_most"].max()),
                    ],
                }
            )
        layers.append(
            {
                "layer": number,
                "groups": groups,
                "skip": ends(layer["skip"]),
                "skip_positive": float((layer["skip"] > 0).mean()),
                "present_tap": float(layer["present_tap"]),
                "value_alignment": float(layer["value_alignment"]),
                "silent": silences(layer, architecture),
            }
        )
    told = {"architecture": asdict(architecture), "layers": layers}
    if pushed is not None:
        told["run"] = {
            "tokens": pushed["id"].values.tolist(),
            "stages": pushed["stage"].values.tolist(),
            "norm": [ends(row) for row in pushed["norm"].values],
            **{name: pushed[name].values.tolist() for name in ("leading_share", "participation", "effective_rank")},
            "self_positive": pushed["self_positive"].values.tolist(),
            "step": pushed["step_used"].values.tolist(),
        }
    return _plain(told)


def _plain(thing):
    """The same with infinities as null, which JSON has no word for."""
    if isinstance(thing, dict):
        return {key: _plain(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [_plain(value) for value in thing]
    return None if isinstance(thing, float) and not math.isfinite(thing) else thing
