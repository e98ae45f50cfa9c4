"""What theory says of one token, held against the solver: its flow, its blow-up, its sensitivities."""

from __future__ import annotations

import jax
import numpy as np
import xarray as xr

from experiments.claim import Agreement, Bound, Claim, Decoy, Source
from experiments.estimates import rounding
from experiments.evidence import Exact
from experiments.laws import elementwise
from experiments.tokens.line_quantities import DERIVED, PAPER, solved
from theory import tokens as theory

FLOW, BURST, LATE, INPUT = "tokens/one-token", "tokens/one-burst", "tokens/late-burst", "tokens/input-of-tokens"
# The solver's own derivative: its local errors are those of the solve, times derivatives of the field.
DIFFERENTIATED = 1000.0

token_at, sensitivity_at, time_of = map(jax.jit, (theory.token_at, theory.token_sensitivity, theory.blow_up_time))


def _law(law, ds, *first, hold=True):
    """A law of (first..., token, coupling, slope, bias, hold_decay) at every system; hold only under exact hold."""
    held = (xr.where(ds.exact > 0, ds.decay, 0.0),) if hold else ()
    return elementwise(law, *first, ds.token, ds.coupling, ds.slope, ds.bias, *held)


def _flow(ds, factor=1.0):
    return _law(token_at, ds, factor * np.exp(ds.log_time))


def _first_order(ds):
    return ds.sel(exact=0, drop=True)


def _leading_decay(ds):
    """Only the leading term of T*, 1/(3 kappa u^3), everywhere."""
    return 1 / (3 * ds.coupling * abs(ds.slope) * abs(ds.token) ** 3)


def _own(ds):
    token = xr.DataArray([1.0, 2.0, 3.0, 4.0], dims="token")
    names = ("first", "second", "third", "fourth")
    return xr.concat([ds[name] for name in names], token.rename("token")).assign_coords(token=token.values)


def _own_influence(ds):
    x = _own(ds)
    return (elementwise(theory.step_size, x, ds.slope, ds.bias) * x**2).transpose(*ds.influence.dims)


def _late(power, constant):
    def chosen(ds):
        return ds.sel(exact=int(power == 0.5), drop=True)

    def observe(ds):
        picked = chosen(ds).where(chosen(ds).log_size >= 5.0, drop=True)
        return solved(picked.compensated, picked.steps)

    def predict(ds, factor=1.0):
        like = observe(ds).value
        picked = chosen(ds)
        return xr.zeros_like(like) + factor * constant(picked)

    return observe, predict


_burst, _burst_constant = _late(1 / 3, lambda ds: elementwise(theory.blow_up_constant, ds.coupling, ds.slope))
_held, _held_constant = _late(0.5, lambda ds: elementwise(theory.exact_hold_blow_up_constant, ds.coupling, ds.decay))


def _late_held(ds: xr.Dataset) -> Exact:
    """The weight is 1/a up to exp(-a u), and a predecessor adds exp(-a u) too: both shrink as u grows."""
    seen = _held(ds)
    picked = ds.sel(exact=1, drop=True)
    remainder = 4 * np.exp(-picked.decay * np.exp(seen.value.log_size)) * seen.value
    return Exact(seen.value, seen.error + remainder, "solver tolerance, and corrections of size exp(-a u)")


def _bounds(side):
    def predict(ds, factor=1.0):
        ds = _first_order(ds)
        return factor * elementwise(
            lambda *arguments: getattr(theory.blow_up_time_bounds(*arguments), side),
            *(ds.token, ds.coupling, ds.slope, ds.bias),
        )

    return predict


def _time(ds):
    return solved(ds.time, ds.steps)


