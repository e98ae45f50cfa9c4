"""Flows of tokens on a line: in log-time, in the variable of a blow-up, and along the size of one token."""

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Int8, Real

from dynamics.tokens.integrate import integrate
from dynamics.tokens.line import Line, log_speeds, log_terms, log_unit_of_time, log_weights, prepared
from dynamics.tokens.regimes import BLOW_UP, NON_FINITE, OK


class Flow(eqx.Module):
    """Tokens along a flow, a row for each point asked for; rows never reached are infinite.

    log_size: ln|x|, 0 for a token at 0.  status: ok, blow_up (before the last point), step_limit, non_finite.
    """

    log_size: Float[Array, "points tokens"]
    sign: Float[Array, " tokens"]
    status: Int8[Array, ""]
    steps: Array

    @property
    def tokens(self) -> Float[Array, "points tokens"]:
        """The tokens themselves."""
        return self.sign * jnp.exp(self.log_size)


def line_flow(
    x0: Real[ArrayLike, " tokens"],
    line: Line,
    log_times: Real[ArrayLike, " points"],
    *,
    tolerance: float | None = None,
    max_steps: int = 4096,
) -> Flow:
    """Tokens at the times e^log_times, integrated in s = ln(1 + t / t_0): horizons up to ln t = 10^4.

    x0: tokens at t = 0.  log_times: increasing.  t_0 is the first relative change of the fastest token.
    """
    refuse_unordered("log_times", log_times)
    sign, start, line = prepared(x0, line)
    log_unit = log_unit_of_time(start, sign, line)
    points = jnp.logaddexp(0.0, jnp.asarray(log_times, start.dtype) - log_unit)

    def velocity(s, log_size, line):
        return jnp.sign(line.rate) * log_speeds(log_size, sign, line, s + log_unit)

    def room(s, log_size, line):
        # Tokens that double within a millionth of the elapsed time are blowing up; log-time cannot follow them.
        return 1e6 - jnp.sum(log_speeds(log_size, sign, line, s + log_unit))

    solved = integrate(
        velocity,
        start,
        line,
        jnp.zeros((), start.dtype),
        points[-1],
        save=diffrax.SaveAt(ts=points),
        stop=room,
        tolerance=tolerance,
        max_steps=max_steps,
    )
    status = jnp.where(solved.stopped, BLOW_UP, solved.status).astype(jnp.int8)
    return Flow(solved.states, sign, status, solved.steps)


def line_phase(
    x0: Real[ArrayLike, " tokens"],
    line: Line,
    log_sizes: Real[ArrayLike, " points"],
    *,
    along: int = 0,
    tolerance: float | None = None,
    max_steps: int = 4096,
) -> Flow:
    """The orbit without its clock: all tokens where token `along` has the sizes e^log_sizes.

    d ln|x_l| / d ln|x_p| = G_l / G_p, which does not depend on mu; it follows any divergence to any size.

    log_sizes: monotone, all on one side of ln|x_p| at the start; below it the orbit is followed backwards in time if
    mu > 0.
    """
    sign, start, line = prepared(x0, line)
    points = jnp.asarray(log_sizes, start.dtype)
    place = range(start.shape[0])[along]

    def velocity(log_lead, log_size, line):
        log_size = log_size.at[place].set(log_lead)
        log_own = 2 * log_lead + log_weights(log_size, sign, line)[0][place]
        total = log_terms(log_size, sign, line, -log_own)[1]
        return jnp.where(sign == 0, 0.0, total / total[place])

    solved = integrate(
        velocity,
        start,
        line,
        start[place],
        points[-1],
        save=diffrax.SaveAt(ts=points),
        tolerance=tolerance,
        max_steps=max_steps,
    )
    return Flow(solved.states, sign, solved.status, solved.steps)


