"""Design by gradient: fan-in, message length, leaf compute and depth made real, ascended, rounded, evaluated exactly.

The derivative of a vote count of b votes is A(b) (1 - v^2)^{(b-1)/2}, which makes sense at real b; its integral over
[0, u] by 32 Gauss-Legendre nodes is exact for odd b up to 63, where it is a polynomial of degree below 64. So one and
the same level serves the relaxation and, at whole numbers, the exact recursion that judges what rounding left of it.
"""

from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.nn import sigmoid, softplus
from jax.scipy.special import gammaln, logit
from jaxtyping import Array, ArrayLike, Float, Int, Real

from dynamics import _check
from dynamics.synergy.spending import skill

Number = Real[ArrayLike, ""]
Fidelity = Callable[[Array], Array]
WIDEST = 63
_DEEPEST = 16
_STEPS = 400
_RATE = 0.05
# Barriers bend over this much of a logarithm and push back ten times harder than any slope of the objective pulls.
_BEND = 0.01
_PUSH = 10.0
_STARTS = (3.5, 7.0, 15.0)


@cache
def _nodes() -> tuple[np.ndarray, np.ndarray]:
    nodes, weights = np.polynomial.legendre.leggauss(32)
    return (nodes + 1) / 2, weights / 2


def _gain_of_votes(fan_in: Array) -> Array:
    """Derivative at zero bias of a majority of b votes, b real: b C(b-1, (b-1)/2)/2^{b-1} by log-gammas."""
    return 2 / np.sqrt(np.pi) * jnp.exp(gammaln(fan_in / 2 + 1) - gammaln((fan_in + 1) / 2))


def relaxed_level(fan_in: Number, correlation: Number, fidelity: Number, bias: Number) -> Float[Array, ""]:
    """One level at real fan-in in [3, 63]; exact at odd ones.  (derived here)"""
    nodes, weights = _nodes()
    u = fidelity * bias
    unanimity = 1 - (u * nodes) ** 2
    counted = _gain_of_votes(fan_in) * u * jnp.sum(weights * unanimity ** ((fan_in - 1) / 2))
    return correlation * u + (1 - correlation) * counted


def _rest(fan_in: Array, correlation: Number, fidelity: Array) -> Array:
    """Largest bias that a level does not lower, by halving; its derivative by one Newton step."""

    def miss(bias):
        return relaxed_level(fan_in, correlation, fidelity, bias) - bias

    def halve(_, ends):
        low, high = ends
        middle = (low + high) / 2
        up = miss(middle) >= 0
        return jnp.where(up, middle, low), jnp.where(up, high, middle)

    low, high = jax.lax.fori_loop(0, 32, halve, (jnp.asarray(1e-9, float), jnp.asarray(1.0, float)))
    root = jax.lax.stop_gradient((low + high) / 2)
    slope = jax.lax.stop_gradient(jax.jvp(miss, (root,), (jnp.ones_like(root),))[1])
    return jnp.clip(root - miss(root) / jnp.minimum(slope, -1e-6), 1e-9, 1.0)


class Relaxed(NamedTuple):
    """Where the ascent ended: real fan-in, message length, leaf compute and agents, and log bias as it sees it."""

    fan_in: Float[Array, ""]
    message_length: Float[Array, ""]
    compute: Float[Array, ""]
    agents: Float[Array, ""]
    log_bias: Float[Array, ""]


class Rounded(NamedTuple):
    """The best organisation in whole numbers beside the relaxed optimum (one agent among them), exactly evaluated."""

    fan_in: Int[Array, ""]
    message_length: Int[Array, ""]
    levels: Int[Array, ""]
    compute: Float[Array, ""]
    bias: Float[Array, ""]


def _unpacked(point: Array, widest: int) -> tuple[Array, Array, Array]:
    log_compute, log_length, place = point
    return 3 + (widest - 3) * sigmoid(place), jnp.exp(log_length), jnp.exp(log_compute)


