"""Two tasks on sequences of values, some of them marked: recall the marked one; recall the later of two marked ones.

A network that sees its tokens as a set (their mean, or an order made of what they are) can do the first task and not
the second: of two marked values it knows which, but not which came later.
"""

from __future__ import annotations

import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, Int

VALUES = 8
# A symbol is a value, or a value with the marker.
SYMBOLS = 2 * VALUES
# Two marked values are equal in 1 of 8 sequences; in the others one guess of two is right.
UNORDERED_CEILING = 1 / VALUES + (1 - 1 / VALUES) / 2


def marked_values(
    key, marks: Int[Array, ""] | int, length: int, count: int
) -> tuple[Int[Array, "length count"], Int[Array, " count"]]:
    """Sequences with `marks` marked tokens, 1 or 2 (may be traced), in the first half; the last marked value is due."""
    value_key, place_key = jr.split(key)
    values = jr.randint(value_key, (length, count), 0, VALUES)
    half = length // 2
    # The first of a random order of places, or the later of the first two, drawn evenly without repetition.
    ranks = jnp.argsort(jr.uniform(place_key, (half, count)), axis=0)
    first, second = ranks[0], jnp.where(jnp.asarray(marks) > 1, ranks[1], ranks[0])
    places = jnp.arange(length)[:, None]
    marked = (places == first) | (places == second)
    due = jnp.take_along_axis(values, jnp.maximum(first, second)[None], axis=0)[0]
    return values + VALUES * marked, due


def correct(scores: Float[Array, "count answers"], due: Int[Array, " count"]) -> Int[Array, ""]:
    """How many answers of the highest score are the ones due."""
    return jnp.sum(jnp.argmax(scores, axis=-1) == due)
