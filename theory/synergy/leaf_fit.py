"""How well answers at several compute levels tell the leaf law mu_0(x) = k x^beta: likelihood against log-log lines.

n_k independent answers at compute x_k have sample bias muhat_k of variance (1 - mu_k^2)/n_k. A straight line through
(log x_k, log muhat_k) is biased upwards: the log of a noisy small bias reads low, and small biases stand at the left.
"""

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import floats, positive, within


def _leaves(computes, answers, scale, leaf_exponent) -> tuple[Array, Array, Array, Array]:
    """log x, n, mu and k as arrays; ValueError where a bias would not lie in (0, 1)."""
    positive("computes", computes)
    positive("answers", answers)
    positive("scale", scale)
    positive("leaf_exponent", leaf_exponent, "[)")
    computes, answers, scale, exponent = floats(computes, answers, scale, leaf_exponent)
    bias = scale * computes**exponent
    within("scale", bias, 0.0, 1.0, "()")
    return jnp.log(computes), answers, bias, scale


def leaf_information(
    computes: Real[ArrayLike, " levels"],
    answers: Real[ArrayLike, "..."],
    scale: Real[ArrayLike, ""],
    leaf_exponent: Real[ArrayLike, ""],
) -> Float[Array, "2 2"]:
    """Fisher matrix of (beta, k): sum_k n_k/(1 - mu_k^2) g g^T, g = (mu_k ln x_k, mu_k/k).

    computes > 0 and answers n_k > 0 (one number, or one a level), k x^beta in (0, 1); ValueError otherwise.
    (derived here)
    """
    logs, answers, bias, scale = _leaves(computes, answers, scale, leaf_exponent)
    slopes = jnp.stack([bias * logs, bias / scale])
    return (slopes * (answers / ((1 - bias) * (1 + bias)))) @ slopes.T


def leaf_exponent_deviation(
    computes: Real[ArrayLike, " levels"],
    answers: Real[ArrayLike, "..."],
    scale: Real[ArrayLike, ""],
    leaf_exponent: Real[ArrayLike, ""],
) -> Float[Array, ""]:
    """Standard deviation of the maximum-likelihood beta, k unknown, in large samples; arguments as above.

    (derived here)
    """
    information = leaf_information(computes, answers, scale, leaf_exponent)
    return 1 / jnp.sqrt(information[0, 0] - information[0, 1] ** 2 / information[1, 1])


def _line(logs: Array) -> tuple[Array, Array]:
    centred = logs - jnp.mean(logs)
    return centred, jnp.sum(centred**2)


def log_log_bias(
    computes: Real[ArrayLike, " levels"],
    answers: Real[ArrayLike, "..."],
    scale: Real[ArrayLike, ""],
    leaf_exponent: Real[ArrayLike, ""],
) -> Float[Array, ""]:
    """Bias of the least-squares line through (log x, log muhat), -sum_k X_k Var_k/(2 mu_k^2)/sum X_k^2, to first order.

    X_k = log x_k less its mean, Var_k = (1 - mu_k^2)/n_k; positive for equal answers a level. Arguments as above.
    (derived here)
    """
    logs, answers, bias, _ = _leaves(computes, answers, scale, leaf_exponent)
    centred, moment = _line(logs)
    return -jnp.sum(centred * (1 - bias) * (1 + bias) / (2 * answers * bias**2)) / moment


def log_log_deviation(
    computes: Real[ArrayLike, " levels"],
    answers: Real[ArrayLike, "..."],
    scale: Real[ArrayLike, ""],
    leaf_exponent: Real[ArrayLike, ""],
) -> Float[Array, ""]:
    """Standard deviation of the log-log slope, sqrt(sum X_k^2 Var_k/mu_k^2)/sum X_k^2, to first order.

    Never below `leaf_exponent_deviation`. Arguments as above.  (derived here)
    """
    logs, answers, bias, _ = _leaves(computes, answers, scale, leaf_exponent)
    centred, moment = _line(logs)
    return jnp.sqrt(jnp.sum(centred**2 * (1 - bias) * (1 + bias) / (answers * bias**2))) / moment
