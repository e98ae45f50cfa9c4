"""One token, dx/dt = mu x^3 Delta(x): its whole trajectory, its blow-up, and the closed sensitivities.

A token decays (mu < 0), grows like ln t (mu > 0, s x < 0) or blows up at T* (mu > 0, s x > 0). The law is separable,
so every statement is one quadrature of dv/(v^3 Delta(v)). `hold_decay` > 0 puts the weight of exact zero-order
hold, (1 - exp(-a Delta))/a, in place of Delta. Slope 0 is the constant step size, see `constant_step_tokens`.
"""

import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import floats, positive
from ._checks import finite, nonzero
from ._flow import elapsed_softplus_bound, minus_decay, minus_growth, plus_time, plus_token
from .step_size import log_weight


def _checked(token: Any, coupling: Any, slope: Any, bias: Any, hold_decay: Any, *others: Any) -> list[Array | None]:
    nonzero(slope=slope)
    finite(token=token, coupling=coupling, bias=bias)
    positive("hold_decay", hold_decay, "[)")
    token, coupling, slope, bias, hold, *others = floats(token, coupling, slope, bias, hold_decay, *others)
    # A plain 0 says at once that there is no hold, and spares its share of every quadrature.
    return [token, coupling, slope, bias, None if isinstance(hold_decay, float) and hold_decay == 0 else hold, *others]


def _log(value: Array) -> Array:
    """ln of a value >= 0, finite at 0 so that gradients pass."""
    return jnp.log(jnp.maximum(value, jnp.finfo(value.dtype).tiny))


def token_at(
    time: Real[ArrayLike, "..."],
    token: Real[ArrayLike, "..."],
    coupling: Real[ArrayLike, "..."],
    slope: Real[ArrayLike, "..."],
    bias: Real[ArrayLike, "..."] = 0.0,
    hold_decay: Real[ArrayLike, "..."] = 0.0,
) -> Float[Array, "..."]:
    """x(t) from x(0) = `token`, in every regime; infinite, with the token's sign, from its blow-up on.

    time >= 0, slope not 0, hold_decay >= 0, the others finite; ValueError otherwise. In the slow regime at ln t
    beyond the largest float, use `slow_token`.  (derived here)
    """
    positive("time", time, "[)")
    token, coupling, slope, bias, hold, time = _checked(token, coupling, slope, bias, hold_decay, time)
    kappa = coupling / slope**2
    still = (token == 0) | (coupling == 0)
    start = jnp.where(still, 1, abs(slope * token))
    plus, growing = slope * token > 0, coupling > 0
    elapsed = abs(kappa) * time
    log_elapsed = _log(jnp.where(still, 1, elapsed))

    remaining = plus_time(start, bias, hold) - kappa * time
    alive = remaining > 0
    rising = plus_token(jnp.where(plus & alive, remaining, 1), bias, hold)
    # Lanes of another kind stand at a harmless point.
    climbing = minus_growth(jnp.where(~plus & growing, log_elapsed, 0), jnp.where(plus, 1, start), bias, hold)
    falling = minus_decay(jnp.where(plus | growing, 0, log_elapsed), jnp.where(plus, 1, start), bias, hold)
    moved = jnp.where(plus, jnp.where(alive, rising, jnp.inf), jnp.where(growing, climbing, falling))
    return jnp.where(still, token, jnp.sign(token) * moved / abs(slope))


def slow_token(
    log_time: Real[ArrayLike, "..."],
    token: Real[ArrayLike, "..."],
    coupling: Real[ArrayLike, "..."],
    slope: Real[ArrayLike, "..."],
    bias: Real[ArrayLike, "..."] = 0.0,
    hold_decay: Real[ArrayLike, "..."] = 0.0,
) -> Float[Array, "..."]:
    """x at ln t for mu > 0 and s x(0) < 0, where |x| ~ ln t/|s|: no time is too long.

    coupling > 0, slope not 0, slope * token < 0, hold_decay >= 0; ValueError otherwise.  (derived here)
    """
    finite(log_time=log_time)
    positive("coupling", coupling)
    token, coupling, slope, bias, hold, log_time = _checked(token, coupling, slope, bias, hold_decay, log_time)
    positive("-slope * token", -slope * token)
    log_elapsed = log_time + jnp.log(coupling) - 2 * jnp.log(abs(slope))
    return jnp.sign(token) * minus_growth(log_elapsed, abs(slope * token), bias, hold) / abs(slope)


