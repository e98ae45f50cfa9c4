"""What an organisation makes of a budget: leaves paid out of what its messages leave over, then climbed level by level.

Every edge is paid twice, by the writer and by the reader. A leaf of compute x votes with bias min(1, k x^beta).
Nothing here knows a closed form of the budget: the recursion is climbed, the growth law is differentiated, break-even
points are bracketed by halving.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Bool, Float, Int, Real

from dynamics import _check
from dynamics.synergy.passage import measured_gain
from dynamics.synergy.recursion import level_map

Number = Real[ArrayLike, ""]
Numbers = Real[ArrayLike, "..."]
_HALVINGS = 60


def skill(compute: Numbers, leaf_exponent: Numbers, leaf_scale: Numbers) -> Float[Array, "..."]:
    """Bias of one agent that spends `compute` tokens: min(1, k x^beta), 0 for none."""
    compute = jnp.asarray(compute, jnp.result_type(float, compute))
    paid = compute > 0
    return jnp.where(paid, jnp.minimum(leaf_scale * jnp.where(paid, compute, 1.0) ** leaf_exponent, 1.0), 0.0)


class Spent(NamedTuple):
    """Root bias and compute per leaf of trees of 1, 2, ... levels, the levels on the first axis."""

    bias: Float[Array, "levels ..."]
    compute: Float[Array, "levels ..."]


def spend(
    fan_in: int,
    message_length: Numbers,
    correlation: Numbers,
    fidelity: Numbers,
    leaf_exponent: Numbers,
    leaf_scale: Numbers,
    budget: Numbers,
    deepest: int,
    aggregator_compute: Numbers = 0.0,
) -> Spent:
    """Trees of 1 to `deepest` levels that spend the same budget whole; one that cannot pay its messages has bias 0.

    fan_in: odd b >= 3.  correlation, fidelity: in [0, 1].  Arguments broadcast. Raises ValueError on a parameter out
    of range.  (arXiv 2601.17311, secs. 2 and 5, with the exact number of edges)
    """
    _check.odd("fan_in", fan_in)
    deepest = _check.whole("deepest", deepest, 1)
    _check.parameters(correlation=correlation, fidelity=fidelity)
    dtype = jnp.result_type(float, budget, message_length, leaf_exponent)
    values = (message_length, correlation, fidelity, leaf_exponent, leaf_scale, budget, aggregator_compute)
    length, rho, gamma, exponent, scale, budget, internal = jnp.broadcast_arrays(
        *(jnp.asarray(value, dtype) for value in values)
    )
    leaves, edges, nodes = [], [], []
    for depth in range(1, deepest + 1):
        leaves.append(fan_in**depth)
        edges.append(sum(fan_in**level for level in range(1, depth + 1)))
        nodes.append(sum(fan_in**level for level in range(depth)))
    column = (deepest,) + (1,) * budget.ndim
    many, lines, hubs = (
        jnp.asarray([float(n) for n in count], dtype).reshape(column) for count in (leaves, edges, nodes)
    )
    left = budget - 2 * length * lines - internal * hubs
    compute = jnp.maximum(left / many, 0)
    step = partial(level_map, fan_in, rho, gamma)
    return Spent(_climbed(step, skill(compute, exponent, scale)), compute)


def _climbed(step: Callable[[Array], Array], starts: Float[Array, "levels ..."]) -> Float[Array, "levels ..."]:
    """The first row after one step, the second after two, and so on.

    Rows h and D + 1 - h share a lane: it climbs h steps with the one, then D + 1 - h with the other, so that no lane
    waits for a deeper one.
    """
    deepest = starts.shape[0]
    half = (deepest + 1) // 2
    short, long = starts[:half], starts[::-1][:half]
    turn = jnp.arange(1, half + 1).reshape((half,) + (1,) * (starts.ndim - 1))

    def climb(at, state):
        bias, done = state
        turns = at == turn
        done = jnp.where(turns, bias, done)
        return step(jnp.where(turns, long, bias)), done

    last, done = jax.lax.fori_loop(0, deepest + 1, climb, (short, short))
    return jnp.concatenate([done, last[::-1][2 * half - deepest :]])


class Choice(NamedTuple):
    """The best tree of a budget beside one agent: its levels, leaf compute and bias, and the one agent's bias."""

    levels: Int[Array, "..."]
    compute: Float[Array, "..."]
    bias: Float[Array, "..."]
    single: Float[Array, "..."]


def best_tree(
    fan_in: int,
    message_length: Numbers,
    correlation: Numbers,
    fidelity: Numbers,
    leaf_exponent: Numbers,
    leaf_scale: Numbers,
    budget: Numbers,
    deepest: int = 14,
) -> Choice:
    """The best of the trees of `spend`, of at least one level. Parameters and errors as there."""
    spent = spend(fan_in, message_length, correlation, fidelity, leaf_exponent, leaf_scale, budget, deepest)
    best = jnp.argmax(spent.bias, axis=0)
    bias, compute = (jnp.take_along_axis(part, best[None], axis=0)[0] for part in spent)
    alone = jnp.broadcast_to(skill(jnp.asarray(budget, bias.dtype), leaf_exponent, leaf_scale), bias.shape)
    return Choice(best + 1, compute, bias, alone)


