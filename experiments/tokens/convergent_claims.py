"""What becomes of the O(1/sqrt t) theorem: it is tight, with one constant for the first token and one for the rest."""

from __future__ import annotations

import numpy as np
import xarray as xr

from experiments.claim import Agreement, Bound, Claim, Decoy, Source
from experiments.evidence import Exact
from experiments.laws import elementwise
from experiments.tokens.convergent import START
from experiments.tokens.line_quantities import DERIVED, PAPER, solved
from theory import tokens as theory

SETTLING, UNDAMPED = "tokens/convergent", "tokens/undamped"
LATE = (300.0, 1000.0, 3000.0)
# ln t between which a deviation's exponent is read: late enough for its next terms, early enough for the solver.
WINDOWS = (30.0, 45.0, 60.0)


def _by_position(law, ds, template):
    """law(position) stacked along the template's tokens."""
    rows = [law(int(position)) for position in template.token.values]
    return xr.concat(rows, xr.DataArray(template.token.values, dims="token", name="token"))


def _late(exact):
    def observe(ds):
        ds = ds.sel(exact=exact, log_time=list(LATE), drop=True)
        value = ds.scaled
        # The slowest deviation there is, with its logarithms: t^-rate ln^3 t.
        rate = -elementwise(theory.deviation_exponent, ds.decay, ds.bias)
        rest = 10 * np.exp(-rate * ds.log_time) * ds.log_time**3
        error = solved(value, ds.steps).error + rest * value
        return Exact(value, error, "solver tolerance, and what deviations t^-min(1-q, 1/2) ln^3 t are left")

    return observe


def _constants(exact, wrong=lambda ds: ds):
    law = theory.exact_hold_convergent_constant if exact else theory.convergent_constant

    def predict(ds):
        seen = _late(exact)(ds).value
        ds = wrong(ds)
        rows = _by_position(
            lambda place: elementwise(lambda *a: law(place, *a), ds.coupling, ds.decay, ds.bias), ds, ds
        )
        return (xr.zeros_like(seen) + rows).transpose(*seen.dims)

    return predict


def _one_constant(ds):
    """The first token's constant for all of them."""
    seen = _late(0)(ds).value
    first = elementwise(lambda *a: theory.convergent_constant(1, *a), ds.coupling, ds.decay, ds.bias)
    return (xr.zeros_like(seen) + first).transpose(*seen.dims)


def _deviation(ds):
    """Exponent of the second token's deviation in the later of two windows, where 1 - q is well below 1/2."""
    ds = ds.sel(exact=0, drop=True)
    ds = ds.isel(system=np.flatnonzero((ds.decay <= 0.25).values))
    constant = elementwise(lambda *a: theory.convergent_constant(2, *a), ds.coupling, ds.decay, ds.bias)
    ends = [abs(ds.scaled.sel(token=2.0, log_time=time, drop=True) / constant - 1) for time in WINDOWS]
    early, late = (np.log(ends[i + 1] / ends[i]) / (WINDOWS[i + 1] - WINDOWS[i]) for i in (0, 1))
    noise = 2 * solved(xr.ones_like(ends[2]), ds.steps).error / ends[2] / (WINDOWS[2] - WINDOWS[1])
    # The next terms, t^-(1-q) and t^-(q-1/2) smaller, fall by more than e^2 from one window to the next.
    return Exact(late, abs(late - early) + noise, "the change since the window before, and the solver at the late end")


def _exponent(law):
    def predict(ds):
        seen = _deviation(ds).value
        return xr.zeros_like(seen) + law(ds.isel(system=np.flatnonzero((ds.decay <= 0.25).values)))

    return predict


def _second_share(ds):
    """z_2 ln t at decay 0."""
    late = ds.sel(token=2.0, log_time=[300.0, 1000.0, 3000.0], drop=True)
    share = -2 * ds.coupling * np.log(2) * late.scaled**2 * late.log_time
    return solved(share, ds.steps)


