"""Text that every interpreter carries: its own help topics, as numbered characters."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Int, UInt8

KNOWN = 95
VOCABULARY = KNOWN + 1


class Corpus(NamedTuple):
    """Numbered characters, 0 for any but the 95 most frequent: the first nine tenths to train on, the rest to
    validate."""

    training: UInt8[np.ndarray, " characters"]
    validation: UInt8[np.ndarray, " characters"]


@lru_cache(maxsize=1)
def help_topics() -> Corpus:
    """The help topics of the running interpreter, in the order of their names; they differ between its versions.

    ModuleNotFoundError, in a sentence, where an interpreter was packed without them.
    """
    try:
        from pydoc_data.topics import topics
    except ImportError as error:
        raise ModuleNotFoundError("This Python was installed without its help topics (pydoc_data.topics).") from error
    text = "\n".join(topics[name] for name in sorted(topics))
    ranked = sorted(Counter(text).items(), key=lambda entry: (-entry[1], entry[0]))
    number = {character: i for i, (character, _) in enumerate(ranked[:KNOWN], 1)}
    numbered = np.array([number.get(character, 0) for character in text], np.uint8)
    cut = numbered.size * 9 // 10
    return Corpus(numbered[:cut], numbered[cut:])


def random_windows(key, text: UInt8[np.ndarray, " characters"], length: int, count: int) -> Int[Array, "length count"]:
    """`count` stretches of the text from places drawn evenly, one a column."""
    places = jr.randint(key, (count,), 0, text.size - length + 1)
    cut = jax.vmap(lambda place: jax.lax.dynamic_slice(jnp.asarray(text), (place,), (length,)), out_axes=1)
    return cut(places).astype(int)


def even_windows(text: UInt8[np.ndarray, " characters"], length: int, count: int) -> Int[Array, "length count"]:
    """`count` stretches that start at even distances over the text, one a column; ValueError if they would overlap."""
    if count * length > text.size:
        raise ValueError(f"Argument `count` must be at most {text.size // length}, but is {count}.")
    starts = np.arange(count) * ((text.size - length) // max(count - 1, 1))
    return jnp.asarray(text[starts + np.arange(length)[:, None]].astype(int))
