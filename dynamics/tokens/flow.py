"""Flows of tokens in any dimension, each token as a direction and the logarithm of its length.

`layer` is anything that maps tokens (L, D) to velocities (L, D): a `Layer`, a `SelfAttention`.
"""

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Float, Int8, Real

from dynamics.tokens.depth import unit
from dynamics.tokens.integrate import integrate
from dynamics.tokens.line import refuse_non_finite
from dynamics.tokens.line_flows import refuse_unordered
from dynamics.tokens.regimes import BLOW_UP, BLOWING_UP, CONE, CONVERGENT, DIVERGENT, OK, UNDECIDED


class TokenFlow(eqx.Module):
    """Tokens along a flow, a row for each point asked for; rows never reached are infinite."""

    log_length: Float[Array, "points tokens"]
    direction: Float[Array, "points tokens channels"]
    status: Int8[Array, ""]
    steps: Array

    @property
    def tokens(self) -> Float[Array, "points tokens channels"]:
        """The tokens themselves."""
        return self.direction * jnp.exp(self.log_length)[..., None]


def token_flow(
    x0: Real[ArrayLike, "tokens channels"],
    layer: eqx.Module,
    log_times: Real[ArrayLike, " points"],
    *,
    tolerance: float | None = None,
    absolute: float | None = None,
    stiff: bool = False,
    max_steps: int = 4096,
) -> TokenFlow:
    """Tokens at the times e^log_times (increasing), integrated in s = ln(1 + t / t_0).

    absolute: tolerance for components that vanish, `tolerance` by default; smaller where a small part tells.
    stiff: an implicit solver, for flows that come to rest at a finite length while time still runs.
    """
    refuse_unordered("log_times", log_times)
    start, log_unit_of_time = _prepared(x0, layer)
    points = jnp.logaddexp(0.0, jnp.asarray(log_times, start[0].dtype) - log_unit_of_time)

    def velocity(s, state, layer):
        along, across, _ = _speeds(state, layer, s + log_unit_of_time)
        return along, across

    def room(s, state, layer):
        return 1e6 - _speeds(state, layer, s + log_unit_of_time)[2]

    solved = integrate(
        velocity,
        start,
        layer,
        jnp.zeros_like(points[-1]),
        points[-1],
        save=diffrax.SaveAt(ts=points),
        stop=room,
        tolerance=tolerance,
        absolute=absolute,
        stiff=stiff,
        max_steps=max_steps,
    )
    log_length, direction = solved.states
    status = jnp.where(solved.stopped, BLOW_UP, solved.status).astype(jnp.int8)
    return TokenFlow(log_length, unit(direction), status, solved.steps)


class TokenFate(eqx.Module):
    """How a flow in several dimensions ended.

    time: T* of a blow-up; infinite if there was none before the horizon.  log_time: ln t at the end.
    growth: d ln|x_l| / d ln t there.  resting: the velocities had become negligible (a cone of equilibria).
    regime: convergent, divergent, blow-up, cone, or undecided (finite while another token blows up), for each token.
    """

    time: Float[Array, ""]
    log_time: Float[Array, ""]
    log_length: Float[Array, " tokens"]
    direction: Float[Array, "tokens channels"]
    growth: Float[Array, " tokens"]
    resting: Bool[Array, ""]
    regime: Int8[Array, " tokens"]
    status: Int8[Array, ""]
    steps: Array

    @property
    def tokens(self) -> Float[Array, "tokens channels"]:
        """The tokens at the end of the solve."""
        return self.direction * jnp.exp(self.log_length)[:, None]


