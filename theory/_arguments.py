"""Checks and promotion of arguments, shared by the laws of every row."""

import operator
from typing import Any

import jax
import jax.core
import jax.numpy as jnp
import numpy as np


def whole(name: str, value: Any, minimum: int) -> int:
    """`value` as a Python int of at least `minimum`; ValueError naming the argument otherwise."""
    try:
        number = operator.index(value)
    except TypeError:
        raise ValueError(f"Argument `{name}` must be a concrete integer, but is {value!r}.") from None
    if number < minimum:
        raise ValueError(f"Argument `{name}` must be at least {minimum}, but is {number}.")
    return number


def odd(name: str, value: Any, minimum: int = 3) -> int:
    """`value` as an odd Python int of at least `minimum`; ValueError naming the argument otherwise."""
    try:
        number = operator.index(value)
    except TypeError:
        number = 0
    if number < minimum or number % 2 == 0:
        raise ValueError(f"Argument `{name}` must be an odd integer of at least {minimum}, but is {value!r}.")
    return number


def within(name: str, value: Any, low: float, high: float, ends: str = "[]") -> None:
    """Refuse a concrete `value` outside the interval, NaN included; traced values pass unseen."""
    if isinstance(value, jax.core.Tracer):
        return
    array = np.asarray(value)
    above = array >= low if ends[0] == "[" else array > low
    below = array <= high if ends[1] == "]" else array < high
    allowed = above & below
    if not np.all(allowed):
        culprit = array[~allowed].flat[0]
        raise ValueError(f"Argument `{name}` must lie in {ends[0]}{low:g}, {high:g}{ends[1]}, but is {culprit}.")


def unit(name: str, value: Any) -> None:
    """Refuse a concrete probability, correlation or fidelity outside [0, 1]."""
    within(name, value, 0.0, 1.0)


def signed(name: str, value: Any) -> None:
    """Refuse a concrete bias outside [-1, 1]."""
    within(name, value, -1.0, 1.0)


def positive(name: str, value: Any, ends: str = "()") -> None:
    """Refuse a concrete value outside the positive half-line; `ends="[)"` admits zero."""
    within(name, value, 0.0, float("inf"), ends)


def floats(*values: Any) -> list[jax.Array]:
    """The values at their common floating dtype (Python numbers are weak) and common shape."""
    dtype = jnp.result_type(float, *values)
    return list(jnp.broadcast_arrays(*(jnp.asarray(value, dtype) for value in values)))
