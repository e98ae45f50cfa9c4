"""The best tree that a budget and a context window admit, every fan-in, message length and depth tried.

A list of designs is short enough to be tried whole: what is exact here is the bias of each of them.
"""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple, SupportsIndex

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int, Real

from .._arguments import floats, odd, positive, unit, whole
from .budgets import depth_profile, most_levels, one_agent
from .channel import Channel


class Design(NamedTuple):
    """Fan-in, message length, depth and leaf compute of an organisation, and the bias of its root.

    Depth 0 is one agent, which has neither fan-in nor messages (both 0).
    """

    fan_in: Int[Array, " budgets"]
    message_length: Int[Array, " budgets"]
    depth: Int[Array, " budgets"]
    compute: Float[Array, " budgets"]
    bias: Float[Array, " budgets"]


def best_design(
    channel: Channel,
    correlation: Real[ArrayLike, ""],
    leaf_exponent: Real[ArrayLike, ""],
    leaf_scale: Real[ArrayLike, ""],
    budgets: Real[Array | np.ndarray, " budgets"],
    window: SupportsIndex,
    fan_ins: Sequence[int],
    deepest: SupportsIndex = 14,
    star: bool = False,
) -> Design:
    """Design with the largest root bias at each budget: b m <= W, 0 <= L <= `deepest`, exact edges and level map.

    star: one level only, and one agent left out. fan_ins odd >= 3, window >= 3, correlation in [0, 1], the rest
    positive; ValueError otherwise. Of equal designs the one with the smallest fan-in, then the shortest message.
    (derived here)
    """
    window, deepest = whole("window", window, 3), whole("deepest", deepest, 1)
    unit("correlation", correlation)
    for name, value in (("leaf_exponent", leaf_exponent), ("leaf_scale", leaf_scale), ("budgets", budgets)):
        positive(name, value)
    rho, exponent, scale, budget = floats(correlation, leaf_exponent, leaf_scale, budgets)
    kept = sorted({odd("fan_ins", b) for b in fan_ins if b <= window})
    most = float(np.max(budgets))
    levels = [1 if star else min(deepest, most_levels(fan_in, most)) for fan_in in kept]
    shape = tuple((fan_in, depth, window // fan_in) for fan_in, depth in zip(kept, levels, strict=True))
    fidelities = channel.fidelity(jnp.arange(1, window // 3 + 1, dtype=budget.dtype))
    return _tried(shape, star, fidelities, rho, exponent, scale, budget)


@partial(jax.jit, static_argnums=(0, 1))
def _tried(shape: tuple[tuple[int, int, int], ...], star: bool, fidelities, rho, exponent, scale, budget) -> Design:
    """Of all fan-ins with their numbers of levels and of message lengths."""
    best = Design(*(jnp.zeros(budget.shape, int) for _ in range(3)), budget, one_agent(exponent, scale, budget))
    if star:
        best = best._replace(compute=0 * budget, bias=-jnp.ones_like(budget))
    for fan_in, levels, longest in shape:
        lengths = jnp.arange(1, longest + 1, dtype=budget.dtype)
        # (1, lengths, budgets): every depth sees the same budgets.
        args = (rho[None, None], fidelities[None, :longest, None], lengths[None, :, None])
        root, compute = depth_profile(
            fan_in, levels, *args, exponent[None, None], scale[None, None], budget[None, None], jnp.zeros_like(budget)
        )
        flat = root.reshape(-1, budget.size)
        at = jnp.argmax(flat, axis=0)
        found = jnp.take_along_axis(flat, at[None], axis=0)[0]
        spent = jnp.take_along_axis(jnp.broadcast_to(compute, root.shape).reshape(flat.shape), at[None], axis=0)[0]
        here = Design(jnp.full(budget.shape, fan_in), 1 + at % longest, 1 + at // longest, spent, found)
        better = found > best.bias
        best = Design(*(jnp.where(better, new, old) for new, old in zip(here, best, strict=True)))
    return best