def relaxed_objective(
    point: Float[Array, "3"],
    budget: Number,
    window: Number,
    fidelity: Fidelity,
    correlation: Number,
    leaf_exponent: Number,
    leaf_scale: Number,
    saturating: bool,
    widest: int = WIDEST,
) -> Float[Array, ""]:
    """Log bias of the relaxed organisation less the barriers of b m <= W and N >= b.

    point: log x, log m and the logit of (b - 3)/(widest - 3).  saturating: the growth law bent into its resting bias,
    1/mu^2 = 1/mu_grow^2 + (1 - alpha^{-2L})/mu*^2; else the growth law alone, as in arXiv 2601.17311, eq. 33.
    """
    fan_in, length, compute = _unpacked(point, widest)
    gamma = fidelity(length)
    gain = gamma * (correlation + (1 - correlation) * _gain_of_votes(fan_in))
    agents = budget / (compute + 2 * length * fan_in / (fan_in - 1))
    depth = jnp.log(agents) / jnp.log(fan_in)
    grown = jnp.log(leaf_scale) + leaf_exponent * jnp.log(compute) + depth * jnp.log(gain)
    value = grown
    if saturating:
        memory = -2 * depth * jnp.log(gain)
        ceiling = jnp.log(-jnp.expm1(jnp.minimum(memory, -1e-12))) - 2 * jnp.log(_rest(fan_in, correlation, gamma))
        value = -0.5 * jnp.logaddexp(-2 * grown, ceiling)
    rooms = jnp.stack([jnp.log(window) - jnp.log(fan_in * length), jnp.log(agents) - jnp.log(fan_in)])
    return value - _PUSH * _BEND * jnp.sum(softplus(-rooms / _BEND))


@partial(jax.jit, static_argnames=("fidelity", "saturating", "widest"))
def ascend(
    budget: Number,
    window: Number,
    fidelity: Fidelity,
    correlation: Number,
    leaf_exponent: Number,
    leaf_scale: Number,
    saturating: bool = True,
    widest: int = WIDEST,
) -> Relaxed:
    """Ends of the ascents from three fan-ins, by Adam with a step that falls to nothing; the starts on the one axis."""
    climb = jax.value_and_grad(
        lambda point: (
            -relaxed_objective(
                point, budget, window, fidelity, correlation, leaf_exponent, leaf_scale, saturating, widest
            )
        )
    )
    rule = optax.adam(optax.cosine_decay_schedule(_RATE, _STEPS))

    def ascent(fan_in):
        fan_in = jnp.minimum(fan_in, (3 + widest) / 2)
        length = 0.7 * window / fan_in
        # Leaves that think four times as much as they talk, however many: shallow starts end in one big agent.
        compute = jnp.maximum(jnp.minimum(budget / fan_in**2, 8 * length), 1.0)
        start = jnp.stack([jnp.log(compute), jnp.log(length), logit((fan_in - 3) / (widest - 3))])

        def step(state, _):
            point, memory = state
            _, slope = climb(point)
            # Far outside a barrier the slope can overflow; the direction is what counts.
            slope = jnp.nan_to_num(slope, nan=0.0, posinf=1e3, neginf=-1e3)
            change, memory = rule.update(slope, memory)
            return (optax.apply_updates(point, change), memory), None

        (point, _), _ = jax.lax.scan(step, (start, rule.init(start)), length=_STEPS)
        return point, climb(point)[0]

    points, losses = jax.vmap(ascent)(jnp.asarray(_STARTS, float))
    fan_in, length, compute = _unpacked(points.T, widest)
    agents = budget / (compute + 2 * length * fan_in / (fan_in - 1))
    return Relaxed(fan_in, length, compute, agents, jnp.where(jnp.isfinite(losses), -losses, -jnp.inf))


