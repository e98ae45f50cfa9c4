"""The full blocks against plain loops; against `transformers` they stand in tests/experiments/tokens."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dynamics import tokens as dynamics


def test_rms_norm_of_a_part_sees_only_that_part():
    x = np.random.default_rng(0).normal(size=(3, 8))
    weight = np.linspace(0.5, 2, 8)
    seen = dynamics.rms_norm(jnp.asarray(x), jnp.asarray(weight), 1e-3, groups=2)
    for part in (slice(0, 4), slice(4, 8)):
        expected = x[:, part] / np.sqrt((x[:, part] ** 2).mean(1, keepdims=True) + 1e-3) * weight[part]
        np.testing.assert_allclose(seen[:, part], expected, rtol=1e-14)


def test_convolution_weighs_the_present_token_with_its_last_tap():
    rng = np.random.default_rng(1)
    x, kernel, bias = rng.normal(size=(6, 2)), rng.normal(size=(2, 4)), rng.normal(size=2)
    seen = dynamics.causal_convolution(jnp.asarray(x), jnp.asarray(kernel), jnp.asarray(bias))
    for channel in range(2):
        expected = np.convolve(x[:, channel], kernel[channel, ::-1])[:6] + bias[channel]
        np.testing.assert_allclose(seen[:, channel], expected, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("groups", [1, 2])
def test_scan_is_the_unrolled_hidden_attention(groups):
    """y_l = sum_{j <= l} (C_l . B_j) exp(A sum_{k=j+1..l} Delta_k) Delta_j x_j, equation of section 1.2 per head."""
    rng = np.random.default_rng(2)
    length, heads, size, states = 7, 6, 2, 3
    x = rng.normal(size=(length, heads, size))
    steps = rng.uniform(0.05, 1, (length, heads))
    rates = -rng.uniform(0.1, 3, heads)
    b, c = rng.normal(size=(2, length, groups, states))
    seen = dynamics.head_scan(*(jnp.asarray(part) for part in (x, steps, rates, b, c)))
    expected = np.zeros_like(x)
    for h in range(heads):
        g = h // (heads // groups)
        for later in range(length):
            for j in range(later + 1):
                decay = np.exp(rates[h] * steps[j + 1 : later + 1, h].sum())
                expected[later, h] += (c[later, g] @ b[j, g]) * decay * steps[j, h] * x[j, h]
    np.testing.assert_allclose(seen, expected, rtol=1e-12, atol=1e-13)


def test_a_head_of_one_channel_and_one_group_is_the_selective_scan():
    rng = np.random.default_rng(3)
    x, steps = jnp.asarray(rng.normal(size=(9, 4))), jnp.asarray(rng.uniform(0.05, 1, (9, 4)))
    decay = jnp.asarray(rng.uniform(0.1, 3, 4))
    b, c = jnp.asarray(rng.normal(size=(2, 9, 3)))
    heads = dynamics.head_scan(x[:, :, None], steps, -decay, b[:, None], c[:, None])[:, :, 0]
    np.testing.assert_allclose(heads, dynamics.selective_scan(x, steps, decay[:, None], b, c), rtol=1e-12, atol=1e-13)


def block(family, seed=0, width=4, states=3):
    rng = np.random.default_rng(seed)
    inner = 2 * width

    def draw(*shape, mean=0.0):
        return jnp.asarray(mean + 0.6 * rng.normal(size=shape))

    if family == "mamba":
        return dynamics.Mamba(
            norm=draw(width, mean=1.0), in_proj=draw(2 * inner, width), in_bias=draw(2 * inner), conv=draw(inner, 3),
            conv_bias=draw(inner), x_proj=draw(2 + 2 * states, inner), dt_proj=draw(inner, 2), dt_bias=draw(inner),
            a_log=draw(inner, states), skip=draw(inner), out_proj=draw(width, inner), out_bias=draw(width),
        )  # fmt: skip
    heads, convolved = 4, inner + 4 * states
    return dynamics.Mamba2(
        norm=draw(width, mean=1.0), in_proj=draw(inner + convolved + heads, width), in_bias=None,
        conv=draw(convolved, 3), conv_bias=None, dt_bias=draw(heads), a_log=draw(heads), skip=draw(heads),
        gate_norm=draw(inner, mean=1.0), out_proj=draw(width, inner), out_bias=None, groups=2,
    )  # fmt: skip


BOTH = pytest.mark.parametrize("family", ["mamba", "mamba2"])


@BOTH
def test_no_token_sees_a_later_one(family):
    x = jnp.asarray(np.random.default_rng(3).normal(size=(5, 4)))
    weights = block(family)
    slopes = jax.jit(jax.jacobian(lambda x: dynamics.apply_block(weights, x)[0]))(x)
    for earlier in range(5):
        assert not np.any(slopes[earlier, :, earlier + 1 :])
        assert np.all(np.any(slopes[earlier, :, : earlier + 1] != 0, axis=(0, 2)))


@BOTH
def test_section_8_3_mirrored_weights_are_the_same_function(family):
    """(M, D, W_out) and (-M, -D, -W_out): the sign of M alone cannot be read off what a block does."""
    weights = block(family, seed=4)
    x = jnp.asarray(np.random.default_rng(5).normal(size=(6, 4)))
    if family == "mamba":
        mixed = weights.x_proj.at[2 + 3 :].multiply(-1)  # the rows of C
        twin = eqx.tree_at(lambda w: (w.x_proj, w.skip, w.out_proj), weights, (mixed, -weights.skip, -weights.out_proj))
        y, seen = dynamics.mamba(weights, x)
        z, opposite = dynamics.mamba(twin, x)
        np.testing.assert_allclose(opposite.self_weight, -seen.self_weight, rtol=1e-13)
        np.testing.assert_allclose(z, y, rtol=1e-12, atol=1e-12)
        halved = eqx.tree_at(lambda w: w.skip, twin, weights.skip)
        assert np.abs(dynamics.mamba(halved, x)[0] - y).max() > 0.01
    else:
        # SiLU stands between the weights of C and C, so the twin is exact from the scan on: negated C, D and W_out.
        args = [jnp.asarray(np.random.default_rng(6).normal(size=s)) for s in ((6, 4, 2), (6, 2, 3), (6, 2, 3))]
        steps, rates = jnp.full((6, 4), 0.3), -jnp.ones(4)
        y = dynamics.head_scan(args[0], steps, rates, *args[1:]) + weights.skip[:, None] * args[0]
        z = dynamics.head_scan(args[0], steps, rates, args[1], -args[2]) - weights.skip[:, None] * args[0]
        norm = [dynamics.rms_norm(part.reshape(6, 8), weights.gate_norm, 1e-5, 2) for part in (y, z)]
        np.testing.assert_allclose(norm[0] @ weights.out_proj.T, norm[1] @ -weights.out_proj.T, rtol=1e-12)
        np.testing.assert_array_equal(dynamics.mamba2(weights, x)[0], dynamics.apply_block(weights, x)[0])


@BOTH
def test_step_sizes_seen_are_those_of_the_bias_where_nothing_is_read(family):
    weights = block(family, seed=7)
    x = jnp.zeros((3, 4))
    weights = eqx.tree_at(lambda w: w.in_proj, weights, jnp.zeros_like(weights.in_proj))
    if family == "mamba":
        weights = eqx.tree_at(lambda w: w.dt_proj, weights, jnp.zeros_like(weights.dt_proj))
    _, seen = dynamics.apply_block(weights, x)
    np.testing.assert_allclose(seen.steps, np.tile(np.log1p(np.exp(weights.dt_bias)), (3, 1)), rtol=1e-13)


@BOTH
def test_single_precision_follows_double(family):
    weights, x = block(family, seed=8), jnp.asarray(np.random.default_rng(9).normal(size=(6, 4)))
    small = jax.tree.map(lambda leaf: leaf.astype(jnp.float32), weights)
    y = dynamics.apply_block(small, x.astype(jnp.float32))[0]
    assert y.dtype == jnp.float32
    np.testing.assert_allclose(y, dynamics.apply_block(weights, x)[0], rtol=1e-4, atol=1e-4)