def _attention(ds):
    seen = ds.attention.sel(exact=0, drop=True)
    earlier = seen.token >= seen.source
    rate = -elementwise(theory.deviation_exponent, ds.decay, ds.bias)
    rest = 10 * np.exp(-rate * 300.0) * 300.0**3
    error = (solved(seen, ds.steps.sel(exact=0, drop=True)).error + rest * abs(seen)).where(earlier, 0.0)
    return Exact(seen.where(earlier, 0.0), error, "solver tolerance, and what deviations are left at ln t = 300")


def _profile(ds, gate=lambda decay: decay):
    seen = _attention(ds).value
    signs = np.sign(np.outer(START, START))

    def law(i, j):
        if j > i:
            return xr.zeros_like(ds.decay)
        return -signs[i - 1, j - 1] * elementwise(
            lambda decay, bias: theory.attention_constant(i, j, decay, bias), gate(ds.decay), ds.bias
        )

    places = [int(place) for place in seen.token.values]
    rows = [xr.concat([law(i, j) for j in places], seen.source) for i in places]
    return xr.concat(rows, seen.token).transpose(*seen.dims)


CLAIMS = (
    Claim(
        id="tokens/C2",
        kind="rate",
        statement="mu < 0: |x_1| sqrt t -> 1/sqrt(2 |mu| softplus(b)), and sqrt(1 - e^(-a softplus(b))) times that for "
        "every later token: O(1/sqrt t) is tight",
        source=Source(PAPER, "convergence at O(1/sqrt t); constants derived here"),
        experiment=SETTLING,
        predict=_constants(0),
        observe=_late(0),
        comparison=Agreement(),
        decoy=Decoy("the first token's constant for all of them", _one_constant),
    ),
    Claim(
        id="tokens/C2-hold",
        kind="rate",
        statement="under exact zero-order hold the constants are sqrt(a/(2 |mu| (1-q))) and, later, sqrt(a/(2 |mu|))",
        source=DERIVED,
        experiment=SETTLING,
        predict=_constants(1),
        observe=_late(1),
        comparison=Agreement(),
        decoy=Decoy("those of the first-order hold", lambda ds: _constants(0)(ds) + 0 * _late(1)(ds).value),
    ),
    Claim(
        id="tokens/C3",
        kind="rate",
        statement="the second token comes to its constant only as t^-(1-q)",
        source=DERIVED,
        experiment=SETTLING,
        predict=_exponent(lambda ds: elementwise(theory.deviation_exponent, ds.decay, ds.bias)),
        observe=_deviation,
        comparison=Agreement(),
        decoy=Decoy("as t^(ln q)", _exponent(lambda ds: np.log(elementwise(theory.retention, ds.decay, ds.bias)))),
    ),
    Claim(
        id="tokens/C3-undamped",
        kind="bound",
        statement="without decay the second token is smaller by a further 1/sqrt(ln t): z_2 ln t rises to 1 and comes "
        "within 2 percent of it",
        source=DERIVED,
        experiment=UNDAMPED,
        predict=lambda ds: elementwise(lambda s: theory.undamped_share(2, s) * s, _second_share(ds).value.log_time),
        observe=_second_share,
        comparison=Bound("upper", tight=1.02),
        decoy=Decoy("to 0.97", lambda ds: 0.97),
    ),
    Claim(
        id="tokens/C4",
        kind="rate",
        statement="t P_lj -> -sign(x_l x_j) sqrt(z_l z_j) q^(l-j)/2: an exponentially recent attention, of half-life "
        "ln 2/(a softplus(b)) tokens",
        source=DERIVED,
        experiment=SETTLING,
        predict=_profile,
        observe=_attention,
        comparison=Agreement(),
        decoy=Decoy("a half-life one percent shorter", lambda ds: _profile(ds, lambda decay: 1.01 * decay)),
    ),
)
