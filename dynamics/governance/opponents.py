"""Opponents that never react: schedules of actions, one a round, 1 being cooperation."""

from collections.abc import Sequence

import jax.numpy as jnp
from jaxtyping import Array, Float

from dynamics import _check

# Exp. 6: cooperation, a block of defection, cooperation, noise, cooperation.
PHASES = (500, 50, 500, 200, 500)
NOISY_PHASE, PHASE_NOISE = 3, 0.3


def cooperative(rounds: int) -> Float[Array, " rounds"]:
    """o = 1."""
    return jnp.ones(_check.whole("rounds", rounds, 1))


def noisy(uniforms: Float[Array, " rounds"], defection: float = 0.1) -> Float[Array, " rounds"]:
    """o = 0 where the uniform number falls below eps, else 1."""
    _check.within(0.0, 1.0, defection=defection)
    return 1.0 - (uniforms < defection).astype(uniforms.dtype)


def blocks(lengths: Sequence[int]) -> Float[Array, " rounds"]:
    """Cooperation and defection by turns, beginning with cooperation, for so many rounds each."""
    parts = [jnp.full(_check.whole("lengths", n, 0), 1.0 - i % 2) for i, n in enumerate(lengths)]
    return jnp.concatenate(parts)


def phases(uniforms: Float[Array, " rounds"]) -> Float[Array, " total"]:
    """The schedule of Exp. 6 around a noisy phase drawn from 200 uniform numbers."""
    if len(uniforms) != PHASES[NOISY_PHASE]:
        raise ValueError(f"Argument `uniforms` must have {PHASES[NOISY_PHASE]} entries, but has {len(uniforms)}.")
    before, after = blocks(PHASES[:NOISY_PHASE]), blocks(PHASES[NOISY_PHASE + 1 :])
    return jnp.concatenate([before, noisy(uniforms, PHASE_NOISE), after])
