"""The population pool: n votes a level, each node drawing its children with replacement from the level below.

It is the one way to a depth of 30 (a tree has 5^30 leaves) and what the paper's figure must have done. Its
error is not that of n independent roots: a chance excess of right votes at one level is inherited by all
levels above, amplified by the slope of the level map. With V the variance and d the bias of the pool's mean
at level l,

    V_0 = (1 - mu_0^2)/n,   V_{l+1} = T'(mu_l)^2 V_l + (1 - mu_{l+1}^2)/n,
    d_0 = 0,                d_{l+1} = T'(mu_l) d_l + T''(mu_l) V_l / 2,

[derived here, to second order in the fluctuations: good while sqrt(V) << mu; below that some pools flip to
-mu*].

Given the level below, a node's vote is right with a probability that depends on that pool's mean m only, and
nodes are independent: the next level's number of right votes is exactly Binomial(n, (1 + T(m))/2).
`collapsed_pool` draws just that, the same law at no cost in n; the explicit pool tests it, since it never
uses T.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, ArrayLike, Float, Int8, Real, UInt32

from dynamics import _check
from dynamics.synergy.one_level import PRNGKey
from dynamics.synergy.recursion import level_map, schedule
from dynamics.synergy.sharing import RECEIVED_COPIED, Alone, Probit, Sharing
from dynamics.synergy.votes import majority, signs

Scalar = Real[ArrayLike, ""]


class PoolResult(eqx.Module):
    """Mean vote of the pool at levels 0 to depth, with the standard error and the bias expected of it."""

    means: Float[Array, "*batch levels"]
    standard_error: Float[Array, "*batch levels"]
    bias: Float[Array, "*batch levels"]


def population_pool(
    key: PRNGKey,
    fan_in: int,
    correlation: Scalar,
    fidelity: Scalar,
    initial_bias: Scalar,
    depth: int,
    size: int,
    sharing: Sharing | Probit = RECEIVED_COPIED,
) -> PoolResult:
    """Simulate a pool of `size` votes through `depth` levels; memory does not grow with depth.

    fan_in: odd b >= 1.  correlation: rho in [0, 1].  fidelity: gamma in [0, 1].  initial_bias: mu0 in [-1,
    1]. size: 2 to 65536. One 32-bit word picks a child and decides on its flip: the top of word * size is the
    index, the rest is compared with the flip probability. For an odd size the flip is exact to 2^-32; the
    choice of a child is even to size/2^32 < 2e-5, against a standard error of at least 1/sqrt(size) > 4e-3.
    With a global cause the two worlds (all leaves right; leaves independent) are pools of `size` votes each.
    On CPU put many pools in `jax.lax.map`, not vmap: a level then stays in cache, 3.5 times faster [measured
    here]. Raises ValueError on a parameter out of range; the means are NaN where a traced one is.
    """
    size = _check.whole("size", size, 2)
    if size > 65_536:
        raise ValueError(f"Argument `size` must be at most 65536, but is {size}; average several pools instead.")

    def world(key, start, rhos, sharing):
        leaf_key, key = jr.split(key)
        leaves = signs(_uniforms(jr.bits(leaf_key, (size,), "uint32")), start)

        def level(pool, at):
            key, rho = at
            pool = _level(key, pool, fan_in, rho, fidelity, sharing)
            return pool, _mean(pool, rhos.dtype)

        _, means = jax.lax.scan(level, leaves, (jr.split(key, depth), rhos), length=depth)
        return jnp.concatenate([_mean(leaves, rhos.dtype)[None], means])

    return _result(world, key, fan_in, correlation, fidelity, initial_bias, depth, size, sharing)


def collapsed_pool(
    key: PRNGKey,
    fan_in: int,
    correlation: Scalar,
    fidelity: Scalar,
    initial_bias: Scalar,
    depth: int,
    size: int,
    sharing: Sharing | Probit = RECEIVED_COPIED,
) -> PoolResult:
    """The pool's mean alone, from its exact binomial law; else as `population_pool`, for any size >= 2."""
    size = _check.whole("size", size, 2)

    def world(key, start, rhos, sharing):
        def draw(key, bias):
            return (2 * jr.binomial(key, size, (1 + bias) / 2, dtype=rhos.dtype) - size) / size

        def level(mean, at):
            key, rho = at
            mean = draw(key, level_map(fan_in, rho, fidelity, mean, sharing))
            return mean, mean

        leaf_key, key = jr.split(key)
        leaves = draw(leaf_key, start)
        _, means = jax.lax.scan(level, leaves, (jr.split(key, depth), rhos), length=depth)
        return jnp.concatenate([leaves[None], means])

    return _result(world, key, fan_in, correlation, fidelity, initial_bias, depth, size, sharing)


