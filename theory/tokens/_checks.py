"""Checks of arguments that only this row needs."""

import math
from typing import Any

import jax
import jax.core
import jax.numpy as jnp
import numpy as np

from .._arguments import within


def finite(**values: Any) -> None:
    """Refuse NaN and infinities by name."""
    for name, value in values.items():
        within(name, value, -math.inf, math.inf, "()")


def nonzero(**values: Any) -> None:
    """Refuse 0, NaN and infinities by name."""
    finite(**values)
    for name, value in values.items():
        if not isinstance(value, jax.core.Tracer) and np.any(np.asarray(value) == 0):
            raise ValueError(f"Argument `{name}` must not be 0, but is 0.")


def typed(*values: Any) -> list[jax.Array]:
    """The values at their common floating dtype, each in its own shape."""
    dtype = jnp.result_type(float, *values)
    return [jnp.asarray(value, dtype) for value in values]
