"""The layer's forms agree, its symmetries hold, and factorised exponents overflow where they must."""

from __future__ import annotations

import numpy as np
import xarray as xr

from experiments.claim import Agreement, Claim, Decoy, Source
from experiments.estimates import rounding
from experiments.evidence import Exact
from experiments.tokens.layer_checks import WAYS

FORMS, RANGE, SYMMETRIES = "tokens/layer-forms", "tokens/exponent-range", "tokens/symmetries"
DERIVED = Source("derived here")
# Sums over as many tokens and states as there are, each a product of some ten factors.
ERRORS = 400


def _first_beyond(limit):
    return lambda ds: xr.zeros_like(ds.first_bad, float) + (ds.total > limit).argmax("token")


def _symmetry(id, statement, name, decoy):
    return Claim(
        id=f"tokens/{id}",
        kind="identity",
        statement=statement,
        source=DERIVED,
        experiment=SYMMETRIES,
        predict=lambda ds: ds.output,
        observe=lambda ds: rounding(ds[name], ERRORS, scale=10 * ds["size"]),
        comparison=Agreement(),
        decoy=decoy,
    )


CLAIMS = (
    _symmetry(
        "C14-scale",
        "c x under (S_Delta/c, M/c^2) gives c times the output",
        "from_scaled",
        Decoy("one percent more", lambda ds: 1.01 * ds.output),
    ),
    _symmetry(
        "C14-turn",
        "O x under (S_Delta O^T, O M O^T) gives O times the output (shared step size, O orthogonal)",
        "from_turned",
        Decoy("with S_Delta left as it was", lambda ds: ds.unturned_steps),
    ),
    Claim(
        id="tokens/C14-causal",
        kind="identity",
        statement="no output depends on a later token: those derivatives are exactly 0",
        source=DERIVED,
        experiment=SYMMETRIES,
        predict=lambda ds: xr.zeros_like(ds.later_influence),
        observe=lambda ds: Exact(ds.later_influence, 0.0, "zeros of the program, not of a limit"),
        comparison=Agreement(),
        decoy=Decoy("as much as on an earlier one", lambda ds: ds.earlier_influence),
    ),
    Claim(
        id="tokens/C22",
        kind="identity",
        statement="the scans in O(L) give what the hidden attention gives in O(L^2)",
        source=DERIVED,
        experiment=FORMS,
        predict=lambda ds: ds.attention,
        observe=lambda ds: rounding(
            xr.concat([ds[way] for way in WAYS], "way").transpose(..., "way"), ERRORS, scale=ds.scale
        ),
        comparison=Agreement(),
        decoy=Decoy("a decay one percent larger", lambda ds: ds.faster),
    ),
    Claim(
        id="tokens/C22-range",
        kind="threshold",
        statement="factors e^S of a factorised attention overflow in float32 with the first token at which S > 88.72",
        source=DERIVED,
        experiment=RANGE,
        predict=_first_beyond(np.log(float(np.finfo(np.float32).max))),
        observe=lambda ds: Exact(ds.first_bad, 0.0, "a count of tokens"),
        comparison=Agreement(),
        decoy=Decoy("where e^(-S) vanishes, S > 103.97", _first_beyond(103.97)),
    ),
)