class BlowUp(eqx.Module):
    """The end of a token that diverges by itself, and its predecessors at that instant.

    time: T*.  tokens: those before it, at T*.  status: blow_up; non_finite or step_limit (and both infinite) where the
    token does not diverge by itself: it is slow, or follows a predecessor.
    """

    time: Float[Array, ""]
    tokens: Float[Array, " predecessors"]
    status: Int8[Array, ""]
    steps: Array


def blow_up(
    x0: Real[ArrayLike, " tokens"], line: Line, token: int, *, tolerance: float | None = None, max_steps: int = 4096
) -> BlowUp:
    """T* of one token, with 1/|x_p| as the independent variable: regular down to 0, so no threshold is needed.

    mu > 0, causal; the token must be the first of its subsystem to diverge. T* and the tokens at T* differentiate.
    """
    if not line.causal:
        raise ValueError("Argument `line` must be causal: a two-sided token has no subsystem of its own.")
    sign, start, line = prepared(x0, line)
    place = range(start.shape[0])[token]
    sign, start = sign[: place + 1], start[: place + 1]
    inverse = jnp.exp(-start[place])
    # Whatever it remembers only hastens a token that diverges by itself: its own term alone bounds T*.
    latest = 2 / (line.rate * log_terms(start, sign, line)[0][place])

    def velocity(tau, state, line):
        earlier, _ = state
        # w = 1/|x_p| falls from its first value to 0 while tau runs from 0 to 1; at w = 0 everything rests.
        w = inverse * (1 - tau)
        guarded = jnp.maximum(w, 1e-3 * jnp.finfo(start.dtype).eps * inverse)
        log_size = jnp.append(earlier, -jnp.log(guarded))
        # In units of |x_p|^3, as which the sums grow: nothing overflows on the way.
        total = log_terms(log_size, sign, line, -3 * log_size[place])[1]
        log_rate = 2 * jnp.log(guarded) - jnp.log(total[place])
        clock = inverse * jnp.where(w > 0, jnp.exp(log_rate), 0.0) / (line.rate * latest)
        relative = total[:place] / total[place] * inverse * jnp.where(w > 0, 1 / guarded, 0.0)
        return jnp.where(sign[:place] == 0, 0.0, relative), clock

    # A predecessor that has grown so far has no finite end; much further and 1 - tau would be all rounding.
    far = -0.7 * float(np.log(jnp.finfo(start.dtype).eps))

    def room(tau, state, line):
        earlier, time = state
        grown = jnp.max(earlier - start[:place], initial=0.0)
        return jnp.minimum(1 - time, far - grown)

    solved = integrate(
        velocity,
        (start[:place], jnp.zeros((), start.dtype)),
        line,
        jnp.zeros((), start.dtype),
        jnp.ones((), start.dtype),
        stop=room,
        tolerance=tolerance,
        max_steps=max_steps,
    )
    earlier, time = (state[0] for state in solved.states)
    time = latest * time
    finite = jnp.isfinite(time) & jnp.all(jnp.isfinite(earlier)) & (line.rate > 0) & (sign[place] != 0)
    status = jnp.where(finite & (solved.status == OK), BLOW_UP, solved.status)
    status = jnp.where(solved.stopped | ~finite, NON_FINITE, status).astype(jnp.int8)
    ended = status == BLOW_UP
    tokens = sign[:place] * jnp.exp(jnp.where(ended, earlier, jnp.inf))
    return BlowUp(jnp.where(ended, time, jnp.inf), tokens, status, solved.steps)


def refuse_unordered(name: str, values: Real[ArrayLike, " points"]) -> None:
    """ValueError naming the argument unless concrete values increase strictly; traced ones pass unseen."""
    if isinstance(values, jax.core.Tracer):
        return
    array = np.asarray(values)
    if array.ndim != 1 or array.size == 0 or np.isnan(array).any() or np.any(np.diff(array) <= 0):
        raise ValueError(f"Argument `{name}` must be a list that increases strictly, but is {values}.")
