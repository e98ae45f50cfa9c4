"""Linear response of a body to an opponent who cooperates independently with chance q, and to its own noise.

About the mean state, y = (dx, do_prev) obeys y' = A y + B do + xi with
A = [[J, (1 - alpha) D w1], [0, 0]] and B = (D w2, 1); its covariance solves S = A S A^T + q (1 - q) B B^T + sigma_xi^2
diag(I, 0), and the action varies as c S c^T with c = (alpha sigmoid' w, 1 - alpha).
"""

from typing import NamedTuple, SupportsIndex

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import floats, positive, whole, within
from ._solve import lyapunov
from .body import Body, chances, checked_body, output, slope, square
from .fixed_points import jacobian, settled


class LinearResponse(NamedTuple):
    """Mean state and action, covariance of the state, and variance of the action by its two sources.

    pulse_variance: from the opponent's defections.  noise_variance: from the body's own noise.
    """

    state: Float[Array, " d"]
    covariance: Float[Array, "d d"]
    mean_action: Float[Array, ""]
    pulse_variance: Float[Array, ""]
    noise_variance: Float[Array, ""]

    @property
    def action_variance(self) -> Float[Array, "..."]:
        """Both sources together."""
        return self.pulse_variance + self.noise_variance


def discrete_lyapunov(matrix: Float[ArrayLike, "n n"], right: Float[ArrayLike, "m m"]) -> Float[Array, "n n"]:
    """S = A S A^T + Q, the covariance of y' = A y + noise of covariance Q; inf unless rho(A) < 1.

    Doubling sums 2^k powers in k steps; derivatives solve the same equation.
    matrix A and right Q finite and square; ValueError otherwise.
    """
    matrix, right = square("matrix", matrix), square("right", right)
    if matrix.shape != right.shape:
        raise ValueError(f"Argument `right` must have shape {matrix.shape}, but has {right.shape}.")
    return lyapunov(matrix, right)


def linear_response(body: Body, body_share: Real[ArrayLike, ""], cooperation: Real[ArrayLike, ""]) -> LinearResponse:
    """The linear theory of a body with share alpha against an opponent of cooperation q; its variances add exactly.

    Exact for alpha = 0; at alpha = 1 it knows nothing of how far one defection moves the sigmoid.
    body_share alpha and cooperation q in [0, 1]; ValueError otherwise.  (derived here)
    """
    body = checked_body(body)
    share, cooperation = chances(body.bias.dtype, body_share=body_share, cooperation=cooperation)
    return respond(body, share, cooperation)


def respond(body: Body, share: Array, cooperation: Array) -> LinearResponse:
    """`linear_response` without checks."""
    state = settled(body, share, cooperation)
    action, gain = output(body, state)
    bend, size = slope(state), state.size
    echo = (1 - share) * bend * body.own_input
    matrix = jnp.block([[jacobian(body, state, share), echo[:, None]], [jnp.zeros((1, size + 1), state.dtype)]])
    pulse = jnp.append(bend * body.other_input, 1.0)
    seen = jnp.append(share * gain * body.readout, 1 - share)
    variance = cooperation * (1 - cooperation)
    noise = body.noise**2 * jnp.diag(jnp.append(jnp.ones_like(state), 0.0))
    by_pulse = lyapunov(matrix, variance * jnp.outer(pulse, pulse))
    by_noise = lyapunov(matrix, noise)
    mean = share * action + (1 - share) * cooperation
    covariance = (by_pulse + by_noise)[:size, :size]
    return LinearResponse(state, covariance, mean, seen @ by_pulse @ seen, seen @ by_noise @ seen)


def pulse_response(body: Body, cooperation: Real[ArrayLike, ""], lags: SupportsIndex = 64) -> Float[Array, " lags"]:
    """sigmoid' w^T J^k D w2, k = 0, 1, ...: what one defection does to the action of the body alone k + 1 rounds later.

    q (1 - q) times the sum of its squares is the pulse variance at alpha = 1.
    cooperation q in [0, 1], lags >= 1; ValueError otherwise.  (arXiv 2602.20846, proof of Thm smoothing)
    """
    body = checked_body(body)
    (cooperation,) = chances(body.bias.dtype, cooperation=cooperation)
    state = settled(body, jnp.ones_like(cooperation), cooperation)
    matrix, gain = jacobian(body, state, 1.0), output(body, state)[1]

    def later(moved, _):
        return matrix @ moved, gain * (body.readout @ moved)

    return jax.lax.scan(later, slope(state) * body.other_input, length=whole("lags", lags, 1))[1]


def noise_covariance_bound(jacobian_norm: Real[ArrayLike, "..."], noise: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """sigma_xi^2/(1 - ||J||_2^2) bounds every eigenvalue of the covariance of S = J S J^T + sigma_xi^2 I.

    jacobian_norm ||J||_2 in [0, 1), noise sigma_xi >= 0; ValueError otherwise.
    (arXiv 2602.20846, Remark stochastic setting, made precise)
    """
    within("jacobian_norm", jacobian_norm, 0.0, 1.0, "[)")
    positive("noise", noise, "[)")
    norm, noise = floats(jacobian_norm, noise)
    return noise**2 / ((1 - norm) * (1 + norm))
