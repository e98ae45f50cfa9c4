"""What becomes of slow divergence: no threshold, and ln t for every token instead of (ln t)^l."""

from __future__ import annotations

import jax
import numpy as np
import xarray as xr

from experiments.claim import Agreement, Bound, Claim, Decoy, Sharp, Source
from experiments.evidence import Exact
from experiments.laws import elementwise
from experiments.tokens.line_quantities import DERIVED, PAPER, like, solved
from theory import tokens as theory
from theory.tokens.classification import GATE_MAXIMISER, Regime

GROWING, GAP = "tokens/slow", "tokens/gap"
SIZES = ("first", "second", "third", "fourth")
EARLY, LATE = 1000.0, 3000.0

limits = jax.jit(theory.slow_limits)
tokens_at = jax.jit(theory.slow_tokens)
share_of = jax.jit(theory.sink_share)
first_at = jax.jit(theory.slow_token)


def _systems(ds):
    """(start, coupling, decay, bias) of each system."""
    starts = np.stack([ds[name].values for name in SIZES], axis=-1)
    return zip(starts, ds.coupling.values, ds.decay.values, ds.bias.values, strict=True)


def _limits(ds, undamped=False):
    rows = [limits(start, -1.0, 0.0 if undamped else decay, bias) for start, _, decay, bias in _systems(ds)]
    return like(ds.ratio, np.stack(rows))


def _tokens(ds, factor=1.0):
    rows = [
        [tokens_at(time + np.log(factor), start, coupling, -1.0, decay, bias) for time in ds.log_time.values]
        for start, coupling, decay, bias in _systems(ds)
    ]
    return like(ds.u, np.array(rows))


def _shares(ds):
    rows = [
        [
            share_of(tokens_at(time, start, coupling, -1.0, decay, bias), -1.0, decay, bias)
            for time in ds.shared_at.values
        ]
        for start, coupling, decay, bias in _systems(ds)
    ]
    return like(ds.share, np.array(rows))


def _ends(ds):
    later = ds.isel(token=slice(1, None))
    return [later.u.sel(log_time=time, drop=True) for time in (EARLY, LATE)]


def _order(ds):
    """d ln u_l/d ln ln t of the tokens behind the first, between ln t = 1000 and 3000."""
    early, late = _ends(ds)
    span = np.log(LATE / EARLY)
    error = 2 * solved(xr.ones_like(late), ds.steps).error / span
    return Exact(np.log(late / early) / span, error, "10 solver tolerances of 1e-11 a step, at either end")


def _published_order(ds):
    seen = _order(ds).value
    return xr.zeros_like(seen) + seen.token


def _first_order(ds):
    """The growth of the first token, by its own law: all others share it."""
    seen = _order(ds).value

    def grown(first, coupling, bias):
        return np.log(first_at(LATE, first, coupling, -1.0, bias) / first_at(EARLY, first, coupling, -1.0, bias))

    return xr.zeros_like(seen) + elementwise(grown, ds["first"], ds.coupling, ds.bias) / np.log(LATE / EARLY)


def _slow_share(law):
    """Share of tokens that a reading calls slow, system by system."""

    def predict(ds):
        starts = -np.stack([ds[name].values for name in SIZES[:3]], axis=-1) / ds.slope.values[:, None]
        return like(ds.slow, law(starts, ds.coupling.values, ds.slope.values))

    return predict


def _by_signs(starts, coupling, slope):
    return np.mean(np.asarray(theory.regimes(starts, coupling, slope)) == Regime.SLOW, axis=-1)


def _by_threshold(starts, coupling, slope):
    return np.asarray(theory.published_slow_condition(starts, coupling, slope), float)


def _by_half(starts, coupling, slope):
    return np.mean(slope[:, None] * starts <= -GATE_MAXIMISER / 2, axis=-1)


CLAIMS = (
    Claim(
        id="tokens/C5-threshold",
        kind="equality",
        statement="tokens diverge slowly only where s x_l(0) <= -r for all of them, r = 2.1159 the maximiser of "
        "u^2 softplus(-u)",
        source=Source(PAPER, "hypothesis of the slow regime, read as a criterion"),
        experiment=GAP,
        predict=_slow_share(_by_threshold),
        observe=lambda ds: Exact(ds.slow, 0.0, "a share of counted tokens"),
        comparison=Agreement(),
        decoy=Decoy("only where s x <= -r/2, token by token", _slow_share(_by_half)),
        sharp=Sharp("s x_j(0) < 0 for all j <= l suffices, whatever the sizes: r is technical", _slow_share(_by_signs)),
    ),
    Claim(
        id="tokens/C9-order",
        kind="bound",
        statement="slow tokens grow as O((ln t)^l): d ln|x_l|/d ln ln t <= l in the end",
        source=Source(PAPER, "slow divergence at O((ln t)^l)"),
        experiment=GROWING,
        predict=_published_order,
        observe=_order,
        comparison=Bound("upper", tight=1.5),
        decoy=Decoy("they grow as the square root of ln t", lambda ds: 0.5),
        sharp=Sharp(
            "every token grows like ln t: all exponents are that of the first token by its own law",
            _first_order,
            Agreement(),
        ),
    ),
    Claim(
        id="tokens/C9",
        kind="equality",
        statement="x_l/x_1 -> c_l in (1, inf), which depends on the initial |s x| and on a, not on mu",
        source=DERIVED,
        experiment=GROWING,
        predict=_limits,
        # What is left of the way at u_1 = 1e5 is exp(-(c - 1) 1e5).
        observe=lambda ds: solved(ds.ratio, ds.steps),
        comparison=Agreement(),
        decoy=Decoy("those of a = 0", lambda ds: _limits(ds, undamped=True)),
    ),
    Claim(
        id="tokens/C9-tokens",
        kind="equality",
        statement="the first slow token follows its own implicit law, the others the phase-plane orbit in ln u_1",
        source=DERIVED,
        experiment=GROWING,
        predict=_tokens,
        observe=lambda ds: solved(ds.u, ds.steps),
        comparison=Agreement(),
        decoy=Decoy("a clock that is one percent fast", lambda ds: _tokens(ds, 1.01)),
    ),
    Claim(
        id="tokens/C10",
        kind="equality",
        statement="the first token becomes a sink: its share in every token's input is the orbit's, and tends to 1",
        source=DERIVED,
        experiment=GROWING,
        predict=_shares,
        # A share answers to relative errors of the tokens with at most their sizes, which are below 200 here.
        observe=lambda ds: solved(ds.share, ds.steps, growth=2000.0),
        comparison=Agreement(),
        decoy=Decoy("it is all of it from the start", lambda ds: xr.ones_like(ds.share)),
    ),
)
