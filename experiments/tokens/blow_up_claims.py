"""What becomes of fast divergence: decided by signs, ordered by a separatrix, followed in two ways."""

from __future__ import annotations

import jax
import numpy as np
import xarray as xr
from scipy.special import expi

from experiments.claim import Agreement, Bound, Claim, Decoy, Sharp, Source
from experiments.evidence import Bracket, Exact
from experiments.laws import elementwise
from experiments.tokens.blow_up import SIZES
from experiments.tokens.line_quantities import DERIVED, PAPER, like, solved
from theory import tokens as theory
from theory.tokens import Fate

PATTERNS, RANDOM, ORDER = "tokens/sign-patterns", "tokens/sequences", "tokens/blow-up-order"
FOLLOWING, CONSTANT = "tokens/follower", "tokens/constant-step"

times_of = jax.jit(theory.blow_up_times)
end_of = jax.jit(theory.blow_up)
alone = jax.jit(theory.blow_up_time)
constant_tokens = jax.jit(theory.constant_step_tokens)


def _starts(ds):
    """(start, coupling, decay, bias) of every cell, in the order of its dimensions, and their shape."""
    names = ("first", "second", "third", "fourth") if "fourth" in ds else ("first", "second", "third")
    template = ds.inverse_life.isel(token=0, drop=True)
    columns = [(xr.zeros_like(template) + ds[name]).values.ravel() for name in names]
    start = np.stack(columns, axis=-1) * (np.array(SIZES) if len(names) == 3 else 1.0)
    others = [
        (xr.zeros_like(template) + ds.get(name, value)).values.ravel()
        for name, value in (("coupling", 1.0), ("decay", 0.0), ("bias", 0.0))
    ]
    return zip(start, *others, strict=True), template.shape


def _sequence(law, ds, template):
    rows, shape = _starts(ds)
    found = np.stack(
        [np.asarray(law(start, coupling, 1.0, decay, bias), float) for start, coupling, decay, bias in rows]
    )
    return like(template, found.reshape(*shape, -1))


def _lives(ds):
    return _sequence(lambda *a: 1 / np.asarray(times_of(*a)), ds, ds.inverse_life)


def _lives_alone(ds):
    """Every token with s x > 0 as if nothing preceded it."""

    def law(start, coupling, slope, decay, bias):
        return np.maximum.accumulate(1 / np.asarray(alone(start, coupling, slope, bias)))

    return _sequence(law, ds, ds.inverse_life)


def _shortening(ds):
    step = ds.inverse_life.diff("token")
    size = abs(ds.inverse_life).isel(token=slice(1, None))
    return solved(step, ds.steps.max("token"), scale=size)


def _one_percent(ds):
    return 0.01 * ds.inverse_life.isel(token=slice(1, None)) * (ds.inverse_life.isel(token=-1, drop=True) > 0)


def _fates(ds, wanted):
    return _sequence(lambda *a: np.isin(np.asarray(end_of(*a).fates), wanted), ds, ds.diverges)


def _diverging(ds):
    return Exact(ds.diverges, 0.0, "each token's regime, named by the solver")


def _never(ds):
    return _fates(ds, (Fate.FIRST,))


def _finite(ds):
    def law(*arguments):
        end = end_of(*arguments)
        return np.where(np.asarray(end.fates) == Fate.FINITE, end.tokens, 0.0)

    return _sequence(law, ds, ds.finite)


def _unmoved(ds):
    def law(start, *others):
        return np.where(np.asarray(end_of(start, *others).fates) == Fate.FINITE, start, 0.0)

    return _sequence(law, ds, ds.finite)


def _ratios(ds):
    return _sequence(lambda *a: end_of(*a).ratios, ds, ds.ratio)


def _equal_sizes(ds):
    return np.sign(_ratios(ds))


def _steps(ds):
    return ds.steps.max("token")


def _threshold(ds):
    return elementwise(lambda *a: theory.order_threshold(a[0], 1.0, *a[1:]), ds.leader, ds.decay, ds.bias)


def _constant_threshold(ds):
    """The threshold of a step size frozen where the first token starts."""
    step = np.log1p(np.exp(ds.leader + ds.bias))
    return elementwise(theory.constant_step_order_threshold, ds.leader, step, ds.decay) + 0 * ds.low


def _bracket(ds):
    slack = 1e-9 * ds.leader
    return Bracket(ds.low - slack, ds.high + slack, "bisection by solves, widened by their tolerance")


def _several(ds):
    """The patterns with two or more tokens of s x > 0, at decay 0."""
    positive = sum((ds[name] > 0).astype(int) for name in ("first", "second", "third"))
    return ds.isel(pattern=np.flatnonzero(positive.values >= 2)).sel(decay=0.0, drop=True)


def _from(ds, last):
    """1 from the last (or the first) token with s x > 0 on."""
    seen = _several(ds)
    rows = []
    for pattern in range(seen.sizes["pattern"]):
        signs = [float(seen[name][pattern]) for name in ("first", "second", "third")]
        places = [place for place, sign in enumerate(signs) if sign > 0]
        rows.append(np.arange(3) >= (places[-1] if last else places[0]))
    return like(seen.diverges.transpose("pattern", "token"), np.stack(rows))


FAR = 5000.0


def _invariant(ds):
    """Ei(a u_2) - ln u_1 where ln u_1 = 5000."""
    follower = np.exp(ds.log_follower.sel(log_leader=FAR, drop=True))
    value = expi(ds.decay * follower) - FAR
    # Ei(v) answers to a relative error of v with e^v, which is v Ei(v) and more by the series' next term.
    error = solved(xr.ones_like(follower), ds.steps).error * 1.2 * ds.decay * follower * FAR
    return Exact(value, error, "10 solver tolerances of 1e-11 a step, times d Ei(v)/d ln v = e^v")


