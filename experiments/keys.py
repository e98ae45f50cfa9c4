"""Random keys that belong to a cell's name: the same cell draws the same in any order, batch, engine or machine."""

from __future__ import annotations

import hashlib

import jax
import jax.random as jr
import numpy as np
from jaxtyping import Array, Key, UInt32

from experiments.errors import UserError

SCHEME = "threefry2x32/name-blake2b/values-float64-bits/1"


def root_key(seed: int) -> Key[Array, ""]:
    """The root of all draws; the generator is named, so that a global default cannot change stored results."""
    return jr.key(seed, impl="threefry2x32")


def name_words(text: str) -> UInt32[np.ndarray, 2]:
    """64 bits of a hash of `text`; 32 would collide about once among 100 000 names."""
    return np.frombuffer(hashlib.blake2b(text.encode(), digest_size=8).digest(), "<u4")


def value_words(values: np.ndarray) -> UInt32[np.ndarray, "cells 2"]:
    """64 bits per value: a number's own float64 pattern (so 5 and 5.0 are one cell), a text's hash."""
    if values.dtype.kind in "US":
        distinct, place = np.unique(values, return_inverse=True)
        return np.stack([name_words(str(text)) for text in distinct])[place]
    numbers = values.astype("<f8") + 0.0  # -0.0 and 0.0 are one value, hence one draw
    if values.dtype.kind in "iu" and np.any(np.abs(values) > 2**53):
        raise UserError(f"Whole-number parameters must stay below 2**53, but one is {np.max(np.abs(values))}.")
    return numbers.view("<u4").reshape(-1, 2)


def cell_words(experiment: str, columns: dict[str, np.ndarray]) -> UInt32[np.ndarray, "cells words"]:
    """What to fold into the root key for each cell: the experiment and its parameters' names, then the values."""
    names = sorted(columns)
    head = name_words(f"{experiment}({', '.join(names)})")
    size = len(next(iter(columns.values()))) if columns else 1
    return np.concatenate([np.broadcast_to(head, (size, 2)), *(value_words(columns[name]) for name in names)], axis=1)


def fold_words(root: Key[Array, ""], words: UInt32[Array, " words"]) -> Key[Array, ""]:
    """Fold the words into the root key one after another."""
    return jax.lax.scan(lambda key, word: (jr.fold_in(key, word), None), root, words)[0]
