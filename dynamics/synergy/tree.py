"""The exact tree: independent roots, hence the naive standard error sqrt((1 - mu^2)/roots).

`full_tree` draws every leaf and votes its way up: static shapes, any law that copies messages, any
transformation. `lazy_tree` decides at each node which children are heard before it grows their subtrees;
under received copies an expected rho + (1 - rho) b subtrees of b remain, and of the b^L leaves of a root (rho
+ (1 - rho) b)^L.
"""

from collections.abc import Callable

import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Int8, Num, Real, Shaped

from dynamics import _check
from dynamics.synergy.one_level import PRNGKey
from dynamics.synergy.sharing import RECEIVED_COPIED, Alone, Probit, Sharing
from dynamics.synergy.votes import majority, signs

Scalar = Real[ArrayLike, ""]
Decide = Callable[[Num[Array, "fan_in nodes"]], Num[Array, " nodes"]]
Noise = Callable[[PRNGKey, tuple[int, ...]], Callable[[Num[Array, "..."]], Num[Array, "..."]]]


def full_tree(
    key: PRNGKey,
    fan_in: int,
    correlation: Scalar,
    fidelity: Scalar,
    initial_bias: Scalar,
    depth: int,
    roots: int,
    sharing: Sharing | Probit = RECEIVED_COPIED,
) -> Int8[Array, " roots"]:
    """Votes of `roots` independent roots of complete trees; holds roots * fan_in**depth votes at once.

    fan_in: odd b >= 1.  correlation: rho in [0, 1].  fidelity: gamma in [0, 1].  initial_bias: mu0 in [-1,
    1]. Raises ValueError on a parameter out of range and on the probit law, which has no tree.
    """
    _check_tree(fan_in, correlation, fidelity, initial_bias, depth, roots, sharing)
    leaf_key, cause_key, key = jr.split(key, 3)
    leaves = signs(jr.uniform(leaf_key, (fan_in**depth, roots)), initial_bias)
    if sharing.reach == "tree":
        cause, flag = jr.uniform(cause_key, (2, roots))
        leaves = jnp.where(flag < correlation, signs(cause, initial_bias), leaves)

    def noise(key, shape):
        flips = signs(jr.uniform(key, shape), fidelity)
        return lambda messages: messages * flips

    votes = climb(key, leaves, fan_in, correlation, depth, sharing, noise, majority)
    return _check.trusted(votes, correlation=correlation, fidelity=fidelity, initial_bias=initial_bias)


def climb(
    key: PRNGKey,
    leaves: Num[Array, "leaves roots"],
    fan_in: int,
    correlation: Scalar,
    depth: int,
    sharing: Sharing,
    noise: Noise,
    decide: Decide,
) -> Num[Array, " roots"]:
    """Carry the messages of all leaves of each root up to the root.

    noise(key, shape) gives the channel for that many messages; decide makes one message of fan_in received
    ones. A global cause has to be in the leaves already.
    """
    messages = leaves.ravel()
    for level, (noise_key, sharing_key) in enumerate(jr.split(key, (depth, 2))):
        law = _at(sharing, level)
        # Siblings lie a stride apart; which leaves belong together is arbitrary while roots stay apart.
        sent = messages.reshape(fan_in, -1)
        uniforms = jr.uniform(sharing_key, (law.draws(fan_in), sent.shape[1]))
        messages = decide(law.receive(sent, noise(noise_key, sent.shape), uniforms, correlation))
    return messages


def expected_leaves(
    fan_in: int, correlation: Real[ArrayLike, ""], depth: int, sharing: Sharing | Probit = RECEIVED_COPIED
) -> float:
    """Expected leaf draws of one lazily grown root.  (spec 8.1 for received copies; else derived here)"""
    _check.odd("fan_in", fan_in)
    depth = _check.whole("depth", depth, 0)
    _check.parameters(correlation=correlation)
    _check_copies(sharing)
    return float(np.prod([_at(sharing, level).copying.distinct(fan_in, float(correlation)) for level in range(depth)]))