def blow_up_time(
    token: Real[ArrayLike, "..."],
    coupling: Real[ArrayLike, "..."],
    slope: Real[ArrayLike, "..."],
    bias: Real[ArrayLike, "..."] = 0.0,
    hold_decay: Real[ArrayLike, "..."] = 0.0,
) -> Float[Array, "..."]:
    """T* = (1/mu) times the integral of dv/(v^3 Delta(v)) from the token to infinity, along y = 1/|v|.

    Infinite unless mu > 0 and s x(0) > 0. slope not 0, hold_decay >= 0, the others finite; ValueError otherwise.
    (derived here)
    """
    token, coupling, slope, bias, hold = _checked(token, coupling, slope, bias, hold_decay)
    bursts = (coupling > 0) & (slope * token > 0)
    time = plus_time(jnp.where(bursts, abs(slope * token), 1), bias, hold)
    return jnp.where(bursts, time * slope**2 / jnp.where(bursts, coupling, 1), jnp.inf)


class TimeBounds(NamedTuple):
    """A lower and an upper bound on a blow-up time."""

    lower: Float[Array, "..."]
    upper: Float[Array, "..."]


def blow_up_time_bounds(
    token: Real[ArrayLike, "..."],
    coupling: Real[ArrayLike, "..."],
    slope: Real[ArrayLike, "..."],
    bias: Real[ArrayLike, "..."] = 0.0,
) -> TimeBounds:
    """[1/(2 c u^2) - 1/(c^2 u) + ln(1 + c/u)/c^3, min(1/(3 u^3), 1/(2 c u^2))]/kappa around T*, c = softplus(b).

    From max(z, c) <= softplus(z + b) <= z + c; for b < 0 the part 1/(3 u^3) of the upper bound, which needs
    softplus(z + b) >= z, is left out. coupling > 0, slope * token > 0; ValueError otherwise.  (derived here)
    """
    positive("coupling", coupling)
    token, coupling, slope, bias, _ = _checked(token, coupling, slope, bias, 0.0)
    positive("slope * token", slope * token)
    u, kappa, floor = slope * token, coupling / slope**2, jax.nn.softplus(bias)
    quadratic = 1 / (2 * floor * u**2)
    upper = jnp.where(bias >= 0, jnp.minimum(1 / (3 * u**3), quadratic), quadratic)
    return TimeBounds(elapsed_softplus_bound(u, floor) / kappa, upper / kappa)


