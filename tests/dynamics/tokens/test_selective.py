"""The selective scan in all its forms, its gradients and its memory."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from dynamics.tokens import (
    hidden_attention,
    layer_of_matrix,
    log_softplus,
    make_layer,
    selective_layer,
    selective_scan,
    softplus,
    step_sizes,
)
from dynamics.tokens.scan import decayed_sum, decayed_sum_both_ways, spans
from dynamics.tokens.step_size import held

DECAYS = {"one": 0.3, "channel": np.linspace(0.1, 1, 4), "state": np.linspace(0.1, 1.2, 12).reshape(4, 3)}
WAYS = ("chunked", "associative", "sequential")
# Scans run outside jit would be compiled anew at every call.
run = jax.jit(selective_layer, static_argnames="how")
scan = jax.jit(selective_scan, static_argnames="how")
jacobian_of = jax.jit(jax.jacobian(selective_layer))


@jax.jit
def by_all_ways(x, layer):
    """The hidden attention, and the layer's output in each form: one program."""
    return hidden_attention(x, layer), {how: selective_layer(x, layer, how=how) for how in ("attention", *WAYS)}


def random_layer(rng, decay, shared=False, **flags):
    step_map = rng.normal(size=(4,) if shared else (4, 4))
    return make_layer(rng.normal(size=(3, 4)), rng.normal(size=(3, 4)), step_map, decay, -0.5, **flags)


@pytest.mark.parametrize(("decay", "length"), [("one", 70), ("channel", 5), ("state", 70)])
def test_c22_all_forms_are_the_hidden_attention(decay, length):
    rng = np.random.default_rng(length)
    for causal, exact_zoh in [(True, False), (False, True)]:
        layer = random_layer(rng, DECAYS[decay], shared=causal, exact_zoh=exact_zoh, causal=causal)
        x = jnp.asarray(rng.normal(size=(length, 4)))
        pairs, outputs = by_all_ways(x, layer)
        expected = np.einsum("dlj,jd->ld", pairs, x)
        for how, output in outputs.items():
            assert_allclose(output, expected, rtol=1e-12, atol=1e-12, err_msg=how)
        assert causal == (not np.triu(np.asarray(pairs[0]), 1).any())


def test_gradients_of_all_forms_agree_and_are_the_finite_difference():
    rng = np.random.default_rng(0)
    layer, x = random_layer(rng, DECAYS["state"]), jnp.asarray(rng.normal(size=(20, 4)))

    def loss(x, layer, how):
        return jnp.sum(jnp.sin(selective_layer(x, layer, how=how)))

    @jax.jit
    def slopes(x, layer):
        return {how: jax.value_and_grad(loss, (0, 1))(x, layer, how) for how in ("attention", *WAYS)}

    _, first = slopes(x, layer)["attention"]
    for how, (_, others) in slopes(x, layer).items():
        for ours, theirs in zip(*map(jax.tree.leaves, (others, first)), strict=True):
            assert_allclose(ours, theirs, rtol=1e-10, atol=1e-11, err_msg=how)
    step, tangent = 1e-6, jnp.asarray(rng.normal(size=x.shape))
    (up, _), (down, _) = (slopes(x + sign * step * tangent, layer)["sequential"] for sign in (1, -1))
    assert_allclose(jnp.vdot(first[0], tangent), (up - down) / (2 * step), rtol=1e-6)


def test_memory_of_the_backward_pass_is_linear_and_keeps_no_states():
    layer = random_layer(np.random.default_rng(0), 1.0)

    def scratch(length, how):
        x = jnp.zeros((length, 4))
        grad = jax.jit(jax.grad(lambda x: selective_layer(x, layer, how).sum()))
        return grad.lower(x).compile().memory_analysis().temp_size_in_bytes

    short, long = scratch(512, "chunked"), scratch(2048, "chunked")
    assert long <= 4.5 * short
    assert 2 * short < scratch(512, "associative")


def test_c22_float32_at_exponents_far_beyond_its_range():
    # Sums of a Delta reach 1700: factors e^S overflow at 89, differences of sums lose 1e-4.
    rng = np.random.default_rng(0)
    x, b, c = (rng.normal(size=(2048, n)) for n in (2, 3, 3))
    delta, decay = rng.uniform(0.2, 1.5, (2048, 2)), np.ones((2, 1))
    exact = scan(*(jnp.asarray(a) for a in (x, delta, decay, b, c)), how="sequential")
    for how in ("chunked", "sequential"):
        found = scan(*(jnp.float32(a) for a in (x, delta, decay, b, c)), how=how)
        assert found.dtype == jnp.float32
        assert_allclose(found, exact, atol=2e-6 * float(jnp.abs(exact).max()))