class Bracket(NamedTuple):
    """A break-even budget, enclosed by halving: losing at one end, winning at the other."""

    low: Float[Array, ""]
    high: Float[Array, ""]


class Contest(NamedTuple):
    """Where along the budget trees beat one agent: whether anywhere, first and last break-even, the slopes of the log
    ratio in log B there, and the largest ratio on the scan.

    Where nowhere, the brackets are (0, 0) and the slopes 0.
    """

    exists: Bool[Array, ""]
    first: Bracket
    last: Bracket
    first_slope: Float[Array, ""]
    last_slope: Float[Array, ""]
    ratio: Float[Array, ""]


def contest(
    fan_in: int,
    message_length: Number,
    correlation: Number,
    fidelity: Number,
    leaf_exponent: Number,
    leaf_scale: Number,
    places: int = 2048,
    deepest: int = 14,
) -> Contest:
    """Scan of the budget, from the price of the first messages to the budget at which one agent is certain.

    `places` budgets even in the logarithm; each end of the winning range is then halved inside its own cell, so a
    window narrower than a cell may be missed. Parameters and errors as in `spend`.
    """
    places = _check.whole("places", places, 2)
    scale, exponent = (jnp.asarray(value, float) for value in (leaf_scale, leaf_exponent))

    def lead(log_budget):
        choice = best_tree(fan_in, message_length, correlation, fidelity, exponent, scale, jnp.exp(log_budget), deepest)
        return choice.bias / choice.single

    start, end = jnp.log(2.0 * message_length * fan_in), -jnp.log(scale) / exponent
    end = jnp.maximum(end, start + 1e-3)
    grid = start + (end - start) * jnp.arange(places) / (places - 1)
    ratios = lead(grid)
    wins = ratios > 1
    exists = jnp.any(wins)
    opening, closing = jnp.argmax(wins), places - 1 - jnp.argmax(wins[::-1])

    def between(loser, winner):
        def halve(_, ends):
            loser, winner = ends
            middle = (loser + winner) / 2
            won = lead(middle) > 1
            return jnp.where(won, loser, middle), jnp.where(won, middle, winner)

        return jax.lax.fori_loop(0, _HALVINGS, halve, (loser, winner))

    lost, won = between(grid[jnp.maximum(opening - 1, 0)], grid[opening])
    over, still = between(grid[jnp.minimum(closing + 1, places - 1)], grid[closing])
    first = (jnp.where(exists, jnp.exp(place), 0) for place in (lost, won))
    last = (jnp.where(exists, jnp.exp(place), 0) for place in (still, over))

    def slope(place):
        ratio, rise = jax.jvp(lead, (place,), (jnp.ones_like(place),))
        return jnp.where(exists, rise / jnp.where(exists, ratio, 1), 0)

    return Contest(exists, Bracket(*first), Bracket(*last), slope(won), slope(still), jnp.max(ratios))


def growth(
    log_compute: Number, exponent: Number, leaf_exponent: Number, overhead: Number, log_budget: Number
) -> Float[Array, ""]:
    """Log of the growth law per unit of leaf scale, beta log x + s log(B/(x + c0)).  (arXiv 2601.17311, eq. 33)"""
    return leaf_exponent * log_compute + exponent * (log_budget - jnp.log(jnp.exp(log_compute) + overhead))


def measured_exponent(fan_in: int, correlation: Number, fidelity: Number) -> Float[Array, ""]:
    """Logarithm of the measured gain to the base of the fan-in."""
    return jnp.log(measured_gain(fan_in, correlation, fidelity)) / jnp.log(float(fan_in))


def enclosed_root(
    function, low: Real[Array, ""], high: Real[Array, ""], halvings: int = _HALVINGS
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """The two ends left by halving an interval at whose ends `function` is negative, then positive."""

    def halve(_, ends):
        low, high = ends
        middle = (low + high) / 2
        up = function(middle) > 0
        return jnp.where(up, low, middle), jnp.where(up, middle, high)

    return jax.lax.fori_loop(0, halvings, halve, (low, high))


def growth_optimum(
    exponent: Number, leaf_exponent: Number, overhead: Number, log_budget: Number
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Ends of a bracket of log x at the growth law's maximum, where its derivative changes sign.

    The exponent must exceed the leaf exponent by 1e-9 of it, else the maximum lies at infinity.
    """
    slope = jax.grad(
        partial(growth, exponent=exponent, leaf_exponent=leaf_exponent, overhead=overhead, log_budget=log_budget)
    )
    middle = jnp.log(jnp.asarray(overhead, float))
    return enclosed_root(lambda log_compute: -slope(log_compute), middle - 40.0, middle + 40.0)