def blow_up_constant(coupling: Real[ArrayLike, "..."], slope: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """(3 mu |s|)^(-1/3), the limit of |x_p| (T* - t)^(1/3) of the token that blows up first, whatever precedes it.

    coupling > 0, slope not 0; ValueError otherwise.  (derived here)
    """
    positive("coupling", coupling)
    nonzero(slope=slope)
    coupling, slope = floats(coupling, slope)
    return 1 / jnp.cbrt(3 * coupling * abs(slope))


def exact_hold_blow_up_constant(coupling: Real[ArrayLike, "..."], decay: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """sqrt(a/(2 mu)), the limit of |x| (T* - t)^(1/2) under exact zero-order hold: another exponent, no slope.

    coupling > 0, decay > 0; ValueError otherwise.  (derived here)
    """
    positive("coupling", coupling)
    positive("decay", decay)
    coupling, decay = floats(coupling, decay)
    return jnp.sqrt(decay / (2 * coupling))


def token_sensitivity(
    time: Real[ArrayLike, "..."],
    token: Real[ArrayLike, "..."],
    coupling: Real[ArrayLike, "..."],
    slope: Real[ArrayLike, "..."],
    bias: Real[ArrayLike, "..."] = 0.0,
) -> Float[Array, "..."]:
    """dx(t)/dx(0) = x^3 Delta(x)/(x_0^3 Delta(x_0)); infinite from the blow-up on.

    Arguments as in `token_at`, and token not 0; ValueError otherwise.  (derived here)
    """
    nonzero(token=token)
    reached = token_at(time, token, coupling, slope, bias)
    token, slope, bias, reached = floats(token, slope, bias, reached)
    alive = jnp.isfinite(reached)
    reached = jnp.where(alive, reached, 1)
    weights = log_weight(slope * reached + bias) - log_weight(slope * token + bias)
    return jnp.where(alive, jnp.exp(3 * jnp.log(reached / token) + weights), jnp.inf)


def blow_up_time_sensitivity(
    token: Real[ArrayLike, "..."],
    coupling: Real[ArrayLike, "..."],
    slope: Real[ArrayLike, "..."],
    bias: Real[ArrayLike, "..."] = 0.0,
) -> Float[Array, "..."]:
    """dT*/dx(0) = -1/(mu x_0^3 Delta(x_0)).

    coupling > 0, slope * token > 0; ValueError otherwise.  (derived here)
    """
    positive("coupling", coupling)
    token, coupling, slope, bias, hold = _checked(token, coupling, slope, bias, 0.0)
    positive("slope * token", slope * token)
    return -1 / (coupling * token**3 * jnp.exp(log_weight(slope * token + bias, hold)))


def convergent_token(
    time: Real[ArrayLike, "..."],
    token: Real[ArrayLike, "..."],
    coupling: Real[ArrayLike, "..."],
    slope: Real[ArrayLike, "..."],
    bias: Real[ArrayLike, "..."] = 0.0,
) -> Float[Array, "..."]:
    """Late decay for mu < 0, 1/x^2 = 2 |mu| (d0 t + 2 d1 sqrt(t)/sqrt(2 |mu| d0)) + O(ln t).

    d0 = softplus(b), d1 = sigmoid(b) s sign(x); infinite, with the token's sign, while the right-hand side is not
    positive. time > 0, coupling < 0, token not 0; ValueError otherwise.  (derived here)
    """
    positive("time", time)
    nonzero(token=token)
    finite(coupling=coupling, slope=slope, bias=bias)
    token, coupling, slope, bias, time = floats(token, coupling, slope, bias, time)
    positive("-coupling", -coupling)
    double, step = -2 * coupling, jax.nn.softplus(bias)
    rise = jax.nn.sigmoid(bias) * slope * jnp.sign(token)
    inverse = double * (step * time + 2 * rise * jnp.sqrt(time / (double * step)))
    early = inverse <= 0
    return jnp.sign(token) * jnp.where(early, jnp.inf, 1 / jnp.sqrt(jnp.where(early, 1, inverse)))


def slow_expansion(log_scaled_time: Real[ArrayLike, "..."], bias: Real[ArrayLike, "..."] = 0.0) -> Float[Array, "..."]:
    """u = Lam + 3 ln Lam + (9 ln Lam - 3)/Lam + O((ln Lam/Lam)^2) of the slow regime, Lam = ln(kappa t) + b.

    log_scaled_time: ln(kappa t), with ln(kappa t) + b > 1; ValueError otherwise.  (derived here)
    """
    finite(log_scaled_time=log_scaled_time, bias=bias)
    late, bias = floats(log_scaled_time, bias)
    late = late + bias
    positive("log_scaled_time + bias - 1", late - 1)
    return late + 3 * jnp.log(late) + (9 * jnp.log(late) - 3) / late


def slow_log_scaled_time(scaled: Real[ArrayLike, "..."], bias: Real[ArrayLike, "..."] = 0.0) -> Float[Array, "..."]:
    """ln(kappa t) at which a slow token has reached u = |s x|, u - b - 3 ln u + ln(1 + 3/u + 12/u^2 + 60/u^3 + ...).

    Up to a relative O(1/kappa t) of the initial value and the O(u^-5) of a series cut after 360/u^4.
    scaled > 0; ValueError otherwise.  (derived here)
    """
    positive("scaled", scaled)
    finite(bias=bias)
    u, bias = floats(scaled, bias)
    series = [math.factorial(k + 2) / 2 for k in range(5)][::-1]
    return u - bias - 3 * jnp.log(u) + jnp.log(jnp.polyval(jnp.asarray(series, u.dtype), 1 / u))