def pool_error(
    fan_in: int,
    correlation: Scalar,
    fidelity: Scalar,
    initial_bias: Scalar,
    depth: int,
    size: int,
    sharing: Sharing | Probit = RECEIVED_COPIED,
) -> tuple[Float[Array, " levels"], Float[Array, " levels"]]:
    """Standard error and bias of a pool's means at levels 0 to depth, by the recursions above.

    Arguments as in `population_pool`; ValueError where the sharing's level map is not known.
    """
    _check.odd("fan_in", fan_in)
    depth, size = _check.whole("depth", depth, 0), _check.whole("size", size, 2)
    _check.parameters(correlation=correlation, fidelity=fidelity, initial_bias=initial_bias)
    rho, start = _floats(correlation, fidelity, initial_bias)
    if sharing.reach != "tree":
        variance, bias = _climb(fan_in, schedule(sharing, rho, depth), fidelity, start, size, sharing)
        return jnp.sqrt(variance), bias
    alone, none = Sharing(Alone()), jnp.zeros(depth, rho.dtype)
    right, right_bias = _climb(fan_in, none, fidelity, jnp.ones_like(start), size, alone)
    free, free_bias = _climb(fan_in, none, fidelity, start, size, alone)
    weight = rho * start
    return jnp.sqrt(weight**2 * right + (1 - rho) ** 2 * free), weight * right_bias + (1 - rho) * free_bias


def _climb(fan_in, rhos, fidelity, start, size, sharing):
    def level(state, rho):
        mean, variance, bias = state

        def step(u):
            return level_map(fan_in, rho, fidelity, u, sharing)

        slope, bend = jax.grad(step)(mean), jax.grad(jax.grad(step))(mean)
        mean = step(mean)
        state = mean, slope**2 * variance + (1 - mean**2) / size, slope * bias + bend * variance / 2
        return state, state[1:]

    leaves = start, (1 - start**2) / size, jnp.zeros_like(start)
    _, (variance, bias) = jax.lax.scan(level, leaves, rhos)
    return jnp.concatenate([leaves[1][None], variance]), jnp.concatenate([leaves[2][None], bias])


def _level(
    key: PRNGKey,
    pool: Int8[Array, " size"],
    fan_in: int,
    rho: Scalar,
    fidelity: Scalar,
    sharing: Sharing | Probit,
) -> Int8[Array, " size"]:
    size = pool.shape[0]
    # One call for all words of a level: many small ones run on one core.
    words = jr.bits(key, (fan_in + sharing.draws(fan_in), size), "uint32")
    index, rest = _multiply_shift(words[:fan_in], size)

    def channel(messages):
        flipped = rest < jnp.asarray((1 - fidelity) * 2.0**31).astype(jnp.uint32)
        return jnp.where(flipped, -messages, messages)

    sent = pool.at[index].get(mode="promise_in_bounds")
    bias = fidelity * pool.mean() if isinstance(sharing, Probit) else None
    return majority(sharing.receive(sent, channel, _uniforms(words[fan_in:]), rho, bias))


def _multiply_shift(words: UInt32[Array, "..."], size: int) -> tuple[UInt32[Array, "..."], UInt32[Array, "..."]]:
    """Top and bottom 32 bits of words * size for size <= 2^16, without 64-bit integers."""
    high, low, size = words >> 16, words & 0xFFFF, jnp.uint32(size)
    return (high * size + (low * size >> 16)) >> 16, words * size


def _uniforms(words: UInt32[Array, "..."]) -> Float[Array, "..."]:
    return (words >> 8) * jnp.float32(2.0**-24)


def _mean(pool: Int8[Array, " size"], dtype: jnp.dtype) -> Float[Array, ""]:
    return pool.sum(dtype=jnp.int32).astype(dtype) / pool.shape[0]


def _result(world, key, fan_in, correlation, fidelity, initial_bias, depth, size, sharing) -> PoolResult:
    error, bias = pool_error(fan_in, correlation, fidelity, initial_bias, depth, size, sharing)
    rho, start = _floats(correlation, fidelity, initial_bias)
    if sharing.reach != "tree":
        means = world(key, start, schedule(sharing, rho, depth), sharing)
    else:
        right_key, free_key = jr.split(key)
        alone, none = Sharing(Alone()), jnp.zeros(depth, rho.dtype)
        right = world(right_key, jnp.ones_like(start), none, alone)
        means = rho * start * right + (1 - rho) * world(free_key, start, none, alone)
    means = _check.trusted(means, correlation=correlation, fidelity=fidelity, initial_bias=initial_bias)
    return PoolResult(means, error, bias)


def _floats(correlation: Scalar, fidelity: Scalar, initial_bias: Scalar) -> list[Float[Array, ""]]:
    dtype = jnp.result_type(float, correlation, fidelity, initial_bias)
    return [jnp.asarray(value, dtype) for value in (correlation, initial_bias)]
