"""What the sign of M does to a trained network. No number of the paper's tables stands here, only its order of losses.

Gaps of validation losses are paired by seed. Three percent of perplexity, 0.03 nats, is the least gap that we call one.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from experiments.claim import Agreement, Claim, Decoy, Ordering, Sharp, Source
from experiments.estimates import paired_difference
from experiments.evidence import Exact

MAMBA, SELECTIVE, MIRROR = "tokens/mamba-language", "tokens/selective-language", "tokens/mirror"
DERIVED = Source("derived here")
ABSTRACT = Source("2410.03292", "abstract")
PERCEPTIBLE = 0.03


def _identifiable(ds):
    return ds.sel(kind="selective", drop=True)


def _variant(ds, name, what="surprise"):
    return ds[what].sel(variant=name, drop=True)


def _excess(first, second, select=lambda ds: ds):
    """How much larger the validation loss of the first variant is."""

    def observe(ds):
        chosen = select(ds)
        return paired_difference(_variant(chosen, first), _variant(chosen, second), "replicate")

    return observe


def _floor(ds):
    """How much more the redrawn sign of W_out moves the loss than the sign of M does."""
    base = _variant(ds, "positive")
    return paired_difference(
        abs(_variant(ds, "positive-redrawn") - base), abs(_variant(ds, "negative") - base), "replicate"
    )


def _diversity(kind):
    def observe(ds):
        last = ds.ratio.sel(kind=kind, drop=True).isel(layer=-1)
        return paired_difference(last.sel(variant="negative"), last.sel(variant="positive"), "replicate")

    return observe


def _shares(ds):
    return ds.share.sel(variant=["positive", "negative"])


def _definite(ds):
    return xr.zeros_like(_shares(ds)) + xr.DataArray([1.0, 0.0], dims="variant")


def _constant(value):
    return lambda ds: value


def _published(id, experiment, where, observe):
    """The abstract's sentence, with harm that one would notice: three percent of perplexity."""
    return Claim(
        id=f"tokens/{id}",
        kind="ordering",
        statement=f"the convergent scenario harms performance: negative M costs three percent of perplexity or more "
        f"({where})",
        source=ABSTRACT,
        experiment=experiment,
        predict=_constant(0.0),
        observe=observe,
        comparison=Ordering(margin=PERCEPTIBLE),
        decoy=Decoy("twelve percent of perplexity", _constant(3 * PERCEPTIBLE)),
        sharp=Sharp(
            "the sign of M changes the loss by nothing that three percent of perplexity would show",
            _constant(0.0),
            Agreement(resolution=PERCEPTIBLE),
        ),
    )


def _more_diverse(id, kind, where):
    return Claim(
        id=f"tokens/{id}",
        kind="ordering",
        statement="tokens stay more diverse under negative M: after the last layer of the trained block their "
        f"participation ratio is larger than under positive M ({where})",
        source=DERIVED,
        experiment=SELECTIVE,
        predict=_constant(0.0),
        observe=_diversity(kind),
        comparison=Ordering(),
        decoy=Decoy("larger by a tenth of the width", _constant(3.2)),
    )


CLAIMS = (
    Claim(
        id="tokens/C23",
        kind="identity",
        statement="(M, D, W_out) and (-M, -D, -W_out) are one Mamba block and train alike: a negative run from D = "
        "-1 and W_out negated has the loss curve of the positive run, in float32 and float64",
        source=DERIVED,
        experiment=MIRROR,
        predict=lambda ds: _variant(ds, "positive", "losses"),
        observe=lambda ds: Exact(
            _variant(ds, "mirror", "losses"),
            0.0,
            "rounding to nearest commutes with a change of sign, and one compiled loop trains both: equal to the bit",
        ),
        comparison=Agreement(),
        decoy=Decoy("D and W_out left as they are", lambda ds: _variant(ds, "negative", "losses")),
    ),
    Claim(
        id="tokens/C25-official",
        kind="equality",
        statement="official-like block at toy scale: negative instead of positive M changes the validation loss by "
        "nothing that three percent of perplexity would show",
        source=DERIVED,
        experiment=MAMBA,
        predict=_constant(0.0),
        observe=_excess("negative", "positive"),
        comparison=Agreement(resolution=PERCEPTIBLE),
        decoy=Decoy("it costs twice three percent", _constant(2 * PERCEPTIBLE)),
    ),
    Claim(
        id="tokens/C25-floor",
        kind="ordering",
        statement="official-like block at toy scale: the sign of M moves the loss no further than another sign of "
        "the draw of W_out does, give or take three percent of perplexity",
        source=DERIVED,
        experiment=MAMBA,
        predict=_constant(0.0),
        observe=_floor,
        comparison=Ordering(margin=-PERCEPTIBLE),
        decoy=Decoy("the draw moves it by six percent more", _constant(3 * PERCEPTIBLE)),
    ),
    _published("C25-published", MAMBA, "official-like block at toy scale", _excess("negative", "positive")),
    _published(
        "C25-published-identifiable",
        SELECTIVE,
        "block in which the sign is identifiable, at toy scale",
        _excess("negative", "positive", _identifiable),
    ),
    Claim(
        id="tokens/C25-identifiable",
        kind="ordering",
        statement="block in which the sign of M is identifiable, at toy scale: negative M has the smaller loss",
        source=DERIVED,
        experiment=SELECTIVE,
        predict=_constant(0.0),
        observe=_excess("positive", "negative", _identifiable),
        comparison=Ordering(),
        decoy=Decoy("by thirty percent of perplexity", _constant(0.3)),
    ),
    Claim(
        id="tokens/C25-free",
        kind="ordering",
        statement="block in which the sign of M is identifiable, at toy scale: forcing M positive costs loss against "
        "M left free",
        source=DERIVED,
        experiment=SELECTIVE,
        predict=_constant(0.0),
        observe=_excess("positive", "unconstrained", _identifiable),
        comparison=Ordering(),
        decoy=Decoy("by thirty percent of perplexity", _constant(0.3)),
    ),
    _more_diverse("C25-diversity", "selective", "with the norm before S6"),
    _more_diverse("C25-diversity-raw", "selective-raw", "without it"),
    Claim(
        id="tokens/C25-sign",
        kind="identity",
        statement="x^T M x keeps the sign forced on M along every token of the trained block",
        source=DERIVED,
        experiment=SELECTIVE,
        predict=_definite,
        observe=lambda ds: Exact(
            _shares(ds), 0.0, "a sum of terms of one sign: rounding cannot change it; M vanishes on no token met"
        ),
        comparison=Agreement(),
        decoy=Decoy("each sign on half of the tokens", lambda ds: np.full_like(_shares(ds), 0.5)),
    ),
)
