"""What becomes of tokens on a line, whatever the regime, in one solve.

The combined variable tau has d tau = (sum_l |d ln|x_l|| + d ln(1 + t / t_0)): it runs like log-time while nothing
happens in time and like the sizes' logarithms in a blow-up, so that neither ends the solve early.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float, Int8, Real

from dynamics.tokens.integrate import integrate
from dynamics.tokens.line import Line, log_speeds, log_terms, log_unit_of_time, prepared
from dynamics.tokens.regimes import (
    BLOW_UP,
    BLOWING_UP,
    CONVERGENT,
    FINITE,
    FOLLOWER_LOGLOG,
    FOLLOWER_POWER,
    OK,
    SLOW,
    STATIC,
)

# tau never gets there: the solve ends at the horizon or in the blow-up.
_ENDLESS = 1e7


class Fate(eqx.Module):
    """How a flow ended, and what each token was then seen to do.

    time: T* of the whole system; infinite if nothing blew up before the horizon.  log_time: ln t where the solve
    ended.  log_size: ln|x| there: at T* the finite tokens have their limits, and those that diverge with the leader
    stand in their limiting ratio to it.  regime: a number of `regimes.REGIMES` for each token.
    status: ok (the horizon was reached), blow_up, step_limit, non_finite.
    """

    time: Float[Array, ""]
    log_time: Float[Array, ""]
    log_size: Float[Array, " tokens"]
    sign: Float[Array, " tokens"]
    regime: Int8[Array, " tokens"]
    status: Int8[Array, ""]
    steps: Array

    @property
    def tokens(self) -> Float[Array, " tokens"]:
        """The tokens at the end of the solve."""
        return self.sign * jnp.exp(self.log_size)


def line_fate(
    x0: Real[ArrayLike, " tokens"],
    line: Line,
    log_horizon: Real[ArrayLike, ""],
    *,
    tolerance: float | None = None,
    max_steps: int = 4096,
) -> Fate:
    """Follow the tokens to t = e^log_horizon, or into the blow-up if it comes first, and name their regimes.

    A blow-up is followed until the leader has |s x| = e^35 (e^12 in float32) times what it began with or more: what
    time is left then, about 1/(3 mu |s| |x|^3), is below the rounding of T*, which therefore needs no event.
    """
    sign, start, line = prepared(x0, line)
    log_unit = log_unit_of_time(start, sign, line)
    end = jnp.logaddexp(0.0, log_horizon - log_unit).astype(start.dtype)
    unit_size = -jnp.log(jnp.where(line.slope == 0, 1.0, jnp.abs(line.slope)))
    top = jnp.maximum(jnp.max(start), unit_size) + (35.0 if start.dtype == jnp.float64 else 12.0)

    def velocity(tau, state, line):
        log_size, s = state
        speeds = log_speeds(log_size, sign, line, s + log_unit)
        clock = 1 / (1 + jnp.sum(speeds))
        return jnp.sign(line.rate) * speeds * clock, clock

    def room(tau, state, line):
        log_size, s = state
        return jnp.minimum(end - s, top - jnp.max(jnp.where(sign == 0, -jnp.inf, log_size)))

    solved = integrate(
        velocity,
        (start, jnp.zeros((), start.dtype)),
        line,
        jnp.zeros((), start.dtype),
        jnp.full((), _ENDLESS, start.dtype),
        stop=room,
        land=True,
        tolerance=tolerance,
        max_steps=max_steps,
    )
    log_size, s = (state[0] for state in solved.states)
    blew_up = (jnp.max(jnp.where(sign == 0, -jnp.inf, log_size)) >= top - 1.0) & (solved.status == OK)
    time = jnp.where(blew_up, jnp.exp(log_unit) * jnp.expm1(s), jnp.inf)
    log_time = log_unit + s + jnp.log(-jnp.expm1(-s))
    status = jnp.where(blew_up, BLOW_UP, solved.status).astype(jnp.int8)
    regime = _regimes(log_size, sign, line, blew_up)
    return Fate(time, log_time, log_size, sign, regime, status, solved.steps)


def _regimes(log_size, sign, line, blew_up):
    """Read off the speeds at the end: who grows with the leader, who drives itself, who stands before and after."""
    largest = jnp.argmax(jnp.where(sign == 0, -jnp.inf, log_size))
    scale = -3 * log_size[largest]
    own, total = log_terms(log_size, sign, line, scale)
    keeps_up = total > 0.5 * jnp.max(total)
    # The leader is the first that keeps up and whose own term, not what it remembers, drives it.
    leader = jnp.argmax(keeps_up & (own > 0.5 * total))
    place = jnp.arange(log_size.shape[0])
    at_end = jnp.where(place < leader, FINITE, jnp.where(keeps_up, FOLLOWER_POWER, FOLLOWER_LOGLOG))
    at_end = jnp.where(place == leader, BLOWING_UP, at_end)
    regime = jnp.where(blew_up, at_end, jnp.where(line.rate < 0, CONVERGENT, SLOW))
    return jnp.where((sign == 0) | (line.rate == 0), STATIC, regime).astype(jnp.int8)
