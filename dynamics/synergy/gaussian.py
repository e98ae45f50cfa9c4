"""Continuous messages: each agent sends an estimate, a message adds noise, an aggregator averages.

Every simulation returns root errors X, whose mean square is the risk. Copied subtrees make X a mixture of
Gaussians with heavy tails (kurtosis 4 to 16), so the error bar of the mean square is the empirical one, never
sqrt(2/n) v.
"""

import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, ArrayLike, Float, Real

from dynamics import _check
from dynamics.synergy.one_level import PRNGKey
from dynamics.synergy.sharing import SENT_COPIED, Probit, Sharing
from dynamics.synergy.tree import climb

Scalar = Real[ArrayLike, ""]


def gaussian_tree(
    key: PRNGKey,
    fan_in: int,
    correlation: Scalar,
    noise_variance: Scalar,
    leaf_variance: Scalar,
    depth: int,
    roots: int,
    sharing: Sharing | Probit = SENT_COPIED,
) -> Float[Array, " roots"]:
    """Errors of the roots of independent averaging trees; holds roots * fan_in**depth numbers at once.

    fan_in: b >= 1.  correlation: rho in [0, 1].  noise_variance: sigma2 >= 0 of one message.  leaf_variance:
    v0 >= 0. sharing: copies of the sent estimates, each with noise of its own (the paper); copies of received
    ones; copies among leaves only; or a global cause, here jointly Gaussian leaves, any two correlated by
    rho. Raises ValueError on a parameter out of range or a law that does not copy.  (arXiv 2601.17311, eqs.
    5, 9)
    """
    _check.whole("fan_in", fan_in, 1)
    depth, roots = _check.whole("depth", depth, 0), _check.whole("roots", roots, 1)
    _check_variances(correlation, noise_variance, leaf_variance)
    if not isinstance(sharing, Sharing):
        raise ValueError(f"Argument `sharing` must copy messages for a Gaussian tree, but is {sharing}.")
    leaf_key, cause_key, key = jr.split(key, 3)
    leaves = _normal(leaf_key, (fan_in**depth, roots), leaf_variance)
    if sharing.reach == "tree":
        leaves = _equicorrelated(leaves, _normal(cause_key, (roots,), leaf_variance), correlation)

    def noise(key, shape):
        eta = _normal(key, shape, noise_variance)
        return lambda messages: messages + eta

    errors = climb(key, leaves, fan_in, correlation, depth, sharing, noise, lambda heard: heard.mean(axis=0))
    return _check.trusted(errors, correlation=correlation)


def gaussian_star(
    key: PRNGKey, agents: int, correlation: Scalar, noise_variance: Scalar, leaf_variance: Scalar, roots: int
) -> Float[Array, " roots"]:
    """Errors of hubs that average `agents` equicorrelated estimates, each read through a noisy message.

    Ranges and errors as in `gaussian_tree`.  (arXiv 2601.17311, eq. 7)
    """
    agents, roots = _check.whole("agents", agents, 1), _check.whole("roots", roots, 1)
    _check_variances(correlation, noise_variance, leaf_variance)
    own_key, cause_key, noise_key = jr.split(key, 3)
    own = _normal(own_key, (agents, roots), leaf_variance)
    sent = _equicorrelated(own, _normal(cause_key, (roots,), leaf_variance), correlation)
    return (sent + _normal(noise_key, (agents, roots), noise_variance)).mean(axis=0)


def gaussian_chain(
    key: PRNGKey, noise_variance: Scalar, leaf_variance: Scalar, depth: int, roots: int
) -> Float[Array, " roots"]:
    """Errors at the end of chains that relay one estimate through `depth` noisy messages.

    Ranges and errors as in `gaussian_tree`.  (arXiv 2601.17311, eq. 8)
    """
    depth, roots = _check.whole("depth", depth, 0), _check.whole("roots", roots, 1)
    _check_variances(0.0, noise_variance, leaf_variance)
    leaf_key, noise_key = jr.split(key)
    return _normal(leaf_key, (roots,), leaf_variance) + _normal(noise_key, (depth, roots), noise_variance).sum(axis=0)


def mean_square(errors: Float[Array, " roots"]) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Mean of the squared errors and its empirical standard error; NaN error for a single root."""
    squares = errors**2
    return squares.mean(), squares.std(ddof=1) / errors.shape[0] ** 0.5


def _normal(key: PRNGKey, shape: tuple[int, ...], variance: Scalar) -> Float[Array, "..."]:
    return jnp.sqrt(jnp.asarray(variance, jnp.result_type(float, variance))) * jr.normal(
        key, shape, jnp.result_type(float, variance)
    )


def _equicorrelated(
    own: Float[Array, "agents roots"], common: Float[Array, " roots"], correlation: Scalar
) -> Float[Array, "agents roots"]:
    return jnp.sqrt(1 - jnp.asarray(correlation)) * own + jnp.sqrt(jnp.asarray(correlation)) * common


def _check_variances(correlation: Scalar, noise_variance: Scalar, leaf_variance: Scalar) -> None:
    _check.parameters(correlation=correlation)
    _check.within(0.0, float("inf"), noise_variance=noise_variance, leaf_variance=leaf_variance)