CLAIMS = (
    Claim(
        id="tokens/C1",
        kind="bound",
        statement="d ln|x_l|/dt = mu G_l with G_l >= Delta(x_l) x_l^2 > 0: every token keeps its sign and is strictly "
        "monotone, whatever the decay, the slope and the bias",
        source=Source(PAPER, "the one-dimensional theorems, signs and monotonicity"),
        experiment=INPUT,
        predict=_own_influence,
        # Sums of four products of five rounded factors each, all positive.
        observe=lambda ds: rounding(ds.influence, 64),
        comparison=Bound("lower"),
        decoy=Decoy("it is driven by at least 1.01 times its own term", lambda ds: 1.01 * _own_influence(ds)),
    ),
    Claim(
        id="tokens/C8-flow",
        kind="equality",
        statement="one token follows F(x(t)) - F(x_0) = mu t, F the integral of dv/(v^3 Delta(v)), in the convergent "
        "and in the slow regime, for both holds",
        source=DERIVED,
        experiment=FLOW,
        predict=_flow,
        observe=lambda ds: solved(ds.x, ds.steps),
        comparison=Agreement(),
        decoy=Decoy("a clock that is one percent fast", lambda ds: _flow(ds, 1.01)),
    ),
    Claim(
        id="tokens/C8-flow-sensitivity",
        kind="equality",
        statement="dx(t)/dx_0 = x^3 Delta(x)/(x_0^3 Delta(x_0))",
        source=DERIVED,
        experiment=FLOW,
        predict=lambda ds: _law(sensitivity_at, _first_order(ds), np.exp(5.0), hold=False),
        observe=lambda ds: solved(_first_order(ds).sensitivity, _first_order(ds).steps, DIFFERENTIATED, 1e-3),
        comparison=Agreement(),
        decoy=Decoy(
            "that of a constant step, (x/x_0)^3",
            lambda ds: (_law(token_at, _first_order(ds), np.exp(5.0), hold=False) / _first_order(ds).token) ** 3,
        ),
    ),
    Claim(
        id="tokens/C8",
        kind="equality",
        statement="T* = (1/mu) times the integral of dv/(v^3 Delta(v)) from |x_0| on, for both holds",
        source=DERIVED,
        experiment=BURST,
        predict=lambda ds: _law(time_of, ds),
        observe=_time,
        comparison=Agreement(),
        decoy=Decoy("the first-order hold for both", lambda ds: _law(time_of, ds, hold=False) + 0 * ds.time),
    ),
    Claim(
        id="tokens/C8-sensitivity",
        kind="equality",
        statement="dT*/dx_0 = -1/(mu x_0^3 Delta(x_0)), through the solve along 1/|x|",
        source=DERIVED,
        experiment=BURST,
        predict=lambda ds: _law(jax.jit(theory.blow_up_time_sensitivity), _first_order(ds), hold=False),
        observe=lambda ds: solved(_first_order(ds).sensitivity, _first_order(ds).steps, DIFFERENTIATED),
        comparison=Agreement(),
        decoy=Decoy(
            "that of the leading law 1/(3 kappa u^3)",
            lambda ds: -3 * _leading_decay(_first_order(ds)) / _first_order(ds).token,
        ),
    ),
    Claim(
        id="tokens/C8-lower",
        kind="bound",
        statement="kappa T* >= 1/(2 c u^2) - 1/(c^2 u) + ln(1 + c/u)/c^3, c = softplus(b)",
        source=DERIVED,
        experiment=BURST,
        predict=_bounds("lower"),
        observe=lambda ds: _time(_first_order(ds)),
        comparison=Bound("lower"),
        decoy=Decoy("twice as much", lambda ds: _bounds("lower")(ds, 2.0)),
    ),
    Claim(
        id="tokens/C8-upper",
        kind="bound",
        statement="kappa T* <= min(1/(3 u^3), 1/(2 c u^2)), the first only for b >= 0",
        source=DERIVED,
        experiment=BURST,
        predict=_bounds("upper"),
        observe=lambda ds: _time(_first_order(ds)),
        comparison=Bound("upper"),
        decoy=Decoy("half as much", lambda ds: _bounds("upper")(ds, 0.5)),
    ),
    Claim(
        id="tokens/C7",
        kind="rate",
        statement="the first token to blow up has |x| (T* - t)^(1/3) -> (3 mu |s|)^(-1/3), with any predecessor",
        source=Source(PAPER, "fast divergence in finite time; exponent and constant derived here"),
        experiment=LATE,
        predict=_burst_constant,
        observe=_burst,
        comparison=Agreement(),
        decoy=Decoy("a constant one percent larger", lambda ds: _burst_constant(ds, 1.01)),
    ),
    Claim(
        id="tokens/C7-hold",
        kind="rate",
        statement="under exact zero-order hold the exponent is 1/2 and the constant sqrt(a/(2 mu))",
        source=DERIVED,
        experiment=LATE,
        predict=_held_constant,
        observe=_late_held,
        comparison=Agreement(),
        decoy=Decoy("a constant one percent larger", lambda ds: _held_constant(ds, 1.01)),
    ),
)
