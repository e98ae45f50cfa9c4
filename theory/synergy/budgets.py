"""What organisations cost, what a budget buys of each, and from which budget on a tree of given depth pays.

An edge costs 2m, m tokens written and m read; aggregators compute for free unless `aggregator_compute` charges them.
A budget below the cost of communication alone buys no leaf compute, hence bias 0.
"""

import math
from functools import partial
from typing import Any, SupportsIndex

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import floats, odd, positive, unit, whole, within
from .growth import communication_overhead
from .majority import majority
from .recursion import checked, climbed, level


def _edges(fan_in: Array, depth: Array) -> Array:
    return fan_in * jnp.expm1(depth * jnp.log(fan_in)) / (fan_in - 1)


def tree_edges(fan_in: Real[ArrayLike, "..."], depth: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """Edges of a tree of N = b^L leaves, E = b (N - 1)/(b - 1).

    fan_in > 1, depth >= 0; ValueError otherwise.  (arXiv 2601.17311, sec. 2)
    """
    within("fan_in", fan_in, 1.0, float("inf"), "()")
    positive("depth", depth, "[)")
    return _edges(*floats(fan_in, depth))


def tree_cost(
    fan_in: Real[ArrayLike, "..."],
    depth: Real[ArrayLike, "..."],
    compute: Real[ArrayLike, "..."],
    message_length: Real[ArrayLike, "..."],
    aggregator_compute: Real[ArrayLike, "..."] = 0.0,
) -> Float[Array, "..."]:
    """Exact cost of a tree, N x + 2 m E + c_agg (N - 1)/(b - 1); one agent (depth 0) costs x.

    fan_in > 1; depth, compute, message_length, aggregator_compute >= 0; ValueError otherwise.
    (arXiv 2601.17311, sec. 2; aggregators' cost derived here)
    """
    within("fan_in", fan_in, 1.0, float("inf"), "()")
    for name, value in (("depth", depth), ("compute", compute), ("message_length", message_length)):
        positive(name, value, "[)")
    positive("aggregator_compute", aggregator_compute, "[)")
    fan_in, depth, compute, length, internal = floats(fan_in, depth, compute, message_length, aggregator_compute)
    return jnp.exp(depth * jnp.log(fan_in)) * compute + (2 * length + internal / fan_in) * _edges(fan_in, depth)


def tree_cost_approximate(
    fan_in: Real[ArrayLike, "..."],
    depth: Real[ArrayLike, "..."],
    compute: Real[ArrayLike, "..."],
    message_length: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """The paper's cost N (x + c0), too much by exactly one c0.

    fan_in > 1; depth, compute >= 0, message_length > 0; ValueError otherwise.  (arXiv 2601.17311, sec. 5)
    """
    positive("compute", compute, "[)")
    positive("depth", depth, "[)")
    overhead = communication_overhead(fan_in, message_length)
    overhead, fan_in, depth, compute = floats(overhead, fan_in, depth, compute)
    return jnp.exp(depth * jnp.log(fan_in)) * (compute + overhead)


def star_cost(
    agents: Real[ArrayLike, "..."], compute: Real[ArrayLike, "..."], message_length: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """Cost of a star, N (x + 2 m); agents >= 1, compute and message_length >= 0, ValueError otherwise.

    (arXiv 2601.17311, sec. 2)
    """
    within("agents", agents, 1.0, float("inf"), "[)")
    positive("compute", compute, "[)")
    positive("message_length", message_length, "[)")
    agents, compute, length = floats(agents, compute, message_length)
    return agents * (compute + 2 * length)


def chain_cost(
    depth: Real[ArrayLike, "..."], compute: Real[ArrayLike, "..."], message_length: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """Cost of a chain of L edges, (L + 1) x + 2 m L; all three >= 0, ValueError otherwise.

    (arXiv 2601.17311, sec. 2)
    """
    for name, value in (("depth", depth), ("compute", compute), ("message_length", message_length)):
        positive(name, value, "[)")
    depth, compute, length = floats(depth, compute, message_length)
    return (depth + 1) * compute + 2 * length * depth


def star_size_limit(window: Real[ArrayLike, "..."], message_length: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """Messages of m tokens that a context window of W holds, N_max = floor(W/m); both > 0, ValueError otherwise.

    (arXiv 2601.17311, eq. 28)
    """
    positive("window", window)
    positive("message_length", message_length)
    window, length = floats(window, message_length)
    return jnp.floor(window / length)


def _voice(leaf_exponent: Array, leaf_scale: Array, compute: Array) -> Array:
    """min(1, k x^beta), 0 without compute, with a finite derivative there."""
    works = ~(compute <= 0)
    bias = jnp.minimum(1, leaf_scale * jnp.power(jnp.where(works, compute, 1), leaf_exponent))
    return jnp.where(works, bias, 0)


def leaf_bias(
    leaf_exponent: Real[ArrayLike, "..."], leaf_scale: Real[ArrayLike, "..."], compute: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """Bias of one agent of compute x, min(1, k x^beta); the cap is ours, the law holds below saturation.

    leaf_exponent beta > 0, leaf_scale k > 0, compute >= 0; ValueError otherwise.  (arXiv 2601.17311, eq. 1)
    """
    positive("leaf_exponent", leaf_exponent)
    positive("leaf_scale", leaf_scale)
    positive("compute", compute, "[)")
    return _voice(*floats(leaf_exponent, leaf_scale, compute))


def tree_leaf_compute(
    fan_in: Real[ArrayLike, "..."],
    depth: Real[ArrayLike, "..."],
    message_length: Real[ArrayLike, "..."],
    budget: Real[ArrayLike, "..."],
    aggregator_compute: Real[ArrayLike, "..."] = 0.0,
) -> Float[Array, "..."]:
    """What a budget leaves each leaf of a tree, (B - 2 m E - c_agg (N - 1)/(b - 1))/N; 0 if communication eats it all.

    fan_in > 1; depth, message_length, budget, aggregator_compute >= 0; ValueError otherwise.  (inverts `tree_cost`)
    """
    positive("budget", budget, "[)")
    talk = tree_cost(fan_in, depth, 0.0, message_length, aggregator_compute)
    talk, fan_in, depth, budget = floats(talk, fan_in, depth, budget)
    return jnp.maximum((budget - talk) * jnp.exp(-depth * jnp.log(fan_in)), 0)


def star_leaf_compute(
    agents: Real[ArrayLike, "..."], message_length: Real[ArrayLike, "..."], budget: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """What a budget leaves each agent of a star, B/N - 2 m, or 0.

    agents >= 1, message_length and budget >= 0; ValueError otherwise.  (inverts `star_cost`)
    """
    positive("budget", budget, "[)")
    talk = star_cost(agents, 0.0, message_length)
    talk, agents, budget = floats(talk, agents, budget)
    return jnp.maximum((budget - talk) / agents, 0)


def chain_leaf_compute(
    depth: Real[ArrayLike, "..."], message_length: Real[ArrayLike, "..."], budget: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """What a budget leaves each agent of a chain, (B - 2 m L)/(L + 1), or 0; all >= 0, ValueError otherwise.

    (inverts `chain_cost`)
    """
    positive("budget", budget, "[)")
    talk = chain_cost(depth, 0.0, message_length)
    talk, depth, budget = floats(talk, depth, budget)
    return jnp.maximum((budget - talk) / (depth + 1), 0)


def _leaf_checks(leaf_exponent: Any, leaf_scale: Any) -> None:
    positive("leaf_exponent", leaf_exponent)
    positive("leaf_scale", leaf_scale)


def tree_bias_at_budget(
    fan_in: SupportsIndex,
    correlation: Real[ArrayLike, "..."],
    fidelity: Real[ArrayLike, "..."],
    message_length: Real[ArrayLike, "..."],
    leaf_exponent: Real[ArrayLike, "..."],
    leaf_scale: Real[ArrayLike, "..."],
    budget: Real[ArrayLike, "..."],
    depth: SupportsIndex,
    aggregator_compute: Real[ArrayLike, "..."] = 0.0,
) -> Float[Array, "..."]:
    """Root bias of a tree that spends the whole budget, exact edges and exact level map; depth 0 is one agent.

    fan_in odd >= 3, depth >= 0 static; correlation, fidelity in [0, 1]; the rest positive (budget, message_length and
    aggregator_compute may be 0); ValueError otherwise.  (derived here)
    """
    fan_in, depth = odd("fan_in", fan_in), whole("depth", depth, 0)
    _leaf_checks(leaf_exponent, leaf_scale)
    compute = tree_leaf_compute(fan_in, depth, message_length, budget, aggregator_compute)
    fan_in, (correlation, fidelity, compute, exponent, scale) = checked(
        fan_in, correlation, fidelity, compute, leaf_exponent, leaf_scale
    )
    return climbed(fan_in, depth, correlation, fidelity, _voice(exponent, scale, compute))


def star_bias_at_budget(
    agents: SupportsIndex,
    correlation: Real[ArrayLike, "..."],
    fidelity: Real[ArrayLike, "..."],
    message_length: Real[ArrayLike, "..."],
    leaf_exponent: Real[ArrayLike, "..."],
    leaf_scale: Real[ArrayLike, "..."],
    budget: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """Bias of a star of N agents that spends the whole budget; whether N m fits the window is `star_size_limit`'s.

    agents odd >= 1, static; ranges else as in `tree_bias_at_budget`.  (derived here)
    """
    agents = odd("agents", agents, 1)
    _leaf_checks(leaf_exponent, leaf_scale)
    unit("correlation", correlation)
    unit("fidelity", fidelity)
    compute = star_leaf_compute(agents, message_length, budget)
    correlation, fidelity, compute, exponent, scale = floats(correlation, fidelity, compute, leaf_exponent, leaf_scale)
    signal = fidelity * _voice(exponent, scale, compute)
    return correlation * signal + (1 - correlation) * majority(agents, signal)


def chain_bias_at_budget(
    fidelity: Real[ArrayLike, "..."],
    message_length: Real[ArrayLike, "..."],
    leaf_exponent: Real[ArrayLike, "..."],
    leaf_scale: Real[ArrayLike, "..."],
    budget: Real[ArrayLike, "..."],
    depth: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """Bias of a chain of L edges that spends the whole budget, gamma^L min(1, k x^beta): always below one agent.

    fidelity in [0, 1], leaf_exponent, leaf_scale > 0, the rest >= 0; ValueError otherwise.  (derived here)
    """
    _leaf_checks(leaf_exponent, leaf_scale)
    unit("fidelity", fidelity)
    compute = chain_leaf_compute(depth, message_length, budget)
    fidelity, compute, exponent, scale, depth = floats(fidelity, compute, leaf_exponent, leaf_scale, depth)
    return jnp.power(fidelity, depth) * _voice(exponent, scale, compute)


def _break_even(fan_in, message_length, gain, leaf_exponent, depth, aggregator_compute) -> tuple[Array, Array, Array]:
    """c0, log N, and the log of N^((s - beta)/beta), positive iff depth pays."""
    positive("gain", gain)
    positive("leaf_exponent", leaf_exponent)
    positive("depth", depth)
    overhead = communication_overhead(fan_in, message_length, aggregator_compute)
    overhead, fan_in, gain, beta, depth = floats(overhead, fan_in, gain, leaf_exponent, depth)
    leaves = depth * jnp.log(fan_in)
    return overhead, leaves, depth * jnp.log(gain) / beta - leaves


def integer_depth_threshold(
    fan_in: Real[ArrayLike, "..."],
    message_length: Real[ArrayLike, "..."],
    gain: Real[ArrayLike, "..."],
    leaf_exponent: Real[ArrayLike, "..."],
    depth: Real[ArrayLike, "..."],
    aggregator_compute: Real[ArrayLike, "..."] = 0.0,
) -> Float[Array, "..."]:
    """Budget from which a tree of L levels beats one agent, B_L = c0 (N - 1)/(1 - N^(-(s - beta)/beta)), N = b^L.

    Signals small, edges exact. It rises with L, so that B_1 = 2 m b/(1 - b alpha^(-1/beta)) is where trees start to
    pay; inf where alpha <= b^beta.  fan_in > 1; message_length, gain alpha, leaf_exponent, depth > 0; ValueError
    otherwise.  (derived here)
    """
    overhead, leaves, lead = _break_even(fan_in, message_length, gain, leaf_exponent, depth, aggregator_compute)
    pays = ~(lead <= 0)
    return jnp.where(pays, overhead * jnp.expm1(leaves) / -jnp.expm1(-jnp.where(pays, lead, 1)), jnp.inf)


def integer_depth_threshold_approximate(
    fan_in: Real[ArrayLike, "..."],
    message_length: Real[ArrayLike, "..."],
    gain: Real[ArrayLike, "..."],
    leaf_exponent: Real[ArrayLike, "..."],
    depth: Real[ArrayLike, "..."],
    aggregator_compute: Real[ArrayLike, "..."] = 0.0,
) -> Float[Array, "..."]:
    """`integer_depth_threshold` at the paper's cost N (x + c0): c0 N/(1 - N^(-(s - beta)/beta)).  (derived here)"""
    overhead, leaves, lead = _break_even(fan_in, message_length, gain, leaf_exponent, depth, aggregator_compute)
    pays = ~(lead <= 0)
    return jnp.where(pays, overhead * jnp.exp(leaves) / -jnp.expm1(-jnp.where(pays, lead, 1)), jnp.inf)


def saturation_budget(
    settled_bias: Real[ArrayLike, "..."], leaf_exponent: Real[ArrayLike, "..."], leaf_scale: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """B_hi = (mu*/k)^(1/beta), from which no tree of any depth helps: its root stays below max(mu_0, mu*).

    settled_bias mu* in [0, 1], leaf_exponent, leaf_scale > 0; ValueError otherwise.  (derived here)
    """
    unit("settled_bias", settled_bias)
    _leaf_checks(leaf_exponent, leaf_scale)
    settled, exponent, scale = floats(settled_bias, leaf_exponent, leaf_scale)
    alive = ~(settled == 0)
    return jnp.where(alive, jnp.power(jnp.where(alive, settled, 1) / scale, 1 / exponent), 0)


@partial(jax.jit, static_argnums=(0, 1))
def depth_profile(
    fan_in: int,
    deepest: int,
    correlation: Array,
    fidelity: Array,
    message_length: Array,
    leaf_exponent: Array,
    leaf_scale: Array,
    budget: Array,
    aggregator_compute: Array,
) -> tuple[Array, Array]:
    """Root bias and leaf compute of the trees of 1 to `deepest` levels; without checks.

    budget: (1, ...) for all depths the same, or (depths, ...) for each its own. All climb together, each for its own
    number of levels.
    """
    leaves = [float(fan_in) ** depth for depth in range(1, deepest + 1)]
    shape = (deepest,) + (1,) * (budget.ndim - 1)
    many = jnp.reshape(jnp.asarray(leaves, budget.dtype), shape)
    talk = (2 * message_length * fan_in + aggregator_compute) * ((many - 1) / (fan_in - 1))
    compute = jnp.maximum((budget - talk) / many, 0)
    depths = jnp.arange(1, deepest + 1).reshape(shape)

    def climb(height, bias):
        return jnp.where(height < depths, level(fan_in, correlation, fidelity, bias), bias)

    return jax.lax.fori_loop(0, deepest, climb, _voice(leaf_exponent, leaf_scale, compute)), compute


def one_agent(leaf_exponent: Array, leaf_scale: Array, budget: Array) -> Array:
    """min(1, k B^beta) without checks."""
    return _voice(leaf_exponent, leaf_scale, budget)


def most_levels(fan_in: int, budget: float) -> int:
    """Levels of the deepest tree whose leaves could each get one token."""
    return max(1, math.floor(math.log(max(budget, fan_in)) / math.log(fan_in) + 1e-9))
