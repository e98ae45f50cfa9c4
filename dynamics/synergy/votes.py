"""Signed votes (+1 right, -1 wrong) and the majority of them, alike for NumPy and JAX arrays.

Messages of one node run along the first axis, nodes along the last, so that the long axis is contiguous.
"""

import numpy as np
from jaxtyping import Array, ArrayLike, Int8, Num, Real, Shaped

Draws = Shaped[Array | np.ndarray, "..."]


def signs(uniforms: Draws, bias: Real[ArrayLike, ""]) -> Int8[Array | np.ndarray, "..."]:
    """Independent signs of mean `bias` in [-1, 1], one for each uniform number in [0, 1)."""
    xp = uniforms.__array_namespace__()
    return xp.where(uniforms < (1 + bias) / 2, xp.int8(1), xp.int8(-1))


def majority(votes: Num[Array | np.ndarray, "fan_in ..."]) -> Int8[Array | np.ndarray, "..."]:
    """Sign of the sum along the first axis; an odd number of votes has no tie."""
    xp = votes.__array_namespace__()
    return xp.where(votes.sum(axis=0) > 0, xp.int8(1), xp.int8(-1))
