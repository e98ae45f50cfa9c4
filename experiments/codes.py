"""Result codes: how one cell of a sweep ended, stored beside its values so that no failure is silent."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Int8

MISSING, OK, NON_FINITE, BLOW_UP, STEP_LIMIT, UNBOUNDED = -1, 0, 1, 2, 3, 4
MEANINGS = {
    MISSING: "missing",
    OK: "ok",
    NON_FINITE: "non_finite",
    BLOW_UP: "blow_up",
    STEP_LIMIT: "step_limit",
    UNBOUNDED: "unbounded",
}


def with_code(outputs: dict[str, Array]) -> dict[str, Array]:
    """Give one cell's outputs a code: its own where it set one, `NON_FINITE` where a value is NaN or infinite.

    A cell that knows better (a blow-up with its time, a solver out of steps) returns `code` itself; a cell
    whose honest answer is infinite must say so by a code too, since a stored infinity cannot explain itself.
    """
    own: Int8[Array, ""] = jnp.asarray(outputs.get("code", OK), jnp.int8)
    values = [jnp.asarray(value) for name, value in outputs.items() if name != "code"]
    finite = jnp.all(jnp.stack([jnp.all(jnp.isfinite(v)) for v in values]))
    code = jnp.where((own == OK) & ~finite, jnp.int8(NON_FINITE), own)
    return {**outputs, "code": code}