def _follower_constants(ds):
    return elementwise(theory.follower_constant, ds.leader, ds["second"], ds.decay)


def _constant(ds, factor=1.0):
    template = ds.x
    columns = [(xr.zeros_like(ds.time) + ds[name]).values.ravel() for name in ("time", "coupling", "decay")]
    start = np.array([1.0, -0.8, 1.6, 0.4])
    rows = [constant_tokens(t, start, mu, np.log(2), factor * a) for t, mu, a in zip(*columns, strict=True)]
    return like(template, np.stack(rows).reshape(*ds.time.shape, -1))


CLAIMS = (
    Claim(
        id="tokens/C5",
        kind="equality",
        statement="mu > 0: tokens 1..l blow up in finite time iff some s x_j(0) > 0 among them, at the T_l of theory; "
        "neither the decay nor the sizes nor r decide about it (1/T_l, 0 for ever)",
        source=Source(PAPER, "fast divergence in finite time; the criterion derived here"),
        experiment=RANDOM,
        predict=_lives,
        observe=lambda ds: solved(ds.inverse_life, ds.steps),
        comparison=Agreement(),
        decoy=Decoy("every token by itself, as if nothing preceded it", _lives_alone),
    ),
    Claim(
        id="tokens/C5-patterns",
        kind="equality",
        statement="the lives of all eight sign patterns of three tokens",
        source=DERIVED,
        experiment=PATTERNS,
        predict=_lives,
        observe=lambda ds: solved(ds.inverse_life, ds.steps),
        comparison=Agreement(),
        decoy=Decoy("every token by itself, as if nothing preceded it", _lives_alone),
    ),
    Claim(
        id="tokens/C6",
        kind="bound",
        statement="T_1 >= T_2 >= ... >= T_L: no token outlives its predecessors",
        source=DERIVED,
        experiment=RANDOM,
        predict=lambda ds: 0.0,
        observe=_shortening,
        comparison=Bound("lower", scale=1.0),
        decoy=Decoy("each shortens the life by a percent", _one_percent),
    ),
    Claim(
        id="tokens/C5-dichotomy",
        kind="equality",
        statement="either all tokens converge to zero or all diverge to infinity",
        source=Source(PAPER, "abstract"),
        experiment=RANDOM,
        predict=lambda ds: xr.ones_like(ds.diverges),
        observe=_diverging,
        comparison=Agreement(),
        decoy=Decoy("only the first to blow up diverges", _never),
        sharp=Sharp(
            "token by token: those before the first to blow up are finite at T*, all others diverge there (and each "
            "token diverges at the end of its own subsystem's life)",
            lambda ds: _fates(ds, (Fate.FIRST, Fate.POWER, Fate.LOG_LOG, Fate.SLOW)),
        ),
    ),
    Claim(
        id="tokens/C5-finite",
        kind="equality",
        statement="the finite values of the predecessors at T*",
        source=DERIVED,
        experiment=RANDOM,
        predict=_finite,
        observe=lambda ds: solved(ds.finite, _steps(ds)),
        comparison=Agreement(),
        decoy=Decoy("their initial values", _unmoved),
    ),
    Claim(
        id="tokens/C12-ratio",
        kind="equality",
        statement="tokens with s x < 0 directly behind the first to blow up follow it in a finite ratio",
        source=DERIVED,
        experiment=RANDOM,
        predict=_ratios,
        observe=lambda ds: solved(ds.ratio, _steps(ds)),
        comparison=Agreement(),
        decoy=Decoy("in the ratio 1, up to sign", _equal_sizes),
    ),
    Claim(
        id="tokens/C12-loglog",
        kind="rate",
        statement="tokens with s x > 0 behind it follow doubly logarithmically: Ei(a u_l) - ln u_p -> const",
        source=DERIVED,
        experiment=FOLLOWING,
        predict=_follower_constants,
        observe=_invariant,
        comparison=Agreement(),
        decoy=Decoy("a constant one percent larger", lambda ds: 1.01 * _follower_constants(ds)),
    ),
    Claim(
        id="tokens/C11",
        kind="threshold",
        statement="of two tokens with s x > 0 the second blows up first iff u_2 > u_2*(u_1, a) < u_1",
        source=DERIVED,
        experiment=ORDER,
        predict=_threshold,
        observe=_bracket,
        comparison=Agreement(),
        decoy=Decoy("the threshold of a constant step size, sqrt(1 - q) u_1", _constant_threshold),
    ),
    Claim(
        id="tokens/C11-undamped",
        kind="equality",
        statement="without decay the last token with s x > 0 is always the first to blow up (three tokens of similar "
        "sizes: the lead grows too slowly to be seen from far behind)",
        source=DERIVED,
        experiment=PATTERNS,
        predict=lambda ds: _from(ds, last=True),
        observe=lambda ds: Exact(_several(ds).diverges, 0.0, "each token's regime, named by the solver"),
        comparison=Agreement(),
        decoy=Decoy("the first of them", lambda ds: _from(ds, last=False)),
    ),
    Claim(
        id="tokens/C13",
        kind="equality",
        statement="with a constant step size every token is one quadrature of the one before it, for either sign of mu",
        source=DERIVED,
        experiment=CONSTANT,
        predict=_constant,
        observe=lambda ds: solved(ds.x, ds.steps),
        comparison=Agreement(),
        decoy=Decoy("a decay one percent larger", lambda ds: _constant(ds, 1.01)),
    ),
)
