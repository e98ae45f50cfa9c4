"""Flows in several dimensions and on the sphere against the specification's digits, symmetries and gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from dynamics.tokens import (
    SelfAttention,
    cosines,
    effective_rank,
    gram_shares,
    layer_of_matrix,
    leading_share,
    line_fate,
    make_line,
    participation_ratio,
    residual_stack,
    sphere_flow,
    token_fate,
    token_flow,
    unit,
)
from dynamics.tokens.regimes import BLOW_UP, OK, REGIMES

flow, fate, sphere = jax.jit(token_flow), jax.jit(token_fate), jax.jit(sphere_flow)
FLAT = np.array([[1, 0.2], [-0.3, 0.9], [0.5, -0.6]])
GLOBE = np.array([[1, 0, 0], [0.6, 0.8, 0], [0, 0.6, 0.8]])


def test_eq_17_4_two_dimensions():
    layer = layer_of_matrix(
        np.array([[-0.9, 0.2], [0.2, -0.5]]), np.array([[0.4, -0.3], [-0.2, 0.6]]), np.array([0.5, 0.8])
    )
    found = flow(FLAT, layer, np.log([1.0, 10.0]))
    digits = [
        [(0.6459141418, 0.1415245573), (-0.1520242701, 0.6320857461), (0.2816344451, -0.3794797485)],
        [(0.2695346172, 0.0651832748), (-0.0298999287, 0.3033457650), (0.0986095482, -0.1549618855)],
    ]
    assert int(found.status) == OK
    assert_allclose(found.tokens, digits, atol=2e-10)


@pytest.mark.parametrize(
    ("sign", "digits"),
    [
        (
            1.0,
            [
                [(0.8050664303, 0.5931846616, 0), (0.2201790642, 0.6918948033, 0.6876065451)],
                [(0.9971289411, 0.0757223540, 0), (0.9889632292, 0.1402185214, 0.0478591416)],
            ],
        ),
        (
            -1.0,
            [
                [(0.3779110557, 0.9258419055, 0), (-0.0868237722, 0.4662176825, 0.8803991737)],
                [(0.0332546508, 0.9994469111, 0), (-0.0396538647, 0.1047198312, 0.9937108875)],
            ],
        ),
    ],
)
def test_eq_17_5_sphere(sign, digits):
    found = sphere(GLOBE, layer_of_matrix(sign * np.eye(3), np.array([0.3, -0.2, 0.1]), 0.5), np.array([1.0, 5.0]))
    assert_allclose(found.tokens[:, 1:], digits, atol=2e-10)
    assert_allclose(found.tokens[:, 0], [GLOBE[0]] * 2, atol=1e-15)


def test_one_channel_is_the_line():
    x = np.array([1.0, -0.8, 1.6])
    layer = layer_of_matrix(np.array([[-0.7]]), np.array([0.5]), 0.6, -1.0)
    on_line = jax.jit(line_fate)
    ours, theirs = fate(x[:, None], layer, 20.0), on_line(x, make_line(-0.7, 0.5, 0.6, -1.0), 20.0)
    assert_allclose(ours.tokens[:, 0], theirs.tokens, rtol=1e-8)
    up = layer_of_matrix(np.array([[0.7]]), np.array([0.5]), 0.6, -1.0)
    ours, theirs = fate(-x[:, None], up, 20.0), on_line(-x, make_line(0.7, 0.5, 0.6, -1.0), 20.0)
    assert int(ours.status) == int(theirs.status) == BLOW_UP
    assert_allclose(ours.time, theirs.time, rtol=1e-9)
    assert_allclose(ours.tokens[0, 0], theirs.tokens[0], rtol=1e-8)


def test_eq_4_3_counterexamples_to_the_eigenvalue_reading():
    x = np.ones((1, 2))
    # Equal rows are one step size for all channels.
    step_map = np.tile([0.4, 0.3], (2, 1))
    converges = fate(x, layer_of_matrix(np.array([[1, -4], [0, 1.5]]), step_map, 0.5), 20.0)
    assert REGIMES[converges.regime[0]] == "convergent"
    diverges = fate(x, layer_of_matrix(np.array([[-1, 4], [0, -1.5]]), step_map, 0.5), 20.0)
    assert REGIMES[diverges.regime[0]] == "blow-up"
    slow = fate(x, layer_of_matrix(np.array([[-1, 4], [0, -1.5]]), -step_map, 0.5), 20.0)
    assert REGIMES[slow.regime[0]] == "divergent"


def test_eq_4_1_a_token_may_rest_on_the_isotropic_cone():
    layer = layer_of_matrix(np.diag([1.0, -1.0]), np.array([[-1.0, 0.3], [0.5, 1.0]]), 0.5)
    found = fate(np.array([[0.8, 1.0]]), layer, 20.0)
    assert REGIMES[found.regime[0]] == "cone"
    assert bool(found.resting)
    assert_allclose(abs(found.tokens[0, 0]), abs(found.tokens[0, 1]), rtol=1e-3)
    assert float(jnp.linalg.norm(found.tokens)) > 0.1
    implicit = token_fate(np.array([[0.8, 1.0]]), layer, 20.0, stiff=True, tolerance=1e-7, max_steps=2048)
    assert_allclose(implicit.tokens, found.tokens, rtol=1e-4)


def test_eq_4_2_a_form_that_never_falls_and_a_span_that_never_grows():
    matrix = -np.diag([1.0, 0.5, 0.0]) + np.array([[0, 0.2, 0], [0.2, 0, 0.1], [0, 0.1, 0.3]])
    x = np.array([[0.5, 0.4, -0.6], [1.0, 0.8, -1.2], [0.3, -0.7, 0.2]])
    found = flow(x, layer_of_matrix(matrix, np.array([0.3, -0.2, 0.1]), 0.4), np.linspace(-3, 1, 9))
    form = np.einsum("tld,de,tle->tl", found.tokens, matrix, found.tokens)
    assert (np.diff(form, axis=0) >= -1e-10).all()
    # The first two tokens began on one line.
    assert_allclose(np.linalg.svd(found.tokens[:, :2], compute_uv=False)[:, 1], 0, atol=1e-9)


def _coupled(rng):
    """Tokens, a negative semidefinite M, under which none grows, and one S_Delta for all channels."""
    x, factor = rng.normal(size=(3, 3)), rng.normal(size=(3, 3))
    return x, -factor.T @ factor / 3, 0.4 * rng.normal(size=3)


def test_eq_14_the_flow_turns_with_its_tokens():
    rng = np.random.default_rng(14)
    (x, matrix, step_map), turn = _coupled(rng), np.linalg.qr(rng.normal(size=(3, 3)))[0]
    times = np.linspace(-3, 1, 9)
    found = flow(x, layer_of_matrix(matrix, step_map, 0.4), times)
    turned = flow(x @ turn.T, layer_of_matrix(turn @ matrix @ turn.T, turn @ step_map, 0.4), times)
    assert np.abs(found.tokens[-1] - x).max() > 0.1
    assert_allclose(turned.tokens, found.tokens @ turn.T, rtol=1e-9, atol=1e-9)


def test_the_flow_in_float32():
    x, matrix, step_map = _coupled(np.random.default_rng(32))
    times = np.linspace(-3, 1, 9)
    exact = flow(x, layer_of_matrix(matrix, step_map, 0.4), times)
    found = flow(
        np.float32(x), layer_of_matrix(np.float32(matrix), np.float32(step_map), 0.4), times.astype(np.float32)
    )
    assert found.tokens.dtype == jnp.float32
    assert int(found.status) == OK
    # The solver's tolerance is 1e-5 a step.
    assert_allclose(found.tokens, exact.tokens, atol=3e-4)


def test_gradient_of_the_sphere_flow_is_the_finite_difference():
    rng = np.random.default_rng(5)
    times, weights = np.array([1.0, 5.0]), rng.normal(size=(2, 3, 3))

    def loss(solve, x, matrix):
        return jnp.vdot(weights, solve(x, layer_of_matrix(matrix, np.array([0.3, -0.2, 0.1]), 0.5), times).tokens)

    slopes = jax.jit(jax.grad(lambda x, matrix: loss(sphere_flow, x, matrix), (0, 1)))(GLOBE, -np.eye(3))
    ways = rng.normal(size=(2, 3, 3))
    step, ends = 1e-5, []
    for sign in (1, -1):
        ends.append(loss(sphere, GLOBE + sign * step * ways[0], -np.eye(3) + sign * step * ways[1]))
    numeric = (ends[0] - ends[1]) / (2 * step)
    assert_allclose(np.vdot(slopes[0], ways[0]) + np.vdot(slopes[1], ways[1]), numeric, rtol=1e-5)


def test_eq_6_4_euler_depth_has_order_one_and_flips_large_tokens():
    line = make_line(-0.7, 0.5, 0.6)
    exact = np.array([0.53686914, -0.40529052, 0.47409009, 0.17422883])
    steps = np.array([0.1, 0.05, 0.025, 0.0125])
    start = jnp.array([1, -0.8, 1.6, 0.4])
    last = [jax.jit(residual_stack, static_argnums=3)(line, start, h, round(2 / h))[-1] for h in steps]
    errors = np.abs(np.array(last) - exact).max(axis=1)
    assert_allclose(errors, [2.721e-2, 1.263e-2, 6.147e-3, 3.038e-3], rtol=1e-3)
    assert_allclose(residual_stack(line, jnp.array([3.0]), 0.2, 1), [[-3.43]], atol=6e-3)
    on_sphere = residual_stack(
        layer_of_matrix(np.eye(3), np.zeros(3), 0.5), jnp.asarray(GLOBE), 0.1, 2, normalised=True
    )
    assert_allclose(np.linalg.norm(on_sphere, axis=-1), 1.0, rtol=1e-14)


def test_two_sided_layers_let_every_token_see_every_other():
    layer = layer_of_matrix(-np.eye(2), np.zeros(2), 0.5, causal=False)
    late = jax.jit(jax.jacobian(lambda x: layer(x)))(jnp.asarray(FLAT))[0, :, 2]
    assert np.abs(late).max() > 1e-3


def test_self_attention_grows_at_most_exponentially_and_causally():
    attention = SelfAttention(jnp.eye(2), jnp.eye(2), jnp.eye(2))
    found = token_flow(FLAT, attention, np.log([1.0, 2.0]))
    assert (np.asarray(found.log_length[-1]) <= np.log(np.linalg.norm(FLAT, axis=1).max()) + 2.0 + 1e-9).all()
    # The first token attends only to itself: it grows as e^t.
    assert_allclose(found.tokens[:, 0], np.exp([[1.0], [2.0]]) * FLAT[0], rtol=1e-9)
    both = SelfAttention(jnp.eye(2), jnp.eye(2), jnp.eye(2), causal=False)(jnp.asarray(FLAT))
    assert_allclose(both, jax.nn.softmax(FLAT @ FLAT.T, axis=1) @ FLAT, rtol=1e-12)


def test_diagnostics_of_known_frames():
    frame = jnp.eye(4)[jnp.array([0, 1, 2, 3, 0, 1, 2, 3])] * jnp.linspace(1, 5, 8)[:, None]
    assert_allclose(gram_shares(frame), 0.25)
    assert_allclose([participation_ratio(frame), effective_rank(frame)], 4.0)
    line = jnp.array([[1.0, 2.0], [-2.0, -4.0], [0.5, 1.0]])
    assert_allclose([leading_share(line), participation_ratio(line), effective_rank(line)], 1.0, rtol=1e-9)
    assert_allclose(cosines(line)[0], [1, -1, 1])
    assert_allclose(unit(line)[0], np.array([1, 2]) / np.sqrt(5))


def test_bad_arguments_are_refused_by_name():
    layer = layer_of_matrix(np.eye(2), np.zeros(2), 0.5)
    with pytest.raises(ValueError, match="x0"):
        token_flow(np.zeros((2, 2)), layer, np.array([0.0]))
    with pytest.raises(ValueError, match="times"):
        sphere_flow(FLAT, layer, np.array([1.0, 1.0]))
    with pytest.raises(ValueError, match="depth"):
        residual_stack(layer, jnp.asarray(FLAT), 0.1, 0)
