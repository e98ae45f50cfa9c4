"""From a text to token ids: with the tokenizer beside a checkpoint where that can be had, else byte by byte."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np

from experiments.errors import UserError


def token_ids(text: str, folder: Path, vocabulary: int) -> tuple[np.ndarray, str]:
    """Ids of the text, and in words how they were made.

    `tokenizer.json` in `folder` is used if the package `tokenizers` is installed; otherwise byte b is token
    b mod `vocabulary`, which keeps the statistics of a text but not what a trained network knows of it.
    """
    path = folder / "tokenizer.json"
    why = "there is no tokenizer.json beside the checkpoint"
    if path.exists():
        try:
            tokenizers = importlib.import_module("tokenizers")
        except ImportError:
            why = "tokenizer.json needs the package `tokenizers`, which is not installed"
        else:
            try:
                ids = tokenizers.Tokenizer.from_file(str(path)).encode(text).ids
            except Exception as error:  # the package raises bare Exception for a broken file
                raise UserError(f"{path} cannot be used: {' '.join(str(error).split())[:120]}.") from None
            return np.asarray(ids, np.int64), f"tokenized with {path.name}"
    values = np.frombuffer(text.encode("utf-8", "surrogateescape"), np.uint8).astype(np.int64)
    return values % max(vocabulary, 1), f"bytes modulo the vocabulary as tokens: {why}"
