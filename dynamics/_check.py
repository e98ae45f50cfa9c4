"""Refusals in the user's words: one sentence with the argument, its value and the allowed range."""

import operator

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Num, Real


def whole(name: str, value: int, least: int) -> int:
    """A static whole number of at least `least`; ValueError or TypeError otherwise."""
    number = operator.index(value)
    if number < least:
        raise ValueError(f"Argument `{name}` must be at least {least}, but is {value}.")
    return number


def divides(name: str, value: int, devices: int) -> None:
    """Refuse a number of things that so many devices cannot share evenly."""
    if value % devices:
        raise ValueError(f"Argument `{name}` must divide among {devices} devices, but is {value}.")


def odd(name: str, value: int) -> int:
    """A static odd number >= 1: an even majority has ties, and its tie break is a convention of its own."""
    number = whole(name, value, 1)
    if number % 2 == 0:
        raise ValueError(f"Argument `{name}` must be odd, but is {value}.")
    return number


def within(low: float, high: float, **arguments: Real[ArrayLike, "..."]) -> None:
    """Refuse concrete values outside [low, high], NaN included; traced values pass (see `trusted`)."""
    for name, value in arguments.items():
        if isinstance(value, jax.core.Tracer):
            continue
        values = np.asarray(value)
        inside = (values >= low) & (values <= high)
        if not inside.all():
            raise ValueError(f"Argument `{name}` must lie in [{low}, {high}], but is {values[~inside].ravel()[0]}.")


def parameters(**arguments: Real[ArrayLike, "..."]) -> None:
    """Refuse a bias outside [-1, 1] and any other parameter (correlation, fidelity) outside [0, 1]."""
    for name, value in arguments.items():
        within(-1.0 if "bias" in name else 0.0, 1.0, **{name: value})


def trusted(result: Num[Array, "..."], **arguments: Real[ArrayLike, ""]) -> Num[Array, "..."]:
    """The result; NaN (votes: 0, no vote) where a traced parameter is out of range: draws would hide it."""
    inside = jnp.asarray(True)
    for name, value in arguments.items():
        inside &= (jnp.asarray(value) >= (-1 if "bias" in name else 0)) & (jnp.asarray(value) <= 1)
    nothing = jnp.nan if jnp.issubdtype(result.dtype, jnp.inexact) else 0
    return jnp.where(inside, result, jnp.asarray(nothing, result.dtype))