@partial(jax.jit, static_argnames=("fidelity", "widest", "reach"))
def round_off(
    relaxed: Relaxed,
    budget: Number,
    window: Number,
    fidelity: Fidelity,
    correlation: Number,
    leaf_exponent: Number,
    leaf_scale: Number,
    widest: int = WIDEST,
    reach: int = 1,
) -> Rounded:
    """The best of the odd fan-ins (`reach` of them on either side), whole lengths and depths around one relaxed
    optimum, x from the exact budget, and of one agent."""
    below = 2 * jnp.floor((relaxed.fan_in - 1) / 2) + 1
    fan_ins = jnp.clip(below + 2 * jnp.arange(1 - reach, 1 + reach), 3, widest)[:, None, None]
    filled = jnp.floor(window / fan_ins)
    lengths = jnp.stack([jnp.floor(relaxed.message_length), jnp.ceil(relaxed.message_length)])[None, :, None]
    lengths = jnp.clip(jnp.concatenate([jnp.broadcast_to(lengths, (2 * reach, 2, 1)), filled], axis=1), 1, filled)
    depth = jnp.log(relaxed.agents) / jnp.log(fan_ins)
    depths = jnp.concatenate([jnp.floor(depth), jnp.floor(depth) + 1], axis=2)
    fan_in, length, depth = jnp.broadcast_arrays(fan_ins, lengths, jnp.clip(depths, 1, _DEEPEST))
    many = fan_in**depth
    compute = jnp.maximum((budget - 2 * length * fan_in * (many - 1) / (fan_in - 1)) / many, 0)
    bias = skill(compute, leaf_exponent, leaf_scale)
    gamma = jax.vmap(fidelity)(length.ravel()).reshape(length.shape)
    level = jnp.vectorize(partial(_swapped, correlation))

    def climb(height, bias):
        return jnp.where(height < depth, level(fan_in, gamma, bias), bias)

    bias = jax.lax.fori_loop(0, _DEEPEST, climb, bias)
    at = jnp.argmax(bias)
    tree = [array.ravel()[at] for array in (fan_in, length, depth, compute, bias)]
    alone = skill(jnp.asarray(budget, float), leaf_exponent, leaf_scale)
    chosen = [jnp.where(tree[4] > alone, a, b) for a, b in zip(tree, (0, 0, 0, budget, alone), strict=True)]
    return Rounded(*(whole.astype(int) for whole in chosen[:3]), *chosen[3:])


def _swapped(correlation: Array, fan_in: Array, fidelity: Array, bias: Array) -> Array:
    return relaxed_level(fan_in, correlation, fidelity, bias)


def best_rounding(
    ends: Relaxed,
    budget: Number,
    window: Number,
    fidelity: Fidelity,
    correlation: Number,
    leaf_exponent: Number,
    leaf_scale: Number,
    widest: int = WIDEST,
    reach: int = 1,
) -> Rounded:
    """The best of what `round_off` makes of the ends of all ascents."""
    system = (budget, window, fidelity, correlation, leaf_exponent, leaf_scale, widest, reach)
    rounded = jax.vmap(lambda end: round_off(end, *system))(ends)
    best = jnp.argmax(rounded.bias)
    return Rounded(*(part[best] for part in rounded))


def gradient_design(
    budget: Number,
    window: Number,
    fidelity: Fidelity,
    correlation: Number,
    leaf_exponent: Number,
    leaf_scale: Number,
    objective: str = "saturating",
    widest: int = WIDEST,
    reach: int = 1,
) -> tuple[Relaxed, Rounded]:
    """The relaxed optimum, and the best design that rounding makes of the ends of all ascents.

    fidelity: gamma of a message of m tokens, a differentiable function of real m, itself hashable (compiled once).
    objective: the growth law alone, or bent into saturation.  widest: largest fan-in, odd, 5 to 63.
    reach: odd fan-ins tried on either side of the real one.
    Raises ValueError on a parameter out of range.  (arXiv 2601.17311, sec. 6, relaxed; derived here)
    """
    _check.within(9.0, float("inf"), window=window)
    _check.odd("widest", widest)
    _check.within(5.0, float(WIDEST), widest=widest)
    _check.within(0.0, 1.0, correlation=correlation)
    _check.within(1e-300, float("inf"), budget=budget, leaf_exponent=leaf_exponent, leaf_scale=leaf_scale)
    if objective not in ("growth", "saturating"):
        raise ValueError(f"Argument `objective` must be 'growth' or 'saturating', but is {objective!r}.")
    reach = _check.whole("reach", reach, 1)
    leaf = (correlation, leaf_exponent, leaf_scale)
    ends = ascend(budget, window, fidelity, *leaf, objective == "saturating", widest)
    first = jnp.argmax(ends.log_bias)
    return Relaxed(*(part[first] for part in ends)), best_rounding(ends, budget, window, fidelity, *leaf, widest, reach)