def lazy_tree(
    key: PRNGKey,
    fan_in: int,
    correlation: Real[ArrayLike, ""],
    fidelity: Real[ArrayLike, ""],
    initial_bias: Real[ArrayLike, ""],
    depth: int,
    roots: int,
    sharing: Sharing | Probit = RECEIVED_COPIED,
    budget: float = 3e8,
    block: int = 16_384,
) -> Int8[np.ndarray, " roots"]:
    """Votes of `roots` independent roots, growing only the subtrees that are heard.

    Shapes depend on the draws, so this runs in NumPy and cannot be traced; its generator is seeded by the
    key's words and by nothing else. Nodes of a level are taken `block` at a time, depth first: memory is of
    the order of depth * fan_in * block numbers, whatever the size of the tree.
    budget: the most leaf draws to be expected over all roots; about 1e7 are made per second [measured here].
    Raises ValueError on a parameter out of range, on the probit law and where the budget is exceeded.
    """
    _check_tree(fan_in, correlation, fidelity, initial_bias, depth, roots, sharing)
    block = _check.whole("block", block, 1)
    expected = roots * expected_leaves(fan_in, correlation, depth, sharing)
    if expected > budget:
        raise ValueError(f"Argument `budget` must be at least {expected:.3g} leaf draws for this, but is {budget:.3g}.")
    rng = np.random.default_rng(np.asarray(jr.key_data(key)).ravel())
    rho, gamma, start = float(correlation), float(fidelity), float(initial_bias)

    def votes(level: int, count: int, bias: float) -> Int8[np.ndarray, " count"]:
        if level == 0:
            return signs(rng.random(count, dtype=np.float32), bias)
        made = [_nodes(level, min(block, count - first), bias) for first in range(0, count, block)]
        return np.concatenate([np.empty(0, np.int8), *made])

    def _nodes(level: int, nodes: int, bias: float) -> Int8[np.ndarray, " nodes"]:
        law, shape = _at(sharing, level - 1), (fan_in, nodes)
        uniforms = rng.random((law.draws(fan_in), nodes))
        heard = _heard(law, uniforms, rho, shape)
        sent = np.zeros(shape, np.int8)
        sent[heard] = votes(level - 1, int(heard.sum()), bias)
        flips = signs(rng.random(shape, dtype=np.float32), gamma)
        return majority(law.receive(sent, lambda messages: messages * flips, uniforms, rho))

    if sharing.reach != "tree":
        return votes(depth, roots, start)
    common = rng.random(roots) < rho
    result = np.empty(roots, np.int8)
    # Leaves that are all alike are a tree of right leaves times their common sign.
    result[common] = signs(rng.random(int(common.sum())), start) * votes(depth, int(common.sum()), 1.0)
    result[~common] = votes(depth, int((~common).sum()), start)
    return result


def _heard(law: Sharing, uniforms: Shaped[np.ndarray, "draws nodes"], rho: float, shape: tuple[int, int]):
    """Which children occur among the messages of each node: copy the labels instead of the votes."""
    if law.draws(shape[0]) == 0 or rho == 0:
        return np.ones(shape, bool)
    labels = law.copying.copy(uniforms, rho, np.broadcast_to(np.arange(shape[0])[:, None], shape))
    heard = np.zeros(shape, bool)
    np.put_along_axis(heard, labels, True, axis=0)
    return heard


def _at(sharing: Sharing, level: int) -> Sharing:
    """The law at one level, 0 being the first above the leaves."""
    acts = sharing.reach == "levels" or (sharing.reach == "leaves" and level == 0)
    return sharing if acts else Sharing(Alone())


def _check_copies(sharing: Sharing | Probit) -> None:
    if not isinstance(sharing, Sharing):
        raise ValueError(f"Argument `sharing` must copy messages for an exact tree to exist, but is {sharing}.")


def _check_tree(fan_in, correlation, fidelity, initial_bias, depth, roots, sharing) -> None:
    _check.odd("fan_in", fan_in)
    _check.whole("depth", depth, 0)
    _check.whole("roots", roots, 1)
    _check.parameters(correlation=correlation, fidelity=fidelity, initial_bias=initial_bias)
    _check_copies(sharing)


def root_bias(votes: Int8[Array | np.ndarray, " roots"]) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Mean of independent root votes and its standard error sqrt((1 - mean^2)/roots), NaN without votes."""
    votes = jnp.asarray(votes, float)
    cast = jnp.abs(votes).sum()
    mean = votes.sum() / cast
    return mean, jnp.sqrt((1 - mean**2) / cast)
