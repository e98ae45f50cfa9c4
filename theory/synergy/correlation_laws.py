"""Where the sharing happens: the same rho at other places of the tree gives another map
and another threshold.

post-channel (the paper, `level_map`): votes are copies of one received vote;
pre-channel: votes are copies of one sent vote, each through its own channel, so the majority also cleans the
channel; leaves only: the first level shares, the levels above are independent: the threshold forgets rho;
one global cause: with probability rho all leaves are copies of one: the threshold forgets rho too.
"""

from functools import partial
from typing import SupportsIndex

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import floats, odd, signed, unit, whole, within
from .fixed_point import settled
from .majority import majority, slope_number
from .recursion import checked, climbed, gain, level


def _pre_channel(fan_in: int, correlation: Array, fidelity: Array, bias: Array) -> Array:
    cleaned = majority(fan_in, fidelity)
    return correlation * bias * cleaned + (1 - correlation) * majority(fan_in, fidelity * bias)


@partial(jax.jit, static_argnums=(0, 1))
def _pre_channel_climbed(fan_in: int, depth: int, correlation: Array, fidelity: Array, bias: Array) -> Array:
    def ascend(bias: Array, _: None) -> tuple[Array, None]:
        return _pre_channel(fan_in, correlation, fidelity, bias), None

    return jax.lax.scan(ascend, bias, length=depth)[0]