@settings(max_examples=12)
@given(st.integers(0, 10**6), st.sampled_from(list(itertools.product(DECAYS, (True, False)))))
def test_c14_equivariances(seed, kind):
    rng, (decay, shared) = np.random.default_rng(seed), kind
    layer, x = random_layer(rng, DECAYS[decay], shared), jnp.asarray(rng.normal(size=(6, 4)))
    scale = float(rng.uniform(0.5, 2))
    y = run(x, layer)
    # x -> c x with S_Delta / c and M / c^2 gives c y.
    scaled = make_layer(
        layer.input_map / scale, layer.output_map / scale, layer.step_map / scale, layer.decay, layer.step_bias
    )
    assert_allclose(run(scale * x, scaled), scale * y, rtol=1e-11, atol=1e-11)
    if shared and decay == "one":
        turn = np.linalg.qr(rng.normal(size=(4, 4)))[0]
        turned = make_layer(
            layer.input_map @ turn.T, layer.output_map @ turn.T, turn @ layer.step_map, layer.decay, layer.step_bias
        )
        assert_allclose(run(x @ turn.T, turned), y @ turn.T, rtol=1e-11, atol=1e-11)
    jacobian = np.asarray(jacobian_of(x, layer))
    assert not any(jacobian[early, :, late].any() for early, late in itertools.combinations(range(6), 2))


def test_a_matrix_makes_the_layer_of_its_factors():
    rng = np.random.default_rng(3)
    layer, x = random_layer(rng, DECAYS["channel"]), jnp.asarray(rng.normal(size=(6, 4)))
    whole = layer_of_matrix(layer.output_map.T @ layer.input_map, layer.step_map, DECAYS["channel"], -0.5)
    assert_allclose(run(x, layer), run(x, whole), rtol=1e-12)
    assert_allclose(step_sizes(x, layer), np.log1p(np.exp(x @ layer.step_map.T - 0.5)), rtol=1e-13)


def test_softplus_its_logarithm_and_the_hold_are_exact_and_smooth():
    z = jnp.array([-800.0, -40.0, -30.1, -29.9, -1.0, 0.0, 3.0, 50.0, 1e6])
    assert_allclose(softplus(z)[3:], np.log1p(np.exp(-np.abs(z[3:]))) + np.maximum(z[3:], 0), rtol=1e-14)
    assert_allclose(log_softplus(z)[3:], np.log(softplus(z)[3:]), rtol=1e-14)
    assert_allclose(log_softplus(z)[:3], z[:3], rtol=1e-13)
    slopes = jax.vmap(jax.grad(log_softplus))(z)
    assert_allclose(slopes[:4], 1.0, rtol=1e-12)
    assert np.isfinite(slopes).all()
    y = jnp.array([0.0, 1e-9, 9e-5, 1.1e-4, 0.5, 30.0])
    assert_allclose(held(y)[1:], -np.expm1(-y[1:]) / y[1:], rtol=1e-12)
    assert_allclose(jax.vmap(jax.grad(held))(y)[0], -0.5)


def test_sums_with_decay_both_ways():
    rng = np.random.default_rng(1)
    gates, inputs = rng.uniform(0.1, 1, (20, 3)), rng.normal(size=(20, 3))
    for causal, total in ((True, decayed_sum), (False, decayed_sum_both_ways)):
        weights = np.exp(spans(jnp.log(gates), causal))
        expected = np.einsum("ljd,jd->ld", weights, inputs)
        for how in ("sequential", "associative"):
            assert_allclose(total(jnp.asarray(gates), jnp.asarray(inputs), how), expected, rtol=1e-12, atol=1e-13)
    with pytest.raises(ValueError, match="how"):
        decayed_sum(jnp.ones(2), jnp.ones(2), "both")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"decay": -1.0}, "decay"),
        ({"decay": np.ones(3)}, "decay"),
        ({"step_map": np.ones((2, 4))}, "step_map"),
        ({"input_map": np.full((3, 4), np.nan)}, "input_map"),
    ],
)
def test_bad_layers_are_refused_by_name(change, named):
    good = {"input_map": np.ones((3, 4)), "output_map": np.ones((3, 4)), "step_map": np.ones(4), "decay": 1.0}
    with pytest.raises(ValueError, match=named):
        make_layer(**(good | change))
    with pytest.raises(ValueError, match="how"):
        run(jnp.ones((2, 4)), make_layer(**good), how="fast")