def token_fate(
    x0: Real[ArrayLike, "tokens channels"],
    layer: eqx.Module,
    log_horizon: Real[ArrayLike, ""],
    *,
    rest: float = 1e-4,
    growth: float = 20.0,
    tolerance: float | None = None,
    stiff: bool = False,
    max_steps: int = 4096,
) -> TokenFate:
    """Follow the tokens to t = e^log_horizon, into a blow-up, or to rest, whichever comes first.

    The combined variable tau has d tau = |relative velocities| dt + d ln(1 + t / t_0). A blow-up is followed until the
    longest token has grown by e^growth: the time left then, about the cube of that below t, is under the rounding of
    T*.  rest: the flow rests when no token changes by this share of its length while t doubles, or so.
    """
    start, log_unit_of_time = _prepared(x0, layer)
    dtype = start[0].dtype
    end = jnp.logaddexp(0.0, log_horizon - log_unit_of_time).astype(dtype)
    top = jnp.max(start[0]) + growth

    def velocity(tau, state, layer):
        along, across, size = _speeds(state[:2], layer, state[2] + log_unit_of_time)
        clock = 1 / (1 + size)
        return along * clock, across * clock, clock

    def room(tau, state, layer):
        size = _speeds(state[:2], layer, state[2] + log_unit_of_time)[2]
        return jnp.minimum(jnp.minimum(end - state[2], top - jnp.max(state[0])), jnp.log(size / rest))

    solved = integrate(
        velocity,
        (*start, jnp.zeros((), dtype)),
        layer,
        jnp.zeros((), dtype),
        jnp.full((), 1e7, dtype),
        stop=room,
        land=True,
        tolerance=tolerance,
        stiff=stiff,
        max_steps=max_steps,
    )
    log_length, direction, s = (state[0] for state in solved.states)
    along, across, size = _speeds((log_length, direction), layer, s + log_unit_of_time)
    blew_up = (jnp.max(log_length) >= top - 1) & (solved.status == OK)
    resting = (size <= 2 * rest) & (solved.status == OK)
    still = jnp.abs(along) + jnp.linalg.norm(across, axis=1) <= 30 * rest
    regime = jnp.where(along > 0, DIVERGENT, CONVERGENT)
    regime = jnp.where(resting | (still & ~blew_up), CONE, regime)
    leading = along > 0.1 * jnp.max(along)
    regime = jnp.where(blew_up, jnp.where(leading, BLOWING_UP, UNDECIDED), regime)
    time = jnp.where(blew_up, jnp.exp(log_unit_of_time) * jnp.expm1(s), jnp.inf)
    return TokenFate(
        time,
        log_unit_of_time + s + jnp.log(-jnp.expm1(-s)),
        log_length,
        unit(direction),
        along,
        resting,
        regime.astype(jnp.int8),
        jnp.where(blew_up, BLOW_UP, solved.status).astype(jnp.int8),
        solved.steps,
    )


def sphere_flow(
    x0: Real[ArrayLike, "tokens channels"],
    layer: eqx.Module,
    times: Real[ArrayLike, " points"],
    *,
    tolerance: float | None = None,
    stiff: bool = False,
    max_steps: int = 4096,
) -> TokenFlow:
    """Tokens of length one under dx_l/dt = (I - x_l x_l^T) y_l, at increasing `times`.

    Tokens are normalised inside the right-hand side: without that the sphere repels wherever x_l . y_l < 0.
    """
    refuse_unordered("times", times)
    (_, direction), _ = _prepared(x0, layer)

    def velocity(t, x, layer):
        on = unit(x)
        y = layer(on)
        return y - jnp.sum(on * y, axis=1, keepdims=True) * on

    points = jnp.asarray(times, direction.dtype)
    solved = integrate(
        velocity,
        direction,
        layer,
        jnp.zeros_like(points[-1]),
        points[-1],
        save=diffrax.SaveAt(ts=points),
        tolerance=tolerance,
        stiff=stiff,
        max_steps=max_steps,
    )
    on = unit(solved.states)
    return TokenFlow(jnp.zeros(on.shape[:2], on.dtype), on, solved.status, solved.steps)


def _prepared(x0, layer):
    """Log lengths and directions, and ln t_0, the first relative change of the fastest token."""
    refuse_non_finite("x0", x0)
    if not isinstance(x0, jax.core.Tracer) and not np.any(x0, axis=1).all():
        raise ValueError("Argument `x0` must have no token at 0, which has no direction.")
    x0 = jnp.asarray(x0, jnp.result_type(float, x0))
    start = jnp.log(jnp.linalg.norm(x0, axis=1)), unit(x0)
    fastest = _speeds(start, layer, 0.0)[2]
    return start, jax.lax.stop_gradient(-jnp.log(jnp.where(fastest > 0, fastest, 1.0)))


def _speeds(state, layer, log_elapsed):
    """Per unit of ln t: growth of the log lengths, motion of the directions, and the root of all their squares."""
    log_length, direction = state
    on = unit(direction)
    y = layer(on * jnp.exp(log_length)[:, None]) * jnp.exp(log_elapsed - log_length)[:, None]
    along = jnp.sum(on * y, axis=1)
    across = y - along[:, None] * on
    squares = jnp.sum(y * y)
    # The root's slope at rest would be infinite.
    return along, across, jnp.sqrt(jnp.where(squares > 0, squares, 1.0)) * (squares > 0)