def pre_channel_map(
    fan_in: SupportsIndex,
    correlation: Real[ArrayLike, "..."],
    fidelity: Real[ArrayLike, "..."],
    bias: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """One level with copies made before the channel: rho u f_b(gamma) + (1 - rho) f_b(gamma u).

    fan_in odd >= 3, correlation and fidelity in [0, 1], bias in [-1, 1]; ValueError otherwise.  (derived
    here)
    """
    signed("bias", bias)
    fan_in, (correlation, fidelity, bias) = checked(fan_in, correlation, fidelity, bias)
    return _pre_channel(fan_in, correlation, fidelity, bias)


def pre_channel_root_bias(
    fan_in: SupportsIndex,
    correlation: Real[ArrayLike, "..."],
    fidelity: Real[ArrayLike, "..."],
    initial_bias: Real[ArrayLike, "..."],
    depth: SupportsIndex,
) -> Float[Array, "..."]:
    """Root bias after `depth` levels of `pre_channel_map`; ranges as there, depth >= 0 static.  (derived
    here)
    """
    signed("initial_bias", initial_bias)
    depth = whole("depth", depth, 0)
    fan_in, (correlation, fidelity, bias) = checked(fan_in, correlation, fidelity, initial_bias)
    return _pre_channel_climbed(fan_in, depth, correlation, fidelity, bias)


def pre_channel_gain(
    fan_in: SupportsIndex, correlation: Real[ArrayLike, "..."], fidelity: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """Slope of `pre_channel_map` at zero bias, rho f_b(gamma) + (1 - rho) gamma A;
    never below `effective_gain`.

    fan_in odd >= 3, correlation and fidelity in [0, 1]; ValueError otherwise.  (derived here)
    """
    fan_in, (correlation, fidelity) = checked(fan_in, correlation, fidelity)
    return correlation * majority(fan_in, fidelity) + (1 - correlation) * fidelity * slope_number(fan_in)


def pre_channel_critical_correlation(fan_in: SupportsIndex, fidelity: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """rho_c = (gamma A - 1)/(gamma A - f_b(gamma)), pre-channel;
    negative when every correlation is subcritical.

    fan_in odd >= 3, fidelity in (0, 1]; ValueError otherwise.  (derived here)
    """
    fan_in = odd("fan_in", fan_in)
    within("fidelity", fidelity, 0.0, 1.0, "(]")
    (fidelity,) = floats(fidelity)
    alone = fidelity * slope_number(fan_in)
    return (alone - 1) / (alone - majority(fan_in, fidelity))


def received_correlation(
    correlation: Real[ArrayLike, "..."], fidelity: Real[ArrayLike, "..."], bias: Real[ArrayLike, "..."]
) -> Float[Array, "..."]:
    """Correlation of received votes under pre-channel sharing,
    gamma^2 rho (1 - u^2)/(1 - gamma^2 u^2) <= rho.

    So rho measured on received votes is not the rho of `pre_channel_map`. Where |gamma u| = 1 the votes do
    not vary and the continuous value rho at gamma = 1 is returned.
    correlation and fidelity in [0, 1], bias in [-1, 1]; ValueError otherwise.  (derived here)
    """
    unit("correlation", correlation)
    unit("fidelity", fidelity)
    signed("bias", bias)
    correlation, fidelity, bias = floats(correlation, fidelity, bias)
    signal = fidelity * bias
    received = (1 - signal) * (1 + signal)
    varies = ~(received == 0)
    share = fidelity**2 * (1 - bias) * (1 + bias) / jnp.where(varies, received, 1)
    return correlation * jnp.where(varies, share, 1)


def leaf_only_root_bias(
    fan_in: SupportsIndex,
    correlation: Real[ArrayLike, "..."],
    fidelity: Real[ArrayLike, "..."],
    initial_bias: Real[ArrayLike, "..."],
    depth: SupportsIndex,
) -> Float[Array, "..."]:
    """Root bias when only leaf siblings share: mu_1 = T(mu_0), then the map of zero correlation.

    The gain of every further level is gamma A, whatever rho.
    fan_in odd >= 3 and depth >= 0 static; correlation, fidelity in [0, 1], initial_bias in [-1, 1];
    else ValueError.
    (derived here)
    """
    signed("initial_bias", initial_bias)
    depth = whole("depth", depth, 0)
    fan_in, (correlation, fidelity, bias) = checked(fan_in, correlation, fidelity, initial_bias)
    if depth == 0:
        return bias
    first = level(fan_in, correlation, fidelity, bias)
    return climbed(fan_in, depth - 1, jnp.zeros_like(correlation), fidelity, first)


def global_root_bias(
    fan_in: SupportsIndex,
    correlation: Real[ArrayLike, "..."],
    fidelity: Real[ArrayLike, "..."],
    initial_bias: Real[ArrayLike, "..."],
    depth: SupportsIndex,
) -> Float[Array, "..."]:
    """Root bias when with probability rho all leaves are one vote: rho mu_0 T_0^L(1) + (1 - rho) T_0^L(mu_0).

    T_0(u) = f_b(gamma u).  Arguments as in `leaf_only_root_bias`.  (derived here)
    """
    signed("initial_bias", initial_bias)
    depth = whole("depth", depth, 0)
    fan_in, (correlation, fidelity, bias) = checked(fan_in, correlation, fidelity, initial_bias)
    apart = jnp.zeros_like(correlation)
    shared = climbed(fan_in, depth, apart, fidelity, jnp.ones_like(bias))
    separate = climbed(fan_in, depth, apart, fidelity, bias)
    return correlation * bias * shared + (1 - correlation) * separate


def global_root_bias_limit(
    fan_in: SupportsIndex,
    correlation: Real[ArrayLike, "..."],
    fidelity: Real[ArrayLike, "..."],
    initial_bias: Real[ArrayLike, "..."],
) -> Float[Array, "..."]:
    """`global_root_bias` at infinite depth: mu*_0 (rho mu_0 + (1 - rho) sign mu_0),
    mu*_0 at zero correlation.

    Arguments as in `leaf_only_root_bias`.  (derived here)
    """
    signed("initial_bias", initial_bias)
    fan_in, (correlation, fidelity, bias) = checked(fan_in, correlation, fidelity, initial_bias)
    limit = settled(fan_in, jnp.zeros_like(correlation), fidelity)
    return limit * (correlation * bias + (1 - correlation) * jnp.sign(bias))


def independent_gain(fan_in: SupportsIndex, fidelity: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """gamma A(b), the gain that decides the fate of trees whose sharing is leaf-only or global.

    fan_in odd >= 3, fidelity in [0, 1]; ValueError otherwise.  (derived here)
    """
    fan_in, (correlation, fidelity) = checked(fan_in, 0.0, fidelity)
    return gain(fan_in, correlation, fidelity)
