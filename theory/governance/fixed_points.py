"""Self-consistent states of a noise-free body, their response to the opponent and how fast they attract."""

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from ._solve import attractor, spectral_radius_of
from .body import Body, chances, checked_body, finite, output, slope, square


def driven_state(
    recurrent: Float[ArrayLike, "d d"], drive: Float[ArrayLike, " d"], start: Float[ArrayLike, " d"] | None = None
) -> Float[Array, " d"]:
    """x = tanh(W x + u), the state that the iteration reaches from `start` (0 by default) under a constant drive u.

    Where several attract, the start decides; gradients are implicit.  Finite arrays; ValueError otherwise.
    (arXiv 2602.20846, Thm existence)
    """
    recurrent = square("recurrent", recurrent)
    finite("drive", drive)
    drive = jnp.asarray(drive, recurrent.dtype)
    start = jnp.zeros_like(drive) if start is None else jnp.asarray(start, drive.dtype)
    return attractor(lambda x: jnp.tanh(recurrent @ x + drive), start)


def closed_loop_map(
    body: Body, state: Float[ArrayLike, " d"], body_share: Real[ArrayLike, ""], opponent: Real[ArrayLike, ""]
) -> Float[Array, " d"]:
    """A noise-free round against a constant o: tanh(W x + w1 a + w2 o + b) with a = alpha a_body + (1 - alpha) o.

    body_share alpha and opponent o in [0, 1]; ValueError otherwise.  (arXiv 2602.20846, Thm existence: alpha = 1)
    """
    body = checked_body(body)
    share, opponent = chances(body.bias.dtype, body_share=body_share, opponent=opponent)
    finite("state", state)
    return loop(body, jnp.asarray(state), share, opponent)


def loop(body: Body, state: Array, share: Array, opponent: Array) -> Array:
    """`closed_loop_map` without checks."""
    action = share * output(body, state)[0] + (1 - share) * opponent
    pre = body.recurrent @ state + body.own_input * action + body.other_input * opponent + body.bias
    return jnp.tanh(pre)


def closed_loop_state(
    body: Body,
    body_share: Real[ArrayLike, ""],
    opponent: Real[ArrayLike, ""],
    start: Float[ArrayLike, " d"] | None = None,
) -> Float[Array, " d"]:
    """x* of a body in its own loop against a constant opponent o, or one who cooperates on average so often.

    The state that the iteration reaches from `start` (0 by default); gradients are implicit.
    body_share alpha and opponent o in [0, 1]; ValueError otherwise.  (arXiv 2602.20846, Thm existence)
    """
    body = checked_body(body)
    share, opponent = chances(body.bias.dtype, body_share=body_share, opponent=opponent)
    return settled(body, share, opponent, start)


def settled(body: Body, share: Array, opponent: Array, start=None) -> Array:
    """`closed_loop_state` without checks."""
    dtype = jnp.result_type(body.bias, share, opponent)
    start = jnp.zeros(body.bias.shape, dtype) if start is None else jnp.asarray(start, dtype)
    return attractor(lambda x: loop(body, x, share, opponent).astype(dtype), start)


def body_action(body: Body, state: Float[ArrayLike, " d"]) -> Float[Array, ""]:
    """a_body = sigmoid(w . x + b_o).  (arXiv 2602.20846, section 2)"""
    body = checked_body(body)
    finite("state", state)
    return output(body, jnp.asarray(state, body.bias.dtype))[0]


def loop_jacobian(
    body: Body, state: Float[ArrayLike, " d"], body_share: Real[ArrayLike, ""] = 1.0
) -> Float[Array, "d d"]:
    """J = diag(1 - x*^2)(W + alpha sigmoid'(z*) w1 w^T).

    body_share alpha in [0, 1]; ValueError otherwise.  (arXiv 2602.20846, Prop. local stability)
    """
    body = checked_body(body)
    (share,) = chances(body.bias.dtype, body_share=body_share)
    finite("state", state)
    return jacobian(body, jnp.asarray(state), share)


def jacobian(body: Body, state: Array, share: Array | float) -> Array:
    """`loop_jacobian` without checks."""
    feedback = share * output(body, state)[1] * jnp.outer(body.own_input, body.readout)
    return slope(state)[:, None] * (body.recurrent + feedback)


def spectral_radius(matrix: Float[ArrayLike, "n n"]) -> Float[Array, ""]:
    """rho(A), the largest modulus of an eigenvalue: local stability is rho(J) < 1.

    matrix finite and square; ValueError otherwise.  (arXiv 2602.20846, Prop. local stability)
    """
    return spectral_radius_of(square("matrix", matrix))


def rank_one_spectrum(
    left: Float[ArrayLike, " d"], right: Float[ArrayLike, " d"], body: Body, state: Float[ArrayLike, " d"]
) -> Float[Array, "2 2"]:
    """The 2 x 2 matrix with the non-zero eigenvalues of J when W = l r^T: J maps the span of D l and D w1 to itself.

    [[r . D l, sigmoid' r . D w1], [w . D l, sigmoid' w . D w1]]; `body.recurrent` is not looked at.
    Finite vectors; ValueError otherwise.  (derived here)
    """
    body = checked_body(body)
    for name, value in (("left", left), ("right", right), ("state", state)):
        finite(name, value)
    left, right, state = (jnp.asarray(part, body.bias.dtype) for part in (left, right, state))
    bend, gain = slope(state), output(body, state)[1]
    rows = jnp.stack([right, body.readout])
    columns = jnp.stack([bend * left, bend * gain * body.own_input], axis=1)
    return rows @ columns


def global_contraction(body: Body) -> Float[Array, ""]:
    """||W||_2 + ||w1|| ||w||/4 bounds ||J(x)||_2 everywhere: below 1 the fixed point is unique; it is about 2.3 here.

    (arXiv 2602.20846, Remark contraction; sufficient form derived here)
    """
    body = checked_body(body)
    norm = jnp.linalg.norm
    return norm(body.recurrent, 2) + norm(body.own_input) * norm(body.readout) / 4


def action_sensitivity(body: Body, opponent: Real[ArrayLike, ""]) -> Float[Array, ""]:
    """da*/do = sigmoid' w^T (I - J)^-1 D w2 of the body alone (alpha = 1) at its fixed point.

    opponent o in [0, 1]; ValueError otherwise.  (derived here)
    """
    body = checked_body(body)
    (opponent,) = chances(body.bias.dtype, opponent=opponent)
    state = settled(body, jnp.ones_like(opponent), opponent)
    push = slope(state) * body.other_input
    moved = jnp.linalg.solve(jnp.eye(state.size, dtype=state.dtype) - jacobian(body, state, 1.0), push)
    return output(body, state)[1] * (body.readout @ moved)
