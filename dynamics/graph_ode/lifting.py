"""From probes back to pixels, before any decoder."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

MODES = ("copy", "increment")


def lift(
    codes: Int[Array, " pixels"],
    values: Float[Array, " codes"],
    mode: str = "copy",
    base: Float[Array, " pixels"] | None = None,
    base_values: Float[Array, " codes"] | None = None,
) -> Float[Array, " pixels"]:
    """A field from the values of its probes.

    "copy": every pixel takes its code's value, so the field is constant on clusters. "increment": every pixel adds
    what its code's probe gained since `base_values` to its own value then, `base`; detail within clusters is kept.
    """
    if mode not in MODES:
        raise ValueError(f"Argument `mode` must be one of {', '.join(MODES)}, but is {mode!r}.")
    if mode == "copy":
        return values[codes]
    if base is None or base_values is None:
        raise ValueError('Arguments `base` and `base_values` must be given for mode "increment".')
    return base + jnp.subtract(values, base_values)[codes]
