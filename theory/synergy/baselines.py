"""The organisations a tree has to beat: one star of N agents, and a chain."""

from typing import SupportsIndex

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import floats, odd, positive, signed, unit
from .majority import majority


def star_bias(
    agents: SupportsIndex,
    correlation: Real[ArrayLike, "..."],
    fidelity: Real[ArrayLike, "..."],
    initial_bias: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """One majority over all `agents`: rho gamma mu_0 + (1 - rho) f_N(gamma mu_0).

    agents: odd >= 1, static.  correlation, fidelity in [0, 1], initial_bias in [-1, 1]; ValueError otherwise.
    (arXiv 2601.17311, Prop 7 and eq. 19)
    """
    agents = odd("agents", agents, 1)
    unit("correlation", correlation)
    unit("fidelity", fidelity)
    signed("initial_bias", initial_bias)
    correlation, fidelity, bias = floats(correlation, fidelity, initial_bias)
    signal = fidelity * bias
    return correlation * signal + (1 - correlation) * majority(agents, signal)


def star_bias_limit(
    correlation: Real[ArrayLike, "..."],
    fidelity: Real[ArrayLike, "..."],
    initial_bias: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """`star_bias` with unlimited agents: rho gamma mu_0 + (1 - rho) sign(gamma mu_0).

    correlation, fidelity in [0, 1], initial_bias in [-1, 1]; ValueError otherwise.  (derived here)
    """
    unit("correlation", correlation)
    unit("fidelity", fidelity)
    signed("initial_bias", initial_bias)
    correlation, fidelity, bias = floats(correlation, fidelity, initial_bias)
    signal = fidelity * bias
    return correlation * signal + (1 - correlation) * jnp.sign(signal)


def chain_bias(
    fidelity: Real[ArrayLike, "..."], initial_bias: Real[ArrayLike, "..."], depth: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """Relaying one vote through `depth` channels: gamma^L mu_0.

    fidelity in [0, 1], initial_bias in [-1, 1], depth >= 0; ValueError otherwise.  (arXiv 2601.17311, Prop 8)
    """
    unit("fidelity", fidelity)
    signed("initial_bias", initial_bias)
    positive("depth", depth, "[)")
    fidelity, bias, depth = floats(fidelity, initial_bias, depth)
    return bias * jnp.power(fidelity, depth)
