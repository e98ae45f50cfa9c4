"""Comparison with published numbers, to the digits given."""

from collections.abc import Iterable
from decimal import Decimal

import numpy as np


def assert_digits(value, text: str, units: float = 0.51) -> None:
    """The value rounds to the number in `text`: half a unit of its last digit, and rounding of our own."""
    printed = Decimal(text)
    last = Decimal(1).scaleb(printed.as_tuple().exponent)
    error = abs(Decimal(float(value)) - printed)
    allowed = Decimal(units) * last + Decimal("4e-15") * abs(printed)
    assert error <= allowed, f"{float(value)!r} is not {text}"


def assert_all_digits(values, texts: str | Iterable[str], units: float = 0.51) -> None:
    """`assert_digits` for a row of values and its row of printed numbers."""
    texts = texts.split() if isinstance(texts, str) else list(texts)
    values = np.ravel(np.asarray(values))
    assert len(values) == len(texts), f"{len(values)} values for {len(texts)} printed numbers"
    for value, text in zip(values, texts, strict=True):
        assert_digits(value, text, units)


def table(text: str) -> list[list[str]]:
    """The rows of a printed table as lists of words, bars ignored."""
    lines = text.strip().splitlines()
    return [line.replace("|", " ").replace(",", " ").replace(";", " ").split() for line in lines]
