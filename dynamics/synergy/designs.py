"""Every organisation that a context window admits, tried at once on many budgets.

All trees of one fan-in, whatever their message length and depth, are one dense array (depths, lengths, budgets) in
which trees that cannot pay their messages count as silent; the fan-ins differ in the length of their vote count and
stand side by side in one compiled program.
"""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Int, Real

from dynamics import _check
from dynamics.synergy.spending import skill, spend

Budgets = Real[Array | np.ndarray, " budgets"]
Fidelities = Real[Array | np.ndarray, " lengths"]


class Organisation(NamedTuple):
    """Fan-in, message length, levels, leaf compute and root bias; no fan-in, no message and no level for one agent."""

    fan_in: Int[Array, " budgets"]
    message_length: Int[Array, " budgets"]
    levels: Int[Array, " budgets"]
    compute: Float[Array, " budgets"]
    bias: Float[Array, " budgets"]


class Designs(NamedTuple):
    """The best organisation of each budget (one agent among them), the best tree of at least one level, the best star
    and the one agent's bias."""

    best: Organisation
    tree: Organisation
    star: Organisation
    single: Float[Array, " budgets"]


def _first_best(bias: Array, compute: Array, fan_in: int, lengths: int) -> Organisation:
    """The first of the largest biases of (depths, lengths, budgets)."""
    flat, budgets = bias.reshape(-1, bias.shape[-1]), bias.shape[-1]
    # Two plain reductions: argmax carries pairs along, four times slower on a CPU.
    place, top = jnp.arange(flat.shape[0])[:, None], jnp.max(flat, axis=0)
    at = jnp.minimum(jnp.min(jnp.where(flat == top, place, flat.shape[0]), axis=0), flat.shape[0] - 1)
    pick = partial(jnp.take_along_axis, indices=at[None], axis=0)
    paid = jnp.broadcast_to(compute, bias.shape).reshape(flat.shape)
    return Organisation(jnp.full(budgets, fan_in), 1 + at % lengths, 1 + at // lengths, pick(paid)[0], pick(flat)[0])


def _better(new: Organisation, old: Organisation) -> Organisation:
    won = new.bias > old.bias
    return Organisation(*(jnp.where(won, a, b) for a, b in zip(new, old, strict=True)))


def affordable_levels(fan_in: int, budget: float, deepest: int) -> int:
    """Levels, at most `deepest`, up to which a tree could pay one token an edge from the budget."""
    levels = 1
    while levels < deepest and sum(fan_in**level for level in range(1, levels + 2)) <= budget:
        levels += 1
    return levels


@partial(jax.jit, static_argnums=0)
def _tried(shape: tuple[tuple[int, int, int], ...], fidelities, rho, exponent, scale, budgets, internal):
    single = skill(budgets, exponent, scale)
    none = jnp.zeros(budgets.shape, int)
    alone = Organisation(none, none, none, budgets, single)
    tree = star = alone._replace(compute=0 * budgets, bias=-jnp.ones_like(single))
    for fan_in, levels, lengths in shape:
        length = jnp.arange(1, lengths + 1, dtype=single.dtype)[:, None]
        spent = spend(fan_in, length, rho, fidelities[:lengths, None], exponent, scale, budgets, levels, internal)
        tree = _better(_first_best(*spent, fan_in, lengths), tree)
        star = _better(_first_best(spent.bias[:1], spent.compute[:1], fan_in, lengths), star)
    return Designs(_better(tree, alone), tree, star, single)


def enumerate_designs(
    budgets: Budgets,
    window: int,
    fidelities: Fidelities,
    correlation: Real[ArrayLike, ""],
    leaf_exponent: Real[ArrayLike, ""],
    leaf_scale: Real[ArrayLike, ""],
    fan_ins: Sequence[int],
    deepest: int = 14,
    aggregator_compute: Real[ArrayLike, ""] = 0.0,
    largest_budget: float | None = None,
    longest: int | None = None,
) -> Designs:
    """The best organisation of every budget, all designs (b, m, L, x) with b m <= W and L <= `deepest` tried.

    budgets: the whole of each is spent, which fixes x.  fidelities: gamma of messages of 1, 2, ... tokens, up to W/b.
    largest_budget: bounds the depths worth trying; the largest of concrete budgets by default.  longest: bounds the
    message lengths; W/b by default.
    Of equal designs the smallest fan-in wins, then the fewest levels, then the shortest message.
    Raises ValueError on a parameter out of range.  (arXiv 2601.17311, sec. 6, by exhaustion)
    """
    window, deepest = _check.whole("window", window, 3), _check.whole("deepest", deepest, 1)
    _check.within(0.0, 1.0, correlation=correlation, fidelities=fidelities)
    _check.within(1e-300, float("inf"), budgets=budgets, leaf_exponent=leaf_exponent, leaf_scale=leaf_scale)
    kept = sorted({b for b in fan_ins if _check.odd("fan_ins", b) <= window})
    if not kept or min(kept) < 3:
        raise ValueError(
            f"Argument `fan_ins` must hold odd numbers from 3 to the window of {window}, but is {fan_ins}."
        )
    longest = window // 3 if longest is None else _check.whole("longest", longest, 1)
    wanted = min(window // kept[0], longest)
    if len(fidelities) < wanted:
        raise ValueError(f"Argument `fidelities` must hold {wanted} message lengths, but holds {len(fidelities)}.")
    most = largest_budget
    if most is None:
        most = float("inf") if isinstance(budgets, jax.core.Tracer) else float(np.max(budgets))
    shape = tuple((b, affordable_levels(b, most, deepest), min(window // b, longest)) for b in kept)
    dtype = jnp.result_type(float, budgets)
    arrays = (fidelities, correlation, leaf_exponent, leaf_scale, budgets, aggregator_compute)
    return _tried(shape, *(jnp.asarray(array, dtype) for array in arrays))
